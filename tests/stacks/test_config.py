import re
from dataclasses import fields, replace
from typing import Any

import pytest
from botocore.loaders import Loader

from config import (
    ENVIRONMENTS,
    EVENTS_PER_LOOK,
    EVENTS_PER_TRY,
    LONGEST_HISTORY,
    SHORTEST_TRY_SECONDS,
    ConfigurationError,
    Settings,
    settings_from,
)
from tests.stacks.synthesis import ROOT


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_chosen_by_the_context(name: str) -> None:
    assert settings_from({"environment": name}) == ENVIRONMENTS[name]


def test_production_is_what_a_plain_deployment_gets() -> None:
    assert settings_from({}).database == "prod_data_pipeline"


def test_values_arrive_as_text_from_the_command_line() -> None:
    context = {"kms": "true", "max_workers": "20", "alert_emails": "a@example.com,b@example.com", "region": "eu-west-1"}
    settings = settings_from(context)
    assert (settings.kms, settings.max_workers, settings.region) == (True, 20, "eu-west-1")
    assert settings.alert_emails == ("a@example.com", "b@example.com")


def test_and_as_json_from_a_file() -> None:
    settings = settings_from({"kms": True, "max_workers": 20, "alert_emails": ["a@example.com"]})
    assert (settings.kms, settings.max_workers, settings.alert_emails) == (True, 20, ("a@example.com",))


def test_a_null_in_the_file_leaves_open_what_may_be_open() -> None:
    assert settings_from({"account": None, "region": None, "alert_emails": None}) == ENVIRONMENTS["prod"]


def test_every_region_that_botocore_knows_has_a_name_that_is_accepted() -> None:
    partitions = Loader().load_data("partitions")["partitions"]
    regions = {name for item in partitions for name in item["regions"] if not name.endswith("-global")}
    assert "eusc-de-east-1" in regions
    assert {settings_from({"region": name}).region for name in regions} == regions


def test_context_of_the_cdk_is_not_ours() -> None:
    context = {
        "@aws-cdk/core:checkSecretUsage": True,
        "aws:cdk:bundling-stacks": ["**"],
        "availability-zones:account=1": [],
    }
    assert settings_from(context) == ENVIRONMENTS["prod"]


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"environment": "stage"}, "environment 'stage' is not known; allowed: dev, prod"),
        ({"max_worker": "3"}, "setting 'max_worker' is not known; did you mean max_workers?"),
        ({"enviroment": "dev"}, "setting 'enviroment' is not known; did you mean environment?"),
        ({"Kms": "true"}, "setting 'Kms' is not known; did you mean kms?"),
        ({"kms": "yes"}, "kms 'yes' must be true or false"),
        ({"database": " "}, "database is empty; leave it out for its default"),
        ({"time_zone": None}, "time_zone is empty; leave it out for its default"),
        ({"time_zone": "localtime"}, "time_zone 'localtime': must be an IANA name"),
        ({"time_zone": "right/Europe/Berlin"}, "time_zone 'right/Europe/Berlin': must be an IANA name"),
        ({"alert_emails": [1]}, "'1' is no e-mail address"),
        ({"alert_emails": "a@example.com,b@example.com,a@example.com"}, "'a@example.com' is there twice"),
        ({"max_workers": "many"}, "max_workers 'many' must be a whole number"),
        ({"max_workers": "1"}, "prod: max_workers 1: must lie in 2 to 299; set it with -c max_workers=…"),
        ({"glue_version": "4.0"}, "glue_version '4.0': allowed: 6.0, 5.1"),
        ({"worker_type": "G.8X"}, "worker_type 'G.8X': allowed: G.1X, G.2X"),
        ({"log_days": "31"}, "log_days 31: allowed: 1, 3"),
        ({"time_zone": "Berlin"}, "time_zone 'Berlin': must be an IANA name"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"alert_emails": "nobody"}, "'nobody' is no e-mail address"),
        ({"account": "12"}, "account '12': must be 12 digits"),
        ({"region": "Frankfurt"}, "region 'Frankfurt': for example eu-central-1"),
        ({"database": "Prod"}, "database 'Prod'"),
        ({"schedule_hour": "24"}, "schedule_hour 24: must lie in 0 to 23"),
        ({"time_zone": "Europe/London"}, "schedule_hour 1: is skipped on 2025-03-30 in Europe/London"),
        ({"raw_archive_days": "89", "raw_infrequent_days": "60"}, "must exceed raw_infrequent_days (60) by 30 days"),
        ({"raw_archive_days": "59"}, "raw_archive_days 59: must lie in 60 to 3650"),
        ({"old_key_arns": "alias/data"}, "'alias/data' is not the ARN of a KMS key"),
        (
            {"poll_minutes": "5", "job_timeout_minutes": "10000", "backfill_timeout_hours": "8000"},
            "poll_minutes 5: an execution may wait for 20930 minutes, and Step Functions ends one after 25,000 events",
        ),
        ({"backfill_timeout_hours": "18"}, "backfill_timeout_hours 18: must exceed one execution"),
    ],
)
def test_what_cannot_work_is_refused_by_name(context: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        settings_from(context)


@pytest.mark.parametrize(
    ("poll_minutes", "wait_for_data_minutes", "job_timeout_minutes"), [(1, 24 * 60, 14), (9, 0, 10_020)]
)
def test_the_longest_wait_that_is_allowed_fits_into_the_history_of_an_execution(
    poll_minutes: int, wait_for_data_minutes: int, job_timeout_minutes: int
) -> None:
    settings = replace(
        ENVIRONMENTS["prod"],
        poll_minutes=poll_minutes,
        wait_for_data_minutes=wait_for_data_minutes,
        job_timeout_minutes=job_timeout_minutes,
        backfill_timeout_hours=24 * 365,
    )
    looks = settings.execution_timeout_minutes / settings.poll_minutes
    tries = settings.execution_timeout_minutes * 60 / ((SHORTEST_TRY_SECONDS + settings.longest_try_seconds) / 2)
    # An execution does the one or the other at a time.
    assert max(EVENTS_PER_LOOK * looks, EVENTS_PER_TRY * tries) + 4000 <= LONGEST_HISTORY


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York"])
def test_an_hour_that_every_day_has_is_accepted(zone: str) -> None:
    assert settings_from({"time_zone": zone, "schedule_hour": "4"}).schedule_hour == 4


def test_a_schedule_that_is_off_may_stand_anywhere() -> None:
    assert not settings_from({"time_zone": "Europe/London", "schedule_enabled": "false"}).schedule_enabled


@pytest.mark.parametrize("job_timeout_minutes", [5, 120, 9_900])
def test_timeouts_stay_ordered_whatever_is_chosen(job_timeout_minutes: int) -> None:
    settings = settings_from({"job_timeout_minutes": job_timeout_minutes})
    assert settings.job_timeout_minutes < settings.lease_minutes
    assert settings.job_timeout_minutes < settings.task_timeout_minutes < settings.execution_timeout_minutes
    assert settings.execution_timeout_minutes < settings.backfill_timeout_hours * 60


def test_every_setting_is_documented_with_its_defaults() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", text, re.MULTILINE))
    assert set(rows) == {item.name for item in fields(Settings)}
    for name, default in rows.items():
        values = {environment: getattr(settings, name) for environment, settings in ENVIRONMENTS.items()}
        for value in values.values():
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            assert value in (None, ()) or shown in default, f"{name}: {value} is not in {default!r}"

"""`make run`: the deployed pipeline on the embedded AWS, told with the real commands and their real output.

Tells what it does and what came of it; every number it shows is read from what the pipeline stored.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from cli import ROOT
from cli.contracts import EVENTS
from cli.dataset import open_dataset
from cli.deployment import Deployment, find_deployment
from cli.errors import CommandFailed
from cli.executions import Executions
from cli.local import read_outbox
from cli.main import main as pipeline
from cli.output import shown_progress
from cli.story_cloud import StoryCloud
from cli.views import message_view, runs_table
from core.wording import DEFAULT_ENVIRONMENT

FIRST, SECOND, THIRD, FOURTH = DAYS = tuple(date(2025, 1, day) for day in (1, 2, 3, 4))
EXAMPLE_QUERY: Final = (
    "SELECT ingestion_date, COUNT(*) AS events FROM prod_data_pipeline.curated_events "
    "GROUP BY ingestion_date ORDER BY ingestion_date"
)
_SECONDS_FOR_MESSAGES: Final = 60
_SECONDS_FOR_LATE_DATA: Final = 120


class Story:
    """The chapters, in the order in which they are told."""

    def __init__(self, console: Console, cloud: StoryCloud, *, rows: int, environment: Mapping[str, str]) -> None:
        self._console = console
        self._cloud = cloud
        self._rows = rows
        self._environment = environment

    def tell(self) -> None:
        """Tell everything.

        Raises:
            CommandFailed: when something ends otherwise than the story needs.
        """
        self._deployment()
        self._watch_for_late_data(enabled=False)
        try:
            self._one_day()
            self._backfill()
        finally:
            self._watch_for_late_data(enabled=True)
        self._late_data()
        self._there_and_back()
        self._what_is_there_now()

    def _deployment(self) -> None:
        self._chapter("The CDK deploys into an AWS that runs on this machine only")
        self._command("cdk bootstrap && cdk deploy --all")
        start = time.monotonic()
        self._cloud.deploy(self._console)
        self._deployed: Deployment = find_deployment(str(EVENTS), environment=DEFAULT_ENVIRONMENT)
        self._say(f"deployed in {time.monotonic() - start:.0f} s; raw data goes below raw/ in this bucket:")
        self._command(f"bucket={self._deployed.bucket}")

    def _one_day(self) -> None:
        self._chapter(f"Raw events of {FIRST} arrive, and a run publishes them")
        self._deliver(str(FIRST), "--malformed-rows", "6", "--bad-type-rows", "4")
        self._pipeline("run", str(FIRST))
        self._say("A day whose input has not changed is left alone:")
        self._pipeline("run", str(FIRST))

    def _backfill(self) -> None:
        self._chapter("A backfill of three days, one of them bad: 12 % of its rows have no user")
        self._deliver(f"{SECOND}..{FOURTH}")
        self._deliver(str(THIRD), "--null-user-percent", "12")
        dates = (str(SECOND), str(FOURTH))
        self._pipeline("backfill", *dates, "--concurrency", "2", "--continue", ends_with=1)
        self._say(f"Nothing of {THIRD} was published, and this is in the outbox:")
        alert = self._awaited(lambda: self._message(f"{THIRD} failed"), f"the alert for {THIRD}", _SECONDS_FOR_MESSAGES)
        self._console.print(message_view(alert), crop=False)
        self._say("The source delivers again, and the same backfill resumes where it stopped:")
        self._deliver(str(THIRD))
        self._pipeline("backfill", *dates)

    def _late_data(self) -> None:
        self._chapter(f"Late data: more of {SECOND} arrives, and a rerun starts by itself")
        minutes = self._deployed.names.settings.late_data_delay_minutes
        self._say(f"(A rerun waits {minutes} minutes for uploads to finish; here, a tenth of that.)", style="dim")
        self._script("add_late_events.py", str(SECOND), "--rows", "250", "--resend", "10")
        with shown_progress(self._console, str(SECOND)) as show_step:
            show_step("waiting for the event to reach the state machine")
            name = self._awaited(self._rerun, f"the rerun of {SECOND}", _SECONDS_FOR_LATE_DATA)
        self._pipeline("follow", name)

    def _there_and_back(self) -> None:
        self._chapter(f"Rollback: {SECOND} as it was before the late events, and forward again")
        record = open_dataset(self._deployed.place).publications.records.read(SECOND).record
        newest = "" if record is None else record.current.run_id
        self._pipeline("rollback", str(SECOND))
        self._pipeline("rollback", str(SECOND), "--to", newest)

    def _what_is_there_now(self) -> None:
        self._chapter("All runs")
        dataset = open_dataset(self._deployed.place)
        self._console.print(runs_table(run for day in DAYS for run in dataset.runs.of_day(day)))
        self._chapter("What readers see")
        self._pipeline("status")
        self._pipeline("query", EXAMPLE_QUERY)

    def _watch_for_late_data(self, *, enabled: bool) -> None:
        """Let late data start runs, or keep it from doing so where it would run days that the story is about to run."""
        from adapters.aws import client  # noqa: PLC0415  slow to load

        functions: Any = client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)

    def _rerun(self) -> str | None:
        under_way = Executions(self._deployed).under_way()
        return next((execution.name for execution in under_way if execution.ingestion_date == SECOND), None)

    def _message(self, subject: str) -> Mapping[str, Any] | None:
        return next((message for message in read_outbox(self._cloud.state) if subject in message["subject"]), None)

    def _awaited(self, found: Callable[[], Any], what: str, seconds: float) -> Any:
        deadline = time.monotonic() + seconds
        while (answer := found()) is None:
            if time.monotonic() > deadline:
                raise CommandFailed(f"timed out after {seconds:.0f} s waiting for {what}; next: ./pipeline local logs")
            time.sleep(0.2)
        return answer

    def _deliver(self, days: str, *defects: str) -> None:
        self._script("generate_events.py", days, "--rows", str(self._rows), *defects)

    def _script(self, name: str, *arguments: str) -> None:
        command = [f"data/sample_raw/{name}", *arguments, "--out"]
        self._command(f"python3 {' '.join(command)} s3://$bucket")
        answer = subprocess.run(
            [sys.executable, *command, f"s3://{self._deployed.bucket}"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if answer.returncode != 0:
            raise CommandFailed(f"{name} ended with exit code {answer.returncode}; see the lines above")

    def _pipeline(self, *arguments: str, ends_with: int = 0) -> None:
        self._command(f"pipeline {' '.join(_quoted(word) for word in arguments)}")
        code = pipeline(arguments)
        if code != ends_with:
            raise CommandFailed(f"pipeline {arguments[0]} ended with exit code {code}, expected {ends_with}")

    def _chapter(self, title: str) -> None:
        self._console.print()
        self._console.rule(Text(title, "bold"), align="left")

    def _command(self, line: str) -> None:
        self._console.print(Text(f"$ {line}", "bold"), soft_wrap=True)

    def _say(self, text: str, *, style: str = "") -> None:
        self._console.print(Text(text, style))


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word

"""Dates and times of rows mean the moment that is written, or nothing; those that a contract lists mean the same."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from contract import Column
from contract.time_patterns import pattern_problem
from curation.literals import is_any_of, listed
from curation.session import open_session
from curation.typed_values import typed_value
from tests.spark.time_cases import joined_patterns, meaning, text_of, texts


@pytest.fixture(scope="module")
def texts_of_times(spark: SparkSession) -> DataFrame:
    open_session("tests")
    return spark.createDataFrame([(text,) for text in texts()], "text string").coalesce(2)


def test_a_time_is_read_as_the_moment_it_names_or_not_at_all(texts_of_times: DataFrame) -> None:
    at = typed_value(F.col("text"), Column("at", "timestamp"))
    found: dict[str, int | None] = dict(texts_of_times.select("text", F.unix_micros(at)).collect())
    expected = {text: _micros(meaning(text)) for text in texts()}
    assert {text: value for text, value in found.items() if value != expected[text]} == {}
    assert sum(value is not None for value in expected.values()) > 3000
    assert sum(value is None for value in expected.values()) > 3000


def test_a_day_is_read_in_one_form_only(texts_of_times: DataFrame) -> None:
    day = typed_value(F.col("text"), Column("day", "date"))
    found: dict[str, date | None] = dict(texts_of_times.select("text", day).collect())
    expected = {text: getattr(meaning(text), "date", lambda: None)() if len(text) == 10 else None for text in texts()}
    assert {text: value for text, value in found.items() if value != expected[text]} == {}


@pytest.mark.parametrize("copies", [1, 30])
def test_a_listed_time_equals_the_rows_of_its_moment_in_any_form(spark: SparkSession, copies: int) -> None:
    forms = ["2025-01-01T10:15Z", "2025-01-01 10:15", "2025-01-01T11:15+01:00", "2025-01-01T05:15:00.000-05"]
    rows = spark.createDataFrame([(datetime(2025, 1, 1, 10, minute, tzinfo=UTC),) for minute in (15, 16)], ["at"])
    for form in forms:
        one, of_list = (
            F.col("at") == listed(form, column_type="timestamp"),
            is_any_of("at", [form] * copies, column_type="timestamp"),
        )
        assert rows.select(one, of_list).collect() == [(True, True), (False, False)]


def test_a_pattern_of_joined_digits_is_accepted_where_spark_reads_it_and_refused_elsewhere(spark: SparkSession) -> None:
    """Of patterns by chance, with few characters between their parts."""
    open_session("times")
    moments = [datetime(year, 10, day, 11, 5, 6, tzinfo=UTC) for year, day in ((2025, 3), (2099, 31), (2024, 9))]
    patterns = joined_patterns(random.Random(17), 80)
    texts = {pattern: [text_of(moment, pattern) for moment in moments] for pattern in patterns}
    read = (F.array(*(F.unix_micros(F.to_timestamp(F.lit(text), one)) for text in of)) for one, of in texts.items())
    [found] = spark.range(1).select(*(column.alias(f"c{number}") for number, column in enumerate(read))).collect()
    is_read = dict(zip(patterns, (micros == list(map(_micros, moments)) for micros in found), strict=True))
    assert is_read == {pattern: pattern_problem(pattern, is_date=False) is None for pattern in patterns}
    assert 20 < sum(is_read.values()) < len(patterns) - 20


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

"""The six checks that every engine is asked for, and the proof that it made them.

Knows no engine; an engine that answers too little or wrongly is refused here, before its seconds count.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row, SparkSession

from benchmarks.designs import EVENT_TYPES, SCHEMA

TOTAL_ROWS = "total_rows"
EVENT_ID_NOT_NULL = "event_id_not_null"
EVENT_TYPE_NOT_NULL = "event_type_not_null"
EVENT_TYPE_VALID = "event_type_valid"
USER_ID_NULL_RATE = "user_id_null_rate"
EVENT_ID_DUPLICATES = "event_id_duplicates"
CHECKS = (
    TOTAL_ROWS, EVENT_ID_NOT_NULL, EVENT_TYPE_NOT_NULL, EVENT_TYPE_VALID, USER_ID_NULL_RATE, EVENT_ID_DUPLICATES,
)  # fmt: skip
MAX_NULL_RATE = 0.03
MAX_DUPLICATE_RATE = 0.02


class WrongAnswer(Exception):
    """An engine left a check out, or its answer is not the right one."""


@dataclass(frozen=True)
class Answer:
    """What an engine says: whether each check passed, and the duplicates it counted where it tells them."""

    passed: dict[str, bool]
    duplicates: int | None = None


Evaluate = Callable[[DataFrame], Answer]


def require_right(answer: Answer, *, duplicates: int) -> None:
    """Hold an answer about a benchmark's day, which passes all checks, against the truth.

    Raises:
        WrongAnswer: unless all six checks were made and passed, and the copies are as many as there are.
    """
    _require(answer, dict.fromkeys(CHECKS, True), about="the day")
    if answer.duplicates not in {None, duplicates}:
        raise WrongAnswer(f"the day: {answer.duplicates} duplicates were counted, there are {duplicates}")


def require_that_it_can_fail(spark: SparkSession, evaluate: Evaluate) -> None:
    """Have an engine look at rows that break every check, and at none.

    Raises:
        WrongAnswer: when it lets one pass, so that a pass says nothing.
    """
    every_check_but_the_first = {check: check == TOTAL_ROWS for check in CHECKS}
    _require(evaluate(_events(spark, _broken_rows())), every_check_but_the_first, about="broken rows")
    no_rows = evaluate(_events(spark, []))
    if no_rows.passed[TOTAL_ROWS]:
        raise WrongAnswer("no rows at all pass the check that there are some")


def _require(answer: Answer, expected: dict[str, bool], *, about: str) -> None:
    if answer.passed != expected:
        raise WrongAnswer(f"{about}: answered {answer.passed}, right is {expected}")


def _broken_rows() -> list[Row]:
    good = {"event_id": "a", "event_type": EVENT_TYPES[0], "user_id": "u"}
    changes: list[dict[str, str | None]] = [
        {}, {}, {"event_id": None}, {"event_id": "b", "event_type": None},
        {"event_id": "c", "event_type": "unknown"}, {"event_id": "d", "user_id": None},
    ]  # fmt: skip
    return [Row(**{**good, **change}) for change in changes]


def _events(spark: SparkSession, rows: list[Row]) -> DataFrame:
    three = spark.createDataFrame(rows, "event_id string, event_type string, user_id string")
    others = spark.createDataFrame([], SCHEMA)
    return three.unionByName(others, allowMissingColumns=True)

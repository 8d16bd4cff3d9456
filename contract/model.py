"""The validated contract as the rest of the code sees it; knows nothing of ODCS documents or of how they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from contract.expressions import Expression
from contract.patterns import portable_pattern
from contract.sources import Source
from core.operators import Limit
from core.raw_objects import RawObjects

Metric: TypeAlias = Literal[
    "rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues", "earlierDuplicates"
]
AnomalyMetric: TypeAlias = Literal["rowCount", "malformedLines", "duplicateValues", "nullValues", "valueShares"]
Severity: TypeAlias = Literal["error", "warning"]
Unit: TypeAlias = Literal["rows", "percent"]
ObjectFormat: TypeAlias = Literal["lines", "concatenated", "document"]
Scalar: TypeAlias = str | int | float | bool | None
UTC: Final = "UTC"


@dataclass(frozen=True)
class Column:
    """One column.

    `type` is a lower-case DDL type that Glue and Spark both read; only field names inside a struct keep their case.
    `valid_values` are those of the first rule that lists some, in the contract's order.

    Its value is the first of `sources` that a record has, or of `logic` over other columns. Dates and times, here or
    inside, have `time_pattern` (ISO 8601 if None), and `time_zone` where they say none, or are numbers of `epoch_unit`
    since 1970; numbers and booleans are strings if `sent_as_string`. What is not `is_stored` is only input to others.
    """

    name: str
    type: str
    required: bool = False
    description: str = ""
    valid_values: tuple[Scalar, ...] | None = None
    sources: tuple[Source, ...] = ()
    time_pattern: str | None = None
    time_zone: str = UTC
    epoch_unit: str | None = None
    sent_as_string: bool = False
    logic: Expression | None = None
    null_result_allowed: bool = False
    is_stored: bool = True

    def __post_init__(self) -> None:
        """Have a column be the field of its name, unless something else is said."""
        if not self.sources and self.logic is None:
            object.__setattr__(self, "sources", (Source((self.name,)),))


@dataclass(frozen=True)
class Rule:
    """One check: a metric, what it looks at, and the limit that its value must satisfy.

    `columns` is what the metric looks at: empty for `rowCount`, several only for `duplicateValues` of the table.
    A value is invalid when it is not null and breaks any one of the conditions that are set. `earlierDuplicates` are
    rows whose primary key is published on one of the `look_back_days` dates before.
    """

    id: str
    metric: Metric
    column: str | None
    columns: tuple[str, ...]
    operator: str
    limit: Limit
    unit: Unit = "rows"
    severity: Severity = "error"
    valid_values: tuple[Scalar, ...] | None = None
    pattern: str | None = None
    missing_values: tuple[Scalar, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    look_back_days: int | None = None
    description: str = ""

    @property
    def regex(self) -> str | None:
        """The pattern in the form to execute: see `portable_pattern`."""
        return None if self.pattern is None else portable_pattern(self.pattern)


@dataclass(frozen=True)
class AnomalyRule:
    """One check against what was usual on the dates before: see `core.baseline`.

    `tolerance` makes the usual range wider or narrower; with fewer than `minimum_dates` dates nothing is judged.
    """

    id: str
    metric: AnomalyMetric
    column: str | None
    tolerance: float
    minimum_dates: int
    severity: Severity = "error"
    description: str = ""

    @property
    def unit(self) -> Unit:
        """What its number is: a count of rows, or a share of them."""
        return "rows" if self.metric == "rowCount" else "percent"


@dataclass(frozen=True)
class DataContract:
    """One dataset: where it comes from, its columns, its key and its rules.

    `document` is the ODCS document as plain JSON values, never to be changed; `checksum` changes with what determines
    the rows or the verdict of a run, and with nothing else: see `checksum_of`.
    """

    id: str
    version: str
    name: str
    table: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    rules: tuple[Rule, ...]
    anomaly_rules: tuple[AnomalyRule, ...]
    source_system: str
    event_time: str | None
    max_malformed_percent: float
    raw_objects: RawObjects
    object_format: ObjectFormat
    records_path: Source | None
    shows_example_lines: bool
    freshness_hours: float | None
    max_run_cost_usd: float | None
    max_monthly_cost_usd: float | None
    checksum: str
    document: Mapping[str, Any] = field(repr=False, hash=False)

    @property
    def has_records(self) -> bool:
        """Whether a text of the raw data may hold several records, or something around them."""
        return self.records_path is not None or self.object_format == "concatenated"

    @property
    def read_columns(self) -> tuple[Column, ...]:
        """The columns that are read from the record, in the contract's order; the others are derived of columns."""
        return tuple(column for column in self.columns if column.logic is None)

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns of the table, in the contract's order; the others are only input to these."""
        return tuple(column for column in self.columns if column.is_stored)

    @property
    def can_be_accepted(self) -> bool:
        """Whether some day may be kept from being published by anomalies alone, which people can accept."""
        return any(rule.severity == "error" for rule in self.anomaly_rules)

    @property
    def look_back_days(self) -> int:
        """How many dates before a run's own have keys that some rule compares with; 0 without such a rule."""
        return max((rule.look_back_days or 0 for rule in self.rules), default=0)

    def column(self, name: str) -> Column:
        """Return the column of that name. Raises KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"dataset {self.name} has no column {name!r}")

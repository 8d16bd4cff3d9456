"""The validated contract as the rest of the code sees it; knows nothing of ODCS documents or of how they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from contract.patterns import portable_pattern
from core.operators import Limit
from core.raw_objects import RawObjects

Metric: TypeAlias = Literal["rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues"]
Severity: TypeAlias = Literal["error", "warning"]
Unit: TypeAlias = Literal["rows", "percent"]
Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """One top-level column.

    `type` is a lower-case DDL type that Glue and Spark both read; only field names inside a struct keep their case.
    `valid_values` are those of the first rule that lists some, in the contract's order.
    """

    name: str
    type: str
    required: bool = False
    description: str = ""
    valid_values: tuple[Scalar, ...] | None = None


@dataclass(frozen=True)
class Rule:
    """One check: a metric, what it looks at, and the limit that its value must satisfy.

    `columns` is what the metric looks at: empty for `rowCount`, several only for `duplicateValues` of the table.
    A value is invalid when it is not null and breaks any one of the conditions that are set.
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
    description: str = ""

    @property
    def regex(self) -> str | None:
        """The pattern in the form to execute: see `portable_pattern`."""
        return None if self.pattern is None else portable_pattern(self.pattern)


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
    source_system: str
    event_time: str | None
    max_malformed_percent: float
    raw_objects: RawObjects
    shows_example_lines: bool
    freshness_hours: float | None
    checksum: str
    document: Mapping[str, Any] = field(repr=False, hash=False)

    def column(self, name: str) -> Column:
        """Return the column of that name. Raises KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"dataset {self.name} has no column {name!r}")

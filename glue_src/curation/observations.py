"""What is counted about a day's rows while they are written, in the one pass there is.

Turns a contract into aggregates and their results into `Counts`; must not decide whether a count is good or bad.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import DataContract, Rule
from curation.duplicates import IS_DUPLICATE, counts_other_duplicates, duplicate_column
from curation.listed_values import LongList, distribution_aggregates, read_distribution
from curation.literals import is_any_of, number
from curation.version import Counts

_NAME_BUCKETS = 8


def aggregates(contract: DataContract, *, ingestion_date: date, lists: Mapping[str, LongList]) -> dict[str, Column]:
    """Return every aggregate by name; counts use ``count(when(...))`` so that no rows give 0 and not null.

    ``lists`` are the contract's `long_lists`, whose places the rows have to hold.
    """
    good = ~F.col("_malformed")
    found = {
        "rows": F.count(F.lit(1)),
        "malformed": _count(F.col("_malformed")),
        "to read again": _count(F.col("_malformed") & F.col("_refused").isNull()),
        "duplicates": _count(F.col(IS_DUPLICATE)),
        "looked at": _count(F.col("_unknown_fields").isNotNull()),
        "unknown": _count(F.col("_unknown_fields") != ""),
    }
    for bucket in range(_NAME_BUCKETS):
        names = F.when(_names_bucket() == bucket, F.col("_unknown_fields"))
        found |= {f"names {bucket} first": F.min(names), f"names {bucket} last": F.max(names)}
    if contract.event_time is not None:
        event_time = F.col(contract.event_time)
        found |= {
            "other days": _count(F.to_date(event_time) != F.lit(str(ingestion_date)).cast("date")),
            "first event": F.unix_micros(F.min(event_time)),
            "last event": F.unix_micros(F.max(event_time)),
        }
    for column in contract.columns:
        found[f"nulls {column.name}"] = _count(good & F.col(column.name).isNull())
        found |= distribution_aggregates(column, lists.get(column.name))
    for rule in contract.rules:
        counted = _counted(rule, contract)
        if counted is not None:
            found[f"rule {rule.id}"] = _count(good & counted)
    return found


def read_counts(contract: DataContract, observed: Mapping[str, Any], *, lists: Mapping[str, LongList]) -> Counts:
    """Turn the observed values of `aggregates` into counts."""
    nulls = {column.name: observed[f"nulls {column.name}"] for column in contract.columns}
    names = {observed[f"names {bucket} {end}"] for bucket in range(_NAME_BUCKETS) for end in ("first", "last")}
    unknown_fields = sorted({name for joined in names if joined for name in json.loads(joined)})
    by_rule = {rule.id: _rule_count(rule, observed) for rule in contract.rules if rule.look_back_days is None}
    return Counts(
        rows_read=observed["rows"],
        rows_quarantined=observed["malformed"],
        lines_to_read_again=observed["to read again"],
        duplicates_removed=observed["duplicates"],
        rows_on_other_days=observed.get("other days"),
        first_event=_moment(observed.get("first event")),
        last_event=_moment(observed.get("last event")),
        nulls=nulls,
        distributions={
            column.name: read_distribution(column, lists.get(column.name), observed)
            for column in contract.columns
            if column.valid_values
        },
        by_rule=by_rule,
        rows_looked_at_for_fields=observed["looked at"],
        rows_with_unknown_fields=observed["unknown"],
        unknown_fields=tuple(unknown_fields),
    )


def _rule_count(rule: Rule, observed: Mapping[str, Any]) -> int:
    shared = {
        "rowCount": observed["rows"] - observed["malformed"],
        "nullValues": observed.get(f"nulls {rule.column}"),
        "duplicateValues": observed["duplicates"],
    }
    count: int = observed.get(f"rule {rule.id}", shared.get(rule.metric))
    return count


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


def _count(condition: Column) -> Column:
    return F.count(F.when(condition, 1))


def _names_bucket() -> Column:
    # Names seen are kept as the least and the greatest text of each bucket: a bounded number, whatever the input holds.
    return F.when(F.col("_unknown_fields") != "", F.pmod(F.xxhash64("_unknown_fields"), F.lit(_NAME_BUCKETS)))


def _counted(rule: Rule, contract: DataContract) -> Column | None:
    """Return what makes a row count for a rule, or None when another aggregate counts it already."""
    if rule.metric == "missingValues":
        return _is_missing(rule, contract)
    if rule.metric == "invalidValues":
        return is_invalid(rule, contract)
    if rule.metric == "duplicateValues" and counts_other_duplicates(rule, contract):
        return F.col(duplicate_column(rule, contract))
    if rule.metric in {"rowCount", "nullValues", "duplicateValues", "earlierDuplicates"}:
        return None
    message = f"rule {rule.id}: metric {rule.metric!r} cannot be measured"
    raise ValueError(message)


def _is_missing(rule: Rule, contract: DataContract) -> Column:
    column = contract.column(rule.columns[0])
    given = rule.missing_values or ()
    values = [value for value in given if value is not None]
    missing = F.col(column.name).isNull() if None in given else F.lit(False)
    return missing | is_any_of(column.name, values, column_type=column.type) if values else missing


def is_invalid(rule: Rule, contract: DataContract) -> Column:
    """Return what makes a row break a rule on valid values; null values break none."""
    column = contract.column(rule.columns[0])
    value = F.col(column.name)
    broken = F.lit(False)
    if rule.valid_values is not None:
        broken |= ~is_any_of(column.name, rule.valid_values, column_type=column.type)
    if rule.regex is not None:
        broken |= ~value.rlike(rule.regex)
    if rule.minimum is not None:
        broken |= value < number(rule.minimum, column_type=column.type)
    if rule.maximum is not None:
        broken |= value > number(rule.maximum, column_type=column.type)
    if rule.exclusive_minimum is not None:
        broken |= value <= number(rule.exclusive_minimum, column_type=column.type)
    if rule.exclusive_maximum is not None:
        broken |= value >= number(rule.exclusive_maximum, column_type=column.type)
    if rule.min_length is not None:
        broken |= F.length(value) < rule.min_length
    if rule.max_length is not None:
        broken |= F.length(value) > rule.max_length
    return value.isNotNull() & broken

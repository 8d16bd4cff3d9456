"""What another type of a column means, at every depth: which values old files still give, and what queries notice.

Which conversions are safe was tried on files of real engines, and looked up for Athena: see docs/evolution.md.
"""

from collections.abc import Iterator
from typing import Final

from contract.ddl_types import COMPLEX_KINDS, INTEGER_BITS, decimal_digits, inner_types, kind_of
from contract_diff.changes import Change, View, breaking, rerun, safe

_TIMES: Final = ("date", "timestamp")
_BY_NAME: Final = "engines find the fields of a struct by name in files already written"


# It reads less than the other engines do; tests leave out for it what a reason says it fails on.
SPARK_3: Final = "Spark 3.5 (Glue 5.1)"


def type_changes(place: str, old: str, new: str) -> Iterator[Change]:
    """Yield what differs between two types of a stored column, in places such as ``items[].price``."""
    yield from _changes(place, old, new, in_array=False)


def _changes(place: str, old: str, new: str, *, in_array: bool) -> Iterator[Change]:
    kind = kind_of(old)
    if old == new:
        return
    if kind != kind_of(new) or kind not in COMPLEX_KINDS:
        readers, written = _simple(old, new)
        yield Change(place, f"type {old} -> {new}", readers, written, parts_catalog=True)
    elif kind == "array":
        yield from _changes(f"{place}[]", inner_types(old)["element"], inner_types(new)["element"], in_array=True)
    elif kind == "map":
        yield from _changes(f"{place}{{}}", inner_types(old)["value"], inner_types(new)["value"], in_array=False)
    else:
        yield from _struct(place, inner_types(old), inner_types(new), in_array=in_array)


def _struct(place: str, old: dict[str, str], new: dict[str, str], *, in_array: bool) -> Iterator[Change]:
    before, after = {name.lower(): name for name in old}, {name.lower(): name for name in new}
    kept = [key for key in before if key in after]
    if not kept:
        yield _replaced(place, old, new)
        return
    yield from (_field_removed(f"{place}.{name}", old[name]) for key, name in before.items() if key not in after)
    for key, name in after.items():
        if key not in before:
            yield _field_added(f"{place}.{name}", new[name], in_array=in_array)
    for key in kept:
        if before[key] != after[key]:
            yield _field_respelt(f"{place}.{before[key]}", after[key])
        yield from _changes(f"{place}.{after[key]}", old[before[key]], new[after[key]], in_array=False)
    if kept != [key for key in after if key in before]:
        yield _fields_reordered(place, in_array=in_array)


def _replaced(place: str, old: dict[str, str], new: dict[str, str]) -> Change:
    what = f"all fields of the struct replaced: {', '.join(old)} -> {', '.join(new)}"
    why = "a struct that shares no field with the one in the files is null as a whole, or an error"
    return Change(place, what, breaking("queries that name the old fields fail"), rerun(why), parts_catalog=True)


def _field_removed(place: str, type_: str) -> Change:
    readers = breaking("queries that name the field fail")
    written = safe(f"its values stay in the files and are no longer shown; {_BY_NAME}")
    return Change(place, f"field removed ({type_})", readers, written, parts_catalog=True)


def _field_added(place: str, type_: str, *, in_array: bool) -> Change:
    unnest = "; UNNEST(…) AS t(…) lists fields by position, so add it to such lists" if in_array else ""
    readers = safe(f"queries that name their fields go on{unnest}")
    written = safe(
        f"{_BY_NAME}; it is null in written dates until they are run again. Spark before 4.1 loses rows of queries "
        "that read nothing but new fields of a struct: it needs spark.sql.optimizer.nestedSchemaPruning.enabled=false"
    )
    return Change(place, f"field added ({type_})", readers, written, parts_catalog=True)


def _field_respelt(place: str, name: str) -> Change:
    readers = breaking("engines that tell upper from lower case, and JSON made of the struct, have another name")
    return Change(place, f"field now written {name}", readers, rerun("another field of the record is read"))


def _fields_reordered(place: str, *, in_array: bool) -> Change:
    position = "UNNEST(…) AS t(…) names the fields of an array's structs by position, so values change places silently"
    readers = breaking(position) if in_array else safe("queries that name their fields go on")
    return Change(place, "fields reordered", readers, safe(_BY_NAME), parts_catalog=True)


def _simple(old: str, new: str) -> tuple[View, View]:
    """Return the views of a type that becomes another one and is not a struct, array or map both times."""
    kinds = (kind_of(old), kind_of(new))
    if set(kinds) <= INTEGER_BITS.keys():
        return _integers(old, new)
    if kinds == ("decimal", "decimal"):
        return _decimals(old, new)
    if kinds == ("float", "double"):
        return safe("every float fits into double"), rerun(
            "files have the nearest float, so 0.1 reads as 0.10000000149…, which equals no 0.1 of a new date"
        )
    return breaking(_why_other(old, new)), rerun(
        f"files hold {old}: until a date is run again, queries that read the column there fail or get other values"
    )


def _integers(old: str, new: str) -> tuple[View, View]:
    if INTEGER_BITS[old] < INTEGER_BITS[new]:
        return safe(f"every {old} fits into {new}"), _wider(old, new)
    return breaking(f"values that only {old} holds become malformed lines"), rerun(
        f"engines refuse the {old} of written files as {new}, or cut it off"
    )


def _decimals(old: str, new: str) -> tuple[View, View]:
    (precision, scale), (new_precision, new_scale) = decimal_digits(old), decimal_digits(new)
    grows = new_precision - new_scale >= precision - scale and new_scale >= scale
    if grows and new_scale == scale:
        return safe(f"every {old} fits into {new}"), _wider(old, new)
    if grows:
        return safe(f"every {old} fits into {new}, and is shown with {new_scale} digits after the point"), rerun(
            f"Spark 3.5 refuses files with {scale} digits after the point where the table says {new_scale}"
        )
    return breaking(f"values that only {old} holds become malformed lines, or are rounded"), rerun(
        f"engines refuse the {old} of written files as {new}, or round it"
    )


def _wider(old: str, new: str) -> View:
    """Return what a wider number means for files that hold the narrower one.

    Spark before 4.0 reads a number only from the storage that its type has (SPARK-40876).
    """
    if _stored_bits(old) == _stored_bits(new):
        return safe(f"files store both alike, so engines read the {old} of written files as {new}")
    return safe(
        f"Athena, DuckDB and Spark 4 read the {old} of written files as {new}; {SPARK_3} fails on them: where it "
        "reads the table, run written dates again with --force"
    )


def _stored_bits(type_: str) -> int:
    """Return the size in which Parquet files of Spark store a whole number or decimal."""
    if kind_of(type_) in INTEGER_BITS:
        return max(32, INTEGER_BITS[type_])
    precision, _ = decimal_digits(type_)
    return 32 if precision <= 9 else 64 if precision <= 18 else 128


def _why_other(old: str, new: str) -> str:
    kinds = (kind_of(old), kind_of(new))
    if "string" in kinds:
        return f"comparisons, sorting and functions of {old} fail on {new}, or mean something else"
    if set(kinds) == set(_TIMES):
        return "a day is not a moment: comparisons and arithmetic mean something else"
    if set(kinds) & set(COMPLEX_KINDS):
        return f"queries get at the values of {old} in another way than of {new}"
    return f"arithmetic and comparisons of {new} have other results than of {old}"

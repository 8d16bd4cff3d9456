"""Why a line is in quarantine, in words. Costs several more parses, of malformed lines only."""

from collections.abc import Iterable, Iterator, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from curation.forms import encoding_problem, form, told
from curation.framing import Frame, has_lone_surrogate
from curation.json_reader import JSON_OPTIONS, READER_OPTIONS, REFUSED
from curation.misfits import at_most_one, let, misfits, number_as_it_stood
from curation.records import Level, levels
from curation.silent_changes import infinities_as_text

_HALF_CHARACTER = "half a character: a surrogate escape (\\ud800 to \\udfff) without its other half"
_MOST_NAMES, _LONGEST_RECORD = 10, 80
_MISFIT = "value does not fit its type: "
_TWICE = "a field is given more than once, with a value that does not fit its type: "


def explanation(contract: DataContract) -> Column:
    """Explain the malformed line in ``_line``, and what is known beside it: see `malformed_lines`.

    Returns:
        A struct of ``reason``, which shows the values, and ``kind``, which is what is wrong without any of them: the
        same for all lines with the same fault. Of several values that do not fit, the first column's is the kind.
    """
    frame = Frame()
    framed = F.from_json(frame.framed("_line"), f"struct<{frame.end} bigint, {REFUSED} string>", READER_OPTIONS)
    is_object = framed[REFUSED].isNull() & framed[frame.end].isNotNull()
    return let(is_object, lambda found: _explained(contract, is_object=found))


def _explained(contract: DataContract, *, is_object: Column) -> Column:
    columns = contract.read_columns
    twice = told(F.concat(F.lit(_TWICE), _given_twice(column.sources[0].name for column in columns)))
    has_derived = any(column.logic is not None for column in contract.columns)
    other = F.coalesce("_derived", twice) if has_derived else twice
    named = let(_all_misfits(contract), lambda found: F.when(F.size(found) == 0, other).otherwise(_joined(found)))
    not_text = F.coalesce(
        encoding_problem("_line"),
        F.when(has_lone_surrogate("_line") & _is_json_object(), told(F.lit(_HALF_CHARACTER))),
    )
    usual = F.coalesce(not_text, F.when(~is_object, form("_line")), named)
    if contract.records_path is None:
        return usual
    has_none = F.coalesce(not_text, F.when(~_is_json(contract, is_object), form("_line")), _no_record(contract))
    return (
        F.when(F.col("_holds_none"), has_none)
        .when(F.col("_line") == F.col("_text"), told(F.lit("not one JSON object: null")))
        .when(~F.col("_is_record"), _envelope_misfit(levels(contract)))
        .when(is_object | not_text.isNotNull(), usual)
        .otherwise(_with_record(form("_line")))
    )


def _with_record(what: Column) -> Column:
    """Show the record that is no object, which is hard to find in its text."""
    reason = F.concat(what["reason"], F.lit(": "), F.substring("_line", 1, _LONGEST_RECORD))
    return told(what["kind"], reason=reason)


def _joined(found: Column) -> Column:
    reasons = F.array_join(F.transform(found, lambda misfit: misfit["reason"]), "; ")
    return told(found[0]["kind"], reason=F.concat(F.lit(_MISFIT), reasons))


def _all_misfits(contract: DataContract) -> Column:
    """Name what does not fit its type, and the numbers that a text column cannot keep, as an array."""
    columns = {column.name: column for column in contract.columns}
    infinities = infinities_as_text(F.col("_line"), contract)
    lost = (at_most_one(found, _infinite(columns[name])) for name, found in infinities.items())
    around = _misfits_around(levels(contract)) if contract.has_records else ()
    return F.concat(misfits(contract.read_columns, F.col("_line")), *lost, *around)


def _misfits_around(all_levels: Sequence[Level]) -> Iterator[Column]:
    """Name what does not fit in the envelope, of which is left what the parser did not refuse."""
    read = [level for level in all_levels if level.columns]
    ddl = ", ".join(f"`{level.number}`: string" for level in read)
    for level in read:
        fields = F.from_json("_envelope", f"struct<{ddl}>", JSON_OPTIONS).getField(str(level.number))
        yield misfits(level.columns, fields)


def _no_record(contract: DataContract) -> Column:
    """Say why a text holds no record, and which fields it has instead; names are data, and so in no kind."""
    path = str(contract.records_path).removeprefix("/").removesuffix("[]") or "[]"
    none = F.lit(f"no record in it: there is no array at recordsPath {path}")
    names = F.array_join(F.slice(F.json_object_keys("_line"), 1, _MOST_NAMES), ", ")
    other = told(none, reason=F.concat_ws("; its fields are ", none, F.nullif(names, F.lit(""))))
    is_there = levels(contract)[0].elements(F.col("_line")).isNotNull()
    return F.when(is_there, told(F.lit(f"no record in it: recordsPath {path} leads to no element"))).otherwise(other)


def _is_json(contract: DataContract, is_object: Column) -> Column:
    """Tell whether a text may hold records: an object, or an array where the contract says that."""
    is_array = F.from_json("_line", "array<string>", JSON_OPTIONS).isNotNull()
    begins_with_array = bool(contract.records_path and contract.records_path.each[0] == 0)
    return is_array if begins_with_array and contract.object_format != "concatenated" else is_object


def _envelope_misfit(all_levels: Sequence[Level]) -> Column:
    """Name the fields of the envelope that the parser refused; in an inner array only the columns that may have one."""
    outer = misfits(all_levels[0].columns, F.col("_text"))
    columns = ", ".join(column.name for level in all_levels[1:] for column in level.columns)
    inner = told(F.lit(f"a field of the envelope does not fit its column, or holds half a character: {columns}"))
    return let(outer, lambda found: F.when(F.size(found) == 0, inner).otherwise(_joined(found)))


def _infinite(column: ContractColumn) -> Column:
    what = f"{column.name} has a number beyond any double, which cannot be kept as text"
    shown = number_as_it_stood(column.sources[0].name, F.lit("Infinity"))
    return told(F.lit(what), reason=F.concat(F.lit(f"{what}: "), shown))


def _given_twice(fields: Iterable[str]) -> Column:
    """Name the fields that a line gives more than once."""
    keys = F.json_object_keys("_line")
    # As Spark 3.5's `array_position` takes no column to look for.
    again = F.filter(keys, lambda key, place: F.call_function("array_position", keys, key) <= place)
    return F.concat_ws(", ", F.array_intersect(again, F.array(*(F.lit(name) for name in fields))))


def _is_json_object() -> Column:
    parsed = F.from_json("_line", f"struct<`-` string, {REFUSED} string>", READER_OPTIONS)
    return parsed[REFUSED].isNull()

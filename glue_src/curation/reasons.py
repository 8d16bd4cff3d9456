"""Why a line is in quarantine, in words. Costs several more parses, of malformed lines only."""

from collections.abc import Iterator, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from contract.read_types import read_type
from contract.sources import REFUSED
from curation.composing import let
from curation.forms import (
    FORM,
    LIMITS,
    LONGEST_TEXT,
    encoding_problem,
    form,
    form_of_element,
    may_pass_limits,
    records_path,
    told,
)
from curation.framing import Frame, has_lone_surrogate
from curation.json_reader import JSON_OPTIONS, READER_OPTIONS
from curation.misfits import BEYOND_DOUBLES, misfits, number_as_it_stood, number_of
from curation.record_fields import quoted, repeated_names
from curation.records import Level, levels
from curation.silent_changes import infinities_as_text

_HALF_CHARACTER = "an unpaired surrogate escape (half a character)"
_HALF_AROUND = f"{_HALF_CHARACTER} in a field of the envelope"
_NO_RECORD = "no record in it"
_EMPTY_ARRAY = r"^[ \t\r\n]*\[[ \t\r\n]*\][ \t\r\n]*$"
_LONG_TEXT = f"a text of more than {LONGEST_TEXT:,} characters"
_ESCAPE = r"\\(?:u[0-9a-fA-F]{4}|[^u])"
_OF_ANOTHER_KIND = "given more than once, with a value of another kind: "
_MOST_NAMES, _LONGEST_RECORD = 10, 80
_QUOTED_INFINITY = r'"\\(?:"|u0022)-?Infinity\\(?:"|u0022)"'
_INFINITY_IN_QUOTES = (
    ' has the text "Infinity" in quotes of its own, which cannot be told from a number beyond any double; have the '
    "source leave out the inner quotes"
)
MISFIT = "value does not fit its type: "
_TWICE = "a field is given more than once, with a value that does not fit its type: "


def explanation(contract: DataContract) -> Column:
    """Explain the malformed line in ``_line``, and what is known beside it: see `malformed_lines`.

    Returns:
        A struct of ``reason``, which shows the values, and ``kind``, which is what is wrong without any of them: the
        same for all lines with the same fault. Of several values that do not fit, the first column's is the kind.
    """
    frame = Frame()
    framed = F.from_json(frame.framed("_line"), f"struct<{frame.end} bigint, {REFUSED} string>", READER_OPTIONS)
    refused = framed[REFUSED]
    is_object = F.when(refused.isNull(), framed[frame.end].isNotNull()).otherwise(frame.is_empty_object(refused))
    return let(is_object, lambda found: _explained(contract, is_object=found))


def _explained(contract: DataContract, *, is_object: Column) -> Column:
    named = let(
        F.struct(_all_misfits(contract).alias("misfits"), _given_twice(contract).alias("twice")),
        lambda found: F.when(F.size(found["misfits"]) == 0, _no_misfit(contract, twice=found["twice"])).otherwise(
            _joined(found["misfits"], twice=found["twice"])
        ),
    )
    not_text = F.coalesce(
        encoding_problem("_line"),
        F.when(has_lone_surrogate("_line") & _is_json_object(), told(F.lit(_HALF_CHARACTER))),
    )
    if contract.records_path is None:
        return F.coalesce(not_text, F.when(~is_object, form("_line", contract)), named)
    return (
        F.when(F.col("_holds_none"), F.coalesce(not_text, _no_record(contract, is_object=is_object)))
        .when(F.col("_line") == F.col("_text"), told(F.lit(f"{FORM}: null")))
        .when(~F.col("_is_record"), _envelope_misfit(levels(contract)))
        .when(not_text.isNotNull(), not_text)
        .when(~is_object, _with_record(form_of_element("_line")))
        .when(has_lone_surrogate("_envelope"), told(F.lit(_HALF_AROUND)))
        .otherwise(named)
    )


def _given_twice(contract: DataContract) -> Column:
    """Name the fields that a line gives more than once; null where there are none."""
    return F.nullif(F.array_join(repeated_names(contract.read_columns, read_type, F.col("_line")), ", "), F.lit(""))


def _no_misfit(contract: DataContract, *, twice: Column) -> Column:
    """Say why an object is malformed of which each value that can be read alone fits its column."""
    has_derived = any(column.logic is not None for column in contract.columns)
    return F.coalesce(
        *(["_derived"] if has_derived else []),
        F.when(twice.isNotNull(), told(F.concat(F.lit(_TWICE), twice))),
        F.when(_has_long_text(), told(F.lit(_LONG_TEXT))),
        F.when(may_pass_limits("_line"), told(F.lit(LIMITS))),
        told(F.lit(MISFIT.removesuffix(": "))),
    )


def _has_long_text() -> Column:
    """Tell whether a text, or a name, is longer than the parser reads: what is left when all others are taken out."""
    plain = F.regexp_replace("_line", _ESCAPE, "_")
    return F.regexp_replace(plain, f'"[^"]{{0,{LONGEST_TEXT}}}+"', "").contains('"')


def _with_record(what: Column) -> Column:
    """Show the record that is no object, which is hard to find in its text."""
    record = F.when(F.col("_line") == "", '""').otherwise(F.substring("_line", 1, _LONGEST_RECORD))
    reason = F.concat(what["reason"], F.lit(": "), record)
    return told(what["kind"], reason=reason)


def _joined(found: Column, *, twice: Column | None = None) -> Column:
    reasons = F.array_join(F.transform(found, lambda misfit: misfit["reason"]), "; ")
    parts = [reasons] if twice is None else [reasons, F.concat(F.lit("given more than once: "), twice)]
    return told(found[0]["kind"], reason=F.concat(F.lit(MISFIT), F.concat_ws("; ", *parts)))


def _all_misfits(contract: DataContract) -> Column:
    """Name what does not fit its type, and the numbers that a text column cannot keep, as an array."""
    named = [misfits(contract.read_columns, F.col("_line"))]
    infinities = infinities_as_text(F.col("_line"), contract, told=lambda column: F.struct(*_name_and_number(column)))
    if infinities is not None:
        named.append(F.transform(infinities, _infinite))
    if contract.has_records:
        named += _misfits_around(levels(contract))
    return F.concat(*named)


def _misfits_around(all_levels: Sequence[Level]) -> Iterator[Column]:
    """Name what does not fit in the envelope, of which is left what the parser did not refuse."""
    read = [level for level in all_levels if level.columns]
    ddl = ", ".join(f"`{level.number}`: string" for level in read)
    for level in read:
        fields = F.from_json("_envelope", f"struct<{ddl}>", JSON_OPTIONS).getField(str(level.number))
        yield misfits(level.columns, fields)


def _no_record(contract: DataContract, *, is_object: Column) -> Column:
    """Say why a text, or a part of one, holds no record."""
    path, (first, *inner) = records_path(contract), levels(contract)
    of_parts = [F.when(is_object & (_depth(contract) == level.number), _no_array(path, level)) for level in inner]
    return F.coalesce(*of_parts, _no_record_in_all(contract, first, is_object=is_object))


def _depth(contract: DataContract) -> Column:
    """Tell in how many arrays of its text a part lies: as many as its position has numbers."""
    numbers = F.when(F.col("_record").isNull(), 0).otherwise(F.size(F.split("_record", "[.]")))
    return numbers - 1 if contract.object_format == "concatenated" else numbers


def _no_record_in_all(contract: DataContract, first: Level, *, is_object: Column) -> Column:
    path = records_path(contract)
    empty = told(F.lit(f"{_NO_RECORD}: recordsPath {path} leads to no element"))
    other = form("_line", contract)
    if not first.steps:
        in_object = told(F.lit(f"{FORM}: an object, and recordsPath {path} wants an array"))
        goes_on = told(F.lit(f"{FORM}: text after the end of the JSON array"))
        is_array = F.from_json("_line", "array<string>", JSON_OPTIONS).isNotNull()
        found = F.when(is_object, in_object).when(F.col("_line").rlike(_EMPTY_ARRAY), empty)
        return found.when(is_array, goes_on).otherwise(other)
    is_there = first.elements(F.col("_line")).isNotNull()
    return F.when(is_object & is_there, empty).when(is_object, _no_array(path, first)).otherwise(other)


def _no_array(path: str | None, level: Level) -> Column:
    """Show what a text has in place of the array; names and values are data, and so in no kind."""
    names, name = F.json_object_keys("_line"), level.steps[0]
    value = F.from_json("_line", f"struct<{quoted(name)}: string>", JSON_OPTIONS).getField(name)
    found = F.concat(F.lit(f"{name} is "), F.substring(F.coalesce(value, F.lit("null")), 1, _LONGEST_RECORD))
    no_array = f"{_NO_RECORD}: recordsPath {path} leads to no array"
    missing = f"{_NO_RECORD}: there is no array at recordsPath {path}"
    fields = F.nullif(F.array_join(F.slice(names, 1, _MOST_NAMES), ", "), F.lit(""))
    twice = F.nullif(F.array_join(level.given_twice(F.col("_line")), ", "), F.lit(""))
    return (
        F.when(twice.isNotNull(), told(F.concat(F.lit(f"{no_array}; {_OF_ANOTHER_KIND}"), twice)))
        .when(F.array_contains(names, name), told(F.lit(no_array), reason=F.concat(F.lit(f"{no_array}; "), found)))
        .otherwise(told(F.lit(missing), reason=F.concat_ws("; its fields are ", F.lit(missing), fields)))
    )


def _envelope_misfit(all_levels: Sequence[Level]) -> Column:
    """Name the fields of the envelope that the parser refused; in an inner array only the columns that may have one."""
    outer = misfits(all_levels[0].columns, F.col("_text"))
    inner = [column.name for level in all_levels[1:] for column in level.columns]
    columns = ", ".join(inner or [column.name for column in all_levels[0].columns])
    other = told(F.lit(f"a field of the envelope is beyond the limits, or does not fit its column: {columns}"))
    return let(outer, lambda found: F.when(F.size(found) == 0, other).otherwise(_joined(found)))


def _name_and_number(column: ContractColumn) -> tuple[Column, Column]:
    return F.lit(column.name).alias("name"), number_of(column.sources[0].name).alias("number")


def _infinite(column: Column) -> Column:
    number = F.concat(column["name"], F.lit(" has a number beyond any double, which cannot be kept as text"))
    text = F.concat(column["name"], F.lit(_INFINITY_IN_QUOTES))
    shown = F.concat_ws(": ", number, number_as_it_stood(column["number"]))
    is_text = F.col("_line").rlike(_QUOTED_INFINITY) & ~F.col("_line").rlike(BEYOND_DOUBLES)
    return F.when(is_text, told(text)).otherwise(told(number, reason=shown))


def _is_json_object() -> Column:
    parsed = F.from_json("_line", f"struct<`-` string, {REFUSED} string>", READER_OPTIONS)
    return parsed[REFUSED].isNull()

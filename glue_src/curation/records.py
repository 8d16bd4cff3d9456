"""From the texts of raw objects to the texts of single records, where these lie inside of something else.

Knows how records are packed; must not know columns' types, except those of envelope fields. A record's text means
exactly what stood in the raw text. That costs several passes over it, which plain JSON lines do not need. A text that
is no UTF-8 is not taken apart, because functions of texts would replace its bytes before anyone has looked at them.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from contract.read_types import read_type
from contract.sources import REFUSED, Source
from curation.composing import all_of, let
from curation.framing import is_valid_utf8
from curation.json_reader import JSON_OPTIONS, READER_OPTIONS
from curation.record_fields import fields_ddl, quoted, record_fields, repeated_on
from curation.silent_changes import misread_decimals

_STRING = r'"(?:[^"\\]++|\\.)*+"'
_BETWEEN_OBJECTS = rf'\G((?:[^"}}]++|{_STRING}|\}}(?![ \t\r]*+\{{))*+)\}}[ \t\r]*+\{{'
# A number as JSON has it, and no name: what begins like one stays as it is, for the parser to refuse.
_FRACTION = r"-?(?:0|[1-9][0-9]*+)(?:[.][0-9]++(?:[eE][-+]?+[0-9]++)?+|[eE][-+]?+[0-9]++)(?![-+.0-9eE]|[ \t\r\n]*+:)"
_DOUBLE = rf'\G((?:[^"0-9-]++|{_STRING}|-?[0-9]++(?![.eE]))*+)({_FRACTION})'
_OBJECT_IN_STRING = (r'\G((?:[^"]++|"(?!{opened})(?:[^"\\]++|\\.)*+")*+)"(?={opened})((?:[^"\\]++|\\.)*+)"').replace(
    "{opened}", r"(?:[ \t\r\n]|\\[tnr]|\\u00(?:20|09|0[aAdD]))*+(?:[{]|\\u007[bB])"
)
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = r"\\u(?=[dD][89a-fA-F][0-9a-fA-F]{2})"
_LONE_HALF = rf"(?s)\G((?:[^\\]++|{_PAIR}|(?!{_HALF})\\.)*+){_HALF}"


def as_records(texts: DataFrame, contract: DataContract) -> DataFrame:
    """Take texts (``_line``) apart into records.

    Returns:
        One row per record, per text that holds none, and per part of a text that should hold some and has another
        shape: ``_line`` (the text of the record or part), ``_is_record``, ``_record`` (its position in the text, from
        0, such as ``7`` or ``0.2.7``; null for the whole), ``_envelope`` (JSON text of the envelope fields that columns
        read, null when there are none or one does not fit its column), ``_holds_none``, ``_text`` (the whole text).
    """
    whole = texts.select(F.col("_line").alias("_text"))
    if contract.records_path is None:
        pieces = F.when(is_valid_utf8("_text"), _split(F.col("_text")))
        found = whole.select("_text", F.posexplode_outer(pieces).alias("_record", "_piece"))
        none = F.lit(None).cast("string").alias("_envelope")
        position, no = F.col("_record").cast("string"), F.lit(False).alias("_holds_none")
        line = F.coalesce("_piece", "_text").alias("_line")
        return found.select(line, F.lit(True).alias("_is_record"), position, none, no, "_text")
    records = F.when(is_valid_utf8("_text"), _Packing(contract).records(F.col("_text")))
    found = whole.select("_text", F.explode_outer(records).alias("_found"))
    text = F.col("_found.text")
    return found.select(
        F.coalesce(text, "_text").alias("_line"),
        (text.isNotNull() & F.coalesce("_found.fits", F.lit(False))).alias("_is_record"),
        F.col("_found.position").alias("_record"),
        F.col("_found.envelope").alias("_envelope"),
        F.coalesce("_found.holds_none", F.lit(True)).alias("_holds_none"),
        "_text",
    )


def envelope_ddl(contract: DataContract) -> str | None:
    """Return the type of what ``_envelope`` is parsed as, or None when no column is read from an envelope."""
    with_columns = [level for level in levels(contract) if level.columns]
    fields = ", ".join(f"`{level.number}`: struct<{level.ddl(between=': ')}>" for level in with_columns)
    return f"struct<{fields}>" if with_columns else None


@dataclass(frozen=True)
class Level:
    """One of the arrays that lead to the records: the way to it, and the columns that are read beside it."""

    number: int
    steps: tuple[str, ...]
    columns: tuple[ContractColumn, ...]

    def elements(self, text: Column, *, end: str | None = None) -> Column:
        """Return the elements of the array in a JSON text, each as text.

        Null where there is no such array, or where a field on the way to it is given with a value of another kind as
        well. With ``end``, a name that no text contains, also null where the text goes on behind its first value, of
        which Spark's parser says nothing. As in a framed line, the name is put before the last brace or bracket: it
        belongs to the value only when nothing but that ended it.
        """
        if not self.steps:
            return _elements_of_all(text, end)
        if end is None:
            return let(self._parsed(text), lambda found: F.when(_is_taken(found), self._array(found)))
        marked = self._parsed(_marked_before(text, "}", f'"{end}":1'), f"{end}: int")
        return let(
            marked,
            lambda found: F.when(_is_taken(found) & found.getField(end).isNotNull(), self._array(found)),
        )

    def may_be_empty(self, text: Column) -> Column:
        """Tell whether a JSON text is an object without the array, or with null in its place."""
        first = self.steps[0]
        is_none = let(self._parsed(text), lambda found: _is_taken(found) & found.getField(first).isNull())
        return text.startswith("{") & is_none

    def given_twice(self, text: Column) -> Column:
        """Return the paths of the fields on the way to the array that a JSON object gives more than once.

        Null where all values on the way are of the right kind, of which the last ones count.
        """
        return F.when(~_is_taken(self._parsed(text)), repeated_on(self.steps, text))

    def _parsed(self, text: Column, *beside: str) -> Column:
        type_ = "array<string>"
        for name in reversed(self.steps[1:]):
            type_ = f"struct<{quoted(name)}: {type_}>"
        fields = ", ".join([f"{quoted(self.steps[0])}: {type_}", *beside, f"{REFUSED}: string"])
        return F.from_json(text, f"struct<{fields}>", READER_OPTIONS)

    def _array(self, parsed: Column) -> Column:
        return reduce(Column.getField, self.steps, parsed)

    def names(self) -> list[str]:
        """Return the names of the fields that columns are read from."""
        return [str(name) for name in record_fields(self.columns, read_type)]

    def ddl(self, *, between: str = " ") -> str:
        """Return the DDL of these fields."""
        return fields_ddl(self.columns, read_type, between=between)


def _is_taken(parsed: Column) -> Column:
    """Tell whether the parser took each value; of a field given twice it would keep the one that it could read."""
    return parsed.getField(REFUSED).isNull()


def _elements_of_all(text: Column, end: str | None) -> Column:
    """Return the elements of a text that is the array itself."""
    if end is None:
        return F.from_json(text, "array<string>", JSON_OPTIONS)
    marked = F.from_json(_marked_before(text, "]", f'"{end}"'), "array<string>", JSON_OPTIONS)
    return let(marked, lambda found: F.when(_last(found) == end, F.slice(found, 1, F.size(found) - 1)))


def _marked_before(text: Column, closing: str, mark: str) -> Column:
    """Put a mark before the last character of a text other than white space; null where that does not close it."""
    trimmed = F.btrim(text, F.lit(" \t\r\n"))
    before = trimmed.substr(F.lit(1), F.length(trimmed) - 1)
    return F.when(trimmed.endswith(closing), F.concat(before, F.lit(f",{mark}{closing}")))


def _last(elements: Column) -> Column:
    return F.get(elements, F.size(elements) - 1)


def levels(contract: DataContract) -> list[Level]:
    """Return the arrays that lead to the records, from the outermost on; none where records are not in any."""
    if contract.records_path is None:
        return []
    return [
        Level(number, names, tuple(_columns_at(contract, number)))
        for number, names in enumerate(contract.records_path.arrays)
    ]


def _columns_at(contract: DataContract, number: int) -> list[ContractColumn]:
    """Return the columns that are read from the envelope of a level, with their places in it."""
    return [
        replace(column, sources=sources)
        for column in contract.read_columns
        if (sources := tuple(Source(one.inner_steps) for one in column.sources if one.level == number))
    ]


def _split(text: Column) -> Column:
    """Split a text between objects that follow each other; a line has no line break of its own."""
    return F.split(F.regexp_replace(text, _BETWEEN_OBJECTS, "$1}\n{"), "\n")


class _Packing:
    """How a contract's records are packed in a text.

    Spark gives a part of a JSON text as text, but with each fraction as the nearest double, half a character alone as a
    question mark, and a string without its quotes, as if it was the object that it holds. So these are marked before.
    """

    def __init__(self, contract: DataContract) -> None:
        token = secrets.token_hex(8)
        kinds = ("number", "string", "half", "end")
        self._number, self._string, self._half, self._end = (f"_{kind}_{token}_" for kind in kinds)
        self._levels = levels(contract)
        self._is_concatenated = contract.object_format == "concatenated"

    def records(self, text: Column) -> Column:
        """Return the records of a text: structs of ``text``, ``position``, ``envelope``, ``fits``, ``holds_none``."""
        if not self._is_concatenated:
            return self._records(self._marked(text), 0, F.lit(""), [])

        def of_piece(piece: Column, place: Column) -> Column:
            position = F.concat(place.cast("string"), F.lit("."))
            part = F.array(self._part(piece, position))
            found = self._records(self._marked(piece), 0, position, [])
            return let(found, lambda records: F.when(F.size(records) > 0, records).otherwise(part))

        return F.flatten(F.transform(_split(text), of_piece))

    def _records(self, text: Column, depth: int, position: Column, outer: Sequence[Column]) -> Column:
        level, is_last = self._levels[depth], depth == len(self._levels) - 1

        def inside(envelopes: Sequence[Column]) -> Column:
            def of_element(element: Column, place: Column) -> Column:
                here = F.concat(position, place.cast("string"))
                if is_last:
                    return self._record(element, here, envelopes)
                return self._records(element, depth + 1, F.concat(here, F.lit(".")), envelopes)

            def of_elements(elements: Column) -> Column:
                found = F.transform(elements, of_element)
                is_there, empty = (
                    elements.isNotNull(),
                    F.filter(F.array(self._part(text, position)), lambda _: F.lit(False)),
                )
                found = F.when(is_there, found if is_last else _joined(found))
                if depth == 0:
                    return found
                return found.when(level.may_be_empty(text), empty).otherwise(F.array(self._part(text, position)))

            return let(level.elements(text, end=self._end if depth == 0 else None), of_elements)

        if not level.columns:
            return inside(outer)
        return let(self._envelope(text, level), lambda envelope: inside([*outer, envelope]))

    def _record(self, element: Column, position: Column, envelopes: Sequence[Column]) -> Column:
        json = F.concat(F.lit("{"), F.concat_ws(",", *(one["json"] for one in envelopes)), F.lit("}"))
        return F.struct(
            self._unmarked(element).alias("text"),
            position.alias("position"),
            (json if envelopes else F.lit(None).cast("string")).alias("envelope"),
            all_of(one["fits"] for one in envelopes).alias("fits"),
            F.lit(False).alias("holds_none"),
        )

    def _part(self, text: Column, position: Column) -> Column:
        """Return what stands for the records of a part of the text that has none, though others may have some."""
        return F.struct(
            self._unmarked(text).alias("text"),
            F.regexp_replace(position, "[.]$", "").alias("position"),
            F.lit(None).cast("string").alias("envelope"),
            F.lit(False).alias("fits"),
            F.lit(True).alias("holds_none"),
        )

    def _envelope(self, text: Column, level: Level) -> Column:
        """Return a level's own fields as ``json``, ``"<level>":{…}``, and whether each ``fits`` its column."""
        plain = self._without_number_and_string_marks(text)
        ddl = f"struct<{level.ddl()}, {REFUSED} string>"

        def judged(misread: Column) -> Column:
            # Each is bound, as Spark would parse the text anew for every field that is taken of it.
            return let(F.from_json(F.when(~misread, plain), ddl, READER_OPTIONS), partial(self._fields, level, misread))

        return let(misread_decimals(plain, level.columns), judged)

    def _fields(self, level: Level, misread: Column, parsed: Column) -> Column:
        fields = F.struct(*(parsed.getField(name).alias(name) for name in level.names()))
        json = F.concat(F.lit(f'"{level.number}":'), F.coalesce(self._with_halves(F.to_json(fields)), F.lit("{}")))
        return F.struct(json.alias("json"), (~misread & parsed.getField(REFUSED).isNull()).alias("fits"))

    def _marked(self, text: Column) -> Column:
        halves = F.regexp_replace(text, _LONE_HALF, f"$1{self._half}")
        strings = F.regexp_replace(halves, _OBJECT_IN_STRING, f'$1"{self._string}$2"')
        return F.regexp_replace(strings, _DOUBLE, f'$1"{self._number}$2"')

    def _unmarked(self, text: Column) -> Column:
        # A number or a string that is an element itself came without its quotes; one that holds JSON gets them back, as
        # it would be taken for what it holds.
        number, string = (text.substr(F.lit(len(mark) + 1), F.length(text)) for mark in (self._number, self._string))
        found = F.when(text.startswith(self._number), number)
        found = found.when(text.startswith(self._string), F.concat(F.lit('"'), string, F.lit('"')))
        return self._with_halves(found.otherwise(self._without_number_and_string_marks(text)))

    def _without_number_and_string_marks(self, text: Column) -> Column:
        numbers = F.regexp_replace(text, f'"{self._number}([-+.0-9eE]*+)"', "$1")
        return F.replace(numbers, F.lit(f'"{self._string}'), F.lit('"'))

    def _with_halves(self, text: Column) -> Column:
        return F.replace(text, F.lit(self._half), F.lit(r"\u"))


def _joined(lists: Column) -> Column:
    return F.flatten(F.filter(lists, lambda one: one.isNotNull()))

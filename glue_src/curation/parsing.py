"""Raw lines become typed rows, or rows that say they are malformed.

A line is good when it is one JSON object, valid UTF-8, and every value fits its column's type. Parsing happens once,
in one expression; columns that start with an underscore are the pipeline's own (a contract cannot use such names).
"""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from data_contract import Column as ContractColumn
from data_contract import DataContract

JSON_OPTIONS = {"allowNonNumericNumbers": "false", "allowSingleQuotes": "false"}

# Spark's casts also accept "2025", "10:15" (as today!) and zone names; these forms mean one instant to everybody.
_ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\z"
_ISO_TIMESTAMP = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9}+)?+)?+(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?+)?+)?+\z"
)
# A zone can shift a time out of the years that Python, DuckDB and most readers of the rows can name.
_FIRST_AND_LAST = ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
_ISO_FORMS = {"date": _ISO_DATE, "timestamp": _ISO_TIMESTAMP}
# What the parser reads a type as where it would otherwise change values in silence: it takes 200 for a tinyint and
# makes it -56.
_READ_AS = {"tinyint": "smallint", **dict.fromkeys(_ISO_FORMS, "string")}
_MOST_NAMES, _LONGEST_NAME = 50, 100
_EMPTY_OBJECT = r"^[ \t\r]*[{][ \t\r]*[}][ \t\r]*\z"
_GLOB_CHARACTERS = str.maketrans({character: f"\\{character}" for character in "\\{}[]*?"})


def read_lines(spark: SparkSession, uris: Sequence[str]) -> DataFrame:
    """Read the lines of exactly these objects, without the blank ones.

    Returns:
        One row per non-blank line: ``_line``, its bytes as they are, without the newline.
    """
    lines = spark.read.option("lineSep", "\n").text([literal_path(uri) for uri in uris])
    not_blank = "substring(value, 1, 1) = '{' OR trim(BOTH ' \\t\\r' FROM value) <> ''"
    return lines.where(not_blank).withColumnRenamed("value", "_line")


def literal_path(uri: str) -> str:
    """Escape what Spark would take for a glob in a path to read."""
    return uri.translate(_GLOB_CHARACTERS)


def parse_lines(lines: DataFrame, contract: DataContract, *, end_marker: str, field_sample: int) -> DataFrame:
    """Parse each line against the contract's columns; see `parse_object` for how a line is known to be one object.

    Top-level field names are looked at in one line of ``field_sample`` (1: in all).

    Returns:
        One row per line: the contract's columns (null throughout a malformed line), ``_malformed``, ``_line`` and
        ``_object`` (null in a good one), ``_line_hash``, ``_unknown_fields`` (JSON list of
        names, empty text when there are none, null when not looked at).
    """
    columns = contract.columns
    parsed = parse_object("_line", parsed_fields(contract), end_marker)
    # The parsed fields leave in the projection that parses: Spark evaluates the parser once for all of them, and
    # writes each value once.
    fields = lines.select(
        "_line",
        parsed[end_marker].isNotNull().alias("_ended"),
        *(parsed[column.name].alias(column.name) for column in columns),
        _unknown_fields(contract, field_sample=field_sample).alias("_unknown_fields"),
    )
    judged = [column for column in columns if _is_judged(column)]
    given = (F.col(column.name).isNotNull().alias(_given(column)) for column in judged)
    # In steps, so that what the next one looks at several times is computed once.
    converted = (_converted(F.col(column.name), column).alias(column.name) for column in columns)
    read = fields.select("_line", "_ended", "_unknown_fields", *given, *converted)
    complete = is_one_object("_line", F.col("_ended")) & is_valid_utf8("_line")
    misfits = (F.col(_given(column)) & ~_is_in_range(F.col(column.name), column) for column in judged)
    malformed = reduce(Column.__or__, misfits, ~complete)
    flagged = read.select("_line", "_unknown_fields", malformed.alias("_malformed"), *(c.name for c in columns))
    return flagged.select(
        *(F.when(~F.col("_malformed"), F.col(column.name)).alias(column.name) for column in columns),
        "_malformed",
        F.when(F.col("_malformed"), F.col("_line")).alias("_line"),
        F.when(F.col("_malformed"), F.input_file_name()).alias("_object"),
        F.xxhash64("_line").alias("_line_hash"),
        "_unknown_fields",
    )


def parsed_fields(contract: DataContract) -> str:
    """Return the struct fields that the JSON parser reads; dates and times come as text, to be judged by their form."""
    types = {column.name: _READ_AS.get(column.type, column.type) for column in contract.columns}
    return ", ".join(f"`{name}`: {type_}" for name, type_ in types.items())


def parse_object(line: str, fields: str, end_marker: str) -> Column:
    """Parse the line in a column that must be one JSON object as a struct of the fields and the end marker.

    The line's last brace is taken off, and what is parsed is ``{"<end_marker>":<line>,"<end_marker>":1}}``. Only when
    nothing but that brace ended the object, the marker is one of its fields; text after an object, a second object, an
    array around it or an open string leave it outside or make the whole invalid. The marker must be one that no line
    can contain by intent, so it is made anew for each run. ``{}`` is the one object that does not survive this.
    """
    trimmed = F.when(F.col(line).endswith("}"), F.col(line)).otherwise(F.expr(f"trim(TRAILING ' \\t\\r' FROM {line})"))
    wrapped = F.concat(F.lit(f'{{"{end_marker}":'), _without_last_byte(trimmed), F.lit(f',"{end_marker}":1}}}}'))
    # A struct in a struct: there, one value that does not fit makes the whole object null.
    schema = f"struct<{end_marker}: struct<{fields}, {end_marker}: int>>"
    return F.from_json(F.when(trimmed.endswith("}"), wrapped), schema, JSON_OPTIONS)[end_marker]


def is_one_object(line: str, ended: Column) -> Column:
    """Tell whether a line is one JSON object and nothing else, given whether `parse_object` found its end marker."""
    return ended | F.col(line).rlike(_EMPTY_OBJECT)


def _without_last_byte(text: Column) -> Column:
    # As bytes, because the length of a text and parts of it are found by walking over its characters.
    return text.cast("binary").substr(F.lit(1), F.octet_length(text) - 1).cast("string")


def is_valid_utf8(column: str) -> Column:
    """Tell whether a text column holds well-formed UTF-8; Spark's parser would replace other bytes without a word."""
    if hasattr(F, "is_valid_utf8"):  # Spark 4
        return F.is_valid_utf8(column)
    content = F.col(column).cast("binary")
    return F.encode(F.decode(content, "UTF-8"), "UTF-8") == content


def typed_value(value: Column, column: ContractColumn) -> Column:
    """Give a parsed value its contract's type, or null when text is not plain ISO 8601 or a number is infinite."""
    converted = _converted(value, column)
    return F.when(_is_in_range(converted, column), converted)


def _is_in_range(value: Column, column: ContractColumn) -> Column:
    if column.type not in _ISO_FORMS:
        return value.isNotNull()
    first, last = (F.lit(end).cast(column.type) for end in _FIRST_AND_LAST)
    return F.coalesce(value.between(first, last), F.lit(False))


def _converted(value: Column, column: ContractColumn) -> Column:
    if column.type in _ISO_FORMS:
        return F.when(value.rlike(_ISO_FORMS[column.type]), value.cast(column.type))
    if column.type in {"float", "double"}:
        return F.when(F.abs(value) != float("inf"), value)
    if column.type == "tinyint":
        return F.when(value.between(-128, 127), value.cast("tinyint"))
    return value


def _is_judged(column: ContractColumn) -> bool:
    """Tell whether a parsed value can be lost when it gets its type; the parser judges the other types by itself."""
    return column.type in {*_READ_AS, "float", "double"}


def _given(column: ContractColumn) -> str:
    return f"_given_{column.name}"


def _unknown_fields(contract: DataContract, *, field_sample: int) -> Column:
    known = F.array(*(F.lit(column.name) for column in contract.columns))
    unknown = F.array_except(F.json_object_keys("_line"), known)
    # Bounded, whatever a line holds; a JSON list, because a name may hold any character and even none.
    listed = F.transform(F.slice(unknown, 1, _MOST_NAMES), lambda name: F.substring(name, 1, _LONGEST_NAME))
    names = F.when(F.size(unknown) > 0, F.to_json(listed)).otherwise("")
    return names if field_sample == 1 else F.when(F.pmod(F.xxhash64("_line"), F.lit(field_sample)) == 0, names)

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
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?\z"
)
# A zone can shift a time out of the years that Python, DuckDB and most readers of the rows can name.
_FIRST_AND_LAST = ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
_ISO_FORMS = {"date": _ISO_DATE, "timestamp": _ISO_TIMESTAMP}
# What the parser reads a type as where it would otherwise change values in silence: it takes 200 for a tinyint and
# makes it -56.
_READ_AS = {"tinyint": "smallint", **dict.fromkeys(_ISO_FORMS, "string")}
_MOST_NAMES, _LONGEST_NAME = 50, 100
_GLOB_CHARACTERS = str.maketrans({character: f"\\{character}" for character in "\\{}[]*?"})


def read_lines(spark: SparkSession, uris: Sequence[str]) -> DataFrame:
    """Read the lines of exactly these objects, without the blank ones.

    Returns:
        One row per non-blank line: ``_line`` (its bytes as they are, without the newline) and ``_object``
        (URL-encoded URI).
    """
    lines = spark.read.option("lineSep", "\n").text([literal_path(uri) for uri in uris])
    not_blank = "substring(value, 1, 1) = '{' OR trim(BOTH ' \\t\\r' FROM value) <> ''"
    return lines.where(not_blank).select(F.col("value").alias("_line"), F.col("_metadata.file_path").alias("_object"))


def literal_path(uri: str) -> str:
    """Escape what Spark would take for a glob in a path to read."""
    return uri.translate(_GLOB_CHARACTERS)


def parse_lines(lines: DataFrame, contract: DataContract, *, end_marker: str, field_sample: int) -> DataFrame:
    """Parse each line against the contract's columns.

    The line is parsed as the first element of ``[<line>, {"<end_marker>": 1}]``. Spark's reader by itself accepts
    text after an object, splits top-level arrays into rows and drops ``[]``; here all of these end the array early or
    change its length. The marker must be one that no line can contain by intent, so it is made from the run's id.

    Top-level field names are looked at in one line of ``field_sample`` (1: in all).

    Returns:
        One row per line: the contract's columns (null throughout a malformed line), ``_malformed``, ``_line`` and
        ``_object`` (null in a good one), ``_line_hash``, ``_unknown_fields`` (JSON list of
        names, empty text when there are none, null when not looked at).
    """
    elements = parse_elements(F.col("_line"), parsed_fields(contract), end_marker)
    parsed = lines.select("_line", "_object", elements.alias("_elements"))
    complete = is_one_object(F.col("_elements"), end_marker) & is_valid_utf8("_line")
    rows = parsed.select("_line", "_object", F.col("_elements")[0].alias("_row"), complete.alias("_complete"))
    columns = contract.columns
    # In two steps, so that what the second one looks at several times is computed once.
    values = {column.name: _converted(F.col("_row")[column.name], column) for column in columns}
    read = rows.select("_line", "_object", "_row", "_complete", *(value.alias(name) for name, value in values.items()))
    in_range = (_in_range(F.col(column.name), column).alias(column.name) for column in columns)
    typed = read.select("_line", "_object", "_row", "_complete", *in_range)
    misfits = (misfit for column in columns if (misfit := _misfit(column)) is not None)
    malformed = reduce(Column.__or__, misfits, ~F.col("_complete"))
    flagged = typed.select("_line", "_object", malformed.alias("_malformed"), *(column.name for column in columns))
    return flagged.select(
        *(F.when(~F.col("_malformed"), F.col(column.name)).alias(column.name) for column in columns),
        "_malformed",
        F.when(F.col("_malformed"), F.col("_line")).alias("_line"),
        F.when(F.col("_malformed"), F.col("_object")).alias("_object"),
        F.xxhash64("_line").alias("_line_hash"),
        _unknown_fields(contract, field_sample=field_sample).alias("_unknown_fields"),
    )


def parsed_fields(contract: DataContract) -> str:
    """Return the struct fields that the JSON parser reads; dates and times come as text, to be judged by their form."""
    types = {column.name: _READ_AS.get(column.type, column.type) for column in contract.columns}
    return ", ".join(f"`{name}`: {type_}" for name, type_ in types.items())


def parse_elements(line: Column, fields: str, end_marker: str) -> Column:
    """Parse a line as the first of two array elements; see `parse_lines` for why."""
    wrapped = F.concat(F.lit("["), line, F.lit(f',{{"{end_marker}":1}}]'))
    return F.from_json(wrapped, f"array<struct<{fields}, {end_marker}: int>>", JSON_OPTIONS)


def is_one_object(elements: Column, end_marker: str) -> Column:
    """Tell whether the parsed elements are one object and the untouched end marker."""
    line_and_marker = 2
    complete = (F.size(elements) == line_and_marker) & elements[0].isNotNull() & elements[1][end_marker].isNotNull()
    return F.coalesce(complete, F.lit(False))


def is_valid_utf8(column: str) -> Column:
    """Tell whether a text column holds well-formed UTF-8; Spark's parser would replace other bytes without a word."""
    if hasattr(F, "is_valid_utf8"):  # Spark 4
        return F.is_valid_utf8(column)
    content = F.col(column).cast("binary")
    return F.encode(F.decode(content, "UTF-8"), "UTF-8") == content


def typed_value(value: Column, column: ContractColumn) -> Column:
    """Give a parsed value its contract's type, or null when text is not plain ISO 8601 or a number is infinite."""
    return _in_range(_converted(value, column), column)


def _in_range(value: Column, column: ContractColumn) -> Column:
    if column.type not in _ISO_FORMS:
        return value
    first, last = (F.lit(end).cast(column.type) for end in _FIRST_AND_LAST)
    return F.when(value.between(first, last), value)


def _converted(value: Column, column: ContractColumn) -> Column:
    if column.type in _ISO_FORMS:
        return F.when(value.rlike(_ISO_FORMS[column.type]), value.cast(column.type))
    if column.type in {"float", "double"}:
        return F.when(F.abs(value) != float("inf"), value)
    if column.type == "tinyint":
        return F.when(value.between(-128, 127), value.cast("tinyint"))
    return value


def _misfit(column: ContractColumn) -> Column | None:
    """Tell whether a parsed value was lost when it got its type; None for types that the parser judges by itself."""
    if column.type in {*_READ_AS, "float", "double"}:
        return F.col("_row")[column.name].isNotNull() & F.col(column.name).isNull()
    return None


def _unknown_fields(contract: DataContract, *, field_sample: int) -> Column:
    known = F.array(*(F.lit(column.name) for column in contract.columns))
    unknown = F.array_except(F.json_object_keys("_line"), known)
    # Bounded, whatever a line holds; a JSON list, because a name may hold any character and even none.
    listed = F.transform(F.slice(unknown, 1, _MOST_NAMES), lambda name: F.substring(name, 1, _LONGEST_NAME))
    names = F.when(F.size(unknown) > 0, F.to_json(listed)).otherwise("")
    return names if field_sample == 1 else F.when(F.pmod(F.xxhash64("_line"), F.lit(field_sample)) == 0, names)

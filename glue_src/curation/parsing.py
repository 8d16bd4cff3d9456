"""Raw lines become typed rows, or rows that say they are malformed.

A line is good when it is one JSON object, valid UTF-8, and every value fits its column's type. Parsing happens once;
columns that start with an underscore are the pipeline's own (a contract cannot use such names).
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract import DataContract
from contract.read_types import read_type
from contract.sources import REFUSED
from curation.composing import any_of
from curation.derived import derived_misfit, is_derived_misfit, with_derived
from curation.framing import Frame
from curation.json_reader import READER_OPTIONS, read_json
from curation.record_fields import field_value, fields_ddl, quoted, unread_names
from curation.records import as_records, envelope_ddl
from curation.repeated_keys import last_value_wins
from curation.silent_changes import became_infinity, holds_misread_decimal
from curation.typed_values import converted, is_in_range, is_judged

_MOST_NAMES, _LONGEST_NAME = 50, 100
_GLOB_CHARACTERS = str.maketrans({character: f"\\{character}" for character in "\\{}[]*?"})


def read_texts(spark: SparkSession, uris: Sequence[str], contract: DataContract) -> DataFrame:
    """Read the lines of exactly these objects, or each object as one text, as the contract says, but no blank ones.

    Returns:
        One row per text: ``_line``, its bytes as they are, without the newline of a line.
    """
    whole = contract.object_format == "document"
    paths = [literal_path(uri) for uri in uris]
    lines = spark.read.text(paths, wholetext=True) if whole else spark.read.text(paths, lineSep="\n")
    if whole:  # a line's reader leaves out the byte order mark of a file, this one does not
        text = F.col("value")
        lines = lines.select(
            F.when(text.startswith("\ufeff"), F.expr("substring(value, 2)")).otherwise(text).alias("value")
        )
    not_blank = "substring(value, 1, 1) = '{' OR trim(BOTH ' \\t\\r\\n' FROM value) <> ''"
    return lines.where(not_blank).withColumnRenamed("value", "_line")


def literal_path(uri: str) -> str:
    """Escape what Spark would take for a glob in a path to read."""
    return uri.translate(_GLOB_CHARACTERS)


def parse_lines(lines: DataFrame, contract: DataContract, frame: Frame, *, field_sample: int) -> DataFrame:
    """Parse each line against the contract's columns.

    Top-level field names are looked at in one line of ``field_sample`` (1: in all).

    Returns:
        One row per line: the contract's columns (null throughout a malformed line), ``_malformed``, ``_refused`` (the
        framed line that the parser refused, null otherwise), ``_object`` (null in a good one), ``_line_hash``,
        ``_unknown_fields`` (JSON list of names, empty text when there are none, null when not looked at).
    """
    if contract.has_records:
        lines = as_records(lines, contract)
    sampled_names = F.when(_is_sampled(F.xxhash64("_line"), field_sample), _unknown_fields(contract))
    texts = lines.select(_framed(contract, frame, names=sampled_names))
    judged = _judged(read_json(texts, _framed_fields(contract, frame)), contract, frame)
    # An object that the parser refused for a value inside another was read no further, so both are looked up. Lines
    # without the marker are spread by what else is known of them.
    line_hash = F.coalesce(frame.end, frame.end_in(REFUSED), F.xxhash64(REFUSED, *contract.primary_key))
    return judged.select(
        *(F.when(~F.col("_malformed"), F.col(column.name)).alias(column.name) for column in contract.columns),
        "_malformed",
        F.when(F.col("_malformed"), F.col(REFUSED)).alias("_refused"),
        F.when(F.col("_malformed"), F.input_file_name()).alias("_object"),
        line_hash.alias("_line_hash"),
        # What is no JSON was not parsed as far as its names, and has none.
        F.coalesce(frame.names, frame.names_in(REFUSED), F.when(_is_sampled(line_hash, field_sample), "")).alias(
            "_unknown_fields"
        ),
    )


def malformed_lines(lines: DataFrame, contract: DataContract, frame: Frame, *, refused_too: bool) -> DataFrame:
    """Find malformed lines by parsing once more: those that the parser does not refuse, and so does not give back.

    In these an object ended early, or it has a date or time of another form, or nothing could be derived of it.
    ``refused_too`` finds the others as well.

    Returns:
        One row per such line, or per such record in it: ``_object``, ``line_bytes`` of the whole, ``_line`` (the
        record's text), ``_derived`` (what is told of derived columns, null where nothing is), and for contracts with
        records what `as_records` gives beside the text.
    """
    texts = as_records(lines, contract) if contract.has_records else lines.withColumn("_text", F.col("_line"))
    parsed = F.from_json(_framed(contract, frame), f"struct<{_framed_fields(contract, frame)}>", READER_OPTIONS)
    own = f"{frame.end}_own"
    fields = texts.select(F.struct("*").alias(own), parsed.alias("_parsed")).select(own, "_parsed.*")
    is_wanted = F.col("_malformed") if refused_too else F.col("_malformed") & F.col(REFUSED).isNull()
    judged = _judged(fields, contract, frame, keep=[own]).withColumn("_is_wanted", is_wanted & _not_moved())
    return judged.where("_is_wanted").select(
        F.input_file_name().alias("_object"),
        F.col(own)["_text"].cast("binary").alias("line_bytes"),
        derived_misfit(contract).alias("_derived"),
        f"{own}.*",
    )


def _not_moved() -> Column:
    """Return what is always true, and keeps the condition that it is part of where it stands.

    Spark moves a condition down to where rows are read, and writes out every column in it: derived columns that are
    made of each other twice as often with each step. What is not determined by the row it leaves alone.
    """
    return F.monotonically_increasing_id() >= 0


def _framed(contract: DataContract, frame: Frame, *, names: Column | None = None) -> Column:
    def refused(*, escaped: bool) -> Column:
        found = holds_misread_decimal("_line", contract, escaped=escaped)
        return found | ~F.col("_is_record") if contract.has_records else found

    return frame.framed("_line", names=names, envelope="_envelope" if contract.has_records else None, refused=refused)


def _framed_fields(contract: DataContract, frame: Frame) -> str:
    fields = fields_ddl(contract.read_columns, read_type)
    envelope = envelope_ddl(contract)
    beside = None if envelope is None else f"{frame.envelope} {envelope}"
    own = f"{frame.end} bigint, {frame.names} string, {REFUSED} string"
    return ", ".join(part for part in (fields, beside, own) if part)


def _judged(parsed: DataFrame, contract: DataContract, frame: Frame, *, keep: Sequence[str] = ()) -> DataFrame:
    """Make the contract's columns of framed lines, as they were parsed, and tell which lines are ``_malformed``."""
    columns = contract.read_columns
    judged = [column for column in columns if is_judged(column)]
    kept = (frame.names, frame.end, REFUSED, *keep)
    # In steps, so that what the next one looks at several times is computed once.
    envelope = None if envelope_ddl(contract) is None else F.col(frame.envelope)
    values = {column.name: field_value(column, lambda name: F.col(quoted(name)), envelope) for column in columns}
    typed = (
        last_value_wins(converted(values[column.name], column), column.type).alias(column.name) for column in columns
    )
    given = (values[column.name].isNotNull().alias(_given(column)) for column in judged)
    refused = F.col(REFUSED)
    one_object = F.when(refused.isNull(), F.col(frame.end).isNotNull()).otherwise(frame.is_empty_object(refused))
    read = with_derived(parsed.select(*typed, *given, *kept, one_object.alias("_one_object")), contract)
    misfits = [F.col(_given(column)) & ~is_in_range(F.col(column.name), column) for column in judged]
    misfits += [became_infinity(F.col(column.name), column.type) for column in columns]
    misfits += [is_derived_misfit(column) for column in contract.columns if column.logic is not None]
    return read.withColumn("_malformed", any_of([~F.col("_one_object"), *misfits]))


def _given(column: ContractColumn) -> str:
    return f"_given_{column.name}"


def _unknown_fields(contract: DataContract) -> Column:
    """Return the JSON text of what ``_unknown_fields`` is for a line."""
    unknown = unread_names(contract.read_columns, read_type, F.col("_line"))
    # Bounded, whatever a line holds; a JSON list, because a name may hold any character and even none.
    listed = F.transform(F.slice(unknown, 1, _MOST_NAMES), lambda name: F.substring(name, 1, _LONGEST_NAME))
    return F.when(F.size(unknown) > 0, F.to_json(listed)).otherwise('""')


def _is_sampled(line_hash: Column, field_sample: int) -> Column:
    return F.pmod(line_hash, F.lit(field_sample)) == 0

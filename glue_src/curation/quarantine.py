"""How malformed lines travel through the write of the good rows, and what becomes of them behind it."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from contract import DataContract
from core.rejections import LONGEST_EXAMPLE, MOST_REASONS, RejectedLines, rejected_lines
from curation.forms import FORM, TOLD
from curation.framing import Frame, is_valid_utf8
from curation.parquet import PARQUET_OPTIONS
from curation.parsing import literal_path, malformed_lines, read_texts
from curation.reasons import MISFIT, explanation
from curation.version import Counts, WriteRequest

_TOLD_OF_A_LINE = "line string, line_bytes binary, source_object string, kind string, record string, reason string"


def carried(contract: DataContract) -> list[Column]:
    """Return the columns to write: a malformed line's object and text travel in a text column, empty in such a row.

    Behind the object and a newline comes the framed line; nothing, where the parser did not refuse it. Without a text
    column nothing travels: what is published has the columns of the contract and no other.
    """
    carrier = _carrier(contract)
    payload = F.concat("_object", F.lit("\n"), F.coalesce("_refused", F.lit("")))
    columns = {column.name: F.col(column.name) for column in contract.stored_columns}
    if carrier is not None:
        columns[carrier] = F.when(F.col("_malformed"), payload).otherwise(columns[carrier])
    return [column.alias(name) for name, column in columns.items()]


def write_quarantine(spark: SparkSession, request: WriteRequest, counts: Counts, frame: Frame) -> None:
    """Give the malformed lines of a version their final form, one row per line.

    Columns: ``line`` (text; bytes that are no UTF-8 replaced), ``line_bytes`` (exactly as received), ``reason``,
    ``source_object`` (key below the data root), ``kind`` (the reason without any value), ``ingestion_date`` and
    ``run_id``, by which a table over all of them is asked for some, ``record`` (position of the record in the line;
    null where the line is one).
    """
    carrier = _carrier(request.contract)
    if carrier is None:
        found = _found_again(spark, request, frame, list(request.raw_sizes), refused_too=True)
    else:
        found = _arrived(spark, request, counts, frame, carrier=carrier)
    texts = found.withColumns({"_whole": F.col("line_bytes").cast("string"), "_told": explanation(request.contract)})
    explained = texts.select(
        F.when(is_valid_utf8("_whole"), F.col("_whole")).otherwise(_replaced("line_bytes")).alias("line"),
        "line_bytes",
        F.col("_told.reason").alias("reason"),
        "source_object",
        F.col("_told.kind").alias("kind"),
        F.lit(str(request.ingestion_date)).alias("ingestion_date"),
        F.lit(request.run_id).cast("string").alias("run_id"),
        (F.col("_record") if request.contract.has_records else F.lit(None)).cast("string").alias("record"),
    )
    explained.coalesce(1).write.options(**PARQUET_OPTIONS).parquet(request.quarantine_uri)


def count_named(spark: SparkSession, request: WriteRequest) -> dict[str, int]:
    """Count the lines of a written quarantine that notes on replays name, by their digests."""
    named = _stored(spark, request).select(line_digest()).where(F.col("_digest").isin(list(request.replaced)))
    return {row["_digest"]: row["count"] for row in named.groupBy("_digest").count().collect()}


def most_rejected(
    spark: SparkSession, request: WriteRequest, named: Mapping[str, int]
) -> tuple[tuple[RejectedLines, ...], int]:
    """Count a written quarantine by kind: the most frequent ones, ties by text, each with the least of its lines.

    Returns them, and how many kinds there are.

    Lines that corrected ones stand for are left out; ``named`` is what `count_named` has found.
    """
    stored = _stored(spark, request)
    if named:
        stored = _not_replaced(stored, request.replaced, named)
    # A part of the text, so that no line of megabytes is compared; escaped, it is longer than the part shown.
    # Of an envelope the beginning says nothing about one of its records.
    shown = F.coalesce(F.concat(F.lit("record "), "record", F.lit(": "), "reason"), "line")
    example = F.struct(
        "source_object",
        F.substring(shown, 1, LONGEST_EXAMPLE + 1).alias("line"),
        F.substring(_detail(), 1, LONGEST_EXAMPLE + 1).alias("detail"),
    )
    by_kind = stored.groupBy("kind").agg(F.count(F.lit(1)).alias("lines"), F.min(example).alias("example"))
    kinds = by_kind.withColumn("kinds", F.count(F.lit(1)).over(Window.partitionBy(F.lit(0))))
    most = kinds.orderBy(F.desc("lines"), F.asc("kind")).limit(MOST_REASONS).collect()
    shows_lines = request.contract.shows_example_lines
    rejected = tuple(
        rejected_lines(
            row["kind"],
            row["lines"],
            example=row["example"]["line"] if shows_lines else None,
            object_=row["example"]["source_object"],
            detail=row["example"]["detail"] if shows_lines else None,
        )
        for row in most
    )
    return rejected, most[0]["kinds"] if most else 0


def _detail() -> Column:
    """Return a line's own reason where that shows values, without advice, which its kind has already.

    Of a line in another form than one object its beginning tells more; of a record the example is the reason.
    """
    advice = F.expr("substring(kind, length(substring_index(kind, ': ', 1)) + 3)")
    words = F.regexp_replace("reason", f"^{MISFIT}", "")
    shows_values = F.col("record").isNull() & (F.col("kind") != words) & ~F.col("kind").startswith(FORM)
    brief = F.when(advice != "", F.replace(words, F.concat(F.lit(", "), advice), F.lit(""))).otherwise(words)
    return F.when(shows_values, brief)


def line_digest() -> Column:
    """Name the line in ``line_bytes`` as `core.replays.line_digest` does."""
    return F.sha2("line_bytes", 256).alias("_digest")


def _stored(spark: SparkSession, request: WriteRequest) -> DataFrame:
    return spark.read.schema(_TOLD_OF_A_LINE).parquet(literal_path(request.quarantine_uri))


def _not_replaced(stored: DataFrame, replaced: Mapping[str, int], named: Mapping[str, int]) -> DataFrame:
    """Leave out as many of equal lines as corrected ones stand for; only where that is not all are they numbered."""
    lines = stored.select("*", line_digest())
    others = lines.where(~F.col("_digest").isin(list(named)))
    in_part = {digest: replaced[digest] for digest, number in named.items() if number > replaced[digest]}
    if not in_part:
        return others
    stands_for = F.create_map(*(F.lit(part) for pair in in_part.items() for part in pair))
    number = F.row_number().over(Window.partitionBy("_digest").orderBy("source_object"))
    numbered = lines.where(F.col("_digest").isin(list(in_part))).withColumn("_number", number)
    return others.unionByName(numbered.where(F.col("_number") > stands_for[F.col("_digest")]).drop("_number"))


def _arrived(spark: SparkSession, request: WriteRequest, counts: Counts, frame: Frame, *, carrier: str) -> DataFrame:
    """Take the malformed lines out of the version folder, and read those again whose text did not come along."""
    folder = literal_path(f"{request.version_uri}{request.quarantined_folder}")
    arrived = spark.read.schema(f"`{carrier}` string").parquet(folder).withColumnRenamed(carrier, "_payload")
    lines = arrived.select(
        object_key(F.substring_index("_payload", "\n", 1), request).alias("source_object"),
        F.expr("substring(_payload, instr(_payload, '\\n') + 1)").alias("_text"),
    )
    refused = lines.where("_text <> ''").select("source_object", frame.unframed(F.col("_text")).alias("line_bytes"))
    found = refused.select(
        "*", F.col("line_bytes").cast("string").alias("_line"), F.lit(None).cast(TOLD).alias("_derived")
    )
    if counts.lines_to_read_again > 0:
        found = found.unionByName(_read_again(spark, request, frame, lines.where("_text = ''")))
    return found


def _carrier(contract: DataContract) -> str | None:
    """Return the column that carries malformed lines, the first text column, or None when there is none.

    Malformed records are looked up in their texts again, as these are not the lines of the raw object.
    """
    if contract.has_records:
        return None
    return next((column.name for column in contract.stored_columns if column.type == "string"), None)


def _read_again(spark: SparkSession, request: WriteRequest, frame: Frame, lines: DataFrame) -> DataFrame:
    """Read the objects again that have lines which the parser did not refuse, and so did not give back."""
    keys = [row["source_object"] for row in lines.select("source_object").distinct().collect()]
    return _found_again(spark, request, frame, list(map(request.object_uri, keys)), refused_too=False)


def _found_again(
    spark: SparkSession, request: WriteRequest, frame: Frame, uris: Sequence[str], *, refused_too: bool
) -> DataFrame:
    found = malformed_lines(read_texts(spark, uris, request.contract), request.contract, frame, refused_too=refused_too)
    beside = ("_is_record", "_record", "_envelope", "_holds_none", "_text") if request.contract.has_records else ()
    source = object_key(F.col("_object"), request).alias("source_object")
    return found.select(source, "line_bytes", "_line", "_derived", *beside)


def _replaced(content: str) -> Column:
    """Read bytes as UTF-8 with U+FFFD for what is none, on Spark 3.5 and 4 alike."""
    if hasattr(F, "make_valid_utf8"):  # Spark 4, where decode raises instead
        return F.make_valid_utf8(F.col(content).cast("string"))
    return F.decode(content, "UTF-8")


def object_key(object_uri: Column, request: WriteRequest) -> Column:
    """Return the key below the data root of an object that Spark has named."""
    # Spark hands out file paths URL-encoded; a plus sign in one is no space.
    decoded = F.url_decode(F.replace(object_uri, F.lit("+"), F.lit("%2B")))
    return F.concat(F.lit(request.raw_prefix), decoded.substr(F.lit(len(request.raw_uri) + 1), F.length(decoded)))

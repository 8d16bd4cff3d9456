"""Objects of which no line is a row: a limit on malformed lines does not see them, as one line may hold a whole object.

An array of all records is one line of a day, and so is a compressed file whose name does not say so, or nearly.
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from core.rejections import printable
from curation.parsing import literal_path, read_texts
from curation.quarantine import line_digest
from curation.version import WriteRequest

_MOST_LOOKED_AT, _MOST_NAMED, _LONGEST_NAME = 20, 3, 100
# Of an object that is not compressed the malformed lines are all but white space, line ends and a byte order mark.
_NEARLY_ALL = 0.9


def lost_objects(spark: SparkSession, request: WriteRequest) -> str | None:
    """Say of which objects all lines are in quarantine; None where there is no such object.

    Looks at those of which the malformed lines are as long as the object is, so that little is read twice; not at those
    of which people have corrected lines. Where records lie inside of something else, these are counted, and nothing is
    looked at.
    """
    if request.contract.has_records:
        return None
    stored = spark.read.schema("source_object string, line_bytes binary").parquet(literal_path(request.quarantine_uri))
    counted = stored.groupBy("source_object").agg(
        F.count(F.lit(1)).alias("lines"),
        F.sum(F.octet_length("line_bytes") + 1).alias("bytes"),
        F.max(line_digest().isin(list(request.replaced))).alias("is_corrected"),
    )
    lines: dict[str, int] = {}
    for row in sorted(counted.collect(), key=lambda row: (-row["bytes"], row["source_object"])):
        name = row["source_object"].removeprefix(request.raw_prefix)
        uri = f"{request.raw_uri}{name}"
        if row["is_corrected"] or row["bytes"] < _NEARLY_ALL * request.raw_sizes[uri]:
            continue
        if len(lines) == _MOST_LOOKED_AT:
            break
        if read_texts(spark, [uri], request.contract).count() == row["lines"]:
            lines[name] = row["lines"]
    return _sentence(lines) if lines else None


def _sentence(lines: dict[str, int]) -> str:
    named = [
        f"{printable(name, limit=_LONGEST_NAME)} ({count:,} {'line' if count == 1 else 'lines'})"
        for name, count in list(lines.items())[:_MOST_NAMED]
    ]
    more = len(lines) - len(named)
    objects = "1 object" if len(lines) == 1 else f"{len(lines)} objects"
    return f"no line of {objects} is a row: {', '.join(named)}{f' and {more} more' if more else ''}"

"""What one version of a day is asked to be, what was counted of it and what it turned out as.

Plain values between the run and the engine, so that gate and metrics can be reasoned about without Spark.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from contract import DataContract
from core.layout import run_id_in
from core.raw_objects import compression_of
from core.rejections import RejectedLines

# Plain NDJSON shrinks to about a seventh as Parquet with zstd; gzip has taken most of that already (measured on the
# sample data).
_PLAIN_BYTES_PER_PARQUET_BYTE = 7
# A sort of this much raw data stays in memory, also where two run in a heap of 2 GB.
_SORTED_BYTES = 128 << 20
_READ_BYTES = 128 << 20
# A task writes a file, so files are as small as keeps all cores busy: Athena reads files of this size no slower, as it
# splits larger ones into pieces of it. A few may be smaller still.
_SMALLEST_FILE_BYTES = 32 << 20
_FEW_FILES, _SMALLEST_OF_FEW_BYTES = 4, 8 << 20
# What a lost task has to do again stays bounded.
_LARGEST_FILE_BYTES = 256 << 20
# Names of top-level fields are read from all lines of this much raw data, and beyond it from a sample of about this
# size.
_FIELD_SAMPLE_BYTES = 64 << 20


@dataclass(frozen=True)
class WriteRequest:
    """What is to be written: from which objects, by which contract, to where.

    ``raw_sizes`` are bytes as stored, by URI; these begin with ``raw_uri``, the URI of ``raw_prefix``. Folder URIs end
    with ``/``. ``earlier_uris`` are the versions of dates before whose keys some rule compares with. ``replaced``
    counts the lines that corrected ones stand for, by `core.replays.line_digest`.
    """

    contract: DataContract
    ingestion_date: date
    raw_prefix: str
    raw_uri: str
    raw_sizes: Mapping[str, int]
    version_uri: str
    quarantine_uri: str
    earlier_uris: Mapping[date, str] = field(default_factory=dict)
    replaced: Mapping[str, int] = field(default_factory=dict)

    @property
    def run_id(self) -> str | None:
        """The run that writes, as its quarantine's folder names it."""
        return run_id_in(self.quarantine_uri)

    @property
    def outcome(self) -> str:
        """Name that parts rows from malformed lines below the version folder; one that no column of a contract has."""
        taken = any(column.name.lower() == "outcome" for column in self.contract.columns)
        return "row-outcome" if taken else "outcome"

    @property
    def accepted_uri(self) -> str:
        """Folder of the files that readers see once the version is published."""
        return f"{self.version_uri}{self.outcome}=accepted/"

    @property
    def quarantined_folder(self) -> str:
        """Folder, within that of the version, of the malformed lines as they leave the one pass; not to be kept."""
        return f"{self.outcome}=quarantined/"

    def object_uri(self, key: str) -> str:
        """Return the URI of a raw object of the day."""
        return f"{self.raw_uri}{key.removeprefix(self.raw_prefix)}"

    @property
    def field_sample(self) -> int:
        """Look at the field names of one line in this many."""
        return max(1, math.ceil(sum(self.raw_sizes.values()) / _FIELD_SAMPLE_BYTES))

    def read_count(self, cores: int) -> int:
        """Choose in how many parts to read plain objects: as many for each core, none too large."""
        return cores * max(1, math.ceil(sum(self.raw_sizes.values()) / cores / _READ_BYTES))

    def file_count(self, cores: int) -> int:
        """Choose how many files, each by a task: one for each core if not too small, as many for each if too large."""
        parquet_bytes = self._plain_bytes // _PLAIN_BYTES_PER_PARQUET_BYTE
        rounds = math.ceil(parquet_bytes / cores / _LARGEST_FILE_BYTES)
        if rounds > 1:
            return cores * rounds
        few = min(_FEW_FILES, parquet_bytes // _SMALLEST_OF_FEW_BYTES)
        return max(1, min(cores, max(few, parquet_bytes // _SMALLEST_FILE_BYTES)))

    def sort_count(self, cores: int) -> int:
        """Choose in how many parts to sort the rows: as many for each file, each small enough to stay in memory."""
        files = self.file_count(cores)
        return files * max(1, math.ceil(self._plain_bytes / files / _SORTED_BYTES))

    @property
    def _plain_bytes(self) -> int:
        sizes = self.raw_sizes.items()
        compressed = sum(size for uri, size in sizes if compression_of(uri))
        return sum(self.raw_sizes.values()) + compressed * (_PLAIN_BYTES_PER_PARQUET_BYTE - 1)


@dataclass(frozen=True)
class Counts:
    """Counts of one run. All but `rows_read` and `rows_quarantined` are over the rows that parsed, duplicates included.

    `rows_replaced` of the quarantined rows are lines that people corrected, so that other lines stand for them.
    `by_rule` is each rule's count by rule id; `distributions` count each listed valid value by column and value;
    `lines_to_read_again` are those among the quarantined whose text did not come along.
    """

    rows_read: int
    rows_quarantined: int
    lines_to_read_again: int
    duplicates_removed: int
    rows_on_other_days: int | None
    first_event: datetime | None
    last_event: datetime | None
    nulls: Mapping[str, int]
    distributions: Mapping[str, Mapping[str, int]]
    by_rule: Mapping[str, int]
    rows_looked_at_for_fields: int
    rows_with_unknown_fields: int
    unknown_fields: tuple[str, ...]
    rows_replaced: int = 0

    def without_replaced(self) -> "Counts":
        """Return the counts as if the lines that corrected ones stand for had not been there; checks judge these."""
        rows_read, quarantined = self.rows_read - self.rows_replaced, self.rows_quarantined - self.rows_replaced
        return replace(self, rows_read=rows_read, rows_quarantined=quarantined, rows_replaced=0)

    @property
    def rows_parsed(self) -> int:
        """Rows that became typed rows: the base of all rates."""
        return self.rows_read - self.rows_quarantined

    @property
    def rows_kept(self) -> int:
        """Rows that belong into the written version."""
        return self.rows_parsed - self.duplicates_removed


@dataclass(frozen=True)
class WrittenVersion:
    """A version that lies complete on storage and is published nowhere, and why most other lines are not in it.

    ``rejected`` are the most frequent of ``rejected_reasons``. ``not_counted`` are the rules without a count, by id,
    and why; only those of severity warning can be among them.
    ``lost_objects`` says of which raw objects no line is a row.
    """

    counts: Counts
    location: str
    spark_version: str
    seconds: Mapping[str, float]
    rejected: tuple[RejectedLines, ...] = ()
    not_counted: Mapping[str, str] = field(default_factory=dict)
    rejected_reasons: int = 0
    lost_objects: str | None = None

"""Which objects of a day are read, and what becomes of a day whose objects are missing, empty or broken."""

import bz2
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

import curate_job
from core.errors import AuditFailed, GateFailed, PipelineError, RawDataMissing
from curation import produce
from curation.quarantine import most_rejected
from curation.session import java_encoding, require_spellable
from curation.version import Counts, WriteRequest, WrittenVersion
from tests.spark.lab import CONTRACTS, DAY, Lab, event

LETTERS = "".join(character for character in map(chr, range(0x20, 0x7F)) if character not in "/:") + "äß日😀\u3000"


def generated_names(count: int) -> list[str]:
    random = Random(27)
    return [f"{number}{''.join(random.choices(LETTERS, k=12))}.json" for number in range(count)]


RAW = f"raw/source_system=app/ingestion_date={DAY}/"
ODD_NAMES = [
    "with space.json",
    "100%.json",
    "100%25.json",
    "a+b.json",
    "a#b.json",
    "a?b=c&d.json",
    "[a-c].json",
    "{a,b}.json",
    "star*.json",
    "a,b.json",
    "a;b.json",
    "a'b\"c.json",
    "a=b.json",
    "back\\slash.json",
    "~tilde$dollar.json",
    "größe-日本-😀.json",
    "UPPER.json",
    "not-zipped.gz.json",
    "events.json.json",
    "lines.ndjson",
    "lines.jsonl",
    "part-0.gz",
    "zipped [1].json.gz",
    "nested/deeper/part.json",
    "source_system=x/ingestion_date=2024-01-01/part.json",
    f"raw/source_system=lines/ingestion_date={DAY}/copied into itself.json",
    "a%20b.json",
    "a%2Fb.json",
    "%zz.json",
    " spaces at both ends .json",
    "no-break\u00a0and wide\u3000space.json",
    "two\nlines\tand a tab.json",
    "10:15:00/colon in a folder.json",
    *generated_names(20),
]
IGNORED = {
    "_SUCCESS": "hidden",
    "_part.json": "hidden",
    "zero.json": "zero bytes",
    "zero.json.gz": "zero bytes",
    "nested/_part.json": "hidden",
    "_latin-\udce9.json": "hidden",
}


def test_a_date_without_a_folder_of_raw_data_is_missing_data(lab: Lab) -> None:
    run = lab.run()
    assert isinstance(run.error, RawDataMissing)
    assert run.status == "raw_missing"
    assert f"{DAY}: no raw data below file://{lab.root}/{RAW}" in run.message
    assert set(lab.files()) == {f"metrics/events/ingestion_date={DAY}/{run.metrics['run_id']}.json"}


def test_a_date_with_an_empty_folder_is_missing_data(lab: Lab) -> None:
    lab.raw().mkdir(parents=True)
    assert lab.run().status == "raw_missing"


def test_objects_that_are_no_input_are_missing_data_and_named(lab: Lab) -> None:
    for name in ("zero.json", "zero.json.gz"):
        lab.put(b"", name)
    lab.put(b"{}", "_SUCCESS")
    run = lab.run()
    assert run.status == "raw_missing"
    assert f"{RAW}; not read: _SUCCESS (hidden name" in run.message
    assert "zero.json (zero bytes), zero.json.gz (zero bytes)" in run.message


def _malformed(name: str) -> list[str]:
    """Make a line that the JSON parser refuses, and two that it does not: an object that ends early, a bad date."""
    one = json.dumps({"id": name})
    return [json.dumps([name]), one + one, json.dumps({"id": name, "day": "1.1.2025"})]


def test_objects_of_any_name_are_read_and_named_in_quarantine(lab: Lab) -> None:
    lab.contract = CONTRACTS / "lines.odcs.yaml"
    for name in ODD_NAMES:
        lab.put("\n".join([json.dumps({"id": name}), *_malformed(name)]) + "\n", name)
    for name in IGNORED:
        lab.put(b"" if name.startswith("zero") else b'{"id":"ignored"}\n', name)
    run = lab.run()
    assert run.error is None
    assert sorted(row["id"] for row in run.rows()) == sorted(ODD_NAMES)
    prefix = f"raw/source_system=lines/ingestion_date={DAY}/"
    expected = [(prefix + name, line) for name in ODD_NAMES for line in _malformed(name)]
    assert sorted((row["source_object"], row["line"]) for row in run.quarantine()) == sorted(expected)
    raw = run.metrics["raw"]
    assert raw["objects"] == len(ODD_NAMES)
    assert raw["bytes"] == sum((lab.raw() / name).stat().st_size for name in ODD_NAMES)
    ignored = {entry["key"].removeprefix(prefix): entry["reason"] for entry in raw["ignored"]}
    assert set(ignored) == set(IGNORED)
    assert all(reason in ignored[name] for name, reason in IGNORED.items())


def test_a_data_root_of_any_name_is_read_and_written(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "my data [1] {x} 50% #+'*", CONTRACTS / "lines.odcs.yaml")
    lab.put('{"id":"a"}\nmalformed\n')
    run = lab.run()
    assert run.error is None
    assert [row["id"] for row in run.rows()] == ["a"]
    [quarantined] = run.quarantine()
    assert quarantined["source_object"] == f"raw/source_system=lines/ingestion_date={DAY}/events.json"


def test_a_byte_order_mark_windows_line_ends_blank_lines_and_a_missing_last_newline_are_read(lab: Lab) -> None:
    lab.contract = CONTRACTS / "lines.odcs.yaml"
    lab.put(b'\xef\xbb\xbf{"id":"bom"}\r\n\r\n \t\r\n{"id":"dos"}\r\n', "bom.json")
    lab.put(gzip.compress(b'\xef\xbb\xbf{"id":"bom in gzip"}\n\n{"id":"no newline"}'), "bom.json.gz")
    lab.put(gzip.compress(b'{"id":"member 1"}\n') + gzip.compress(b'{"id":"member 2"}\n'), "members.json.gz")
    lab.put(b'{"id":"old"}\r{"id":"mac"}\r', "mac.json")
    lab.put(b"\xef\xbb\xbf", "only-bom.json")
    lab.put(b"\n\r\n \n\t\n", "blank.json")
    lab.put(gzip.compress(b""), "nothing.json.gz")
    run = lab.run()
    assert sorted(row["id"] for row in run.rows()) == [
        "bom",
        "bom in gzip",
        "dos",
        "member 1",
        "member 2",
        "no newline",
    ]
    assert [row["line_bytes"] for row in run.quarantine()] == [b'{"id":"old"}\r{"id":"mac"}\r']
    assert run.metrics["rows_read"] == 7


@pytest.mark.parametrize(
    ("content", "name", "read", "quarantined", "failed"),
    [
        (b"\n \r\n\t\n", "blank.json", 0, 0, {"total_rows"}),
        (gzip.compress(b"", mtime=0), "nothing.json.gz", 0, 0, {"total_rows"}),
        (b'[]\nnull\n{"event_id":\n', "malformed.json", 3, 3, {"total_rows", "malformed_lines"}),
    ],
)
def test_a_day_without_a_row_fails_the_gate_with_its_report(
    lab: Lab, content: bytes, name: str, read: int, quarantined: int, failed: set[str]
) -> None:
    lab.put(content, name)
    run = lab.run()
    assert isinstance(run.error, GateFailed)
    assert (run.metrics["rows_read"], run.metrics["rows_quarantined"], run.metrics["rows_written"]) == (
        read,
        quarantined,
        0,
    )
    assert run.failed_checks == failed
    assert lab.files("curated") | lab.files("publications") == {}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(json.dumps(event(1)).encode() * 1000)[:-30], id="truncated"),
        pytest.param(gzip.compress(json.dumps(event(1)).encode() + b"\n")[:-4], id="truncated in its checksum"),
        pytest.param(b"\x1f", id="one byte"),
        pytest.param(gzip.compress(json.dumps(event(1)).encode() + b"\n")[:-8] + b"\0" * 8, id="wrong checksum"),
        pytest.param(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\xff" * 40, id="broken inside"),
    ],
)
def test_a_broken_gzip_object_ends_the_run_with_its_name_and_publishes_nothing(lab: Lab, content: bytes) -> None:
    lab.put([event(1)])
    lab.put(content, "broken 1.json.gz")
    run = lab.run()
    assert isinstance(run.error, PipelineError)
    assert run.status == "error"
    assert "broken 1.json.gz is not a complete gzip file; deliver it again" in run.message.replace("%20", " ")
    assert "\n" not in run.message
    assert lab.files("curated") | lab.files("publications") | lab.files("leases") == {}


def test_plain_text_that_is_named_as_gzip_ends_the_run_with_its_name_and_what_it_is(lab: Lab) -> None:
    lab.put([event(1)])
    lab.put(json.dumps(event(2)).encode() + b"\n", "plain.json.gz")
    run = lab.run()
    assert run.status == "error"
    told = "plain.json.gz is not (entirely) gzip although its name ends in .gz; it may have been decompressed"
    assert told in run.message
    assert lab.files("curated") | lab.files("publications") | lab.files("leases") == {}


@pytest.mark.parametrize(
    ("name", "shown", "why"),
    [
        ("10:15:00.json", "10:15:00.json", "has a ':' in its name"),
        ("a/:.json", "a/:.json", "has a ':' in its name"),
        ("latin-\udce9.json", "latin-\\udce9.json", "has bytes in its name that are no UTF-8"),
        ("\udce9/a.json", "\\udce9/a.json", "has bytes in its name that are no UTF-8"),
    ],
)
def test_a_name_that_spark_cannot_open_ends_the_run_with_that_name(lab: Lab, name: str, shown: str, why: str) -> None:
    lab.put([event(1)])
    lab.put([event(2)], name)
    run = lab.run()
    assert isinstance(run.error, PipelineError)
    assert f"{RAW}{shown} {why}, which Spark cannot read here; rename it, then run the date again" in run.message
    assert lab.files("curated") | lab.files("publications") == {}


def test_letters_beyond_ascii_need_a_java_that_spells_names_in_utf_8() -> None:
    uris = ["s3://bucket/größe.json", "file:///raw/a.json", "file:///raw/größe.json"]
    require_spellable(uris, encoding="UTF-8")
    require_spellable(uris[:2], encoding="ANSI_X3.4-1968")
    with pytest.raises(
        PipelineError, match=r"^file:///raw/größe\.json has .* \(ISO-8859-1\); set LC_ALL=C\.UTF-8, then"
    ):
        require_spellable(uris, encoding="ISO-8859-1")


def test_the_encoding_of_names_is_asked_of_this_java(spark: SparkSession) -> None:
    assert java_encoding(spark) == "UTF-8"


def test_an_object_that_changes_while_it_is_read_ends_the_run(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lab.put([event(1)])
    produce = curate_job._produce_version  # noqa: SLF001  the moment between reading and publishing

    def produce_and_change(request: WriteRequest) -> WrittenVersion:
        written = produce(request)
        path.write_text(json.dumps(event(2)), encoding="utf-8")
        return written

    monkeypatch.setattr(curate_job, "_produce_version", produce_and_change)
    run = lab.run()
    assert run.status == "error"
    assert "changed while it was read; run the date again" in run.message
    assert lab.files("curated") | lab.files("publications") == {}


@pytest.mark.parametrize("moment", ["require_whole", "read_texts", "write_rows"])
@pytest.mark.parametrize("name", ["events.json.bz2", "[a-c] {1}.json", "50%25. SQLSTATE x.json"])
def test_an_object_that_is_deleted_while_it_is_read_is_named_as_such(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, name: str, moment: str
) -> None:
    path, step = lab.put(bz2.compress(b"7\n") if name.endswith("bz2") else b"7\n", name), getattr(produce, moment)

    def delete_first(*given: Any, **options: Any) -> Any:
        path.unlink(missing_ok=True)
        return step(*given, **options)

    monkeypatch.setattr(produce, moment, delete_first)
    run = lab.run()
    assert run.status == "error"
    assert run.message == f"{DAY}: file://{path} vanished while it was read; run the date again"
    assert lab.files("curated") | lab.files("publications") == {}


def test_quarantine_is_read_row_by_row_as_each_row_may_hold_megabytes(
    lab: Lab, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each record of an envelope has the whole envelope beside it: 4,096 of them at once are more than memory."""
    setting, step = "spark.sql.parquet.enableVectorizedReader", most_rejected
    found: list[str | None] = []

    def look(*given: Any) -> Any:
        found.append(spark.conf.get(setting))
        return step(*given)

    monkeypatch.setattr(produce, "most_rejected", look)
    lab.put(b"7\n")
    lab.run()
    assert (found, spark.conf.get(setting)) == (["false"], "true")


@pytest.mark.parametrize("name", ["events.json.bz2", "EVENTS.JSON", "events.json.GZ", "events.json.zst"])
def test_objects_of_other_suffixes_are_read_or_rejected_by_name(lab: Lab, name: str, spark: SparkSession) -> None:
    lab.contract = CONTRACTS / "lines.odcs.yaml"
    packers: Mapping[str, Callable[[bytes], bytes]] = {"bz2": bz2.compress, "gz": gzip.compress, "zst": _zstandard}
    packed = packers.get(name.rpartition(".")[2].lower(), bytes)
    lab.put(packed(b'{"id":"a"}\n{"id":"b"}\n'), name)
    run = lab.run()
    if spark.version.startswith("3.") and name.endswith((".GZ", ".zst")):
        assert f"{name} cannot be read: Spark 3.5" in run.message
    else:
        assert sorted(row["id"] for row in run.rows()) == ["a", "b"]


def _zstandard(content: bytes) -> bytes:
    """Frame short content without compressing it, as no Python of the tests has the codec."""
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(content)]) + (len(content) << 3 | 1).to_bytes(3, "little") + content


def test_a_version_that_is_not_what_was_counted_is_not_published(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The footers are read again: a write that loses a file has counted rows that are not there."""
    write = produce.write_rows

    def one_row_is_lost(rows: DataFrame, request: WriteRequest, *rest: Any, **options: Any) -> Counts:
        counts = write(rows, request, *rest, **options)
        return replace(counts, rows_read=counts.rows_read + 1)

    monkeypatch.setattr(produce, "write_rows", one_row_is_lost)
    lab.put([event(1), event(2)])
    run = lab.run()
    assert isinstance(run.error, AuditFailed)
    assert "holds 2 rows, but 3 were counted" in run.message
    assert lab.files("curated") | lab.files("publications") == {}


def test_plain_text_named_as_bzip2_is_an_error_that_names_it_and_not_an_empty_object(lab: Lab) -> None:
    lab.put([event(1)])
    lab.put(b'{"event_id":"e2"}\n', "plain.json.bz2")
    outcome = lab.run()
    assert outcome.status == "error"
    assert "plain.json.bz2 is not compressed by bzip2, as its name says" in outcome.message


BZIP2 = bz2.compress(b'{"id":"a"}\n{"id":"b"}\n')
MORE_BZIP2 = bz2.compress(b'{"id":"c"}\n')


@pytest.mark.parametrize(
    "content",
    [
        BZIP2 + b'{"id":"c"}\n',
        *(BZIP2 + MORE_BZIP2[:kept] for kept in (1, 5, 9, 20, len(MORE_BZIP2) - 1)),
        *(BZIP2[:kept] for kept in (3, 6, 12, 30, len(BZIP2) - 1)),
    ],
)
def test_a_bzip2_object_that_ends_otherwise_is_an_error_that_names_it(lab: Lab, content: bytes) -> None:
    """Spark reads what is whole, and says nothing of what follows."""
    lab.contract = CONTRACTS / "lines.odcs.yaml"
    lab.put(content, "a.json.bz2")
    run = lab.run()
    assert run.status == "error"
    assert "a.json.bz2 does not end as a bzip2 file does" in run.message
    assert lab.files("curated") | lab.files("publications") == {}


def test_bzip2_objects_of_several_streams_of_any_length_are_read(lab: Lab) -> None:
    """A stream ends at any bit of a byte."""
    lab.contract, random = CONTRACTS / "lines.odcs.yaml", Random("bzip2")
    names = [f"{number}-{random.randbytes(random.randrange(9)).hex()}" for number in range(40)]
    lines = [f'{{"id":"{name}"}}\n'.encode() for name in names]
    for number in range(0, 40, 4):
        lab.put(b"".join(map(bz2.compress, lines[number : number + 4])), f"{number}.json.bz2")
    lab.put(bz2.compress(b""), "empty.json.bz2")
    assert sorted(row["id"] for row in lab.run().rows()) == sorted(names)


@pytest.mark.parametrize("position", [30, 36])
def test_a_damaged_bzip2_object_is_an_error_in_words(lab: Lab, position: int) -> None:
    damaged = bytearray(bz2.compress(b"".join(b'{"event_id":"%d"}\n' % number for number in range(3000))))
    damaged[position] ^= 1
    lab.put(bytes(damaged), "a.json.bz2")
    assert "a.json.bz2 is not a complete bzip2 file; deliver it again" in lab.run().message


def test_a_zstandard_object_that_is_cut_off_is_an_error_in_words(lab: Lab, spark: SparkSession) -> None:
    if spark.version.startswith("3."):
        return  # which reads none of them
    lab.put(_zstandard(b'{"event_id":"a"}\n' * 7)[:-9], "a.json.zst")
    assert "a.json.zst is not a complete Zstandard file; deliver it again" in lab.run().message

"""The sample data: deterministic, with exactly the defects that were asked for, and never a half-written object."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from add_late_events import add_late_events
from generate_events import generate_day
from sample_days import Chunk, Counts, Defects

SCRIPTS = Path(__file__).parents[2] / "data" / "sample_raw"
DAY = date(2025, 1, 1)
PARTITION = Path("raw/source_system=app/ingestion_date=2025-01-01")
EVENT_TYPES = {"login", "view_item", "add_to_cart", "purchase"}
COLUMNS = ["event_id", "event_type", "user_id", "event_ts", "item_id", "quantity", "price", "currency"]
COLUMNS += ["session_id", "device", "properties"]


def run(script: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(path)]


def defects(**values: Any) -> Defects:
    clean: dict[str, Any] = {"null_user_percent": Decimal(0), "duplicate_percent": Decimal(0)}
    return Defects(**(clean | values))


def test_same_seed_gives_the_same_bytes_whatever_the_workers_hash_seed_and_order_of_dates(
    tmp_path: Path,
) -> None:
    switches = ("--rows", 50_000, "--objects", 2, "--malformed-rows", 3, "--bad-type-rows", 3)
    first = run(
        "generate_events.py", "2025-01-01..2025-01-02", *switches,
        "--out", tmp_path / "a", "--workers", 1, PYTHONHASHSEED="1",
    )  # fmt: skip
    second = run(
        "generate_events.py", "2025-01-02", "--dates", "2025-01-01", *switches,
        "--out", tmp_path / "b", "--workers", 3, PYTHONHASHSEED="2",
    )  # fmt: skip

    assert (first.returncode, second.returncode) == (0, 0)
    assert len(files(tmp_path / "a")) == 4
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_another_seed_and_another_date_share_no_event_id(tmp_path: Path) -> None:
    for name, seed, day in (("a", 7, DAY), ("b", 8, DAY), ("c", 7, date(2025, 1, 2))):
        generate_day(day, out=str(tmp_path / name), rows=500, seed=seed, defects=defects())

    ids = [row["event_id"] for path in tmp_path.rglob("events.json") for row in rows(path)]
    assert len(set(ids)) == len(ids) == 1_500


def test_a_clean_row_has_the_contracts_columns_and_plausible_values(tmp_path: Path) -> None:
    generate_day(DAY, out=str(tmp_path), rows=5_000, defects=defects())

    events = rows(tmp_path / PARTITION / "events.json")
    assert len({event["event_id"] for event in events}) == 5_000
    for line, event in zip(lines(tmp_path / PARTITION / "events.json"), events, strict=True):
        assert list(event) == COLUMNS
        assert ": " not in line, "compact"
        assert re.fullmatch("[0-9a-f]{32}", event["event_id"])
        assert re.fullmatch(r"2025-01-01T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z", event["event_ts"])
        assert 1 <= len(event["properties"]) <= 4
        assert all(isinstance(value, str) for value in event["properties"].values())
        shopping = [event[name] for name in ("item_id", "quantity", "price", "currency")]
        if event["event_type"] == "login":
            assert shopping == [None] * 4
        else:
            assert [type(value) for value in shopping] == [str, int, float, str]
            assert re.search(r'"price":\d+\.\d\d,', line)


def test_types_follow_a_funnel_and_times_a_daily_curve(tmp_path: Path) -> None:
    generate_day(DAY, out=str(tmp_path), rows=5_000, defects=defects())

    events = rows(tmp_path / PARTITION / "events.json")
    types = Counter(event["event_type"] for event in events)
    hours = Counter(event["event_ts"][11:13] for event in events)
    assert set(types) == EVENT_TYPES
    assert types["view_item"] > types["add_to_cart"] > types["purchase"] > 0
    assert hours["20"] > 5 * hours["03"] > 0


def test_every_defect_comes_out_exactly_and_is_reported_so(tmp_path: Path) -> None:
    switches = {
        "--rows": 45_000, "--objects": 2, "--null-user-percent": "2.5", "--null-event-id-rows": 4,
        "--null-event-type-rows": 6, "--unknown-type-percent": "0.1", "--duplicate-percent": "1.5",
        "--bad-type-rows": 11, "--malformed-rows": 13, "--unknown-field": 'coupon "x"',
        "--unknown-field-percent": "20", "--misdated-rows": 9,
    }  # fmt: skip
    done = run(
        "generate_events.py", DAY, "--out", tmp_path, "--json", *[word for pair in switches.items() for word in pair]
    )
    reported: Counter[str] = Counter()
    for line in done.stdout.splitlines():
        report = json.loads(line)
        assert report["bytes"] == Path(report["path"]).stat().st_size
        assert report["rows"] == len(lines(Path(report["path"])))
        reported.update(report["defects"])

    found = count_defects(sorted((tmp_path / PARTITION).iterdir()))
    assert found == {
        "malformed_rows": 13,
        "bad_type_rows": 11,
        "duplicate_rows": 675,  # 1.5 % of the 44,976 well-formed rows is 674.64
        "null_event_id_rows": 4,
        "misdated_rows": 9,
        "null_user_rows": 1_124,  # 1,124.4
        "null_event_type_rows": 6,
        "unknown_type_rows": 45,  # 44.976
        "unknown_field_rows": 8_995,  # 8,995.2
    }
    assert dict(reported) == found


def count_defects(paths: list[Path]) -> dict[str, int]:
    found = dict.fromkeys((field.name for field in fields(Counts) if field.name != "rows"), 0)
    ids: list[str] = []
    for line in (line for path in paths for line in lines(path)):
        event = parsed(line)
        if event is None:
            found["malformed_rows"] += 1
        elif not fits(event):
            found["bad_type_rows"] += 1
        else:
            ids += [event["event_id"]] if event["event_id"] is not None else []
            found["null_event_id_rows"] += event["event_id"] is None
            found["misdated_rows"] += not event["event_ts"].startswith("2025-01-01T")
            found["null_user_rows"] += event["user_id"] is None
            found["null_event_type_rows"] += event["event_type"] is None
            found["unknown_type_rows"] += event["event_type"] not in EVENT_TYPES | {None}
            found["unknown_field_rows"] += 'coupon "x"' in event
    return found | {"duplicate_rows": len(ids) - len(set(ids))}


def parsed(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def fits(event: dict[str, Any]) -> bool:
    return (
        type(event["quantity"]) in (int, type(None))
        and type(event["price"]) in (float, type(None))
        and isinstance(event["properties"], dict)
        and event["event_ts"][:2] == "20"
    )


@pytest.mark.parametrize(
    ("row_count", "percent", "expected"),
    [
        (10_000, "3", 300),
        (10_000, "3.01", 301),
        (250, "1", 3),
        (249, "1", 2),
        (10, "100", 10),
        (10, "0", 0),
        (0, "50", 0),
    ],
)
def test_percentages_round_half_up_to_whole_rows(tmp_path: Path, row_count: int, percent: str, expected: int) -> None:
    generate_day(DAY, out=str(tmp_path), rows=row_count, defects=defects(null_user_percent=Decimal(percent)))

    assert sum(row["user_id"] is None for row in rows(tmp_path / PARTITION / "events.json")) == expected


def test_a_default_day_has_one_percent_null_users_and_half_a_percent_duplicates(tmp_path: Path) -> None:
    run("generate_events.py", DAY, "--out", tmp_path)

    found = count_defects([tmp_path / PARTITION / "events.json"])
    assert {name: count for name, count in found.items() if count} == {"null_user_rows": 100, "duplicate_rows": 50}


@pytest.mark.parametrize("percent", ["2", "50", "99"])
def test_duplicates_are_resends_later_or_at_the_same_time_and_some_differ_in_content(
    tmp_path: Path, percent: str
) -> None:
    generate_day(DAY, out=str(tmp_path), rows=4_000, objects=2, defects=defects(duplicate_percent=Decimal(percent)))

    sent: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted((tmp_path / PARTITION).iterdir()):
        for row in rows(path):
            sent[row["event_id"]].append(row | {"path": path.name})
    repeated = [group for group in sent.values() if len(group) > 1]
    assert sum(len(group) - 1 for group in repeated) == 4_000 * int(percent) // 100
    assert any(len({row["path"] for row in group}) == 2 for group in repeated), "resends cross objects"
    times = [{row["event_ts"] for row in group} for group in repeated]
    contents = [{str(row["properties"]) for row in group} for group in repeated]
    kinds = {(len(ts) > 1, len(content) > 1) for ts, content in zip(times, contents, strict=True)}
    assert (True, True) in kinds
    if percent == "2":
        assert kinds == {(False, False), (False, True), (True, False), (True, True)}
    assert {ts[:10] for group in times for ts in group} == {"2025-01-01"}


def test_bad_values_and_malformed_lines_come_in_several_forms(tmp_path: Path) -> None:
    generate_day(DAY, out=str(tmp_path), rows=60, defects=defects(bad_type_rows=30, malformed_rows=30))

    found = lines(tmp_path / PARTITION / "events.json")
    for form in ('"quantity":"three"', '"event_ts":"yesterday"', '"price":{}', '["login",1]', "ERROR connection", "[{"):
        assert any(form in line for line in found), form
    assert any(line.startswith('{"event_id"') and not line.endswith("}") for line in found), "truncated"


def test_objects_and_gzip_keep_the_layout_and_the_rows(tmp_path: Path) -> None:
    done = run("generate_events.py", DAY, "--rows", 7, "--objects", 3, "--gzip", "--out", tmp_path)

    found = files(tmp_path)
    expected = [str(PARTITION / f"{name}.json.gz") for name in ("events", "events-0001", "events-0002")]
    assert found.keys() == set(expected)
    assert [len(gzip.decompress(found[name]).splitlines()) for name in expected] == [3, 2, 2]
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [str(tmp_path / name) for name in expected]


@pytest.mark.parametrize(("switches", "name"), [((), "events.json"), (("--gzip",), "events.json.gz")])
def test_empty_writes_an_object_without_rows(tmp_path: Path, switches: tuple[str, ...], name: str) -> None:
    done = run("generate_events.py", DAY, "--empty", "--out", tmp_path, *switches)

    data = (tmp_path / PARTITION / name).read_bytes()
    assert (gzip.decompress(data) if switches else data) == b""
    assert done.stdout.startswith(f"{tmp_path / PARTITION / name}: 0 rows, {len(data)} bytes; defective rows: none")


def test_a_reader_never_sees_a_part_of_an_object(tmp_path: Path) -> None:
    script = str(SCRIPTS / "generate_events.py")
    command = [sys.executable, script, str(DAY), "--rows", "60000", "--out", str(tmp_path)]
    target = tmp_path / PARTITION / "events.json"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as writer:
        deadline = time.monotonic() + 60
        while not target.exists() and time.monotonic() < deadline:
            time.sleep(0.002)
        first_seen = target.read_bytes()
    assert first_seen == target.read_bytes()
    assert len(first_seen.splitlines()) == 60_000
    assert writer.returncode == 0


def test_a_failure_half_way_leaves_the_objects_of_the_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_day(DAY, out=str(tmp_path), rows=30, objects=3)
    before = files(tmp_path)
    render, rendered = Chunk.render, []

    def fail_at_the_last(chunk: Chunk) -> bytes:
        rendered.append(chunk)
        if len(rendered) == 3:
            raise OSError("no space left")
        return render(chunk)

    monkeypatch.setattr(Chunk, "render", fail_at_the_last)
    with pytest.raises(OSError, match="no space left"):
        generate_day(DAY, out=str(tmp_path), rows=60, objects=3)
    assert files(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_objects_of_an_earlier_run_are_replaced_but_never_left_beside_the_new_ones(tmp_path: Path) -> None:
    run("generate_events.py", "2025-01-02", "--objects", 2, "--rows", 10, "--out", tmp_path)
    before = files(tmp_path)
    refused = run("generate_events.py", "2025-01-01..2025-01-02", "--rows", 10, "--out", tmp_path)
    assert refused.returncode == 2
    assert "2025-01-02: events-0001.json of an earlier run" in refused.stderr
    assert files(tmp_path) == before

    replaced = run("generate_events.py", "2025-01-02", "--objects", 2, "--rows", 20, "--out", tmp_path)
    assert replaced.returncode == 0
    assert files(tmp_path).keys() == before.keys()
    assert files(tmp_path) != before


def test_late_events_are_new_events_of_the_date_in_an_object_of_their_own(tmp_path: Path) -> None:
    run("generate_events.py", DAY, "--rows", 300, "--out", tmp_path)
    before = files(tmp_path)
    first = run("add_late_events.py", DAY, "--rows", 40, "--out", tmp_path)
    second = run("add_late_events.py", DAY, "--rows", 40, "--out", tmp_path)

    after = files(tmp_path)
    assert (first.returncode, second.returncode) == (0, 0)
    assert after.items() >= before.items()
    assert sorted(after.keys() - before.keys()) == [str(PARTITION / f"late-events-{n}.json") for n in (1, 2)]
    late = [rows(tmp_path / PARTITION / f"late-events-{n}.json") for n in (1, 2)]
    ids = [{row["event_id"] for row in group} for group in (rows(tmp_path / PARTITION / "events.json"), *late)]
    assert [len(group) for group in ids[1:]] == [40, 40]
    assert len(set.union(*ids)) == sum(map(len, ids))
    assert {row["event_ts"][:10] for group in late for row in group} == {"2025-01-01"}


def test_late_events_are_the_same_for_the_same_state(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("generate_events.py", DAY, "--rows", 300, "--malformed-rows", 5, "--gzip", "--out", tmp_path / name)
        run("add_late_events.py", DAY, "--resend", 5, "--gzip", "--out", tmp_path / name)

    assert len(files(tmp_path / "a")) == 2
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_resend_repeats_existing_events_later_or_at_the_same_time(tmp_path: Path) -> None:
    flaws = defects(malformed_rows=20, bad_type_rows=20, null_event_id_rows=20, misdated_rows=20)
    generate_day(DAY, out=str(tmp_path), rows=300, defects=flaws)
    written = add_late_events(DAY, out=str(tmp_path), rows=10, resend_rows=100)

    existing = {
        event["event_id"]: event for line in lines(tmp_path / PARTITION / "events.json") if (event := parsed(line))
    }
    late = rows(Path(written.path))
    resent = [row for row in late if row["event_id"] in existing]
    assert (len(late), len(resent)) == (110, 100)
    assert (written.counts.rows, written.counts.duplicate_rows) == (110, 100)
    assert all(row["event_ts"] >= existing[row["event_id"]]["event_ts"] for row in resent)
    assert {row["event_ts"][:10] for row in resent} == {"2025-01-01"}
    assert any(row == existing[row["event_id"]] for row in resent)
    assert any(row["properties"] != existing[row["event_id"]]["properties"] for row in resent)


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        (("2025-02-30",), "'2025-02-30' is not a date"),
        (("2025-1-1",), "'2025-1-1' is not a date; write it as YYYY-MM-DD"),
        (("20250101",), "is not a date"),
        (("",), "'' is not a date"),
        (("../2025-01-01",), "is not a date"),
        (("2025-01-03..2025-01-01",), "ends before it starts"),
        ((), "no date given"),
        (("2025-01-01", "--rows", "-1"), "--rows -1 is below 0"),
        (("2025-01-01", "--rows", "many"), "invalid int value: 'many'"),
        (("2025-01-01", "--objects", "0"), "--objects 0 is outside 1 to 10000"),
        (("2025-01-01", "--workers", "0"), "'0' is not a number of processes"),
        (("2025-01-01", "--null-user-percent", "100.01"), "--null-user-percent 100.01 is outside 0 to 100"),
        (("2025-01-01", "--duplicate-percent", "-1"), "--duplicate-percent -1 is outside 0 to 100"),
        (("2025-01-01", "--duplicate-percent", "nan"), "--duplicate-percent NaN is outside 0 to 100"),
        (("2025-01-01", "--unknown-type-percent", "half"), "'half' is not a number"),
        (("2025-01-01", "--duplicate-percent", "100"), "--duplicate-percent leaves no first rows"),
        (("2025-01-01", "--malformed-rows", "-2"), "--malformed-rows -2 is below 0"),
        (("2025-01-01", "--rows", "5", "--bad-type-rows", "6"), "--bad-type-rows: 6 rows do not fit"),
        (("2025-01-01", "--empty", "--malformed-rows", "1"), "--malformed-rows: 1 rows do not fit"),
        (("2025-01-01", "--unknown-field", "user_id"), "--unknown-field 'user_id' is not unknown"),
        (("2025-01-01", "--unknown-field-percent", "5"), "add --unknown-field NAME"),
        (("2025-01-01", "--rowz", "5"), "unrecognized arguments: --rowz"),
    ],
)
def test_a_wrong_argument_is_one_line_and_writes_nothing(
    tmp_path: Path, switches: tuple[str, ...], message: str
) -> None:
    refused(run("generate_events.py", *switches, "--out", tmp_path / "out"), message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        (("2025-02-30",), "'2025-02-30' is not a date"),
        (("2025-01-01", "--rows", "-1"), "--rows -1 is below 0"),
        (("2025-01-01", "--resend", "-1"), "--resend -1 is below 0"),
        (("2025-01-01", "--resend", "21"), "--resend 21: 2025-01-01 holds only 20 events"),
    ],
)
def test_a_wrong_late_request_is_one_line_and_adds_nothing(
    tmp_path: Path, switches: tuple[str, ...], message: str
) -> None:
    generate_day(DAY, out=str(tmp_path), rows=20, defects=defects())
    before = files(tmp_path)
    refused(run("add_late_events.py", *switches, "--out", tmp_path), message)
    assert files(tmp_path) == before


class Bucket(BaseHTTPRequestHandler):
    """The few S3 operations that the commands need, answered from a dict; large objects come in parts."""

    objects: ClassVar[dict[str, bytes]] = {}
    parts: ClassVar[dict[str, bytes]] = {}

    def reply(self, body: bytes = b"", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("ETag", '"etag"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def do_PUT(self) -> None:
        body, (key, _, query) = self.rfile.read(int(self.headers["Content-Length"])), self.path.partition("?")
        if query:
            self.parts[parse_qs(query)["partNumber"][0]] = body
        else:
            self.objects[key] = body
        self.reply()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        key, _, query = self.path.partition("?")
        if query == "uploads":
            self.reply(b"<R><UploadId>1</UploadId></R>")
        else:
            self.objects[key] = b"".join(self.parts[number] for number in sorted(self.parts))
            self.reply(b"<CompleteMultipartUploadResult/>")

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if "list-type" in url.query:
            prefix = f"/bucket/{parse_qs(url.query)['prefix'][0]}"
            keys = [key.removeprefix("/bucket/") for key in sorted(self.objects) if unquote(key).startswith(prefix)]
            found = "".join(f"<Contents><Key>{unquote(key)}</Key></Contents>" for key in keys)
            self.reply(f"<R><IsTruncated>false</IsTruncated>{found}</R>".encode())
        elif url.path in self.objects:
            self.reply(self.objects[url.path])
        else:
            self.reply(status=404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    Bucket.objects, Bucket.parts = {}, {}
    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",  # plain bodies that can be stored as they are
        }.items():
            monkeypatch.setenv(name, value)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield Bucket.objects
        server.shutdown()


def test_an_s3_uri_gets_the_same_objects_as_a_directory(tmp_path: Path, bucket: dict[str, bytes]) -> None:
    for out in (str(tmp_path), "s3://bucket/some/prefix/"):
        run("generate_events.py", DAY, "--rows", 300, "--out", out)
        done = run("add_late_events.py", DAY, "--rows", 5, "--resend", 5, "--out", out)

    assert done.stdout.startswith(f"s3://bucket/some/prefix/{PARTITION}/late-events-1.json: 10 rows")
    assert len(bucket) == 2
    stored = {unquote(key).removeprefix("/bucket/some/prefix/"): data for key, data in bucket.items()}
    assert stored == files(tmp_path)


def test_an_object_too_large_for_one_request_is_uploaded_in_parts(tmp_path: Path, bucket: dict[str, bytes]) -> None:
    for out in (str(tmp_path), "s3://bucket"):
        run("generate_events.py", DAY, "--rows", 30_000, "--out", out)

    assert len(Bucket.parts) == 2
    assert list(bucket.values()) == list(files(tmp_path).values())


def test_a_store_that_refuses_is_one_line(bucket: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    refused(
        run("generate_events.py", DAY, "--out", "s3://bucket/x"), "s3://bucket/x/: Could not connect to the endpoint"
    )
    assert bucket == {}


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("file", "File exists"),
        ("s3://", "neither a directory nor a URI"),
        ("gs://bucket", "neither a directory nor a URI"),
    ],
)
def test_an_unusable_output_is_one_line(tmp_path: Path, out: str, message: str) -> None:
    (tmp_path / "file").write_text("not a directory")
    refused(run("generate_events.py", DAY, "--out", tmp_path / out if out == "file" else out), message)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def refused(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""

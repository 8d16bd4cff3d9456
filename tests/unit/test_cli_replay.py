"""`pipeline replay`: files of corrected lines and wrong use; what becomes of the lines is in tests/spark."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from cli.errors import WrongUse
from cli.quarantine import Correction, RejectedLine, export_lines, read_correction
from tests.unit.pipeline_command import Pipeline
from tests.unit.shop import DAY, Shop

OBJECT = "raw/source_system=app/ingestion_date=2025-01-01/events.json"
GONE = OBJECT.replace("events", "gone")
REJECTED = [RejectedLine(line, "no record", OBJECT) for line in (b"{", b"\xff\xfe", b"7", b"{")]
GOOD = b'{"a": 1}'


def written(tmp_path: Path, *lines: bytes, end: bytes = b"\n") -> str:
    file = tmp_path / "lines.ndjson"
    file.write_bytes(b"\n".join(lines) + end)
    return str(file)


def correction(file: str, rejected: Sequence[RejectedLine] = REJECTED) -> Correction:
    return read_correction(file, rejected, objects=frozenset({OBJECT}), export_command="pipeline replay D --export F")


@pytest.mark.parametrize("seed", range(30))
def test_each_line_of_a_file_is_corrected_dropped_or_left_as_it_was(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    rejected = [
        RejectedLine(chance.choice([b"{", b"\xff", b"[1, 2]", b'{"a"', b" {\r"]), "why", chance.choice([OBJECT, GONE]))
        for _ in range(chance.randint(1, 40))
    ]
    fates = [chance.choice(["corrected", "dropped", "left"]) for _ in rejected]
    fates[0] = "corrected"
    lines = [
        {"corrected": b'{"number": %d}' % number, "dropped": chance.choice([b"", b"  "]), "left": old.line}[fate]
        for number, (old, fate) in enumerate(zip(rejected, fates, strict=True))
    ]
    found = correction(written(tmp_path, *lines), rejected)
    pairs = list(zip(lines, rejected, fates, strict=True))
    read_no_more = {"left": GONE}
    goes_in = [
        (line, old) for line, old, fate in pairs if fate == "corrected" or read_no_more.get(fate) == old.source_object
    ]
    assert found.corrected == tuple(line.removesuffix(b"\r") for line, _ in goes_in)
    dropped = [old for _, old, fate in pairs if fate == "dropped"]
    assert found.replaced == (*(old for _, old in goes_in), *dropped)
    assert (found.dropped, found.unchanged) == (len(dropped), len(rejected) - len(goes_in) - len(dropped))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([GOOD], "has 1 lines, the quarantine 4; .*; to write them again: pipeline replay D --export F"),
        ([GOOD] * 5, "has 5 lines, the quarantine 4"),
        ([GOOD, b"{,", b"[1]", b"8"], "line 2: not JSON: .*; line 3: not one JSON object; line 4: not one JSON object"),
        ([GOOD, b"\xe4", b"", b""], "line 2: not JSON: 'utf-8' codec"),
        ([GOOD, GOOD + GOOD, b"", b""], "line 2: not JSON: Extra data"),
        ([b"[" * 100_000, GOOD, b"", b""], "line 1: not JSON: "),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_its_lines(tmp_path: Path, lines: list[bytes], said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        correction(written(tmp_path, *lines))


def test_what_is_exported_reads_back_as_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "rejected.ndjson"
    reasons = export_lines(REJECTED, str(file))
    found = correction(str(file))
    assert (found.corrected, found.replaced, found.unchanged) == ((), (), 4)
    assert reasons.read_text().splitlines()[1] == f"2: no record ({OBJECT})"
    with pytest.raises(WrongUse, match="is there already"):
        export_lines(REJECTED, str(file))


def test_a_file_that_was_saved_with_other_line_ends_changes_nothing_by_that(tmp_path: Path) -> None:
    lines = (b"{", b"{\r", b"\xff", b"[1]", b"{")
    rejected = [RejectedLine(line, "why", place) for place in (OBJECT, GONE) for line in lines]
    for saved in ([one.line + b"\r" for one in rejected], [one.line.removesuffix(b"\r") for one in rejected]):
        found = correction(written(tmp_path, *saved), rejected)
        assert (found.unchanged, found.dropped, found.replaced) == (5, 0, tuple(rejected[5:]))
        assert found.corrected == tuple(line.removesuffix(b"\r") for line in saved[5:])
    others = (one.line + b"\r" for one in rejected[2:5])
    found = correction(written(tmp_path, b"\r", GOOD + b"\r", *others), rejected[:5])
    assert (found.corrected, found.dropped, found.unchanged) == ((GOOD,), 1, 3)


class TestCommand:
    @pytest.fixture
    def rejected(self, shop: Shop) -> Shop:
        """A day of which a run rejected four lines."""
        shop.deliver(b"{\n" * 4)
        run_id = shop.refuse(1)
        key = shop.root / shop.paths.metrics_key(DAY, run_id)
        prefix = shop.paths.quarantine_prefix(DAY, run_id)
        key.write_text(json.dumps(json.loads(key.read_bytes()) | {"quarantine": shop.store.uri(prefix)}))
        rows = [{"line_bytes": one.line, "reason": one.reason, "source_object": one.source_object} for one in REJECTED]
        (shop.root / prefix).mkdir(parents=True)
        parquet.write_table(pa.Table.from_pylist(rows), shop.root / prefix / "part-0.parquet")
        return shop

    @pytest.mark.parametrize(
        ("arguments", "exit_code", "said"),
        [
            (["--from", "a", "--export", "b"], 2, "give one of them"),
            (["--again"], 2, "--again goes with --from FILE"),
            (["--from", "no-such-file"], 2, "--from 'no-such-file' cannot be read"),
            ([], 1, "the same contract, and so would another; correct them: pipeline replay 2025-01-01 --export FILE"),
            (["--run", "20250101T000000Z-00000000"], 1, "no run 20250101T000000Z-00000000"),
        ],
    )
    @pytest.mark.usefixtures("rejected")
    def test_says_how_it_is_meant(self, pipeline: Pipeline, arguments: list[str], exit_code: int, said: str) -> None:
        result = pipeline("replay", str(DAY), *arguments)
        assert (result.exit_code, result.out) == (exit_code, "")
        assert said in result.err

    def test_exports_and_says_how_to_go_on(self, pipeline: Pipeline, rejected: Shop, tmp_path: Path) -> None:
        file = tmp_path / "rejected.ndjson"
        said = pipeline("replay", str(DAY), "--export", str(file)).out
        assert file.read_bytes() == b"{\n\xff\xfe\n7\n{\n"
        assert f"4 lines that run {rejected.run_id(1)} rejected" in said
        assert f"then: pipeline replay {DAY} --from {file}" in said

    def test_is_for_dates_that_rejected_something(self, pipeline: Pipeline, shop: Shop) -> None:
        shop.publish(1)
        assert "no run of this date rejected any line" in pipeline("replay", str(DAY), "--export", "x").err

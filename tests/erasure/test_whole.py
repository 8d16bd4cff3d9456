"""A person is erased from a data root and an independent search over all that runs leave behind finds nothing."""

import gzip
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.erasure.conftest import Club
from tests.erasure.everything import holding, published_rows
from tests.spark.lab import DAY
from tests.unit.pipeline_command import Pipeline

VALUES = ("zorro/4711 é", "u-4711", "anna@example.org", "ünï-7", 'tab\tand "quote"', "😀-person")


def escaped(value: str, random_: random.Random) -> str:
    """Spell a value as JSON may, each character as it is or as an escape."""

    def spelt(character: str) -> str:
        units = character.encode("utf-16-be")
        if random_.random() < 0.5 or character in '"\\\t':
            return "".join(
                f"\\u{int.from_bytes(units[at : at + 2]):04{random_.choice('xX')}}" for at in range(0, len(units), 2)
            )
        return "\\/" if character == "/" and random_.random() < 0.5 else character

    return "".join(map(spelt, value))


def good(number: int, user: str, **more: object) -> bytes:
    row = {"visit": f"v{number}", "user_id": user, "number": number, "kind": "web", **more}
    return json.dumps(row, ensure_ascii=number % 2 == 0).encode()


def lines_of(value: str, random_: random.Random) -> tuple[list[bytes], list[bytes]]:
    """Return lines of others, and lines of the person in every shape."""
    others = [good(number, f"other-{number}", note="n" * random_.randrange(9)) for number in range(40)]
    others += [b"", b"{broken", b'{"visit": "v900", "number": "x"}']
    text = escaped(value, random_)
    persons = [
        good(100, value),
        good(100, value, amount=1.5),  # a duplicate
        b'{"visit": "v101", "user_id": "%s"}' % text.encode(),
        b'{"visit": "v102", "userId": "%s", "user_id": "other"}' % text.encode(),
        b'{"visit": "v103", "userId": null, "user_id": "%s"}' % text.encode(),
        b'{"visit": "v104", "user_id": "x", "user_id": "%s"}' % text.encode(),
        b'{"visit": "v105", "user_id": "%s", "number": "free"}' % text.encode(),  # malformed by a value
        b'{"visit": "v106", "user_id": "%s", "no' % text.encode(),  # cut off
        b'{"visit": "v107", "user_id": "%s"} {"visit": "v108"}' % text.encode(),  # two on a line
        b'["%s"]' % text.encode(),
        json.dumps({"message": json.dumps({"user_id": value})}).encode()[:-1],  # JSON in a string
        b'{"visit": "v109", "user_id": "%s"}\r' % text.encode(),
        f'{{"user_id": "{value}"'.encode("utf-16-le").replace(b"\n", b""),
        f'{{"user_id": "{value}"'.encode("latin-1", "replace"),
    ]
    return others, persons


def mixed(others: list[bytes], persons: list[bytes], random_: random.Random) -> bytes:
    lines = [*others, *persons]
    random_.shuffle(lines)
    return b"\n".join(lines) + random_.choice([b"", b"\n"])


@pytest.mark.parametrize("seed", range(2))
def test_an_independent_search_finds_nothing_and_nobody_elses_rows_change(
    club: Club, pipeline: Pipeline, seed: int, tmp_path: Path
) -> None:
    random_ = random.Random(seed)
    value = random_.choice(VALUES)
    others, persons = lines_of(value, random_)
    packed: list[tuple[str, Callable[[bytes], bytes]]] = [("a.json", bytes), ("b.json.gz", gzip.compress)]
    packed += [("c.ndjson", gzip.compress)]  # by its name plain text, and malformed as a whole
    for name, pack in packed:
        club.put(pack(mixed(others, persons, random_)), name, day="2025-01-01")
    club.put(b"\n".join([b"{" + value.encode()] * 30 + others[:3]), day="2025-01-02")
    assert club.run(day="2025-01-01").status == "published"
    assert club.run("--force=true", day="2025-01-01").status == "published"  # a version before it is kept
    assert club.run(day="2025-01-02").status == "gate_failed"
    reference = Club(tmp_path / "reference", club.contract)
    for name, pack in packed:
        reference.put(pack(b"\n".join(others)), name, day="2025-01-01")
    reference.run(day="2025-01-01")
    assert {path.partition("/")[0] for path in holding(club.root, value)} == {"raw", "curated", "quarantine", "metrics"}

    done = pipeline("erase", "--column", "user_id", "--value", value, "--yes")
    assert (done.exit_code, done.err) == (0, ""), done
    assert value not in done.out
    assert holding(club.root, value) == set()
    receipt = club.receipt()
    assert (receipt["absent"], receipt["still_there"]) == (True, [])
    assert receipt["dates"]["2025-01-01"]["raw_records"] == 3 * len(persons)
    assert published_rows(club.root, "2025-01-01") == published_rows(reference.root, "2025-01-01")
    assert club.record("2025-01-01")["previous"] == []
    again = pipeline("erase", "--column", "user_id", "--value", value, "--yes")
    assert (again.exit_code, "nothing is to be erased" in again.out) == (0, True)


def test_lines_that_were_replayed_go_with_what_stood_for_them(club: Club, pipeline: Pipeline, tmp_path: Path) -> None:
    value = "anna@example.org"
    rejected = [
        good(1, value, amount="free"),  # corrected, and theirs before and after
        good(2, "other", amount="free"),
        good(3, value, amount="free"),  # corrected into a line of somebody else
        good(4, value, amount="free"),  # left as it is
        b"\xef\xbb\xbf" + good(5, value),  # no JSON for its byte order mark
        good(6, value, amount="free"),  # its raw object is gone by the time
    ]
    gone = club.put(rejected.pop(), "gone.json")
    club.put(b"\n".join([*rejected, *(good(number, f"u{number}") for number in range(10, 20))]))
    assert club.run().metrics["rows_quarantined"] == len(rejected) + 1
    gone.unlink()
    file = tmp_path / "rejected.ndjson"
    assert pipeline("replay", DAY, "--export", str(file)).exit_code == 0
    corrected = {rejected[0]: good(1, value), rejected[1]: good(2, "other"), rejected[2]: good(3, "nobody")}
    corrected |= {rejected[4]: good(5, value), good(6, value, amount="free"): good(6, value)}
    lines = [corrected.get(line, line) for line in file.read_bytes().splitlines()]
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    assert pipeline("replay", DAY, "--from", str(file)).exit_code == 0
    file.unlink()
    done = pipeline("erase", "--column", "user_id", "--value", value, "--yes")
    assert (done.exit_code, done.err) == (0, ""), done
    assert holding(club.root, value) == set()
    for line in (rejected[0], *rejected[2:], good(6, value, amount="free")):
        assert holding(club.root, hashlib.sha256(line).hexdigest()) == set()
    [run] = (club.root / "metrics").rglob(f"{club.record(DAY)['current']['run_id']}.json")
    metrics = json.loads(run.read_bytes())
    assert (metrics["rows_quarantined"], metrics["rows_replaced"], metrics["warnings"]) == (1, 1, [])
    visits = {json.loads(row)["visit"] for row in published_rows(club.root, DAY)}
    assert visits == {"v2", "v3", *(f"v{number}" for number in range(10, 20))}


def test_records_in_envelopes_are_found_by_an_input_that_is_not_stored(
    club: Club, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "anna@example.org"
    text = club.contract.read_text(encoding="utf-8")
    club.contract = tmp_path / "members.odcs.yaml"
    club.contract.write_text(text.replace("schema:", "  - {property: recordsPath, value: Records}\nschema:"))
    monkeypatch.setenv("PIPELINE_CONTRACT", str(club.contract))
    records = [{"visit": f"v{number}", "email": f"{number}@example.org", "user_id": "u"} for number in range(4)]
    theirs = [{"visit": "z1", "email": value}, {"visit": "z2", "email": value, "number": "free"}]
    bad = {"visit": "v9", "number": "x", "user_id": "u"}
    club.put([{"Records": [*records, theirs[0]]}, {"Records": theirs}, {"Records": [bad, *theirs]}, {"error": value}])
    assert club.run().status == "published"
    before = [row for row in published_rows(club.root, DAY) if '"z' not in row]
    done = pipeline("erase", "--column", "email", "--value", value, "--yes")
    assert (done.exit_code, done.err) == (0, ""), done
    assert holding(club.root, value) == set()
    assert holding(club.root, hashlib.sha256(value.encode()).hexdigest()) == set()  # neither rows nor receipt
    assert published_rows(club.root, DAY) == before
    [(_, raw)] = club.files("raw").items()
    assert [json.loads(line) for line in raw.splitlines()] == [{"Records": records}, {"Records": [bad]}]
    assert [row["record"] for row in club.quarantined()] == ["0"]

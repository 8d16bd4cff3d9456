"""A person is erased from a data root and an independent search over all that runs leave behind finds nothing."""

import gzip
import json
import random
from collections.abc import Callable

import pytest

from tests.erasure.conftest import Club
from tests.erasure.everything import holding, published_rows
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


@pytest.mark.parametrize("seed", range(3))
def test_an_independent_search_finds_nothing_and_nobody_elses_rows_change(
    club: Club, pipeline: Pipeline, seed: int
) -> None:
    random_ = random.Random(seed)
    value = VALUES[seed % len(VALUES)]
    others, persons = lines_of(value, random_)
    whole = club.root / "without"
    reference = Club(whole, club.contract)
    packed: list[tuple[str, Callable[[bytes], bytes]]] = [
        ("a.json", bytes),
        ("b.json.gz", gzip.compress),
        ("c.ndjson", gzip.compress),
    ]
    for name, pack in packed:
        club.put(pack(mixed(others, persons, random_)), name, day="2025-01-01")
        reference.put(pack(b"\n".join(others)), name, day="2025-01-01")
    club.put(b"\n".join([b"{" + value.encode()] * 30 + others[:3]), day="2025-01-02")  # its gate fails
    club.put(b"\n".join(others), day="2025-01-03")
    club.put(b"\n".join([*persons[:3], *others]), "hidden.json", day="2025-01-04")
    club.raw("2025-01-04").joinpath("hidden.json").rename(club.raw("2025-01-04") / "_hidden.json")
    club.put(b"\n".join(others[:9]), day="2025-01-04")
    for day in ("2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04"):
        club.run(day=day)
    assert club.run(day="2025-01-02").status == "gate_failed"
    assert club.run("--force=true", day="2025-01-01").status == "published"  # a version before it is kept
    assert len(club.record("2025-01-01")["previous"]) == 1
    third = club.files("curated/members/ingestion_date=2025-01-03")
    assert holding(club.root, value)

    planned = pipeline("erase", "--column", "user_id", "--value", value)
    assert planned.exit_code == 0, planned.err
    assert "nothing was changed; to carry this out, give the same command with --yes" in planned.out
    before = holding(club.root, value)
    done = pipeline("erase", "--column", "user_id", "--value", value, "--yes")
    assert (done.exit_code, done.err) == (0, ""), done
    assert value not in planned.out + done.out
    assert before
    assert holding(club.root, value) == set()
    receipt = club.receipt()
    assert receipt["absent"]
    assert receipt["still_there"] == []
    assert receipt["dates"]["2025-01-01"]["raw_records"] == 3 * len(persons)
    reference.run(day="2025-01-01")
    assert published_rows(club.root, "2025-01-01") == published_rows(whole, "2025-01-01")
    assert club.record("2025-01-01")["previous"] == []
    assert club.files("curated/members/ingestion_date=2025-01-03") == third
    again = pipeline("erase", "--column", "user_id", "--value", value, "--yes")
    assert again.exit_code == 0
    assert "nothing is to be erased" in again.out

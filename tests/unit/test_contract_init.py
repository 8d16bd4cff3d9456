"""Drafts of contracts: their text, those of public shapes, and the memory that drafting takes."""

import json
import tracemalloc

import pytest
import yaml

from contract_init import draft_contract, profile
from contract_init.yaml_text import comment, scalar
from tests.unit import public_shapes
from tests.unit.drafts import Drafts


class TestText:
    ODD = (
        "yes",
        "No",
        "null",
        "1",
        "1.0",
        "1e3",
        "0x10",
        "~",
        "",
        " a",
        "a ",
        "a: b",
        "a #b",
        "#",
        "- a",
        "[a]",
        "{a}",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "'",
        '"',
        "\\",
        "a\nb",
        "\t",
        "\x00",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "\u202e",
        "\ufeff",
        "é",
        "😀",
        "a,b",
        "2025-01-01",
        "=",
        "<<",
        "?",
        "a:",
        "True",
        "y",
        "on",
        "/a/b",
        "-",
        ".inf",
        "a b",
    )

    @pytest.mark.parametrize("text", ODD, ids=ascii)
    def test_of_any_characters_is_the_same_in_yaml(self, text: str) -> None:
        assert yaml.safe_load(f"a: {scalar(text)}\nb: [{scalar(text)}, {scalar(text)}]") == {
            "a": text,
            "b": [text, text],
        }

    @pytest.mark.parametrize("text", ODD, ids=ascii)
    def test_of_any_characters_stays_in_its_comment(self, text: str) -> None:
        lines = comment(f"{text} word " * 30, indent=4)
        assert yaml.safe_load("\n".join(lines)) is None
        assert all(line.isprintable() and len(line) <= 200 for line in lines)

    def test_is_the_same_every_time(self, draft: Drafts) -> None:
        content = public_shapes.lines("segment_track")
        assert draft.text(content) == draft.text(content)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", public_shapes.LINES)
def test_a_public_shape_gets_a_key_and_an_event_time(draft: Drafts, name: str, seed: int) -> None:
    contract = draft(public_shapes.lines(name, seed=seed))
    assert contract.key == EXPECTED[name][0]
    assert contract.custom["eventTime"] == EXPECTED[name][1]


EXPECTED = {
    "github_archive": (["id"], "created_at"),
    "segment_track": (["messageId"], "timestamp"),
    "ga4_export": (["event_bundle_sequence_id"], "event_timestamp"),
    "stripe_event": (["id"], "created"),
    "wikimedia_change": (["meta_id"], "timestamp"),
    "dynamodb_item": (["pk"], "created_at"),
    "eventbridge_event": (["id"], "time"),
    "otlp_batch": (["traceId", "timeUnixNano"], "timeUnixNano"),
    "shopify_order": (["id"], "created_at"),
    "debezium_change": (["source_lsn"], "ts_ms"),
    "kafka_connect": (["order_id", "updated_at"], "updated_at"),
    "snowplow_enriched": (["event_id"], "collector_tstamp"),
    "auth0_log": (["id"], "data_date"),
    "okta_event": (["uuid"], "published"),
    "access_log": (["request", "time_local"], "time_local"),
}


def peak_bytes(draft: Drafts, content: bytes) -> int:
    path = draft.put(content)
    tracemalloc.start()
    draft_contract([path], name="events", source_system="shop")
    size: int = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def test_memory_does_not_grow_with_the_sample(draft: Drafts) -> None:
    small, large = (peak_bytes(draft, public_shapes.lines("eventbridge_event", count=count)) for count in (500, 2000))
    assert large < small + 1500 * 8 * 2 * 16  # two hashes of 8 bytes and their growth, in a dozen columns


def test_memory_does_not_grow_with_the_number_of_different_fields(
    draft: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(count: int) -> bytes:
        made = ({"id": str(n), "by": {f"k{n % 30}": {f"x{n}": {"y": 1}}}} for n in range(count))
        return b"".join(json.dumps(row).encode() + b"\n" for row in made)

    monkeypatch.setattr(profile, "MOST_FIELDS", 100)
    small, large = (peak_bytes(draft, rows(count)) for count in (300, 1500))
    assert large < small * 2.5  # which is what counting different values takes

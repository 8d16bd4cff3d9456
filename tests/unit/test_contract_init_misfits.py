"""Drafts of contracts: a few values that are something else do not decide about the many, and are told."""

from typing import Any

import pytest

from tests.unit.drafts import Contract, Document, Drafts, kind

GOOD = 199


def sample(name: str, value: Any, bad: Any) -> list[Document]:
    """Return records with a value each, and one bad one among them."""
    values = [value(number) if callable(value) else value for number in range(GOOD)]
    return [{"id": f"i{number}", name: one} for number, one in enumerate([*values[:70], bad, *values[70:]])]


def iso(number: int) -> str:
    return f"2025-01-01T00:{number // 60:02}:{number % 60:02}Z"


class TestOneValueThatIsSomethingElse:
    @pytest.mark.parametrize(
        ("name", "value", "bad", "expected"),
        [
            ("created", lambda n: 1_743_292_800 + n, "2025-03-30T00:00:00Z", "timestamp s"),
            ("created", lambda n: str(1_743_292_800 + n), "soon", "timestamp s string"),
            ("created", iso, "soon", "timestamp"),
            ("created", iso, "", "timestamp"),
            ("created", iso, 1_743_292_800, "timestamp"),
            ("created", iso, {"S": "x"}, "timestamp"),
            ("day", "2025-01-01", "2025-13-01", "date"),
            ("at", "31/12/2024 10:00:00", "12/31/2024 10:00:00", "timestamp dd/MM/yyyy HH:mm:ss"),
            ("amount", lambda n: n + 0.5, "free", "decimal(18,2)"),
            ("amount", lambda n: f"{n}.50", "gratis", "decimal(18,2)"),
            ("value", lambda n: n / 4, [1], "number"),
            ("value", lambda n: n, "007", "integer"),
            ("live", True, "yes", "boolean"),
            ("live", False, 0, "boolean"),
            ("tags", ["a"], "a", "array<string>"),
        ],
    )
    def test_leaves_the_type_of_the_others_and_is_told(
        self, draft: Drafts, name: str, value: Any, bad: Any, expected: str
    ) -> None:
        contract = draft(sample(name, value, bad))
        assert kind(contract.columns[name]) == expected
        assert "1 of 200 records has something else here, such as " in contract.said_of(name)
        assert "lines with that are malformed and go to quarantine" in contract.said_of(name)
        assert "maxMalformedPercent" not in contract.custom

    def test_does_not_take_the_event_time_away(self, draft: Drafts) -> None:
        contract = draft(sample("created", lambda n: 1_743_292_800 + n, "2025-03-30T00:00:00Z"))
        assert contract.custom["eventTime"] == "created"
        assert '"2025-03-30T00:00:00Z"' in contract.said_of("created")

    def test_leaves_the_objects_of_the_others_open(self, draft: Drafts) -> None:
        contract = draft(sample("app", lambda n: {"build": f"u{n}", "size": n}, "none"))
        assert contract.sources == {"id": ["id"], "app_build": ["app.build"], "app_size": ["app.size"]}
        assert 'such as "none"' in contract.said_of("app_build")
        assert "something else" not in contract.said_of("app_size")

    def test_is_found_in_dynamodb_and_around_records(self, draft: Drafts) -> None:
        rows = [
            {"Item": {"id": {"S": row["id"]}, "at": row["at"]}}
            for row in sample("at", lambda n: {"S": iso(n)}, {"S": "soon"})
        ]
        assert kind(draft(rows).columns["at"]) == "timestamp"
        texts = [{"at": row["at"], "Records": [{"id": row["id"]}]} for row in sample("at", lambda n: n, "soon")]
        assert kind(draft(texts).columns["at"]) == "integer"

    def test_spoils_no_rule_and_no_range(self, draft: Drafts) -> None:
        rows = sample("size", lambda n: n % 5 + 1, "x")
        contract = draft([row | {"status": "CORRUPT" if row["size"] == "x" else "open"} for row in rows])
        assert "1 to 5" in contract.said_of("size")
        assert contract.columns["status"]["quality"][1]["arguments"] == {"validValues": ["open"]}
        assert all(rule["mustBe"] == 0 for rule in contract.columns["size"]["quality"])

    @pytest.mark.parametrize(
        ("value", "bad", "words"),
        [("true", "maybe", "199 of 200 are booleans"), ("1", "many", "199 of 200 are numbers")],
    )
    def test_is_no_valid_value_beside_booleans_and_numbers_in_strings(
        self, draft: Drafts, value: str, bad: str, words: str
    ) -> None:
        contract = draft(sample("flag", value, bad))
        assert words in contract.said_of("flag")
        assert "validValues" not in contract.text

    def test_of_another_kind_leaves_the_valid_values_of_texts(self, draft: Drafts) -> None:
        contract = draft(sample("status", "open", 5))
        assert contract.columns["status"]["quality"][1]["arguments"] == {"validValues": ["open"]}
        assert "quarantine" not in contract.text

    def test_in_a_key_leaves_it_the_key(self, draft: Drafts) -> None:
        rows = [{"id": n, "user": n % 3} for n in range(GOOD)]
        contract = draft([*rows, {"id": ["x"], "user": 1}])
        assert contract.key == ["id"]
        assert "never null and different in all 199 records" in contract.said_of("id")

    @pytest.mark.parametrize(("name", "bad"), [("email_at", "a@example.com"), ("seen_at", "198.51.100.7")])
    def test_is_not_shown_where_it_may_name_a_person(self, draft: Drafts, name: str, bad: str) -> None:
        contract = draft(sample(name, iso, bad))
        assert kind(contract.columns[name]) == "timestamp"
        assert bad not in contract.text

    @pytest.mark.parametrize("count", [2, 50, 99])
    def test_of_a_small_sample_decides(self, draft: Drafts, count: int) -> None:
        values: list[Any] = [1_743_292_800] * (count - 1)
        assert kind(draft.column(*values, "soon", name="created")) == "string"

    @pytest.mark.parametrize("bad", ["007.50", ".5", "1E3"])
    def test_that_a_decimal_would_read_is_kept_as_it_is(self, draft: Drafts, bad: str) -> None:
        contract = draft(sample("amount", lambda n: n + 0.5, bad))
        assert kind(contract.columns["amount"]) == "string"
        assert "quarantine" not in contract.text

    def test_that_any_type_reads_is_none(self, draft: Drafts) -> None:
        for value, other, expected in (("2025-01-01", iso(1), "timestamp"), (5, 1.5, "number"), ("a", 5, "string")):
            contract = draft(sample("value", value, other))
            assert kind(contract.columns["value"]) == expected
            assert "something else" not in contract.text


class TestNumbersSomeOfWhichAreStrings:
    def test_are_numbers_where_few_are(self, draft: Drafts) -> None:
        contract = draft(sample("size", lambda n: n, "22"))
        assert kind(contract.columns["size"]) == "integer string"
        assert "numbers, 1 of 200 in strings" in contract.said_of("size")


class TestMomentsOutsideOfTheirYears:
    def test_stay_moments_where_they_can_be_read(self, draft: Drafts) -> None:
        contract = draft(sample("created", lambda n: 1_743_292_800 + n, 0))
        assert contract.custom["eventTime"] == "created"
        assert "1 of 200 are outside of the years 2001 to 2100" in contract.said_of("created")
        assert "all 200 records" in contract.text
        assert "quarantine" not in contract.text

    def test_are_malformed_beyond_the_years_of_a_timestamp(self, draft: Drafts) -> None:
        contract = draft(sample("created", lambda n: 1_743_292_800 + n, 1_743_292_800_000))
        assert kind(contract.columns["created"]) == "timestamp s"
        assert "1 of 200 records has something else here, such as 1743292800000" in contract.said_of("created")

    def test_are_malformed_with_a_fraction_of_a_nanosecond(self, draft: Drafts) -> None:
        contract = draft(sample("timeUnixNano", lambda n: str((1_743_292_800 + n) * 10**9), f"{10**18}.5"))
        assert kind(contract.columns["timeUnixNano"]) == "timestamp ns string"
        assert "1 of 200 records has something else here" in contract.said_of("timeUnixNano")


class TestTheLimitOnMalformedLines:
    def rows(self, columns: int) -> list[Document]:
        rows: list[Document] = [{"id": n} | {f"c{k}": n for k in range(columns)} for n in range(200)]
        for k in range(columns):
            rows[k][f"c{k}"] = "bad"
        return rows

    def columns(self, contract: Contract) -> list[str]:
        return [kind(contract.columns[f"c{k}"]) for k in range(4)]

    def test_is_not_exceeded_by_what_is_taken_for_malformed(self, draft: Drafts) -> None:
        contract = draft(self.rows(4))
        assert sorted(self.columns(contract)) == ["integer", "integer", "string", "string"]
        assert "2 records that a run would quarantine for a value that does not fit" in contract.text
        assert "maxMalformedPercent" not in contract.custom

    def test_leaves_room_for_a_time_before_others(self, draft: Drafts) -> None:
        rows = [row | {"created": iso(n)} for n, row in enumerate(self.rows(4))]
        rows[9]["created"] = "soon"
        assert draft(rows).custom["eventTime"] == "created"

    def test_is_stated_where_the_sample_has_more(self, draft: Drafts) -> None:
        lines = b'{"id": 1}\n{"id": 2}\n{"id": 3}\nnothing\n'
        contract = draft(lines)
        assert 25 < contract.custom["maxMalformedPercent"] <= 100
        assert "25 % of the sample are malformed" in contract.text

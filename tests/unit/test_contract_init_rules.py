"""Drafts of contracts: what identifies a row, which time is the event's, and which rules hold for a sample."""

import random
from typing import Any

import pytest

from contract_init import SampleError
from tests.unit import public_shapes
from tests.unit.drafts import Contract, Document, Drafts


class TestKeys:
    @pytest.mark.parametrize(
        ("rows", "key"),
        [
            ([{"a": n, "id": n} for n in range(9)], ["id"]),
            ([{"user_id": n, "event_id": n} for n in range(9)], ["event_id"]),
            ([{"thing_id": n % 3, "events_id": n} for n in range(9)], ["events_id"]),
            ([{"id": n % 3 or None, "meta": {"id": n}, "n": 1} for n in range(9)], ["meta_id"]),
            ([{"_id": f"x{n}", "n": n} for n in range(9)], ["id"]),
            ([{"uuid": f"x{n}", "id": 1} for n in range(9)], ["uuid"]),
            ([{"user": n % 3, "day": n // 3, "kind": "a"} for n in range(9)], ["user", "day"]),
            ([{"a": n % 2, "b": n // 2 % 2, "c": n // 4 % 2, "d": 1} for n in range(8)], ["a", "b", "c"]),
            ([{"user_id": n, "ts": f"2025-01-01T00:00:{n:02}Z"} for n in range(9)], ["user_id", "ts"]),
            ([{"order_id": n, "ts": f"2025-01-01T00:00:{n:02}Z"} for n in range(9)], ["order_id", "ts"]),
            ([{"text": f"t{n}", "n": 1} for n in range(200)], ["text"]),
        ],
    )
    def test_are_never_null_and_unique_with_names_of_ids_first(
        self, draft: Drafts, rows: list[Document], key: list[str]
    ) -> None:
        assert draft(rows).key == key

    def test_have_the_name_of_the_dataset(self, draft: Drafts) -> None:
        rows = [{"user_id": n, "order_id": n} for n in range(9)]
        assert draft(rows, name="orders").key == ["order_id"]

    def test_stay_keys_when_a_few_rows_are_sent_twice(self, draft: Drafts) -> None:
        rows = [{"event_id": n, "at": n, "user": n % 7} for n in range(200)]
        contract = draft([*rows, *rows[:4]])
        assert contract.key == ["event_id"]
        assert "4 of 204 records repeat one before them" in contract.said_of("event_id")
        [rule] = contract.columns["event_id"]["quality"]
        assert (rule["metric"], rule["severity"], rule["mustBeLessOrEqualTo"]) == ("duplicateValues", "warning", 5)

    def test_that_were_not_found_are_said_and_no_two_rows_that_differ_are_equal(self, draft: Drafts) -> None:
        rows = [{"user": n % 3, "page": n % 2} for n in range(60)]
        contract = draft(rows)
        assert contract.key == ["user", "page"]
        assert "no key was found" in contract.said_of("user")
        assert "54 of 60 records repeat one before them" in contract.said_of("user")

    @pytest.mark.parametrize("name", ["sk", "parcel_id", "note"])
    def test_of_any_name_stay_keys_when_what_is_sent_twice_is_equal(self, draft: Drafts, name: str) -> None:
        rows = [{"user": n % 7, name: f"x{n}", "size": n % 3, "tags": [n]} for n in range(200)]
        contract = draft([*rows, *rows[:4]])
        assert contract.key == [name]
        assert "4 of 204 records repeat one before them, equal in all fields" in contract.said_of(name)
        assert "not named as a record's own id: make sure" in contract.said_of(name)

    @pytest.mark.parametrize("repeats", [4, 40])
    def test_are_several_columns_when_an_id_of_another_thing_repeats(self, draft: Drafts, repeats: int) -> None:
        rows = [{"order_id": n % (200 - repeats), "step": n // (200 - repeats)} for n in range(200)]
        assert draft(rows).key == ["order_id", "step"]

    def test_with_a_null_repeat_nothing(self, draft: Drafts) -> None:
        rows: list[Document] = [{"user": None, "page": None}] * 12 + [{"user": 1, "page": 2}] * 2
        contract = draft(rows)
        assert (
            "1 of 14 records repeat one before them and would be removed as duplicates where both are of one date"
            in contract.said_of("user")
        )
        assert "12 of 14 records have a null in it, and such rows are never removed" in contract.said_of("user")
        assert "7.14 % repeat one before them" in contract.text

    @pytest.mark.parametrize("seed", range(10))
    def test_tell_apart_what_any_column_tells_apart(self, draft: Drafts, seed: int) -> None:
        generator = random.Random(seed)
        rows = [
            {f"c{number}": generator.randrange(generator.choice((2, 9))) for number in range(6)} for _ in range(300)
        ]
        key = draft(rows).key
        assert len({tuple(row[name] for name in key) for row in rows}) == len({tuple(row.values()) for row in rows})

    def test_are_no_times_and_no_amounts(self, draft: Drafts) -> None:
        rows = [
            {"at": f"2025-01-01T00:{n // 60:02}:{n % 60:02}Z", "amount": n + 0.5, "user": n // 2} for n in range(200)
        ]
        assert "amount" not in draft(rows).key

    def test_need_a_simple_value(self, draft: Drafts) -> None:
        with pytest.raises(SampleError, match="no field holds simple values"):
            draft([{"a": [1]}, {"a": [2]}])


class TestEventTime:
    @pytest.mark.parametrize(
        ("names", "chosen"),
        [
            (["created_at", "event_time", "received_at"], "event_time"),
            (["createdAt", "timestamp"], "timestamp"),
            (["expires_at", "created_at"], "created_at"),
            (["updated_at", "created_at"], "created_at"),
            (["expires_at"], None),
            (["lastSeen"], "lastSeen"),
            ([], None),
        ],
    )
    def test_is_the_likeliest_by_name(self, draft: Drafts, names: list[str], chosen: str | None) -> None:
        contract = draft([{"id": str(n)} | dict.fromkeys(names, f"2025-01-01T00:00:0{n}Z") for n in range(3)])
        assert contract.custom.get("eventTime") == chosen
        assert ("No eventTime" in contract.text) == (chosen is None)

    def test_is_always_there_if_another_is_not(self, draft: Drafts) -> None:
        rows = [
            {"id": str(n), "ts": "2025-01-01T00:00:00Z" if n else None, "time": "2025-01-01T00:00:00Z"}
            for n in range(9)
        ]
        assert draft(rows).custom["eventTime"] == "time"


class TestRules:
    def rules(self, contract: Contract, column: str) -> dict[str, Any]:
        return {rule["metric"]: rule for rule in contract.columns[column].get("quality", ())}

    def test_that_days_have_rows_is_the_only_error(self, draft: Drafts) -> None:
        contract = draft(public_shapes.lines("wikimedia_change"))
        assert contract.rules == [{"id": "any_rows", "metric": "rowCount", "mustBeGreaterThan": 0}]
        stated = [rule for column in contract.columns.values() for rule in column.get("quality", ())]
        assert {rule["severity"] for rule in stated} == {"warning"}
        assert len({rule["id"] for rule in stated}) == len(stated)

    @pytest.mark.parametrize(
        ("nulls", "operator", "limit"),
        [(0, "mustBe", 0), (10, "mustBeLessOrEqualTo", 2), (300, "mustBeLessOrEqualTo", 45), (990, None, None)],
    )
    def test_of_nulls_have_room_above_what_was_measured(
        self, draft: Drafts, nulls: int, operator: str | None, limit: int | None
    ) -> None:
        rows = [{"id": str(n), "v": None if n < nulls else f"v{n}"} for n in range(1000)]
        contract = draft(rows)
        rule = self.rules(contract, "v").get("nullValues")
        assert (None if rule is None else rule[str(operator)]) == limit
        assert operator != "mustBeLessOrEqualTo" or f"{nulls / 10:g} % are null" in contract.text

    def test_of_values_list_those_that_are_few_and_frequent(self, draft: Drafts) -> None:
        rows = [{"id": f"i{n}", "status": ("open", "paid", "no")[n % 3], "name": f"n{n % 50}"} for n in range(200)]
        contract = draft(rows)
        rule = self.rules(contract, "status")["invalidValues"]
        assert rule["arguments"] == {"validValues": ["no", "open", "paid"]}
        assert "3 values in 200" in contract.said_of("status")
        assert "invalidValues" not in self.rules(contract, "name")

    def test_of_values_are_not_made_of_a_handful_of_records(self, draft: Drafts) -> None:
        assert "invalidValues" not in draft([{"id": str(n), "status": "open"} for n in range(5)]).text

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("email", "a@example.com"),
            ("contact", "a@example.com"),
            ("ip", "host"),
            ("peer", "198.51.100.1"),
            ("user_id", "u1"),
            ("first_name", "Ann"),
            ("link", "https://x.example/?t=1"),
            ("phone", "x"),
            ("blank", ""),
        ],
    )
    def test_name_no_persons(self, draft: Drafts, name: str, value: str) -> None:
        contract = draft([{"id": str(n), name: value} for n in range(100)])
        assert "invalidValues" not in self.rules(contract, name)
        assert not value or value not in contract.text

    def test_of_many_values_are_broken_into_lines(self, draft: Drafts) -> None:
        values = [f"a value of some length {number}" for number in range(20)]
        contract = draft([{"id": f"i{n}", "v": values[n % 20]} for n in range(400)])
        assert self.rules(contract, "v")["invalidValues"]["arguments"]["validValues"] == sorted(values)
        assert max(map(len, contract.text.splitlines())) <= 120


class TestLongNames:
    @pytest.mark.parametrize("length", [110, 117, 118, 119, 125, 200])
    def test_give_rules_of_legal_and_unique_ids(self, draft: Drafts, length: int) -> None:
        names = [f"{'x' * length}{end}" for end in "abc"]
        rows = [dict.fromkeys(names, ("in", "out")[n % 2]) | {"id": n} for n in range(200)]
        columns = draft(rows).columns
        ids = [rule["id"] for name, column in columns.items() if name != "id" for rule in column["quality"]]
        assert len(set(ids)) == len(ids) == 6
        assert {len(rule_id) <= 128 for rule_id in ids} == {True}


@pytest.mark.parametrize("name", [" ", "\u2028", "\t \n"])
def test_an_array_of_a_blank_name_is_no_way_to_records(draft: Drafts, name: str) -> None:
    contract = draft([{"n": n, name: [{"a": 1, "b": 2}]} for n in range(9)])
    assert "recordsPath" not in contract.custom

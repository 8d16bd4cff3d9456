"""Drafts of contracts: names, types and columns; nothing that a sample holds is lost or guessed."""

import itertools
import random
import re
import string
from collections.abc import Sequence
from typing import Any

import pytest

from contract.ddl_types import canonical_type
from contract_init.names import column_names
from contract_init.times import forms_of
from tests.unit import public_shapes
from tests.unit.drafts import Contract, Document, Drafts, kind


class TestNames:
    @pytest.mark.parametrize(
        ("field", "name"),
        [
            ("user_id", "user_id"),
            ("userId", "userId"),
            ("detail-type", "detail_type"),
            ("@timestamp", "timestamp"),
            ("_id", "id"),
            ("$schema", "schema"),
            ("größe", "große"),
            ("2fa", "field_2fa"),
            ("用户", "field"),
            ("run_id", "source_run_id"),
            ("Ingestion_Date", "source_Ingestion_Date"),
            ("a.b", "a_b"),
            ("a b", "a_b"),
            ("__x__", "x"),
            ("é", "e"),
            ("x" * 300, "x" * 121),
        ],
    )
    def test_are_those_of_fields_where_they_can_be(self, field: str, name: str) -> None:
        assert column_names([(field,)]) == [name.replace("ß", "_")]

    @pytest.mark.parametrize(
        ("fields", "names"),
        [
            ([("_id",), ("id",)], ["id_2", "id"]),
            ([("Key",), ("key",), ("KEY",)], ["Key", "key_2", "KEY_3"]),
            ([("meta", "id"), ("meta_id",)], ["meta_id_2", "meta_id"]),
            ([("a-b",), ("a.b",), ("a_b",)], ["a_b_2", "a_b_3", "a_b"]),
            ([("data", "$type", "v")], ["data_type_v"]),
            ([("用",), ("户",)], ["field", "field_2"]),
        ],
    )
    def test_are_unique_ignoring_case(self, fields: Sequence[tuple[str, ...]], names: Sequence[str]) -> None:
        assert column_names(fields) == names

    @pytest.mark.parametrize("seed", range(5))
    def test_of_any_fields_are_legal_unique_and_lead_back_to_them(self, draft: Drafts, seed: int) -> None:
        generator = random.Random(seed)
        alphabet = string.ascii_letters + "019_-.@$[]'\"\\/ :#,{}é用\u202e\u2028\x07😀"
        names = ["".join(generator.choices(alphabet, k=generator.randint(1, 9))) for _ in range(150)]
        contract = draft([{"id": "1"} | dict.fromkeys(names, "v"), {"id": "2"} | dict.fromkeys(names, "w")])
        lower = [name.lower() for name in contract.columns]
        assert len(set(lower)) == len(lower) == len({"id", *names})
        assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,127}", name) for name in contract.columns)
        assert {steps(path) for paths in contract.sources.values() for path in paths} == {
            (name,) for name in {"id", *names}
        }


def steps(path: str) -> tuple[str, ...]:
    """Read a path by its rule: names with dots between them, or quoted in brackets."""
    found = re.findall(r"\['((?:[^'\\]|\\.)*)'\]|\.?([^.\[\]'\"`]+)", path)
    return tuple(re.sub(r"\\(.)", r"\1", quoted) if quoted else plain for quoted, plain in found)


class TestTypes:
    @pytest.mark.parametrize(
        ("name", "values", "expected"),
        [
            ("value", [1, -5, 10**18], "integer"),
            ("value", [1, 2**63], "decimal(38,0)"),
            ("value", [1, 10**40], "string"),
            ("value", [1.5, 2, 3.25e-9], "number"),
            ("value", [9_007_199_254_740_993, 1234.5], "decimal(21,1)"),
            ("value", [2**63 - 1, 0.25], "decimal(25,2)"),
            ("value", [10**18, 0.1], "number"),
            ("value", [True, None, False], "boolean"),
            ("value", ["a", None], "string"),
            ("value", [None, None], "string"),
            ("value", [1, "a"], "string"),
            ("value", [True, "true"], "string"),
            ("value", [[1], {"a": 1}], "string"),
            ("price", [19.99, 5, 0.5], "decimal(18,2)"),
            ("total_amount", [1.125, 2], "decimal(18,3)"),
            ("unitPrice", ["19.99", "5.00"], "decimal(18,2)"),
            ("unitPrice", ["19.99", 5, 7.5], "decimal(18,2)"),
            ("price", [1.23456789], "number"),
            ("price", [100, 250], "integer"),
            ("value", ["2025-01-01", "2025-12-31"], "date"),
            ("value", ["2025-01-01", "2025-01-01T10:00Z"], "timestamp"),
            ("value", ["2025-01-01T10:00:00Z", "2025-01-01 10:00:00.123+02:00"], "timestamp"),
            ("value", ["2025-01-01T10:00:00Z", ""], "string"),
            ("value", ["2025-01-01T10:00:00Z", "0000-00-00"], "string"),
            ("value", ["6f9619ff-8b86-4011-b42d-00c04fc964ff"], "string"),
            ("event_date", ["20250101", "20251231"], "date yyyyMMdd"),
            ("code", ["20250101", "20251231"], "string"),
            ("event_date", [20250101, 20251231], "date yyyyMMdd"),
            ("event_date", [20250101, 20251301], "integer"),
            ("code", [20250101, 20251231], "integer"),
            ("value", ["17/May/2015:10:05:03 +0000"], "timestamp dd/MMM/yyyy:HH:mm:ss Z"),
            ("value", ["Wed, 01 Jan 2025 00:00:00 GMT"], "timestamp EEE, dd MMM yyyy HH:mm:ss 'GMT'"),
            ("value", ["Wed Oct 10 20:19:24 +0000 2018"], "timestamp EEE MMM dd HH:mm:ss Z yyyy"),
            ("value", ["31/12/2024 10:00:00", "01/02/2025 11:00:00"], "timestamp dd/MM/yyyy HH:mm:ss"),
            ("value", ["12/31/2024 10:00:00", "01/02/2025 11:00:00"], "timestamp MM/dd/yyyy HH:mm:ss"),
            ("value", ["01/02/2025 11:00:00"], "string"),
            ("value", ["01.02.2025"], "date dd.MM.yyyy"),
            ("value", ["2025/01/31"], "date yyyy/MM/dd"),
            ("value", ["2025-01-01 00:00:00 UTC"], "timestamp yyyy-MM-dd HH:mm:ss 'UTC'"),
            ("value", ["2025-01-01 00:00:00,123"], "timestamp yyyy-MM-dd HH:mm:ss,SSS"),
            ("value", ["20250101T000000Z", "20250101T000000+0100"], "timestamp yyyyMMdd'T'HHmmssXX"),
            ("created", [1_735_689_600, 1_735_689_601], "timestamp s"),
            ("created", [1_735_689_600.25, 1_735_689_601], "timestamp s"),
            ("ts_ms", [1_735_689_600_000], "timestamp ms"),
            ("eventTimeMicros", [1_735_689_600_000_000], "timestamp us"),
            ("timeUnixNano", ["1735689600123456789"], "timestamp ns string"),
            ("event_timestamp", ["1735689600123456", 1_735_689_600_123_456], "timestamp us string"),
            ("user_id", [1_735_689_600], "integer"),
            ("offset", [1_735_689_600], "integer"),
            ("created", [1_735_689_600, 0], "integer"),
            ("created", [1_735_689_600, 1_735_689_600_000], "integer"),
            ("duration", [1_735_689_600], "integer"),
            ("count", ["1", "22"], "string"),
            ("flag", ["true", "false"], "string"),
            ("zip", ["01234", "98765"], "string"),
            ("api_version", ["2024-06-20"], "string"),
            ("value", [["a"], []], "array<string>"),
            ("value", [[1, 2], [3]], "array<bigint>"),
            ("value", [[1, "a"]], "array<string>"),
            ("value", [[]], "array<string>"),
            ("value", [[[1.5]]], "array<array<double>>"),
            ("value", [[{"a": 1, "b": "x"}]], "array<struct<a:bigint,b:string>>"),
            ("value", [[{"a": 1, "A": "x"}]], "string"),
            ("value", [[{"a-b": 1}]], "string"),
            ("value", [[{"t": "2025-01-01T00:00:00Z"}]], "array<struct<t:timestamp>>"),
            ("value", [[{"t": "01.02.2025"}]], "array<struct<t:string>>"),
            ("value", [[{"k": "a", "v": {"x": 1}}, {"k": "b", "v": {"y": 1}}]], "array<struct<k:string,v:string>>"),
            ("metadata", [{"a": 1}, {"b": "x"}], "map<string,string>"),
            ("metadata", [{"a": {"b": 1}}], "string"),
            ("value", [{}], "map<string,string>"),
            ("value", [{"123": 1, "456": 2}], "map<string,string>"),
            ("value", [{"": 1}], "map<string,string>"),
            ("value", [{"a": 1, "A": 2}], "map<string,string>"),
            ("value", [{f"k{number}": 1 for number in range(60)}], "map<string,string>"),
            ("value", [{"a": 1}, {"b": 1}, {"c": 1}, {"d": 1}], "map<string,string>"),
        ],
    )
    def test_of_columns_fit_all_values(self, draft: Drafts, name: str, values: list[Any], expected: str) -> None:
        column = draft.column(*values, name=name)
        assert kind(column) == expected
        if "physicalType" in column:
            assert canonical_type(column["physicalType"]) == column["physicalType"]

    @pytest.mark.parametrize(
        ("name", "values", "words"),
        [
            ("metadata", [{"a": 1, "b": 2}] * 2, "2 different keys; others may follow, by the name of the field"),
            ("metadata", [{"a": 1}, {"b": 2}], "2 different keys, not all in every record"),
            ("value", [{"123": 1, "456": 2}] * 2, "2 different keys"),
        ],
    )
    def test_of_open_maps_say_what_was_seen_of_their_keys(
        self, draft: Drafts, name: str, values: list[Any], words: str
    ) -> None:
        said = draft([{"id": n, name: value} for n, value in enumerate(values)]).said_of(name)
        assert words in said
        assert ("not all in every record" in said) == ("not all" in words)

    @pytest.mark.parametrize(
        ("values", "expected", "words"),
        [
            (["1", "9223372036854775807"], "integer string", "1 to 9223372036854775807"),
            (["1", "9223372036854775808"], "decimal(38,0)", "beyond a bigint"),
            (["007", "9223372036854775807"], "string", "digits with leading zeros, which a number would lose"),
            (["1.5", "2"], "number string", "1.5 to 2"),
            (["1.5", "99999999999999.9999"], "decimal(22,4)", "more digits than a double has"),
            (["0.5", "9223372036854775807"], "decimal(24,1)", "more digits than a double has"),
            (["1." + "1" * 38], "string", "more digits than a number type has"),
            (["1E+30", "1"], "string", "some of which have an exponent"),
            (["1" * 39], "string", "39 digits, more than any number type has"),
        ],
    )
    def test_of_dynamodbs_numbers_hold_them_exactly(
        self, draft: Drafts, values: list[str], expected: str, words: str
    ) -> None:
        contract = draft([{"Item": {"pk": {"S": f"p{n}"}, "v": {"N": value}}} for n, value in enumerate(values)])
        assert kind(contract.columns["v"]) == expected
        assert words in contract.said_of("v")

    def test_proposed_for_numbers_in_strings_hold_them_exactly(self, draft: Drafts) -> None:
        contract = draft([{"id": n, "v": value} for n, value in enumerate(["0.5", "9223372036854775807"])])
        assert "logicalType: number physicalType: decimal(24,1)" in contract.said_of("v")
        contract = draft([{"id": n, "v": value} for n, value in enumerate(["5", "9223372036854775808"])])
        assert "logicalType: integer physicalType: decimal(38,0)" in contract.said_of("v")

    def test_of_fractions_that_no_type_holds_is_the_nearest_and_says_so(self, draft: Drafts) -> None:
        contract = draft(b'{"id":"a","v":1.%s}' % (b"1" * 40))
        assert kind(contract.columns["v"]) == "number"
        assert "more digits than a number type has, so each is rounded" in contract.said_of("v")

    def test_of_a_huge_number_is_text(self, draft: Drafts) -> None:
        rows = b'{"id":"a","v":1.5}\n{"id":"b","v":' + b"1" * 1100 + b"}\n"
        assert kind(draft(rows).columns["v"]) == "string"

    @pytest.mark.parametrize("exponent", ["9999", "000000000000000000001", "99999", "300000000", "9" * 18, "9" * 30])
    @pytest.mark.parametrize("name", ["v", "price", "created_at"])
    def test_of_numbers_with_any_exponent_are_found_at_once(self, draft: Drafts, name: str, exponent: str) -> None:
        forms = (b'{"id":"a","%s":%s}\n', b'{"id":"a","%s":[%s]}\n', b'{"id":"a","%s":{"a":{"b":%s}}}\n')
        for mantissa, sign in itertools.product(("0", "-1", "2.5"), ("e", "E+", "e-")):
            number = f"{mantissa}{sign}{exponent}".encode()
            for form in forms:
                text = draft.text(b'{"id":"b","%s":1.5}\n' % name.encode() + form % (name.encode(), number))
                assert len(text) < 10_000
        beyond = draft(b'{"id":"a","%s":1e%s}' % (name.encode(), exponent.encode()))
        assert kind(beyond.columns[name]).startswith("string") == (int(exponent) > 1)

    @pytest.mark.parametrize(
        ("name", "values", "words"),
        [
            ("count", ["1", "22"], "all are integers in strings, 1 to 22 to store them as what they hold"),
            ("count", [1, "22"], "numbers, 1 of 2 in strings; 1 to 22 to store them as what they hold"),
            ("flag", ["true", "false"], "all are booleans in strings"),
            ("ratio", ["0.5", "2"], "all are numbers in strings, 0.5 to 2"),
            ("code", ["007", "123"], "digits with leading zeros, which a number would lose"),
            ("value", [1, "a", None], "of different kinds, so each is kept as text: 1 integer, 1 string"),
            ("value", ["01/02/2025"], "times that could be dd/MM/yyyy or MM/dd/yyyy"),
            (
                "value",
                ["2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z", ""],
                "2 of 3 are times (ISO 8601 timestamp), 1 are empty",
            ),
            ("created", [1_735_689_600, 1_735_689_600, 0], "2 of 3 are seconds since 1970, the others are not"),
            ("value", ["2025/01/01 10:00"], "without a zone, which means UTC; for another state defaultTimezone"),
            ("value", [1, 5], "1 to 5"),
            ("value", [None], "always null in the sample"),
        ],
    )
    def test_that_could_be_others_say_so(self, draft: Drafts, name: str, values: list[Any], words: str) -> None:
        contract = draft([{"id": f"i{number}", name: value} for number, value in enumerate(values)])
        assert words in contract.said_of(name)

    @pytest.mark.parametrize("column", ["count", "ratio", "flag"])
    def test_what_is_proposed_instead_is_yaml_in_place_of_the_type(self, draft: Drafts, column: str) -> None:
        rows = [{"id": str(n), "count": str(n + 10), "ratio": f"{n}.5", "flag": "true"} for n in range(9)]
        text = draft.text(rows)
        before, _, after = text.partition(f"- name: {column}\n")
        lines = after.partition("\n\n")[0].splitlines()
        lines = [
            line.replace("# logical", "logical").replace("# custom", "custom")
            for line in lines
            if "logicalType: string" not in line
        ]
        changed = f"{before}- name: {column}\n" + "\n".join(lines) + "\n\n" + after.partition("\n\n")[2]
        wanted = {"count": "integer string", "ratio": "number string", "flag": "boolean string"}[column]
        assert kind(Contract(changed).columns[column]) == wanted

    @pytest.mark.parametrize(
        ("text", "forms"),
        [
            ("2025-02-30", []),
            ("2025-01-01T25:00:00Z", []),
            ("31/31/2025", []),
            ("99999999", []),
            ("20251301", []),
            ("hello 2025", []),
            ("1.2.3", []),
            ("12345678", []),
            ("+49 30 123456", []),
            ("2025-01-01 10:00:00.", []),
            ("2025-01-01 10:00:00 ", []),
            ("2025-01-01T10:00:00 +01:00", ["yyyy-MM-dd'T'HH:mm:ss XXX"]),
            ("2025.01.02 03:04", ["yyyy.MM.dd HH:mm"]),
            ("05-Mar-2025", ["dd-MMM-yyyy"]),
            ("05 Mar 2025 10:11:12 GMT", ["dd MMM yyyy HH:mm:ss 'GMT'"]),
            ("20250102030405", ["yyyyMMddHHmmss"]),
            ("1900-01-01 10:00:00 UTC", ["yyyy-MM-dd HH:mm:ss 'UTC'"]),
            ("1066-01-01 10:00:00 UTC", []),
        ],
    )
    def test_of_times_are_told_by_their_form_and_calendar(self, text: str, forms: Sequence[str]) -> None:
        assert list(forms_of(text)) == forms


class TestColumns:
    def test_objects_whose_fields_are_known_become_a_column_each(self, draft: Drafts) -> None:
        rows = [{"id": str(n), "user": {"name": "a", "geo": {"lat": 1.5}}} for n in range(3)]
        assert draft(rows).sources == {"id": ["id"], "user_name": ["user.name"], "user_geo_lat": ["user.geo.lat"]}

    def test_an_object_around_all_is_left_out_of_names(self, draft: Drafts) -> None:
        assert draft([{"Item": {"id": "a", "n": 1}}]).sources == {"id": ["Item.id"], "n": ["Item.n"]}

    def test_an_object_that_is_sometimes_another_kind_stays_whole(self, draft: Drafts) -> None:
        contract = draft([{"id": "a", "v": {"x": 1}}, {"id": "b", "v": "text"}])
        assert contract.sources == {"id": ["id"], "v": ["v"]}
        assert kind(contract.columns["v"]) == "string"

    def test_dynamodb_json_is_read_by_the_letters_of_its_types(self, draft: Drafts) -> None:
        contract = draft(public_shapes.lines("dynamodb_item"))
        assert {name: (paths[0], kind(contract.columns[name])) for name, paths in contract.sources.items()} == {
            "pk": ("Item.pk.S", "string"),
            "total": ("Item.total.N", "decimal(18,2)"),
            "quantity": ("Item.quantity.N", "integer string"),
            "paid": ("Item.paid.BOOL", "boolean"),
            "created_at": ("Item.created_at.S", "timestamp"),
            "address_city": ("Item.address.M.city.S", "string"),
            "address_zip": ("Item.address.M.zip.S", "string"),
            "tags": ("Item.tags.SS", "array<string>"),
            "lines": ("Item.lines.L", "string"),
            "note": ("Item.note.S", "string"),
        }

    def test_dynamodbs_nulls_are_null_whatever_stands_beside_them(self, draft: Drafts) -> None:
        values: list[Document] = [{"NULL": True}, {"S": "a"}]
        some = draft([{"Item": {"pk": {"S": str(n)}, "v": values[n % 2]}} for n in range(100)])
        assert some.sources["v"] == ["Item.v.S"]
        assert "50 % are null" in some.said_of("v")
        never = draft([{"Item": {"pk": {"S": str(n)}, "v": {"NULL": True}}} for n in range(4)])
        assert never.sources["v"] == ["Item.v.S", "Item.v.N", "Item.v.BOOL"]
        assert "always null in the sample" in never.said_of("v")

    @pytest.mark.parametrize(
        ("letter", "words"),
        [("SS", "a set of strings"), ("NS", "each kept as the text it is sent as"), ("BS", "base64")],
    )
    def test_dynamodbs_sets_are_arrays_of_strings_and_say_so(self, draft: Drafts, letter: str, words: str) -> None:
        contract = draft([{"Item": {"pk": {"S": str(n)}, "v": {letter: ["1", "2.5"]}}} for n in range(4)])
        assert kind(contract.columns["v"]) == "array<string>"
        assert words in contract.said_of("v")

    @pytest.mark.parametrize("name", ["ttl", "expires", "expires_at", "expiration"])
    def test_dynamodbs_expiry_is_a_time_and_not_that_of_an_event(self, draft: Drafts, name: str) -> None:
        contract = draft([{"Item": {"pk": {"S": str(n)}, name: {"N": str(1_743_292_800 + n)}}} for n in range(4)])
        assert kind(contract.columns[name]) == "timestamp s string"
        assert "eventTime" not in contract.custom
        assert kind(draft.column(1_743_292_800, name=name)) == "timestamp s"
        assert kind(draft.column(3600, name=name)) == "integer"

    def test_values_of_two_types_are_alternatives(self, draft: Drafts) -> None:
        rows = [{"Item": {"pk": {"S": str(n)}, "v": {"S": "a"} if n % 2 else {"N": "5"}}} for n in range(4)]
        assert draft(rows).sources["v"] == ["Item.v.S", "Item.v.N"]
        bodies: list[Document] = [{"body": {"stringValue": "a"}}, {"body": {"intValue": "5"}}]
        assert draft([{"id": "1"} | bodies[0], {"id": "2"} | bodies[1]]).sources["body"] == [
            "body.stringValue",
            "body.intValue",
        ]

    def test_a_field_that_replaces_another_is_told(self, draft: Drafts) -> None:
        rows: list[Document] = [{"id": str(n), "userId" if n < 5 else "user_id": "u"} for n in range(10)]
        contract = draft(rows)
        assert "perhaps userId renamed" in contract.said_of("user_id")
        assert "transformSourceObjects: [userId, user_id]" in contract.said_of("user_id")
        both = [row | {"userId": "u"} for row in rows]
        assert "renamed" not in draft(both).text

    def test_more_fields_than_a_record_can_sensibly_have_are_told(self, draft: Drafts) -> None:
        contract = draft([{"id": "a"} | {f"f{number}": number for number in range(600)}])
        assert len(contract.columns) == 500
        assert "No column: all fields beyond the first 500 of a record" in contract.text

    def test_fields_without_number_become_a_map_and_no_columns(self, draft: Drafts) -> None:
        rows = [
            {"id": str(n), "scores": {f"player{number}x": number for number in range(n, n + 30)}} for n in range(50)
        ]
        assert list(draft(rows).columns) == ["id", "scores"]

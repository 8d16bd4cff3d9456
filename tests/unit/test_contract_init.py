"""Drafts of contracts: what they say of samples of every form, and that nothing a sample holds is lost or guessed."""

import bz2
import gzip
import json
import random
import re
import string
import tracemalloc
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.ddl_types import canonical_type
from contract_init import SampleError, draft_contract, profile, texts
from contract_init.names import column_names
from contract_init.times import forms_of
from contract_init.yaml_text import comment, scalar
from tests.unit import public_shapes

Document = dict[str, Any]


class Drafts:
    """Drafts contracts of objects that it writes first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes | Iterable[Mapping[str, Any]], name: str = "a.json") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else b"".join(json.dumps(row).encode() + b"\n" for row in content)
        path.write_bytes(data)
        return path

    def text(self, *contents: bytes | Iterable[Mapping[str, Any]], **options: Any) -> str:
        paths = [self.put(content, f"{number}.json") for number, content in enumerate(contents)] or [self.folder]
        return draft_contract(paths, **{"name": "events", "source_system": "shop"} | options).text

    def __call__(self, *contents: bytes | Iterable[Mapping[str, Any]], **options: Any) -> "Contract":
        return Contract(self.text(*contents, **options))

    def column(self, *values: Any, name: str = "value") -> Document:
        """Return the column that values become, beside an id."""
        column: Document = self([{"id": f"i{number}", name: value} for number, value in enumerate(values)]).columns[
            name
        ]
        return column


class Contract:
    """A draft, read as YAML."""

    def __init__(self, text: str) -> None:
        self.text = text
        document = yaml.safe_load(text)
        self.custom = {entry["property"]: entry["value"] for entry in document["customProperties"]}
        self.rules = document["schema"][0]["quality"]
        self.columns = {column["name"]: column for column in document["schema"][0]["properties"]}

    @property
    def key(self) -> list[str]:
        keys = [column for column in self.columns.values() if column.get("primaryKey")]
        return [column["name"] for column in sorted(keys, key=lambda column: column.get("primaryKeyPosition", 1))]

    def said_of(self, column: str) -> str:
        """Return the comments above a column and in it."""
        block = self.text.partition("    properties:\n")[2].split(f"- name: {column}\n")
        lines = [*block[0].rpartition("\n\n")[2].splitlines(), *block[1].partition("\n\n")[0].splitlines()]
        return " ".join(line.partition("#")[2].strip() for line in lines if "#" in line)

    @property
    def sources(self) -> dict[str, list[str]]:
        return {name: column.get("transformSourceObjects", [name]) for name, column in self.columns.items()}


@pytest.fixture
def draft(tmp_path: Path) -> Drafts:
    return Drafts(tmp_path / "sample")


def kind(column: Mapping[str, Any]) -> str:
    """Return a column's type and how it is read, in one word or a few."""
    custom = {entry["property"]: entry["value"] for entry in column.get("customProperties", ())}
    parts = [column.get("physicalType") or column["logicalType"], column.get("logicalTypeOptions", {}).get("format")]
    return " ".join(part for part in (*parts, custom.get("epochUnit"), custom.get("sentAs")) if part)


class TestForms:
    ROWS = ({"id": "a", "n": 1}, {"id": "b", "n": 2}, {"id": "c", "n": 3})

    @pytest.mark.parametrize(
        ("content", "form"),
        [
            (b'{"id":"a"}\n{"id":"b"}\n', None),
            (b'{"id":"a"}\r\n\r\n{"id":"b"}', None),
            (b'\xef\xbb\xbf{"id":"a"}\n{"id":"b"}\n', None),
            (b'{"id":"a"}', None),
            (b'{"id":"a"}{"id":"b"}', "concatenated"),
            (b'{"id":"a"} {"id":"b"}\n{"id":"c"}', "concatenated"),
            (b'{"id":"x"}\n{"id":"a"}{"id":"b"}', "concatenated"),
            (b'{\n "id": "a"\n}', "document"),
            (b'{\n "id": "a",\n "more": "\\u20ac"\n}\n', "document"),
        ],
    )
    def test_of_objects_is_found(self, draft: Drafts, content: bytes, form: str | None) -> None:
        contract = draft(content)
        assert contract.custom.get("objectFormat") == form
        assert contract.key == ["id"]
        assert "recordsPath" not in contract.custom

    def test_that_all_objects_have_is_taken(self, draft: Drafts) -> None:
        assert draft(b'{"id":"a"}', b'{"id":"b"}{"id":"c"}').custom["objectFormat"] == "concatenated"
        assert draft(b'{"id":"a"}', b'{\n"id":"b"}').custom["objectFormat"] == "document"

    def test_an_object_of_another_form_is_named_and_not_read(self, draft: Drafts) -> None:
        text = draft.text(b'{"id":"a"}\n{"id":"b"}\n', b'{"id":"c"}\n{"id":"d"}\n', b'{\n"id":"e"}')
        assert "2.json: does not have objectFormat lines, as most objects of the sample do, but document" in joined(
            text
        )
        assert "all 4 records in 2 of 3 objects" in text

    @pytest.mark.parametrize("pretty", [None, 2])
    def test_an_array_is_a_document_of_records(self, draft: Drafts, pretty: int | None) -> None:
        contract = draft(json.dumps(self.ROWS, indent=pretty).encode())
        assert (contract.custom["objectFormat"], contract.custom["recordsPath"]) == ("document", "[]")
        assert list(contract.columns) == ["id", "n"]

    def test_several_arrays_are_lines(self, draft: Drafts) -> None:
        contract = draft(b'[{"id":"a"},{"id":"b"}]\n[{"id":"c"}]\n')
        assert contract.custom == {"sourceSystem": "shop", "recordsPath": "[]"}
        assert "all 3 records" in contract.text

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ('{"id":"a"}'.encode("utf-16"), "is UTF-16"),
            ('{"id":"a"}'.encode("utf-16-le"), "is UTF-16"),
            (b"PAR1....", "is Parquet"),
            (b"\x28\xb5\x2f\xfd....", "Zstandard"),
            (gzip.compress(b'{"id":"a"}\n')[:20], "end-of-stream"),
            (b'{\n"id":"a"\n}\n{\n"id":"b"\n}\n', "has 2 JSON texts that go over several lines each"),
        ],
    )
    def test_what_cannot_be_read_is_told_by_name(self, draft: Drafts, content: bytes, reason: str) -> None:
        text = draft.text(b'{"id":"a"}\n', content)
        assert re.search(f"1.json: [^;]*{reason}", joined(text))
        assert "all 1 record in" in text

    def test_a_sample_without_records_is_refused_with_the_reason(self, draft: Drafts) -> None:
        with pytest.raises(SampleError, match=r"0.json: is UTF-16, which is not read; write it as UTF-8"):
            draft('{"id":"a"}'.encode("utf-16"))
        with pytest.raises(SampleError, match="no JSON object in the sample"):
            draft(b"id,name\n1,a\n")
        with pytest.raises(SampleError, match="no file or folder /nowhere"):
            draft_contract([Path("/nowhere")], name="a", source_system="b")

    @pytest.mark.parametrize(
        "line",
        [
            b'{"id":',
            b"nothing",
            b'{"id":"\xff"}',
            b'{"id":"\\ud83d"}',
            b'{"id":NaN}',
            b"[" * 100_000,
            b"7",
            b'"text"',
            b"null",
            b"{} x",
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("is_first", [True, False])
    def test_a_line_that_is_no_json_object_is_counted(self, draft: Drafts, line: bytes, *, is_first: bool) -> None:
        good = [b'{"id":"a"}', b'{"id":"b"}']
        contract = draft(b"\n".join([line, *good] if is_first else [*good, line]))
        assert "all 2 records in 1 object" in contract.text
        assert "1 line of no JSON object or array" in contract.text

    def test_a_text_that_is_too_large_is_told(self, draft: Drafts, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(texts, "LONGEST_TEXT_BYTES", 1024 * 1024)
        long = b'{"id":"a"}\n{"id":"' + b"b" * 1_100_000 + b'"}\n'
        assert "0.json: has more than 1 MiB in a line" in joined(draft.text(long))
        pretty = b"[\n" + b'{"id":"a"},\n' * 100_000 + b'{"id":"b"}]'
        assert "1.json: has more than 1 MiB in its one JSON text" in joined(draft.text(b'{"id":"a"}\n', pretty))

    def test_lines_go_on_behind_a_first_one_that_is_cut(self, draft: Drafts, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(texts, "LONGEST_TEXT_BYTES", 50)
        rows = [{"id": f"{number:010}"} for number in range(100)]
        assert "all 100 records" in draft.text(b'{"id":\n' + b"\n".join(json.dumps(row).encode() for row in rows))


class TestObjects:
    @pytest.mark.parametrize("name", ["a.json.gz", "a.gz", "a.json.bz2", "a.ndjson", "a.jsonl"])
    def test_of_any_compression_and_name_are_read(self, draft: Drafts, name: str) -> None:
        content = b'{"id":"a"}\n'
        packed = {"gz": gzip.compress(content), "bz2": bz2.compress(content)}
        draft.put(packed.get(name.rpartition(".")[2], content), name)
        contract = draft()
        assert "includeObjects" not in contract.custom
        assert name not in contract.text

    @pytest.mark.parametrize(
        ("name", "content", "problem"),
        [
            ("a.json", gzip.compress(b'{"id":"a"}\n'), "a.json: is gzip though its name does not end in .gz"),
            ("a.json", bz2.compress(b'{"id":"a"}\n'), "a.json: is bzip2 though its name does not end in .bz2"),
            ("a.json.gz", b'{"id":"a"}\n', "a.json.gz: is not compressed though its name ends in .gz"),
        ],
    )
    def test_that_a_run_would_not_read_as_they_are_named_are_told(
        self, draft: Drafts, name: str, content: bytes, problem: str
    ) -> None:
        draft.put(content, name)
        assert problem in joined(draft().text)

    @pytest.mark.parametrize(
        ("names", "pattern"),
        [
            (["delivery-1-2025-01-01-aa", "delivery-1-2025-01-01-bb"], "delivery-1-2025-01-01-*"),
            (["stream-1-2025"], "stream*"),
            (["00/part-1", "01/part-2"], "**/part-*"),
            (["a[b-1", "a[b-2"], "a?b-*"),
            (["events.log"], "events.log*"),
        ],
    )
    def test_without_a_known_suffix_are_included_by_pattern(
        self, draft: Drafts, names: Sequence[str], pattern: str
    ) -> None:
        for name in names:
            draft.put(b'{"id":"a"}\n', f"ingestion_date=2025-01-01/{name}")
        assert draft().custom["includeObjects"] == [pattern]

    def test_of_the_raw_layout_tell_the_source_system(self, draft: Drafts) -> None:
        draft.put(b'{"id":"a"}\n', "raw/source_system=web/ingestion_date=2025-01-01/a.json")
        draft.put(b"# not data", "README.md")
        contract = draft(source_system=None)
        assert contract.custom["sourceSystem"] == "web"
        assert "README" not in contract.text

    def test_that_are_no_records_are_told_and_hidden_ones_are_not(self, draft: Drafts) -> None:
        for name, content in (("a.json", b'{"id":"a"}\n'), ("notes.txt", b"notes"), (".x/b.json", b"{"), ("_c", b"{")):
            draft.put(content, name)
        text = joined(draft().text)
        assert "notes.txt: does not end in .json" in text
        assert ".x" not in text
        assert "_c" not in text

    def test_all_have_a_share_of_the_limit(self, draft: Drafts) -> None:
        rows = [[{"id": f"{part}-{number}", f"only{part}": 1} for number in range(50)] for part in range(4)]
        contract = draft(*rows, limit=20)
        assert {"only0", "only1", "only2", "only3"} <= contract.columns.keys()
        assert "20 records, the first in each of 4 objects" in contract.text
        assert "all 200 records in 4 objects" in draft(*rows, limit=200).text
        assert "199 records, the first" in draft(*rows, limit=199).text

    def test_a_source_system_that_nothing_tells_is_asked_for(self, draft: Drafts) -> None:
        with pytest.raises(SampleError, match="give --source-system NAME"):
            draft(b'{"id":"a"}', source_system=None)

    @pytest.mark.parametrize("option", ["name", "source_system"])
    def test_names_that_no_contract_can_have_are_refused(self, draft: Drafts, option: str) -> None:
        with pytest.raises(SampleError, match="'My Orders' must be 1 to 64 lower-case letters"):
            draft(b'{"id":"a"}', **{option: "My Orders"})


class TestEnvelopes:
    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ({"Records": [{"id": "a"}, {"id": "b"}]}, "Records"),
            (
                {"messageType": "DATA", "owner": "1", "logEvents": [{"id": "1", "timestamp": 1_735_689_600_000}]},
                "logEvents",
            ),
            ({"object": "list", "has_more": True, "data": [{"id": "a"}]}, "data"),
            ({"a": [{"b": [{"c": [{"id": "x"}]}]}]}, "a[].b[].c"),
            ({"my.records": [{"id": "x"}]}, "['my.records']"),
            ({"id": "o1", "items": [{"sku": "a"}]}, None),
            ({"order_id": "o1", "items": [{"sku": "a"}]}, None),
            ({"at": "2025-01-01T00:00:00Z", "lines": [{"sku": "a"}]}, None),
            ({"time": 1_735_689_600, "lines": [{"sku": "a"}]}, None),
            ({"kind": "x", "lines": [{"sku": "a"}], "taxes": [{"rate": 1}]}, None),
            ({"kind": "x", "lines": ["a"]}, None),
            ({"kind": "x", "inner": {"lines": [{"sku": "a"}]}}, None),
        ],
    )
    def test_hold_records_and_records_may_hold_arrays(self, draft: Drafts, text: Document, path: str | None) -> None:
        assert draft([text, text]).custom.get("recordsPath") == path

    def test_fields_around_records_are_columns_too(self, draft: Drafts) -> None:
        text = {"owner": "1", "logGroup": "/x", "logEvents": [{"id": "a", "owner": "z"}, {"id": "b", "owner": "y"}]}
        contract = draft([text])
        assert contract.sources == {
            "id": ["id"],
            "owner": ["owner"],
            "envelope_owner": ["/owner"],
            "logGroup": ["/logGroup"],
        }

    def test_fields_at_every_level_have_their_path(self, draft: Drafts) -> None:
        sources = draft(public_shapes.lines("otlp_batch")).sources
        assert sources["resource_attributes"] == ["/resourceLogs[].resource.attributes"]
        assert sources["scope_name"] == ["/resourceLogs[].scopeLogs[].scope.name"]


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


def joined(text: str) -> str:
    """Return a text whose comments are on one line each."""
    return re.sub(r"\n *# ", " ", text)


class TestTypes:
    @pytest.mark.parametrize(
        ("name", "values", "expected"),
        [
            ("value", [1, -5, 10**18], "integer"),
            ("value", [1, 2**63], "decimal(38,0)"),
            ("value", [1, 10**40], "string"),
            ("value", [1.5, 2, 3.25e-9], "number"),
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

    def test_of_a_huge_number_is_text(self, draft: Drafts) -> None:
        rows = b'{"id":"a","v":1.5}\n{"id":"b","v":' + b"1" * 1100 + b"}\n"
        assert kind(draft(rows).columns["v"]) == "string"

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

"""Drafts of contracts: samples of every form, whose objects and records are found or told by name."""

import bz2
import errno
import gzip
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from contract_init import SampleError, draft_contract, texts
from tests.unit import public_shapes
from tests.unit.drafts import Contract, Document, Drafts, joined


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
            (gzip.compress(b'{"id":"a"}\n', mtime=0)[:20], "end-of-stream"),
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

    @pytest.mark.parametrize("closed", ["day", "day/hour=02", "day/hour=02/deep"])
    def test_a_folder_that_cannot_be_read_is_refused_by_name_and_no_empty_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
    ) -> None:
        for name in ("hour=01", "hour=02/deep"):
            (tmp_path / "day" / name).mkdir(parents=True)
            (tmp_path / "day" / name / "a.json").write_bytes(b'{"id":"a"}')
        scandir = os.scandir

        def fail(folder: str) -> Any:
            if Path(folder) == tmp_path / closed:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", fail)
        said = f"^{re.escape(str(tmp_path / closed))} cannot be read: Permission denied; make it readable, or "
        with pytest.raises(SampleError, match=said):
            draft_contract([tmp_path / "day"], name="a", source_system="b")

    def test_a_path_that_cannot_be_looked_at_is_refused_by_name(self) -> None:
        name = "a" * 300
        with pytest.raises(SampleError, match=f"/{name} cannot be read: File name too long"):
            draft_contract([Path(f"/{name}")], name="a", source_system="b")

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
        packed = {"gz": gzip.compress(content, mtime=0), "bz2": bz2.compress(content)}
        draft.put(packed.get(name.rpartition(".")[2], content), name)
        contract = draft()
        assert "includeObjects" not in contract.custom
        assert name not in contract.text

    @pytest.mark.parametrize(
        ("name", "content", "problem"),
        [
            ("a.json", gzip.compress(b'{"id":"a"}\n', mtime=0), "a.json: is gzip though its name does not end in .gz"),
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
        ("names", "patterns"),
        [
            (["delivery-1-2025-01-01-aa", "delivery-1-2025-01-01-bb"], ["delivery-*"]),
            (
                [
                    "00/acme-events-1-2025-03-30-00-05-12-926e54b6-0347",
                    "01/acme-events-1-2025-03-30-01-05-12-aa4441b6-0347",
                ],
                ["**/acme-events-*"],
            ),
            (["stream-1-2025"], ["stream-*"]),
            (["00/part-1", "01/part-2"], ["**/part-*"]),
            (["part00001", "part00002"], ["part*"]),
            (["log-ab12cd-x"], ["log-*"]),
            (["2025-01-01-aa", "2025-01-02-bb"], ["[0-9]*"]),
            (["2025-01-01-aa", "b7c2d"], ["*"]),
            (["clicks-1-2025", "orders-1-2025", "orders-2-2025"], ["clicks-*", "orders-*"]),
            (["events", "events-1"], ["events*"]),
            ([f"shop-{name}" for name in ("ann", "bob", "cid", "dan", "eve", "flo")], ["shop-*"]),
            (["a[b-1", "a[b-2"], ["a?b-*"]),
            (["events.log"], ["events.log*"]),
        ],
    )
    def test_without_a_known_suffix_are_included_by_pattern_with_those_of_other_days(
        self, draft: Drafts, names: Sequence[str], patterns: Sequence[str]
    ) -> None:
        for name in names:
            draft.put(b'{"id":"a"}\n', f"ingestion_date=2025-01-01/{name}")
        assert draft().custom["includeObjects"] == patterns

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

    @pytest.mark.parametrize("odd", [None, [], "none"])
    def test_that_hold_no_records_now_and_then_are_envelopes_all_the_same(self, draft: Drafts, odd: object) -> None:
        def text(number: int) -> Document:
            scope: Document = {"scope": {"name": "a"}, "logRecords": [{"traceId": f"t{number}"}]}
            return {"resourceLogs": [{"scopeLogs": [scope | ({"logRecords": odd} if number % 33 == 5 else {})]}]}

        contract = draft([*map(text, range(100)), {"resourceLogs": [{"scopeLogs": [{"scope": {"name": "b"}}]}]}])
        assert contract.custom["recordsPath"] == "resourceLogs[].scopeLogs[].logRecords"
        assert "maxMalformedPercent" not in contract.custom

    def test_are_not_told_by_the_lists_of_keys_in_records(self, draft: Drafts) -> None:
        tags = [{"key": "a", "value": "b"}]
        assert draft([{"logs": [{"body": f"b{n}", "tags": tags}]} for n in range(9)]).custom["recordsPath"] == "logs"

    def test_tell_of_elements_that_are_no_records(self, draft: Drafts) -> None:
        contract = draft([{"logs": [{"id": n}, *(["x"] if n == 4 else [])]} for n in range(9)])
        assert "1 element in place of a record that is no object" in contract.text
        assert contract.custom["maxMalformedPercent"] > 10


class TestObjectsOfAnotherShape:
    TRAIL = tuple(
        (f"AWSLogs/1/CloudTrail/2025/1_CloudTrail_{n:02}.json", {"Records": [{"eventID": f"e{n}"}]}) for n in range(20)
    )
    EXPORT = tuple((f"AWSDynamoDB/01-ab/data/x{n}a.json", {"Item": {"pk": {"S": f"p{n}"}}}) for n in range(40))

    def contract(self, draft: Drafts, objects: Sequence[tuple[str, Document]]) -> Contract:
        for name, text in objects:
            draft.put([text], f"ingestion_date=2025-01-01/{name}")
        return draft()

    @pytest.mark.parametrize(
        ("others", "odd", "excluded"),
        [
            (TRAIL, "AWSLogs/1/CloudTrail-Digest/2025/1_CloudTrail-Digest_1.json", "**/CloudTrail-Digest/**"),
            (TRAIL, "AWSLogs/1/CloudTrail/2025/digest.json", "**/digest.json"),
            (TRAIL, "digest-2025-01-01.json", "digest-*"),
            (EXPORT, "AWSDynamoDB/01-ab/manifest-files.json", "**/manifest-files.json"),
        ],
    )
    def test_are_named_and_left_out_on_other_days_too(
        self, draft: Drafts, others: Sequence[tuple[str, Document]], odd: str, excluded: str
    ) -> None:
        contract = self.contract(draft, [*others, (odd, {"awsAccountId": "1"})])
        assert contract.custom["excludeObjects"] == [excluded]
        assert f"{odd} (awsAccountId), which excludeObjects leaves out" in joined(contract.text)
        assert "awsAccountId" not in contract.columns
        assert contract.custom.get("recordsPath") == ("Records" if others == self.TRAIL else None)
        assert f"records in {len(others)} objects" in contract.text

    def test_whose_names_are_like_those_of_others_are_read_and_malformed(self, draft: Drafts) -> None:
        name = "AWSLogs/1/CloudTrail/2025/1_CloudTrail_99.json"
        contract = self.contract(draft, [*self.TRAIL, (name, {"awsAccountId": "1"})])
        assert "excludeObjects" not in contract.custom
        assert f"{name} (awsAccountId), for which no pattern is sure: their texts are malformed" in joined(
            contract.text
        )
        assert contract.custom["recordsPath"] == "Records"
        assert contract.custom["maxMalformedPercent"] >= 5

    def test_have_no_field_in_common_with_nearly_all_others(self, draft: Drafts) -> None:
        objects = [(f"a{n}.json", {"id": n, "kind": "a"}) for n in range(30)]
        contract = self.contract(draft, [*objects, ("other.json", {"id": 99, "shape": "b"})])
        assert "Of another shape" not in contract.text
        assert "shape" in contract.columns

    @pytest.mark.parametrize(
        ("names", "excluded"),
        [
            (["manifest.md5"], ["*.md5"]),
            (["x/notes.txt", "x/more.txt"], ["**/*.txt"]),
            (["a.csv.gz"], ["*.csv.gz"]),
            (["README"], ["README"]),
            (["2025-01-01"], ["2025-01-01"]),
        ],
    )
    def test_that_no_run_reads_are_left_out_so_that_it_does_not_refuse_the_day(
        self, draft: Drafts, names: Sequence[str], excluded: Sequence[str]
    ) -> None:
        draft.put([{"id": "a"}], "ingestion_date=2025-01-01/2025-01-01.json")
        for name in names:
            draft.put(b"no records", f"ingestion_date=2025-01-01/{name}")
        contract = draft()
        assert contract.custom["excludeObjects"] == excluded
        assert all(f"{name}: " in joined(contract.text) for name in names)

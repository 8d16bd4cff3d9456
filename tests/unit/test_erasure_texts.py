"""What is left of raw texts in every framing, and that the search after an erasure sees what the erasure sees."""

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract import DataContract, parse_contract
from erasure.documents import example_digest, without_value
from erasure.objects import NotReadable, RawText
from erasure.parquet import Quarantine
from erasure.search import NotSearchable, Search
from erasure.subject import Subject, subject_of
from erasure.texts import Judge, Judged
from erasure.words import Words

ZORRO = "zorro-4711"


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return packed


PACKED = [
    pytest.param(pack, id=name) for name, pack in (("gzip", gzip.compress), ("bz2", bz2.compress), ("zstd", zstd))
]


def contract(*, source: str = "user_id", column: dict[str, Any] | None = None, **custom: str) -> DataContract:
    properties = [
        {"name": "id", "logicalType": "string", "primaryKey": True},
        {"name": "user_id", "logicalType": "string", "transformSourceObjects": [source], **(column or {})},
    ]
    said = {"sourceSystem": "club", **custom}
    document = {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "x", "version": "1.0.0",
        "customProperties": [{"property": name, "value": value} for name, value in said.items()],
        "schema": [{"name": "x", "properties": properties}],
    }  # fmt: skip
    return parse_contract(document, source="a test")


def judge(of: DataContract, value: str = ZORRO, *, anywhere: bool = False) -> Judge:
    return Judge(subject_of(of, "user_id", value), anywhere=anywhere)


def is_found(of: DataContract, value: str, line: bytes) -> bool:
    """Tell whether the search finds the value in its column."""
    search = Search(subject_of(of, "user_id", value))
    return search.in_object(io.BytesIO(line), is_raw=True, is_document=False).words["column"] > 0


def dumped(value: Any, random_: random.Random) -> str:
    """Write JSON with spaces in places that nobody expects."""
    space = random_.choice(["", " ", "\t", "  "])
    if isinstance(value, dict):
        inner = f"{space},{space}".join(
            f"{json.dumps(name)}{space}:{dumped(one, random_)}" for name, one in value.items()
        )
        return f"{{{space}{inner}{space}}}"
    if isinstance(value, list):
        return f"[{space}{f'{space},{space}'.join(dumped(one, random_) for one in value)}{space}]"
    return json.dumps(value, ensure_ascii=random_.random() < 0.5)


def record(user: str, random_: random.Random) -> dict[str, Any]:
    return {
        "id": str(random_.randrange(99)),
        "user_id": user,
        "more": [{"}{": '"]'}, 1.10, None, "ü\\"][: random_.randrange(5)],
    }


def records(random_: random.Random) -> list[dict[str, Any]]:
    return [record(random_.choice([ZORRO, "other", "another"]), random_) for _ in range(random_.randrange(6))]


def without(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in found if one["user_id"] != ZORRO]


@pytest.mark.parametrize("seed", range(30))
def test_a_rewritten_quarantine_has_the_other_lines_alone_and_the_columns_as_they_were(seed: int) -> None:
    random_ = random.Random(seed)
    users = random_.choices([ZORRO, "other", "another", None], k=random_.choice([0, 1, 9, 40]))
    lines = [None if user is None else json.dumps({"id": "1", "user_id": user}) for user in users]
    columns = {
        "line": pa.array(lines, pa.string()),
        "line_bytes": pa.array([None if line is None else line.encode() for line in lines], pa.binary()),
        "source_object": pa.array(["a.json"] * len(lines), pa.string()),
    }
    before, after = io.BytesIO(), io.BytesIO()
    pq.write_table(
        pa.table(columns),
        before,
        row_group_size=random_.choice([1, 7, 99]),
        use_dictionary=random_.random() < 0.5,
        dictionary_pagesize_limit=random_.choice([40, 1 << 20]),  # beyond which texts are written plain
        store_schema=random_.random() < 0.5,
    )
    found, rows = Quarantine(judge(contract())).rewrite(before, after)
    rewritten = pq.read_table(after)
    assert (found.erased, rows) == (users.count(ZORRO), len(users) - users.count(ZORRO))
    assert rewritten.schema == pa.table(columns).schema
    assert rewritten.column("line").to_pylist() == [line for line in lines if line is None or ZORRO not in line]
    held = pq.ParquetFile(after, read_dictionary=["line", "line_bytes"])
    chunks = [
        chunk
        for number in range(held.num_row_groups)
        for name in ("line", "line_bytes")
        for chunk in held.read_row_group(number, columns=[name]).column(0).chunks
    ]
    assert ZORRO not in str([chunk.dictionary.to_pylist() for chunk in chunks])  # also where no row has it any more


@pytest.mark.parametrize("seed", range(60))
class TestGenerated:
    def test_an_envelope_loses_the_persons_records_alone(self, seed: int) -> None:
        random_ = random.Random(seed)
        found = records(random_)
        text = dumped({"account": 7, "Records": found, "z": ["}"]}, random_)
        judged = judge(contract(recordsPath="Records")).judge(text.encode())
        if found and not without(found):
            assert judged.rest is None
        else:
            assert judged.rest is not None
            assert json.loads(judged.rest) == {"account": 7, "Records": without(found), "z": ["}"]}
        assert len(judged.erased) == len(found) - len(without(found))

    def test_records_in_arrays_in_arrays_are_found(self, seed: int) -> None:
        random_ = random.Random(seed)
        outer = [
            {"b": [{"c": records(random_)} for _ in range(random_.randrange(3))]} for _ in range(random_.randrange(4))
        ]
        text = dumped({"a": outer}, random_)
        judged = judge(contract(recordsPath="a[].b[].c")).judge(text.encode())
        rest = [{"b": [{"c": without(inner["c"])} for inner in one["b"]]} for one in outer]
        before = [one for o in outer for inner in o["b"] for one in inner["c"]]
        if before and not without(before):
            assert judged.rest is None
        else:
            assert judged.rest is not None
            assert json.loads(judged.rest) == {"a": rest}

    def test_a_line_that_is_an_array_of_records(self, seed: int) -> None:
        random_ = random.Random(seed)
        found = records(random_)
        judged = judge(contract(recordsPath="[]")).judge(dumped(found, random_).encode())
        assert (None if judged.rest is None else json.loads(judged.rest)) == (without(found) or (None if found else []))

    def test_several_objects_on_a_line(self, seed: int) -> None:
        random_ = random.Random(seed)
        found = records(random_) or [record("other", random_)]
        text = random_.choice(["", " "]).join(dumped(one, random_) for one in found)
        judged = judge(contract(objectFormat="concatenated")).judge(text.encode())
        kept = [dumped(one, random.Random(0)) for one in without(found)]
        decoder, position, rest = json.JSONDecoder(), 0, (judged.rest or b"").decode().strip()
        seen = []
        while position < len(rest):
            value, position = decoder.raw_decode(rest, position)
            seen.append(dumped(value, random.Random(0)))
            position += len(rest[position:]) - len(rest[position:].lstrip())
        assert seen == kept

    def test_the_search_sees_what_the_erasure_sees(self, seed: int) -> None:
        random_ = random.Random(seed)
        value = random_.choice([ZORRO, "a/b", "ü-1", "x\ty", '"q"', "😀p", "back\\slash"])
        escaped = "".join(
            random_.choice(
                [json.dumps(character, ensure_ascii=False)[1:-1], json.dumps(character)[1:-1], _escape(character)]
            )
            for character in value
        )
        before, behind = (
            random_.choice(['"', " ", "x", "\\n", "ü", "\\u00fc", "_"]),
            random_.choice(['"', ".", "0", "é", " "]),
        )
        text = f"{{ {before}{escaped}{behind}"
        for _ in range(random_.randrange(3)):
            text = json.dumps(text)
        subject = subject_of(contract(), "user_id", value)
        hits = Search(subject).in_object(io.BytesIO(text.encode()), is_raw=True, is_document=False)
        seen = "word" if hits.words.total() else "part" if hits.longer_words else None
        assert seen == Words(value).found_in(text.encode()), text
        assert seen is None or Words(value).may_be_in(text.encode()), text


def _escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


class TestEnvelopes:
    @pytest.mark.parametrize(
        ("text", "rest"),
        [
            (b'{"user": "zorro-4711", "Records": [{"id": 1}]}', None),
            (b'{"user": "other", "Records": [{"id": 1}]}', b'{"user": "other", "Records": [{"id": 1}]}'),
        ],
    )
    def test_a_field_around_records_makes_all_of_them_the_persons(self, text: bytes, rest: bytes | None) -> None:
        of = contract(source="/user", recordsPath="Records")
        assert judge(of).judge(text).rest == rest

    def test_a_field_beside_an_inner_array_takes_what_is_below_it(self) -> None:
        of = contract(source="/a[].user", recordsPath="a[].b")
        text = b'{"a": [{"user": "zorro-4711", "b": [{"id": 1}]}, {"user": "x", "b": [{"id": 2}]}]}'
        assert judge(of).judge(text).rest == b'{"a": [{"user": "x", "b": [{"id": 2}]}]}'

    @pytest.mark.parametrize(
        "text",
        [
            b'{"error": "no such user: zorro-4711"}',
            b'{"Records": "zorro-4711"}',
            b'{"Records": [{"user_id": "zorro-4711"}',
            b'{"Records": ["zorro-4711"]}',
        ],
    )
    def test_what_holds_no_record_is_the_persons_when_the_value_stands_in_it(self, text: bytes) -> None:
        assert judge(contract(recordsPath="Records")).judge(text).rest is None

    def test_a_record_that_is_no_object_goes_alone(self) -> None:
        text = b'{"Records": ["zorro-4711", {"user_id": "x"}]}'
        assert judge(contract(recordsPath="Records")).judge(text).rest == b'{"Records": [{"user_id": "x"}]}'

    def test_the_value_around_records_of_others_is_left_and_told(self) -> None:
        text = b'{"by": "zorro-4711", "Records": [{"user_id": "x"}]}'
        of = contract(recordsPath="Records")
        assert judge(of).judge(text).left == "word"
        assert judge(of, anywhere=True).judge(text).rest is None


class TestPaths:
    @pytest.mark.parametrize(
        ("source", "line"),
        [
            ("meta.user", '{"meta": {"user": "zorro-4711"}}'),
            ("users[1].id", '{"users": [{"id": "x"}, {"id": "zorro-4711"}]}'),
            (
                "params[key=user].value",
                '{"params": [{"key": "a", "value": "x"}, {"key": "user", "value": "zorro-4711"}]}',
            ),
            ("['a.b']", '{"a.b": "zorro-4711"}'),
            ("user_id", '{"user_id": "zorro-4711", "user_id": "other"}'),
        ],
    )
    def test_a_column_is_found_where_its_contract_says(self, source: str, line: str) -> None:
        of = contract(source=source)
        assert judge(of).judge(line.encode()).rest is None
        assert judge(of).judge(line.replace(ZORRO, "other").encode()).rest is not None
        assert judge(of).judge(b'{"elsewhere": {"user_id": "zorro-4711"}}').left == "word"

    @pytest.mark.parametrize(
        ("type_", "value", "line", "is_persons"),
        [
            ("bigint", "7", '{"user_id": 7}', True),
            ("bigint", "7", '{"user_id": "007"}', True),
            ("bigint", "-7", '{"user_id": "-007"}', True),
            ("bigint", "1000000", '{"user_id": 1e6}', True),
            ("bigint", "1000000", '{"user_id": "10E+5"}', True),
            ("bigint", "1000000", r'{"user_id": "10\u00455"}', True),
            ("bigint", "1000000", r'{"user_id": "1e\u0036"}', True),
            ("bigint", "1000000", r'{"user_id": "\u0031e6"}', True),
            ("bigint", "1000000", r'{"user_id": "1\u002e0E\u002b6"}', True),
            ("bigint", "1000000", r'{"user_id": "1e\u0037"}', False),
            ("bigint", "1000000", '{"user_id": 0.010e8}', True),
            ("bigint", "4711", '{"user_id": 4.711e+3}', True),
            ("bigint", "4711", '{"user_id": 47110.0E-1}', True),
            ("bigint", "4711", '{"user_id": 4.711e4}', False),
            ("bigint", "0", '{"user_id": 0e7}', True),
            ("bigint", "1000000", '{"user_id": 1e5}', False),
            ("bigint", "7", '{"user_id": 70}', False),
            ("bigint", "7", '{"user_id": 7.5}', False),
            ("bigint", "7", '{"user_id": 7', True),
            ("bigint", "7", '{"user_id": -7', False),
            ("bigint", "7", '{"user_id": 7.5', False),
            ("decimal(12,2)", "19.9", '{"user_id": 19.90}', True),
            ("decimal(12,2)", "19.9", '{"user_id": "1.99E1"}', True),
            ("decimal(12,2)", "20", '{"user_id": 19.995}', True),
            ("decimal(12,2)", "19.9", '{"user_id": 19.91}', False),
            ("decimal(38,0)", "9" * 38, f'{{"user_id": {"9" * 38}}}', True),
            ("decimal(38,0)", "1", '{"user_id": 1e999999999}', False),
            ("decimal(12,2)", "120", '{"user_id": 12e000000001}', True),
            ("decimal(12,2)", "120", '{"user_id": 0.' + "0" * 4000 + "12e4003}", True),
            ("decimal(12,2)", "120", '{"user_id": 1e9999}', False),
        ],
    )  # fmt: skip
    def test_numbers_are_compared_as_their_column_holds_them(
        self, type_: str, value: str, line: str, *, is_persons: bool
    ) -> None:
        logical = "integer" if type_ == "bigint" else "number"
        of = contract(column={"logicalType": logical, "physicalType": type_})
        assert (judge(of, value).judge(line.encode()).rest is None) == is_persons

    @pytest.mark.parametrize(
        ("value", "number"),
        [
            ("12", "12"), ("1.1", "1.10"), ("1.23456789E7", "12345678.9"), ("12345678.9", "1.23456789E7"),
            ("2.0E10", "2e10"), ("2.0E10", "20000000000.0"), ("5.0", "5e0"), ("5.0", "50e-1"), ("4711.0", "4.711e+3"),
        ],
    )  # fmt: skip
    def test_a_number_in_a_text_column_is_the_text_that_it_becomes(self, value: str, number: str) -> None:
        line = f'{{"user_id": {number}}}'.encode()
        assert judge(contract(), value).judge(line).rest is None
        assert is_found(contract(), value, line)

    @pytest.mark.parametrize(
        ("value", "number"),
        [
            ("1_0", "10.0"),
            ("\u0661\u0660", "10.0"),
            (" 10", "10.0"),
            ("2.0E10", "20000000000"),
            ("10", "10.5"),
            ("+5", "5.0"),
            ("0711", "711.0"),
            ("711", "711.0"),
            ("0e1234", "0.0"),
            ("1e5", "100000.0"),
            ("12345678901234567890", "1.2345678901234567e19"),
            ("12e4567", "3e9999"),
            ("1.0E999", "30e9998"),
            ("1.5", f"1e{'9' * 25}"),
        ],
    )
    def test_a_number_in_a_text_column_is_nobody_elses(self, value: str, number: str) -> None:
        line = f'{{"user_id": {number}}}'.encode()
        assert judge(contract(), value).judge(line).rest == line
        assert not is_found(contract(), value, line)


class TestObjects:
    LINES = b'{"user_id": "zorro-4711"}\n\n{"user_id": "x"}\r\n{"user_id": "zorro-4711"}'

    @pytest.mark.parametrize(
        ("pack", "unpack"),
        [
            (bytes, bytes),
            (gzip.compress, gzip.decompress),
            (bz2.compress, bz2.decompress),
            (
                zstd,
                lambda data: pa.CompressedInputStream(pa.BufferReader(data), "zstd").read(),
            ),
        ],
        ids=["plain", "gzip", "bz2", "zstd"],
    )
    def test_an_object_is_packed_again_as_it_was(
        self, pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes]
    ) -> None:
        into = io.BytesIO()
        found = RawText(judge(contract())).rewrite(
            io.BytesIO(pack(self.LINES) + (pack(b"\n{}") if pack is not bytes else b"")), into
        )
        assert found.erased == 2
        assert unpack(into.getvalue()).startswith(b'\n{"user_id": "x"}\r\n')

    def test_an_object_without_a_record_left_is_one_without_rows(self) -> None:
        into = io.BytesIO()
        RawText(judge(contract())).rewrite(io.BytesIO(b'{"user_id": "zorro-4711"}'), into)
        assert into.getvalue() == b"\n"

    def test_a_document_is_judged_as_a_whole(self) -> None:
        into, text = io.BytesIO(), b'\xef\xbb\xbf[\n {"user_id": "zorro-4711"},\n {"user_id": "x"}\n]\n'
        of = contract(objectFormat="document", recordsPath="[]")
        assert RawText(judge(of)).rewrite(io.BytesIO(text), into).erased == 1
        assert into.getvalue() == b'\xef\xbb\xbf[\n {"user_id": "x"}\n]\n'

    def test_lines_beyond_a_block_are_whole(self) -> None:
        lines = [b'{"user_id": "%s", "x": "%s"}\n' % (user, b"y" * 700_000) for user in (b"a", ZORRO.encode(), b"b")]
        into = io.BytesIO()
        assert RawText(judge(contract())).rewrite(io.BytesIO(b"".join(lines)), into).erased == 1
        assert into.getvalue() == lines[0] + lines[2]

    @pytest.mark.parametrize("pack", PACKED)
    def test_a_damaged_object_is_refused(self, pack: Callable[[bytes], bytes]) -> None:
        data = pack(self.LINES * 99)
        with pytest.raises(NotReadable, match="is no complete"):
            RawText(judge(contract())).look(io.BytesIO(data[:-5]))


class TestSearch:
    def hits(self, data: bytes, *, is_raw: bool = True, of: Subject | None = None) -> Any:
        subject = of or subject_of(contract(), "user_id", ZORRO)
        return Search(subject).in_object(io.BytesIO(data), is_raw=is_raw, is_document=False)

    @pytest.mark.parametrize(
        ("line", "place"),
        [
            (b'{"user_id": "zorro-4711"}', "column"),
            (b'{"note": "zorro-4711"}', "field"),
            (b'{"meta": {"user_id": "zorro-4711"}}', "field"),
            (b'{"user_id": "zorro-4711"', "text"),
            (b'["zorro-4711"]', "text"),
            (ZORRO.encode("utf-16"), "text"),
        ],
    )
    def test_tells_in_which_kind_of_place_the_value_stands(self, line: bytes, place: str) -> None:
        assert dict(self.hits(line).words) == {place: 1}

    @pytest.mark.parametrize("pack", [*PACKED, pytest.param(lzma.compress, id="xz")])
    def test_looks_into_what_is_packed_whatever_its_name(self, pack: Callable[[bytes], bytes]) -> None:
        assert self.hits(pack(b"{}\n" * 9 + b'{"user_id": "zorro-4711"}\n')).words.total() == 1

    def test_looks_into_archives(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.json.gz", gzip.compress(b'{"user_id": "zorro-4711"}'))
        assert self.hits(file.getvalue()).words.total() == 1

    @pytest.mark.parametrize("data", [b"\x04\x22\x4d\x18abc", gzip.compress(b"x" * 999, mtime=0)[:-4]])
    def test_says_what_it_cannot_decode(self, data: bytes) -> None:
        with pytest.raises(NotSearchable):
            self.hits(data)

    @pytest.mark.parametrize(
        ("column", "value", "place"),
        [
            ("user_id", ZORRO, "column"),
            ("note", f"of {ZORRO}", "field"),
            ("tags", [ZORRO], "field"),
            ("deep", {"a": [{"b": ZORRO}]}, "field"),
            ("content", ZORRO.encode(), "field"),
        ],
    )
    def test_looks_into_every_value_of_parquet(self, column: str, value: Any, place: str) -> None:
        file = io.BytesIO()
        pq.write_table(pa.table({column: [value, value], "n": [1, 2]}), file)
        hits = self.hits(file.getvalue())
        assert (dict(hits.words), dict(hits.columns)) == ({place: 2}, {column: 2})

    def test_looks_into_what_parquet_tells_beside_its_rows(self) -> None:
        file = io.BytesIO()
        table = pa.table({"n": [1]}).replace_schema_metadata({"note": ZORRO})
        pq.write_table(table, file)
        assert dict(self.hits(file.getvalue()).words) == {"document": 1}
        unused = pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(["a", ZORRO]))
        file = io.BytesIO()
        pq.write_table(pa.table({"user_id": unused}), file)
        assert ZORRO.encode() not in file.getvalue() or self.hits(file.getvalue()).is_anything

    @pytest.mark.parametrize(
        ("line", "is_there"),
        [
            (b'{"user_id": 1e6}', True),
            (b'{"user_id": 1000000.0}', True),
            (b'{"user_id": "1e6"}', True),
            (b'{"user_id": 1e6', False),
            (b'[{"user_id": 1e6}]', False),
            (b'{"user_id": 1e5}', False),
            (b'{"other": 1e6}', False),
            (b'{"user_id": 1e99999999999999999999, "n": 1e6}', False),
        ],
    )
    def test_finds_numbers_that_are_spelt_otherwise_where_they_are_erased(self, line: bytes, *, is_there: bool) -> None:
        of, value = contract(column={"logicalType": "integer"}), "1000000"
        assert (judge(of, value).judge(line).rest is None) == is_there
        assert is_found(of, value, line) == is_there
        quarantine = io.BytesIO()
        pq.write_table(pa.table({"line": [line.decode()], "line_bytes": [line]}), quarantine)
        assert self.hits(quarantine.getvalue(), of=subject_of(of, "user_id", value)).is_anything == is_there

    def test_finds_numbers_that_are_rounded_and_in_a_document_of_several_lines(self) -> None:
        of = contract(column={"logicalType": "number", "physicalType": "decimal(12,2)"})
        assert is_found(of, "1.99", b'{"user_id": 1.994}')
        assert not is_found(of, "1.99", b'{"user_id": 1.984}')
        of = contract(column={"logicalType": "integer"}, objectFormat="document")
        assert is_found(of, "1000000", b'{"id": 1,\n"user_id":\n1e6}')

    def test_finds_numbers_in_columns_of_any_kind(self) -> None:
        of = subject_of(contract(column={"logicalType": "integer"}), "user_id", "4711")
        file = io.BytesIO()
        pq.write_table(pa.table({"user_id": [4711, 1], "price": [4711.0, 2.0], "text": ["4711", "47110"]}), file)
        hits = self.hits(file.getvalue(), of=of)
        assert (dict(hits.columns), hits.longer_words) == ({"user_id": 1, "price": 1, "text": 1}, 1)


class TestValuesInAMessage:
    """A message names values that broke rules, without the row that they are of."""

    BEFORE = "2025-01-03: invalid-value count of customer_id is 1, must be 0; most frequent invalid values: "
    BEHIND = "; report s3://bucket/x.json; fix the source, then: pipeline run 2025-01-03"

    @pytest.mark.parametrize(
        ("words", "examples", "values"),
        [
            (Words("4711999912", is_number=True), (), "customer_id 4711999912 (1)"),
            (Words("bob"), (), 'user_id "bob" (1)'),
            (Words(ZORRO), {"a line of the person"}, 'email "zorro at home; report x" (1)'),
        ],
    )
    def test_go_with_the_person(self, words: Words, examples: set[str], values: str) -> None:
        metrics = {"message": f"{self.BEFORE}{values}{self.BEHIND}", "rows_read": 7}
        [before] = [self.BEFORE.partition("most")[0]]
        assert without_value(metrics, words, examples=examples) == {
            "message": f"{before}{self.BEHIND[2:]}",
            "rows_read": 7,
        }

    def test_of_others_stay(self) -> None:
        metrics = {"message": f"{self.BEFORE}customer_id 12 (1){self.BEHIND}"}
        assert without_value(metrics, Words(ZORRO)) == metrics


class TestMetrics:
    LINE = b'{"note":"' + b"x" * 300 + b'","n":"her number"}'

    def test_lose_what_they_quote_of_a_line_of_the_person_though_it_does_not_hold_the_value(self) -> None:
        detail = 'n is not int: "her number"'
        shown = self.LINE[:199].decode() + "…"
        item = {"reason": "n is not int", "lines": 1, "example": shown, "object": "a.json", "detail": detail}
        metrics = {"message": f"most malformed lines: 1 x n is not int, for example {detail}", "rejected_lines": [item]}
        cleaned = without_value(metrics, Words("zorro@example.org"), examples={example_digest(self.LINE)})
        assert cleaned == {
            "message": "most malformed lines: 1 x n is not int, for example (erased)",
            "rejected_lines": [{**item, "example": "(erased)", "detail": "(erased)"}],
        }
        assert without_value(metrics, Words("zorro@example.org")) == metrics


@dataclass(frozen=True)
class Counting(Judge):
    """Counts the texts that it is asked about."""

    asked: list[bytes] = field(default_factory=list)

    def judge(self, data: bytes) -> Judged:
        self.asked.append(data)
        return super().judge(data)


def test_the_text_of_many_rejected_records_is_looked_at_and_held_once() -> None:
    """Each record of an envelope has all of the envelope beside it: a thousand of a megabyte are a gigabyte."""
    envelopes = [json.dumps([{"user_id": who}, {"n": "x" * 1_000}]) for who in (ZORRO, "other")]
    lines = [envelopes[0]] * 3 + [envelopes[1]] * 4
    table = pa.table({"line": lines, "line_bytes": [line.encode() for line in lines], "source_object": ["o"] * 7})
    stored, rest = io.BytesIO(), io.BytesIO()
    pq.write_table(table, stored, store_schema=False)
    asked = Counting(subject_of(contract(recordsPath="[]"), "user_id", ZORRO))
    erased: list[bytes] = []
    found, left = Quarantine(asked, on_erased=erased.append).rewrite(stored, rest)
    assert (found.erased, left, len(erased), len(asked.asked)) == (3, 4, 3, 2)
    assert pq.read_table(rest).to_pydict()["line"] == [envelopes[1]] * 4
    assert ZORRO.encode() not in rest.getvalue()

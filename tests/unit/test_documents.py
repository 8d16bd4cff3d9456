"""How stored documents are read: whatever is none is refused with a reason that a person understands."""

import pytest

from core.documents import content_of, json_object, refused
from core.errors import InvalidDocument

DEEP = "[" * 100_000


@pytest.mark.parametrize("text", ["null", "[]", '["schema_version"]', "3", '"text"', "true"])
def test_what_is_no_json_object_is_refused_as_that(text: str) -> None:
    with pytest.raises(InvalidDocument, match=r"^s3://b/k is odd: .*no JSON object.*; delete it$"):
        read(text.encode())


@pytest.mark.parametrize("data", [b"", b"not json", b"\xff", DEEP.encode(), b"{}", b'{"schema_version": 2}'])
def test_what_is_no_document_of_this_schema_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidDocument, match=r"^s3://b/k is odd: .+; delete it$"):
        read(data)


def test_a_document_is_read_without_its_schema_version() -> None:
    assert read(b'{"schema_version": 1, "a": null}') == {"a": None}


@pytest.mark.parametrize("text", [None, "", "null", "[1]", "3", "not json", b"\xff", DEEP, 4, ["a"]])
def test_what_is_no_json_object_is_none(text: object) -> None:
    assert json_object(text) is None


@pytest.mark.parametrize("text", ['{"a": 1}', b' {"a": 1}', {"a": 1}])
def test_a_json_object_is_read_as_text_or_as_it_is(text: object) -> None:
    assert json_object(text) == {"a": 1}


def read(data: bytes) -> dict[str, object]:
    with refused("s3://b/k is odd", next_step="delete it"):
        return content_of(data, schema_version=1)

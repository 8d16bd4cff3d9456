"""The gateway as Hadoop's client sees it, in front of a real emulator; with Spark it is tested in `tests/local`."""

import socket
from collections.abc import Iterator
from random import Random
from typing import Final

import pytest

from local_cloud.tests.emulator import REGION, client, emulator
from local_cloud.tests.webhdfs_lake import BUCKET, Lake, address
from local_cloud.webhdfs import Gateway
from local_cloud.webhdfs.objects import PART_BYTES

LETTERS: Final = "".join(map(chr, range(0x20, 0x7F))).replace("/", "") + "äß日😀\u3000\n"


def generated_names(count: int) -> list[str]:
    random = Random(27)
    return [f"n{''.join(random.choices(LETTERS, k=12))}" for _ in range(count)]


ODD_NAMES: Final = [
    *("with space", "100%", "a%20b", "a%2Fb", "%zz", "plus+sign", "ä€", "a&b=c", "a#b?c", "day=2025-01-01"),
    *("2025-01-01T00:00:00Z+a b=c%20.json", " both ends ", "e\u0301", *generated_names(20)),
]


@pytest.fixture(scope="module")
def endpoint_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulator(tmp_path_factory.mktemp("emulator"), ["-m", "ministack"]) as url:
        yield url


@pytest.fixture(scope="module")
def gateway(endpoint_url: str) -> Iterator[Gateway]:
    gateway = Gateway(endpoint_url, region=REGION)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def lake(endpoint_url: str, gateway: Gateway) -> Iterator[Lake]:
    """An empty bucket behind the gateway."""
    s3 = client("s3", endpoint_url)
    s3.create_bucket(Bucket=BUCKET)
    lake = Lake(s3, endpoint_url, gateway.port)
    try:
        yield lake
    finally:
        for key in lake.listing():
            s3.delete_object(Bucket=BUCKET, Key=key)
        s3.delete_bucket(Bucket=BUCKET)
        s3.close()


@pytest.mark.parametrize(("key", "kind", "size_bytes"), [("a/b.txt", "FILE", 5), ("a", "DIRECTORY", 0)])
def test_a_key_is_a_file_and_its_prefix_a_directory(lake: Lake, key: str, kind: str, size_bytes: int) -> None:
    lake.put("a/b.txt", content=b"12345")
    status = lake.call("GET", key, "GETFILESTATUS").document["FileStatus"]
    assert (status["type"], status["length"]) == (kind, size_bytes)


@pytest.mark.parametrize("op", ["GETFILESTATUS", "LISTSTATUS", "OPEN"])
def test_what_is_not_there_is_not_found(lake: Lake, op: str) -> None:
    lake.put("ab")
    assert lake.call("GET", "a", op).error[:2] == (404, "FileNotFoundException")


@pytest.mark.parametrize("op", ["GETFILESTATUS", "LISTSTATUS", "OPEN"])
def test_a_missing_bucket_is_not_found(lake: Lake, op: str) -> None:
    reply = lake.raw("GET", f"{address('/no-such-bucket/key')}?op={op}")
    assert reply.error[:2] == (404, "FileNotFoundException")


def test_a_list_has_files_and_directories_of_one_level(lake: Lake) -> None:
    lake.put("d/one", "d/sub/two", "d/sub/three", "dd/four")
    statuses = lake.call("GET", "d", "LISTSTATUS").document["FileStatuses"]["FileStatus"]
    assert [(item["pathSuffix"], item["type"]) for item in statuses] == [("sub", "DIRECTORY"), ("one", "FILE")]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, b"0123456789"),
        ({"offset": "3"}, b"3456789"),
        ({"offset": "3", "length": "2"}, b"34"),
        ({"offset": "8", "length": "100"}, b"89"),
        ({"offset": "10"}, b""),
        ({"length": "0"}, b""),
    ],
)
def test_open_gives_the_range_that_is_asked_for(lake: Lake, parameters: dict[str, str], expected: bytes) -> None:
    lake.put("digits", content=b"0123456789")
    reply = lake.call("GET", "digits", "OPEN", b"", **parameters)
    assert (reply.status, reply.content) == (200, expected)


@pytest.mark.parametrize("size_bytes", [0, 5, PART_BYTES, 2 * PART_BYTES + 7])
def test_what_is_created_is_what_was_sent(lake: Lake, size_bytes: int) -> None:
    content = bytes(range(251)) * (size_bytes // 251 + 1)
    pieces = [content[start : min(start + 2**20, size_bytes)] for start in range(0, size_bytes, 2**20)]
    assert lake.create("made", iter(pieces)).status == 201
    assert lake.content("made") == content[:size_bytes]


@pytest.mark.parametrize("sent_bytes", [1000, PART_BYTES + 1000])
def test_an_upload_that_breaks_off_leaves_nothing(lake: Lake, sent_bytes: int) -> None:
    head = f"PUT {address(f'/{BUCKET}/half')}?op=CREATE&overwrite=true&data=true HTTP/1.1\r\nHost: localhost\r\n"
    with socket.create_connection(("127.0.0.1", lake.port), timeout=60) as connection:
        connection.sendall(f"{head}Content-Length: {sent_bytes + 1}\r\n\r\n".encode() + b"x" * sent_bytes)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""  # the gateway has given up, so what it leaves is final
    assert lake.listing() == []
    assert "Uploads" not in lake.s3.list_multipart_uploads(Bucket=BUCKET)


def test_a_file_is_replaced_only_when_that_is_asked_for(lake: Lake) -> None:
    lake.put("kept", content=b"old")
    for parameters in ({}, {"data": "true"}):
        reply = lake.call("PUT", "kept", "CREATE", b"new", overwrite="false", **parameters)
        assert reply.error[:2] == (403, "FileAlreadyExistsException")
    assert lake.content("kept") == b"old"


def test_a_rename_moves_a_file_or_all_of_a_directory(lake: Lake) -> None:
    lake.put("from/1", "from/deep/2", "file", "other")
    assert lake.call("PUT", "from", "RENAME", destination=f"/{BUCKET}/to").document == {"boolean": True}
    assert lake.call("PUT", "file", "RENAME", destination=f"/{BUCKET}/moved").document == {"boolean": True}
    assert lake.listing() == ["moved", "other", "to/1", "to/deep/2"]


def test_a_rename_never_replaces_a_file(lake: Lake) -> None:
    lake.put("a", content=b"a")
    lake.put("b", content=b"b")
    assert lake.call("PUT", "a", "RENAME", destination=f"/{BUCKET}/b").document == {"boolean": False}
    assert (lake.content("a"), lake.content("b")) == (b"a", b"b")


def test_a_directory_is_deleted_with_its_content_only_when_that_is_asked_for(lake: Lake) -> None:
    lake.put("d/1", "d/sub/2", "dd")
    assert lake.call("DELETE", "d", "DELETE").error[:2] == (403, "PathIsNotEmptyDirectoryException")
    assert lake.call("DELETE", "d", "DELETE", recursive="true").document == {"boolean": True}
    assert lake.listing() == ["dd"]
    assert lake.call("DELETE", "d", "DELETE").document == {"boolean": False}


def test_the_marker_of_an_empty_directory_goes_with_its_first_file(lake: Lake) -> None:
    assert lake.call("PUT", "new/dir", "MKDIRS").document == {"boolean": True}
    assert lake.call("GET", "new/dir", "LISTSTATUS").document == {"FileStatuses": {"FileStatus": []}}
    lake.create("new/dir/file", b"x")
    assert lake.listing() == ["new/dir/file"]


def test_odd_names_keep_their_spelling(lake: Lake) -> None:
    for name in ODD_NAMES:
        key = f"d/{name}/f"
        lake.create(key, name.encode())
        assert lake.listing() == [key]
        assert lake.call("GET", key, "OPEN").content == name.encode()
        (listed,) = lake.call("GET", "d", "LISTSTATUS").document["FileStatuses"]["FileStatus"]
        assert listed["pathSuffix"] == (f"./{name}" if ":" in name else name)
        assert lake.call("PUT", key, "RENAME", destination=f"/{BUCKET}/d/{name}").document == {"boolean": False}
        assert lake.call("PUT", key, "RENAME", destination=f"/{BUCKET}/moved {name}").document == {"boolean": True}
        assert lake.content(f"moved {name}") == name.encode()
        for left in (f"moved {name}", "d"):
            assert lake.call("DELETE", left, "DELETE", recursive="true").document == {"boolean": True}


def test_an_unknown_operation_is_refused_in_the_words_that_make_the_client_fall_back(lake: Lake) -> None:
    status, exception, message = lake.call("GET", "", "GETNOTHING").error
    assert (status, exception) == (400, "IllegalArgumentException")
    assert message.startswith('Invalid value for webhdfs parameter "op": No enum constant')

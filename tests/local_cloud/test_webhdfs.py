"""The gateway as Hadoop's client sees it, in front of a real emulator, and the real job on ``s3://`` through it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.webhdfs import Gateway, spark_settings
from local_cloud.webhdfs.objects import PART_BYTES
from tests.local_cloud.emulator import ACCOUNT, REGION, client, emulator
from tests.local_cloud.webhdfs_lake import BUCKET, Lake, address
from tests.unit.programs import ROOT

JOB_SECONDS = 300
DAY = "2025-01-01"
RAW_KEY = f"raw/source_system=app/ingestion_date={DAY}/events.json"
ODD_NAMES = ["with space", "100%", "a%20b", "plus+sign", "ä€", "a&b=c", "a#b?c", "day=2025-01-01"]


@pytest.fixture(scope="module")
def endpoint_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    subprocess.run(["/usr/bin/env", "make", "-s", "local-packages"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
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


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_keep_their_spelling(lake: Lake, name: str) -> None:
    key = f"d/{name}/f"
    lake.create(key, name.encode())
    assert lake.listing() == [key]
    assert lake.call("GET", f"d/{name}/f", "OPEN").content == name.encode()
    (listed,) = lake.call("GET", "d", "LISTSTATUS").document["FileStatuses"]["FileStatus"]
    assert listed["pathSuffix"] == name


def test_an_unknown_operation_is_refused_in_the_words_that_make_the_client_fall_back(lake: Lake) -> None:
    status, exception, message = lake.call("GET", "", "GETNOTHING").error
    assert (status, exception) == (400, "IllegalArgumentException")
    assert message.startswith('Invalid value for webhdfs parameter "op": No enum constant')


def test_the_job_publishes_on_s3_and_leaves_only_what_queries_may_read(lake: Lake, tmp_path: Path) -> None:
    generator = [sys.executable, str(ROOT / "data" / "sample_raw" / "generate_events.py")]
    subprocess.run([*generator, DAY, "--rows", "300", "--out", str(tmp_path)], check=True, stdout=subprocess.DEVNULL)
    lake.s3.upload_file(str(tmp_path / RAW_KEY), BUCKET, RAW_KEY)
    outcome = curate(lake)
    location = outcome["location"].removeprefix(f"s3://{BUCKET}/")
    assert outcome["status"] == "published"
    assert location.startswith("curated/")
    assert outcome["rows_written"] > 0
    keys = lake.listing()
    curated = [key for key in keys if key.startswith("curated/")]
    assert curated
    assert all(key.startswith(location) and key.endswith(".parquet") for key in curated), curated
    assert lake.content(curated[0])[:4] == lake.content(curated[0])[-4:] == b"PAR1"
    assert not [key for key in keys if "_temporary" in key or "_SUCCESS" in key or key.endswith("/")]


def curate(lake: Lake) -> dict[str, Any]:
    """Run the job as a person would and return what it announces."""
    quick = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.driver.bindAddress": "127.0.0.1"}
    settings = spark_settings([BUCKET], port=lake.port) | quick
    spark = [str(Path(sys.executable).parent / "spark-submit"), "--master", "local[2]"]
    confs = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    script = [str(ROOT / "glue_src" / "curate_job.py"), "--data_uri", f"s3://{BUCKET}", "--ingestion_date", DAY]
    aws = {
        "AWS_ENDPOINT_URL": lake.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    result = subprocess.run(
        [*spark, *confs, *script, "--contract", str(ROOT / "contracts" / "events.odcs.yaml")],
        cwd=ROOT,
        env=os.environ | aws | {"SPARK_LOCAL_IP": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=JOB_SECONDS,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    outcome: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return outcome

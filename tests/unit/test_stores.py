"""Both stores keep the one promise that publication rests on, and say what failed in words."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from adapters.aws import client
from adapters.directory import DirectoryStore
from adapters.s3 import S3Store
from adapters.stores import open_store
from core.errors import PipelineError
from core.ports import Store, WriteConflict

BUCKET = "prod-data"


@pytest.fixture(autouse=True)
def _own_clients() -> Iterator[None]:
    """A process keeps its clients, with the credentials that they were made with."""
    client.cache_clear()
    yield
    client.cache_clear()


@pytest.fixture(params=["directory", "bucket", "prefix in a bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "directory":
        yield DirectoryStore(str(tmp_path))
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET)
        yield S3Store(BUCKET, "" if request.param == "bucket" else "lake/one")


def test_a_conditional_write_needs_the_version_that_it_names(store: Store) -> None:
    first = store.replace("a/record", b"1", expected=None)
    with pytest.raises(WriteConflict):
        store.replace("a/record", b"lost", expected=None)
    second = store.replace("a/record", b"2", expected=first)
    with pytest.raises(WriteConflict):
        store.replace("a/record", b"lost", expected=first)
    found = store.read("a/record")
    assert found is not None
    assert (found.data, found.version) == (b"2", second)


def test_a_conditional_write_over_an_object_that_is_gone_is_a_conflict(store: Store) -> None:
    version = store.replace("record", b"1", expected=None)
    store.delete(["record"])
    with pytest.raises(WriteConflict):
        store.replace("record", b"2", expected=version)
    assert store.read("record") is None


def test_objects_and_folders_are_listed_by_key_and_deleted_by_prefix(store: Store) -> None:
    for key in ("v/run_id=2/b", "v/run_id=2/a", "v/run_id=1/c", "w/d"):
        store.write(key, key.encode())
    assert [item.key for item in store.objects("v/")] == ["v/run_id=1/c", "v/run_id=2/a", "v/run_id=2/b"]
    assert store.folders("v/") == ["v/run_id=1/", "v/run_id=2/"]
    store.delete_prefix("v/run_id=2/")
    store.delete_prefix("v/run_id=2/")
    store.delete(["never/there"])
    assert [item.key for item in store.objects("v/")] == ["v/run_id=1/c"]
    assert (store.objects("nothing/"), store.folders("nothing/")) == ([], [])


def test_the_version_and_the_etag_of_an_object_change_with_its_content(store: Store) -> None:
    store.write("raw/a.json", b"1")
    [before] = store.objects("raw/")
    store.write("raw/a.json", b"2")
    [after] = store.objects("raw/")
    assert before.version != after.version
    assert store.etag(after) != before.version
    assert after.size_bytes == 1


@pytest.mark.parametrize("uri", ["", "data", "/data", "file:/data", "file://host/data", "s3://", "s3:///x", "gs://b/x"])
def test_a_data_root_that_is_none_is_named_with_what_is_allowed(uri: str) -> None:
    with pytest.raises(PipelineError, match="names no data root; give file:///absolute/folder or s3://bucket/prefix"):
        open_store(uri)


def test_threads_that_write_one_object_at_once_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    store, content = DirectoryStore(str(tmp_path)), b"x" * 10_000
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: store.write("a/record", content), range(200)))
    found = store.read("a/record")
    assert found is not None
    assert found.data == content
    assert [item.name for item in (tmp_path / "a").iterdir()] == ["record"]


def test_a_directory_has_one_name_however_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "data")
    names = [f"{tmp_path}/data", f"{tmp_path}/data/", f"{tmp_path}/x/../data", f"{tmp_path}/alias"]
    assert {DirectoryStore(name).uri("raw/") for name in names} == {f"file://{tmp_path}/data/raw/"}


def test_a_file_that_vanishes_while_a_folder_is_listed_is_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run gives its lease back at that moment."""
    store = DirectoryStore(str(tmp_path))
    store.write("leases/a.json", b"1")
    store.write("leases/b.json", b"2")
    stat = Path.stat

    def gone(path: Path, **options: Any) -> Any:
        if path.name == "a.json":
            path.unlink(missing_ok=True)
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", gone)
    assert [item.key for item in store.objects("leases/")] == ["leases/b.json"]


def test_a_link_to_nothing_among_the_raw_data_is_an_error_and_no_smaller_day(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "events.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(PipelineError, match=r"raw/events\.json is a link to a file that is not there"):
        DirectoryStore(str(tmp_path)).objects("raw/")


class _Refusing:
    """An S3 client that refuses everything."""

    def __getattr__(self, name: str) -> Any:
        def refuse(**_: Any) -> Any:
            answer: Any = {
                "Error": {"Code": "AccessDenied", "Message": "not you"},
                "ResponseMetadata": {"HTTPStatusCode": 403},
            }
            raise ClientError(answer, name)

        return refuse


class _Conditioned:
    """An S3 client that denies every read, and lists these keys."""

    def __init__(self, *keys: str) -> None:
        self._keys = keys

    def get_object(self, **_: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": "AccessDenied", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}},  # type: ignore[typeddict-item]
            "GetObject",
        )

    def list_objects_v2(self, *, Prefix: str, **_: Any) -> Any:  # noqa: N803  boto3's name
        return {"Contents": [{"Key": key} for key in sorted(self._keys) if key.startswith(Prefix)][:1]}


def test_a_key_that_s3_denies_and_does_not_list_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "client", lambda *_, **__: _Conditioned("lake/record-2"))
    assert S3Store(BUCKET, "lake").read("record") is None


def test_a_key_that_s3_denies_and_lists_is_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "client", lambda *_, **__: _Conditioned("lake/record", "lake/record-2"))
    with pytest.raises(PipelineError, match=r"cannot read s3://prod-data/lake/record: AccessDenied: no; allow the"):
        S3Store(BUCKET, "lake").read("record")


def test_what_s3_refuses_is_said_with_the_object_and_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "client", lambda *_, **__: _Refusing())
    store = S3Store(BUCKET, "lake")
    for action, refused in (
        ("read", lambda: store.read("a")),
        ("write", lambda: store.write("a", b"")),
        ("write", lambda: store.replace("a", b"", expected="v")),
        ("delete", lambda: store.delete(["a"])),
    ):
        with pytest.raises(PipelineError) as caught:
            refused()
        assert str(caught.value).startswith(f"cannot {action} s3://prod-data/lake/a: AccessDenied: not you; allow the")

"""Both stores keep the one promise that publication rests on, and say what failed in words."""

import errno
import io
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
)
from moto import mock_aws

from adapters.aws import client
from adapters.directory import DirectoryStore
from adapters.s3 import S3Store
from adapters.stores import open_store
from core.errors import AccessDenied, PipelineError, ServiceError, ServiceUnavailable
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


def test_a_conditional_deletion_needs_the_version_that_it_names(store: Store) -> None:
    first = store.replace("a/record", b"1", expected=None)
    second = store.replace("a/record", b"2", expected=first)
    with pytest.raises(WriteConflict):
        store.remove("a/record", expected=first)
    assert store.read("a/record") is not None
    store.remove("a/record", expected=second)
    assert store.read("a/record") is None
    with pytest.raises(WriteConflict):
        store.remove("a/record", expected=second)


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


def test_a_mistyped_directory_does_not_come_into_being(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"there is no such directory; correct it, or create it first"):
        open_store(f"file://{tmp_path}/shpo")
    assert list(tmp_path.iterdir()) == []


def test_threads_that_write_one_object_at_once_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    store, content = DirectoryStore(str(tmp_path)), b"x" * 10_000
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: store.write("a/record", content), range(200)))
    found = store.read("a/record")
    assert found is not None
    assert found.data == content
    assert [item.name for item in (tmp_path / "a").iterdir()] == ["record"]


def test_a_hidden_file_is_an_object_as_in_a_bucket_but_for_checksums_and_the_stores_own(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    for key in (".a.json", "b/.DS_Store", "b/._c.json"):
        store.write(key, b"{}")
    for name in (".a.json.crc", ".d.json.1.2.tmp"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(WriteConflict):
        store.replace("d.json", b"", expected="another")  # takes the lock
    assert [item.key for item in store.objects("")] == [".a.json", "b/.DS_Store", "b/._c.json"]


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


def test_a_folder_that_another_run_sweeps_at_the_same_time_is_gone_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, delete = DirectoryStore(str(tmp_path)), shutil.rmtree
    for name in ("a", "b"):
        store.write(f"v/{name}", b"1")

    def stop_at_a_file_that_is_gone(folder: Path) -> None:
        monkeypatch.setattr(shutil, "rmtree", delete)
        (folder / "a").unlink()
        raise FileNotFoundError("a")

    monkeypatch.setattr(shutil, "rmtree", stop_at_a_file_that_is_gone)
    store.delete_prefix("v/")
    assert not (tmp_path / "v").exists()


def test_a_file_gets_its_name_when_its_content_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named_at_sync: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _file: named_at_sync.append((tmp_path / "record").exists()))
    DirectoryStore(str(tmp_path)).write("record", b"1")
    assert named_at_sync == [False]


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENAMETOOLONG])
def test_a_folder_that_cannot_be_read_is_an_error_and_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    store, scandir = DirectoryStore(str(tmp_path)), os.scandir
    store.write("raw/ingestion_date=2025-01-01/hour=01/events.json", b"1")
    closed = tmp_path / "raw" / "ingestion_date=2025-01-01" / "hour=01"

    def fail(folder: Any) -> Any:
        if Path(folder) == closed:
            raise OSError(error, os.strerror(error), str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", fail)
    said = re.escape(f"cannot list file://{closed}: {os.strerror(error)}")
    for prefix in ("raw/", "raw/ingestion_date=2025-01-01/", "raw/ingestion_date=2025-01-01/hour=01/"):
        with pytest.raises(ServiceError, match=said):
            store.objects(prefix)
    with pytest.raises(ServiceError, match=said):
        store.folders("raw/ingestion_date=2025-01-01/hour=01/")


def test_a_folder_that_is_deleted_while_it_is_listed_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, scandir = DirectoryStore(str(tmp_path)), os.scandir
    for key in ("raw/a/1", "raw/b/c/2"):
        store.write(key, b"1")

    def listed(folder: Any) -> Any:
        found = list(scandir(folder))
        if folder == tmp_path / "raw" / "b":
            monkeypatch.undo()
            shutil.rmtree(folder)
        return found

    monkeypatch.setattr(os, "scandir", listed)
    assert [item.key for item in store.objects("raw/")] == ["raw/a/1"]
    assert not (tmp_path / "raw" / "b").exists()
    assert store.folders("raw/none/") == store.folders("raw/a/1/") == []


def test_linked_folders_are_read_deleted_as_links_and_no_circle(tmp_path: Path) -> None:
    store, elsewhere = DirectoryStore(str(tmp_path / "data")), tmp_path / "elsewhere"
    store.write("raw/1", b"1")
    elsewhere.mkdir()
    (elsewhere / "2").write_bytes(b"2")
    (tmp_path / "data" / "raw" / "linked").symlink_to(elsewhere)
    assert [item.key for item in store.objects("raw/")] == ["raw/1", "raw/linked/2"]
    assert store.folders("raw/") == ["raw/linked/"]
    store.delete_prefix("raw/linked/")
    assert (store.folders("raw/"), [path.name for path in elsewhere.iterdir()]) == ([], ["2"])
    others = tmp_path / "others"
    others.mkdir()
    (others / "back").symlink_to(tmp_path / "data" / "raw")
    (tmp_path / "data" / "raw" / "away").symlink_to(others)
    with pytest.raises(PipelineError, match=r"raw/away/back is a link that leads back to \S+/data/raw; remove"):
        store.objects("raw/")


def test_names_that_only_look_like_the_stores_own_are_objects(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    for key in ("raw/x.tmp", "raw/x.crc", "raw/.hidden", "raw/.folder/x"):
        store.write(key, b"1")
    for own in ("raw/.x.tmp", "raw/.x.crc", "raw/.lock"):
        (tmp_path / own).write_bytes(b"1")
    assert [item.key for item in store.objects("raw/")] == ["raw/.folder/x", "raw/.hidden", "raw/x.crc", "raw/x.tmp"]
    assert store.folders("raw/") == []


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


class _DeletesInPart:
    """An S3 client that deletes all objects but one, which its answer names; the answer itself is a success."""

    def delete_objects(self, **_: Any) -> Any:
        return {"Errors": [{"Key": "lake/b", "Code": "AccessDenied", "Message": "not you"}]}


def test_an_object_that_s3_does_not_delete_among_others_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "client", lambda *_, **__: _DeletesInPart())
    told = "cannot delete 1 of 2 objects, first s3://prod-data/lake/b: AccessDenied"
    with pytest.raises(ServiceError, match=told):
        S3Store(BUCKET, "lake").delete(["a", "b"])


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


def downloaded(store: Store, key: str) -> tuple[bytes, str | None]:
    file = io.BytesIO()
    version = store.download(key, file)
    return file.getvalue(), version


def test_a_large_object_is_copied_out_and_replaced_at_the_version_that_was_read(store: Store) -> None:
    store.write("raw/a.json", b"1\n2\n")
    content, version = downloaded(store, "raw/a.json")
    assert content == b"1\n2\n"
    assert version is not None
    store.upload("raw/a.json", io.BytesIO(b"1\n"), expected=version)
    assert downloaded(store, "raw/a.json")[0] == b"1\n"
    with pytest.raises(WriteConflict):
        store.upload("raw/a.json", io.BytesIO(b"lost"), expected=version)
    assert downloaded(store, "raw/a.json")[0] == b"1\n"
    assert downloaded(store, "raw/b.json") == (b"", None)
    with pytest.raises(WriteConflict):
        store.upload("raw/b.json", io.BytesIO(b"lost"), expected=version)
    assert store.read("raw/b.json") is None


def test_the_version_of_a_copy_is_the_one_that_a_conditional_write_names(store: Store) -> None:
    version = store.replace("record", b"1", expected=None)
    assert downloaded(store, "record") == (b"1", version)


def test_a_file_of_hadoops_is_read_by_it_after_it_was_replaced(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    for name in ("part-0.parquet", ".part-0.parquet.crc"):
        (tmp_path / name).write_bytes(b"1")
    _, version = downloaded(store, "part-0.parquet")
    assert version is not None
    store.upload("part-0.parquet", io.BytesIO(b"2"), expected=version)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".part")] == []


class TestUploadToS3:
    @pytest.fixture
    def bucket(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with mock_aws():
            s3: Any = boto3.client("s3", region_name="us-east-1")
            s3.create_bucket(Bucket=BUCKET)
            yield s3

    def test_keeps_what_the_writer_said_of_the_object(self, bucket: Any) -> None:
        said = {"ContentType": "application/x-ndjson", "ContentEncoding": "gzip", "Metadata": {"source": "app"}}
        bucket.put_object(Bucket=BUCKET, Key="a", Body=b"1", **said)
        store = S3Store(BUCKET)
        version = downloaded(store, "a")[1]
        assert version is not None
        store.upload("a", io.BytesIO(b"2"), expected=version)
        found = bucket.head_object(Bucket=BUCKET, Key="a")
        assert {name: found[name] for name in said} == said

    @pytest.mark.usefixtures("bucket")
    def test_writes_in_one_piece_what_is_as_large_as_a_part(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("adapters.s3._PART_BYTES", 2)
        store, asked = S3Store(BUCKET), list[str]()
        store.write("a", b"1")
        version = downloaded(store, "a")[1]
        assert version is not None
        client("s3").meta.events.register("before-call.s3.*", lambda model, **_: asked.append(model.name))
        store.upload("a", io.BytesIO(b"12"), expected=version)
        assert asked == ["HeadObject", "PutObject"]

    def test_writes_in_parts_what_is_larger_than_one_and_only_over_the_version_read(
        self, bucket: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        size = 5 << 20  # the smallest part of S3
        monkeypatch.setattr("adapters.s3._PART_BYTES", size)
        store, content = S3Store(BUCKET), b"x" * (2 * size + 1)
        store.write("a", b"1")
        version = downloaded(store, "a")[1]
        assert version is not None
        asked: list[Any] = []
        events = client("s3").meta.events
        events.register("provide-client-params.s3.CompleteMultipartUpload", lambda params, **_: asked.append(params))
        store.upload("a", io.BytesIO(content), expected=version)
        assert downloaded(store, "a")[0] == content
        # S3 compares it, moto does not: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
        assert [params["IfMatch"] for params in asked] == [version]
        events.register("before-call.s3.CompleteMultipartUpload", _declined)
        with pytest.raises(WriteConflict):
            store.upload("a", io.BytesIO(content), expected=version)
        assert bucket.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


class TestAnswersOfS3ToARepeatedWrite:
    """The SDK repeats a write that was not answered; S3 may carry the first out whatever it answers to the second."""

    @pytest.fixture
    def store(self, monkeypatch: pytest.MonkeyPatch) -> S3Store:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
        return S3Store(BUCKET)

    @staticmethod
    def answer(*answers: Exception | tuple[int, str]) -> None:
        """Let each request for a write be answered in turn; not at all, by an exception."""
        left = list(answers)

        def reply(request: Any, **_: Any) -> AWSResponse:
            found = left.pop(0)
            if isinstance(found, Exception):
                raise found
            status, code = found
            raw: Any = BytesIO(f"<Error><Code>{code}</Code><Message>as told</Message></Error>".encode())
            raw.stream = lambda *_a, **_k: iter([raw.read()])
            return AWSResponse(request.url, status, HTTPHeaders(), raw)

        client("s3").meta.events.register_first("before-send.s3.PutObject", reply)

    @pytest.mark.parametrize(
        ("status", "code"), [(403, "AccessDenied"), (400, "ExpiredToken"), (409, "ConditionalRequestConflict")]
    )
    def test_are_no_rejection(self, store: S3Store, status: int, code: str) -> None:
        self.answer(ReadTimeoutError(endpoint_url="s3"), (status, code))
        with pytest.raises(ServiceUnavailable, match=f"cannot write s3://{BUCKET}/record: .*{code}.*repeated request"):
            store.replace("record", b"2", expected="1")

    def test_without_credentials_are_no_rejection(self, store: S3Store) -> None:
        self.answer(CredentialRetrievalError(provider="sso", error_msg="expired"))
        with pytest.raises(ServiceUnavailable, match="expired"):
            store.replace("record", b"2", expected="1")

    @pytest.mark.parametrize("error", [NoCredentialsError(), NoRegionError()], ids=lambda error: type(error).__name__)
    def test_that_there_was_no_request_are_a_rejection(self, store: S3Store, error: Exception) -> None:
        self.answer(error)
        with pytest.raises(ServiceError, match=r"No AWS .* configured"):
            store.replace("record", b"2", expected="1")

    @pytest.mark.parametrize("status", [412, 404])
    def test_of_another_version_are_a_conflict(self, store: S3Store, status: int) -> None:
        self.answer(ReadTimeoutError(endpoint_url="s3"), (status, "as told"))
        with pytest.raises(WriteConflict):
            store.replace("record", b"2", expected="1")

    @pytest.mark.parametrize(
        ("status", "code", "error"), [(403, "AccessDenied", AccessDenied), (400, "No", ServiceError)]
    )
    def test_are_taken_at_their_word_where_they_are_the_first(
        self, store: S3Store, status: int, code: str, error: type[PipelineError]
    ) -> None:
        self.answer((status, code))
        with pytest.raises(error):
            store.replace("record", b"2", expected="1")

    @pytest.mark.parametrize("status", [412, 409, 404])
    def test_to_a_first_one_are_a_conflict_too(self, store: S3Store, status: int) -> None:
        self.answer((status, "as told"))
        with pytest.raises(WriteConflict):
            store.replace("record", b"2", expected="1")

    def test_that_there_is_no_such_bucket_are_none(self, store: S3Store) -> None:
        self.answer((404, "NoSuchBucket"))
        with pytest.raises(ServiceError, match="NoSuchBucket"):
            store.replace("record", b"2", expected="1")


def _declined(**_: Any) -> None:
    answer: Any = {"Error": {"Code": "PreconditionFailed"}, "ResponseMetadata": {"HTTPStatusCode": 412}}
    raise ClientError(answer, "CompleteMultipartUpload")

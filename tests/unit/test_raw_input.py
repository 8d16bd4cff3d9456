"""What a listing of raw data refuses; what it leaves out is in test_fingerprint."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from adapters.directory import DirectoryStore
from core.errors import PipelineError
from core.layout import DatasetPaths
from core.ports import StoredObject
from core.raw_day import list_raw_day
from core.raw_objects import RawObjects

DAY, NOW = date(2025, 1, 1), datetime(2025, 1, 2, tzinfo=UTC)
PATHS = DatasetPaths("events", "app")
PREFIX = PATHS.raw_prefix(DAY)


class Listing(DirectoryStore):
    """A store that lists these keys as a bucket can, where any text is one."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__("/nowhere")
        self._keys = keys

    def objects(self, prefix: str) -> list[StoredObject]:
        return [StoredObject(key, 10, "version", NOW) for key in self._keys if key.startswith(prefix)]

    def etag(self, listed: StoredObject) -> str:
        return listed.version

    def uri(self, key: str) -> str:
        return f"s3://bucket/{key}"


@pytest.mark.parametrize("name", ["/a.json", "b//a.json", "./a.json", "b/../a.json", "//"])
def test_a_key_that_spark_takes_for_another_is_refused_by_name(name: str) -> None:
    with pytest.raises(PipelineError) as refused:
        list_raw_day(Listing([f"{PREFIX}a.json", PREFIX + name]), PATHS, DAY, RawObjects())
    assert str(refused.value).startswith(f"2025-01-01: raw object s3://bucket/{PREFIX}{name} has an empty part")


def test_folder_markers_and_dots_within_names_are_no_reason() -> None:
    raw = list_raw_day(Listing([PREFIX, f"{PREFIX}b/", f"{PREFIX}b/a..b.json"]), PATHS, DAY, RawObjects())
    assert [item.key for item in raw.objects] == [f"{PREFIX}b/a..b.json"]

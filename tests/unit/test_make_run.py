"""Which files `make run DATE=… DATA=…` uploads, and under which names."""

from pathlib import Path

import pytest

from cli.errors import CommandFailed, WrongUse
from cli.make_run import raw_files
from core.errors import PipelineError
from core.raw_objects import RawObjects


def written(folder: Path, *keys: str) -> Path:
    for key in keys:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text("{}\n", encoding="utf-8")
    return folder


def uploaded(data: Path, settings: RawObjects = RawObjects()) -> list[str]:  # noqa: B008  it is frozen
    found = raw_files(data, settings)
    assert all(path.read_text(encoding="utf-8") for path in found.values())
    return sorted(found)


def test_objects_in_folders_keep_their_path_whether_or_not_others_lie_on_top(tmp_path: Path) -> None:
    assert uploaded(written(tmp_path, "04/b.json", "05/c.json")) == ["04/b.json", "05/c.json"]
    assert uploaded(written(tmp_path, "a.json")) == ["04/b.json", "05/c.json", "a.json"]


def test_one_object_is_uploaded_by_its_name(tmp_path: Path) -> None:
    assert uploaded(written(tmp_path, "04/b.json") / "04/b.json") == ["b.json"]


def test_the_rules_for_names_are_those_of_a_run(tmp_path: Path) -> None:
    written(tmp_path, "a.json", "04/b.txt", "_temporary/c.json", "04/.d.json", "05/e.json")
    assert uploaded(tmp_path, RawObjects(exclude=("05/*",))) == ["04/b.txt", "a.json"]


def test_links_are_followed_unless_they_lead_nowhere_or_back(tmp_path: Path) -> None:
    day = tmp_path / "day"
    written(tmp_path, "elsewhere/a.json", "day/b.json")
    (day / "04").symlink_to(tmp_path / "elsewhere")
    assert uploaded(day) == ["04/a.json", "b.json"]
    (day / "05").symlink_to(day)
    with pytest.raises(PipelineError, match="is a link that leads back to"):
        raw_files(day, RawObjects())


def test_what_is_hidden_keeps_nobody_from_a_run(tmp_path: Path) -> None:
    written(tmp_path, "a.json", ".git/b.json", "04/_temporary/c.json", "elsewhere/d.txt")
    (tmp_path / ".#a.json").symlink_to("somebody@machine.4711")  # an editor's lock
    (tmp_path / ".git" / "gone").symlink_to("nowhere")
    (tmp_path / "04" / "_temporary" / "back").symlink_to(tmp_path)
    (tmp_path / ".latest").symlink_to(tmp_path / "elsewhere")
    assert uploaded(tmp_path) == ["a.json", "elsewhere/d.txt"]
    (tmp_path / "04" / "gone.json").symlink_to("nowhere")
    with pytest.raises(PipelineError, match=r"gone\.json is a link to a file that is not there"):
        raw_files(tmp_path, RawObjects())


def test_several_days_are_not_taken_for_one(tmp_path: Path) -> None:
    written(tmp_path, "ingestion_date=2025-01-01/a.json", "ingestion_date=2025-01-02/a.json")
    with pytest.raises(WrongUse, match="holds folders of dates, such as ingestion_date=2025-01-01; give one of them"):
        raw_files(tmp_path, RawObjects())


def test_without_any_raw_data_the_first_files_are_named_with_why(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="counts as raw data: it is empty"):
        raw_files(tmp_path, RawObjects())
    written(tmp_path, *(f"04/{number}.txt" for number in range(9)))
    with pytest.raises(CommandFailed, match=r"counts as raw data: 04/0\.txt: .*; and 4 more"):
        raw_files(tmp_path, RawObjects())

import os
import time
import zipfile
from pathlib import Path

import pytest

from stacks.constructs.source_archive import write_zip


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    (folder / "inner" / "__pycache__").mkdir(parents=True)
    for name in ("b.py", "a.py", "inner/c.py", "notes.txt", "inner/__pycache__/c.cpython-313.pyc"):
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def test_a_zip_holds_source_only_below_the_folder_it_is_given(package: Path, tmp_path: Path) -> None:
    write_zip(tmp_path / "x.zip", {"here": package})
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.namelist() == ["here/a.py", "here/b.py", "here/inner/c.py"]


def test_the_root_of_a_zip_can_be_filled_too(package: Path, tmp_path: Path) -> None:
    write_zip(tmp_path / "x.zip", {"": package})
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.namelist() == ["a.py", "b.py", "inner/c.py"]


def test_times_and_modes_of_the_files_do_not_matter(package: Path, tmp_path: Path) -> None:
    write_zip(tmp_path / "first.zip", {"": package})
    (package / "a.py").chmod(0o600)
    os.utime(package / "b.py", (0, time.time() + 5000))
    write_zip(tmp_path / "second.zip", {"": package})
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_contents_do(package: Path, tmp_path: Path) -> None:
    write_zip(tmp_path / "first.zip", {"": package})
    (package / "a.py").write_text("changed", encoding="utf-8")
    write_zip(tmp_path / "second.zip", {"": package})
    assert (tmp_path / "first.zip").read_bytes() != (tmp_path / "second.zip").read_bytes()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is not there"):
        write_zip(tmp_path / "x.zip", {"": tmp_path / "nowhere"})

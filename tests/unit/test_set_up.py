import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import set_up
from tests.unit.programs import ROOT, executable, run


@pytest.fixture(scope="module")
def made_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project directory with an empty requirements file and an environment made from it."""
    project = tmp_path_factory.mktemp("project")
    (project / "requirements.txt").write_text("# nothing\n", encoding="utf-8")
    set_up.set_up_environment(project / "venv", project / "requirements.txt")
    return project


class TestEnvironment:
    @pytest.fixture
    def project(self, made_environment: Path) -> Path:
        """The made environment as it was, with a file in it that only a fresh start removes."""
        (made_environment / "requirements.txt").write_text("# nothing\n", encoding="utf-8")
        set_up.set_up_environment(made_environment / "venv", made_environment / "requirements.txt")
        (made_environment / "venv" / "trace").touch()
        return made_environment

    def set_up(self, project: Path) -> None:
        set_up.set_up_environment(project / "venv", project / "requirements.txt")

    def started_anew(self, project: Path) -> bool:
        return not (project / "venv" / "trace").exists()

    def test_a_second_call_installs_nothing(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.set_up(project)
        assert capsys.readouterr().out == ""

    def test_says_how_far_it_is(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(set_up, "_TOLD_SECONDS", 0.0)
        monkeypatch.setattr(set_up, "_REDRAWN_SECONDS", 0.05)
        (project / "requirements.txt").write_text("# two\npip\n--no-index\npip>=1  # again\n", encoding="utf-8")
        self.set_up(project)
        assert "  0 of 2 packages fetched, 0 s\n" in capsys.readouterr().out

    def test_the_interpreter_is_the_same_under_another_name(
        self, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "python").symlink_to(sys.executable)
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
        self.set_up(project)
        assert capsys.readouterr().out == ""

    def test_a_touched_but_unchanged_file_installs_nothing(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        os.utime(project / "requirements.txt", (2_000_000_000, 2_000_000_000))
        self.set_up(project)
        assert capsys.readouterr().out == ""

    def test_changed_requirements_are_installed_into_what_is_there(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (project / "requirements.txt").write_text("pip\n", encoding="utf-8")
        self.set_up(project)
        assert "installing" in capsys.readouterr().out
        assert not self.started_anew(project)

    def test_an_interrupted_or_failed_installation_starts_anew(self, project: Path) -> None:
        (project / "requirements.txt").write_text("./no-such-package\n", encoding="utf-8")
        with pytest.raises(set_up.SetUpError, match=r"pip install .* failed.*next: see pip's message"):
            self.set_up(project)
        (project / "requirements.txt").write_text("# nothing\n", encoding="utf-8")
        self.set_up(project)
        assert self.started_anew(project)

    def test_a_moved_project_starts_anew_because_scripts_name_their_place(self, project: Path) -> None:
        stamp = project / "venv" / set_up.STAMP
        stamp.write_text(stamp.read_text(encoding="utf-8").replace(str(project), "/elsewhere"), encoding="utf-8")
        self.set_up(project)
        assert self.started_anew(project)

    def test_an_environment_that_a_person_made_is_completed_not_deleted(self, project: Path) -> None:
        (project / "venv" / set_up.STAMP).unlink()
        self.set_up(project)
        assert not self.started_anew(project)
        assert (project / "venv" / set_up.STAMP).exists()

    def test_two_calls_at_once_wait_for_each_other(self, project: Path) -> None:
        (project / "venv" / set_up.STAMP).unlink()
        command = [sys.executable, str(ROOT / "scripts" / "set_up.py"), "venv", "venv", "requirements.txt"]
        with (project / "requirements.txt").open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as second:
                assert second.stdout is not None
                assert second.stdout.readline().startswith("waiting for another process")
                fcntl.flock(held, fcntl.LOCK_UN)
                assert second.wait(timeout=60) == 0

    def test_an_unknown_set_up_is_refused_in_one_line(self) -> None:
        result = run([sys.executable, "scripts/set_up.py", "all"])
        assert result.returncode == 1
        assert result.stderr == (
            "error: ['all'] names no set-up; next: set_up.py venv DIRECTORY REQUIREMENTS, or: set_up.py node\n"
        )


class TestPythonChoice:
    SCRIPT = "scripts/find_python.sh"

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        """An empty project whose PATH holds `sed` and what a test puts there."""
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "sed").symlink_to(shutil.which("sed") or "")
        return tmp_path

    def choose(self, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(
            ["/bin/sh", str(ROOT / self.SCRIPT), *arguments], cwd=directory, env={"PATH": str(directory / "bin")}
        )

    def test_the_first_that_fits_is_taken(self, directory: Path) -> None:
        executable(directory / "bin" / "python3", "exit 1")
        executable(directory / "bin" / "python3.12", "exit 0")
        assert self.choose(directory).stdout == "python3.12\n"

    def test_the_one_that_made_the_environment_stays(self, directory: Path) -> None:
        executable(directory / "bin" / "python3", "exit 0")
        mine = executable(directory / "elsewhere" / "python", "exit 0")
        (directory / ".venv").mkdir()
        (directory / ".venv" / set_up.STAMP).write_text(f"{mine}\nplace\ninputs\n", encoding="utf-8")
        assert self.choose(directory).stdout == f"{mine}\n"

    def test_a_chosen_one_is_used_without_looking_further(self, directory: Path) -> None:
        assert self.choose(directory, sys.executable).stdout == f"{sys.executable}\n"

    def test_a_chosen_one_that_does_not_fit_is_refused_by_name(self, directory: Path) -> None:
        result = self.choose(directory, "python3.8")
        assert result.returncode == 1
        assert "PYTHON=python3.8 is missing or not Python 3.11, 3.12 or 3.13; next: make PYTHON=" in result.stderr

    def test_none_at_all_is_said(self, directory: Path) -> None:
        result = self.choose(directory)
        assert result.returncode == 1
        assert "no Python 3.11, 3.12 or 3.13 on PATH; next:" in result.stderr

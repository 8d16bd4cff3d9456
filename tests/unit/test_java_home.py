from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import java_home
from tests.unit.programs import executable

MODULES = "java.base@17\njdk.incubator.vector@17"


def fake_java(home: Path, *, specification: str = "17", modules: str = MODULES) -> Path:
    """A `java` that answers the two questions asked of it as a real one does: settings on stderr, modules on stdout."""
    settings = f"    java.home = {home}\n    java.specification.version = {specification}"
    script = f'[ "$1" = --list-modules ] && echo "{modules}" || echo "{settings}" >&2'
    return executable(home / "bin" / "java", script)


def install_fake(directory: Path) -> None:
    fake_java(directory / "jdk-17")


class TestJava:
    @pytest.fixture
    def machine(self, tmp_path: Path) -> Path:
        return tmp_path

    def find(
        self, machine: Path, *, java_home_value: str = "", install: Callable[[Path], None] | None = None
    ) -> tuple[Path, list[str]]:
        def refuse(_directory: Path) -> None:
            pytest.fail("nothing was to be installed")

        reports: list[str] = []
        home = java_home.find_java_home(
            {"JAVA_HOME": java_home_value, "PATH": str(machine / "path" / "bin")},
            project_java=machine / ".java",
            install=install or refuse,
            report=reports.append,
        )
        return home, reports

    def test_java_home_comes_before_path(self, machine: Path) -> None:
        fake_java(machine / "chosen")
        fake_java(machine / "path")
        home, _ = self.find(machine, java_home_value=str(machine / "chosen"))
        assert home == machine / "chosen"

    @pytest.mark.parametrize(
        ("specification", "modules"),
        [
            pytest.param("1.8", MODULES, id="Java 8"),
            pytest.param("11", MODULES, id="older than Spark 4 needs"),
            pytest.param("25", MODULES, id="newer than Hadoop bears"),
            pytest.param("unheard-of", MODULES, id="no number"),
            pytest.param("17", "java.base@17", id="cut down, without the vector module"),
        ],
    )
    def test_an_unfit_java_home_is_passed_over_for_the_one_on_path(
        self, machine: Path, specification: str, modules: str
    ) -> None:
        fake_java(machine / "chosen", specification=specification, modules=modules)
        fake_java(machine / "path", specification="21")
        home, _ = self.find(machine, java_home_value=str(machine / "chosen"))
        assert home == machine / "path"

    def test_the_placeholder_of_a_mac_without_java_is_passed_over(self, machine: Path) -> None:
        executable(machine / "path" / "bin" / "java", "echo 'Unable to locate a Java Runtime.' >&2; exit 1")
        fake_java(machine / ".java" / "jdk-17" / "Contents" / "Home")
        home, _ = self.find(machine)
        assert home == machine / ".java" / "jdk-17" / "Contents" / "Home"

    def test_one_installed_earlier_is_used_again(self, machine: Path) -> None:
        fake_java(machine / ".java" / "jdk-17.0.15+6")
        home, _ = self.find(machine)
        assert home == machine / ".java" / "jdk-17.0.15+6"

    def test_without_any_one_is_installed_and_the_refused_ones_are_named(self, machine: Path) -> None:
        fake_java(machine / "path", specification="11")
        home, reports = self.find(machine, install=install_fake)
        assert home == machine / ".java" / "jdk-17"
        assert "path/bin/java is Java 11, needed is 17 to 22" in reports[0]

    def test_a_half_unpacked_install_is_replaced(self, machine: Path) -> None:
        executable(machine / ".java" / "jdk-17" / "bin" / "java", "exit 127")
        home, _ = self.find(machine, install=install_fake)
        assert home == machine / ".java" / "jdk-17"

    def test_when_the_download_fails_the_commands_for_three_systems_are_given(self, machine: Path) -> None:
        def offline(_directory: Path) -> None:
            raise java_home.Unfit("downloading Java 17 failed: no route to host")

        with pytest.raises(java_home.NoFittingJava) as caught:
            self.find(machine, java_home_value="/nowhere", install=offline)
        for words in (
            "/nowhere/bin/java does not run",
            "no route to host",
            "apt-get install",
            "dnf install",
            "brew install",
        ):
            assert words in str(caught.value)

    def test_a_download_without_java_in_it_is_refused(self, machine: Path) -> None:
        with pytest.raises(java_home.NoFittingJava, match="holds no bin/java"):
            self.find(machine, install=lambda _directory: None)

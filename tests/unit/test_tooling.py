import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.unit.programs import ROOT, executable, run


class TestPins:
    LOCAL = "local_cloud/requirements.txt"
    FILES = ("requirements.txt", "requirements-dev.txt", "requirements-spark35.txt", LOCAL)

    def pins(self, name: str) -> dict[str, str]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        requirements = [line.partition("#")[0].partition(";")[0].strip() for line in lines]
        return dict(requirement.split("==") for requirement in requirements if requirement)

    def project(self) -> dict[str, list[str]]:
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        groups = settings["dependency-groups"]
        test = [item for item in groups["test"] if isinstance(item, str)]
        own = {name: [item for item in groups[name] if isinstance(item, str)] for name in ("dev", "spark35")}
        local = tomllib.loads((ROOT / "local_cloud" / "pyproject.toml").read_text(encoding="utf-8"))
        return {
            self.LOCAL: local["project"]["dependencies"] + local["dependency-groups"]["test"],
            "requirements.txt": settings["project"]["dependencies"],
            "requirements-dev.txt": settings["project"]["dependencies"] + test + own["dev"],
            "requirements-spark35.txt": test + own["spark35"],
        }

    @pytest.mark.parametrize("name", FILES)
    def test_every_direct_dependency_is_in_the_file_at_its_version(self, name: str) -> None:
        without_extras = [re.sub(r"\[.*\]", "", item.lower()) for item in self.project()[name]]
        direct = dict(item.split("==") for item in without_extras)
        assert direct.items() <= self.pins(name).items()

    def test_all_files_agree_but_for_the_second_spark(self) -> None:
        everything = self.pins("requirements-dev.txt")
        assert self.pins("requirements.txt").items() <= everything.items()
        different = {
            name for name, version in self.pins("requirements-spark35.txt").items() if everything[name] != version
        }
        assert different == {"pyspark", "py4j"}

    def test_what_only_the_embedded_aws_needs_is_not_installed_for_the_pipeline(self) -> None:
        assert {"ministack", "sqlglot"} <= set(self.pins(self.LOCAL)) - set(self.pins("requirements-dev.txt"))

    def test_the_environment_that_runs_the_tests_is_the_pinned_one(self) -> None:
        result = run([sys.executable, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"])
        installed = {re.sub("[-_.]+", "-", item["name"].lower()): item["version"] for item in json.loads(result.stdout)}
        wanted = {name: version for name, version in self.pins("requirements-dev.txt").items() if name != "colorama"}
        assert wanted.items() <= installed.items()

    @pytest.mark.parametrize(
        "name", [*FILES, "package-lock.json", ".npmrc", "pyproject.toml", "local_cloud/pyproject.toml"]
    )
    def test_no_file_names_a_registry(self, name: str) -> None:
        assert (
            re.findall(r"https?://|--index-url|--find-links|resolved\"", (ROOT / name).read_text(encoding="utf-8"))
            == []
        )


class TestMake:
    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # `make test` hands its own options, and its Java, down to every make below it.
        inherited = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "JAVA_HOME"}
        env = {name: value for name, value in os.environ.items() if name not in inherited}
        return run(["make", "--no-print-directory", *arguments], env=env)

    @pytest.fixture
    def recorded(self, tmp_path: Path) -> Path:
        """Three environments whose `python` writes down what it was asked, and fails when told to."""
        for name in ("venv", "venv35", "local"):
            script = (
                f'[ "$1" = scripts/java_home.py ] && echo /fitting/java && exit\n'
                f'echo "{name} JAVA_HOME=$JAVA_HOME $*" >> {tmp_path}/calls\n'
                f"[ ! -e {tmp_path}/{name}-fails ]"
            )
            executable(tmp_path / name / "bin" / "python", script)
        return tmp_path

    def make_in(self, recorded: Path, target: str) -> subprocess.CompletedProcess[str]:
        installed = [part for name in ("python", "spark35", "local", "node") for part in ("-o", f"{name}-packages")]
        names = {"VENV": "venv", "VENV_SPARK35": "venv35", "VENV_LOCAL": "local"}
        environments = [f"{variable}={recorded}/{name}" for variable, name in names.items()]
        return self.make(*installed, *environments, target)

    def calls(self, recorded: Path) -> list[str]:
        return (recorded / "calls").read_text(encoding="utf-8").splitlines()

    def test_plain_make_lists_every_documented_target(self) -> None:
        documented = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        listed = re.findall(r"^  make ([a-z-]+) ", self.make().stdout, re.MULTILINE)
        assert listed == documented
        assert {"help", "run", "test", "check", "bench", "clean"} <= set(listed)

    def test_all_tests_run_last_on_the_default_spark(self, recorded: Path) -> None:
        assert self.make_in(recorded, "test").returncode == 0
        in_files = "--dist loadfile --no-loadscope-reorder"
        of_spark = (
            "tests/spark tests/faults/test_killed_spark.py --ignore tests/spark/test_replay.py -k not killed_at_random"
        )
        assert self.calls(recorded) == [
            "venv JAVA_HOME=/fitting/java -m cli.spark_classes",
            "venv35 JAVA_HOME=/fitting/java -m cli.spark_classes",
            "local JAVA_HOME= -m pytest local_cloud",
            f"venv35 JAVA_HOME=/fitting/java -m pytest --numprocesses 2 {in_files} {of_spark}",
            f"venv JAVA_HOME=/fitting/java -m pytest --numprocesses 3 {in_files} --one-spark",
        ]

    @pytest.mark.parametrize("failing", ["venv", "venv35", "local"])
    def test_a_failure_in_any_environment_fails_make_test(self, recorded: Path, failing: str) -> None:
        (recorded / f"{failing}-fails").touch()
        assert self.make_in(recorded, "test").returncode != 0

    @pytest.mark.parametrize(("target", "module"), [("run", "cli.make_run"), ("bench", "benchmarks")])
    def test_programs_get_the_java_that_was_found(self, recorded: Path, target: str, module: str) -> None:
        assert self.make_in(recorded, target).returncode == 0
        assert self.calls(recorded)[-1] == f"venv JAVA_HOME=/fitting/java -m {module}"

    def test_without_java_nothing_starts(self, recorded: Path) -> None:
        executable(recorded / "venv" / "bin" / "python", '[ "$1" != scripts/java_home.py ]')
        assert self.make_in(recorded, "run").returncode != 0
        assert not (recorded / "calls").exists()

    def test_an_unfit_interpreter_stops_before_anything_is_installed(self) -> None:
        result = self.make("PYTHON=/nowhere/python", "python-packages")
        assert result.returncode != 0
        assert "error: PYTHON=/nowhere/python is missing" in result.stderr

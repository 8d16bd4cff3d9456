"""Short runs of Spark take its classes from an archive, and do without it where there is none."""

import os
import subprocess
from pathlib import Path

import pyspark
import pytest

from cli import spark_classes
from cli.errors import CommandFailed
from cli.spark import Submission, java_home

# Spark loads far more than these at its start; what Java has in an archive of its own is not among them.
_FEW_CLASSES = 500


def _environment() -> dict[str, str]:
    return {**os.environ, "JAVA_HOME": os.environ.get("JAVA_HOME") or java_home()}


def _no_archive(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_classes, "_ARCHIVE", folder / "spark-classes.jsa")
    monkeypatch.setattr(spark_classes, "_STAMP", folder / "spark-classes.txt")


def test_java_takes_the_classes_of_spark_from_the_archive() -> None:
    environment = _environment()
    spark_classes.make_archive(environment)
    jars = Path(pyspark.__file__).resolve().parent / "jars"
    first = jars / next(jars.glob("slf4j-api-*")).name  # where Spark's launcher has it
    options = [option.strip('"') for option in spark_classes.short_run_options().split()]
    classpath = f"{jars.parent / 'conf'}:{first}:{jars}/*"
    java = [f"{environment['JAVA_HOME']}/bin/java", "-cp", classpath, *options, "-Xlog:class+load"]
    said = subprocess.run(
        [*java, "org.apache.spark.deploy.SparkSubmit", "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout.count("shared objects file (top)") > _FEW_CLASSES


def test_without_an_archive_spark_starts_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _no_archive(tmp_path, monkeypatch)
    assert spark_classes.class_archive() == ""
    assert spark_classes.short_run_options() == spark_classes.SHORT_RUN


class TestFailure:
    """None of it ends what set-up does."""

    def made(self, monkeypatch: pytest.MonkeyPatch, **environment: str) -> int:
        monkeypatch.setattr(os, "environ", _environment() | environment)
        return spark_classes.main()

    @pytest.mark.parametrize(
        ("failure", "said"),
        [
            (CommandFailed("the job ended with exit code 1"), "the job ended with exit code 1"),
            (OSError(28, "No space left on device"), "No space left on device"),
            ({"status": "gate_failed", "message": "no rows"}, "the run over a sample day ended gate_failed: no rows"),
            ({"status": "published", "message": None}, "this Java writes none"),
        ],
        ids=str,
    )
    def test_is_told_once_and_leaves_nothing(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        failure: Exception | dict[str, str],
        said: str,
    ) -> None:
        _no_archive(tmp_path, monkeypatch)
        (tmp_path / "spark-classes.jsa").touch()
        (tmp_path / "spark-classes.txt").write_text("of another Java\n", encoding="utf-8")
        asked: list[Submission] = []

        def fail(job: Submission, **_: object) -> dict[str, str]:
            asked.append(job)
            if isinstance(failure, Exception):
                raise failure
            return failure

        monkeypatch.setattr(spark_classes, "submit", fail)
        assert [self.made(monkeypatch), self.made(monkeypatch)] == [0, 0]
        told = capsys.readouterr().out
        assert told.count(said) == 1
        assert f"to try again, delete {tmp_path}/spark-classes.txt" in told
        [job] = asked
        assert "-XX:ArchiveClassesAtExit=" in job.java_options
        assert job.data_uri == f"file://{tmp_path}/spark-classes.part/data"
        assert [path.name for path in tmp_path.iterdir()] == ["spark-classes.txt"]
        assert spark_classes.class_archive() == ""

    def test_of_an_environment_that_cannot_be_written_to_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _no_archive(tmp_path / "nowhere", monkeypatch)
        assert self.made(monkeypatch, JAVA_HOME=str(tmp_path)) == 0  # which has no file that tells its release
        assert "no archive of Spark's classes, so Spark starts as slowly as ever: " in capsys.readouterr().out

"""Short runs of Spark take its classes from an archive, and do without it where there is none."""

import os
import re
import subprocess
import sys
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
    monkeypatch.setattr(spark_classes, "_MADE_OF", folder / "spark-classes.txt")


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


def test_an_archive_of_another_java_is_made_anew_and_a_failure_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _no_archive(tmp_path, monkeypatch)
    (tmp_path / "spark-classes.jsa").touch()
    (tmp_path / "spark-classes.txt").write_text("of another Java\n", encoding="utf-8")
    asked: list[Submission] = []

    def fail(job: Submission, **_: object) -> None:
        asked.append(job)
        raise CommandFailed("the disk is full")

    monkeypatch.setattr(spark_classes, "submit", fail)
    monkeypatch.setattr(os, "environ", _environment())
    assert spark_classes.main() == 0
    assert re.search("each start of Spark takes longer: the disk is full", capsys.readouterr().err)
    assert "-XX:ArchiveClassesAtExit=" in asked[0].java_options
    assert [path.name for path in Path(sys.prefix).iterdir() if path.name.startswith("tmp")] == []

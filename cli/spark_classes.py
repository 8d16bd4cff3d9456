"""An archive of the classes that Spark loads at every start: Java maps it into memory and need not read jars.

`python -m cli.spark_classes` makes it beside the Spark of this environment, by a run of the job over a sample day. Java
itself tells whether an archive fits it and does without it otherwise; so must everybody here.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from cli import ROOT
from cli.errors import CommandFailed
from cli.spark import Submission, spark_home, submit

# What a run of thousands of rows is over soonest with: most of its time goes into compiling code that runs once.
SHORT_RUN: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_QUIET: Final = "-Xlog:cds=off -Xlog:cds+dynamic=off"  # what Java says of the archive, on the stdout of the job
_ARCHIVE: Final = Path(sys.prefix).resolve() / "spark-classes.jsa"
_MADE_OF: Final = _ARCHIVE.with_suffix(".txt")
_DAY: Final = date(2025, 1, 1)
_ROWS: Final = 500


def class_archive() -> str:
    """Return the options with which Java takes Spark's classes from the archive; none where there is no archive."""
    return f'"-XX:SharedArchiveFile={_ARCHIVE}" {_QUIET}' if _ARCHIVE.exists() else ""


def short_run_options() -> str:
    """Return the options of Java with which a short run of the job is over soonest."""
    return f"{SHORT_RUN} {class_archive()}".rstrip()


def make_archive(environment: Mapping[str, str]) -> None:
    """Make the archive, unless there is one of this Java and these jars.

    Raises:
        CommandFailed: when the job that loads the classes fails.
    """
    made_of = _ingredients(Path(environment["JAVA_HOME"]))
    if _ARCHIVE.exists() and _MADE_OF.exists() and _MADE_OF.read_text(encoding="utf-8") == made_of:
        return
    print(
        "keeping the classes of Spark in an archive, from which it starts sooner (once, half a minute) ...", flush=True
    )
    with tempfile.TemporaryDirectory(dir=sys.prefix) as scratch:
        archive, data = Path(scratch, "classes.jsa"), Path(scratch, "data")
        sample = [
            str(ROOT / "data" / "sample_raw" / "generate_events.py"),
            str(_DAY),
            f"--rows={_ROWS}",
            f"--out={data}",
        ]
        made = subprocess.run([sys.executable, *sample], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise CommandFailed(f"no sample day: {made.stderr.strip()}")
        job = Submission(
            ingestion_date=_DAY,
            data_uri=data.as_uri(),
            contract=str(ROOT / "contracts" / "events.odcs.yaml"),
            log=Path(scratch, "log.txt"),
            java_options=f'{SHORT_RUN} "-XX:ArchiveClassesAtExit={archive}" {_QUIET}',
        )
        outcome = submit(job, environment=environment, on_step=lambda _: None)
        if not archive.exists():
            raise CommandFailed(f"Java has written none; the run ended {outcome['status']}")
        archive.replace(_ARCHIVE)
    _MADE_OF.write_text(made_of, encoding="utf-8")


def _ingredients(java_home: Path) -> str:
    """Name what an archive is made of: the Java, and the jars at the place where they are."""
    release = hashlib.sha256((java_home / "release").read_bytes()).hexdigest()
    return f"{java_home}\n{release}\n{spark_home().resolve()}\n{version('pyspark')}\n"


def main() -> int:
    """Make the archive; a failure is told and ends nothing, as Spark runs without it."""
    try:
        make_archive(os.environ)
    except CommandFailed as problem:
        print(
            f"no archive of Spark's classes was made, so each start of Spark takes longer: {problem}", file=sys.stderr
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

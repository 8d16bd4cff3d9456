"""An archive of the classes that Spark loads at every start: Java maps it into memory and need not read jars.

`python -m cli.spark_classes` makes it beside the Spark of this environment, by a run of the job over a sample day. Java
itself tells whether an archive fits it and does without it otherwise; so must everybody here.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from cli import ROOT
from cli.errors import INTERRUPTED, CommandFailed
from cli.spark import Submission, end_on_sigterm, java_home, spark_home, submit
from core.ports import StoredObject
from core.raw_objects import compression_of

# What a run of thousands of rows is over soonest with: most of its time goes into compiling code that runs once.
SHORT_RUN: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# Such a run takes half the time up to 30 MB of raw text, two thirds at 120 MB, and as long as any other at 300 MB.
_SHORT_RUN_BYTES: Final = 128_000_000
_PACKED_TO_TEXT: Final = 10  # JSON that is packed is a tenth of itself, more or less
_QUIET: Final = "-Xlog:cds=off -Xlog:cds+dynamic=off"  # what Java says of the archive, on the stdout of the job
_ARCHIVE: Final = Path(sys.prefix).resolve() / "spark-classes.jsa"
# What the archive is made of, and a last line where none can be made of that: it is not tried again.
_STAMP: Final = _ARCHIVE.with_suffix(".txt")
_NONE: Final = "none\n"
_DAY: Final = date(2025, 1, 1)
_ROWS: Final = 500


def class_archive() -> str:
    """Return the options with which Java takes Spark's classes from the archive; none where there is no archive."""
    return f'"-XX:SharedArchiveFile={_ARCHIVE}" {_QUIET}' if _ARCHIVE.exists() else ""


def short_run_options() -> str:
    """Return the options of Java with which a short run of the job is over soonest."""
    return f"{SHORT_RUN} {class_archive()}".rstrip()


def run_options(listed: Iterable[StoredObject]) -> str:
    """Return the options of Java with which the job is over soonest for these raw objects."""
    return short_run_options() if sum(map(_text_bytes, listed)) <= _SHORT_RUN_BYTES else class_archive()


def _text_bytes(item: StoredObject) -> int:
    return item.size_bytes * _PACKED_TO_TEXT if compression_of(item.key) else item.size_bytes


def make_archive(environment: Mapping[str, str]) -> None:
    """Make the archive, unless there is one of this Java and these jars, or none can be made of them.

    Raises:
        CommandFailed: when there is no Java.
        OSError: when the environment cannot be written to.
    """
    java = environment.get("JAVA_HOME") or java_home()
    made_of = _ingredients(Path(java))
    with _alone():
        stamp = _STAMP.read_text(encoding="utf-8")
        if stamp == made_of + _NONE or (stamp == made_of and _ARCHIVE.exists()):
            return
        print(
            "keeping the classes of Spark in an archive, from which it starts sooner (once, a minute) ...", flush=True
        )
        try:
            _make({**environment, "JAVA_HOME": java})
        except (CommandFailed, OSError) as problem:
            _STAMP.write_text(made_of + _NONE, encoding="utf-8")
            print(f"none could be made, so Spark starts as slowly as ever: {problem}; to try again, delete {_STAMP}")
        else:
            _STAMP.write_text(made_of, encoding="utf-8")


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process make it at a time; the lock ends with the process, however it ends."""
    with _STAMP.open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(environment: Mapping[str, str]) -> None:
    scratch = _ARCHIVE.with_suffix(".part")
    shutil.rmtree(scratch, ignore_errors=True)  # of one that was killed
    scratch.mkdir()
    try:
        _ARCHIVE.unlink(missing_ok=True)  # of another Java: the run needs none to start
        _run_a_sample(scratch, environment)
        (scratch / "classes.jsa").replace(_ARCHIVE)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run_a_sample(scratch: Path, environment: Mapping[str, str]) -> None:
    """Run the job over a sample day, at the end of which Java writes the archive."""
    data, archive = scratch / "data", scratch / "classes.jsa"
    sample = [str(ROOT / "data" / "sample_raw" / "generate_events.py"), str(_DAY), f"--rows={_ROWS}", f"--out={data}"]
    generated = subprocess.run([sys.executable, *sample], capture_output=True, text=True, check=False)
    if generated.returncode != 0:
        raise CommandFailed(f"no sample day: {generated.stderr.strip()}")
    job = Submission(
        ingestion_date=_DAY,
        data_uri=f"file://{data}",
        contract=str(ROOT / "contracts" / "events.odcs.yaml"),
        log=scratch / "log.txt",
        java_options=f'{SHORT_RUN} "-XX:ArchiveClassesAtExit={archive}" {_QUIET}',
    )
    outcome = submit(job, environment=environment, on_step=lambda _: None)
    if outcome["status"] != "published":
        raise CommandFailed(f"the run over a sample day ended {outcome['status']}: {outcome['message']}")
    if not archive.exists():
        raise CommandFailed("this Java writes none")


def _ingredients(java: Path) -> str:
    """Name what an archive is made of: the Java, and the jars at the place where they are."""
    release = java / "release"
    digest = hashlib.sha256(release.read_bytes()).hexdigest() if release.is_file() else "unknown"
    return f"{java}\n{digest}\n{spark_home().resolve()}\n{version('pyspark')}\n"


def main() -> int:
    """Make the archive; a failure is told and ends nothing, as Spark runs without it."""
    end_on_sigterm()
    try:
        make_archive(os.environ)
    except (CommandFailed, OSError) as problem:
        print(f"no archive of Spark's classes, so Spark starts as slowly as ever: {problem}")
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())

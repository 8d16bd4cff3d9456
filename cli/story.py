"""`make run`: three generated days, late data, a refused day, a rollback; told with the real job and the real commands.

Tells what it does and what came of it; every number it shows is read from what the runs stored.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cli.__main__ import INTERRUPTED, end_on_sigterm
from cli.arguments import DEFAULT_CONTRACT, Parser
from cli.commands import GOOD_OUTCOMES, Output, roll_back
from cli.dataset import Dataset, Metrics, Place, data_root, open_dataset
from cli.errors import CommandFailed
from cli.progress import shown_progress
from cli.query import is_available, quarantined_lines, query_published
from cli.spark import ROOT, Submission, submit
from cli.story_folder import fresh_folder
from cli.views import checks_table, outcome_line, published_table, query_table, runs_table
from cli.words import path_of, status_style
from curation.errors import RunFailed
from data_contract import ContractError

FIRST, SECOND, THIRD = DAYS = tuple(date(2025, 1, day) for day in (1, 2, 3))
EXAMPLE_QUERY = """\
SELECT ingestion_date, COUNT(*) AS events
FROM prod_data_pipeline.curated_events
GROUP BY ingestion_date ORDER BY ingestion_date"""
# Twenty seconds of work do not repay the better of the JVM's two compilers.
_FAST_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class Story:
    """The chapters, in the order in which they are told."""

    def __init__(self, console: Console, folder: Path, *, rows: int, environment: Mapping[str, str]) -> None:
        self._console = console
        self._folder = folder
        self._rows = rows
        self._environment = environment
        self._dataset: Dataset = open_dataset(Place(data_uri=data_root(str(folder)), contract=str(DEFAULT_CONTRACT)))
        self._logs = folder / "logs"

    def tell(self) -> None:
        """Tell everything.

        Raises:
            CommandFailed: when a run ends otherwise than the story needs.
        """
        place = path_of(self._dataset.place.data_uri)
        self._say(
            f"pipeline stands for ./pipeline here, with PIPELINE_DATA_URI={place} in its environment.", style="dim"
        )
        self._three_days()
        self._late_data()
        self._refused_day()
        self._quarantine()
        self._there_and_back()
        self._what_is_there_now()

    def _three_days(self) -> None:
        self._chapter("Three days of raw events, curated one by one")
        first_defects = ("--malformed-rows", "6", "--bad-type-rows", "4")
        self._script("generate_events.py", str(FIRST), "--rows", str(self._rows), *first_defects)
        self._script("generate_events.py", f"{SECOND}..{THIRD}", "--rows", str(self._rows))
        for day in DAYS:
            self._run(day, wanted="published")

    def _late_data(self) -> None:
        self._chapter(f"Late data: more raw events arrive for {SECOND}")
        self._script("add_late_events.py", str(SECOND), "--rows", "250", "--resend", "10")
        self._run(SECOND, wanted="published")
        self._say("A date whose input has not changed is left alone:")
        self._run(FIRST, wanted="unchanged")

    def _refused_day(self) -> None:
        self._chapter(f"A bad day: {THIRD} is delivered again, and 12 % of its events have no user")
        self._script("generate_events.py", str(THIRD), "--rows", str(self._rows), "--null-user-percent", "12")
        served = self._served(THIRD)
        metrics = self._run(THIRD, wanted="gate_failed")
        self._console.print(checks_table(check for check in metrics["checks"] if not check["passed"]))
        if self._served(THIRD) != served:
            raise CommandFailed(f"{THIRD}: a refused run changed what is published; please report this")
        self._say(f"Nothing was published: readers of {THIRD} still get the version of run {served}.")

    def _quarantine(self) -> None:
        folder = self._dataset.run(self._served(FIRST))["quarantine"]
        self._chapter(f"Quarantine: the lines of {FIRST} that are no events, with the reason")
        if is_available():
            result = quarantined_lines(folder, most=4)
            self._console.print(query_table(result.names, result.rows))
        self._say(f"All of them, as they were received: {path_of(folder)}")

    def _there_and_back(self) -> None:
        self._chapter(f"Rollback: {SECOND} as it was before the late events, and back again")
        for _ in range(2):
            self._command(f"pipeline rollback {SECOND}")
            roll_back(self._dataset, SECOND, to=None, output=Output(self._console, as_json=False))

    def _what_is_there_now(self) -> None:
        self._chapter("All runs")
        self._console.print(runs_table(run for day in DAYS for run in self._dataset.runs(day)))
        self._chapter("What readers see")
        self._console.print(published_table(self._dataset.records()))
        if is_available():
            self._say(f"{EXAMPLE_QUERY};", style="cyan")
            result = query_published(self._dataset, EXAMPLE_QUERY)
            self._console.print(query_table(result.names, result.rows))

    def _run(self, day: date, *, wanted: str) -> Metrics:
        self._command(f"pipeline run {day}")
        log = self._logs / f"{len(list(self._logs.glob('*.log'))) + 1:02}-{day}.log"
        place = self._dataset.place
        job = Submission(
            ingestion_date=day, data_uri=place.data_uri, contract=place.contract, log=log, java_options=_FAST_START
        )
        start = time.monotonic()
        with shown_progress(self._console, str(day)) as show_step:
            show_step("starting Spark")
            outcome = submit(job, environment=self._environment, on_step=show_step)
        if outcome["status"] != wanted:
            raise CommandFailed(f"{day}: {outcome['status']}, expected {wanted}: {outcome['message']}; log {log}")
        said = outcome_line(outcome) if wanted in GOOD_OUTCOMES else f"{wanted}: {outcome['message']}"
        self._say(f"{said} ({time.monotonic() - start:.0f} s)", style=status_style(wanted))
        return self._dataset.run(outcome["run_id"])

    def _script(self, name: str, *arguments: str) -> None:
        script = ROOT / "data" / "sample_raw" / name
        command = [str(script), *arguments, "--out", str(self._folder)]
        shown = (path_of(f"file://{part}") if part.startswith("/") else part for part in command)
        self._command(f"python {' '.join(shown)}")
        answer = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, text=True, check=False)
        if answer.returncode != 0:
            raise CommandFailed(f"{name} ended with exit code {answer.returncode}; the lines above say why")
        for line in answer.stdout.splitlines():
            self._say(line.replace(f"{self._folder}/", ""), style="dim")

    def _served(self, day: date) -> str:
        record = self._dataset.publications.read(day).record
        if record is None:
            raise CommandFailed(f"{day}: nothing is published; the logs are in {self._logs}")
        return record.current.run_id

    def _chapter(self, title: str) -> None:
        self._console.print()
        self._console.rule(Text(title, "bold"), align="left")

    def _command(self, line: str) -> None:
        self._console.print(Text(f"$ {line}", "bold"))

    def _say(self, text: str, *, style: str = "") -> None:
        self._console.print(Text(text, style))


def main(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Tell the story and return the exit code."""
    console = Console(highlight=False)
    try:
        given = _parser().parse_args(argv)
        with fresh_folder(given.folder.resolve()) as folder:
            start = time.monotonic()
            Story(console, folder, rows=given.rows, environment=environment).tell()
            console.print(_closing(folder, seconds=time.monotonic() - start))
    except (CommandFailed, RunFailed, ContractError, OSError) as failure:
        print(f"make run: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("make run: interrupted; the next one starts anew", file=sys.stderr)
        return INTERRUPTED
    return 0


def _closing(folder: Path, *, seconds: float) -> str:
    place = path_of(f"file://{folder}")
    return f"""\
Told in {seconds:.0f} seconds. Everything lies in {place}:
  raw/ curated/ quarantine/ metrics/ publications/, and what Spark said in logs/
Look further:
  ./pipeline status {SECOND} --data_uri {place}
  ./pipeline report {THIRD} --data_uri {place}"""


def _parser() -> Parser:
    parser = Parser(
        prog="python -m cli.story", description="Tell the whole story on generated days.", allow_abbrev=False
    )
    parser.add_argument("--folder", type=Path, default=ROOT / ".data" / "story", help="made anew (default .data/story)")
    parser.add_argument("--rows", type=int, default=20_000, help="lines per day (default 20000)")
    return parser


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(main(sys.argv[1:], os.environ))

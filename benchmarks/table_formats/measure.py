"""Answers questions in a process of its own: `python -m benchmarks.table_formats.measure [QUESTION ...]`.

It prints one JSON object per measurement and must not know where they are kept.
"""

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from benchmarks.recording import Measurement
from benchmarks.table_formats import delta, growth, lost_answers, moving, present, races, rollbacks
from benchmarks.table_formats.places import glue, sqlite

QUESTIONS: Final[Mapping[str, Callable[[], Iterator[Measurement]]]] = {
    "one date twice at once": lambda: races.one_date(glue()),
    "many dates at once": lambda: races.many_dates(glue()),
    "many dates at once, now": present.many_dates,
    "many dates at once, Delta": delta.many_dates,
    "files of the job": lambda: moving.files_of_the_job(glue()),
    "calls of a commit": lambda: lost_answers.calls(glue()),
    "answer lost": lambda: lost_answers.lost_answers(glue()),
    "going back": lambda: rollbacks.rollbacks(glue()),
    "left behind": lambda: rollbacks.leftovers(glue()),
    "one date, now": present.one_date,
    "one date, Delta": delta.one_date,
    "commit time, now": present.commit_times,
    "commit time, Delta": delta.commit_times,
    "commit time": lambda: growth.commit_times(glue()),
    "commit time, no services": lambda: growth.commit_times(sqlite()),
}


def main(*questions: str) -> None:
    """Print what is measured as it comes; all questions unless some are named."""
    # A first publication takes nothing away, of which the client warns each time.
    warnings.filterwarnings("ignore", message="Delete operation did not match any records")
    for question in questions or QUESTIONS:
        for measurement in QUESTIONS[question]():
            print(json.dumps({"question": question, **measurement}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

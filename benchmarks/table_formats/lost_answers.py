"""What a run learns when the catalog's answer to its commit gets lost, and what is true then.

The call to Glue is intercepted where it would be sent; nothing else of the client is changed.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from benchmarks.recording import Measurement
from benchmarks.table_formats.iceberg import WAYS, new_table, opened, overwrite_files, rows_by_day, runs, written
from benchmarks.table_formats.places import Place
from benchmarks.table_formats.races import outcome
from benchmarks.table_formats.rows import days

_DATE, _OTHER, _THIRD = days(3)
_RUN: Final = "the-run"
_CALL: Final = "before-send.glue.UpdateTable"


class LostAnswers:
    """Carries a call out, or keeps it for later, and lets its caller wait in vain."""

    def __init__(self, *, times: int, carries_out: bool) -> None:
        self._left, self._carries_out = times, carries_out
        self.kept: list[Any] = []

    def __call__(self, request: Any, **_: Any) -> None:
        if self._left == 0:
            return
        self._left -= 1
        if self._carries_out:
            send(request)
        else:
            self.kept.append(request)
        raise ReadTimeoutError(endpoint_url=request.url)


def send(request: Any) -> int:
    """Send a prepared call and return the status of its answer."""
    return int(URLLib3Session().send(request).status_code)


def calls(place: Place) -> Iterator[Measurement]:
    """Count the calls to Glue of one publication, from opening the table on: what a role has to allow."""
    table = new_table(place)
    seen: Counter[str] = Counter()
    run = opened(place, table)
    run.catalog.glue.meta.events.register("before-call.glue", lambda model, **_: seen.update([model.name]))
    overwrite_files(run.refresh(), _DATE, [written(table, _DATE)])
    yield {"format": "iceberg", "glue_calls": dict(sorted(seen.items()))}


def lost_answers(place: Place) -> Iterator[Measurement]:
    """Lose one answer, all answers, and all calls until after the run has given up."""
    for way, publish in WAYS.items():
        for again in (False, True):
            facts = {"way": way, "act": "date again" if again else "new date"}
            run = _Run(place, publish, again=again)
            yield {**facts, "lost": "the first answer", **run.with_answers_lost(times=1)}
    yield {"lost": "every answer", **_Run(place, overwrite_files).with_answers_lost(times=100)}
    late = "every call, carried out after the run gave up"
    yield {"lost": late, **_Run(place, overwrite_files).carried_out_late(others_first=False)}
    late = f"{late} and another date was published"
    yield {"lost": late, **_Run(place, overwrite_files).carried_out_late(others_first=True)}


class _Run:
    """A run that has written its files and is about to commit."""

    def __init__(self, place: Place, publish: Callable[..., None], *, again: bool = False) -> None:
        self._place, self._publish = place, publish
        self._table = new_table(place)
        for day in (_OTHER, _DATE) if again else (_OTHER,):
            publish(opened(place, self._table), day, [written(self._table, day)])
        # One retry in place of ten: each waits longer than the one before.
        self._opened = opened(place, self._table, **{"glue.max-retries": 1})
        self._path = written(self._table, _DATE, rows=200)

    def with_answers_lost(self, *, times: int) -> Measurement:
        end = self._commit(LostAnswers(times=times, carries_out=True))
        return {"run_learns": end, **self._truth()}

    def carried_out_late(self, *, others_first: bool) -> Measurement:
        answers = LostAnswers(times=100, carries_out=False)
        end = self._commit(answers)
        seen = _RUN in runs(opened(self._place, self._table))
        if others_first:
            self._publish(opened(self._place, self._table), _THIRD, [written(self._table, _THIRD)])
        status = send(answers.kept[0])
        return {"run_learns": end, "published_when_it_looked": seen, "late_call_answered": status, **self._truth()}

    def _commit(self, answers: LostAnswers) -> str:
        self._opened.catalog.glue.meta.events.register(_CALL, answers)
        return outcome(lambda: self._publish(self._opened, _DATE, [self._path], run=_RUN))

    def _truth(self) -> Measurement:
        now = opened(self._place, self._table)
        shown: Measurement = {"reading": "done", "rows_of_the_date": None}
        try:
            shown["rows_of_the_date"] = rows_by_day(now).get(_DATE)
        except FileNotFoundError as error:
            shown["reading"] = f"FileNotFoundError: {str(error).partition('. ')[0]}"
        return {"published": _RUN in runs(now), **shown}

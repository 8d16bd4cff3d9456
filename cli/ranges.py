"""Dates that follow each other and of which the same is said, as one row of a table."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import Final, Protocol, TypeVar

_MOST_BY_THEMSELVES: Final = 2


class _Dated(Protocol):
    @property
    def ingestion_date(self) -> date: ...


_T = TypeVar("_T", bound=_Dated)


def in_ranges(items: Iterable[_T], said: Callable[[_T], object | None]) -> Iterator[tuple[str, list[_T]]]:
    """Put three and more dates that follow each other and of which the same is said into one row, with their range.

    Of which there is more to say than that, ``said`` returns None.
    """

    def kind(numbered: tuple[int, _T]) -> tuple[object, int]:
        number, item = numbered
        same = said(item)
        return (None, number) if same is None else (same, item.ingestion_date.toordinal() - number)

    for _, group in groupby(enumerate(items), kind):
        alike = [item for _, item in group]
        if len(alike) > _MOST_BY_THEMSELVES:
            yield f"{alike[0].ingestion_date} -\n{alike[-1].ingestion_date}", alike
        else:
            yield from ((str(item.ingestion_date), [item]) for item in alike)

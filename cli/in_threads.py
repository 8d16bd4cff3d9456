"""The same work on many things at once, as most of its time is spent waiting for storage; knows nothing of either."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_THREADS: Final = 6

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Yield each item with its result, in order; what ends early, as by Ctrl-C, begins no further one."""
    given = list(items)
    pool = ThreadPoolExecutor(_THREADS)
    try:
        yield from zip(given, pool.map(work, given), strict=True)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

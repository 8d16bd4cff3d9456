"""How columns are put together so that Spark's plan stays low and small, whatever they are.

Spark walks through a condition by recursion: 200 that hang on each other in a row, as ``reduce`` makes of them, are
more than Java's stack holds, so they become a tree with halves of the same height.
"""

from collections.abc import Callable, Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F


def any_of(conditions: Iterable[Column]) -> Column:
    """Tell whether one of the conditions holds; not, where there are none."""
    return _joined(list(conditions), Column.__or__, if_none=False)


def all_of(conditions: Iterable[Column]) -> Column:
    """Tell whether all conditions hold; so it is where there are none."""
    return _joined(list(conditions), Column.__and__, if_none=True)


def let(value: Column, use: Callable[[Column], Column]) -> Column:
    """Use a value several times, have it stand in the plan once and be computed once."""
    return F.transform(F.array(value), use)[0]


def _joined(conditions: list[Column], join: Callable[[Column, Column], Column], *, if_none: bool) -> Column:
    if len(conditions) <= 1:
        return conditions[0] if conditions else F.lit(if_none)
    middle = len(conditions) // 2
    first, second = conditions[:middle], conditions[middle:]
    return join(_joined(first, join, if_none=if_none), _joined(second, join, if_none=if_none))

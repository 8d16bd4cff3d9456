"""The one error of this package, and the list in which its problems are gathered; knows nothing of contracts."""

import re
from collections.abc import Iterable


class ContractError(ValueError):
    """Report a contract that cannot be used, with every problem found in it.

    `problems` holds one line per problem, each beginning with its path in the document where it has one. There is no
    subclass: a contract is either usable or it is not, and no part of a bad one is ever enforced.
    """

    def __init__(self, problems: Iterable[str], *, source: str) -> None:
        self.problems = tuple(problems)
        self.source = source
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{source}: {count} in the data contract", *self.problems]))


class Problems:
    """Gather problems, so that one run of the checker shows all of them."""

    def __init__(self, found: Iterable[str] = ()) -> None:
        self._lines = list(found)
        self._unreadable: set[str] = set()

    @property
    def count(self) -> int:
        return len(self._lines)

    def add(self, path: str, text: str) -> None:
        line = f"{path}: {text}" if path else text
        if line not in self._lines and _positions(path) not in self._unreadable:
            self._lines.append(line)

    def add_unreadable(self, path: str, text: str) -> None:
        """Add the problem of a value that is left out: that it is missing is none of its own."""
        self.add(path, text)
        self._unreadable.add(path)

    def error(self, source: str) -> ContractError:
        return ContractError(self._lines, source=source)

    def raise_if_any(self, source: str) -> None:
        if self._lines:
            raise self.error(source)


def _positions(path: str) -> str:
    """Return a path without the names told beside its positions."""
    return re.sub(r"(?<=\]) \(\w+\)", "", path)

"""Why some grants stay that no call here needs, or that reach further than the calls: the one list of exceptions.

A reason that excuses nothing is an error itself, so the list never outlives what it explains.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Reason:
    """Excuses findings of a kind whose text holds a pattern, and says why."""

    kind: str
    pattern: str
    why: str

    def covers(self, kind: str, text: str) -> bool:
        return kind == self.kind and re.search(self.pattern, text) is not None


REASONS: Final[tuple[Reason, ...]] = ()

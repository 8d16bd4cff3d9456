"""Rules as they are read from a document, before all of them are known and have their ids."""

from dataclasses import dataclass

from contract.model import AnomalyRule, Rule
from contract.section import Section


@dataclass(frozen=True)
class Draft:
    """A rule and the section that states it, which for an implied one is its column's.

    `key` is where in the section an implied rule stands. The rule gets its id when all of them are known. Its limit
    means something when `has_limit`, and nothing that it looks at could not be read when `is_sound`. `limits` is where
    a stated rule has its operator, if that is a section of its own.
    """

    rule: Rule
    section: Section
    key: str = ""
    has_limit: bool = True
    is_sound: bool = True
    limits: Section | None = None

    @property
    def is_stated(self) -> bool:
        return not self.key

    def report(self, key: str, text: str) -> None:
        """Report a problem at a key of a stated rule, or where an implied one comes from."""
        if self.is_stated:
            (self.limits or self.section).report(key, text)
        else:
            self.section.report(self.key, text)

    @property
    def origin(self) -> str:
        """Say where the rule is stated, for a problem that another one has with it."""
        return self.section.path if self.is_stated else self.section.at(self.key)


@dataclass(frozen=True)
class AnomalyDraft:
    """An anomaly rule and the section that states it; none is implied."""

    rule: AnomalyRule
    section: Section

    @property
    def is_stated(self) -> bool:
        return True

    def report(self, key: str, text: str) -> None:
        self.section.report(key, text)

"""Messages to people: a subject that SNS accepts and a body of a few labelled lines.

Texts may come from raw data or from an error, so everything is cleaned here; who sends a message is not known.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from core.wording import with_options

# SNS takes ASCII without control characters, less than 100 of them:
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
SUBJECT_LIMIT: Final = 99
_LINE_LIMIT: Final = 2_000
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_NOT_ASCII: Final = re.compile(r"[^\x20-\x7e]+")
_LABEL_WIDTH: Final = 8
_LONGEST_WORD: Final = 60


@dataclass(frozen=True)
class Message:
    """What SNS sends: see `subject` for what its subject must be."""

    subject: str
    body: str


@dataclass(frozen=True)
class Notice:
    """What somebody must know: each field is one line of the message, in this order, empty ones left out.

    ``second_of`` names the primary message of the same incident when this one is only the second path; ``listed`` are
    lines of their own below the others; ``options`` are what a command of `pipeline` needs to mean this dataset.
    """

    dataset: str
    headline: str
    what: str
    why: str
    next_step: str
    where: str = ""
    report: str = ""
    second_of: str = ""
    listed: tuple[str, ...] = ()
    options: str = ""

    def message(self) -> Message:
        """Write the notice as a message."""
        mark = "second notice: " if self.second_of else ""
        lines = [("What", self.what), ("Why", self.why), ("Report", self.report), ("Next", self.next_step)]
        labelled = [
            _labelled(label, with_options(text, self.options))
            for label, text in [*lines, ("Where", self.where)]
            if text
        ]
        first = [f"Second notice of one incident; the primary message is {clean(self.second_of)}.", ""]
        listed = ["", *map(clean, self.listed)] if self.listed else []
        body = "\n".join([*(first if self.second_of else []), *labelled, *listed])
        return Message(subject(f"[{self.dataset}] {mark}{self.headline}"), f"{body}\n")


def subject(text: str) -> str:
    """Make a text fit for a subject line; one that is too long ends in three dots."""
    plain = _NOT_ASCII.sub("?", unicodedata.normalize("NFKD", clean(text)))
    return plain if len(plain) <= SUBJECT_LIMIT else f"{_cut(plain, SUBJECT_LIMIT - 3)}..."


def clean(text: str, *, limit: int = _LINE_LIMIT) -> str:
    """Put a text on one line without characters that steer a terminal or hide text."""
    line = " ".join(_CONTROL.sub(" ", text[: limit * 2]).split())
    return line if len(line) <= limit else f"{_cut(line, limit)}..."


def _cut(line: str, limit: int) -> str:
    """Cut a line that is too long, between words: what is left of a path or a command would be another one."""
    kept, _, last = line[: limit + 1].rpartition(" ")
    is_usual_word = len(last) <= _LONGEST_WORD or "/" in last
    return (kept if kept and is_usual_word else line[:limit]).rstrip()


def _labelled(label: str, text: str) -> str:
    line = clean(text)
    if label == "Next" and len(text) > _LINE_LIMIT:
        # Whatever stands before it, the last step of the text is the one to take.
        line = clean(f"...{text[-_LINE_LIMIT // 2 :].partition(' ')[2]}")
    return f"{label + ':':<{_LABEL_WIDTH}}{line}"

"""Regular expressions: Java's as Trino takes them, run by Python's engine."""

import re
from functools import cache
from typing import Any, Final

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino.functions import scalar

_GROUP: Final = re.compile(r"\$(\d+)|\$\{(\w+)\}|\\(.)", re.DOTALL)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern.

    Raises:
        QueryFailed: when it is none, or means something else in Python.
    """
    written = re.sub(r"\(\?<([A-Za-z]\w*)>", r"(?P<\1>", pattern)
    if re.search(r"(?<!\\)(?:\\\\)*\\[pPhHvRXQEGzkN]|\[[^\]]*(?:&&|\[(?!\]))", written):
        raise NotSupported(f"the regular expression '{pattern}'")
    try:
        return re.compile(written, re.ASCII)
    except re.error as error:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: {error.msg}: {pattern}") from error


def _group(found: re.Match[str], number: int) -> str | None:
    if number < 0 or number > found.re.groups:
        raise QueryFailed(
            f"INVALID_FUNCTION_ARGUMENT: Pattern has {found.re.groups} groups. Cannot access group {number}"
        )
    group: str | None = found[number]
    return group


@scalar("regexp_like(varchar, varchar) boolean")
def _like(text: str, pattern: str) -> bool:
    return compiled(pattern).search(text) is not None


@scalar("regexp_extract(varchar, varchar) varchar", "regexp_extract(varchar, varchar, bigint) varchar")
def _extract(text: str, pattern: str, number: int = 0) -> str | None:
    found = compiled(pattern).search(text)
    if found is None:
        _check(pattern, number)
        return None
    return _group(found, number)


def _check(pattern: str, number: int) -> None:
    groups = compiled(pattern).groups
    if number < 0 or number > groups:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Pattern has {groups} groups. Cannot access group {number}")


@scalar(
    "regexp_extract_all(varchar, varchar) array(varchar)", "regexp_extract_all(varchar, varchar, bigint) array(varchar)"
)
def _extract_all(text: str, pattern: str, number: int = 0) -> tuple[str | None, ...]:
    _check(pattern, number)
    return tuple(_group(found, number) for found in compiled(pattern).finditer(text))


@scalar("regexp_replace(varchar, varchar) varchar", "regexp_replace(varchar, varchar, varchar) varchar")
def _replace(text: str, pattern: str, by: str = "") -> str:
    def filled(found: re.Match[str]) -> str:
        return _GROUP.sub(lambda part: _part(found, part), by)

    return compiled(pattern).sub(filled, text)


def _part(found: re.Match[str], part: re.Match[str]) -> str:
    number, name, letter = part.groups()
    if letter is not None:
        return str(letter)
    if name is not None:
        if name not in found.re.groupindex:
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: unknown group {{{name}}}")
        return found[name] or ""
    if len(number) > 1 and int(number) > found.re.groups:
        raise NotSupported(f"the replacement ${number}")
    return _group(found, int(number)) or ""


@scalar("regexp_count(varchar, varchar) bigint")
def _count(text: str, pattern: str) -> int:
    return sum(1 for _ in compiled(pattern).finditer(text))


@scalar("regexp_position(varchar, varchar) integer")
def _position(text: str, pattern: str) -> int:
    found = compiled(pattern).search(text)
    return -1 if found is None else found.start() + 1


@scalar("regexp_split(varchar, varchar) array(varchar)")
def _split(text: str, pattern: str) -> tuple[Any, ...]:
    parts, start = [], 0
    for found in compiled(pattern).finditer(text):
        parts.append(text[start : found.start()])
        start = found.end()
    return (*parts, text[start:])

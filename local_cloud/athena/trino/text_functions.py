"""Functions on text: https://trino.io/docs/current/functions/string.html."""

from typing import Any, Final

from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino.functions import scalar
from local_cloud.athena.trino.values import TrinoMap

_BLANKS: Final = " \t\n\v\f\r\x1c\x1d\x1e\x1f\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000"  # noqa: E501
_LONGEST: Final = 1 << 20

scalar(
    "length(varchar) bigint",
    "char_length(varchar) bigint",
    "character_length(varchar) bigint",
    "length(varbinary) bigint",
)(len)
scalar("reverse(varchar) varchar", "reverse(array(T)) array(T)", "reverse(varbinary) varbinary")(
    lambda value: value[::-1]
)
scalar("trim(varchar) varchar")(lambda text: text.strip(_BLANKS))
scalar("ltrim(varchar) varchar")(lambda text: text.lstrip(_BLANKS))
scalar("rtrim(varchar) varchar")(lambda text: text.rstrip(_BLANKS))
scalar("trim(varchar, varchar) varchar")(lambda text, letters: text.strip(letters))
scalar("ltrim(varchar, varchar) varchar")(lambda text, letters: text.lstrip(letters))
scalar("rtrim(varchar, varchar) varchar")(lambda text, letters: text.rstrip(letters))
scalar("starts_with(varchar, varchar) boolean")(lambda text, start: text.startswith(start))
scalar("concat(varchar, varchar, ...) varchar", "concat(varbinary, varbinary, ...) varbinary")(
    lambda first, *rest: first[:0].join((first, *rest))
)


@scalar("lower(varchar) varchar")
def _lower(text: str) -> str:
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


@scalar("upper(varchar) varchar")
def _upper(text: str) -> str:
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in text)


@scalar("substr(varchar, bigint) varchar", "substr(varchar, bigint, bigint) varchar")
@scalar("substring(varchar, bigint) varchar", "substring(varchar, bigint, bigint) varchar")
@scalar("substr(varbinary, bigint) varbinary", "substr(varbinary, bigint, bigint) varbinary")
def _substr(text: Any, start: int, length: int | None = None) -> Any:
    begin = start - 1 if start > 0 else len(text) + start
    if start == 0 or begin < 0 or begin >= len(text) or (length is not None and length <= 0):
        return text[:0]
    return text[begin:] if length is None else text[begin : begin + length]


@scalar("replace(varchar, varchar) varchar", "replace(varchar, varchar, varchar) varchar")
def _replace(text: str, search: str, by: str = "") -> str:
    return text.replace(search, by)


@scalar("strpos(varchar, varchar) bigint", "strpos(varchar, varchar, bigint) bigint")
def _strpos(text: str, wanted: str, instance: int = 1) -> int:
    if instance == 0:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: 'instance' must not be a positive or negative number.")
    at = -1 if instance > 0 else len(text) + 1
    for _ in range(abs(instance)):
        at = (
            text.find(wanted, at + 1)
            if instance > 0
            else text.rfind(wanted, 0, at + len(wanted) - 1 if at <= len(text) else None)
        )
        if at < 0:
            return 0
    return at + 1


@scalar("split(varchar, varchar) array(varchar)", "split(varchar, varchar, bigint) array(varchar)")
def _split(text: str, delimiter: str, limit: int | None = None) -> tuple[str, ...]:
    if not delimiter:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: The delimiter may not be the empty string")
    if limit is not None and limit <= 0:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Limit must be positive")
    return tuple(text.split(delimiter, -1 if limit is None else limit - 1))


@scalar("split_part(varchar, varchar, bigint) varchar")
def _split_part(text: str, delimiter: str, index: int) -> str | None:
    if index <= 0:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Index must be greater than zero")
    parts = text.split(delimiter) if delimiter else list(text)
    return parts[index - 1] if index <= len(parts) else None


@scalar("split_to_map(varchar, varchar, varchar) map(varchar, varchar)")
def _split_to_map(text: str, between: str, inside: str) -> TrinoMap:
    if not between or not inside:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: The delimiters may not be the empty string")
    found: TrinoMap = TrinoMap()
    for entry in filter(None, text.split(between)):
        key, sign, value = entry.partition(inside)
        if not sign or inside in value:
            raise QueryFailed(
                "INVALID_FUNCTION_ARGUMENT: Key-value delimiter must appear exactly once in each entry. "
                f"Bad input: '{entry}'"
            )
        if key in found:
            raise QueryFailed(
                f"INVALID_FUNCTION_ARGUMENT: Duplicate keys ({key}) are not allowed. Use split_to_multimap"
            )
        found[key] = value
    return found


def _padded(text: str, size: int, by: str) -> str:
    if not by or not 0 <= size <= _LONGEST:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Target length or padding string is invalid")
    missing = max(0, size - len(text))
    return (by * (missing // len(by) + 1))[:missing]


@scalar("lpad(varchar, bigint, varchar) varchar")
def _lpad(text: str, size: int, by: str) -> str:
    return (_padded(text, size, by) + text)[:size] if len(text) <= size else text[:size]


@scalar("rpad(varchar, bigint, varchar) varchar")
def _rpad(text: str, size: int, by: str) -> str:
    return (text + _padded(text, size, by))[:size]


@scalar("translate(varchar, varchar, varchar) varchar")
def _translate(text: str, source: str, target: str) -> str:
    table: dict[int, str] = {}
    for index, letter in enumerate(source):
        table.setdefault(ord(letter), target[index] if index < len(target) else "")
    return text.translate(table)


@scalar("chr(bigint) varchar")
def _chr(code: int) -> str:
    if not 0 <= code <= 0x10FFFF:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Not a valid Unicode code point: {code}")
    return chr(code)


@scalar("concat_ws(varchar, varchar, ...) varchar", nulls=True)
def _concat_ws(between: str | None, *parts: str | None) -> str | None:
    return None if between is None else between.join(part for part in parts if part is not None)


@scalar("concat_ws(varchar, array(varchar)) varchar")
def _concat_array(between: str, parts: tuple[str | None, ...]) -> str:
    return between.join(part for part in parts if part is not None)

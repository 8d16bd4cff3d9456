"""Which values of a column a rule leaves valid: whether its conditions rule out any value, and whether they leave one.

Knows columns by their type only; numbers are compared as their type stores them, on a grid of whole positions.
"""

import json
import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from contract.ddl_types import INTEGER_BITS, decimal_digits, kind_of
from contract.iso_times import moment_of
from contract.model import Rule

_MAX_FLOAT: Final = struct.unpack(">f", bytes.fromhex("7f7fffff"))[0]
_MAX_DOUBLE: Final = struct.unpack(">d", bytes.fromhex("7fefffffffffffff"))[0]
_LONGEST_TEXT: Final = 2**31 - 1  # as lengths are ints
_ASSERTIONS_BUT_ANCHORS: Final = ("(?=", "(?!", "(?<")
_ANY_CHARACTER: Final = r"(?:\.|\[\\s\\S\]|\[\\S\\s\]|\[\\d\\D\]|\[\\D\\d\]|\[\\w\\W\]|\[\\W\\w\])"
_ANYTHING: Final = re.compile(rf"\^(?P<open>\((?:\?:)?)?{_ANY_CHARACTER}\*\??(?(open)\))\$")


def rules_out_nothing(rule: Rule, column_type: str) -> bool:
    """Say whether no value of the type can be invalid by the rule."""
    numbers = _numbers(column_type)
    return (
        (rule.valid_values is None or _are_all(rule.valid_values, column_type))
        and (rule.pattern is None or _matches_everything(rule.pattern))
        and not rule.min_length
        and (rule.max_length is None or rule.max_length >= _LONGEST_TEXT)
        and (numbers is None or _bounds([rule], numbers) == numbers[:2])
    )


def counts_every_row(rule: Rule, column_type: str) -> bool:
    """Say whether a rule on missing values lists null and every other value of the type."""
    values = rule.missing_values or ()
    return None in values and _are_all([value for value in values if value is not None], column_type)


def leave_no_value(rules: Sequence[Rule], column_type: str) -> bool:
    """Say whether no value of the type can meet the conditions of all rules; not decided for patterns alone."""
    lists = [_by_key(rule.valid_values, column_type) for rule in rules if rule.valid_values is not None]
    if lists:
        in_all = (value for key, value in lists[0].items() if all(key in others for others in lists))
        return not any(all(_meets(value, rule, column_type) for rule in rules) for value in in_all)
    numbers = _numbers(column_type)
    if numbers is not None:
        low, high = _bounds(rules, numbers)
        return low > high
    longest = min(_LONGEST_TEXT if rule.max_length is None else rule.max_length for rule in rules)
    return max(rule.min_length or 0 for rule in rules) > longest


# The conditions of a rule, by the words in which a contract writes them.
CONDITIONS: Final[Mapping[str, str]] = {
    "valid_values": "validValues",
    "pattern": "pattern",
    "minimum": "minimum",
    "exclusive_minimum": "exclusiveMinimum",
    "maximum": "maximum",
    "exclusive_maximum": "exclusiveMaximum",
    "min_length": "minLength",
    "max_length": "maxLength",
}


def condition_texts(rules: Sequence[Rule]) -> str:
    """Name the conditions of rules as a contract writes them, for people."""
    given = [(name, getattr(rule, field)) for rule in rules for field, name in CONDITIONS.items()]
    return ", ".join(f"{name} {_shortly(value)}" for name, value in given if value is not None)


def _shortly(value: object) -> str:
    if not isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    return f"[{', '.join(map(_shortly, value[:5]))}{', …' if len(value) > 5 else ''}]"


_Numbers = tuple[int, int, Callable[[float], Fraction | float]]


def _numbers(column_type: str) -> _Numbers | None:
    """Return the first and last position of a number type, and where a number lies between; None for other types."""
    kind = kind_of(column_type)
    if kind in INTEGER_BITS:
        half = 2 ** (INTEGER_BITS[kind] - 1)
        return -half, half - 1, _exact
    if kind == "decimal":
        precision, scale = decimal_digits(column_type)
        return 1 - 10**precision, 10**precision - 1, lambda value: _exact(value) * 10**scale
    if kind == "float":
        return -_float_position(_MAX_FLOAT), _float_position(_MAX_FLOAT), _float_position
    if kind == "double":
        return -_double_position(_MAX_DOUBLE), _double_position(_MAX_DOUBLE), _double_position
    return None


def _exact(value: float) -> Fraction:
    return Fraction(Decimal(str(value)))


def _double_position(value: float) -> int:
    """Count the doubles from 0 to the nearest one, which is how their bits are ordered."""
    size = int.from_bytes(struct.pack(">d", abs(float(value))), "big")
    return size if value >= 0 else -size


def _float_position(value: float) -> int:
    try:
        size = int.from_bytes(struct.pack(">f", abs(float(value))), "big")
    except OverflowError:  # beyond every float, next to the largest
        size = int.from_bytes(bytes.fromhex("7f800000"), "big")
    return size if value >= 0 else -size


def _bounds(rules: Sequence[Rule], numbers: _Numbers) -> tuple[int, int]:
    first, last, position = numbers
    for rule in rules:
        if rule.minimum is not None:
            first = max(first, math.ceil(position(rule.minimum)))
        if rule.exclusive_minimum is not None:
            first = max(first, math.floor(position(rule.exclusive_minimum)) + 1)
        if rule.maximum is not None:
            last = min(last, math.floor(position(rule.maximum)))
        if rule.exclusive_maximum is not None:
            last = min(last, math.ceil(position(rule.exclusive_maximum)) - 1)
    return first, last


def _meets(value: Any, rule: Rule, column_type: str) -> bool:
    """Say whether a listed value meets the conditions of a rule beside its list."""
    if isinstance(value, str):
        longest = math.inf if rule.max_length is None else rule.max_length
        matches = rule.regex is None or re.search(rule.regex, value, re.ASCII) is not None
        return matches and (rule.min_length or 0) <= len(value) <= longest
    numbers = _numbers(column_type)
    if numbers is None:
        return True
    low, high = _bounds([rule], numbers)
    return low <= numbers[2](value) <= high


def _by_key(values: Sequence[Any], column_type: str) -> dict[Any, Any]:
    return {key_of(value, column_type): value for value in values}


def key_of(value: Any, column_type: str) -> Any:
    """Return what is equal for equal values of a column: 1 and 1.0, or one moment in two zones."""
    numbers = _numbers(column_type)
    if numbers is not None:
        return numbers[2](value)
    if column_type == "timestamp":
        return moment_of(value)
    return value


def _are_all(values: Sequence[Any], column_type: str) -> bool:
    numbers = _numbers(column_type)
    if column_type == "boolean":
        count = 2
    elif numbers is not None:
        count = numbers[1] - numbers[0] + 1
    else:
        return False
    return len(_by_key(values, column_type)) == count


def _matches_everything(pattern: str) -> bool:
    r"""Say whether a pattern is known to match every value.

    It searches, so one that matches nothing at an end of the value, where its anchor holds, matches any value. With
    both anchors only the plain forms are known: `^.*$`, which most likely means all, and `^[\s\S]*$`.
    """
    if any(assertion in pattern for assertion in _ASSERTIONS_BUT_ANCHORS):
        return False
    anchors = {"^", "$"} & set(re.sub(r"\\.|\[\^", "", pattern))
    if anchors == {"^", "$"}:
        return _ANYTHING.fullmatch(pattern) is not None
    return re.search(pattern, "", re.ASCII) is not None

"""The functions that expressions may call: what each takes, what must be a literal, and the type of its result.

All are built into Spark 3.5 and 4.1 with the same meaning, and depend on their arguments alone; docs/expressions.md
says why others are left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contract.ddl_types import MAX_PRECISION, inner_types, kind_of
from contract.expressions import literals, tree
from contract.expressions.kinds import INTEGERS, ORDERED, as_decimal, is_exact, is_number
from contract.expressions.literals import Check, one_of, within

Types = Sequence[str]


@dataclass(frozen=True)
class Parameter:
    """What an argument must be: the words for it, its types, and what is checked of it when it must be a literal."""

    words: str
    fits: Callable[[str], bool]
    literal: Check | None = None


@dataclass(frozen=True)
class Function:
    """A function of the list.

    ``needed`` counts the parameters that must be given (all by default), and the last is repeated at will when
    ``repeats``. ``same`` says that all arguments come together in one type, and ``result`` is a type or makes it
    of the types of the arguments. ``agree`` checks literals against each other.
    """

    parameters: tuple[Parameter, ...]
    result: str | Callable[[Types, tree.Call], str]
    needed: int | None = None
    repeats: bool = False
    same: bool = False
    agree: Callable[[tree.Call], str | None] | None = None

    @property
    def least(self) -> int:
        return len(self.parameters) if self.needed is None else self.needed

    @property
    def most(self) -> int | None:
        return None if self.repeats else len(self.parameters)

    def parameter(self, position: int) -> Parameter:
        return self.parameters[min(position, len(self.parameters) - 1)]


def _of(*types: str) -> Callable[[str], bool]:
    return lambda type_: kind_of(type_) in types


def _literal(check: Check, words: str = "a text in quotes", *types: str) -> Parameter:
    return Parameter(words, _of(*(types or ("string",))), check)


_TEXT: Final = Parameter("a string", _of("string"))
_SHORT_INTEGER: Final = Parameter("an int, smallint or tinyint", _of("tinyint", "smallint", "int"))
_LONG_INTEGER: Final = Parameter("an integer", _of(*INTEGERS))
_NUMBER: Final = Parameter("a number", is_number)
_EXACT: Final = Parameter("an integer or a decimal", is_exact)
_DAY: Final = Parameter("a date", _of("date"))
_TIME: Final = Parameter("a timestamp", _of("timestamp"))
_DAY_OR_TIME: Final = Parameter("a date or a timestamp", _of("date", "timestamp"))
_ARRAY: Final = Parameter("an array", _of("array"))
_MAP: Final = Parameter("a map", _of("map"))
_ARRAY_OR_MAP: Final = Parameter("an array or a map", _of("array", "map"))
_TEXT_OR_TEXTS: Final = Parameter("a string or an array<string>", lambda type_: type_ in ("string", "array<string>"))
_TEXTS: Final = Parameter("an array<string>", lambda type_: type_ == "array<string>")
_VALUE: Final = Parameter("a value", lambda _: True)
_SIMPLE: Final = Parameter("a number, string, boolean, date or timestamp", lambda t: is_number(t) or t in ORDERED)
_ORDERED_ARRAY: Final = Parameter(
    "an array of numbers, strings, dates or timestamps", lambda t: kind_of(t) == "array" and _SIMPLE.fits(_element(t))
)
_SHIFT: Final = Parameter("a number of at most 16 bits (smallint, tinyint or a literal)", _of("tinyint", "smallint"))
_MAX_SHIFT: Final = 32_767
_PADDED: Final = _literal(within(0, literals.MAX_PADDED), "a whole number", "int")
_PART: Final = _literal(within(-_MAX_SHIFT, _MAX_SHIFT, but=0), "a whole number other than 0", "int")
_PATTERN_WORDS: Final = "a pattern in quotes"
_PATTERN: Final = _literal(literals.pattern, _PATTERN_WORDS)
_DIGITS: Final = _literal(within(0, MAX_PRECISION), "a whole number", "int")


def _element(type_: str) -> str:
    inner = inner_types(type_)
    return inner.get("element") or inner["value"]


def _type_of_element(types: Types, _call: tree.Call) -> str:
    return _element(types[0])


def _type_of_first(types: Types, _call: tree.Call) -> str:
    return types[0]


def _rounded(types: Types, call: tree.Call) -> str:
    """Return the type of round and bround: a digit more before the point, as 9.5 becomes 10."""
    if not types[0].startswith("decimal"):
        return types[0]
    precision, scale = as_decimal(types[0])
    kept = min(scale, _whole(call.arguments[1]) if len(call.arguments) > 1 else 0)
    return f"decimal({min(precision - scale + 1 + kept, MAX_PRECISION)},{kept})"


def _whole_part(types: Types, _call: tree.Call) -> str:
    """Return the type of ceil and floor."""
    if not types[0].startswith("decimal"):
        return "bigint"
    precision, scale = as_decimal(types[0])
    return f"decimal({min(precision - scale + 1, MAX_PRECISION)},0)" if scale else types[0]


def _remainder(types: Types, _call: tree.Call) -> str:
    return max((types[0], types[1]), key=INTEGERS.index)


def _whole(node: tree.Node) -> int:
    return node.value if isinstance(node, tree.Literal) and isinstance(node.value, int) else 0


def _text(node: tree.Node) -> str:
    return str(node.value) if isinstance(node, tree.Literal) else ""


def _group_exists(call: tree.Call) -> str | None:
    used = (
        _whole(call.arguments[2]) if call.name == "regexp_extract" else literals.groups_used(_text(call.arguments[2]))
    )
    count = literals.group_count(_text(call.arguments[1]))
    return f"takes group {used}, and the pattern has {count}" if used > count else None


def _key_of_query(call: tree.Call) -> str | None:
    if len(call.arguments) > 2 and _text(call.arguments[1]) != "QUERY":
        return "takes a key with 'QUERY' only"
    return None


def _key_fits(call: tree.Call) -> str | None:
    key = call.arguments[1]
    if isinstance(key, tree.Literal) and key.value == 0:
        return "counts from 1, and from -1 backwards; 0 fails the whole run"
    return None


FUNCTIONS: Final[Mapping[str, Function]] = {
    # strings
    "lower": Function((_TEXT,), "string"),
    "upper": Function((_TEXT,), "string"),
    "trim": Function((_TEXT,), "string"),
    "ltrim": Function((_TEXT,), "string"),
    "rtrim": Function((_TEXT,), "string"),
    "reverse": Function((_TEXT,), "string"),
    "length": Function((_TEXT,), "int"),
    "octet_length": Function((_TEXT,), "int"),
    "substring": Function((_TEXT, _SHORT_INTEGER, _SHORT_INTEGER), "string", needed=2),
    "left": Function((_TEXT, _SHORT_INTEGER), "string"),
    "right": Function((_TEXT, _SHORT_INTEGER), "string"),
    "concat": Function((_TEXT,), "string", repeats=True),
    "concat_ws": Function((_literal(literals.any_value), _TEXT_OR_TEXTS), "string", repeats=True),
    "replace": Function((_TEXT, _TEXT, _TEXT), "string"),
    "translate": Function((_TEXT, _TEXT, _TEXT), "string"),
    "regexp_replace": Function(
        (_TEXT, _literal(literals.replaced_pattern, _PATTERN_WORDS), _literal(literals.replacement)),
        "string",
        agree=_group_exists,
    ),
    "regexp_extract": Function(
        (_TEXT, _PATTERN, _literal(within(0, 9), "a whole number", "int")), "string", agree=_group_exists
    ),
    "split": Function((_TEXT, _literal(literals.splitting_pattern, _PATTERN_WORDS)), "array<string>"),
    "split_part": Function((_TEXT, _literal(literals.some_text), _PART), "string"),
    "lpad": Function((_TEXT, _PADDED, _literal(literals.some_text)), "string"),
    "rpad": Function((_TEXT, _PADDED, _literal(literals.some_text)), "string"),
    "instr": Function((_TEXT, _TEXT), "int"),
    "startswith": Function((_TEXT, _TEXT), "boolean"),
    "endswith": Function((_TEXT, _TEXT), "boolean"),
    "contains": Function((_TEXT, _TEXT), "boolean"),
    "parse_url": Function(
        (_TEXT, _literal(one_of(literals.URL_PARTS)), _literal(literals.url_key)),
        "string",
        needed=2,
        agree=_key_of_query,
    ),
    # hashes
    "md5": Function((_TEXT,), "string"),
    "sha1": Function((_TEXT,), "string"),
    "sha2": Function((_TEXT, _literal(one_of(literals.HASH_BITS), "a whole number", "int")), "string"),
    "crc32": Function((_TEXT,), "bigint"),
    # numbers
    "round": Function((_NUMBER, _DIGITS), _rounded, needed=1),
    "bround": Function((_NUMBER, _DIGITS), _rounded, needed=1),
    "ceil": Function((_EXACT,), _whole_part),
    "floor": Function((_EXACT,), _whole_part),
    "pmod": Function((_LONG_INTEGER, _literal(within(1, 2**31 - 1), "a whole number", "int")), _remainder),
    "greatest": Function((_SIMPLE, _SIMPLE), "", repeats=True, same=True),
    "least": Function((_SIMPLE, _SIMPLE), "", repeats=True, same=True),
    # nulls
    "coalesce": Function((_VALUE, _VALUE), "", repeats=True, same=True),
    "nullif": Function((_SIMPLE, _SIMPLE), _type_of_first, same=True),
    # dates and times
    **{name: Function((_DAY_OR_TIME,), "int") for name in ("year", "quarter", "month", "day", "dayofyear")},
    **{name: Function((_DAY_OR_TIME,), "int") for name in ("dayofweek", "weekday", "weekofyear")},
    **{name: Function((_TIME,), "int") for name in ("hour", "minute", "second")},
    "last_day": Function((_DAY,), "date"),
    "date_add": Function((_DAY, _SHIFT), "date"),
    "date_sub": Function((_DAY, _SHIFT), "date"),
    "add_months": Function((_DAY, _SHIFT), "date"),
    "datediff": Function((_DAY, _DAY), "int"),
    "date_trunc": Function((_literal(one_of(literals.TIME_UNITS)), _TIME), "timestamp"),
    "trunc": Function((_DAY, _literal(one_of(literals.DATE_UNITS))), "date"),
    "date_format": Function((_DAY_OR_TIME, _literal(literals.time_format, "a format in quotes")), "string"),
    "make_date": Function((_SHORT_INTEGER, _SHORT_INTEGER, _SHORT_INTEGER), "date"),
    "unix_date": Function((_DAY,), "int"),
    "unix_seconds": Function((_TIME,), "bigint"),
    "unix_millis": Function((_TIME,), "bigint"),
    "unix_micros": Function((_TIME,), "bigint"),
    "timestamp_micros": Function((_LONG_INTEGER,), "timestamp"),
    "from_utc_timestamp": Function((_TIME, _literal(literals.zone, "a time zone in quotes")), "timestamp"),
    "to_utc_timestamp": Function((_TIME, _literal(literals.zone, "a time zone in quotes")), "timestamp"),
    # arrays and maps
    "array_size": Function((_ARRAY,), "int"),
    "array_contains": Function((_ORDERED_ARRAY, _SIMPLE), "boolean"),
    "array_join": Function((_TEXTS, _literal(literals.any_value), _literal(literals.any_value)), "string", needed=2),
    "array_distinct": Function((_ORDERED_ARRAY,), _type_of_first),
    "array_min": Function((_ORDERED_ARRAY,), _type_of_element),
    "array_max": Function((_ORDERED_ARRAY,), _type_of_element),
    "sort_array": Function(
        (_ORDERED_ARRAY, _literal(literals.any_value, "TRUE or FALSE", "boolean")), _type_of_first, needed=1
    ),
    "element_at": Function((_ARRAY_OR_MAP, _VALUE), _type_of_element, agree=_key_fits),
    "map_keys": Function((_MAP,), lambda types, _: f"array<{inner_types(types[0])['key']}>"),
    "map_values": Function((_MAP,), lambda types, _: f"array<{inner_types(types[0])['value']}>"),
    "map_contains_key": Function((_MAP, _TEXT), "boolean"),
}

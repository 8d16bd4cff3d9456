"""The register of scalar functions: each declared with Trino's signature beside the Python that computes it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.athena.trino.bound import Bound, applied, coerced, with_nulls
from local_cloud.athena.trino.datatypes import Type, coercible, common, decimal, each

_ANY_SIZE: Final = {"decimal", "timestamp", "timestamp with time zone", "time"}
_ALIASES: Final = {
    "zoned": "timestamp with time zone",
    "days": "interval day to second",
    "months": "interval year to month",
}
_DECIMALS: Final[dict[str, Callable[[int, int], Type]]] = {
    "whole_decimal": lambda precision, scale: decimal(max(1, precision - scale + min(scale, 1)), 0),
    "wider_decimal": lambda precision, scale: decimal(precision + 1, scale),
    "one_digit": lambda _precision, _scale: decimal(1, 0),
}
_WORDS: Final = re.compile(r"\w+|[(),]|\.\.\.")


@dataclass(frozen=True)
class Function:
    """One signature. A single capital letter stands for any type, the same one wherever it is written."""

    name: str
    parameters: tuple[Type, ...]
    result: Type
    work: Callable[..., Any]
    variadic: bool = False
    takes_nulls: bool = False

    def parameters_for(self, count: int) -> tuple[Type, ...] | None:
        """Return as many parameters as there are arguments, if it takes so many."""
        if self.variadic and count >= len(self.parameters):
            return (*self.parameters, *[self.parameters[-1]] * (count - len(self.parameters)))
        return self.parameters if count == len(self.parameters) else None


REGISTER: Final[dict[str, list[Function]]] = {}
AGGREGATES: Final[dict[str, list[Function]]] = {}


def scalar(*signatures: str, nulls: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function under signatures like `split_part(varchar, varchar, bigint) varchar`."""

    def register(work: Callable[..., Any]) -> Callable[..., Any]:
        for signature in signatures:
            function = declared(signature, work, nulls=nulls)
            REGISTER.setdefault(function.name, []).append(function)
        return work

    return register


def declared(signature: str, work: Callable[..., Any], *, nulls: bool = False) -> Function:
    words = _WORDS.findall(signature)
    name, position, parameters = words[0], 2, []
    while words[position] != ")":
        kind, position = _type(words, position)
        parameters.append(kind)
        position += words[position] == ","
        if words[position] == "...":
            position += 1
    result, _ = _type(words, position + 1)
    return Function(name, tuple(parameters), result, work, variadic="..." in words, takes_nulls=nulls)


def _type(words: Sequence[str], position: int) -> tuple[Type, int]:
    name = _ALIASES.get(words[position], words[position])
    position += 1
    items: list[Type] = []
    if position < len(words) and words[position] == "(":
        position += 1
        while words[position] != ")":
            item, position = _type(words, position)
            items.append(item)
            position += words[position] == ","
        position += 1
    return Type(name, items=tuple(items), fields=(None,) * len(items) if name == "row" else ()), position


def variable(kind: Type) -> bool:
    return len(kind.name) == 1


def infer(pattern: Type, actual: Type, known: dict[str, Type]) -> bool:
    """Learn what a pattern's variables stand for; False when it cannot fit."""
    if variable(pattern):
        met = common(known.get(pattern.name, actual), actual)
        known[pattern.name] = met or actual
        return met is not None
    if pattern.items and pattern.name == actual.name and len(pattern.items) == len(actual.items):
        return all(infer(a, b, known) for a, b in zip(pattern.items, actual.items, strict=True))
    return not pattern.items or actual.name == "unknown"


def filled(pattern: Type, known: dict[str, Type]) -> Type:
    """Put the types in the places of a pattern's variables."""
    if variable(pattern):
        return known.get(pattern.name, Type("unknown"))
    return each(pattern, lambda item: filled(item, known))


def fit(pattern: Type, actual: Type) -> Type | None:
    """Return the type that an argument gets for a parameter without variables; None when it cannot be that."""
    if pattern.name in _ANY_SIZE and not pattern.sizes:
        if actual.name == pattern.name:
            return actual
        if actual.name == "unknown":
            return Type(pattern.name, (38, 0) if pattern.name == "decimal" else (3,))
        return _sized(pattern, actual)
    return pattern if coercible(actual, pattern) else None


def _sized(pattern: Type, actual: Type) -> Type | None:
    if pattern.name.startswith("timestamp") and actual.is_time and coercible(actual, Type(pattern.name, (6,))):
        return Type(pattern.name, actual.sizes or (0,))
    return None


def result_of(function: Function, arguments: Iterable[Type]) -> Type:
    """Give a result, or its elements, without a size that of the first argument of its kind."""
    known = list(arguments)
    return _with_size(function.result, known)


def _with_size(kind: Type, known: Sequence[Type]) -> Type:
    if kind.name.endswith(("_decimal", "_digit")):
        return _DECIMALS[kind.name](*known[0].sizes)
    if kind.name in _ANY_SIZE and not kind.sizes:
        same = (argument for argument in known if argument.name == kind.name and argument.sizes)
        return next(same, Type(kind.name, (3,)))
    return each(kind, lambda item: _with_size(item, known))


def overload(candidates: Sequence[Function], arguments: Sequence[Bound]) -> tuple[Function, list[Type], Type] | None:
    """Choose the signature that converts the fewest arguments; the first of several.

    Returns it with the types that the arguments are converted to and the type of its result.
    """
    fitting: list[tuple[int, tuple[Function, list[Type], Type]]] = []
    for function in candidates:
        parameters = function.parameters_for(len(arguments))
        if parameters is None:
            continue
        known: dict[str, Type] = {}
        if not all(infer(a, b.type, known) for a, b in zip(parameters, arguments, strict=True)):
            continue
        wanted = [fit(filled(a, known), b.type) for a, b in zip(parameters, arguments, strict=True)]
        kinds = [kind for kind in wanted if kind is not None]
        if len(kinds) == len(wanted):
            converted = sum(kind.name != item.type.name for kind, item in zip(kinds, arguments, strict=True))
            fitting.append((converted, (function, kinds, filled(result_of(function, kinds), known))))
    return min(fitting, key=lambda found: found[0])[1] if fitting else None


def chosen(name: str, arguments: Sequence[Bound]) -> Bound | None:
    """Bind a call of a scalar function; None when no signature fits."""
    found = overload(REGISTER[name], arguments)
    if found is None:
        return None
    function, kinds, result = found
    values = [coerced(value, kind) for value, kind in zip(arguments, kinds, strict=True)]
    make = with_nulls if function.takes_nulls else applied
    return make((function.name, id(function)), result, function.work, values)


def shown(candidates: Iterable[Function]) -> str:
    """List signatures for the message that none fits."""
    return ", ".join(f"{item.name}({', '.join(map(str, item.parameters))})" for item in candidates)

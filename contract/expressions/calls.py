"""From a function's name and arguments to a node of the list: what is refused, and what is another way to write a node.

The other ways exist because Spark's own would wrap around, fail or say -1 on some values; knows no tokens.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from contract.expressions import tree
from contract.expressions.errors import problem_at
from contract.expressions.functions import FUNCTIONS, Function, Parameter
from contract.expressions.literals import PATTERNS
from contract.expressions.printing import SPANS
from contract.expressions.refused import REASONS
from contract.patterns import portable_pattern
from core.wording import did_you_mean

Arguments = tuple[tree.Node, ...]
SYNONYMS: Final[Mapping[str, str]] = {
    "nvl": "coalesce",
    "ifnull": "coalesce",
    "substr": "substring",
    "char_length": "length",
    "character_length": "length",
    "lcase": "lower",
    "ucase": "upper",
    "ceiling": "ceil",
    "dayofmonth": "day",
    "date_diff": "datediff",
    "dateadd": "date_add",
    "sha": "sha1",
}


def call(name: str, arguments: Arguments, *, at: int) -> tree.Node:
    """Return the node of a function. Raises ExpressionError when it, or a literal given to it, is not allowed."""
    known = SYNONYMS.get(name.lower(), name.lower())
    rewritten = _REWRITTEN.get(known)
    if rewritten is not None:
        count, node = rewritten
        _check_count(known, len(arguments), count, count, at=at)
        return node(arguments, at)
    function = FUNCTIONS.get(known)
    if function is None:
        raise problem_at(at, _not_listed(name))
    _check_count(known, len(arguments), function.least, function.most, at=at)
    node_of_call = tree.Call(known, _as_written(known, arguments), at=at)
    _check_literals(function, node_of_call)
    return _with_portable_patterns(function, node_of_call)


def names() -> list[str]:
    """Return every name by which a function may be called."""
    return sorted({*FUNCTIONS, *SYNONYMS, *_REWRITTEN})


def _not_listed(name: str) -> str:
    reason = REASONS.get(name.lower())
    if reason is not None:
        return f"the function {name} is not allowed: {reason}"
    allowed = names()
    return f"the function {name} is not known{did_you_mean(name, allowed)}; allowed: {', '.join(allowed)}"


def _check_count(name: str, count: int, least: int, most: int | None, *, at: int) -> None:
    if count < least or (most is not None and count > most):
        wanted = str(least) if most == least else f"{least} or more" if most is None else f"{least} to {most}"
        raise problem_at(at, f"{name} takes {wanted} argument{'' if wanted == '1' else 's'}, found {count}")


def _check_literals(function: Function, node: tree.Call) -> None:
    for position, argument in enumerate(node.arguments):
        parameter = function.parameter(position)
        if parameter.literal is not None:
            problem = _literal_problem(parameter, argument)
            if problem is not None:
                raise problem_at(argument.at, f"{node.name}: argument {position + 1} {problem}")
    problem = function.agree(node) if function.agree else None
    if problem is not None:
        raise problem_at(node.at, f"{node.name} {problem}")


def _with_portable_patterns(function: Function, node: tree.Call) -> tree.Call:
    """Let patterns mean what they do in RLIKE and in checks."""
    arguments = (
        replace(argument, value=portable_pattern(str(argument.value)))
        if isinstance(argument, tree.Literal) and function.parameter(position).literal in PATTERNS
        else argument
        for position, argument in enumerate(node.arguments)
    )
    return replace(node, arguments=tuple(arguments))


def _as_written(name: str, arguments: Arguments) -> Arguments:
    """Take off what `printing` puts around a number, so that what is printed reads as what was written."""
    match arguments[0]:
        case tree.Binary("DIV", tree.Binary("*", number, inner), outer) if inner == outer == SPANS.get(name):
            return number, *arguments[1:]
    return arguments


def _literal_problem(parameter: Parameter, argument: tree.Node) -> str | None:
    if not isinstance(argument, tree.Literal) or not parameter.fits(argument.type):
        return f"must be {parameter.words}, written out and not computed"
    problem = parameter.literal(argument.value) if parameter.literal else None
    return f"cannot be used: {problem}" if problem else None


def _plus(operator: str) -> Callable[[Arguments, int], tree.Node]:
    return lambda arguments, at: tree.Binary(operator, arguments[0], arguments[1], at=at)


def _absolute(arguments: Arguments, at: int) -> tree.Node:
    """Spark's abs returns the smallest integer unchanged, so it is 0 - x here, which is null for it."""
    zero, operand = tree.Literal(0, "int", at=at), arguments[0]
    branch = (tree.Binary("<", operand, zero, at=at), tree.Binary("-", zero, operand, at=at))
    return tree.Case(None, (branch,), operand, at=at)


def _of_epoch(micros: int) -> Callable[[Arguments, int], tree.Node]:
    """Spark's timestamp_seconds and timestamp_millis fail the run on a number that is too large; this is null."""

    def node(arguments: Arguments, at: int) -> tree.Node:
        factor = tree.Literal(micros, "bigint", at=at)
        return tree.Call("timestamp_micros", (tree.Binary("*", arguments[0], factor, at=at),), at=at)

    return node


def _if(arguments: Arguments, at: int) -> tree.Node:
    return tree.Case(None, ((arguments[0], arguments[1]),), arguments[2], at=at)


def _nvl2(arguments: Arguments, at: int) -> tree.Node:
    return tree.Case(None, ((tree.IsNull(arguments[0], negated=True, at=at), arguments[1]),), arguments[2], at=at)


_REWRITTEN: Final[Mapping[str, tuple[int, Callable[[Arguments, int], tree.Node]]]] = {
    "try_add": (2, _plus("+")),
    "try_subtract": (2, _plus("-")),
    "try_multiply": (2, _plus("*")),
    "try_divide": (2, _plus("/")),
    "mod": (2, _plus("%")),
    "abs": (1, _absolute),
    "timestamp_seconds": (1, _of_epoch(1_000_000)),
    "timestamp_millis": (1, _of_epoch(1_000)),
    "if": (3, _if),
    "nvl2": (3, _nvl2),
    "isnull": (1, lambda arguments, at: tree.IsNull(arguments[0], negated=False, at=at)),
    "isnotnull": (1, lambda arguments, at: tree.IsNull(arguments[0], negated=True, at=at)),
    "to_date": (1, lambda arguments, at: tree.Cast(arguments[0], "date", at=at)),
}

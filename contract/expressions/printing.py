"""From nodes to the SQL that Spark is given: one form for each node, in parentheses where Spark might read otherwise.

What overflows or does not fit becomes null (`try_…`) on every version: Spark wraps integers around without a word.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from contract.expressions import tree
from contract.expressions.texts import printed

NULL_ON_OVERFLOW: Final = {"+": "try_add", "-": "try_subtract", "*": "try_multiply"}
# The first argument of these is multiplied by a number, which is null beyond its type, and divided by it again.
SPANS: Final[Mapping[str, tree.Literal]] = {
    "timestamp_micros": tree.Literal(32, "bigint"),  # 9,133 years from 1970
    "make_date": tree.Literal(20_000, "int"),  # the year 107,374
}
_MAX_INT: Final = 2**31 - 1


def sql_of(node: tree.Node) -> str:  # noqa: PLR0911  a table with a line for each kind of node
    """Return the canonical SQL of a node, which means the same in any place."""
    match node:
        case tree.Literal():
            return _literal(node)
        case tree.ColumnName():
            return f"`{node.name}`"
        case tree.StructField():
            return f"{_base(node.struct)}.`{node.name}`"
        case tree.Item():
            return f"{_base(node.whole)}[{sql_of(node.key)}]"
        case tree.Binary():
            return _binary(node)
        case tree.Not():
            return f"(NOT {sql_of(node.operand)})"
        case tree.Cast():
            return f"try_cast({sql_of(node.operand)} AS {node.type})"
        case tree.Call():
            return _call(node)
        case tree.Case():
            return _case(node)
    return f"({_predicate(node)})"


def _call(node: tree.Call) -> str:
    """Print a function; a time or date that is made of a number is null where that is thousands of years away.

    Spark fails the run on a year that is too large, and where it cuts a time of any number or moves it to another zone.
    """
    arguments = [sql_of(argument) for argument in node.arguments]
    span = SPANS.get(node.name)
    if span is not None:
        arguments[0] = f"(try_multiply({arguments[0]}, {_number(span)}) DIV {_number(span)})"
    return f"{node.name}({', '.join(arguments)})"


def _predicate(node: tree.Node) -> str:
    match node:
        case tree.IsNull():
            return f"{sql_of(node.operand)} IS {_not(negated=node.negated)}NULL"
        case tree.In():
            return f"{sql_of(node.operand)} {_not(negated=node.negated)}IN ({_list(node.items)})"
        case tree.Between():
            bounds = f"BETWEEN {sql_of(node.low)} AND {sql_of(node.high)}"
            return f"{sql_of(node.operand)} {_not(negated=node.negated)}{bounds}"
        case tree.Matches():
            return f"{sql_of(node.operand)} {_not(negated=node.negated)}{node.operator} {printed(node.pattern)}"
    raise AssertionError(f"no way to print {type(node).__name__}: only nodes of the list are")


def _base(node: tree.Node) -> str:
    """Print what a field or an element is taken of; more parentheses than needed would hide the column from Spark."""
    plain = isinstance(node, tree.ColumnName | tree.StructField | tree.Item | tree.Call)
    return sql_of(node) if plain else f"({sql_of(node)})"


def _binary(node: tree.Binary) -> str:
    function = NULL_ON_OVERFLOW.get(node.operator)
    if function is not None:
        return f"{function}({sql_of(node.left)}, {sql_of(node.right)})"
    return f"({sql_of(node.left)} {node.operator} {sql_of(node.right)})"


def _case(node: tree.Case) -> str:
    operand = "" if node.operand is None else f" {sql_of(node.operand)}"
    branches = "".join(f" WHEN {sql_of(when)} THEN {sql_of(then)}" for when, then in node.branches)
    otherwise = "" if node.otherwise is None else f" ELSE {sql_of(node.otherwise)}"
    return f"CASE{operand}{branches}{otherwise} END"


def _list(nodes: tuple[tree.Node, ...]) -> str:
    return ", ".join(sql_of(node) for node in nodes)


def _not(*, negated: bool) -> str:
    return "NOT " if negated else ""


def _literal(node: tree.Literal) -> str:
    value = node.value
    if isinstance(value, str):
        return printed(value)
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ', timespec='microseconds')}Z'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if value is None or isinstance(value, bool):
        return str(value).upper().replace("NONE", "NULL")
    return _number(node)


def _number(node: tree.Literal) -> str:
    text = f"{node.value:f}" if node.type.startswith("decimal") else str(node.value)
    suffix = "L" if node.type == "bigint" else ""
    return f"({text}{suffix})" if text.startswith("-") else f"{text}{suffix}"

"""An expression as others see it: the columns it reads, the SQL that Spark is given, and the kind of its result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contract.ddl_types import kind_of
from contract.expressions import tree
from contract.expressions.checking import type_of
from contract.expressions.grammar import parse
from contract.expressions.kinds import kind_of_type
from contract.expressions.printing import sql_of

# Spark takes the digits of all scripts, and writes out all digits of a number: with a huge exponent that takes hours.
_MISREAD: Final = tree.Literal(r"[^\x00-\x7F]|[eE][-+]?0*[1-9][0-9]{3,}", "string")
_NO_NUMBER: Final = tree.Literal("?", "string")


@dataclass(frozen=True)
class Expression:
    """A parsed expression; two that differ in spaces, parentheses or the case of keywords are equal."""

    tree: tree.Node

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns read, in order of first use."""
        return tuple(dict.fromkeys(tree.columns_of(self.tree)))

    @property
    def sql(self) -> str:
        """Return the canonical SQL; it holds no `$`, no comment and nothing that is not on the list."""
        return sql_of(self.tree)

    def sql_over(self, types: Mapping[str, str]) -> str:
        """Return the SQL for columns of these canonical types; a text that Spark would misread is no decimal in it.

        Raises:
            ExpressionError: as `type_in`.
        """

        def guarded(node: tree.Node) -> tree.Node:
            if not isinstance(node, tree.Cast) or kind_of(node.type) != "decimal":
                return node
            if type_of(node.operand, types) != "string":
                return node
            plain = tree.Call("regexp_replace", (node.operand, _MISREAD, _NO_NUMBER))
            return tree.Cast(plain, node.type)

        return sql_of(tree.rebuilt(self.tree, guarded))

    def type_in(self, types: Mapping[str, str]) -> str:
        """Return the canonical type that Spark gives the result, or ``null``, given the columns' canonical types.

        Raises:
            ExpressionError: for a column that is not there, and wherever Spark would cast without a word or fail.
        """
        return type_of(self.tree, types)

    def kind_in(self, types: Mapping[str, str]) -> str:
        """Return the kind of the result: ``integer`` for all integer types, ``double`` for float, arrays in full.

        Raises:
            ExpressionError: as `type_in`.
        """
        return kind_of_type(self.type_in(types))


def parse_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: naming the place, what was found, and what is allowed.
    """
    return Expression(parse(text))

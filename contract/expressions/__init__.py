"""The expressions of derived columns: a closed part of Spark's SQL, parsed, checked and printed again by this package.

Spark is only ever given what is printed here, from nodes that are on the list; knows neither Spark nor contracts.
"""

from contract.expressions.errors import ExpressionError
from contract.expressions.expression import Expression, parse_expression
from contract.expressions.kinds import assignable

__all__ = ["Expression", "ExpressionError", "assignable", "parse_expression"]

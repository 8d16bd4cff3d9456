"""The one error of this package, which names the place in the expression; knows nothing of contracts."""


class ExpressionError(ValueError):
    """Report an expression that cannot be used: where (the first character is position 1), what, and what is allowed.

    There is no subclass: an expression is either on the list in every part, or it is not used.
    """


def problem_at(position: int, text: str) -> ExpressionError:
    """Return the error of what stands at an offset of the text, counted from 0."""
    return ExpressionError(f"position {position + 1}: {text}")

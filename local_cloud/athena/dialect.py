"""Parses Athena's SQL so that functions keep the names they were written with; knows nothing of their meaning."""

import itertools
import re
from typing import Any, ClassVar, Final

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokenizer_core import Token, TokenType

from local_cloud.athena.errors import MalformedQuery

_LINE: Final = re.compile(r"(.*?)\.? Line (\d+), Col: (\d+)")
# Syntax of other engines that the parser lets pass.
_FOREIGN: Final = {TokenType.DCOLON: "::", TokenType.ARROW: "", TokenType.DARROW: "->>", TokenType.L_BRACE: "{"}
_UNITS: Final = {"YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}


class AthenaSql(Trino):
    """Trino's syntax without its functions: every call stays a name with arguments, for us to look up."""

    INDEX_OFFSET = 0  # an index stays the number that was written

    class Parser(TrinoParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}


def tokens_of(sql: str) -> list[Token]:
    """Split a statement into its words.

    Raises:
        MalformedQuery: when a quote stays open.
    """
    try:
        return list(AthenaSql().tokenize(sql))
    except SqlglotError as error:
        raise MalformedQuery(_message(error)) from error


def _refuse_order(tokens: list[Token]) -> None:
    """Refuse what the parser takes in an order, or with words left out, that Trino does not take."""
    for token, following in itertools.pairwise(tokens):
        if token.token_type == TokenType.COMMA and following.token_type in {TokenType.FROM, TokenType.R_PAREN}:
            raise _unexpected(following)
        if token.token_type == TokenType.INTERVAL and following.token_type == TokenType.NUMBER:
            raise _unexpected(following)
    if len(tokens) > 1 and tokens[-2].token_type == TokenType.INTERVAL:
        raise _unexpected(tokens[-1])
    for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if first.token_type == TokenType.LIMIT and third.token_type in {TokenType.OFFSET, TokenType.COMMA}:
            raise _unexpected(third)
        has_unit = third.text.upper().removesuffix("S") in _UNITS
        if first.token_type == TokenType.INTERVAL and second.token_type == TokenType.STRING and not has_unit:
            raise _unexpected(third)


def _unexpected(token: Token) -> MalformedQuery:
    return MalformedQuery(
        f"line {token.line}:{max(1, token.col - len(token.text) + 1)}: mismatched input '{token.text}'"
    )


def parsed(sql: str) -> exp.Expr:
    """Parse exactly one statement.

    Raises:
        MalformedQuery: when Athena would not take it.
    """
    tokens = tokens_of(sql)
    for token in tokens:
        if _FOREIGN.get(token.token_type):
            raise MalformedQuery(f"line {token.line}:{token.col}: mismatched input '{token.text}'")
        if token.text in {"==", "!"}:
            raise _unexpected(token)
    _refuse_order(tokens)
    if tokens and tokens[0].token_type == TokenType.FROM:
        raise MalformedQuery("line 1:1: mismatched input 'FROM'")
    try:
        statements = AthenaSql().parse(sql, error_level=ErrorLevel.IMMEDIATE)
    except SqlglotError as error:
        raise MalformedQuery(_message(error)) from error
    if len(statements) != 1 or statements[0] is None:
        raise MalformedQuery("Only one sql statement is allowed")
    return statements[0]


def parsed_expression(sql: str) -> exp.Expr:
    """Parse the value of a parameter, which is written as in a statement."""
    query = parsed(f"SELECT {sql}")
    if not isinstance(query, exp.Select) or len(query.expressions) != 1 or query.args.get("from_"):
        raise MalformedQuery(f"line 1:1: no value: {sql}")
    found: exp.Expr = query.expressions[0]
    return found


def _message(error: SqlglotError) -> str:
    found = _LINE.match(str(error))
    return f"line {found[2]}:{found[3]}: {found[1]}" if found else str(error).splitlines()[0]

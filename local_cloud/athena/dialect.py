"""Parses Athena's SQL so that functions keep the names they were written with; knows nothing of their meaning."""

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


def parsed(sql: str) -> exp.Expr:
    """Parse exactly one statement.

    Raises:
        MalformedQuery: when Athena would not take it.
    """
    tokens = tokens_of(sql)
    for token in tokens:
        if _FOREIGN.get(token.token_type):
            raise MalformedQuery(f"line {token.line}:{token.col}: mismatched input '{token.text}'")
        if token.text == "==":
            raise MalformedQuery(f"line {token.line}:{token.col - 1}: mismatched input '=='")
    for limit, after in zip(tokens, tokens[2:], strict=False):
        if limit.token_type == TokenType.LIMIT and after.token_type == TokenType.OFFSET:
            raise MalformedQuery(f"line {after.line}:{after.col - 5}: mismatched input 'OFFSET'. Expecting: <EOF>")
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

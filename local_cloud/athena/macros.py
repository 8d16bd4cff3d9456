"""SQL functions of the query engine that behave as Trino's of the same purpose.

None is overloaded by type: where an aggregate is the argument, DuckDB would pick the first overload. They ask `typeof`,
which is settled once the query is bound, or use operators that keep the type of what they are given.
"""

import re
from typing import Final

# A cast that cannot succeed is the only failure that DuckDB lets TRY catch; `failure_in` takes the mark out again.
_MARK: Final = "!!"
_FAILURE: Final = re.compile(r"Could not convert string '!!(.*?)' to ", re.DOTALL)


def _fail(reason: str, *, kind: str = "BIGINT") -> str:
    return f"CAST('{_MARK}{reason}' AS {kind})"


def failure_in(message: str) -> str | None:
    """Return the reason that a macro gave, if it was one that failed."""
    found = _FAILURE.search(message)
    return found[1] if found else None


_BY_ZERO: Final = "DIVISION_BY_ZERO: Division by zero"
_WHOLES: Final = "('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UBIGINT')"
_BAD_INDEX: Final = "INVALID_FUNCTION_ARGUMENT: Array subscript must be within the array, which starts at 1"
_NO_KEY: Final = "INVALID_FUNCTION_ARGUMENT: Key not present in map"
_NO_CAST: Final = "INVALID_CAST_ARGUMENT: Cannot cast value to a whole number"
_BAD_PART: Final = "INVALID_FUNCTION_ARGUMENT: Index must be greater than zero"


def _arithmetic(operator: str) -> str:
    zero = f"b + {_fail(_BY_ZERO, kind='TINYINT')}"
    endless = "CAST('Infinity' AS DOUBLE)" if operator == "/" else "CAST('NaN' AS DOUBLE)"
    return (  # a fraction by zero is a value in Trino; DuckDB's setting for whole numbers makes NULL of it
        "(a, b) AS CASE WHEN b = 0 AND NOT (athena_whole(a) AND athena_whole(b)) "
        f"THEN cast_to_type(a * {endless}, a {operator} b) "
        f"ELSE a {operator} CASE WHEN athena_whole(a) AND athena_whole(b) AND b = 0 THEN {zero} ELSE b END END"
    )


def _comparison(operator: str) -> str:
    return (
        "(a, b) AS CASE WHEN athena_mismatch(a, b) THEN error('TYPE_MISMATCH: Cannot apply operator: ' "
        f"|| lower(typeof(a)) || ' {operator} ' || lower(typeof(b))) ELSE a {operator} b END"
    )


def _whole(kind: str) -> str:
    half_up = f"CAST(round(TRY_CAST(CAST(a AS VARCHAR) AS DOUBLE)) AS {kind})"
    bad = "typeof(a) = 'VARCHAR' AND NOT regexp_full_match(CAST(a AS VARCHAR), '[+-]?[0-9]+')"
    return (
        f"(a) AS CASE WHEN {bad} THEN {_fail(_NO_CAST, kind=kind)}"
        f" WHEN typeof(a) IN ('FLOAT', 'DOUBLE') THEN {half_up} ELSE CAST(a AS {kind}) END"
    )


_TIME: Final = "strftime(TRY_CAST(CAST(a AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g"
_SIZE: Final = "abs(TRY_CAST(CAST(a AS VARCHAR) AS DOUBLE))"
_MACROS: Final = {
    "athena_whole": f"(a) AS typeof(a) IN {_WHOLES}",
    "athena_exact": (
        "(a, b) AS (typeof(a) LIKE 'DECIMAL%' OR typeof(b) LIKE 'DECIMAL%') "
        "AND typeof(a) NOT IN ('FLOAT', 'DOUBLE') AND typeof(b) NOT IN ('FLOAT', 'DOUBLE')"
    ),
    "athena_kind": (
        f"(t) AS CASE WHEN t = 'VARCHAR' THEN 'text' WHEN t IN {_WHOLES} OR t IN ('FLOAT', 'DOUBLE') "
        "OR t LIKE 'DECIMAL%' THEN 'number' WHEN t = 'DATE' OR t LIKE 'TIMESTAMP%' THEN 'time' "
        "WHEN t = 'BOOLEAN' THEN 'truth' END"
    ),
    "athena_mismatch": "(a, b) AS coalesce(athena_kind(typeof(a)) <> athena_kind(typeof(b)), false)",
    "athena_same": (
        "(a, b) AS CASE WHEN athena_mismatch(a, b) THEN error('TYPE_MISMATCH: Cannot compare ' || lower(typeof(a)) "
        "|| ' and ' || lower(typeof(b))) ELSE true END"
    ),
    "athena_concat": (
        "(a, b) AS CASE WHEN athena_kind(typeof(a)) <> 'text' OR athena_kind(typeof(b)) <> 'text' "
        "THEN error('TYPE_MISMATCH: Cannot concatenate ' || lower(typeof(a)) || ' and ' || lower(typeof(b))) "
        "ELSE a || b END"
    ),
    "athena_eq": _comparison("="),
    "athena_neq": _comparison("<>"),
    "athena_lt": _comparison("<"),
    "athena_lte": _comparison("<="),
    "athena_gt": _comparison(">"),
    "athena_gte": _comparison(">="),
    "athena_quotient": _arithmetic("/"),
    "athena_div": (
        "(a, b) AS CASE WHEN athena_exact(a, b) THEN error('NOT_SUPPORTED: division of decimals; write 1e2 instead of "
        "100.0, or cast one of them to double') ELSE athena_quotient(a, b) END"
    ),
    "athena_mod": _arithmetic("%"),
    "athena_averaged": (
        "(a) AS CASE WHEN typeof(a) LIKE 'DECIMAL%' THEN error('NOT_SUPPORTED: average of decimals; cast to double') "
        "ELSE a END"
    ),
    "athena_plus": "(a, i) AS cast_to_type(a + i, a)",
    "athena_minus": "(a, i) AS cast_to_type(a - i, a)",
    "athena_less": (
        "(a, b) AS CASE WHEN athena_kind(typeof(a)) = 'time' THEN "
        "error('NOT_SUPPORTED: a difference of times; use date_diff') ELSE a - b END"
    ),
    "athena_trunc": "(u, a) AS cast_to_type(date_trunc(u, a), a)",
    "athena_utc": "(a) AS CAST(a AS TIMESTAMPTZ)",
    "athena_varchar": (
        f"(a) AS CASE WHEN typeof(a) IN ('FLOAT', 'DOUBLE') AND {_SIZE} <> 0 AND ({_SIZE} < 0.001 OR {_SIZE} >= 1e7) "
        "THEN error('NOT_SUPPORTED: a double of this size as varchar') "
        f"WHEN typeof(a) = 'TIMESTAMP WITH TIME ZONE' THEN {_TIME} UTC') "
        f"WHEN typeof(a) LIKE 'TIMESTAMP%' THEN {_TIME}') ELSE CAST(a AS VARCHAR) END"
    ),
    "athena_tinyint": _whole("TINYINT"),
    "athena_smallint": _whole("SMALLINT"),
    "athena_integer": _whole("INTEGER"),
    "athena_bigint": _whole("BIGINT"),
    "athena_item": f"(a, i) AS a[CASE WHEN i < 1 OR i > len(a) THEN {_fail(_BAD_INDEX)} ELSE i END]",
    "athena_value": (
        f"(a, i) AS a[CASE WHEN NOT map_contains(a, i) THEN {_fail(_NO_KEY, kind='BIGINT')}::VARCHAR ELSE i END]"
    ),
    "athena_cardinality": (
        "(a) AS CASE WHEN a IS NULL THEN NULL WHEN typeof(a) LIKE 'MAP%' "
        "THEN CAST(len(json_keys(to_json(a))) AS BIGINT) ELSE CAST(json_array_length(to_json(a)) AS BIGINT) END"
    ),
    "athena_substr": (
        "(s, i) AS CASE WHEN i = 0 OR -i > length(s) THEN '' ELSE substr(s, i) END, "
        "(s, i, n) AS CASE WHEN i = 0 OR n <= 0 OR -i > length(s) THEN '' ELSE substr(s, i, n) END"
    ),
    "athena_split_part": (
        f"(s, d, i) AS CASE WHEN i < 1 THEN {_fail(_BAD_PART)}::VARCHAR "
        "WHEN i > len(str_split(s, d)) THEN NULL ELSE split_part(s, d, i) END"
    ),
    "athena_json": "(j) AS TRY_CAST(j AS JSON)",
    "athena_json_scalar": (
        "(j, p) AS CASE WHEN json_type(athena_json(j), p) IN ('OBJECT', 'ARRAY') THEN NULL "
        "ELSE json_extract_string(athena_json(j), p) END"
    ),
    "athena_json_length": (
        "(j) AS CASE WHEN json_type(athena_json(j)) = 'ARRAY' "
        "THEN CAST(json_array_length(athena_json(j)) AS BIGINT) END"
    ),
    "athena_contains": (
        "(a, x) AS CASE WHEN NOT list_contains(a, x) AND len(list_filter(a, lambda e: e IS NULL)) > 0 THEN NULL "
        "ELSE list_contains(a, x) END"
    ),
    "athena_elements": (
        "(a) AS CASE WHEN typeof(a) LIKE 'STRUCT%[]' THEN error('MISMATCHED_COLUMN_ALIASES: Column alias list has 1 "
        "entries but the rows have more') ELSE a END"
    ),
}


def definitions() -> list[str]:
    """Return the statements that make them, to be run in order."""
    return [f"CREATE MACRO {name}{body}" for name, body in _MACROS.items()]

"""The functions of Athena that this engine knows, each with what DuckDB is asked instead.

A name that is not here does not exist, whatever DuckDB may call its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from local_cloud.athena import formats
from local_cloud.athena.errors import NotSupported, QueryFailed

Arguments = list[exp.Expr]


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Write a call of a DuckDB function."""
    return exp.Anonymous(this=name, expressions=list(arguments))


@dataclass(frozen=True)
class Function:
    """How many arguments it takes and how it is asked for."""

    least: int
    most: int
    build: Callable[[Arguments], exp.Expr]


def _same(names: str, least: int, most: int | None = None) -> dict[str, Function]:
    """Take over functions that mean the same under the same name, or under the one after `=`."""
    pairs = [(name.partition("=")[0], name.partition("=")[2] or name) for name in names.split()]
    return {name: Function(least, most or least, _caller(target)) for name, target in pairs}


def _caller(target: str) -> Callable[[Arguments], exp.Expr]:
    return lambda arguments: call(target, *arguments)


def _unit(argument: exp.Expr) -> str:
    unit = formats.text_of(argument, what="the unit").lower()
    if unit not in {"millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"}:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid TIMESTAMP field")
    return unit


def _date_add(a: Arguments) -> exp.Expr:
    amount = call(f"to_{_unit(a[0])}s", exp.cast(a[1], "INT"))
    return call("athena_plus", a[2], amount)


def _date_diff(a: Arguments) -> exp.Expr:
    return call("date_sub", exp.Literal.string(_unit(a[0])), a[1], a[2])


def _date_trunc(a: Arguments) -> exp.Expr:
    return call("athena_trunc", exp.Literal.string(_unit(a[0])), a[1])


def _date_format(a: Arguments) -> exp.Expr:
    return call("strftime", a[0], formats.of_mysql(a[1]))


def _date_parse(a: Arguments) -> exp.Expr:
    return call("strptime", a[0], formats.of_mysql(a[1]))


def _null_if_any(name: str) -> Callable[[Arguments], exp.Expr]:
    def build(a: Arguments) -> exp.Expr:
        missing = exp.or_(*(exp.Is(this=item.copy(), expression=exp.null()) for item in a))
        return exp.Case(ifs=[exp.If(this=missing, true=exp.null())], default=call(name, *a))

    return build


def _concat(a: Arguments) -> exp.Expr:
    whole = a[0]
    for part in a[1:]:
        whole = call("athena_concat", whole, part)
    return whole


def _replace(a: Arguments) -> exp.Expr:
    return call("replace", a[0], a[1], a[2] if len(a) == 3 else exp.Literal.string(""))


def _regexp_extract(a: Arguments) -> exp.Expr:
    found = call("regexp_matches", a[0].copy(), a[1].copy())
    return exp.Case(ifs=[exp.If(this=found, true=call("regexp_extract", *a))])


def _regexp_replace(a: Arguments) -> exp.Expr:
    if len(a) == 3 and isinstance(a[2], exp.Lambda):
        raise NotSupported("regexp_replace with a lambda")
    by = formats.replacement(a[2]) if len(a) == 3 else exp.Literal.string("")
    return call("regexp_replace", a[0], a[1], by, exp.Literal.string("g"))


def _regexp_count(a: Arguments) -> exp.Expr:
    return exp.cast(call("len", call("regexp_extract_all", *a)), "BIGINT")


def _json_extract(a: Arguments) -> exp.Expr:
    return call("json_extract", call("athena_json", a[0]), formats.json_path(a[1]))


def _json_scalar(a: Arguments) -> exp.Expr:
    return call("athena_json_scalar", a[0], formats.json_path(a[1]))


def _matching(a: Arguments) -> exp.Expr:
    return call("athena_contains", call("list_transform", *a), exp.true())


def _all_matching(a: Arguments) -> exp.Expr:
    return exp.Not(this=exp.Paren(this=call("athena_contains", call("list_transform", *a), exp.false())))


def _reduce(a: Arguments) -> exp.Expr:
    output = a[3]
    if not isinstance(output, exp.Lambda) or output.this.sql() != output.expressions[0].sql():
        raise NotSupported("reduce with an output function other than s -> s")
    return call("list_reduce", a[0], a[2], a[1])


def attempted(a: Arguments) -> exp.Expr:
    """Write TRY, which must not take what this engine refuses for a failure of the data."""
    quotients = [node for node in a[0].find_all(exp.Anonymous) if node.name == "athena_div"]
    refused = [call("athena_exact", *(item.copy() for item in node.expressions)) for node in quotients]
    for node in quotients:
        node.set("this", "athena_quotient")
    if not refused:
        return call("try", a[0])
    failure = call("error", exp.Literal.string("NOT_SUPPORTED: division of decimals; cast one of them to double"))
    return exp.Case(ifs=[exp.If(this=exp.or_(*refused), true=failure)], default=call("try", a[0]))


def _element_at(a: Arguments) -> exp.Expr:
    index = a[1].this if isinstance(a[1], exp.Neg) else a[1]
    if not isinstance(index, exp.Literal) or index.name == "0":
        raise NotSupported("element_at with an index that is no literal, or 0")
    return exp.Bracket(this=a[0], expressions=[a[1]], offset=1)


def _average(a: Arguments) -> exp.Expr:
    if isinstance(a[0], exp.Distinct):
        a[0].set("expressions", [call("athena_averaged", item) for item in a[0].expressions])
        return call("avg", a[0])
    return call("avg", call("athena_averaged", a[0]))


def _decoded_date(a: Arguments) -> exp.Expr:
    return exp.cast(a[0], "DATE")


def _iso_timestamp(a: Arguments) -> exp.Expr:
    return exp.cast(a[0], "TIMESTAMPTZ")


def _whole_number(name: str) -> Callable[[Arguments], exp.Expr]:
    """Date parts are bigint, as in Trino."""
    return lambda a: exp.cast(call(name, *a), "BIGINT")


_PARTS: Final = {
    "day_of_week": "isodow", "dow": "isodow", "day_of_year": "dayofyear", "doy": "dayofyear", "week": "weekofyear",
    "week_of_year": "weekofyear", "year_of_week": "isoyear", "yow": "isoyear", "year": "year", "month": "month",
    "day": "day", "day_of_month": "day", "quarter": "quarter", "hour": "hour", "minute": "minute", "second": "second",
}  # fmt: skip
FUNCTIONS: Final[dict[str, Function]] = {
    **_same("count", 0, 1),
    **_same("min max count_if any_value arbitrary=any_value array_agg approx_distinct=approx_count_distinct", 1),
    **_same("bool_and bool_or every=bool_and stddev=stddev_samp stddev_samp stddev_pop histogram", 1),
    **_same("variance=var_samp var_samp var_pop", 1),
    **_same("corr covar_pop covar_samp approx_percentile=approx_quantile max_by=arg_max_null min_by=arg_min_null", 2),
    **_same("row_number rank dense_rank percent_rank cume_dist pi", 0),
    **_same("first_value last_value ntile", 1),
    **_same("lag lead", 1, 3),
    **_same("nth_value", 2),
    **_same("abs exp ln log10 log2 sqrt cbrt degrees radians sin cos tan asin acos atan floor ceil ceiling sign", 1),
    **_same("is_nan=isnan is_infinite=isinf is_finite=isfinite lower upper reverse length", 1),
    **_same("trim ltrim rtrim", 1),
    **_same("power pow log atan2 nullif starts_with strpos=instr mod=athena_mod", 2),
    **_same("lpad rpad translate", 3),
    **_same("round", 1, 2),
    **_same("coalesce", 2, 99),
    **_same("substr=athena_substr substring=athena_substr", 2, 3),
    **_same("split_part=athena_split_part", 3),
    **_same("split=str_split regexp_like=regexp_matches regexp_split=regexp_split_to_array", 2),
    **_same("regexp_extract_all", 2, 3),
    **_same("cardinality=athena_cardinality json_parse=json json_array_length=athena_json_length", 1),
    **_same("contains=athena_contains array_join=array_to_string", 2),
    **_same("flatten", 1),
    **_same("filter=list_filter transform=list_transform", 2),
    **_same("map_keys map_values map_entries", 1),
    **_same("sequence=generate_series map", 2),
    **_same("to_unixtime=epoch from_unixtime=to_timestamp last_day_of_month=last_day", 1),
    **{name: Function(1, 1, _whole_number(target)) for name, target in _PARTS.items()},
    "sum": Function(1, 1, _caller("sum")),
    "try": Function(1, 1, attempted),
    "element_at": Function(2, 2, _element_at),
    "avg": Function(1, 1, _average),
    "greatest": Function(1, 99, _null_if_any("greatest")),
    "least": Function(1, 99, _null_if_any("least")),
    "concat": Function(2, 99, _concat),
    "replace": Function(2, 3, _replace),
    "regexp_extract": Function(2, 3, _regexp_extract),
    "regexp_replace": Function(2, 3, _regexp_replace),
    "regexp_count": Function(2, 2, _regexp_count),
    "json_extract": Function(2, 2, _json_extract),
    "json_extract_scalar": Function(2, 2, _json_scalar),
    "json_format": Function(1, 1, lambda a: exp.cast(a[0], "VARCHAR")),
    "any_match": Function(2, 2, _matching),
    "all_match": Function(2, 2, _all_matching),
    "reduce": Function(4, 4, _reduce),
    "date_add": Function(3, 3, _date_add),
    "date_diff": Function(3, 3, _date_diff),
    "date_trunc": Function(2, 2, _date_trunc),
    "date_format": Function(2, 2, _date_format),
    "date_parse": Function(2, 2, _date_parse),
    "date": Function(1, 1, _decoded_date),
    "from_iso8601_date": Function(1, 1, _decoded_date),
    "from_iso8601_timestamp": Function(1, 1, _iso_timestamp),
    "now": Function(0, 0, lambda _a: exp.CurrentTimestamp()),
}


def translated(name: str, arguments: Arguments, *, position: str) -> exp.Expr:
    """Write a call of Athena's as one of DuckDB's.

    Raises:
        QueryFailed: when Athena has no such function, or this engine has not.
    """
    function = FUNCTIONS.get(name.lower())
    if function is None:
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {position}: Function '{name.lower()}' not registered")
    if not function.least <= len(arguments) <= function.most:
        raise NotSupported(f"{position}: {name.lower()} with {len(arguments)} arguments")
    return function.build(arguments)

"""The kinds of results, and what is refused because Spark would cast without a word, round, wrap around or fail."""

import pytest

from contract.expressions import ExpressionError, assignable, parse_expression

TYPES = {
    "text": "string",
    "tiny": "tinyint",
    "small": "smallint",
    "whole": "int",
    "big": "bigint",
    "price": "decimal(12,2)",
    "wide": "decimal(38,18)",
    "fine": "decimal(38,20)",
    "ratio": "double",
    "single": "float",
    "ok": "boolean",
    "day": "date",
    "at": "timestamp",
    "tags": "array<string>",
    "counts": "array<int>",
    "labels": "map<string,int>",
    "box": "struct<id:bigint,inner:struct<name:string>>",
}
RESULTS = {
    "text": "string",
    "box.inner.name": "string",
    "labels['a']": "int",
    "tags[whole]": "string",
    "tiny + small": "smallint",
    "whole * big": "bigint",
    "whole / 2": "double",
    "whole DIV 2": "bigint",
    "big DIV 1000": "bigint",
    "price * whole": "decimal(23,2)",
    "price * 3": "decimal(14,2)",
    "price + 0.001": "decimal(14,3)",
    "price / 3": "decimal(16,6)",
    "price % 7": "decimal(3,2)",
    "wide / wide": "decimal(38,6)",
    "ratio * whole": "double",
    "ratio * price": "double",
    "single * whole": "float",
    "single * price": "double",
    "single / single": "double",
    "-tiny": "int",
    "abs(price)": "decimal(13,2)",
    "text = 'a' AND NOT ok": "boolean",
    "text <=> NULL": "boolean",
    "big > 1.5": "boolean",
    "ratio > 0.5": "boolean",
    "single > 1": "boolean",
    "CASE WHEN ok THEN 1 ELSE 2.5 END": "decimal(11,1)",
    "CASE WHEN ok THEN NULL ELSE 'x' END": "string",
    "CASE WHEN ok THEN NULL END": "null",
    "coalesce(price, 0)": "decimal(12,2)",
    "coalesce(ratio, 0)": "double",
    "greatest(day, DATE '2025-01-01')": "date",
    "nullif(whole, 0)": "int",
    "round(price, 1)": "decimal(12,1)",
    "floor(price)": "decimal(11,0)",
    "date_add(day, 30)": "date",
    "date_add(day, small)": "date",
    "timestamp_seconds(whole)": "timestamp",
    "unix_millis(at)": "bigint",
    "to_date(at)": "date",
    "split(text, ',')": "array<string>",
    "sort_array(counts)": "array<int>",
    "array_max(counts)": "int",
    "element_at(labels, 'a')": "int",
    "map_keys(labels)": "array<string>",
    "map_values(labels)": "array<int>",
    "CAST(text AS decimal(12,2))": "decimal(12,2)",
    "CAST(price AS string)": "string",
    "CAST(NULL AS date)": "date",
    "NULL": "null",
}
REFUSED = {
    "lower(12)": "position 7: lower: argument 1 must be a string, found an int; say it with CAST(x AS string)",
    "lower(NULL)": "argument 1 must be a string, found NULL",
    "price + 'x'": "position 9: + takes numbers, found a string; say it with CAST(x AS decimal(12,2))",
    "day + 1": "position 1: + takes numbers, found a date",
    "text || whole": "position 9: || takes a string, found an int; say it with CAST(x AS string)",
    "text = 12": "= compares a string and an int",
    "text IN ('a', 1)": "IN compares a string and an int",
    "day < at": "< compares a date and a timestamp",
    "ok = 1": "= compares a boolean and an int",
    "ratio = whole": "= compares a double and an int",
    "single = 0.5": "= compares a float and a decimal(1,1)",
    "single = ratio": "= compares a float and a double",
    "fine = big": "= compares a decimal(38,20) and a bigint",
    "text = NULL": "= with NULL is never true; write x IS NULL",
    "text IN ('a', NULL)": "IN with NULL is never true",
    "tags = tags": "= compares simple values, found an array<string>",
    "text AND ok": "position 1: AND takes a boolean, found a string",
    "NOT whole": "NOT takes a boolean, found an int",
    "whole LIKE '1%'": "LIKE takes a string, found an int",
    "CASE WHEN whole THEN 1 END": "a condition takes a boolean, found an int",
    "CASE text WHEN 1 THEN 2 END": "CASE compares a string and an int",
    "CASE WHEN ok THEN 'a' ELSE 1 END": "CASE brings together a string and an int",
    "coalesce(ratio, whole)": "coalesce brings together a double and an int",
    "coalesce(fine, big)": "coalesce brings together a decimal(38,20) and a bigint",
    "greatest(text, 1)": "greatest brings together a string and an int",
    "greatest(tags, tags)": "greatest: argument 1 must be a number, string, boolean, date or timestamp",
    "nullif(text, 0)": "nullif compares a string and an int",
    "wide * wide": "* of decimal(38,18) and decimal(38,18) needs 77 digits, and Spark would round",
    "big DIV whole": "DIV of a bigint takes a divisor that is written out and not -1",
    "big DIV -1": "DIV of a bigint takes a divisor that is written out and not -1",
    "price DIV 2": "DIV takes integers, found a decimal(12,2)",
    "floor(ratio)": "floor: argument 1 must be an integer or a decimal, found a double",
    "left(text, big)": "argument 2 must be an int, smallint or tinyint, found a bigint; say it with CAST(x AS int)",
    "date_add(day, whole)": "found an int; say it with CAST(x AS smallint), which is null beyond it",
    "date_add(day, 40000)": "argument 2 must be a number of at most 16 bits",
    "date_add(at, 1)": "date_add: argument 1 must be a date, found a timestamp",
    "timestamp_seconds(ratio)": "argument 1 must be an integer, found a double",
    "tags[big]": "the position in an array must be an int, found a bigint",
    "tags['a']": "the position in an array must be an int, found a string",
    "labels[0]": "the key of a map takes a string, found an int",
    "text[0]": "[ ] is taken of a string, and only arrays and maps have elements",
    "text.x": "field 'x' is taken of a string, and only structs have fields",
    "box.Id": "there is no field 'Id'; did you mean 'id'?; fields: id, inner",
    "element_at(tags, whole)": "element_at takes a whole number that is written out",
    "array_contains(tags, 1)": "array_contains looks for an int in an array<string>",
    "array_contains(counts, big)": "array_contains looks for a bigint in an array<int>",
    "array_join(counts, ',')": "array_join: argument 1 must be an array<string>, found an array<int>",
    "concat(text, tags)": "concat: argument 2 must be a string, found an array<string>",
    "CAST(text AS date)": "a string is not cast to date; declare another column with the same transformSourceObjects",
    "CAST(text AS timestamp)": "Spark would take a time without a day as one of today",
    "CAST(big AS timestamp)": "a bigint is not cast to timestamp; write timestamp_seconds(x)",
    "CAST(at AS bigint)": "write unix_seconds(x)",
    "CAST(ratio AS string)": "a double is not cast to string; its digits depend on the Java that runs it",
    "CAST(whole AS boolean)": "write x <> 0",
    "CAST(tags AS string)": "an array<string> is not cast to string; take its fields and elements one by one",
    "nothing": "position 1: there is no column 'nothing'; columns: text, tiny",
}


@pytest.mark.parametrize("text", RESULTS)
def test_the_type_of_a_result_is_known_without_spark(text: str) -> None:
    assert parse_expression(text).type_in(TYPES) == RESULTS[text]


@pytest.mark.parametrize("text", REFUSED)
def test_what_spark_would_change_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_expression(text).kind_in(TYPES)
    assert REFUSED[text] in str(refused.value)
    assert str(refused.value).startswith("position ")


def test_a_kind_is_wider_than_a_type() -> None:
    kinds = {column: parse_expression(column).kind_in(TYPES) for column in TYPES}
    assert [kinds[column] for column in ("tiny", "small", "whole", "big")] == ["integer"] * 4
    assert (kinds["price"], kinds["ratio"], kinds["single"], kinds["at"]) == (
        "decimal",
        "double",
        "double",
        "timestamp",
    )
    assert (kinds["tags"], kinds["labels"]) == ("array<string>", "map<string,int>")
    assert parse_expression("NULL").kind_in({}) == "null"


@pytest.mark.parametrize(
    ("kind", "fitting"),
    [
        ("string", {"string"}),
        ("boolean", {"boolean"}),
        ("integer", {"tinyint", "smallint", "int", "bigint", "decimal(12,2)", "float", "double"}),
        ("decimal", {"decimal(12,2)", "float", "double"}),
        ("double", {"float", "double"}),
        ("date", {"date"}),
        ("timestamp", {"timestamp"}),
        ("array<string>", {"array<string>"}),
        ("map<string,int>", {"map<string,int>"}),
        ("null", set()),
    ],
)
def test_a_kind_may_be_stored_in_the_columns_that_hold_its_values(kind: str, fitting: set[str]) -> None:
    scalars = "string boolean tinyint smallint int bigint decimal(12,2) float double date timestamp".split()
    types = [*scalars, "array<string>", "array<int>", "map<string,int>", "struct<a:int>"]
    assert {type_ for type_ in types if assignable(kind, type_)} == fitting

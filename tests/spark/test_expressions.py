"""What is printed for an expression means the same on every Spark: as written down, or as computed in Python."""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, NamedTuple

import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from contract.ddl_types import canonical_type
from contract.expressions import ExpressionError, parse_expression
from contract.expressions.calls import names
from curation.session import open_session

TYPES = {
    "email": "string",
    "text": "string",
    "url": "string",
    "whole": "int",
    "tiny": "tinyint",
    "big": "bigint",
    "price": "decimal(12,2)",
    "small": "decimal(20,8)",
    "ratio": "double",
    "single": "float",
    "ok": "boolean",
    "day": "date",
    "at": "timestamp",
    "tags": "array<string>",
    "counts": "array<int>",
    "labels": "map<string,int>",
    "box": "struct<id:bigint,name:string>",
}
AT = datetime.fromisoformat("2024-03-31T02:30:05.123456+00:00")
VALUES: dict[str, Any] = {
    "email": "  Ada.Lovelace@Example.ORG ",
    "text": "it's 5$ \\ 100%_\n😀é",
    "url": "https://u:p@ex.com:8/a/b?x=1&y=2#f",
    "whole": -(2**31),
    "tiny": -128,
    "big": 2**63 - 1,
    "price": Decimal("-12.35"),
    "small": Decimal("0.00000012"),
    "ratio": 2.5,
    "single": 0.5,
    "ok": True,
    "day": date(2024, 2, 29),
    "at": AT,
    "tags": ["b", None, "a", "b"],
    "counts": [3, None, 1],
    "labels": {"a": 1, "b": None},
    "box": (7, "x"),
}
# Each result, dates and times as texts; functions by every name that they have.
EXPECTED: dict[str, object] = {
    "lower(trim(email))": "ada.lovelace@example.org",
    "lcase('ÄÖ')": "äö",
    "upper('straße')": "STRASSE",
    "ucase('é')": "É",
    "trim(' \t a ')".replace("\t", r"\t"): "\t a",
    "ltrim('  a ')": "a ",
    "rtrim(' a  ')": " a",
    "reverse('😀ab')": "ba😀",
    "length(text)": 18,
    "char_length('😀')": 1,
    "character_length('')": 0,
    "octet_length('é')": 2,
    "substring('hello', 2)": "ello",
    "substring('hello', 0, 2)": "he",
    "substr('hello', -3, 2)": "ll",
    "left('hello', 2)": "he",
    "left('hello', -1)": "",
    "right('hello', 9)": "hello",
    "concat('a', text, '')": "ait's 5$ \\ 100%_\n😀é",
    "concat_ws(',', 'a', NULLIF('b', 'b'), tags)": "a,b,a,b",
    "replace('abcb', 'b', 'xy')": "axycxy",
    "replace('abc', '', 'x')": "abc",
    "translate('abc', 'ab', 'x')": "xc",
    "regexp_replace('a1b22', '[0-9]+', '<$0>')": "a<1>b<22>",
    r"regexp_replace('ab', '(b)$', '\\$$1')": "a$b",
    r"regexp_replace('a\rb\nc', '.', '_')": "___\n_",
    r"regexp_replace('a\n', '$', '!')": "a\n!",
    r"regexp_replace('\n', '^', '!')": "!\n",
    r"regexp_extract('a\rb\n', '(.+)$', 0)": "",
    r"regexp_extract('a\rb', '^.+$', 0)": "a\rb",
    r"element_at(split('a\rb\nc', 'a.b'), 2)": "\nc",
    "regexp_extract('id=12;', 'id=([0-9]+)', 1)": "12",
    "regexp_extract('none', 'id=([0-9]+)', 1)": "",
    "split('a1b2', '[0-9]')": ["a", "b", ""],
    "split_part('a.b.c', '.', 2)": "b",
    "split_part('a.b.c', '.', -1)": "c",
    "split_part('a.b.c', '.', 9)": "",
    "lpad('7', 3, '0')": "007",
    "lpad('1234', 3, '0')": "123",
    "rpad('a', 3, 'xy')": "axy",
    "instr('abc', 'c')": 3,
    "instr('abc', 'x')": 0,
    "startswith('abc', 'ab')": True,
    "endswith('abc', 'ab')": False,
    "contains('abc', '')": True,
    "parse_url(url, 'HOST')": "ex.com",
    "parse_url(url, 'PATH')": "/a/b",
    "parse_url(url, 'QUERY')": "x=1&y=2",
    "parse_url(url, 'QUERY', 'y')": "2",
    "parse_url(url, 'QUERY', 'z')": None,
    "parse_url(url, 'REF')": "f",
    "parse_url(url, 'PROTOCOL')": "https",
    "parse_url(url, 'FILE')": "/a/b?x=1&y=2",
    "parse_url(url, 'AUTHORITY')": "u:p@ex.com:8",
    "parse_url(url, 'USERINFO')": "u:p",
    "parse_url('https://ex.com/a b', 'HOST')": None,
    "md5('a')": "0cc175b9c0f1b6a831c399e269772661",
    "sha1('a')": "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",
    "sha('')": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sha2('a', 256)": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    "sha2('a', 224)": "abd37534c7d9a2efb9465de931cd7055ffdb8879563ae98078d6d6d5",
    "crc32('a')": 3904355907,
    "round(price, 1)": Decimal("-12.4"),
    "round(ratio)": 3.0,
    "bround(ratio)": 2.0,
    "bround(price, 1)": Decimal("-12.4"),
    "round(whole, 2)": -(2**31),
    "ceil(price)": Decimal(-12),
    "ceiling(2.1)": Decimal(3),
    "floor(price)": Decimal(-13),
    "floor(whole)": -(2**31),
    "pmod(whole, 7)": 5,
    "pmod(-3L, 5)": 2,
    "mod(-7, 3)": -1,
    "7 % 0": None,
    "abs(whole)": None,
    "abs(price)": Decimal("12.35"),
    "abs(whole + 1)": 2**31 - 1,
    "-whole": None,
    "-price": Decimal("12.35"),
    "-tiny": 128,
    "try_add(whole, -1)": None,
    "big + 1": None,
    "whole - 1": None,
    "try_subtract(whole, 0)": -(2**31),
    "whole * 2": None,
    "try_multiply(whole, 2L)": -(2**32),
    "tiny * tiny": None,
    "try_divide(1, 4)": 0.25,
    "1 / 0": None,
    "price / 3": Decimal("-4.116667"),
    "whole DIV -1": 2**31,
    "-7 DIV 2": -3,
    "7 DIV 0": None,
    "greatest(1, NULL, 3)": 3,
    "least(price, 0)": Decimal("-12.35"),
    "coalesce(NULL, email)": "  Ada.Lovelace@Example.ORG ",
    "nvl(NULL, 1)": 1,
    "ifnull(whole, 1)": -(2**31),
    "nvl2(email, 1, 2)": 1,
    "nullif('a', 'a')": None,
    "if(ok, 'yes', 'no')": "yes",
    "isnull(email)": False,
    "isnotnull(email)": True,
    "CASE WHEN whole > 0 THEN 'a' WHEN ok THEN 'b' END": "b",
    "CASE text WHEN 'x' THEN 1 ELSE 2 END": 2,
    "CASE WHEN NOT ok THEN 1 END": None,
    "year(day)": 2024,
    "year(at)": 2024,
    "quarter(day)": 1,
    "month(day)": 2,
    "day(day)": 29,
    "dayofmonth(at)": 31,
    "dayofyear(day)": 60,
    "dayofweek(day)": 5,
    "weekday(day)": 3,
    "weekofyear(day)": 9,
    "hour(at)": 2,
    "minute(at)": 30,
    "second(at)": 5,
    "to_date(at)": "2024-03-31",
    "CAST(day AS timestamp)": "2024-02-29 00:00:00",
    "last_day(day)": "2024-02-29",
    "date_add(day, 1)": "2024-03-01",
    "dateadd(day, tiny)": "2023-10-24",
    "date_sub(day, 29)": "2024-01-31",
    "add_months(day, 12)": "2025-02-28",
    "datediff(day, DATE '2024-01-01')": 59,
    "date_diff(DATE '2024-01-01', day)": -59,
    "date_trunc('HOUR', at)": "2024-03-31 02:00:00",
    "date_trunc('WEEK', at)": "2024-03-25 00:00:00",
    "trunc(day, 'QUARTER')": "2024-01-01",
    r"date_format(at, 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSS')": "2024-03-31T02:30:05.123456",
    "date_format(day, 'yyyyMMdd')": "20240229",
    "date_format(at, 'H:m:s d/M')": "2:30:5 31/3",
    "make_date(2024, 2, 30)": None,
    "make_date(2024, 2, 29)": "2024-02-29",
    "unix_date(day)": 19782,
    "unix_seconds(at)": 1711852205,
    "unix_millis(at)": 1711852205123,
    "unix_micros(at)": 1711852205123456,
    "timestamp_seconds(1711852205)": "2024-03-31 02:30:05",
    "timestamp_millis(1711852205123L)": "2024-03-31 02:30:05.123",
    "timestamp_micros(-1)": "1969-12-31 23:59:59.999999",
    "timestamp_seconds(big)": None,
    "timestamp_millis(big)": None,
    "date_trunc('YEAR', timestamp_micros(big))": None,
    "from_utc_timestamp(timestamp_micros(-1 - big), 'Asia/Tokyo')": None,
    "make_date(CAST(big / 900000000000 AS int), 1, 1)": None,
    "from_utc_timestamp(at, 'Europe/Berlin')": "2024-03-31 04:30:05.123456",
    "to_utc_timestamp(at, '+02:00')": "2024-03-31 00:30:05.123456",
    "array_size(tags)": 4,
    "array_contains(tags, 'a')": True,
    "array_contains(counts, 2)": None,
    "array_join(tags, '-')": "b-a-b",
    "array_join(tags, '-', '?')": "b-?-a-b",
    "array_distinct(tags)": ["b", None, "a"],
    "array_min(counts)": 1,
    "array_max(counts)": 3,
    "sort_array(tags)": [None, "a", "b", "b"],
    "sort_array(counts, FALSE)": [3, 1, None],
    "element_at(tags, -1)": "b",
    "element_at(tags, 9)": None,
    "element_at(labels, 'a')": 1,
    "element_at(labels, 'z')": None,
    "map_keys(labels)": ["a", "b"],
    "map_values(labels)": [1, None],
    "map_contains_key(labels, 'b')": True,
    "tags[0]": "b",
    "tags[-1]": None,
    "tags[tiny]": None,
    "labels['a']": 1,
    "labels['z']": None,
    "box.name || box.name": "xx",
    "split(email, '@')[1]": "Example.ORG ",
    "email = '  Ada.Lovelace@Example.ORG '": True,
    "email <=> NULL": False,
    "price < 0 AND ok": True,
    "ok OR email IS NULL": True,
    "NOT ok": False,
    "price IN (1, -12.35)": True,
    "price NOT IN (1, 2)": True,
    "price BETWEEN -13 AND -12.35": True,
    "day NOT BETWEEN DATE '2024-01-01' AND DATE '2024-12-31'": False,
    "at >= TIMESTAMP '2024-03-31 04:30:05.123456+02:00'": True,
    "at = TIMESTAMP '2024-03-31 02:30:05'": False,
    "ratio > 2": True,
    "single = 1": False,
    r"text LIKE '%100\\%\\___é'": True,
    r"text RLIKE '100%_\n😀é$'": True,
    "translate('😀b', '😀', 'x')": "xb",
    r"text LIKE '%\\\\%'": True,
    "text NOT LIKE '%z%'": True,
    r"text RLIKE '\\s\\\\ .*$'": False,
    "'ab' RLIKE '^.b$'": True,
    r"'a\nb' RLIKE 'a.b'": False,
    "CAST('12' AS int)": 12,
    "CAST('1.5' AS int)": None,
    "CAST(' -1.555e1 ' AS decimal(6,2))": Decimal("-15.55"),
    "CAST('1e0004' AS decimal(6,0))": Decimal(10_000),
    "CAST('١٢' AS decimal(6,2))": None,
    r"CAST('12\u00a0' AS decimal(6,2))": None,
    "CAST('1e-100000' AS decimal(12,2))": None,
    "CAST(substring('_1e-99999', 2) AS decimal(38,18))": None,
    "CAST(concat('1E-', '000100000') AS decimal(6,2))": None,
    "CAST('x' AS double)": None,
    "CAST('3000000000' AS int)": None,
    "CAST(3000000000 AS int)": None,
    "CAST(300 AS tinyint)": None,
    "CAST(price AS int)": -12,
    "CAST(price AS string)": "-12.35",
    "CAST(small AS string)": "0.00000012",
    "CAST(0.00000000 AS string)": "0.00000000",
    "CAST(1.005 AS decimal(5,2))": Decimal("1.01"),
    "CAST(12345.6 AS decimal(5,2))": None,
    "CAST(ratio AS int)": 2,
    "CAST(ratio AS decimal(5,1))": Decimal("2.5"),
    "CAST(big AS double)": 9.223372036854775807e18,
    "CAST(ok AS string)": "true",
    "CAST(ok AS int)": 1,
    "CAST('yes' AS boolean)": True,
    "CAST(day AS string)": "2024-02-29",
    "CAST(at AS string)": "2024-03-31 02:30:05.123456",
    "try_cast('a' AS decimal(5,2))": None,
    "text": "it's 5$ \\ 100%_\n😀é",
    "'it''s 5$ \\\\ 100%_' || '\\n😀é' = text": True,
    "'${env:HOME} ${spark.app.name} {{ x }} :p ? -- /* */ ;'": "${env:HOME} ${spark.app.name} {{ x }} :p ? -- /* */ ;",
    r"'\u00a0\u200b\t'": "\u00a0\u200b\t",
    "2147483647 + 1": None,
    "2147483647 + 1L": 2**31,
    "9223372036854775807": 2**63 - 1,
    "-9223372036854775808": -(2**63),
    "1.50": Decimal("1.50"),
    "TRUE AND NULLIF(ok, TRUE)": None,
    "FALSE AND NULLIF(ok, TRUE)": False,
}
# Without a value in any column, these are not null.
OF_NOTHING: dict[str, object] = {
    "concat_ws(',', 'a', NULLIF('b', 'b'), tags)": "a",
    "coalesce(NULL, email)": None,
    "ifnull(whole, 1)": 1,
    "nvl2(email, 1, 2)": 2,
    "isnull(email)": True,
    "isnotnull(email)": False,
    "if(ok, 'yes', 'no')": "no",
    "CASE text WHEN 'x' THEN 1 ELSE 2 END": 2,
    "least(price, 0)": Decimal("0.00"),
    "email <=> NULL": True,
    "ok OR email IS NULL": True,
    "FALSE AND NULLIF(ok, TRUE)": False,
}


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    """Yield a row with a value in every column, and one with none."""
    open_session("tests")
    schema = ", ".join(f"`{name}` {type_}" for name, type_ in TYPES.items())
    return spark.createDataFrame([tuple(VALUES.values()), (None,) * len(VALUES)], schema).coalesce(1)


def _results(frame: DataFrame, texts: list[str]) -> list[dict[str, Any]]:
    """Evaluate all expressions over both rows, dates and times as texts."""
    chosen = frame.select(*(_shown(text).alias(f"c{place}") for place, text in enumerate(texts)))
    return [dict(zip(texts, row, strict=True)) for row in chosen.collect()]


def _shown(text: str) -> Column:
    expression = parse_expression(text)
    is_time = expression.type_in(TYPES) in ("date", "timestamp")
    return F.expr(expression.sql_over(TYPES)).cast("string") if is_time else F.expr(expression.sql_over(TYPES))


@pytest.fixture(scope="module")
def results(spark: SparkSession, rows: DataFrame) -> list[dict[str, Any]]:
    """Evaluate without compiling, which takes long; generated expressions are compiled, as in a run."""
    interpreted = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    for key, value in interpreted.items():
        spark.conf.set(key, value)
    found = _results(rows, list(EXPECTED))
    for key in interpreted:
        spark.conf.unset(key)
    return found


def test_every_function_of_the_list_is_among_the_cases() -> None:
    written = " ".join(EXPECTED).lower()
    assert [name for name in names() if f"{name}(" not in written] == []


def test_results_are_the_written_ones(results: list[dict[str, Any]]) -> None:
    found = results[0]
    assert {text: found[text] for text in EXPECTED if found[text] != EXPECTED[text]} == {}
    assert {text for text in EXPECTED if type(found[text]) is not type(EXPECTED[text])} == set()


def test_what_reads_only_nulls_is_null_unless_it_asks_for_them(results: list[dict[str, Any]]) -> None:
    reading = [text for text in EXPECTED if parse_expression(text).columns]
    wrong = {text: results[1][text] for text in reading if results[1][text] != OF_NOTHING.get(text)}
    assert wrong == {}


def test_spark_gives_results_the_types_that_are_known_without_it(rows: DataFrame) -> None:
    assert _wrong_types(rows, [*EXPECTED, *_typed_texts(random.Random(7))]) == {}


def _wrong_types(frame: DataFrame, texts: list[str]) -> dict[str, tuple[str, str]]:
    expressions = [parse_expression(text) for text in texts]
    chosen = frame.select(*(F.expr(each.sql_over(TYPES)).alias(f"c{place}") for place, each in enumerate(expressions)))
    pairs = [
        (text, each.type_in(TYPES), canonical_type(field.dataType.simpleString()))
        for text, each, field in zip(texts, expressions, chosen.schema, strict=True)
    ]
    return {text: (ours, sparks) for text, ours, sparks in pairs if ours != sparks}


def _typed_texts(rng: random.Random) -> Iterator[str]:
    """Yield operators and functions over numbers of all types and digits, those that are refused left out."""
    shapes = (
        "{} + {};{} - {};{} * {};{} / {};{} % {};coalesce({}, {});greatest({}, {});if(ok, {}, {});nullif({}, {});"
        "round({}, {n});bround({}, {n});round({});ceil({});floor({});abs({});-{};{} + {} * {};{} / {} - {}"
    ).split(";")
    found = 0
    while found < 900:
        shape = rng.choice(shapes)
        text = shape.format(*(_number(rng) for _ in range(3)), n=rng.randrange(6))
        reason = _refusal(text)
        assert reason is None or "Spark would" in reason or "must be an integer or a decimal" in reason, reason
        if reason is None:
            found += 1
            yield text


def _refusal(text: str) -> str | None:
    try:
        parse_expression(text).type_in(TYPES)
    except ExpressionError as refused:
        return str(refused)
    return None


def _number(rng: random.Random) -> str:
    precision = rng.randint(1, 38)
    decimal = f"CAST(whole AS decimal({precision},{rng.randint(0, precision)}))"
    digits = f"{rng.randrange(10 ** rng.randint(1, 9))}.{rng.randrange(10 ** rng.randint(1, 9))}"
    literal = rng.choice([str(rng.randrange(200)), f"{rng.randrange(200)}L", digits, "0", "0.00"])
    return rng.choice([decimal, decimal, literal, "whole", "tiny", "big", "price", "small", "ratio", "single"])


class Made(NamedTuple):
    """A generated expression, and what it means in Python for a row."""

    text: str
    value: Callable[[dict[str, Any]], Any]
    bits: int = 0


INPUTS = {"a": "int", "b": "bigint", "p": "decimal(9,2)", "s": "string", "t": "string", "k": "boolean", "m": "boolean"}
ROWS: list[tuple[Any, ...]] = [
    (5, -7, Decimal("1.25"), " Ab ", "b", True, False),
    (-(2**31), 2**63 - 1, Decimal("-9999999.99"), "", "x'y\\", False, None),
    (2**31 - 1, -(2**63), Decimal("0.00"), "😀é$", "%_", None, True),
    (None, 0, None, None, "b", True, True),
    (0, None, Decimal("-0.01"), "bbb", None, None, None),
]


class Generator:
    """Make random expressions with their meanings, written from what SQL says and not from the code that is tested."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def any(self, depth: int) -> Made:
        return self._rng.choice([self.integer, self.decimal, self.text, self.truth])(depth)

    def integer(self, depth: int) -> Made:
        if depth == 0:
            number = self._rng.choice(
                [0, 1, -1, 7]
            )  # Spark puts numbers that are written out together, null if too large
            column = self._rng.choice(["a", "b"])
            literal = Made(str(number), lambda _: number, 32)
            return self._rng.choice([literal, Made(column, lambda row: row[column], 32 if column == "a" else 64)])
        kind = self._rng.randrange(6)
        if kind == 0:
            inner = self.text(depth - 1)
            return Made(f"length({inner.text})", _lifted(len, inner), 32)
        left, right = self.integer(depth - 1), self.integer(depth - 1)
        bits = max(left.bits, right.bits)
        if kind == 1:
            return Made(f"coalesce({left.text}, {right.text})", _first(left, right), bits)
        if kind == 2:
            return Made(f"(-({left.text}))", _lifted(lambda x: _bounded(-x, left.bits), left), left.bits)
        if kind == 3:
            return Made(f"abs({left.text})", _lifted(lambda x: _bounded(abs(x), left.bits), left), left.bits)
        operator, meaning = self._rng.choice(
            [("+", int.__add__), ("-", int.__sub__), ("*", int.__mul__), ("%", _remainder)]
        )
        value = _lifted(lambda x, y: _bounded(meaning(x, y), bits), left, right)
        return Made(f"({left.text} {operator} {right.text})", value, bits)

    def decimal(self, depth: int) -> Made:
        if depth == 0:
            return self._rng.choice([Made("p", lambda row: row["p"]), Made("0.05", lambda _: Decimal("0.05"))])
        left, right = self.decimal(0), self.decimal(0)
        kind = self._rng.randrange(4)
        if kind == 0:
            number = self.integer(depth - 1)
            return Made(f"CAST({number.text} AS decimal(25,0))", _lifted(Decimal, number))
        if kind == 1:
            return Made(f"round({left.text} * {right.text}, 1)", _lifted(_rounded_product, left, right))
        operator, meaning = self._rng.choice([("+", EXACT.add), ("-", EXACT.subtract), ("*", EXACT.multiply)])
        return Made(f"({left.text} {operator} {right.text})", _lifted(meaning, left, right))

    def text(self, depth: int) -> Made:
        if depth == 0:
            texts = {r"'\''": "'", "'b'": "b", r"'\\$'": "\\$", "''": "", "'é'": "é"}
            literal, value = self._rng.choice(list(texts.items()))
            column = self._rng.choice(["s", "t"])
            return self._rng.choice([Made(literal, lambda _: value), Made(column, lambda row: row[column])])
        left, right = self.text(depth - 1), self.text(depth - 1)
        test = self.truth(depth - 1)
        return self._rng.choice(
            [
                Made(f"lower({left.text})", _lifted(str.lower, left)),
                Made(f"trim({left.text})", _lifted(lambda x: x.strip(" "), left)),
                Made(f"({left.text} || {right.text})", _lifted(str.__add__, left, right)),
                Made(f"replace({left.text}, 'b', {right.text})", _lifted(lambda x, y: x.replace("b", y), left, right)),
                Made(f"left({left.text}, 2)", _lifted(lambda x: x[:2], left)),
                Made(f"if({test.text}, {left.text}, {right.text})", _chosen(test, left, right)),
                Made(f"nullif({left.text}, {right.text})", _nulled(left, right)),
            ]
        )

    def truth(self, depth: int) -> Made:
        if depth == 0:
            column = self._rng.choice(["k", "m"])
            return Made(column, lambda row: row[column])
        kind = self._rng.choice([self.integer, self.text, self.decimal])
        left, right = kind(depth - 1), kind(depth - 1)
        p, q = self.truth(depth - 1), self.truth(depth - 1)
        text = self.text(depth - 1)
        return self._rng.choice(
            [
                Made(f"({left.text} < {right.text})", _lifted(lambda x, y: _key(x) < _key(y), left, right)),
                Made(f"({left.text} = {right.text})", _lifted(lambda x, y: x == y, left, right)),
                Made(f"({left.text} <=> {right.text})", lambda row: left.value(row) == right.value(row)),
                Made(f"({left.text} IS NULL)", lambda row: left.value(row) is None),
                Made(f"({text.text} IN ('b', 'é'))", _lifted(lambda x: x in ("b", "é"), text)),
                Made(f"({text.text} LIKE '%b_')", _lifted(lambda x: x[-2:-1] == "b", text)),
                Made(f"({p.text} AND {q.text})", _both(p, q)),
                Made(f"(NOT {p.text})", _lifted(lambda x: not x, p)),
                Made(f"({p.text} OR {q.text})", _either(p, q)),
            ]
        )


EXACT = Context(prec=100)


def _lifted(meaning: Callable[..., Any], *parts: Made) -> Callable[[dict[str, Any]], Any]:
    """Return the meaning over rows, null as soon as an argument is."""

    def value(row: dict[str, Any]) -> Any:
        values = [part.value(row) for part in parts]
        return None if None in values else meaning(*values)

    return value


def _key(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _bounded(value: int | None, bits: int) -> int | None:
    return value if value is not None and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1) else None


def _remainder(x: int, y: int) -> int | None:
    return None if y == 0 else abs(x) % abs(y) * (1 if x >= 0 else -1)


def _rounded_product(x: Decimal, y: Decimal) -> Decimal:
    return EXACT.multiply(x, y).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP, context=EXACT)


def _first(left: Made, right: Made) -> Callable[[dict[str, Any]], Any]:
    return lambda row: right.value(row) if left.value(row) is None else left.value(row)


def _chosen(test: Made, left: Made, right: Made) -> Callable[[dict[str, Any]], Any]:
    return lambda row: left.value(row) if test.value(row) else right.value(row)


def _nulled(left: Made, right: Made) -> Callable[[dict[str, Any]], Any]:
    return lambda row: None if left.value(row) == right.value(row) else left.value(row)


def _both(p: Made, q: Made) -> Callable[[dict[str, Any]], Any]:
    return lambda row: _three_valued(p.value(row), q.value(row), decisive=False)


def _either(p: Made, q: Made) -> Callable[[dict[str, Any]], Any]:
    return lambda row: _three_valued(p.value(row), q.value(row), decisive=True)


def _three_valued(x: bool | None, y: bool | None, *, decisive: bool) -> bool | None:
    if decisive in (x, y):
        return decisive
    return None if None in (x, y) else not decisive


@pytest.mark.parametrize("seed", range(2))
def test_generated_expressions_mean_in_spark_what_they_mean_in_python(spark: SparkSession, seed: int) -> None:
    open_session("tests")
    frame = spark.createDataFrame(ROWS, ", ".join(f"{name} {type_}" for name, type_ in INPUTS.items())).coalesce(1)
    generator = Generator(seed)
    made = [generator.any(depth) for depth in (1, 2, 3) for _ in range(60)]
    expressions = [parse_expression(each.text) for each in made]
    assert [each for each in expressions if parse_expression(each.sql) != each] == []
    chosen = frame.select(*(F.expr(each.sql_over(INPUTS)).alias(f"c{place}") for place, each in enumerate(expressions)))
    types = [canonical_type(field.dataType.simpleString()) for field in chosen.schema]
    assert [each.type_in(INPUTS) for each in expressions] == types
    for row, found in zip(ROWS, chosen.collect(), strict=True):
        by_name = dict(zip(INPUTS, row, strict=True))
        wrong = {
            each.text: (value, each.value(by_name))
            for each, value in zip(made, found, strict=True)
            if value != each.value(by_name)
        }
        assert wrong == {}, f"row {row}"

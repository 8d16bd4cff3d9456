"""What must never reach Spark: each is refused, with its place or the limit, and what is allowed instead."""

import random
import re

import pytest

from contract.expressions import ExpressionError, parse_expression

TYPES = {
    "a": "string",
    "b": "string",
    "n": "int",
    "ok": "boolean",
    "day": "date",
    "at": "timestamp",
    "tags": "array<string>",
}
CLOCK_AND_PLACE = (
    "current_date() current_timestamp() current_time() localtimestamp() now() curdate() unix_timestamp() "
    "current_user() user() session_user() current_catalog() current_database() current_schema() "
    "current_timezone() version() "
    "input_file_name() input_file_block_start() spark_partition_id() monotonically_increasing_id() rand() randn() "
    "random() uuid() shuffle(tags) randstr(5)"
).split()
CODE = [
    "reflect('java.lang.System', 'getenv', 'HOME')",
    "java_method('java.lang.Runtime', 'getRuntime')",
    "try_reflect('java.lang.System', 'exit')",
    "my_udf(a)",
    "system.builtin.lower(a)",
    "default.my_udf(a)",
    "assert_true(ok)",
    "raise_error('x')",
    "from_json(a, 'x int')",
    "from_csv(a, 'x int')",
    "to_json(a)",
    "xpath(a, 'b')",
    "aes_encrypt(a, b)",
    "hash(a)",
    "explode(tags)",
    "stack(1, a)",
    "count(a)",
    "sum(n)",
    "max(a)",
    "row_number() OVER (ORDER BY a)",
    "lag(a) OVER (PARTITION BY b)",
    "sum(n) FILTER (WHERE ok)",
    "count(DISTINCT a)",
    "transform(tags, x -> lower(x))",
    "filter(tags, x -> true)",
    "IDENTIFIER('lower')(a)",
    "read_files('s3://x')",
    "getbit(n, 0)",
    "typeof(a)",
    "ai_query('m', a)",
]
STATEMENTS = [
    "a; DROP TABLE x",
    ";",
    "a -- comment",
    "--",
    "a /* comment */",
    "/*+ BROADCAST(a) */ a",
    "/**/",
    "*/",
    "a # comment",
    "SELECT 1",
    "(SELECT 1)",
    "(SELECT max(a) FROM x)",
    "a IN (SELECT b FROM x)",
    "EXISTS (SELECT 1)",
    "lower((SELECT a FROM x))",
    "VALUES (1)",
    "a FROM x",
    "a WHERE ok",
    "a AS b",
    "a UNION SELECT b",
    "a, b",
    "*",
    "x.*",
    "count(*)",
    "lower(*)",
    "STRUCT(a)",
    "named_struct('x', a)",
    "(a, b)",
    "map('x', a)",
    "array(a)",
]
SYNTAX = [
    "X'00'",
    "x'41'",
    "B'01'",
    "r'a'",
    "R'a\\d'",
    "N'a'",
    "U&'a'",
    "INTERVAL 1 DAY",
    "INTERVAL '1' DAY",
    "at + INTERVAL 1 DAY",
    "DATE 'today'",
    "DATE 'now'",
    "DATE '2025-02-30'",
    "DATE '2025-1-1'",
    "DATE '2025-W01-1'",
    "TIMESTAMP 'now'",
    "TIMESTAMP 'epoch'",
    "TIMESTAMP_NTZ '2025-01-01 00:00:00'",
    "1e3",
    "1E-3",
    "1.5e3",
    "1D",
    "1F",
    "1BD",
    "1.5BD",
    "1S",
    "1Y",
    "0x1F",
    "1_000",
    ".5",
    "5.",
    "1.2.3",
    "1.5L",
    "99999999999999999999",
    "1." + "0" * 40,
    "'a' 'b'",
    "'open",
    "'a\\'",
    "'a\\\\\\'",
    '"a"',
    '"a" || b',
    "a == b",
    "a = b = 'x'",
    "n < 1 < 2",
    "n = 1 IS NULL",
    "!ok",
    "~n",
    "n & 1",
    "n | 1",
    "n ^ 1",
    "n << 1",
    "n::string",
    "a:b",
    "a -> b",
    "f(x => 1)",
    "?",
    "a = ?",
    ":name",
    "a = :name",
    "@a",
    "@@version",
    "$$x$$",
    "$1",
    "${env:HOME}",
    "${spark.app.name}",
    "`${env:HOME}`",
    "{{ ds }}",
    "{% if a %}",
    "{a}",
    "a ILIKE 'x'",
    "a REGEXP 'x'",
    "a LIKE ANY ('x')",
    "a LIKE 'x' ESCAPE '!'",
    "a LIKE b",
    "a RLIKE b",
    "a COLLATE UNICODE",
    "n BETWEEN 1",
    "n IN ()",
    "n IN 1",
    "n IS TRUE",
    "a IS DISTINCT FROM b",
    "CASE END",
    "CASE WHEN ok END",
    "CASE WHEN ok THEN 1 ELSE 2",
    "CAST(a)",
    "CAST(a AS)",
    "CAST(a AS blob)",
    "CAST(a AS array<int>)",
    "CAST(a AS decimal(99,2))",
    "CAST(a AS int",
    "CAST(a AS int) x",
    "lower(a",
    "lower a)",
    "lower(,a)",
    "lower(a,)",
    "lower()",
    "lower(a, b)",
    "trim(BOTH ' ' FROM a)",
    "substring(a FROM 1 FOR 2)",
    "EXTRACT(YEAR FROM day)",
    "position('a' IN b)",
    "``",
    "`a b`",
    "`a``b`",
    "`a.b`",
    "`a",
    "`lower`(a)",
    "a.",
    "a.0",
    "a..b",
    "a[",
    "tags[]",
    "tags[0",
    "tags[0:1]",
    "NOT",
    "AND",
    "ok AND",
    "ok AND AND ok",
    "n = NOT ok",
    "()",
    ")",
    "",
    "   ",
    "NULL NULL",
]
LITERALS = [
    "a RLIKE '('",
    "a RLIKE '\\\\p{L}'",
    "a RLIKE '(?i)x'",
    "a RLIKE '[[:alpha:]]'",
    "a RLIKE 'x{1'",
    "a RLIKE '\\d'",
    "a LIKE '\\\\x'",
    "a LIKE 'x\\\\'",
    "a LIKE '😀%'",
    "regexp_replace(a, b, 'x')",
    "regexp_replace(a, 'x*', '-')",
    "regexp_replace(a, '(?:b|)', '')",
    "regexp_replace(a, '(?=[^b])', '')",
    "regexp_replace(a, '(?!b)', '')",
    "regexp_replace(a, '[^b]??', '')",
    "split(a, '(?=[^b])')",
    "regexp_replace(a, 'x', b)",
    "regexp_replace(a, 'x', '$1')",
    "regexp_replace(a, '(x)', '$12')",
    "regexp_replace(a, 'x', '${name}')",
    "regexp_replace(a, 'x', '\\\\n')",
    "regexp_extract(a, '(x)', 2)",
    "regexp_extract(a, '(x)', n)",
    "split(a, '')",
    "split(a, 'x*')",
    "split_part(a, ',', 0)",
    "split_part(a, '', 1)",
    "lpad(a, 2000000000, 'x')",
    "lpad(a, n, 'x')",
    "sha2(a, 1)",
    "sha2(a, n)",
    "parse_url(a, 'host')",
    "parse_url(a, b)",
    "parse_url(a, 'QUERY', '.*')",
    "parse_url(a, 'HOST', 'x')",
    "date_format(at, 'YYYY')",
    "date_format(at, 'EEE')",
    "date_format(at, 'yyyyT')",
    "date_format(at, '')",
    "date_format(at, a)",
    "date_trunc('eon', at)",
    "date_trunc(a, at)",
    "trunc(day, 'DAY')",
    "from_utc_timestamp(at, 'Mars/Olympus')",
    "from_utc_timestamp(at, 'CET')",
    "from_utc_timestamp(at, a)",
    "element_at(tags, 0)",
    "round(n, -1)",
    "pmod(n, 0)",
    "pmod(n, n)",
]
INVISIBLE = [
    "\uff4c\uff4f\uff57\uff45\uff52(a)",
    "l\u043ewer(a)",
    "lower\uff08a\uff09",
    "lower(\uff41)",
    "a\u00a0|| b",
    "a\u3000|| b",
    "a\u2028|| b",
    "a\x0b|| b",
    "a\x0c|| b",
    "a\x85|| b",
    "a\u200b",
    "\u200ba",
    "\ufeffa",
    "a\u202e",
    "a\x00",
    "\x00",
    "lower\x00(a)",
    "\u2018a\u2019",
    "\uff07a\uff07",
    "a \uff1d b",
    "n \u2212 1",
    "n \u2217 2",
    "\u0661 + n",
    "n + \uff11",
    "a\uff1bb",
    "\u00e4",
    "`\u00e4`",
    "\u017felect",
    "'a\u200bb'",
    "'a\u202eb'",
    "'a\x00b'",
    "'a\nb'",
    "'a\tb'",
    "'a\u00a0b'",
    "'\ud83d'",
    "'\\ud83d\\ude00'",
    "'\\u0000'",
    "'\\0'",
    "'\\x41'",
    "'\\101'",
    "'\\U0001F600'",
    "'\\Z'",
    "'\\%'",
    "'\\b'",
    "'\\\"'",
    "'\\u12'",
    "'a\\\n'",
]
LARGE = {
    "characters": "a" * 1_000_000,
    "a text": "'" + "x" * 1_000_000 + "'",
    "parentheses": "(" * 10_000 + "a" + ")" * 10_000,
    "parentheses within the length": "(" * 1900 + "a" + ")" * 1900,
    "open parentheses": "(" * 4000,
    "calls": "lower(" * 600 + "a" + ")" * 600,
    "signs": "- " * 1900 + "n",
    "negations": "NOT " * 900 + "ok",
    "a long sum": "n" + "+n" * 1900,
    "a long chain of or": "ok" + " OR ok" * 600,
    "elements": "tags" + "[0]" * 1300,
    "fields": "a" + ".b" * 1900,
    "a wide list": "n IN (" + ",".join(["1"] * 1900) + ")",
    "cases": "CASE WHEN ok THEN " * 200 + "1" + " END" * 200,
    "abs in abs": "abs(" * 30 + "n" + ")" * 30,
    "casts": "CAST(" * 300 + "n" + " AS int)" * 300,
    "brackets": "[" * 4000,
    "open quotes": "'" * 3999,
    "backslashes": "'" + "\\" * 3001,
    "minus signs": "-" * 4000,
}
EVERYTHING = [*CLOCK_AND_PLACE, *CODE, *STATEMENTS, *SYNTAX, *LITERALS, *INVISIBLE]


@pytest.mark.parametrize("text", EVERYTHING, ids=ascii)
def test_what_is_not_on_the_list_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_expression(text)
    message = str(refused.value)
    place = re.match(r"position (\d+): ", message)
    assert place is not None
    assert 1 <= int(place.group(1)) <= len(text) + 1
    assert re.search(
        r"allowed|write|takes|needs|must be|cannot be used|put|take|leave|counts|regular expression", message
    )
    assert message.isprintable()


@pytest.mark.parametrize("what", LARGE)
def test_what_is_too_large_is_refused_with_the_limit_and_no_deep_stack(what: str) -> None:
    with pytest.raises(ExpressionError, match=r"4,000|125 levels|60 levels|1,000 parts|position \d+: ") as refused:
        parse_expression(LARGE[what])
    assert len(str(refused.value)) < 400


def test_constants_of_the_run_are_columns_only_in_backticks() -> None:
    for name in ("current_date", "CURRENT_TIMESTAMP", "current_user", "user", "localtimestamp", "now"):
        with pytest.raises(ExpressionError, match=r"not on the row.*backticks"):
            parse_expression(name)
        assert parse_expression(f"`{name}`").columns == (name,)


def test_the_reason_names_what_to_write_instead() -> None:
    advised = {
        "size(tags)": "array_size",
        "sqrt(n)": "NaN",
        "to_timestamp(a)": "transformSourceObjects",
        "loer(a)": "'lower'",
    }
    for text, advice in advised.items():
        with pytest.raises(ExpressionError, match=advice):
            parse_expression(text)


def test_a_meta_column_of_spark_is_no_column() -> None:
    for text in ("_metadata.file_path", "spark_catalog", "grouping__id"):
        with pytest.raises(ExpressionError, match="there is no column"):
            parse_expression(text).kind_in(TYPES)


def test_any_characters_are_an_expression_or_an_error_and_nothing_else() -> None:
    rng = random.Random(15)
    pieces = [
        *"'`\\\"()[]{}.,;:*/+-<>=!|$@#%&^~? \n\t\x00\u200b\ufeff\uff410e",
        "--",
        "/*",
        "*/",
        "''",
        "a",
        "n",
        "1",
        "NOT ",
    ]
    pieces += [
        "lower(",
        "CASE ",
        "WHEN ",
        " END",
        " AND ",
        " IS ",
        "NULL",
        "\\u0027",
        "\\'",
        " IN (",
        "CAST(",
        " AS int)",
    ]
    read = 0
    for _ in range(20_000):
        text = "".join(rng.choices(pieces, k=rng.randint(1, 8)))
        try:
            expression = parse_expression(text)
        except ExpressionError:
            continue
        read += 1
        assert parse_expression(expression.sql) == expression
        outside = re.sub(r"'(?:[^'\\]|\\.)*'", "", expression.sql)
        assert re.fullmatch(r"[A-Za-z0-9_`().,\[\]<>=|/% +*-]*", outside), text
        assert not re.search(r"--|/\*|\$|;", outside), text
    assert read > 200

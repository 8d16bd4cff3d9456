"""What the parser would change without a word is malformed, and nothing else of the same look: on inline lines."""

import json
import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from random import Random

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from contract import parse_contract
from curation.framing import Frame
from curation.parsing import parse_lines
from curation.reasons import explanation
from curation.session import open_session

CONTRACT = parse_contract(
    {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "values", "version": "1.0.0", "status": "active",
        "customProperties": [{"property": "sourceSystem", "value": "lab"}],
        "schema": [{"name": "values", "properties": [
            {"name": "id", "logicalType": "string", "primaryKey": True},
            {"name": "txt", "logicalType": "string"},
            {"name": "real", "physicalType": "double"},
            {"name": "at", "logicalType": "timestamp"},
            {"name": "price", "physicalType": "decimal(12,2)"},
            {"name": "prices", "physicalType": "array<decimal(12,2)>"},
            {"name": "rates", "physicalType": "map<string,decimal(12,2)>"},
            {"name": "props", "physicalType": "map<string,string>"},
            {"name": "tags", "physicalType": "array<string>"},
            {"name": "box", "physicalType": "struct<a:string,d:decimal(12,2),deep:array<struct<t:string>>>"},
            {"name": "inner", "physicalType": "bigint", "transformSourceObjects": ["meta.n"]},
            {"name": "first", "physicalType": "bigint", "transformSourceObjects": ["list[0].n"]},
            {"name": "moved", "physicalType": "bigint", "transformSourceObjects": ["new", "old", "older.n"]},
        ]}],
    }
)  # fmt: skip


def parsed(spark: SparkSession, lines: Iterable[str]) -> dict[str, Row]:
    """The good rows by their id; lines are malformed that are not among them."""
    open_session("values")
    frame = spark.createDataFrame([(line,) for line in lines], "_line string")
    rows = parse_lines(frame, CONTRACT, Frame(), field_sample=1).where(~F.col("_malformed")).collect()
    return {row["id"]: row for row in rows}


def reasons(spark: SparkSession, lines: Sequence[str]) -> list[str]:
    """The reason of each line, which has to be malformed."""
    assert parsed(spark, lines) == {}
    frame = spark.createDataFrame([(line,) for line in lines], "_line string").coalesce(1)
    return [row["reason"] for row in frame.select(explanation(CONTRACT)["reason"].alias("reason")).collect()]


def line(name: str, fields: str) -> str:
    return f'{{"id":"{name}",{fields}}}'


DIGITS = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Nd" and not chr(code).isascii()]
PLACES = ('"price":"{}"', '"price" : "{}"', '"prices":[1,"{}"]', '"rates":{{"a":"{}"}}', '"box":{{"d":"{}"}}')


class TestADecimalInAString:
    def test_has_no_digits_but_those_of_ascii(self, spark: SparkSession) -> None:
        choice = Random(2)
        numbers = [*DIGITS, *(f"{choice.choice(['', '-', '1', '12.', '-0.5'])}{digit}3" for digit in DIGITS)]
        numbers += ["1\u2019000", "1\u2019000.50", "\u2212" + "5", "\u221e", "1\u00a0000", "\ufeff1", "\u0661\u066b5"]
        lines = [line(number, choice.choice(PLACES).format(number)) for number in numbers]
        assert parsed(spark, lines) == {}

    def test_is_foreign_in_escapes_too_and_named(self, spark: SparkSession) -> None:
        lines = [line("x", place.format(text)) for place in PLACES for text in ("\u0661\uff12", "1\\u0663")]
        for told in reasons(spark, lines):
            assert told.startswith("value does not fit its type: ")
            assert "decimal(12,2)" in told

    def test_is_read_in_every_plain_form(self, spark: SparkSession) -> None:
        choice = Random(4)
        forms = ["{0}", "-{0}", "{0}.{1}", "-{0}.{1}", ".{1}", "{0}.", "00{0}"]
        texts = {form.format(choice.randrange(10**9), choice.randrange(10, 99)) for form in forms for _ in range(40)}
        # Texts in other columns, and names, hold digits of all kinds.
        other = '"txt":"\u0661\u0662","props":{"\uff11":"\u0663"},"tags":["1\u2019000"],"unknown":"\u0661"'
        lines = [line(text, f'"price":"{text}",{other}') for text in texts]
        lines.append(line("escaped", f'"price":"\\u0031\\u0032",{other}'))
        rows = parsed(spark, lines)
        assert {name: row["price"] for name, row in rows.items()} == {
            **{text: Decimal(text).quantize(Decimal("0.01")) for text in texts},
            "escaped": Decimal("12.00"),
        }
        assert {(row["txt"], tuple(row["tags"])) for row in rows.values()} == {("\u0661\u0662", ("1\u2019000",))}


def as_decimal(text: str) -> Decimal | None:
    """What a string is in a decimal(12,2), or None where it is no such number."""
    found = re.fullmatch(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:E-?0*([0-9]*))?", text)
    if found is None or text[-1] in "E-" or len(found[1] or "") > 3:
        return None
    value = Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP, Context(prec=3000))
    return value if abs(value) < 10**10 else None


def spelt(text: str, choice: Random, share: float) -> str:
    """Write characters as escapes, with digits in both cases."""
    forms = ("\\u{:04x}", "\\u{:04X}")
    return "".join(choice.choice(forms).format(ord(one)) if choice.random() < share else one for one in text)


def only_decimal(row: Row) -> Decimal:
    """The decimal of a row, in whichever of `PLACES` it stood."""
    inside = (row["prices"] or [None])[-1], (row["rates"] or {}).get("a"), (row["box"] or {"d": None})["d"]
    found: Decimal = next(value for value in (row["price"], *inside) if value is not None)
    return found


class TestADecimalThatIsSpeltWithEscapes:
    FORMS = ("{0}", "-{0}", "{0}.{1}", "{0}.{1}E{2}", "-{1}.E-{2}", ".{1}E-0000{2}", "{1}E-{3}", "{0}E{2}", "0E-{2}",
             "{1}e{2}", "+{1}", "1E+{2}", "{0}E", "{1}E-", "{1}-", "E{3}", "{0},{1}", "{1}.{1}.{1}", "{1}E-99999{3}",
             "1E-{2}00", "0.{2}E-1{3}0", "{1}/", "{1} ", "x{1}")  # fmt: skip

    def test_is_what_its_characters_are(self, spark: SparkSession) -> None:
        choice, texts = Random(7), ["12345.5", "100E-3", "1E-0003", "19.99", "1E-100000", "1e300000000"]
        for form in self.FORMS * 25:
            bounds = (10**6, 100, 12, 4000)
            texts.append(form.format(*(choice.randrange(bound) for bound in bounds)))
        forms = {str(number): spelt(text, choice, choice.choice([0.2, 0.5, 1])) for number, text in enumerate(texts)}
        lines = [line(name, choice.choice(PLACES).format(form)) for name, form in forms.items()]
        found = {name: only_decimal(row) for name, row in parsed(spark, lines).items()}
        assert found == {
            str(number): value for number, text in enumerate(texts) if (value := as_decimal(text)) is not None
        }

    def test_is_seen_wherever_a_later_value_has_the_same_name(self, spark: SparkSession) -> None:
        texts = ("\uff11", "1\u2019000", "\\u0661", "1\\u2019000E1", "1E-100000", "1\\u0045-100000")
        pairs = ('"price":"{0}","price":2', '"prices":["{0}"],"prices":[2]', '"rates":{{"a":"{0}","a":2}}',
                 '"box":{{"d":"{0}","d":2}}', '"box":{{"d":"{0}"}},"box":{{"d":2}}')  # fmt: skip
        for told in reasons(spark, [line("x", pair.format(text)) for pair in pairs for text in texts]):
            assert "given more than once" in told or "decimal(12,2)" in told


INFINITE = ("1e400", "-1E+400", "1e309", "9" * 400 + ".5", "12345e99999")
WORDS = ("Infinity", "-Infinity")
TEXT_PLACES = (
    '"txt":{}', '"props":{{"k":null,"l":{}}}', '"tags":[null,"x",{}]', '"box":{{"a":{}}}',
    '"box":{{"deep":[null,{{"t":{}}}]}}',
)  # fmt: skip


class TestANumberBeyondAnyDouble:
    def test_cannot_be_kept_as_text(self, spark: SparkSession) -> None:
        lines = [line("x", place.format(number)) for place in TEXT_PLACES for number in INFINITE]
        what = " has a number beyond any double, which cannot be kept as text"
        assert [told for told in reasons(spark, lines) if what not in told] == []

    def test_is_named_as_it_stood(self, spark: SparkSession) -> None:
        told = reasons(spark, [line("x", '"txt":1e400'), line("x", '"real":-1E400'), line("x", '"price":1.0e10')])
        assert told == [
            "value does not fit its type: txt has a number beyond any double, which cannot be kept as text: 1e400",
            "value does not fit its type: real is not double: -1E400",
            "value does not fit its type: price is not decimal(12,2): 1.0e10",
        ]

    def test_is_named_as_it_stood_inside_of_another_value(self, spark: SparkSession) -> None:
        cases = {
            '"box":{"d":1e1000}': "box.d is not decimal(12,2): 1e1000",
            '"box":{"d":-1E400},"real":1': "box.d is not decimal(12,2): -1E400",
            '"box":{"d":"Infinity"},"unknown":1e400': 'box.d is not decimal(12,2): "Infinity"',
            '"box":{"d":"Infinity"},"d":5': 'box.d is not decimal(12,2): "Infinity"',
            '"box":{"d":1e400},"x":{"d":2}': "box.d is not decimal(12,2): a number beyond any double",
            '"meta":{"n":1e400}': "inner (meta.n) is not bigint: 1e400",
            '"prices":[1,1e400]': "prices is not array<decimal(12,2)>: [1,Infinity]",
            '"prices":[1,"Infinity"]': 'prices is not array<decimal(12,2)>: [1,"Infinity"]',
            '"box":{"deep":[{"t":12e4567}]}': "box has a number beyond any double, which cannot be kept as text",
        }
        told = reasons(spark, [line("x", fields) for fields in cases])
        assert [one.removeprefix("value does not fit its type: ") for one in told] == list(cases.values())

    def test_is_said_of_a_text_with_quotes_of_its_own_as_what_it_is(self, spark: SparkSession) -> None:
        lines = [line("x", place.format(json.dumps(f'"{word}"'))) for place in TEXT_PLACES for word in WORDS]
        lines.append(line("x", r'"txt":"\u0022Infinity\""'))
        for told in reasons(spark, lines):
            assert ' has the text "Infinity" in quotes of its own, which cannot be told from a number beyond' in told

    def test_is_said_to_be_one_where_another_field_has_such_a_text(self, spark: SparkSession) -> None:
        lines = [
            line("x", f'"txt":1e400,{other}') for other in (r'"unknown":"\"Infinity\""', r'"tags":["\"Infinity\""]')
        ]
        what = "value does not fit its type: txt has a number beyond any double, which cannot be kept as text: 1e400"
        assert [told.startswith(what) for told in reasons(spark, lines)] == [True, True]

    def test_is_not_a_string_that_says_so(self, spark: SparkSession) -> None:
        words = (*WORDS, 'say "Infinity"', '{"a":"Infinity"}')
        cases = [(word, place) for word in words for place in TEXT_PLACES]
        lines = [line(str(number), place.format(json.dumps(word))) for number, (word, place) in enumerate(cases)]
        rows = parsed(spark, [*lines, line("unknown", '"unknown":1e400,"txt":"Infinity"')])
        assert set(rows) == {*map(str, range(len(cases))), "unknown"}
        found = [(rows[str(number)]["txt"], rows[str(number)]["props"]) for number in range(len(cases))]
        assert [txt for txt, _ in found[:: len(TEXT_PLACES)]] == list(words)
        assert [props for _, props in found[1 :: len(TEXT_PLACES)]] == [{"k": None, "l": word} for word in words]


class TestADecimalWithAHugeExponent:
    """Its digits would be written out: a hundred thousand here at once, a billion in hours.

    Without the rule the small ones are 0.00 and not rejected, so the tests fail and do not hang.
    """

    NUMBERS = ("1e1000", "-1E+100000", "0.5e-99999", "1e000012345", "0e100000", "3e-1000")
    # Spelt so that only the parser sees them.
    STRANGE = (
        r'"\u0031E-100000"', r'"1\u0045-100000"', r'"1E-1\u0030000"', r'"\u002d1E-100000"', r'"1E\u002d100000"',
        '"1E-\u0661\u0660\u0660\u0660\u0660\u0660"', '"1\u20190E-100000"', '"1E-\uff1100000"',
    )  # fmt: skip
    # As the values of other columns, in texts and in fields that no column reads.
    OTHERS = ('"txt":"1e300000000"', '"real":1e-300000000', '"unknown":{{"price":{0}}}', '"txt":"\\"price\\":{0},"')

    def test_does_not_fit_and_is_named(self, spark: SparkSession) -> None:
        numbers = [*self.NUMBERS, '"1E100000"', '"-1E-100000"', *self.STRANGE]
        places = [place.replace('"{}"', "{}") for place in PLACES]
        lines = [line("x", place.format(number)) for place in places for number in numbers]
        lines += [line("x", f'"price":{number},"price":1,"real":"a"') for number in numbers]
        for given, told in zip(lines, reasons(spark, lines), strict=True):
            assert told.startswith("value does not fit its type: "), given
            assert "decimal(12,2)" in told or "given more than once: price" in told, given

    def test_is_read_below_that_and_does_not_matter_elsewhere(self, spark: SparkSession) -> None:
        small = {"0e999": 0, "1e-999": 0, "100e-2": 1, "1e0000000001": 10, '"12E00000"': 12}
        lines = [line(number.strip('"'), f'"price":{number}') for number in small]
        lines += [line(f"{a} {b}", f"{other.format(number)}") for a, number in enumerate(self.NUMBERS)
                  for b, other in enumerate(self.OTHERS)]  # fmt: skip
        lines.append(line("both", '"price":1.5,"real":1e-300000000,"box":{"d":2,"a":"1e300000000"}'))
        rows = parsed(spark, lines)
        assert len(rows) == len(lines)
        assert {number: rows[number.strip('"')]["price"] for number in small} == small
        assert (rows["both"]["real"], rows["both"]["box"]["a"]) == (0.0, "1e300000000")


class TestAFieldThatIsGivenTwice:
    def test_is_named_when_a_value_does_not_fit(self, spark: SparkSession) -> None:
        lines = [
            line("x", '"real":"a","real":1'),
            line("x", '"real":"a","txt":"b","real":1,"txt":"c"'),
            line("x", '"prices":["a"],"\\u0070rices":[1]'),
        ]
        what = "a field is given more than once, with a value that does not fit its type: "
        assert reasons(spark, lines) == [f"{what}{names}" for names in ("real", "txt, real", "prices")]

    def test_is_named_by_its_path_wherever_a_column_looks(self, spark: SparkSession) -> None:
        cases = {
            '"meta":{"n":"a","n":1}': "meta.n",
            '"meta":{"n":"a"},"meta":{"n":1}': "meta",
            '"old":"a","old":1': "old",
            '"older":{"n":"a","n":1}': "older.n",
        }
        what = "a field is given more than once, with a value that does not fit its type: "
        assert reasons(spark, [line("x", case) for case in cases]) == [f"{what}{name}" for name in cases.values()]

    def test_is_looked_for_in_time_that_grows_with_the_fields(self, spark: SparkSession) -> None:
        def seconds_for(count: int) -> float:
            many, started = ",".join(f'"k{number}":1' for number in range(count)), time.monotonic()
            [told] = reasons(spark, [line("x", f'"real":"a",{many},"real":"b"')])
            assert told.endswith("; given more than once: real")
            return time.monotonic() - started

        seconds_for(1)  # what is compiled once
        # A pass for each field, as there was once, took twenty times as long for these.
        assert seconds_for(20_000) < 8 * max(seconds_for(1), seconds_for(1))

    def test_is_named_behind_what_does_not_fit_because_of_it(self, spark: SparkSession) -> None:
        cases = {
            '"box":{"d":"a","d":1}': "box.d",
            '"box":{"a":"b","deep":[{"t":1}],"d":[],"d":1}': "box.d",
            '"list":[{"n":1},{"n":"a","n":1}]': "list[].n",
            '"real":"a","box":{"a":"b","a":"c"},"real":"d"': "real, box.a",
        }
        told = reasons(spark, [line("x", case) for case in cases])
        assert [reason.rpartition("; ")[2] for reason in told] == [f"given more than once: {n}" for n in cases.values()]
        assert [reason.partition(" is not ")[0].rpartition(" ")[2] for reason in told] == [
            "box",
            "box",
            "(list[0].n)",
            "real",
        ]

    def test_is_judged_by_its_last_value_where_only_its_form_or_range_is_in_question(self, spark: SparkSession) -> None:
        rows = parsed(spark, [line("a", '"at":"now","at":"2025-01-01","real":1e309,"real":1')])
        assert (rows["a"]["real"], rows["a"]["at"] is None) == (1.0, False)
        assert parsed(spark, [line("b", '"at":"2025-01-01","at":"now"'), line("c", '"real":1,"real":1e309')]) == {}

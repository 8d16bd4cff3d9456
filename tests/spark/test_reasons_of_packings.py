"""What is told of texts that are not packed as the contract says: never what it says already."""

import json
from collections.abc import Sequence

import pytest
from pyspark.sql import SparkSession

from contract import parse_contract
from curation.reasons import explanation
from curation.records import as_records
from curation.session import open_session
from tests.spark.line_cases import ARRAY, FORM, MORE, PAGE, PIECE, TWO, UNENDED

NO_RECORD = "no record in it"
QUOTED = "a string that holds JSON; have the source leave out the quotes"
INCOMPLETE = UNENDED.partition("; ")[0]


def reasons(spark: SparkSession, texts: Sequence[str], **stated: str) -> list[str]:
    """The reason of each text, of which each has one, under a contract that states how records are packed."""
    open_session("told")
    custom = [{"property": name, "value": value} for name, value in {"sourceSystem": "lab", **stated}.items()]
    contract = parse_contract({
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "told", "version": "1.0.0", "customProperties": custom,
        "schema": [{"name": "told", "properties": [
            {"name": "id", "logicalType": "string", "primaryKey": True},
            {"name": "n", "physicalType": "int"}, {"name": "real", "physicalType": "double"},
        ]}],
    })  # fmt: skip
    lines = spark.createDataFrame([(text,) for text in texts], "_line string").coalesce(1)
    records = as_records(lines, contract) if contract.has_records else lines
    return [row[0] for row in records.select(explanation(contract)["reason"]).collect()]


def told(spark: SparkSession, expected: dict[str, str], **stated: str) -> dict[str, str]:
    return dict(zip(expected, reasons(spark, list(expected), **stated), strict=True))


def test_a_document_is_not_told_to_be_one(spark: SparkSession) -> None:
    pretty = json.dumps({"id": "a", "n": [1]}, indent=2)
    several = (
        f"{FORM}: {{}}, and objectFormat document means one for each file (S3 object); write one for each file, or "
        "each on one line and no objectFormat"
    )
    expected = {
        pretty[:-2]: INCOMPLETE,
        f"[{pretty},": INCOMPLETE,
        "{": INCOMPLETE,
        f"{pretty}\n{pretty}": several.format("2 objects"),
        f"{pretty},\n{pretty}\n{pretty}\n": several.format("3 objects"),
        f"{pretty},\n": f"{FORM}: a comma after the object; remove it",
        f"{pretty}\nend": MORE,
        f"[{pretty}]": ARRAY,
        "<html>\n</html>": PAGE,
    }  # fmt: skip
    assert told(spark, expected, objectFormat="document") == expected


def test_objects_that_follow_each_other_are_not_told_to_do_so(spark: SparkSession) -> None:
    expected = {
        '{"id":"10"},{"id":"11"}': f"{FORM}: 2 objects, with commas between them; objectFormat concatenated wants none",
        '{"id":"10"},': f"{FORM}: a comma after the object; remove it",
        '{"id":"10"': UNENDED,
        '"id": "10",': PIECE,
    }
    assert told(spark, expected, objectFormat="concatenated") == expected


def test_what_should_be_an_array_is_told_what_it_is(spark: SparkSession) -> None:
    expected = {
        '[[{"id":"3"}]]': f'{FORM}: an array: [{{"id":"3"}}]',
        '{"id":"4"}': f"{FORM}: an object, and recordsPath [] wants an array",
        "[]": f"{NO_RECORD}: recordsPath [] leads to no element",
        "[1,2}": FORM,
        '[{"id":"a"},{"id"': UNENDED,
        '{"id":"4"}{"id":"5"}': TWO,
        '"id": "10",': PIECE.removesuffix(', and recordsPath: "[]" where it is an array'),
        "[5]": f"{FORM}: 5",
    }
    assert told(spark, expected, recordsPath="[]") == expected


@pytest.mark.parametrize("path", ["[]", "r", "x[].r"])
def test_an_element_that_is_no_object_is_shown_as_it_stands(spark: SparkSession, path: str) -> None:
    around = {"[]": "{}", "r": '{{"r":{}}}', "x[].r": '{{"x":[{{"r":{}}}]}}'}[path]
    expected = {
        around.format(f"[{element}]"): f"{FORM}: {shown}"
        for element, shown in {
            "5": "5", "-1.50": "-1.50", "12E+3": "12E+3", "true": "true", '"text"': "text", '"1.5"': "1.5",
            r'"\ud83d"': r"\ud83d", '""': '""', "[1.50]": "an array: [1.50]",
            r'"{\"id\":\"a\"}"': f'{QUOTED}: "{{"id":"a"}}"',
        }.items()
    }  # fmt: skip
    assert told(spark, expected, recordsPath=path) == expected


def test_an_array_of_pieces_is_told_what_it_is(spark: SparkSession) -> None:
    expected = {
        '{"id":"4"}': f"{FORM}: an object, and recordsPath [] wants an array",
        "[]": f"{NO_RECORD}: recordsPath [] leads to no element",
    }
    assert told(spark, expected, recordsPath="[]", objectFormat="concatenated") == expected


@pytest.mark.parametrize("path", ["logEvents", "a.b"])
def test_what_stands_in_place_of_the_array_is_shown(spark: SparkSession, path: str) -> None:
    first = path.partition(".")[0]
    none = f"{NO_RECORD}: there is no array at recordsPath {path}"
    other = f"{NO_RECORD}: recordsPath {path} leads to no"
    long = "x" * 100
    expected = {
        f'{{"{first}":null}}': f"{other} array; {first} is null",
        f'{{"{first}":{{"c":[1]}}}}': f'{other} array; {first} is {{"c":[1]}}',
        f'{{"{first}":"{long}"}}': f"{other} array; {first} is {long[:80]}",
        '{"x":1,"y":2}': f"{none}; its fields are x, y",
        "{}": none,
        '[{"id":1}]': f"{FORM}: an array of 1 object, and recordsPath {path} wants an object",
    }
    assert told(spark, expected, recordsPath=path) == expected


def test_a_reason_names_the_limit_that_a_value_is_beyond(spark: SparkSession) -> None:
    long = "a text of more than 20,000,000 characters"
    lines = {
        '{"id":"' + "x" * 20_000_001 + '"}': long,
        '{"id":"a","' + "y" * 60_000 + '":1}': "beyond the limits: ",
        '{"id":"a","n":' + "1" * 10_001 + "}": "a number of more than 10,000 characters",
        '{"id":"a","real":1.' + "1" * 10_001 + "}": "a number of more than 10,000 characters",
        '{"id":' + "1" * 10_001 + "}": "a number of more than 10,000 characters",
        '{"id":' + "[" * 1001 + "]" * 1001 + "}": "beyond the limits: ",
        '{"id":"a\\"","n":"5"}': "sentAs",
    }
    found = reasons(spark, list(lines))
    wrong = [reason[:200] for reason, part in zip(found, lines.values(), strict=True) if part not in reason]
    assert wrong == []
    assert [reason for reason in found if reason.rstrip().endswith(":")] == []


def test_an_array_that_goes_on_is_not_told_to_be_empty(spark: SparkSession) -> None:
    goes_on = f"{FORM}: text after the end of the JSON array"
    empty = f"{NO_RECORD}: recordsPath [] leads to no element"
    expected = {
        '[{"id":"a"}] x': goes_on, '[{"id":"a"}],': goes_on, '[{"id":"a"}][{"id":"b"}]': goes_on, "[]]": goes_on,
        "[] []": goes_on, "[]": empty, " [ \t] ": empty,
    }  # fmt: skip
    assert told(spark, expected, recordsPath="[]") == expected


@pytest.mark.parametrize("object_format", ["lines", "concatenated"])
def test_a_field_that_is_given_twice_on_the_way_is_named(spark: SparkSession, object_format: str) -> None:
    none = f"{NO_RECORD}: recordsPath {{}} leads to no array"
    twice = f"{none}; given more than once, with a value of another kind: {{}}"
    array = '[{"id":"a"}]'
    for path, expected in {
        "r": {
            f'{{"r":{array},"r":"x"}}': twice.format("r", "r"),
            f'{{"r":{{}},"r":{array}}}': twice.format("r", "r"),
            f'{{"r":{array},"r":null}}': f"{none.format('r')}; r is null",
        },
        "x.r": {
            f'{{"x":{{"r":{array},"r":7}}}}': twice.format("x.r", "x.r"),
            f'{{"x":7,"x":{{"r":{array}}}}}': twice.format("x.r", "x"),
        },
        "x[].r": {
            f'{{"x":[{{"r":{array},"r":7}}]}}': twice.format("x[].r", "r"),
            '{"x":[{"r":7}]}': f"{none.format('x[].r')}; r is 7",
            '{"x":7,"x":[{"r":1}]}': twice.format("x[].r", "x"),
            '{"x":7}': f"{none.format('x[].r')}; x is 7",
        },
    }.items():
        assert told(spark, expected, recordsPath=path, objectFormat=object_format) == expected

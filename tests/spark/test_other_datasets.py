"""Datasets that are nothing like events: every type there is, columns named by words of SQL, and no event time."""

import random
from typing import Any

import pytest

from tests.spark.lab import CONTRACTS, DAY, Lab, Outcome, Row, duck

_TYPES = (
    "\"order\": 'VARCHAR', \"date\": 'DATE', number: 'DECIMAL(38,10)', \"group\": 'TINYINT', \"end\": 'TIMESTAMPTZ', "
    "\"table\": 'DECIMAL(38,0)', \"null\": 'BOOLEAN', \"select\": 'FLOAT', \"from\": 'DOUBLE', "
    "\"where\": 'STRUCT(lat DOUBLE, \"as\" VARCHAR)[]', map: 'MAP(VARCHAR, BIGINT[])', "
    'struct: \'STRUCT("in" STRUCT("by" BOOLEAN), "on" MAP(VARCHAR, DOUBLE))\', value: \'MAP(VARCHAR, VARCHAR)\', '
    "\"true\": 'VARCHAR', current_date: 'VARCHAR'"
)
_VALUES: dict[str, list[Any]] = {
    "order": [None, "", "o'1", 'o"2', "größe"],
    "date": [None, "2025-01-01", "1582-10-15", "9999-12-31"],
    "number": [None, 0, 1, 0.1, 12345678901234567890.5],
    "group": [None, -128, -127, 0, 126, 127],
    "end": [None, "2025-01-01T00:00:00Z", "2025-01-01T01:00:00+01:00", "2024-12-31 23:59:59.999999-00:30"],
    "table": [None, -(10**38) + 1, 2**64, 2**64 + 1, 10**38 - 1],
    "null": [None, True, False],
    "select": [None, 1.5, 1000000.5, 1000001, -3.25],
    "from": [None, 0.1, 2.5, -7, 0.30000000000000004],
    "where": [None, [], [{"lat": 1.5, "as": "x"}, None, {}], [{"as": None}]],
    "map": [None, {}, {"a": [1, None], "": []}, {"b": None}],
    "struct": [None, {}, {"in": {"by": True}, "on": {"k": 1.5}}, {"in": None, "on": {}}],
    "value": [None, {}, {"k": "v"}],
    "true": [None, "", "ab", "abcd", "a b", "é"],
    "current_date": [None, "x"],
}
_MALFORMED = [
    '{"order": "a", "group": 128}',
    '{"date": "2025-02-29"}',
    '{"where": {"lat": 1}}',
    '{"map": {"a": 1}}',
    "{",
]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, Outcome]:
    lab = Lab(tmp_path_factory.mktemp("keywords"), CONTRACTS / "keywords.odcs.yaml")
    choice = random.Random(5)
    rows: list[Row] = [{name: choice.choice(found) for name, found in _VALUES.items()} for _ in range(600)]
    lab.put(rows, "good.json")
    lab.put("\n".join(_MALFORMED), "malformed.json")
    return lab, lab.run()


def test_counts_are_those_of_another_engine(outcome: tuple[Lab, Outcome]) -> None:
    lab, run = outcome
    raw = f"read_json('{lab.raw()}/good.json', format = 'newline_delimited', columns = {{{_TYPES}}})"
    names = ", ".join(f'count(*) FILTER ("{name}" IS NULL)' for name in _VALUES)
    nulls = duck().execute(f"SELECT {names} FROM {raw}").fetchone()  # noqa: S608  the names are this file's
    assert nulls is not None
    assert {name: column["nulls"] for name, column in run.metrics["columns"].items()} == dict(
        zip(_VALUES, nulls, strict=True)
    )
    assert (run.metrics["rows_read"], run.metrics["rows_quarantined"]) == (605, 5)
    complete = '"date" IS NOT NULL AND number IS NOT NULL AND "order" IS NOT NULL'
    extra = f'count(*) FILTER ({complete}) - count(DISTINCT ("date", number, "order")) FILTER ({complete})'
    found = duck().execute(f"SELECT {extra} FROM {raw}").fetchone()  # noqa: S608  as above
    assert found == (run.metrics["duplicates_removed"],)


@pytest.mark.parametrize(
    ("check", "condition"),
    [
        ("group_invalidValues", '"group" <= -128 OR "group" > 126'),
        ("table_invalidValues", '"table" > 18446744073709551616 OR "table" < -99999999999999999999999999999999999999'),
        ("select_invalidValues", '"select" >= 1000000.5'),
        ("from_invalidValues", '"from" NOT IN (0.1::DOUBLE, 2.5::DOUBLE, -7::DOUBLE)'),
        (
            "true_invalidValues",
            """length("true") NOT BETWEEN 1 AND 3 OR NOT regexp_full_match("true", '[A-Za-z0-9_]+')""",
        ),
    ],
)
def test_limits_at_the_edge_of_a_type_are_exact(outcome: tuple[Lab, Outcome], check: str, condition: str) -> None:
    lab, run = outcome
    raw = f"read_json('{lab.raw()}/good.json', format = 'newline_delimited', columns = {{{_TYPES}}})"
    query = f"SELECT count(*) FILTER ({condition}) FROM {raw}"  # noqa: S608  the conditions are this file's
    assert duck().execute(query).fetchone() == (run.check_values[check],)


def test_rates_and_distributions_are_exact(outcome: tuple[Lab, Outcome]) -> None:
    lab, run = outcome
    raw = f"read_json('{lab.raw()}/good.json', format = 'newline_delimited', columns = {{{_TYPES}}})"
    rates = """
        100.0::DOUBLE * count(*) FILTER ("end" IS NULL OR "end" = TIMESTAMPTZ '2025-01-01T00:00:00Z') / 600,
        100.0::DOUBLE * count(*) FILTER (NOT "null") / 600,
        100.0::DOUBLE * (count(*) FILTER ("group" IS NOT NULL AND "end" IS NOT NULL)
            - count(DISTINCT ("group", "end")) FILTER ("group" IS NOT NULL AND "end" IS NOT NULL)) / 600
    """
    checks = run.check_values
    expected = (checks["end_missing"], checks["null_true"], checks["group_and_end_unique"])
    assert duck().execute(f"SELECT {rates} FROM {raw}").fetchone() == expected  # noqa: S608  as above
    assert set(run.metrics["columns"]["null"]["distribution"]) == {"true"}
    assert set(run.metrics["columns"]["from"]["distribution"]) == {"0.1", "2.5", "-7"}
    assert run.metrics["event_time"] is None


def test_rows_come_out_as_they_went_in(lab: Lab) -> None:
    lab.contract = CONTRACTS / "keywords.odcs.yaml"
    full: Row = {
        "order": "o", "date": DAY, "number": 0.5, "group": 1, "end": "2025-01-01T10:00:00.000001+05:30", "table": 2**64,
        "null": True, "select": 1.5, "from": 0.1, "where": [{"lat": 1.5, "as": "x"}, None], "map": {"a": [1, None]},
        "struct": {"in": {"by": False}, "on": {"k": 2}}, "value": {"k": {"deep": 1}}, "true": "abc",
        "current_date": "d",
    }  # fmt: skip
    lab.put([full])
    [row] = lab.run().rows()
    assert str(row.pop("end")) == "2025-01-01 04:30:00.000001+00:00"
    assert (str(row.pop("date")), str(row.pop("number"))) == (DAY, "0.5000000000")
    assert row == {
        **{name: value for name, value in full.items() if name not in {"end", "date", "number"}},
        "map": [("a", [1, None])],
        "struct": {"in": {"by": False}, "on": [("k", 2.0)]},
        "value": [("k", '{"deep":1}')],
    }

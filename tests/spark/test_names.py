"""Names that a contract may use and the pipeline uses too: of columns, of fields in the raw lines."""

from tests.spark.lab import CONTRACTS, Lab


def test_columns_may_have_the_names_of_the_pipelines_own(lab: Lab) -> None:
    lab.contract = CONTRACTS / "own_names.odcs.yaml"
    row = {"outcome": "accepted", "value": "v", "line": "l", "reason": "r", "rows": 1, "Select": "s"}
    lab.put(
        [
            row | {"object": {"line": "x", "_end": 1, "_corrupt_record": 2}},
            {"outcome": "quarantined", "rows": "no number"},
        ]
    )
    lab.put([{"object": {"_end": 1, "_corrupt_record": "c"}}], name="more.json")
    run = lab.run()
    assert run.error is None
    assert run.rows() == [row | {"object": {"line": "x", "_end": 1, "_corrupt_record": 2}}]
    assert sorted(found["reason"] for found in run.quarantine()) == [
        'value does not fit its type: object._corrupt_record is not int: "c"',
        'value does not fit its type: rows is not bigint: "no number"',
    ]


def test_unknown_fields_are_reported_by_their_exact_names(lab: Lab) -> None:
    lab.contract = CONTRACTS / "readings.odcs.yaml"
    names = ["a,b", "", "Meter", "meter ", "größe", "_meter", 'quo"te', "a.b", "line\nbreak"]
    lab.put([{"meter": str(n), "level": 1, name: 1} for n, name in enumerate(names)] + [{"meter": "none", "level": 1}])
    drift = lab.run().metrics["schema_drift"]
    assert drift == {"rows_looked_at": 10, "rows_with_unknown_fields": len(names), "unknown_fields": sorted(names)}


def test_fields_of_lines_that_are_malformed_for_a_value_are_counted_too(lab: Lab) -> None:
    """The parser reads no further than a value within another that does not fit."""
    lab.contract = CONTRACTS / "lines.odcs.yaml"
    misfits = [
        '"box":{"a":"1"}',
        '"sizes":["2"]',
        '"amounts":["free"]',
        '"shape":{"sides":[{"long":1e39}]}',
        '"whole":"x"',
    ]
    lines = [
        f'{{"id":"{number}",{misfit},"extra":{number}}}' for number, misfit in enumerate([*misfits, '"flag":true'])
    ]
    lab.put("\n".join([*lines, '{"extra":1', "[1]"]) + "\n")
    run = lab.run()
    assert run.metrics["rows_quarantined"] == len(misfits) + 2
    drift = {"rows_looked_at": len(lines) + 2, "rows_with_unknown_fields": len(lines), "unknown_fields": ["extra"]}
    assert run.metrics["schema_drift"] == drift

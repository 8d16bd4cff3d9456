"""`pipeline contract init`: where the draft goes, what is told beside it, and that it passes its own check."""

from pathlib import Path

import pytest

from contract import load_contract
from tests.unit import public_shapes
from tests.unit.pipeline_command import Pipeline
from tests.unit.programs import ROOT

ORDERS = (
    b'{"order_id":"o1","ordered_at":"2025-01-01T00:00:00Z"}\n{"order_id":"o2","ordered_at":"2025-01-01T00:00:01Z"}\n'
)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "raw" / "source_system=shop" / "ingestion_date=2025-01-01" / "orders.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(ORDERS)
    return path


def test_the_draft_goes_to_stdout_and_what_was_looked_at_to_stderr(pipeline: Pipeline, sample: Path) -> None:
    result = pipeline("contract", "init", "--name", "orders", str(sample.parents[2]))
    assert result.exit_code == 0
    assert result.out.startswith("# A draft from all 2 records in 1 object.")
    assert result.err.splitlines() == [
        "orders: 2 columns from all 2 records in 1 object",
        "key order_id: never null and different in all 2 records",
        "eventTime ordered_at",
    ]


def test_the_draft_in_a_file_passes_the_check(pipeline: Pipeline, sample: Path, tmp_path: Path) -> None:
    output = tmp_path / "orders.odcs.yaml"
    result = pipeline("contract", "init", "--name", "orders", "--output", str(output), str(sample))
    assert (result.exit_code, result.out) == (0, "")
    assert result.err.endswith(f"written to {output}; next: pipeline contract check {output}\n")
    checked = pipeline("contract", "check", str(output))
    assert checked.exit_code == 0
    assert checked.out == f"{output}: orders 0.1.0 -> curated_orders, 2 columns, 4 rules, key order_id\n"
    assert load_contract(output).source_system == "shop"


def test_a_file_that_exists_is_only_replaced_when_that_is_asked_for(
    pipeline: Pipeline, sample: Path, tmp_path: Path
) -> None:
    output = tmp_path / "orders.odcs.yaml"
    output.write_text("mine", encoding="utf-8")
    command = ("contract", "init", "--name", "orders", str(sample), "--output", str(output))
    refused = pipeline(*command)
    assert (refused.exit_code, refused.out) == (2, "")
    assert "exists and is left as it is; give another --output, or --replace to overwrite it" in refused.err
    assert output.read_text(encoding="utf-8") == "mine"
    assert pipeline(*command, "--replace").exit_code == 0
    assert load_contract(output).name == "orders"


def test_as_json_it_is_the_same_contract(pipeline: Pipeline, sample: Path, tmp_path: Path) -> None:
    output, converted = tmp_path / "orders.yaml", tmp_path / "orders.json"
    result = pipeline("contract", "init", "--name", "orders", str(sample), "--output", str(output), "--json")
    converted.write_text(result.out, encoding="utf-8")
    assert load_contract(converted) == load_contract(output)


def test_a_name_with_a_dash_has_a_table_without(pipeline: Pipeline, sample: Path, tmp_path: Path) -> None:
    output = tmp_path / "a.yaml"
    assert pipeline("contract", "init", "--name", "web-orders", "--output", str(output), str(sample)).exit_code == 0
    assert load_contract(output).table == "curated_web_orders"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("--name", "orders", "/nowhere"), 1, "no file or folder /nowhere"),
        (("--name", "Orders", "{sample}"), 1, "--name 'Orders' must be 1 to 64 lower-case letters"),
        (("--name", "orders", "{empty}"), 1, "no raw objects in "),
        (("--name", "orders", "{sample}", "--limit", "0"), 2, "--limit"),
        (("--name", "orders"), 2, "PATH..."),
        (("{sample}",), 2, "--name"),
        (("--name", "orders", "{sample}", "--output", "/nowhere/a.yaml"), 1, "/nowhere/a.yaml"),
    ],
)
def test_what_cannot_be_done_is_said(
    pipeline: Pipeline, sample: Path, tmp_path: Path, arguments: tuple[str, ...], exit_code: int, words: str
) -> None:
    (tmp_path / "empty").mkdir()
    filled = [argument.format(sample=sample, empty=tmp_path / "empty") for argument in arguments]
    result = pipeline("contract", "init", *filled)
    assert (result.exit_code, result.out) == (exit_code, "")
    assert words in result.err
    assert "Traceback" not in result.err


def test_the_draft_in_the_documentation_is_that_of_its_sample(pipeline: Pipeline, sample: Path) -> None:
    told = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8").partition("### What a draft says")[2]
    lines, draft = (told.split(f"```{language}\n")[1].split("```")[0] for language in ("json", "yaml"))
    sample.write_text(lines, encoding="utf-8")
    assert pipeline("contract", "init", "--name", "orders", str(sample)).out == draft


SHAPES = {
    **{name: public_shapes.lines(name) for name in public_shapes.LINES},
    "firehose_delivery": public_shapes.firehose_delivery(),
    "cloudtrail_delivery": public_shapes.cloudtrail_delivery(),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_draft_of_a_public_shape_is_usable_without_a_change(pipeline: Pipeline, tmp_path: Path, shape: str) -> None:
    content, output = SHAPES[shape], tmp_path / "a.yaml"
    sample = tmp_path / ("a.json.gz" if content.startswith(b"\x1f\x8b") else "a.json")
    sample.write_bytes(content)
    command = ("contract", "init", "--name", "events", "--source-system", "web", "--output", str(output), str(sample))
    result = pipeline(*command)
    assert (result.exit_code, result.err.count("\n")) == (0, 4)
    assert pipeline("contract", "check", str(output)).exit_code == 0

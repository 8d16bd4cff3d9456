import json
import shutil
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

from app import CONTRACTS, build
from config import ConfigurationError
from contract import ContractError
from tests.stacks.synthesis import ROOT, cdk_settings, synthesized

VARIATIONS = [
    (),
    ("environment=dev",),
    ("alert_emails=a@example.com",),
    ("region=eu-central-1", "account=123456789012"),
    ("region=cn-north-1",),
    ("glue_version=5.1",),
    ("kms=true",),
    ("kms=true", "late_data=false", "flex=true"),
    ("destroy_data=true", "confirm_destroy_data=true"),
]
STACKS = ("Data", "Pipeline", "Monitoring")


@pytest.fixture
def two_contracts(tmp_path: Path) -> Path:
    """A folder with the contract of the events and that of the access log."""
    shutil.copy(ROOT / "contracts" / "events.odcs.yaml", tmp_path)
    shutil.copy(ROOT / "tests" / "contracts" / "web_access.odcs.yaml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("variation", VARIATIONS, ids=" ".join)
def test_each_variation_synthesizes_without_a_finding_of_cdk_nag(variation: tuple[str, ...]) -> None:
    report = json.loads((synthesized(*variation).folder / "validation-report.json").read_text(encoding="utf-8"))
    assert report["pluginReports"] == []


def test_a_finding_of_cdk_nag_stops_the_synthesis() -> None:
    app = cdk.App(context=cdk_settings())
    build(app, CONTRACTS)
    data = cdk.Stack.of(app.node.find_child("Data"))
    sqs.Queue(data, "Plain")
    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.synth()


def test_all_variations_are_clean_for_cfn_lint() -> None:
    templates = [str(file) for item in VARIATIONS for file in sorted(synthesized(*item).folder.glob("*.template.json"))]
    assert len(templates) == len(STACKS) * len(VARIATIONS)
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    result = subprocess.run([linter, *templates], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (result.returncode, result.stdout) == (0, "")


def test_two_syntheses_are_the_same() -> None:
    first, second = (synthesized.__wrapped__() for _ in range(2))
    assert first.folder != second.folder
    for stack in STACKS:
        assert first.template(stack) == second.template(stack)


class TestSecondContract:
    def test_it_adds_its_own_resources_and_changes_no_other(self, two_contracts: Path) -> None:
        one, two = synthesized(), synthesized(contracts=two_contracts)
        for stack in STACKS:
            before, after = one.template(stack)["Resources"], two.template(stack)["Resources"]
            assert {name for name in before if after.get(name) != before[name]} == set()
            assert {name for name in set(after) - set(before) if not name.startswith("webaccess")} == set()

    def test_it_gets_everything_the_first_one_has(self, two_contracts: Path) -> None:
        two = synthesized(contracts=two_contracts)
        for stack in STACKS:
            kinds = {
                dataset: sorted(
                    resource["Type"]
                    for name, resource in two.template(stack)["Resources"].items()
                    if name.startswith(dataset)
                )
                for dataset in ("events", "webaccess")
            }
            assert kinds["events"] == kinds["webaccess"]
        names = {item["StateMachineName"] for item in two.properties("AWS::StepFunctions::StateMachine")}
        assert {"prod-web_access-pipeline", "prod-web_access-backfill"} <= names

    def test_no_export_depends_on_it_so_that_it_can_be_removed_again(self, two_contracts: Path) -> None:
        one, two = (item.template("Data")["Outputs"] for item in (synthesized(), synthesized(contracts=two_contracts)))
        assert one == two
        for stack in ("Pipeline", "Monitoring"):
            outputs = synthesized(contracts=two_contracts).template(stack).get("Outputs", {})
            assert not [output for output in outputs.values() if "Export" in output]


class TestContracts:
    def test_a_changed_rule_reaches_job_sensor_and_dashboard_only(self, tmp_path: Path) -> None:
        text = (ROOT / "contracts" / "events.odcs.yaml").read_text(encoding="utf-8")
        (tmp_path / "events.odcs.yaml").write_text(
            text.replace("mustBeLessOrEqualTo: 3", "mustBeLessOrEqualTo: 4"), encoding="utf-8"
        )
        one, two = synthesized(), synthesized(contracts=tmp_path)
        changed = {
            resource["Type"]
            for stack in STACKS
            for name, resource in one.template(stack)["Resources"].items()
            if two.template(stack)["Resources"][name] != resource
        }
        # The role names the contract's asset, whose key is its hash.
        assert changed == {"AWS::Glue::Job", "AWS::IAM::Role", "AWS::Lambda::Function", "AWS::CloudWatch::Dashboard"}

    def test_an_invalid_contract_stops_the_synthesis(self, tmp_path: Path) -> None:
        (tmp_path / "events.odcs.yaml").write_text("kind: DataContract\n", encoding="utf-8")
        with pytest.raises(ContractError, match=r"events\.odcs\.yaml"):
            synthesized(contracts=tmp_path)

    def test_a_folder_without_contracts_does_too(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="holds no contract"):
            synthesized(contracts=tmp_path)

    def test_two_contracts_of_one_dataset_are_refused(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            shutil.copy(ROOT / "contracts" / "events.odcs.yaml", tmp_path / f"{name}.odcs.yaml")
        with pytest.raises(
            ConfigurationError, match=r"b\.odcs\.yaml: dataset name 'events' is already that of a\.odcs"
        ):
            synthesized(contracts=tmp_path)


def test_the_stacks_know_no_emulator() -> None:
    sources = [ROOT / "app.py", ROOT / "config.py", *(ROOT / "stacks").rglob("*.py")]
    words = ("localhost", "127.0.0.1", "endpoint_url", "emulat", "local_cloud", "is_local")
    found = [
        (file.name, word) for file in sources for word in words if word in file.read_text(encoding="utf-8").lower()
    ]
    assert found == []

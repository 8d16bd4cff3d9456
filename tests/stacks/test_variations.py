import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

from app import CONTRACTS, build
from config import ConfigurationError, settings_from
from contract import ContractError
from deployed_dataset import load_datasets
from tests.stacks.synthesis import ROOT, STACKS, Synthesis, cdk_settings, synthesized, walk

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


@pytest.fixture
def two_contracts(tmp_path: Path) -> Path:
    """A folder with the contract of the events and that of the access log."""
    shutil.copy(ROOT / "contracts" / "events.odcs.yaml", tmp_path)
    shutil.copy(ROOT / "tests" / "contracts" / "web_access.odcs.yaml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("variation", VARIATIONS, ids=" ".join)
def test_each_variation_synthesizes_without_a_finding_of_cdk_nag(variation: tuple[str, ...]) -> None:
    assert findings(*variation) <= {"Annotation::data-pipeline:NobodyIsTold"}


def findings(*variation: str) -> set[str]:
    report = json.loads((synthesized(*variation).folder / "validation-report.json").read_text(encoding="utf-8"))
    return {violation["ruleName"] for plugin in report["pluginReports"] for violation in plugin["violations"]}


@pytest.mark.parametrize(
    ("variation", "warned"),
    [((), True), (("alert_emails=a@example.com",), False), (("environment=dev",), False)],
    ids=["nobody", "somebody", "dev"],
)
def test_production_without_an_address_for_alerts_is_warned_of(variation: tuple[str, ...], *, warned: bool) -> None:
    assert ("Annotation::data-pipeline:NobodyIsTold" in findings(*variation)) is warned


def test_a_finding_of_cdk_nag_stops_the_synthesis() -> None:
    app = cdk.App(context=cdk_settings())
    build(app, CONTRACTS)
    data = cdk.Stack.of(app.node.find_child("Data"))
    sqs.Queue(data, "Plain")
    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.synth()


def test_all_variations_are_clean_for_cfn_lint() -> None:
    templates = [str(file) for item in VARIATIONS for file in sorted(synthesized(*item).folder.glob("*.template.json"))]
    assert len(templates) == 2 * len(STACKS) * len(VARIATIONS)
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    result = subprocess.run([linter, *templates], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("variation", [(), ("region=cn-north-1",), ("region=us-gov-west-1", "kms=true")], ids=" ".join)
def test_no_arn_names_a_partition_but_that_of_its_region(variation: tuple[str, ...]) -> None:
    named = [
        value
        for template in synthesized(*variation).templates.values()
        for value in walk(template)
        if isinstance(value, str) and "arn:aws:" in value
    ]
    assert named == []


def test_two_syntheses_are_the_same() -> None:
    first, second = (synthesized.__wrapped__() for _ in range(2))
    assert first.folder != second.folder
    assert first.templates == second.templates


class TestSecondContract:
    def test_it_adds_stacks_of_its_own_and_changes_no_other(self, two_contracts: Path) -> None:
        one, two = synthesized().templates, synthesized(contracts=two_contracts).templates
        assert set(two) - set(one) == {"Data/web_access", "Pipeline/web_access"}
        for path in ("Data/events", "Pipeline/events"):
            assert one[path] == two[path]
        for path in STACKS:
            added = {name for name in two[path]["Resources"] if name not in one[path]["Resources"]}
            assert [two[path]["Resources"][name]["Type"] for name in added] == ["AWS::CloudFormation::Stack"]
            assert one[path] == {**two[path], "Resources": without(two[path]["Resources"], added)}

    def test_it_gets_everything_the_first_one_has(self, two_contracts: Path) -> None:
        two = synthesized(contracts=two_contracts)
        for stack in STACKS:
            first, second = (
                sorted(resource["Type"] for resource in two.templates[f"{stack}/{dataset}"]["Resources"].values())
                for dataset in ("events", "web_access")
            )
            assert first == second
        names = {item["StateMachineName"] for item in two.properties("AWS::StepFunctions::StateMachine")}
        assert {"prod-web_access-pipeline", "prod-web_access-backfill"} <= names


def without(resources: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: resource for name, resource in resources.items() if name not in names}


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    folder = tmp_path_factory.mktemp("sixty")
    for number in range(60):
        shop_dataset(folder, f"shop_{number:02}")
    return synthesized.__wrapped__(contracts=folder)


class TestManyContracts:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    MOST_RESOURCES, MOST_BYTES = 500, 1_000_000

    def test_no_template_comes_near_the_limits_of_cloudformation(self, sixty: Synthesis) -> None:
        assert len(sixty.templates) == len(STACKS) * 61
        for template in sixty.templates.values():
            assert len(template["Resources"]) <= self.MOST_RESOURCES / 5
            assert len(json.dumps(template)) <= self.MOST_BYTES / 5

    def test_more_than_one_operation_creates_are_told_of(self, sixty: Synthesis) -> None:
        for synthesis, told in ((sixty, True), (synthesized(), False)):
            metadata = (synthesis.folder / "Pipeline.metadata.json").read_text(encoding="utf-8")
            assert ("60 datasets: CloudFormation creates or deletes" in metadata) is told

    def test_what_is_shared_is_there_once(self, sixty: Synthesis) -> None:
        for stack in STACKS:
            shared = without(synthesized().templates[stack]["Resources"], {nested_stack(synthesized(), stack)})
            assert {name: sixty.templates[stack]["Resources"][name] for name in shared} == shared
        code = [item["Code"] for item in sixty.properties("AWS::Lambda::Function", stack="Pipeline/shop_59")]
        assert code
        assert all(item == code[0] for item in code)


def nested_stack(synthesis: Synthesis, stack: str) -> str:
    (name,) = synthesis.resources("AWS::CloudFormation::Stack", stack=stack)
    return name


def shop_dataset(folder: Path, name: str) -> None:
    """Write the contract of the events under another name and table."""
    text = (ROOT / "contracts" / "events.odcs.yaml").read_text(encoding="utf-8")
    for line in ("id: events", "name: events", "element: events"):
        text = text.replace(f"{line}\n", f"{line.partition(':')[0]}: {name}\n")
    (folder / f"{name}.odcs.yaml").write_text(text.replace("curated_events", f"curated_{name}"), encoding="utf-8")


def test_the_longest_name_of_a_dataset_leaves_every_name_within_its_limit(tmp_path: Path) -> None:
    shop_dataset(tmp_path, "s" * 64)
    synthesis = synthesized(contracts=tmp_path)
    for kind, name, longest in (
        ("AWS::Lambda::Function", "FunctionName", 64),
        ("AWS::SQS::Queue", "QueueName", 80),
        ("AWS::StepFunctions::StateMachine", "StateMachineName", 80),
        ("AWS::CloudWatch::Alarm", "AlarmName", 255),
        ("AWS::Glue::Job", "Name", 255),
    ):
        names = [item[name] for item in synthesis.properties(kind)]
        assert names
        assert len(set(names)) == len(names)
        assert max(map(len, names)) <= longest
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    for role in synthesis.properties("AWS::IAM::Role"):
        assert len(json.dumps(role["Policies"])) < 10_240


class TestContracts:
    def test_a_changed_rule_reaches_job_sensor_and_dashboard_only(self, tmp_path: Path) -> None:
        text = (ROOT / "contracts" / "events.odcs.yaml").read_text(encoding="utf-8")
        (tmp_path / "events.odcs.yaml").write_text(
            text.replace("mustBeLessOrEqualTo: 3", "mustBeLessOrEqualTo: 4"), encoding="utf-8"
        )
        one, two = synthesized(), synthesized(contracts=tmp_path)
        changed = {
            resource["Type"]
            for path in ("Data/events", "Pipeline/events")
            for name, resource in one.templates[path]["Resources"].items()
            if two.templates[path]["Resources"][name] != resource
        }
        assert changed == {"AWS::Glue::Job", "AWS::Lambda::Function", "AWS::CloudWatch::Dashboard"}

    def test_an_invalid_contract_stops_the_synthesis(self, tmp_path: Path) -> None:
        (tmp_path / "events.odcs.yaml").write_text("kind: DataContract\n", encoding="utf-8")
        with pytest.raises(ContractError, match=r"events\.odcs\.yaml"):
            synthesized(contracts=tmp_path)

    def test_a_folder_without_contracts_does_too(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="holds no contract"):
            synthesized(contracts=tmp_path)

    @pytest.mark.parametrize("name", ["web.yaml", "web.yml", "Web.ODCS.YAML", "web.Odcs.json", "web.odcs.yaml.yml"])
    def test_a_contract_that_its_name_would_leave_out_is_refused(self, two_contracts: Path, name: str) -> None:
        (two_contracts / "web_access.odcs.yaml").rename(two_contracts / name)
        with pytest.raises(ConfigurationError, match=f"{re.escape(name)} would not be deployed"):
            synthesized(contracts=two_contracts)

    @pytest.mark.parametrize("name", ["contracts.lock", "events.odcs.yaml.json", "notes.md", ".hidden.yaml"])
    def test_other_files_may_lie_beside_them(self, tmp_path: Path, name: str) -> None:
        shutil.copy(ROOT / "contracts" / "events.odcs.yaml", tmp_path)
        (tmp_path / name).write_text("{}", encoding="utf-8")
        assert [dataset.name for dataset in load_datasets(settings_from({}), tmp_path)] == ["events"]

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

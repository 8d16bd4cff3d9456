"""`pipeline doctor` where AWS answers in another form than anybody expects; what it finds is tested in tests/local."""

from collections.abc import Callable
from typing import Any

import pytest

from cli import deployed_contract, doctor
from cli.deployment import Deployment
from cli.findings import RIGHT, WRONG
from config import ENVIRONMENTS
from deployed_dataset import Dataset as DeployedNames
from tests.unit.shop import CONTRACT

CHECKS = {
    *("bucket", "job", "functions", "state machines", "contract", "permissions", "schedule", "late data"),
    *("alert topic", "dead letters", "alarms", "table", "partitions", "days"),
}
ODD_ANSWERS: list[Any] = [None, {}, [], [{}], [None], "", {"Job": None}, {"Environment": {}}, 7]


def always(answer: Any) -> Callable[..., Any]:
    return lambda *_args, **_request: answer


@pytest.mark.parametrize("answer", ODD_ANSWERS, ids=repr)
def test_an_answer_of_another_form_is_not_taken_for_right_and_ends_nothing(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed_contract, "ask", always(answer))
    for name in ("ask", "pages", "messages_in", "denied_to", "open_dataset", "GlueCatalog"):
        monkeypatch.setattr(doctor, name, always(answer))
    deployment = Deployment(
        names=DeployedNames(CONTRACT, ENVIRONMENTS["prod"]), contract="events", bucket="data", database="db",
        workgroup="queries", partition="aws", region="eu-central-1", account="111122223333",
    )  # fmt: skip
    findings = doctor.examine(deployment, command=lambda words: f"pipeline {words}")
    assert {finding.check for finding in findings} == CHECKS
    assert {finding.check for finding in findings if finding.state == RIGHT} <= {
        "dead letters",
        "functions",
        "late data",
    }
    assert all(finding.says for finding in findings if finding.state != WRONG)

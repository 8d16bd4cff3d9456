"""Commands that plan by the contract which is here find out that another one is deployed."""

from typing import Any

import pytest

from cli import questions
from cli.deployed_contract import require_same_contract
from cli.errors import CommandFailed
from cli.options import Call
from cli.output import Output
from core.errors import AccessDenied
from tests.unit.pipeline_command import Pipeline
from tests.unit.shop import CONTRACT, DAY
from tests.unit.test_overview import DEPLOYMENT


def answering(monkeypatch: pytest.MonkeyPatch, answer: dict[str, str] | Exception) -> list[str]:
    asked: list[str] = []

    def ask(*_: object, FunctionName: str) -> Any:  # noqa: N803  as AWS has it
        asked.append(FunctionName)
        if isinstance(answer, Exception):
            raise answer
        return {"Environment": {"Variables": answer}}

    monkeypatch.setattr(questions, "ask", ask)
    return asked


def test_the_same_one_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, {"CONTRACT_CHECKSUM": CONTRACT.checksum})
    require_same_contract(DEPLOYMENT, Output(as_json=False))
    assert asked == ["prod-events-sensor"]


@pytest.mark.parametrize("variables", [{"CONTRACT_CHECKSUM": "another"}, {}])
def test_another_one_is_refused_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    answering(monkeypatch, variables)
    with pytest.raises(
        CommandFailed, match=r"the deployed contract of events is not that of events, .* cdk deploy --all"
    ):
        require_same_contract(DEPLOYMENT, Output(as_json=False))


def test_who_may_not_see_it_is_told_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, AccessDenied("may not lambda:GetFunctionConfiguration"))
    require_same_contract(DEPLOYMENT, Output(as_json=False))
    said = capsys.readouterr().out
    assert said == (
        "not checked whether the deployed contract is the one here: may not lambda:GetFunctionConfiguration\n"
    )


def test_variables_that_the_caller_may_not_decrypt_are_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = {"Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no kms:Decrypt"}}}
    monkeypatch.setattr(questions, "ask", lambda *_, **__: hidden)
    require_same_contract(DEPLOYMENT, Output(as_json=False))
    assert "the variables of prod-events-sensor cannot be read: no kms:Decrypt" in capsys.readouterr().out


def test_it_is_asked_once_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, {"CONTRACT_CHECKSUM": CONTRACT.checksum})
    call = Call(as_json=False, contract="events", environment=None)
    vars(call)["deployment"] = DEPLOYMENT
    call.require_deployed_contract()
    call.require_deployed_contract()
    assert len(asked) == 1


@pytest.mark.parametrize(
    "command",
    [
        ("accept", str(DAY), "--reason", "x"),
        ("replay", str(DAY)),
        ("replay", str(DAY), "--from", "file"),
        ("backfill", "--outdated"),
        ("backfill", str(DAY), str(DAY), "--dry-run"),
        ("erase", "--column", "user_id", "--value", "ann", "--dry-run"),
    ],
    ids=" ".join,
)
def test_commands_that_take_from_it_what_the_job_would_do_ask(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def refuse(_call: Call) -> None:
        raise CommandFailed("another contract is deployed")

    monkeypatch.setattr(Call, "require_deployed_contract", refuse)
    result = pipeline(*command)
    assert (result.exit_code, "another contract is deployed" in result.err) == (1, True)

"""What planning asks Java for: each question costs as much as the function it is about."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from curation.composing import let
from curation.session import open_session

_LOOKS_UP = "r"  # Py4J's command that asks whether there is a class, or a method in it
_LAMBDAS = "org.apache.spark.sql.catalyst.expressions."  # PySpark 3.5 asks for the classes in here, at each lambda


def test_java_is_asked_for_a_function_once(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    open_session("tests")
    client = spark._jvm._gateway_client  # type: ignore[union-attr]  # noqa: SLF001
    sent: list[list[str]] = []
    send = client.send_command

    def recorded(command: str, *args: object, **kwargs: object) -> object:
        sent.append(command.split("\n"))
        return send(command, *args, **kwargs)

    def plan() -> None:
        value = let(F.concat_ws("-", "id", F.lit("x")), lambda text: F.when(text.isin("1-x"), ~text.contains("y")))
        assert spark.range(2).select(value.alias("found")).collect()[1]["found"]

    plan()
    open_session("tests")
    monkeypatch.setattr(client, "send_command", recorded)
    plan()
    assert len(sent) > 20
    assert [about for kind, _, about, *_ in sent if kind == _LOOKS_UP and not about.startswith(_LAMBDAS)] == []

"""Contracts with many columns, and columns that are made of each other: what Spark is given stays small enough."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from curation.composing import all_of, any_of
from curation.framing import Frame
from curation.parsing import malformed_lines
from curation.reasons import explanation
from curation.session import open_session
from tests.spark.test_mapping import INTEGER, STRING, mapped


def one_line(spark: SparkSession, text: str) -> DataFrame:
    open_session("large")
    return spark.createDataFrame([(text,)], "_line string")


def test_several_conditions_are_one(spark: SparkSession) -> None:
    no, yes = F.col("_line") == "y", F.col("_line") == "x"
    found = one_line(spark, "x").select(
        any_of([]), any_of([yes]), any_of([no]), any_of([no, no, no]), any_of([no, no, yes, no]),
        all_of([]), all_of([yes]), all_of([no]), all_of([yes, yes, yes]), all_of([yes, yes, no, yes]),
    )  # fmt: skip
    assert found.collect() == [(False, True, False, False, True, True, True, False, True, False)]


def test_hundreds_of_columns_are_less_deep_than_the_stack(spark: SparkSession) -> None:
    contract = mapped(*({"name": f"value_{number}", **STRING} for number in range(400)))
    found = malformed_lines(one_line(spark, "{}"), contract, Frame(), refused_too=True)
    assert "line_bytes" in found.columns  # Spark has read through all conditions


def test_a_malformed_line_is_parsed_as_often_however_many_texts_it_may_have(spark: SparkSession) -> None:
    def parses(texts: int) -> int:
        contract = mapped({"name": "number", **INTEGER}, *({"name": f"text_{text}", **STRING} for text in range(texts)))
        plan = one_line(spark, "{}").select(explanation(contract))._jdf.queryExecution().analyzed()  # noqa: SLF001
        return int(plan.toString().count("from_json"))

    assert 0 < parses(texts=5) == parses(texts=50)


def test_columns_made_of_each_other_stand_in_the_plan_once_for_each_use(spark: SparkSession) -> None:
    length = 8
    links = [
        {"name": f"link_{number}", **STRING, "transformLogic": f"reverse(link_{number - 1} || link_{number - 1})"}
        for number in range(1, length + 1)
    ]
    contract = mapped({"name": "link_0", **STRING}, {"name": "other", **INTEGER}, *links)
    found = malformed_lines(one_line(spark, '{"n":1,"other":"x"}'), contract, Frame(), refused_too=True)
    plan = found._jdf.queryExecution().optimizedPlan().toString()  # noqa: SLF001
    assert plan.count("reverse(") < 3 * length  # and not twice as many with each link
    assert found.count() == 1

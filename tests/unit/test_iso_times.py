"""What a contract may list as a date or time is what rows may hold."""

from contract.iso_times import date_of, moment_of
from contract.values import value_problem
from tests.spark.time_cases import meaning, texts


def test_a_listed_time_has_the_forms_and_the_moments_of_rows() -> None:
    wrong = [text for text in texts() if moment_of(text) != meaning(text)]
    assert wrong == []
    assert [text for text in texts() if (value_problem(text, "timestamp") is None) != (meaning(text) is not None)] == []


def test_a_listed_day_has_the_one_form_of_rows() -> None:
    days = {text for text in texts() if len(text) == len("2025-01-01") and meaning(text)}
    assert {text for text in texts() if date_of(text) is not None} == days
    assert {text for text in texts() if value_problem(text, "date") is None} == days


def test_a_number_that_no_float_can_hold_is_no_value_of_one() -> None:
    assert value_problem(3.4028234e38, "float") is None
    assert value_problem(1e39, "double") is None
    assert value_problem(-1e39, "float") == "-1e+39 is not a value of type float"

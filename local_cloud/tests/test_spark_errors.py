import pytest

from local_cloud.spark_run import error_message

LAST_LINE = '{"time": "2025-01-03T02:15:04.120+00:00", "level": "INFO", "message": "listed 1 objects"}'
TRACE = 'Traceback (most recent call last):\n  File "job.py", line 1\ncore.errors.GateFailed: 2025-01-02: no\n'


@pytest.mark.parametrize("code", [-9, 137])
def test_a_killed_script_has_no_last_words(code: int) -> None:
    assert error_message(LAST_LINE, code=code) == "Command failed with exit code 137"


@pytest.mark.parametrize("code", [1, 137])
def test_a_script_that_said_why_is_believed(code: int) -> None:
    assert error_message(f"{LAST_LINE}\n{TRACE}", code=code) == "GateFailed: 2025-01-02: no"


def test_a_script_that_ended_with_a_line_is_shown_by_it() -> None:
    assert error_message("usage: job", code=2) == "usage: job"

"""The person who is erased: `pipeline erase` for their value, and dates that they are in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from tests.unit.club import DAY, Club, visit
from tests.unit.pipeline_command import Pipeline

ZORRO = "zorro-4711"
OTHER_DAY = date(2025, 1, 2)


class Erase:
    """The command for one value, and that it never says the value."""

    def __init__(self, pipeline: Pipeline, value: str = ZORRO, column: str = "user_id") -> None:
        self._pipeline, self._value, self._column = pipeline, value, column

    def __call__(self, *options: str, exit_code: int = 0) -> str:
        result = self._pipeline("erase", "--column", self._column, "--value", self._value, *options)
        assert result.exit_code == exit_code, result
        assert self._value not in result.out + result.err
        return result.out + result.err


def others(count: int = 5) -> list[Mapping[str, Any]]:
    return [visit(f"v{number}", f"other-{number}") for number in range(count)]


def published(club: Club, day: date = DAY) -> None:
    """Publish a date twice, with rows, a duplicate and malformed lines of the person among those of others."""
    persons = [visit("z1", ZORRO), visit("z1", ZORRO, note="twice"), visit("z2", None, userId=ZORRO)]
    broken = [f'{{"visit": "z3", "user_id": "{ZORRO}"', '{"visit": "v9", "user_id": "other-9']
    club.put(*others(), *persons, *broken, day=day)
    club.put(*persons, '{"visit": "z4", "user_id": "\\u007aorro\\u002d4711"}', name="b.json.gz", day=day)
    assert club.run(day)["status"] == "published"
    assert club.run(day, force=True)["status"] == "published"

"""What one run counted. Plain values, so that the gate and the metrics can be reasoned about without Spark."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Counts:
    """Counts of one run. All but `rows_read` and `rows_quarantined` are over the rows that parsed, duplicates included.

    `by_rule` is each rule's count by rule id; `distributions` count each listed valid value by column and value;
    `lines_to_read_again` are those among the quarantined whose text did not come along.
    """

    rows_read: int
    rows_quarantined: int
    lines_to_read_again: int
    duplicates_removed: int
    rows_on_other_days: int | None
    first_event: datetime | None
    last_event: datetime | None
    nulls: Mapping[str, int]
    distributions: Mapping[str, Mapping[str, int]]
    by_rule: Mapping[str, int]
    rows_looked_at_for_fields: int
    rows_with_unknown_fields: int
    unknown_fields: tuple[str, ...]

    @property
    def rows_parsed(self) -> int:
        """Rows that became typed rows: the base of all rates."""
        return self.rows_read - self.rows_quarantined

    @property
    def rows_kept(self) -> int:
        """Rows that belong into the written version."""
        return self.rows_parsed - self.duplicates_removed

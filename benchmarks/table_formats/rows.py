"""The rows that are published: the columns of the sample contract, a hundred to a date; it knows no table format."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

_TEXTS: Final = ("event_id", "event_type", "user_id", "item_id", "currency", "session_id", "device")
SCHEMA: Final = pa.schema(
    [
        *[(name, pa.string()) for name in _TEXTS],
        ("event_ts", pa.timestamp("us", tz="UTC")),
        ("quantity", pa.int32()),
        ("price", pa.decimal128(12, 2)),
        ("properties", pa.map_(pa.string(), pa.string())),
        ("ingestion_date", pa.string()),
    ]
)
_FIRST: Final = date(2016, 1, 1)


def days(count: int) -> list[str]:
    """Return consecutive dates from 2016-01-01 on."""
    return [str(_FIRST + timedelta(days=number)) for number in range(count)]


def day_rows(day: str, *, count: int = 100) -> pa.Table:
    """Return rows of one date; their number tells one version from another."""
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    columns: dict[str, list[Any]] = {name: [f"{name}-{number}" for number in range(count)] for name in _TEXTS}
    columns |= {
        "event_ts": [moment + timedelta(seconds=number) for number in range(count)],
        "quantity": [*range(count)],
        "price": [Decimal(number) for number in range(count)],
        "properties": [[("page", str(number))] for number in range(count)],
        "ingestion_date": [day] * count,
    }
    return pa.table(columns, schema=SCHEMA)

"""Own what one sample event looks like, and how it looks when its client sends it again.

It must not know which rows of a day are defective, nor where they are written.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from datetime import UTC, date, datetime, timedelta

Event = dict[str, str]
"""One event as column name -> JSON text of the value, so that a defect is one replaced entry."""

FUNNEL = {"login": 18, "view_item": 62, "add_to_cart": 14, "purchase": 6}
HOURLY_LOAD = (3, 2, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 13, 12, 10, 10, 11, 13, 16, 19, 20, 17, 11, 6)
TWO_DIGITS = tuple(f"{n:02d}" for n in range(60))
THREE_DIGITS = tuple(f"{n:03d}" for n in range(1_000))
MINUTES = tuple(f"{hour}:{minute}" for hour in TWO_DIGITS[:24] for minute in TWO_DIGITS)
MINUTE_LOAD = tuple(itertools.accumulate(load for load in HOURLY_LOAD for _ in range(60)))
USERS = 200_000
PLACES = (("DE", "EUR"), ("FR", "EUR"), ("US", "USD"), ("GB", "GBP"), ("ES", "EUR"), ("US", "USD"), ("IT", "EUR"))
DEVICES = ("ios", "android", "web", "android", "web")
ITEMS = tuple((f'"item-{n:05d}"', f"{(n * 7919 % 19_900 + 99) / 100:.2f}") for n in range(2_000))
EXTRA_PROPERTIES = tuple(
    "".join(combination)
    for combination in itertools.product(
        ("", ',"app_version":"5.2.1"', ',"app_version":"5.3.0"'),
        ("", ',"referrer":"search"', ',"referrer":"newsletter"'),
        ("", "", ',"campaign":"frühling"'),
    )
)


def stream(seed: int, *names: object) -> random.Random:
    """Return the random stream of these names, the same in every process and for every hash seed."""
    key = "/".join(map(str, (seed, *names)))
    return random.Random(int.from_bytes(hashlib.sha256(key.encode()).digest(), "big"))


def draw_events(rng: random.Random, day: date, count: int) -> list[Event]:
    """Draw clean events of one day, in no particular order of time."""
    minutes = rng.choices(range(24 * 60), cum_weights=MINUTE_LOAD, k=count)
    event_types = rng.choices(tuple(FUNNEL), weights=tuple(FUNNEL.values()), k=count)
    text = day.isoformat()
    return [_draw_event(rng, text, minute, kind) for minute, kind in zip(minutes, event_types, strict=True)]


def _draw_event(rng: random.Random, day: str, minute: int, event_type: str) -> Event:
    uniform = rng.random
    # The square makes few users, items and quantities frequent and most of them rare.
    user = int(USERS * uniform() ** 2)
    country, currency = PLACES[user % len(PLACES)]
    second, millisecond = divmod(int(uniform() * 60_000), 1_000)
    item_id = quantity = price = "null"
    if event_type != "login":
        item_id, price = ITEMS[int(len(ITEMS) * uniform() ** 2)]
        quantity = "1" if event_type == "view_item" else f"{1 + int(5 * uniform() ** 2)}"
    return {
        "event_id": f'"{rng.randbytes(16).hex()}"',
        "event_type": f'"{event_type}"',
        "user_id": f'"user-{USERS + user}"',
        "event_ts": f'"{day}T{MINUTES[minute]}:{TWO_DIGITS[second]}.{THREE_DIGITS[millisecond]}Z"',
        "item_id": item_id,
        "quantity": quantity,
        "price": price,
        "currency": "null" if event_type == "login" else f'"{currency}"',
        "session_id": f'"s{user * 7_919 % 999_983}-{day}-{minute // 60}"',
        "device": f'"{DEVICES[user % len(DEVICES)]}"',
        "properties": f'{{"country":"{country}"{EXTRA_PROPERTIES[int(uniform() * len(EXTRA_PROPERTIES))]}}}',
    }


COLUMNS = tuple(draw_events(stream(0), date(2025, 1, 1), 1)[0])


def render(event: Event) -> str:
    """Return the event as one line of compact JSON, without the line end."""
    return "{" + ",".join([f'"{name}":{value}' for name, value in event.items()]) + "}"


def resend(event: Event, variant: int) -> Event:
    """Return the event as its client sent it again: the same event_id, on the same day.

    Every second variant comes later, the others at the same time; two in four differ in content.
    """
    changes = {}
    comes_later, differs = variant % 2 == 1, variant // 2 % 2 == 1
    if comes_later:
        changes["event_ts"] = _later_on_same_day(event["event_ts"], seconds=1 + variant % 600)
    if differs:
        changes["properties"] = '{"country":"DE","resent":"true"}'
    return event | changes


def _later_on_same_day(event_ts: str, *, seconds: int) -> str:
    before = datetime.fromisoformat(json.loads(event_ts)).astimezone(UTC)
    day_end = before.replace(hour=23, minute=59, second=59, microsecond=999_000)
    # Compare the distance: adding first would overflow on the last day of the calendar.
    after = before + min(timedelta(seconds=seconds), day_end - before)
    return f'"{after.replace(tzinfo=None).isoformat(timespec="milliseconds")}Z"'

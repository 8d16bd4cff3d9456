"""Many dates of a shop with a weekly season and odd days, as records and metrics that runs would have left behind."""

import json
import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from core.checks import Baseline, Check, evaluate
from core.documents import as_documents
from core.prices import Cost
from core.rejections import RejectedLines, rejected_lines
from tests.unit.shop import CONTRACT, COUNTS, DAY, START, Shop

EVENT_TYPES: Final = ("view_item", "login", "add_to_cart", "purchase")
SHARES: Final = (0.62, 0.2, 0.12, 0.06)
# Days of the season, by number.
FAILED, ROLLED_BACK, MISSING, ACCEPTED, MENDED = 12, 27, 33, 40, 48


class Season:
    """Writes one date after the other; the same seed gives the same dates."""

    def __init__(self, shop: Shop, *, seed: int = 7) -> None:
        self.shop, self._random = shop, random.Random(seed)

    def write(self, days: int, **hostile: Any) -> list[date]:
        dates = [DAY + timedelta(days=number) for number in range(days)]
        for number, day in enumerate(dates):
            if number != MISSING:
                self._write_date(number, day, **hostile)
        return dates

    def _write_date(self, number: int, day: date, **hostile: Any) -> None:
        nulls = 4.4 if number in (FAILED, MENDED) else 1 + self._random.random()
        if number == FAILED:
            self._run(number * 10, number, day, nulls, **hostile)
            return
        if number == MENDED:
            self._run(number * 10, number, day, nulls, **hostile)
            nulls = 1.2
        if number == ROLLED_BACK:
            self._run(number * 10, number, day, nulls, **hostile)
            self._run(number * 10 + 1, number, day, nulls, **hostile)
            self.shop.publications.rollback(day, None, now=START + timedelta(days=number))
            return
        self._run(number * 10 + 2, number, day, nulls, **hostile)

    def _run(self, at: int, number: int, day: date, nulls: float, **hostile: Any) -> None:
        weekend = 0.7 if day.weekday() >= 5 else 1.0
        rows = round(20_000 * weekend * (1 + number / 300) * self._random.uniform(0.97, 1.03))
        rows = rows // 3 if number == ACCEPTED else rows
        quarantined, duplicates = self._random.randint(0, 60), round(rows * self._random.uniform(0.003, 0.008))
        parsed = rows - quarantined
        counts = replace(
            COUNTS,
            rows_read=rows,
            rows_quarantined=quarantined,
            duplicates_removed=duplicates,
            nulls=dict(COUNTS.nulls) | {"user_id": round(parsed * nulls / 100)},
            distributions={"event_type": self._shares(parsed, **hostile)},
            by_rule={
                **dict(COUNTS.by_rule),
                "total_rows": parsed,
                "user_id_null_rate": round(parsed * nulls / 100),
                "event_id_duplicates": duplicates,
            },
        )
        checks = evaluate(CONTRACT.rules, counts, max_malformed_percent=CONTRACT.max_malformed_percent)
        checks.append(self._usual(rows, weekend, number))
        hard = [check for check in checks if not check.passed and check.severity == "error"]
        is_accepted = number == ACCEPTED
        if not hard or is_accepted:
            self.shop.publish(at, day=day, rows=parsed - duplicates)
            status, message = "published", None
        else:
            status = "gate_failed"
            message = f"{day}: {hard[0].sentence()}; report s3://x; fix the source, then: pipeline run {day}"
            self.shop.note(at, day=day, status=status, counts=counts, message=message)
        self._amend(at, number, day, counts=counts, checks=checks, message=hostile.get("message", message))

    def _usual(self, rows: int, weekend: float, number: int) -> Check:
        usual = 20_000 * weekend * (1 + number / 300)
        limit = (round(usual * 0.88), round(usual * 1.12))
        return Check(
            "rows_usual", "rowCount", None, "mustBeBetween", limit, "rows", rows, "error",
            passed=limit[0] <= rows <= limit[1], baseline=Baseline(min(number, 56), None),
        )  # fmt: skip

    def _shares(self, parsed: int, **hostile: Any) -> dict[str, int]:
        names = hostile.get("values", EVENT_TYPES)
        weights = [share * self._random.uniform(0.9, 1.1) for share in SHARES]
        return {name: round(parsed * weight / sum(weights)) for name, weight in zip(names, weights, strict=True)}

    def _amend(self, at: int, number: int, day: date, *, counts: Any, checks: list[Check], message: str | None) -> None:
        """Let record and metrics of a run have the season's numbers."""
        run_id = self.shop.run_id(at)
        key = self.shop.root / self.shop.paths.metrics_key(day, run_id)
        metrics = json.loads(key.read_bytes())
        totals = {
            "rows_read": counts.rows_read, "rows_written": counts.rows_kept,
            "duplicates_removed": counts.duplicates_removed, "rows_quarantined": counts.rows_quarantined,
        }  # fmt: skip
        metrics |= totals | {
            "message": message,
            "checks": as_documents(checks),
            "cost": Cost(600.0 + number, 0.05 + number / 1000).document(),
            "rejected_lines": as_documents(self._rejected(counts.rows_quarantined, day)),
            "accepted": self._acceptance(run_id) if number == ACCEPTED else None,
        }
        metrics["contract"]["version"] = "1.0.0" if number < 30 else "1.1.0"
        metrics["columns"]["event_type"]["distribution"] = counts.distributions["event_type"]
        key.write_text(json.dumps(metrics))
        record = self.shop.root / self.shop.paths.publication_key(day)
        if record.exists():
            document = json.loads(record.read_bytes())
            for version in (document["current"], *document["previous"]):
                if version["run_id"] == run_id:
                    version.update(totals)
                    version["contract"]["version"] = metrics["contract"]["version"]
            record.write_text(json.dumps(document))

    def _rejected(self, lines: int, day: date) -> tuple[RejectedLines, ...]:
        place = f"raw/source_system=app/ingestion_date={day}/events.json"
        price = rejected_lines(
            "price is not decimal(12,2)",
            lines - lines // 3,
            example='{"event_id": "e7", "price": "free"}',
            object_=place,
        )
        cut = rejected_lines("not one JSON object: cut off", lines // 3, example='{"event_id": "e9', object_=place)
        return tuple(item for item in (price, cut) if item.lines)

    @staticmethod
    def _acceptance(run_id: str) -> dict[str, Any]:
        at = datetime(2025, 2, 10, tzinfo=START.tzinfo).isoformat()
        reason = "a public holiday, confirmed by the shop"
        return {"run_id": run_id, "checks": ["rows_usual"], "reason": reason, "accepted_by": "ann", "accepted_at": at}

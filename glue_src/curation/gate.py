"""The gate: whether a written version may be published, by the contract's checks and by what people accept.

Reads what earlier dates were like; must not change anything.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contract import DataContract
from core.acceptances import Acceptance, read_acceptance
from core.anomalies import COLUMN_METRICS, NotJudged, find_anomalies
from core.checks import Check, evaluate, failures, only_odd
from core.forecasts import HISTORY_DAYS
from core.history import History
from core.layout import DatasetPaths
from core.ports import Store
from core.publication import Publication, RunInput
from core.publishing import Publications
from curation.version import Counts, WrittenVersion

log = logging.getLogger("pipeline")


@dataclass(frozen=True)
class Verdict:
    """What the checks came to. The version may be published when nothing failed, or people accept what did."""

    checks: list[Check]
    not_judged: list[NotJudged]
    problems: list[str]
    acceptance: Acceptance | None

    @property
    def failed(self) -> list[Check]:
        """The checks that keep the version from being published."""
        return [] if self.acceptance else failures(self.checks, severity="error")

    @property
    def could_be_accepted(self) -> bool:
        """Whether all that failed is odd, and breaks no rule."""
        return only_odd(self.failed)


@dataclass(frozen=True)
class Gate:
    """The checks of one dataset."""

    contract: DataContract
    store: Store
    paths: DatasetPaths
    publications: Publications

    def judge(self, day: date, written: WrittenVersion, run_input: RunInput, over: Publication | None) -> Verdict:
        """Evaluate every check of a written version that is to be published over a record.

        Raises:
            PipelineError: when a record of an earlier date or an acceptance cannot be read.
        """
        counts, limit = written.counts.without_replaced(), self.contract.max_malformed_percent
        counted = [rule for rule in self.contract.rules if rule.id not in written.not_counted]
        checks = evaluate(counted, counts, max_malformed_percent=limit)
        anomalies, not_judged, problems = self._anomalies(day, counts)
        checks += anomalies
        not_judged += [NotJudged(rule_id, reason) for rule_id, reason in written.not_counted.items()]
        failed = failures(checks, severity="error")
        return Verdict(checks, not_judged, problems, self._acceptance(day, failed, run_input, over))

    def _anomalies(self, day: date, counts: Counts) -> tuple[list[Check], list[NotJudged], list[str]]:
        rules = self.contract.anomaly_rules
        if not rules:
            return [], [], []
        of_columns = any(rule.metric in COLUMN_METRICS for rule in rules)
        history = History(self.store, self.paths, self.publications)
        profiles, problems = history.profiles(day, days=HISTORY_DAYS, of_columns=of_columns)
        return (*find_anomalies(rules, counts, profiles, day=day), problems)

    def _acceptance(
        self, day: date, failed: Sequence[Check], run_input: RunInput, over: Publication | None
    ) -> Acceptance | None:
        if not failed or not only_odd(failed):
            return None
        acceptance = read_acceptance(self.store, self.paths, day)
        if acceptance is None or not acceptance.covers(failed, run_input) or acceptance.was_used_for(over):
            return None
        log.info("accepted by %s: %s", acceptance.accepted_by, acceptance.reason)
        return acceptance

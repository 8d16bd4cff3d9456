"""River's anomaly detectors for one series, as they come: their own thresholds, fed date by date.

Neither has an idea of dates: a missing one shifts the season of the forecast by a day.
"""

from collections.abc import Callable

from river import anomaly, time_series

from benchmarks.anomalies.formulas import Seen
from benchmarks.anomalies.judges import Judge, Usual, value_of
from benchmarks.anomalies.simulate import Day

# What lies beyond three standard deviations, as GaussianScorer scores it.
_THREE_DEVIATIONS = 0.9973
_DATES_TO_SPEAK = 21


class Gaussian(Seen):
    """`GaussianScorer` over the last 84 dates."""

    def __init__(self, check: str) -> None:
        super().__init__(check)
        self._scorer = anomaly.GaussianScorer(window_size=84, grace_period=_DATES_TO_SPEAK)

    def learn(self, day: Day) -> None:
        super().learn(day)
        self._scorer.learn_one(None, value_of(day, self._check))

    def usual(self, day: Day) -> Usual | None:
        del day
        if len(self._values) < _DATES_TO_SPEAK:
            return None
        return lambda asked: (
            self._is_low_rate(value := value_of(asked, self._check))
            or self._scorer.score_one(None, value) <= _THREE_DEVIATIONS
        )


class HoltWinters(Seen):
    """`PredictiveAnomalyDetection` on a forecast with a weekly season, three standard deviations of its errors."""

    def __init__(self, check: str) -> None:
        super().__init__(check)
        model = time_series.HoltWinters(alpha=0.3, beta=0.1, gamma=0.3, seasonality=7)
        self._detector = anomaly.PredictiveAnomalyDetection(
            predictive_model=model, horizon=1, n_std=3.0, warmup_period=_DATES_TO_SPEAK
        )

    def learn(self, day: Day) -> None:
        super().learn(day)
        self._detector.learn_one(None, value_of(day, self._check))

    def usual(self, day: Day) -> Usual | None:
        del day
        if len(self._values) < _DATES_TO_SPEAK:
            return None
        return lambda asked: (
            self._is_low_rate(value := value_of(asked, self._check)) or self._detector.score_one(None, value) < 1
        )


RIVER: dict[str, Callable[[str], Judge]] = {"river_gaussian": Gaussian, "river_holt_winters": HoltWinters}

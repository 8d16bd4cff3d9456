"""Two models of statsmodels, fitted anew for each date to the twelve weeks before it, with a weekly season.

Its library forecasts and has no rule of what is unusual: that of deequ's `HoltWinters` strategy (1.96 standard
deviations of the sizes of the errors), and three standard deviations, taken from the median of the errors, for STL.
"""

from collections.abc import Callable
from math import exp, log
from statistics import fmean, median, stdev
from warnings import catch_warnings, simplefilter

from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.seasonal import STL

from benchmarks.anomalies.formulas import Seen
from benchmarks.anomalies.judges import Judge, Usual
from benchmarks.anomalies.simulate import Day

_DATES = 84
_DATES_TO_SPEAK = 21
_OFFSET = 0.1


class HoltWinters(Seen):
    """Additive Holt-Winters and deequ's rule."""

    def usual(self, day: Day) -> Usual | None:
        del day
        if len(self._values) < _DATES_TO_SPEAK:
            return None
        with catch_warnings():
            simplefilter("ignore")  # it warns where the fit did not converge; what it found is used, as by deequ
            model = ExponentialSmoothing(self._values[-_DATES:], trend="add", seasonal="add", seasonal_periods=7)
            fitted = model.fit(method="L-BFGS-B", use_brute=False)  # as deequ looks for the parameters
        forecast, reach = float(fitted.forecast(1)[0]), 1.96 * stdev(abs(float(error)) for error in fitted.resid)
        return self._between(forecast - reach, forecast + reach)


class RobustStl(Seen):
    """STL of logarithms with robust weights: the trend of the last week, the season of the week before."""

    def usual(self, day: Day) -> Usual | None:
        del day
        if len(self._values) < _DATES_TO_SPEAK:
            return None
        logs = [log(value + _OFFSET) for value in self._values[-_DATES:]]
        parts = STL(logs, period=7, robust=True).fit()
        forecast = fmean(float(value) for value in parts.trend[-7:]) + float(parts.seasonal[-7])
        reach = 3 * 1.4826 * median(abs(float(error)) for error in parts.resid)
        return self._between(exp(forecast - reach) - _OFFSET, exp(forecast + reach) - _OFFSET)


STATSMODELS: dict[str, Callable[[str], Judge]] = {"statsmodels_holt_winters": HoltWinters, "statsmodels_stl": RobustStl}

"""Which sizing plans a bound: the form of its metric, seen on a few examples, chooses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from evalharness.declare.forms import Concordance, Mean, Proportion, Quantile, Unbounded
from evalharness.declare.metric import Metric
from evalharness.inference.of_form import check_rising, function_of, mean_of_both, of_both
from evalharness.inference.of_units import UNITS
from evalharness.inference.planned_areas import AreaSizing
from evalharness.inference.planned_tables import TableSizing
from evalharness.inference.planning import RangeSizing, ShareSizing, Sizing
from evalharness.inference.probing import ONE, SEVERAL, probed, takes_arrays
from evalharness.statistics import Confusion
from evalharness.statistics.tables import Cells

UNKNOWN = "its spread is not known before it is measured"
OF_VALUES = "how much its values vary, and so its power, cannot be told before they are seen"
LIKE_LABELS = "taking as many to be predicted positive as are positive"


class Data(NamedTuple):
    """What is known of a split. ``trials``: of what the metric counts, None where it is to be
    worked out; ``prevalence``: share of the positives."""

    n: int | None
    trials: int | None
    prevalence: float
    classes: int

    @property
    def missing(self) -> str:
        """Which of two classes is not there."""
        if self.prevalence <= 0:
            return "there are no positives"
        return "there are no negatives" if self.prevalence >= 1 else ""


@dataclass(frozen=True)
class Kind:
    """How a bound is planned.

    sizing: None where nothing is known, for the `reason`. unit: what is counted, in the plural; n:
    how many there are. of: what the values of the sizing are of; at: the threshold among them;
    ends: their range. upward: whether it passes above the threshold. note: what was taken for
    granted.
    """

    sizing: Sizing | None
    unit: str
    n: int | None
    of: str
    at: float
    ends: tuple[float, float]
    upward: bool
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Asked:
    """A bound, of which the kind is asked. ``true``: the value that is expected, where it is."""

    metric: Metric
    op: str
    threshold: float
    alpha: float
    data: Data
    true: float | None = None

    @property
    def upward(self) -> bool:
        return self.op in (">", ">=")

    @cached_property
    def kind(self) -> Kind:
        metric = self.metric
        if metric.exact:
            return self._without("every row of a fixed list counts, so nothing is left to chance")
        if metric.over:
            return self._without("how much slices differ by chance is not known before they are")
        if len(metric.parts) > 1:
            return self._without("how its parts vary together is not known before it is measured")
        if isinstance(metric.statistic, Confusion):
            return self._of_cells()
        form = probed(metric)
        if isinstance(form, Unbounded):
            return self._without(f"nothing bounds it: {form.why}")
        if isinstance(form, Proportion):
            check_rising(metric, form)
            return self._with(ShareSizing(self.threshold, self.alpha, form.through), form.unit)
        if isinstance(form, Quantile):
            return self._of_quantile(form.q)
        if isinstance(form, Concordance):
            area = AreaSizing(self.threshold, self.alpha, self.data.prevalence)
            return self._of_both_classes(area, "scores normal in either class")
        if isinstance(form, Mean):
            return self._of_mean(form)
        return self._without(UNKNOWN)

    def _with(
        self, sizing: Sizing | None, unit: str = "examples", note: str = "", **other: Any
    ) -> Kind:
        usual = {
            "n": self._size,
            "of": self.metric.label,
            "at": self.threshold,
            "ends": self.metric.range,
            "upward": self.upward,
        }
        return Kind(sizing, unit, note=note, **(usual | other))

    def _without(self, reason: str, unit: str = "examples") -> Kind:
        return self._with(None, unit, reason=reason)

    @property
    def _size(self) -> int | None:
        """Of what counts every example; how many queries these are, rows do not tell."""
        by = getattr(self.metric.statistic, "by", "")
        return self.data.trials if by or self.data.trials is not None else self.data.n

    def _of_quantile(self, q: float) -> Kind:
        """It lies below the threshold where a share above q does not exceed that."""
        sizing = ShareSizing(q, self.alpha, closed=self.op in (">=", "<="))
        word = "below" if self.op in (">=", "<") else "at most"
        of = f"the share of the values {word} {self.threshold:g}"
        return self._with(sizing, "values", of=of, at=q, ends=(0.0, 1.0), upward=not self.upward)

    def _of_mean(self, form: Mean) -> Kind:
        ends = self.metric.range
        unit = UNITS.get(getattr(self.metric.statistic, "by", ""), "values")
        if form.through is not None or not np.isfinite(ends).all():
            return self._without(UNKNOWN, unit)
        sizing = RangeSizing(self.threshold, self.alpha, ends)
        return self._with(sizing, unit, reason=OF_VALUES)

    def _of_both_classes(self, sizing: Sizing, model: str) -> Kind:
        if self.data.missing:
            return self._without(self.data.missing)
        share = f"{100 * self.data.prevalence:.3g} % of the examples positive"
        return self._with(sizing, note=f"{model}, {share}")

    def _of_cells(self) -> Kind:
        """Of a 2x2 table, or of the tables of every class."""
        metric, data = self.metric, self.data
        average = metric.statistic.average
        if average == "micro":
            return self._micro()
        if average == "weighted" or (average and data.classes > 2):
            return self._without("how an average over the classes varies depends on their errors")
        with np.errstate(all="ignore"):
            share = isinstance(metric.form(SEVERAL if average else ONE), Proportion)
        if share and not average:
            return self._of_trials()
        if average:
            function = mean_of_both(metric) if share else of_both(metric)
        else:
            function = function_of(metric)
        if not takes_arrays(function):
            return self._without("its function takes one table at a time, so none can be tried")
        sizing = TableSizing(function, metric.range, self.threshold, self.alpha, data.prevalence)
        return self._of_both_classes(sizing, "sensitivity equal to specificity")

    def _micro(self) -> Kind:
        """Of one label for each example there are two kinds of examples, right and wrong, so that a
        micro average is a function of the share of the right ones."""
        rest = float(self.data.classes - 2)
        right, wrong = Cells(1.0, 0.0, 0.0, rest + 1), Cells(0.0, 1.0, 1.0, rest)

        def of_share(share: Any) -> float:
            cells = (share * r + (1 - share) * w for r, w in zip(right, wrong, strict=True))
            return self.metric.value(Cells(*cells))

        if not of_share(0.0) < of_share(0.5) < of_share(1.0):
            return self._without("it does not rise with the share of examples that are right")
        return self._with(ShareSizing(self.threshold, self.alpha, of_share))

    def _of_trials(self) -> Kind:
        """A share whose trials are some of the cells: which ones is seen cell by cell."""
        metric, data = self.metric, self.data
        form = metric.form(ONE)
        check_rising(metric, form)
        with np.errstate(all="ignore"):
            tp, fp, fn, tn = (float(metric.form(Cells(*row)).trials) for row in np.eye(4))
        count, note = data.trials, ""
        if count is None and data.n is not None:
            pos = data.n * data.prevalence
            wrong, neg = 0.0, data.n - pos
            if not (tp == fn and fp == tn):  # else the labels alone tell
                wrong, note = self._errors(pos, neg), LIKE_LABELS
            count = round(tp * (pos - wrong) + (fp + fn) * wrong + tn * (neg - wrong))
        sizing = ShareSizing(self.threshold, self.alpha, form.through)
        return self._with(sizing, form.unit, note, n=count)

    def _errors(self, pos: float, neg: float) -> float:
        """How many errors of either kind give the metric its expected value, where both are as
        many: by bisection, since it rises or falls with them."""
        low, high = 0.0, min(pos, neg)
        value = self.expected

        def at(wrong: float) -> float:
            cells = np.array([pos - wrong, wrong, wrong, neg - wrong])
            with np.errstate(all="ignore"):
                return self.metric.value(Cells(*cells))

        falling = at(low) > at(high)
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if (at(middle) > value) == falling else (low, middle)
        return (low + high) / 2

    @property
    def expected(self) -> float:
        """The value that is expected, or half way from the threshold to the best end."""
        if self.true is not None:
            return self.true
        return halfway(self.threshold, self.metric.range, self.upward)


def halfway(threshold: float, ends: tuple[float, float], upward: bool) -> float:
    """From the threshold to the best end of the range; nan where there is none."""
    end = ends[1] if upward else ends[0]
    return (threshold + end) / 2 if math.isfinite(end) else math.nan

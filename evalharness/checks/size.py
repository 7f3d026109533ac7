"""Whether a split is large enough for the bounds that are declared on it, before any metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.checks import baseline
from evalharness.checks.findings import REPORTED, Finding
from evalharness.checks.measuring import estimates
from evalharness.checks.settings import Around, Settings
from evalharness.checks.size_findings import judged, judged_by_units, judged_pair, unknown
from evalharness.declare.bound import Bound
from evalharness.declare.forms import Proportion
from evalharness.declare.split_checks import LargeEnough
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.paired import PairedShareBounds
from evalharness.inference.paired_plans import ONLY_SHARES
from evalharness.inference.plans import Plan, plan_of

if TYPE_CHECKING:
    from evalharness.outputs.split import Split


class Size:
    """A `large_enough`, ready to be judged."""

    gated = 0  # sizes are facts: none is called too small by chance

    def __init__(self, check: LargeEnough, splits: Sequence[Split], around: Around) -> None:
        self._check, (self._split,) = check, splits
        self._plan, self._model, self._bounds = around.plan, around.model, around.bounds

    def judge(self, settings: Settings) -> tuple[list[Finding], list[str]]:
        """A finding for each bound; of slices, for the smallest."""
        found = [self._finding(bound, settings) for bound in self._bounds]
        return unknown(found, self._check), []

    def _finding(self, bound: Bound, settings: Settings) -> Finding:
        metric = bound.metric
        if bound.human is not None:
            return _told(bound, "what people do is known no better than from so many of them")
        if metric.exact:
            return _told(bound, "every row counts, so no size is too small")
        if bound.baseline is not None:
            return self._difference(bound, settings)
        if metric.over:
            return _told(bound, "how slices differ cannot be told before they are measured")
        measured = self._plan.measure(self._model, metric)
        names = measured.groups.names
        g, sizes, plan = self._smallest(bound, measured, settings)
        place = f" (the smallest of {len(names):,} slices: {names[g]})" if len(names) > 1 else ""
        if _plain(measured):
            return judged(bound, place, plan, sizes, self._check)
        shares = estimates(self._plan, self._model, metric, settings)[g]._bounds
        if not isinstance(shares, EffectiveBounds):
            why = "how far clusters, or weights, widen its interval"
            return _told(bound, f"{why} cannot be told before it is measured")
        return judged_by_units(bound, place, plan, shares, self._check, settings)

    def _difference(self, bound: Bound, settings: Settings) -> Finding:
        """Of a difference from a baseline: by how many examples only one of the models has right,
        in the smallest slice."""
        if not isinstance(bound.baseline, str):
            return _told(bound, "a saved result has no examples to pair, so none can be counted")
        found = baseline.read(self._plan, self._model, bound, settings)
        name, _, pairs = min(found.slices, key=lambda s: s[2].n)
        if not isinstance(pairs, PairedShareBounds):
            return _told(bound, ONLY_SHARES)
        place = f" (the smallest of {len(found.slices):,} slices: {name})" if name else ""
        return judged_pair(bound, place, pairs, self._check, settings)

    def _smallest(self, bound: Bound, measured: Any, settings: Settings) -> tuple[int, Any, Plan]:
        """The slice with the fewest trials, the trials of all slices, and what it can show if its
        rows were drawn by themselves."""
        metric, check = bound.metric, self._check
        code, groups = measured.groups.code, len(measured.groups.names)
        rows = np.bincount(code[(code >= 0) & (code < groups)], minlength=groups)
        positives = self._positives(bound, code, groups)
        trials = [_trials(metric, measured.tables[g]) for g in range(groups)]
        if not _plain(measured):
            trials = [None] * groups  # they are counted by weight
        sizes = np.array([n if t is None else t for n, t in zip(rows, trials, strict=True)])
        # What is no share of its own hangs on the rarer class.
        known = positives is None or trials[0] is not None
        g = int(np.argmin(sizes if known else np.minimum(sizes, positives)))
        plan = plan_of(
            metric,
            bound.op,
            bound.threshold,
            alpha=1 - settings.confidence,
            n=int(rows[g]),
            positives=None if positives is None else int(positives[g]),
            trials=trials[g],
            classes=self._classes(),
            true=check.expected(metric),
            power=check.power,
        )
        return g, sizes, plan

    def _positives(self, bound: Bound, code: Any, groups: int) -> Any:
        """(groups,) rows of the positive class, where there is one."""
        from evalharness.declare.errors import OutputsError

        try:
            positive = self._split.positive_code(dict(bound.metric.options).get("positive"))
            inside = (self._split.compact_labels() == positive) & (code >= 0) & (code < groups)
        except OutputsError:
            return None
        return np.bincount(code[inside], minlength=groups)

    def _classes(self) -> int:
        from evalharness.declare.errors import OutputsError

        try:
            return len(self._split.classes)
        except OutputsError:
            return 2


def _trials(metric: Any, table: Any) -> int | None:
    """Of what the metric is a share, how many there are; None where it is no share."""
    form = metric.form(table) if len(metric.parts) == 1 else None
    if isinstance(form, Proportion) and np.ndim(form.trials) == 0:
        return int(form.trials)
    return None


def _plain(measured: Any) -> bool:
    """Whether every row counts alike and was drawn by itself."""
    return measured.units.weight is None and measured.units.code is None


def _told(bound: Bound, why: str) -> Finding:
    return Finding("EH-SIZE", str(bound), REPORTED, f"{bound}: {why}")

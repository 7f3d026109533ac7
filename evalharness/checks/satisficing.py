"""Satisficing bounds: estimates of what was declared, and their verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evalharness.checks.settings import Settings
from evalharness.declare.bound import Bound
from evalharness.inference.estimates import Estimate
from evalharness.inference.multiplicity import holm, next_level
from evalharness.inference.verdicts import EXACT, FAIL, INCONCLUSIVE, PASS, Verdict, decide


@dataclass(frozen=True)
class CheckResult:
    """One declared check of one model, decided.

    verdicts: one for each slice; a check that is not sliced has one.
    pooled:   (value, rows) of slices too small to stand alone, decided together as "other".
    """

    id: str
    kind: str
    model: str
    metric: str
    split: str
    slice: str
    group: str
    op: str
    threshold: float
    verdicts: tuple[Verdict, ...]
    pooled: tuple[tuple[str, int], ...] = ()

    def slice_of(self, verdict: Verdict) -> str:
        """The slice of a verdict, without what all slices of the check have in common."""
        return verdict.estimate.slice.removeprefix(f"{self.slice}, ")

    @property
    def outcome(self) -> str:
        """Fail if any slice surely fails; else inconclusive if any is; else pass."""
        return self.worst.outcome

    @property
    def worst(self) -> Verdict:
        """The verdict that decided: the worst outcome, and among equals the one nearest to
        failing."""
        order = {FAIL: 0, INCONCLUSIVE: 1, PASS: 2}
        sign = 1 if self.op in (">=", ">") else -1

        def rank(v: Verdict) -> tuple[int, float]:
            limit = v.estimate.at_least if sign > 0 else v.estimate.at_most
            return order[v.outcome], sign * limit if limit == limit else -float("inf")

        return min(self.verdicts, key=rank)

    @property
    def message(self) -> str:
        """The first line of a report about this check; it says it all."""
        if not self.group:
            return self.worst.message
        counts = [
            (sum(v.outcome == o for v in self.verdicts), o) for o in (FAIL, INCONCLUSIVE, PASS)
        ]
        told = ", ".join(f"{n} {o}" for n, o in counts if n)
        bad = [self.slice_of(v) for v in self.verdicts if v.outcome != PASS]
        names = f" ({', '.join(bad[:5])}{', …' if len(bad) > 5 else ''})" if bad else ""
        place = self.split + (f", {self.slice}" if self.slice else "")
        title = (
            f"{self.model}: " if self.model else ""
        ) + f"{self.metric} on {place} by {self.group}"
        word = "worst" if bad else "nearest"
        return f"{title}, {len(self.verdicts)} slices: {told}{names}; {word}: {self.worst.message}"


def judge(
    bound: Bound, id: str, model: str, found: tuple[Estimate, ...], settings: Settings, pooled: Any
) -> CheckResult:
    """The verdicts of a bound. Slices of one `.by` share the level of a fail among them by Holm."""
    level = (1 - settings.confidence) / settings.family

    def one(e: Estimate, fail_level: float) -> Verdict:
        return decide(
            e,
            bound.op,
            bound.threshold,
            family=settings.family,
            fail_level=fail_level,
            policy=EXACT if bound.metric.exact else settings.policy,
        )

    # Passing needs every slice, so it needs no correction; failing needs only one. Holm: as slices
    # are proven to fail, the others share what is left.
    proven = holm(len(found), lambda i, a: one(found[i], a).outcome == FAIL, level)
    rest = next_level(len(found), len(proven), level)
    verdicts = [one(e, proven.get(i, rest)) for i, e in enumerate(found)]
    metric = bound.metric
    return CheckResult(
        id=id,
        kind=bound.kind,
        model=model,
        metric=metric.measured,
        split=metric.split,
        slice=metric.slice,
        group="" if metric.over else metric.group,
        op=bound.op,
        threshold=bound.threshold,
        verdicts=tuple(verdicts),
        pooled=pooled,
    )

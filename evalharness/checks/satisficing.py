"""Satisficing bounds: estimates of what was declared, and their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalharness.checks.settings import Settings
from evalharness.declare.bound import Bound
from evalharness.declare.plural import counted
from evalharness.inference.estimates import Estimate
from evalharness.inference.many import Estimates, Verdicts, outcomes
from evalharness.inference.multiplicity import holm, next_level
from evalharness.inference.verdicts import EXACT, FAIL, INCONCLUSIVE, PASS, Verdict, decide


@dataclass(frozen=True)
class CheckResult:
    """One declared check of one model, decided.

    verdicts: one for each slice; a check that is not sliced has one.
    pooled:   (value, rows) of slices too small to stand alone, decided together as "other".
    meaning:  of an objective, in words: "better", "equivalent, within the margin", …
    words:    what else the first line says; notes: what there is to say below it.
    code:     its stable name, of docs/codes.md; waived: the waiver that lets it through, in words.
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
    verdicts: Sequence[Verdict]
    pooled: tuple[tuple[str, int], ...] = ()
    meaning: str = ""
    words: str = ""
    notes: tuple[str, ...] = ()
    code: str = "EH-BOUND"
    waived: str = ""

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
        if isinstance(self.verdicts, Verdicts):
            return self.verdicts.worst
        order = {FAIL: 0, INCONCLUSIVE: 1, PASS: 2}
        sign = 1 if self.op in (">=", ">") else -1

        def rank(v: Verdict) -> tuple[int, float]:
            limit = v.estimate.at_least if sign > 0 else v.estimate.at_most
            return order[v.outcome], sign * limit if limit == limit else -float("inf")

        return min(self.verdicts, key=rank)

    @property
    def outcomes(self) -> Sequence[str]:
        """Of each verdict."""
        if isinstance(self.verdicts, Verdicts):
            return list(self.verdicts.outcomes)
        return [v.outcome for v in self.verdicts]

    def count(self, outcome: str) -> int:
        """How many of the verdicts have this outcome."""
        return sum(o == outcome for o in self.outcomes)

    @property
    def message(self) -> str:
        """The first line of a report about this check; it says it all."""
        words = "".join(f"; {text}" for text in (self.meaning, self.words) if text)
        if not self.group:
            return self.worst.message + words
        counts = [(self.count(o), o) for o in (FAIL, INCONCLUSIVE, PASS)]
        told = ", ".join(f"{n:,} {o}" for n, o in counts if n)
        bad = [i for i, o in enumerate(self.outcomes) if o != PASS]
        shown = ", ".join(self.slice_of(self.verdicts[i]) for i in bad[:5])
        names = f" ({shown}{', …' if len(bad) > 5 else ''})" if bad else ""
        place = self.split + (f", {self.slice}" if self.slice else "")
        title = (
            f"{self.model}: " if self.model else ""
        ) + f"{self.metric} on {place} by {self.group}"
        word = "worst" if bad else "nearest"
        slices = counted(len(self.verdicts), "slices")
        return f"{title}, {slices}: {told}{names}; {word}: {self.worst.message}{words}"


def judge(
    bound: Bound,
    id: str,
    model: str,
    found: Sequence[Estimate],
    settings: Settings,
    pooled: Any,
) -> CheckResult:
    """The verdicts of a bound. Slices of one `.by` share the level of a fail among them by Holm."""
    level = (1 - settings.confidence) / settings.family
    policy = EXACT if bound.metric.exact else settings.policy
    about = (bound.op, bound.threshold)

    def one(e: Estimate, fail_level: float) -> Verdict:
        return decide(e, *about, family=settings.family, fail_level=fail_level, policy=policy)

    def failing(at: float) -> list[bool]:
        if isinstance(found, Estimates):
            return list(outcomes(found, *about, at, policy) == FAIL)
        return [one(e, at).outcome == FAIL for e in found]

    # Passing needs every slice, so it needs no correction; failing needs only one. Holm: as slices
    # are proven to fail, the others share what is left.
    proven = holm(len(found), failing, level)
    rest = next_level(len(found), len(proven), level)
    levels = [proven.get(i, rest) for i in range(len(found))]
    verdicts: Sequence[Verdict]
    if isinstance(found, Estimates):
        verdicts = Verdicts(found, *about, settings.family, levels, policy)
    else:
        verdicts = tuple(one(e, at) for e, at in zip(found, levels, strict=True))
    metric, less = bound.metric, "human" if bound.human else bound.less
    return CheckResult(
        id=id,
        kind=bound.kind,
        model=model,
        metric=f"{metric.measured} minus {less}" if less else metric.measured,
        split=metric.split,
        slice=metric.slice,
        group="" if metric.over else metric.crossed,
        op=bound.op,
        threshold=bound.threshold,
        verdicts=verdicts,
        pooled=pooled,
    )

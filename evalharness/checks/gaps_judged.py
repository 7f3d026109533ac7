"""The checks of one model's diagnosis: each gap that has a limit, and the ladder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from evalharness.checks import advice
from evalharness.checks.climb import Climb
from evalharness.checks.diagnosed import Diagnosis, DiagnosisResult
from evalharness.checks.findings import Finding
from evalharness.checks.human_level import HumanLevel
from evalharness.checks.ladder import diagnosis
from evalharness.checks.waived import waived
from evalharness.declare.collect import Check
from evalharness.declare.diagnosis import GapLimit, Ladder
from evalharness.declare.rungs import CODES, GAPS, HUMAN, UNMEASURED
from evalharness.declare.waivers import Waiver
from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import estimate
from evalharness.inference.numbers import about, plain, show
from evalharness.inference.rung_gap import RungGap
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS, Verdict, decide


class Judged:
    """The checks of one model's diagnosis, decided."""

    def __init__(self, climb: Climb, family: int, more: Any) -> None:
        self.climb, self.settings, self.family = climb, climb.settings, family
        self._more = more

    @cached_property
    def ladder(self) -> Diagnosis:
        return diagnosis(self.climb, self._more)

    def judge(self, check: Check, waivers: Sequence[Waiver]) -> DiagnosisResult:
        whole = isinstance(check.declared, Ladder)
        findings = self._rungs() if whole else [self._gap(check.declared)]
        found, notes = waived(findings, check, waivers)
        return DiagnosisResult(
            check.id,
            check.kind,
            check.model,
            str(check.declared),
            tuple(self.climb.rungs),
            found,
            tuple(notes),
            self.family,
            self.settings.confidence,
            self.ladder if whole else None,
        )

    def _rungs(self) -> list[Finding]:
        """Of the ladder: that every rung is measured, or which is not."""
        bad = self.climb.unmeasured
        found = [
            Finding(UNMEASURED, name, FAIL, f"{name} cannot be measured: {why}")
            for name, why in bad.items()
        ]
        head = advice.headline(self.ladder.state, self.ladder.named)
        first = self.ladder.advice[:1]
        return found or [Finding(UNMEASURED, head, PASS, "; ".join([head, *first]))]

    def _gap(self, asked: GapLimit) -> Finding:
        """The verdict on one gap."""
        bad = self.climb.unmeasured
        gaps = self.climb.gaps(self.climb.proxy)
        names = list(self.climb.bounds(self.climb.proxy))
        place = list(gaps).index(asked.gap)
        below, above = names[place], names[place + 1]
        code, between = CODES[asked.gap], f"{below} → {above}"
        missing = [bad[name] for name in (below, above) if name in bad]
        if missing:
            told = f"{between} is not told: {'; '.join(missing)}"
            return Finding(code, between, INCONCLUSIVE, told, required=asked.limit)
        if place == 0 and self.climb.below_human(self.climb.proxy):
            return self._beyond_people(asked, code, between, above)
        verdict = self._decided(asked, (below, above), gaps[asked.gap])
        outcome, more = verdict.outcome, ""
        if place == 0 and self.climb.proxy is not None:
            outcome, more = self._above_people(verdict, above, self.climb.proxy)
        needed = None
        if verdict.outcome == INCONCLUSIVE and isinstance(gap := gaps[asked.gap], RungGap):
            needed = gap.needed(asked.limit, verdict.level)
        told = _words(verdict, (below, above)).replace(f": {verdict.outcome}", f": {outcome}", 1)
        told += self._remedy(verdict, needed, (below, above)) + more
        return self._finding(verdict, outcome, told, needed, (below, above))

    def _above_people(self, v: Verdict, above: str, people: HumanLevel) -> tuple[str, str]:
        """The outcome of the gap above people, and what belongs to it."""
        if people.few:
            return INCONCLUSIVE, f"; {advice.TOO_FEW}, so that this decides nothing alone"
        if v.outcome == PASS and self.climb.too_high(people):
            return INCONCLUSIVE, f"; {advice.TOO_HIGH}, so that nothing passes by it"
        more = "" if people.bounds.n else f"; human level is assumed: {plain(people.bounds.value)}"
        if v.outcome == PASS and v.estimate.value <= 0:
            more += f"; {above} is not above people, below whom no bias is told"
        return v.outcome, more

    def _remedy(self, v: Verdict, needed: tuple[int, int] | None, between: tuple[str, str]) -> str:
        """How many examples would settle it."""
        if v.outcome == INCONCLUSIVE and math.isclose(v.estimate.value, v.threshold):
            return "; at exactly the threshold no number of examples would settle it"
        if needed is None or v.estimate.reason:
            return ""
        pairs = list(zip(between, needed, map(self._n, between), strict=True))
        more = [f"{about(n)} of {name} (now {now:,})" for name, n, now in pairs if n > now]
        if not more:
            return ""
        value = show(v.estimate.value, near=v.threshold)
        return f"; about {' and '.join(more)} would settle it, if the true value is {value}"

    def _decided(self, asked: GapLimit, between: tuple[str, str], gap: Bounds) -> Verdict:
        metric = self.climb.declared.metric.label
        e = estimate(
            gap,
            self.settings.confidence,
            note=", ".join(f"{n:,} of {name}" for name in between if (n := self._n(name))),
            metric=f"{asked.gap} of {metric}",
            model="",
            split=" → ".join(between),
            slice="",
        )
        return decide(
            e,
            "<=",
            asked.limit,
            family=self.family,
            policy=self.settings.policy,
            forecast=not isinstance(gap, RungGap),  # which tells itself of which rung
        )

    def _finding(
        self,
        v: Verdict,
        outcome: str,
        told: str,
        needed: tuple[int, int] | None,
        between: tuple[str, str],
    ) -> Finding:
        n = tuple(self._n(name) for name in between)
        details = [] if outcome == PASS else advice.knobs([self._name(between)])
        if needed is None and v.settle and v.estimate.n:
            factor = v.settle / v.estimate.n
            needed = math.ceil(factor * n[0]), math.ceil(factor * n[1])
        return Finding(
            CODES[self._name(between)],
            " → ".join(between),
            outcome,
            told,
            measure=self._name(between),
            value=v.estimate.value,
            limit=math.nan if v.policy == "point" else v.limit,
            op="≥" if v.outcome == FAIL else "≤",
            required=v.threshold,
            level=v.level,
            n=n,
            settle=needed or (),
            details=tuple(details),
        )

    def _name(self, between: tuple[str, str]) -> str:
        return GAPS[between]

    def _n(self, name: str) -> int:
        if name == HUMAN:
            return self.climb.proxy.bounds.n if self.climb.proxy else 0
        return self.climb.rungs[name].n

    def _beyond_people(self, asked: GapLimit, code: str, between: str, above: str) -> Finding:
        """A rung that is surely better than people says nothing of its bias but that it is at most
        the whole error."""
        e = self.climb.rungs[above]
        most = self.climb.whole_error(1 - self.settings.confidence)
        within = most < asked.limit
        told = (
            f"{above} is surely better than the human level, so that this gap is not told; it is "
            f"at most the whole error, {show(most, toward='up')}; required ≤ {plain(asked.limit)}: "
            f"{PASS if within else INCONCLUSIVE}"
        )
        return Finding(
            code,
            between,
            PASS if within else INCONCLUSIVE,
            told,
            measure=asked.gap,
            limit=most,
            required=asked.limit,
            n=(self._n(HUMAN), e.n),
        )


def _words(v: Verdict, between: tuple[str, str]) -> str:
    """The verdict on a gap as the message of its check goes on."""
    below, above = between
    told = v.message.removeprefix(f"{v.estimate.title}: ")
    value, rest = told.split(" ", 1)
    comma = "," * value.endswith(",")
    told = f"{value.rstrip(',')} from {below} to {above}{comma} {rest}"
    return told.replace(f"/ {v.family:,} bounds", f"/ {v.family:,} limits")

"""Waivers at work: what they let through, and what they fail when they are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalharness.checks.findings import Finding
from evalharness.checks.satisficing import CheckResult
from evalharness.declare.collect import Check
from evalharness.declare.waivers import Waiver
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS


def waived(
    findings: Sequence[Finding], check: Check, waivers: Sequence[Waiver]
) -> tuple[tuple[Finding, ...], list[str]]:
    """The findings of a check as its waivers let them through, with one for each waiver that is
    over; and what there is to say of waivers that waive nothing."""
    mine = [w for w in waivers if w.covers(check.id, check.declared.finds)]
    findings = [_let_through(f, mine) for f in findings]
    used = {f.waived for f in findings}
    notes = [_idle(w) for w in mine if not w.expired() and str(w) not in used]
    over = [_over(w, check) for w in mine if w.expired()]
    return (*findings, *over), notes


def waived_bound(result: CheckResult, check: Check, waivers: Sequence[Waiver]) -> CheckResult:
    """The verdict of a bound or of an objective as its waivers let it through: with the first that
    holds, where it is needed, and with all that are over."""
    mine = [w for w in waivers if w.covers(check.id, check.declared.finds)]
    over = "; ".join(told_over(w) for w in mine if w.expired())
    holding = [w for w in mine if not w.expired()]
    used = holding[:1] if result.decided != PASS and not over else []
    return replace(
        result,
        waived="; ".join(map(str, used)),
        expired=over,
        idle="; ".join(_idle(w) for w in holding if w not in used and not over),
    )


def _let_through(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    """The finding as a waiver that holds lets it through."""
    if finding.outcome in (FAIL, INCONCLUSIVE):
        for waiver in waivers:
            if waiver.code in ("", finding.code) and not waiver.expired():
                return replace(finding, waived=str(waiver))
    return finding


def _over(waiver: Waiver, check: Check) -> Finding:
    """A waiver that is over fails the checks that it was for."""
    about = f"its waiver, expired {waiver.expires}"
    return Finding(waiver.code or check.declared.finds[0], about, FAIL, told_over(waiver))


def told_over(waiver: Waiver) -> str:
    """What there is to say of a waiver that is over."""
    return (
        f"the waiver of {waiver.what} by {waiver.owner} ({waiver.reason}) expired on "
        f"{waiver.expires}; remove it, or waive anew"
    )


def _idle(waiver: Waiver) -> str:
    return f"{waiver}; it waives nothing here at present"

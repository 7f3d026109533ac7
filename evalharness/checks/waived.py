"""Waivers at work: what they let through, and what they fail when they are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalharness.checks.findings import Finding
from evalharness.declare.collect import Check
from evalharness.declare.waivers import Waiver
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE


def waived(
    findings: Sequence[Finding], check: Check, waivers: Sequence[Waiver]
) -> tuple[tuple[Finding, ...], list[str]]:
    """The findings of a check as its waivers let them through, with one for each waiver that is
    over; and what there is to say of waivers that waive nothing."""
    mine = [w for w in waivers if w.code in check.declared.finds and w.check in ("", check.id)]
    findings = [_let_through(f, mine) for f in findings]
    used = {f.waived for f in findings}
    notes = [
        f"{w}; it waives nothing here at present"
        for w in mine
        if not w.expired() and str(w) not in used
    ]
    return (*findings, *map(_over, filter(Waiver.expired, mine))), notes


def _let_through(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    """The finding as a waiver that holds lets it through."""
    if finding.outcome in (FAIL, INCONCLUSIVE):
        for waiver in waivers:
            if waiver.code == finding.code and not waiver.expired():
                return replace(finding, waived=str(waiver))
    return finding


def _over(waiver: Waiver) -> Finding:
    """A waiver that is over fails the checks that it was for."""
    return Finding(
        waiver.code,
        f"its waiver, expired {waiver.expires}",
        FAIL,
        f"the waiver of {waiver.code} by {waiver.owner} ({waiver.reason}) expired on "
        f"{waiver.expires}; remove it, or waive anew",
    )

"""What a check of splits found, and its verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS

# Outcome of what is measured and gates nothing.
REPORTED = "reported"
ORDER = {FAIL: 0, INCONCLUSIVE: 1, PASS: 2, REPORTED: 3}


@dataclass(frozen=True)
class Finding:
    """One thing that a check looked at.

    code:     its stable name, of docs/codes.md.
    about:    the column, or what else was looked at ("id", "content of `text`").
    outcome:  "pass", "fail", "inconclusive", or "reported" where nothing is required of it.
    told:     a sentence that says it all.
    measure:  what `value` is; `limit`: the bound that decided, or that a pass needs, on the side
              that `op` says ("≤": the value is at most that); `required`: the most, or with `least`
              the least, that passes.
    p_value:  of the hypothesis that nothing differs; adjusted by Holm among what is reported.
    n:        rows of each split; settle: rows of each with which it would be decided, or empty.
    details:  more lines for whoever wants to know why.
    waived:   the waiver that lets it through, in words.
    """

    code: str
    about: str
    outcome: str
    told: str
    measure: str = ""
    value: float = math.nan
    limit: float = math.nan
    op: str = "≤"
    required: float = math.nan
    least: bool = False
    level: float = math.nan
    p_value: float = math.nan
    n: tuple[int, ...] = ()
    settle: tuple[int, ...] = ()
    details: tuple[str, ...] = ()
    waived: str = ""


@dataclass(frozen=True)
class SplitResult:
    """One declared check of splits for one model, decided.

    check:    as it was declared.
    findings: what is gated first, in the order in which it was looked at, then what is reported.
    notes:    what else there is to say: the kind of a shift, what it does to the metric.
    family:   over how many gated columns the level of a fail is shared.
    """

    id: str
    kind: str
    model: str
    check: str
    splits: tuple[str, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    family: int = 1
    confidence: float = 0.95

    @property
    def gated(self) -> list[Finding]:
        """The findings of which something is required."""
        return [f for f in self.findings if f.outcome != REPORTED]

    @property
    def outcome(self) -> str:
        """Fail if anything that is not waived fails; else inconclusive if anything is, or if
        nothing was required of what was looked at; else pass."""
        nothing = PASS if self.gated else INCONCLUSIVE
        open_ = [f.outcome for f in self.gated if not f.waived]
        return min(open_, key=ORDER.__getitem__, default=nothing)

    @property
    def waived(self) -> list[Finding]:
        """What is let through by a waiver."""
        return [f for f in self.findings if f.waived]

    @property
    def worst(self) -> Finding | None:
        """The finding that decided: the worst outcome, and among equals the one that is furthest
        beyond what is required, or the nearest to it. Where all else passes, what is waived."""

        def rank(f: Finding) -> tuple[int, float]:
            beyond = (f.limit if f.limit == f.limit else f.value) / (f.required or 1)
            beyond = -beyond if f.least else beyond
            return ORDER[f.outcome], -beyond if beyond == beyond else 0.0

        deciding = [f for f in self.gated if not f.waived and f.outcome != PASS]
        return min(deciding or self.waived or self.gated, key=rank, default=None)

    @property
    def title(self) -> str:
        """The check with its model, as messages name it."""
        return (f"{self.model}: " if self.model else "") + self.check

    @property
    def message(self) -> str:
        """The first line of a report about this check; it says it all."""
        worst, gated = self.worst, self.gated
        if worst is None:
            return f"{self.title}: {'; '.join(f.told for f in self.findings)}: {self.outcome}"
        alike = [f for f in gated if f.outcome == worst.outcome and f.waived == worst.waived]
        alike = [f for f in alike if f is not worst]
        others = f"; {_also(alike, worst.outcome)}" if alike and worst.outcome != PASS else ""
        code = f" [{worst.code}]" if worst.outcome != PASS else ""
        if worst.outcome == PASS and len(gated) > 1:
            others = f"; {len(gated)} of {len(gated)} hold"
        waived = "".join(f"; {text}" for text in dict.fromkeys(f.waived for f in self.waived))
        return f"{self.title}: {worst.told}{code}{others}{waived}"

    def remarks(self, most: int = 3) -> list[str]:
        """What is worth a line although nothing gates it: what surely differs, and the notes."""
        told = [f for f in self.findings if f.outcome == REPORTED]
        differ = [f for f in told if f.p_value < 0.05 or f.code == "EH-DUPLICATE"]
        more = [f"{len(differ) - most} more columns differ"] if len(differ) > most else []
        return [f.told for f in differ[:most]] + more + list(self.notes)

    def told(self) -> str:
        """Everything below the first line."""
        lines = []
        for finding in sorted(self.gated, key=lambda f: ORDER[f.outcome]):
            word = "waived" if finding.waived else finding.outcome
            code = f" [{finding.code}]" if finding.outcome != PASS else ""
            lines.append(f"{word:<13} {finding.told}{code}")
            lines += [f"{'':<14}{line}" for line in finding.details if line not in finding.told]
            lines += [f"{'':<14}{finding.waived}"] if finding.waived else []
        reported = [f for f in self.findings if f.outcome == REPORTED]
        for finding in reported:
            lines.append(f"{REPORTED:<13} {finding.told}")
            lines += [f"{'':<14}{line}" for line in finding.details]
        lines += [f"note: {line}" for line in self.notes]
        return "\n".join(lines)


def _also(findings: Sequence[Finding], outcome: str) -> str:
    names = [f.about for f in findings]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if outcome == FAIL:
        return f"{shown} {'fail' if len(names) > 1 else 'fails'} too"
    return f"so {'are' if len(names) > 1 else 'is'} {shown}"

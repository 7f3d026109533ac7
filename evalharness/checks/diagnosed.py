"""What a diagnosis found: the rungs, the gaps between them, and what holds the model back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalharness.checks.findings import SplitResult


@dataclass(frozen=True)
class Rung:
    """One rung. low, high: two-sided interval at the confidence of the ladder, by the method
    `shown`; both are the value where it is assumed. told: of what it was measured."""

    name: str
    value: float
    low: float
    high: float
    n: int
    told: str
    shown: str


@dataclass(frozen=True)
class Gap:
    """How much worse the metric is on the rung `above` than on the one `below`.

    low, high:         two-sided interval; at_least, at_most: one-sided bounds, which decide.
    largest:           probability that it is the largest gap; near: that it is no smaller than the
                       largest less the materiality. NaN where that was not asked.
    state:             "named", "" or why it is not told: "below human", "few annotators".
    """

    name: str
    below: str
    above: str
    value: float
    low: float
    high: float
    at_least: float
    at_most: float
    shown: str
    largest: float = math.nan
    near: float = math.nan
    state: str = ""


@dataclass(frozen=True)
class Under:
    """What dominates under one human level. bias: the gap above it, with its two-sided interval
    from low to high; assumed: whether the level was declared as a constant."""

    level: str
    value: float
    bias: float
    low: float
    high: float
    state: str
    named: tuple[str, ...]
    assumed: bool = False


@dataclass(frozen=True)
class Section:
    """More than the ladder: `lines` for people, `figures` (numbers, texts, lists and mappings of
    them) for everyone else. asked: whether it was asked for, and is shown at every run."""

    name: str
    lines: tuple[str, ...]
    figures: Mapping[str, Any] = field(default_factory=dict)
    asked: bool = True


@dataclass(frozen=True)
class Diagnosis:
    """A ladder.

    better:      "lower" or "higher". materiality: differences up to this do not matter; `why` says
                 where it comes from.
    state:       "dominant", "both", "nothing", "cannot tell", "below human" or "unmeasured".
    named:       the gaps that dominate.
    advice:      sentences: what it says, and what to do.
    under:       what dominates under each declared human level.
    sections:    slices, the table of two distributions, training runs, the learning curve.
    """

    metric: str
    better: str
    confidence: float
    rungs: tuple[Rung, ...]
    gaps: tuple[Gap, ...]
    materiality: float
    why: str
    state: str
    named: tuple[str, ...]
    advice: tuple[str, ...]
    under: tuple[Under, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class DiagnosisResult(SplitResult):
    """One check of a diagnosis, decided: a gap that has a limit, or the whole `ladder`."""

    ladder: Diagnosis | None = None

    def remarks(self, most: int = 3) -> list[str]:
        """What is worth a line beside the ladder, which is drawn by itself: the notes."""
        return list(self.notes)

    def told(self) -> str:
        """Everything below the first line, which says all of a gap but what to do about it."""
        from evalharness.checks.bars import more

        lines = [line for finding in self.findings for line in finding.details]
        if self.ladder is not None:
            lines += more(self.ladder)
        if len(self.findings) > 1 or self.waived:
            lines = super().told().splitlines() + (lines if self.ladder is not None else [])
        return "\n".join([*lines, *(f"note: {text}" for text in self.notes)])

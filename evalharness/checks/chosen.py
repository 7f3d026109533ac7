"""What a choice among several models found: who may be chosen, how they rank, who is best."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalharness.checks.findings import SplitResult

# Whether a model meets every bound.
SURELY, PERHAPS, NOT = "surely", "perhaps", "surely not"


@dataclass(frozen=True)
class Candidate:
    """One model.

    value:       the metric; NaN where it is 0/0.
    low, high:   two-sided interval of the value by itself, at the confidence of the choice.
    bound:       one-sided bound of the value on its worse side, which holds for all models
                 together, and so for whichever is picked.
    minus:       the value minus that of the best model that may be chosen (without one, of the
                 best of all); minus_low, minus_high hold for all pairs of models together.
    feasible:    whether it meets every bound: "surely", "perhaps" or "surely not".
    ruled_out:   the bounds that it surely breaks; doubts: those that are undecided; waived: those
                 that a waiver lets through.
    best, worst: its rank as far as it is known; 0 where it cannot be ranked, and `reason` says why.
    groups:      letters; models that share one cannot be told apart.
    """

    model: str
    value: float
    low: float
    high: float
    bound: float
    minus: float
    minus_low: float
    minus_high: float
    feasible: str
    ruled_out: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    best: int = 0
    worst: int = 0
    groups: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Chosen:
    """A choice by `metric` on `split`, of which `better` values are "higher" or "lower".

    winner:     the name of the chosen model; "" where none is.
    corrected:  its value less what the best of so many gains, on average, by having been picked.
    level:      the two-sided level of each difference, with which all hold at the confidence.
    policy:     of the bounds; by "point" their values decide, which guarantees nothing.
    bounds:     how many are declared. n, unit: what is counted.
    candidates: the best value first.
    """

    metric: str
    split: str
    better: str
    confidence: float
    n: int
    unit: str
    bounds: int
    level: float
    winner: str
    candidates: tuple[Candidate, ...]
    corrected: float = math.nan
    policy: str = "confident"

    def feasible(self, how: str) -> list[Candidate]:
        """The candidates that meet every bound so surely."""
        return [c for c in self.candidates if c.feasible == how]


@dataclass(frozen=True)
class ChoiceResult(SplitResult):
    """The choice among several models, decided, with all of them in `choice`."""

    choice: Chosen | None = None

    def remarks(self, most: int = 3) -> list[str]:
        """What is worth a line beside the ranking, which is drawn by itself: the notes."""
        return list(self.notes)

    def told(self) -> str:
        """Everything below the first line."""
        from evalharness.checks.choice_words import drawn

        lines = [] if self.choice is None else drawn(self.choice)
        if self.waived:
            return "\n".join([*lines, super().told()])
        return "\n".join([*lines, *(f"note: {text}" for text in self.notes)])

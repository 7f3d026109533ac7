"""The table of two distributions: general data against the target's, for people, for the model on
what it has learnt from, and for the model on what is new to it.

                  general      target
    people        human        human_on_target
    seen          train        train_target
    unseen        train_dev    dev (or test)

Down a column lie avoidable bias and variance. Across a row lies how much harder the target is: for
people, for the model where it has learnt, and where it has not, which is data mismatch. Where a
cell between is missing, its neighbours are read together. A pair is told apart where a one-sided
MOVER bound of its difference is beyond zero. Their level is shared over both bounds of all pairs
that are read (Bonferroni), so that of tables in which nothing differs 1 − confidence at most say
that something does. Nothing is advised of a difference that is not told apart.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evalharness.checks.diagnosed import Section
from evalharness.declare.diagnosis import BiasVariance
from evalharness.declare.rungs import BIAS, BIAS_OR_VARIANCE, MISMATCH, VARIANCE
from evalharness.inference.bounds import Bounds
from evalharness.inference.numbers import percent, show
from evalharness.inference.rung_gap import Assumed, RungGap

PEOPLE, SEEN, UNSEEN = "human", "seen", "unseen"
GENERAL, TARGET = "general", "target"
ROWS, COLUMNS = (PEOPLE, SEEN, UNSEEN), (GENERAL, TARGET)
Cell = tuple[str, str]

HARDER, EASIER, ALIKE = "surely harder", "surely easier", "not told apart by these sizes"
FEW = "not told: fewer than three people"
WORDS = {HARDER: "harder", EASIER: "easier", ALIKE: "?", FEW: "not told"}
WIDTH, LABEL, CELL = 78, 20, 17
LABELS = {PEOPLE: "people", SEEN: "seen in training", UNSEEN: "unseen"}
# What a difference across a row, and one down a column, is.
ACROSS = {PEOPLE: "for people", SEEN: "on what was learnt", UNSEEN: MISMATCH}
DOWN = {
    (PEOPLE, SEEN): BIAS,
    (SEEN, UNSEEN): VARIANCE,
    (PEOPLE, UNSEEN): BIAS_OR_VARIANCE,
}


# Of the target that is harder for the model: what is said of people.
MORE = {
    HARDER: ", and for people too, so that part of the mismatch may lie in the data itself",
    EASIER: " and easier for people: the mismatch is the model's own",
}
AGAINST_PEOPLE = {
    HARDER: "surely worse than",
    EASIER: "surely better than",
    ALIKE: "not told apart from",
}
AGAINST_FEW = "on the target the model is not told from people, who were fewer than three"


def section(
    declared: BiasVariance,
    beliefs: Mapping[Cell, Bounds],
    sign: int,
    confidence: float,
    tied: Iterable[frozenset[Cell]] = (),
    *,
    few: Collection[Cell] = (),
    asked: bool = True,
) -> Section | None:
    """The table, filled from the cells that there are; None where it says no more than the ladder.

    beliefs: by (row, column), such as ("seen", "target"). sign: 1 where a lower value is better,
    -1 where a higher one is. tied: pairs of cells of which clusters have rows in both. few: cells
    of fewer than three people, whose pairs are not told. asked: whether it was asked for.
    """
    known = {cell: b for cell, b in beliefs.items() if math.isfinite(b.value)}
    fed = {(PEOPLE, TARGET), (SEEN, TARGET), (UNSEEN, GENERAL)} & {*known}
    if (UNSEEN, TARGET) not in known or not fed or len(known) < 3:
        return None
    asking = _Asking(known, sign, confidence, {frozenset(pair) for pair in tied}, {*few})
    low, high = declared.metric.range
    pairs = [asking.pair(*pair, high - low) for pair in _neighbours(known)]
    cells = [_cell(cell, b, confidence) for cell, b in known.items()]
    advice = _advice({(*p["below"], *p["above"]): p for p in pairs})
    lines = _table(declared, known, pairs, confidence)
    for text in advice:
        lines += textwrap.wrap(text, WIDTH, subsequent_indent="  ")
    figures = {"cells": cells, "pairs": pairs, "level": asking.level, "advice": advice}
    return Section("two distributions", tuple(lines), figures, asked)


def _neighbours(known: Iterable[Cell]) -> list[tuple[Cell, Cell]]:
    """Pairs of cells, of those that there are: down each column, then across each row."""
    there = {*known}
    columns = [[(r, c) for r in ROWS if (r, c) in there] for c in COLUMNS]
    down = [pair for column in columns for pair in zip(column, column[1:], strict=False)]
    across = [((r, GENERAL), (r, TARGET)) for r in ROWS]
    return down + [pair for pair in across if {*pair} <= there]


@dataclass(frozen=True)
class _Asking:
    """How pairs of cells are read."""

    known: Mapping[Cell, Bounds]
    sign: int
    confidence: float
    tied: Collection[frozenset[Cell]]
    few: Collection[Cell]

    def assumed(self, pair: tuple[Cell, Cell]) -> bool:
        """Whether nothing of it was measured, so that nothing is read."""
        return all(isinstance(self.known[cell], Assumed) for cell in pair)

    def untold(self, pair: tuple[Cell, Cell]) -> bool:
        return bool({*pair} & {*self.few})

    @property
    def level(self) -> float:
        """Of each one-sided bound: two of each pair that is read."""
        pairs = _neighbours(self.known)
        read = sum(not (self.assumed(pair) or self.untold(pair)) for pair in pairs)
        return (1 - self.confidence) / (2 * max(read, 1))

    def pair(self, below: Cell, above: Cell, most: float) -> dict[str, Any]:
        """What is found of one pair; most: how large a difference can be at all."""
        pair, across = (below, above), below[0] == above[0]
        ends = self.known[below], self.known[above]
        gap = RungGap(*ends, self.sign, frozenset(pair) in self.tied, most)
        low, high = gap.interval(self.confidence)
        lower, upper = gap.lower(self.level), gap.upper(self.level)
        said = HARDER if lower > 0 else EASIER if upper < 0 else ALIKE
        return {
            "below": list(below),
            "above": list(above),
            "what": ACROSS[above[0]] if across else DOWN[below[0], above[0]],
            "value": float(gap.value),
            "low": _number(low),
            "high": _number(high),
            "at_least": _number(lower),
            "at_most": _number(upper),
            "said": FEW if self.untold(pair) else said,
            "assumed": self.assumed(pair),
        }


def _cell(cell: Cell, bounds: Bounds, confidence: float) -> dict[str, Any]:
    low, high = bounds.interval(confidence)
    return {
        "row": cell[0],
        "column": cell[1],
        "value": float(bounds.value),
        "low": _number(low),
        "high": _number(high),
        "n": int(bounds.n),
    }


def _advice(pairs: Mapping[tuple[str, ...], Mapping[str, Any]]) -> list[str]:
    """Sentences, of what is told apart only."""
    said = {key: pair["said"] for key, pair in pairs.items()}
    people, seen, unseen = (said.get((row, GENERAL, row, TARGET)) for row in ROWS)
    found = []
    if unseen == EASIER:
        also = {EASIER: ", for people too", HARDER: ", although people find it harder"}
        left = [
            pair["what"]
            for (_, a, _, b), pair in pairs.items()
            if a == b == GENERAL and pair["said"] == HARDER
        ]
        rest = f"; what is surely left on general data is {' and '.join(left)}" if left else ""
        found.append(
            f"the target is the easier data for the model{also.get(people or '', '')}: there is no "
            f"mismatch to close{rest}"
        )
    elif unseen == HARDER:
        found.append("the target is harder for the model" + MORE.get(people or "", ""))
    bias, variance = (
        said.get((*pair, TARGET)) == HARDER
        for pair in ((PEOPLE, TARGET, SEEN), (SEEN, TARGET, UNSEEN))
    )
    if bias:
        found.append(
            "even on target data that it has learnt from the model is surely worse than people: it "
            "is not fitted there yet"
        )
    elif seen == HARDER and (PEOPLE, TARGET, SEEN, TARGET) not in said:
        found.append(
            "it is harder even where the model has learnt from it; human_on_target= would tell "
            "whether it is so for people"
        )
    if variance:
        found.append(
            "on the target new examples are surely harder than those that were learnt from: more "
            "target data to learn from, or regularisation"
        )
    against = said.get((PEOPLE, TARGET, UNSEEN, TARGET))
    if against == FEW:
        found.append(AGAINST_FEW)
    elif against is not None:
        told = AGAINST_PEOPLE[against]
        found.append(f"on the target the model is {told} people ({BIAS_OR_VARIANCE})")
    return found


def _table(
    declared: BiasVariance,
    known: Mapping[Cell, Bounds],
    pairs: list[dict[str, Any]],
    confidence: float,
) -> list[str]:
    """Values by row and column, and between them the differences down and across."""
    found = {(*p["below"], *p["above"]): p for p in pairs}
    legend = (
        f"{declared.metric.label}; harder, easier: surely so, at {percent(confidence)} for the "
        f"whole table; ?: {ALIKE}"
    )
    if any(p["said"] == FEW for p in pairs):
        legend = f"{legend}; {FEW}"
    told = [*textwrap.wrap(legend, WIDTH), _row("", GENERAL, TARGET, "target - general")]
    for place, row in enumerate(ROWS):
        values = (_written(known.get((row, c))) for c in COLUMNS)
        told.append(_row(LABELS[row], *values, _difference(found.get((row, GENERAL, row, TARGET)))))
        if place < 2:
            above = ROWS[place + 1]
            cells = [_difference(found.get((row, c, above, c))) for c in COLUMNS]
            if any(cells):
                told.append(_row(f"  {DOWN[row, above]}", *cells, ""))
    return told


def _row(label: str, *cells: str) -> str:
    return (f"{label:<{LABEL}}" + "".join(f" {cell:<{CELL}}" for cell in cells)).rstrip()


def _difference(pair: Mapping[str, Any] | None) -> str:
    if pair is None:
        return ""
    sign = "+" if pair["value"] >= 0 else ""
    word = "assumed" if pair["assumed"] else WORDS[pair["said"]]
    return f"{sign}{show(pair['value'])} {word}"


def _written(bounds: Bounds | None) -> str:
    return "–" if bounds is None else show(float(bounds.value))


def _number(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None

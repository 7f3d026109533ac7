"""The ladders by slice as lines of at most 78 columns: a table, and what it does not say itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalharness.checks.advice import BELOW_HUMAN
from evalharness.checks.cell_width import cells, cut, padded, wrapped
from evalharness.checks.slice_asked import LEAST
from evalharness.checks.slice_ladders import ABOVE_WHOLE, SliceLadders
from evalharness.declare.plural import counted
from evalharness.declare.rungs import (
    BIAS,
    BIAS_OR_VARIANCE,
    HUMAN,
    MISMATCH,
    OVERFITTING,
    TEST,
    VARIANCE,
    VARIANCE_OR_MISMATCH,
)
from evalharness.inference.dominance import BOTH, NOTHING, UNCLEAR
from evalharness.inference.numbers import percent, plain, show

SHOWN, WIDTH, LEAST_NAME = 8, 78, 6
# Of names of slices that are listed in a sentence.
LISTED = 4
WORDS = {
    BIAS: "bias",
    VARIANCE: "variance",
    MISMATCH: "mismatch",
    OVERFITTING: "overfit",
    BIAS_OR_VARIANCE: "bias|var",
    VARIANCE_OR_MISMATCH: "var|mism",
    NOTHING: "small",
    UNCLEAR: "unclear",
    BELOW_HUMAN: "<people",
}
# Whether a slice is judged, or why not.
JUDGED, FEW, UNDEFINED, ABSENT = "yes", "few", "undefined", "absent"


def lines(found: SliceLadders, slices: Sequence[Mapping[str, Any]]) -> list[str]:
    """For people; `slices`: the figures of each, what there is most to gain from first."""
    declared = found.asked.declared
    judged = [one for one in slices if one["judged"] == JUDGED]
    if not judged and not any(one["judged"] == UNDEFINED for one in slices):
        none = (
            f"{declared.metric.label} by {declared.by}: none of {counted(len(slices), 'slices')} "
            f"has {LEAST} examples on {found.at}, so that none is judged; bin the column, or "
            "choose another"
        )
        return wrapped(none, WIDTH, "  ")
    head = (
        f"{declared.metric.label} by {declared.by}{_floor(found)} would gain on {found.at} overall"
    )
    told = wrapped(head, WIDTH)
    if judged:
        told += _table(found, judged[:SHOWN])
    for text in _said(found, slices, judged):
        told += wrapped(text, WIDTH, "  ")
    return told


def _floor(found: SliceLadders) -> str:
    """What losses are counted from, in the words of the head."""
    floor = show(found.whole_floor)
    if found.own:
        return (
            f", against people's own error in each slice (human; {floor} over all): what a slice "
            "that were as good as they are there"
        )
    what = (
        f"the human level ({floor}, one for all slices)"
        if HUMAN in found.rungs
        else f"{found.floor_rung} as a whole ({floor}), for want of a human level"
    )
    return f": what a slice that were as good as {what}"


def _table(found: SliceLadders, judged: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where values are long, the lower rungs are left out."""
    hidden = {TEST} if found.own else {HUMAN, TEST}
    rungs = [name for name in found.rungs if name not in hidden or name == found.at]
    for first in range(len(rungs)):
        rows = _cells(found, judged, rungs[first:])
        widths = [max(cells(row[i]) for row in rows) for i in range(len(rows[0]))]
        room = WIDTH - sum(widths[1:]) - len(widths) + 1
        if room >= LEAST_NAME:
            break
    widths[0] = min(widths[0], max(room, LEAST_NAME))
    return [
        " ".join(
            padded(cut(cell, width) if i == 0 else cell, width, left=i > 0)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _cells(
    found: SliceLadders, judged: Sequence[Mapping[str, Any]], rungs: Sequence[str]
) -> list[list[str]]:
    span = f"{percent(found.asked.settings.confidence)} interval"
    rows = [["", "share", *rungs, "link", "gain", span, "p"]]
    for one in judged:
        link = one["dominates"][0] if one["dominates"] else one["state"]
        rows.append(
            [
                one["slice"],
                _percent(one["share"]),
                *(_short(one["rungs"][name]["value"]) for name in rungs),
                WORDS[link] + "+" * (one["state"] == BOTH),
                _gain(one["gain"]),
                f"{_gain(one['low'])} to {_gain(one['high'])}",
                _p(one["adjusted_p"]) + "◄" * one["named"],
            ]
        )
    return rows


def _said(
    found: SliceLadders, slices: Sequence[Mapping[str, Any]], judged: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What the table does not say by itself."""
    said = []
    by = f"by more than {plain(float(f'{found.asked.materiality:.3g}'))} (Holm over {len(judged)})"
    named = sum(one["named"] for one in judged)
    if len(judged) > 1:
        said.append(
            f"◄: surely worse than the other slices {by}: {named:,} of them"
            if named
            else f"no slice is surely worse than the others {by}"
        )
    if judged and judged[0]["gain"] > 0:
        first = judged[0]
        parts = [f"{_named(name)} {_gain(part)}" for name, part in first["parts"].items()]
        told = " + ".join(parts).replace("+ -", "- ")
        said.append(f"most to gain: {cut(first['slice'], 20)}, {_gain(first['gain'])} = {told}")
    if len(judged) > SHOWN:
        said.append(f"{counted(len(judged) - SHOWN, 'more slices')} judged; the result has them")
    return said + _not_judged(found, slices)


def _not_judged(found: SliceLadders, slices: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which slices are not judged, or lack a rung, and why."""
    said = []
    few = [one for one in slices if one["judged"] == FEW]
    if few:
        names = _list([f"{cut(one['slice'], 15)} ({one['rungs'][found.at]['n']})" for one in few])
        said.append(f"not judged, fewer than {LEAST} on {found.at}: {names}")
    if none := [one["slice"] for one in slices if one["judged"] == UNDEFINED]:
        said.append(f"not judged, undefined on {found.at}: {_list(none)}")
    for name in found.rungs:
        absent = [o["slice"] for o in slices if name != HUMAN and not o["rungs"][name]["n"]]
        if absent:
            said.append(f"not on {name}: {_list(absent)}")
    if not found.additive:
        said.append(
            f"{found.asked.declared.metric.label} of all of {found.at} is no mean of its slices, "
            "so that gains are of that mean"
        )
    return said


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(cut(name, 20) for name in names[:LISTED]) + more


def _named(part: str) -> str:
    return "above the whole" if part == ABOVE_WHOLE else part


def _short(x: float | None) -> str:
    if x is None:
        return "–"
    return f"{x:.3f}" if abs(x) < 10 else f"{x:.1f}" if abs(x) < 1000 else f"{x:.4g}"


def _gain(x: float | None) -> str:
    if x is None:
        return "–"
    text = f"{x:.4f}" if abs(x) < 10 else f"{x:.5g}"
    return text.removeprefix("-") if text == "-0.0000" else text


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.1 else f"{100 * share:.2g}%"


def _p(p: float) -> str:
    return "<.001" if p < 0.001 else f"{p:.3f}" if p < 1 else "1"

"""A ladder as lines of at most 80 columns: bars with intervals, the gaps between them, and what to
do."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence

from evalharness.checks.advice import BELOW_HUMAN, FEW, headline, level
from evalharness.checks.diagnosed import Diagnosis, Gap, Rung, Under
from evalharness.declare.rungs import HUMAN
from evalharness.inference.numbers import percent, plain, show

WIDTH, LINES = 80, 15
# Of a human level's name no more is shown.
NAME = 24
# Where what does not fit is found; and what the lowest gap can say at all.
MORE = "(more with pytest -v, and where the result is printed)"
UPPER = (
    "human level is an upper bound of the Bayes error, so that the bias that can be avoided is at "
    "least what is shown"
)
SOLID, SHADE = "█", "░"
MARKS = {BELOW_HUMAN: "not told", FEW: "too few"}


def lines(found: Diagnosis) -> list[str]:
    """At most 15 lines: a heading, the rungs with the gaps between them, and the advice, of which
    what does not fit is told by `more`."""
    head, drawn = _head(found), _drawn(found)
    wrapped = _wrapped([_material(found), *found.advice])
    room = LINES - len(head) - len(drawn)
    if len(wrapped) > room:
        wrapped = [*wrapped[: room - 1], MORE]
    return [line.rstrip() for line in [*head, *drawn, *wrapped]]


def more(found: Diagnosis) -> list[str]:
    """All of it: the ladder, all advice, the other human levels, and what was asked for beside."""
    said = [_material(found), *found.advice]
    if found.rungs[0].name == HUMAN and found.gaps and found.gaps[0].state != BELOW_HUMAN:
        said.append(UPPER)
    if len(found.under) > 1:
        said += map(_under, found.under)
    told = [*_head(found), *_drawn(found), *_wrapped(said)]
    for section in found.sections:
        told += ["", *section.lines] if section.asked else []
    return [line.rstrip() for line in told]


def _under(under: Under) -> str:
    span = f"{_signed(under.bias)} ({_signed(under.low)} to {_signed(under.high)}) above it"
    return f"under {level(under)}: {span}; {headline(under.state, under.named)}"


def _head(found: Diagnosis) -> list[str]:
    return textwrap.wrap(
        f"{found.metric}, {percent(found.confidence)} intervals: "
        f"{headline(found.state, found.named)}",
        WIDTH,
    )


def _wrapped(said: Iterable[str]) -> list[str]:
    return [line for text in said for line in textwrap.wrap(text, WIDTH, subsequent_indent="  ")]


def _material(found: Diagnosis) -> str:
    why = "declared" if found.why == "declared" else f"by default {found.why}"
    most = plain(float(f"{found.materiality:.3g}"))
    return f"differences up to {most} do not matter ({why})"


def _drawn(found: Diagnosis) -> list[str]:
    """Rungs with the gaps between them, in columns: name, value, bar, interval, n or the chance."""
    cells: list[tuple[str, str, Rung | None, str, str]] = []
    for rung in found.rungs:
        cells.append((_name(rung), _short(rung.value), rung, _span(rung), _count(rung)))
        cells += [
            (
                f"  {g.name}",
                _signed(g.value),
                None,
                f"{_signed(g.low)} to {_signed(g.high)}",
                _mark(g),
            )
            for g in found.gaps
            if g.below == rung.name
        ]
    widths = [max(len(str(c[i])) for c in cells) for i in (0, 1, 3, 4)]
    room = max(0, WIDTH - sum(widths) - len(widths))
    start, unit = _scale(found.rungs, room)
    return [
        f"{name:<{widths[0]}} {value:>{widths[1]}} {_bar(rung, start, unit, room):<{room}} "
        f"{span:<{widths[2]}} {last}"
        for name, value, rung, span, last in cells
    ]


def _name(rung: Rung) -> str:
    return f"{HUMAN} ({rung.told.partition(':')[0]})"[:NAME] if rung.name == HUMAN else rung.name


def _span(rung: Rung) -> str:
    if math.isnan(rung.value):
        return "not measured"
    return f"{_short(rung.low)} to {_short(rung.high)}" if rung.n else "assumed"


def _short(x: float) -> str:
    """Four decimals; three digits of a small number would be longer than it is worth here."""
    return f"{x:.4f}".replace("-0.0000", "0.0000") if abs(x) < 1e-3 else show(x)


def _count(rung: Rung) -> str:
    if not rung.n:
        return ""
    return f"n={rung.n:,}" if rung.n < 1_000_000 else f"n={rung.n / 1e6:.3g}M"


def _signed(x: float) -> str:
    return _short(x) if x < 0 or math.isnan(x) else f"+{_short(x)}"


def _mark(gap: Gap) -> str:
    """Why a gap is not told, or the chance that it is the largest, and whether it is named."""
    chance = f"P {gap.largest:.2f}" if gap.largest == gap.largest else ""
    return MARKS.get(gap.state, chance) + ("◄" if gap.state == "named" else "")


def _scale(rungs: Sequence[Rung], room: int) -> tuple[float, float]:
    """Where the bars begin, and what a column of them is worth."""
    ends = [x for r in rungs for x in (r.low, r.high, r.value) if math.isfinite(x)]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    # A metric that is far from 0 on all rungs is drawn from below its least value on.
    start = 0.0 if low >= 0 and low < high / 2 else low - (high - low) / 10
    return start, (high - start) / max(room, 1) or 1.0


def _bar(rung: Rung | None, start: float, unit: float, room: int) -> str:
    """Solid up to the lower end of the interval, shaded up to its upper end."""
    if rung is None or math.isnan(rung.value):
        return ""
    ends = [round((x - start) / unit) if math.isfinite(x) else room for x in (rung.low, rung.high)]
    solid, whole = (max(0, min(x, room)) for x in ends)
    return SOLID * solid + SHADE * (whole - solid)

"""A choice among several models in words, and as a table of at most 100 columns."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from evalharness.checks.chosen import NOT, PERHAPS, SURELY, Candidate, Chosen
from evalharness.declare.plural import counted
from evalharness.inference.numbers import percent, show

# Of more models than this the best are shown.
MOST = 20
# Of more names than this the first are told.
NAMES = 3
# So wide the column of the models is at least.
LEAST = 12
HEAD = ("rank", "model", "value", "interval", "minus {}", "bounds", "alike")
ALONE = "by the values alone (policy 'point'): no statistical guarantee that any model meets them"
WORD = {SURELY: "met", PERHAPS: "perhaps", NOT: "ruled out"}


def told(choice: Chosen) -> str:
    """What follows "the choice by …:" in the first line: it says it all."""
    total = len(choice.candidates)
    if choice.winner:
        parts = [_winner(choice), *_ruled(choice)]
    elif choice.feasible(PERHAPS):
        open_ = [f"{c.model} ({_listed(c.doubts)})" for c in choice.feasible(PERHAPS)]
        parts = [
            f"none of {total} is shown to meet every bound",
            f"undecided: {_listed(open_)}",
            *_ruled(choice),
        ]
    elif choice.feasible(SURELY):
        reason = choice.feasible(SURELY)[0].reason
        parts = [f"none of the models that meet every bound can be ranked: {reason}"]
    else:
        parts = [f"none of {total} meets every bound", *_ruled(choice)]
    if choice.policy == "point" and choice.bounds:
        parts.append(f"bounds are decided {ALONE}")
    return "; ".join(parts)


def _winner(choice: Chosen) -> str:
    best = next(c for c in choice.candidates if c.model == choice.winner)
    total = len(choice.candidates)
    least, toward = ("at least", "down") if choice.better == "higher" else ("at most", "up")
    text = (
        f"{best.model} ({show(best.value)}, {least} {show(best.bound, toward=toward)} although it "
        f"was picked among {total}"
    )
    if show(choice.corrected) != show(best.value):
        text += f"; about {show(choice.corrected)} without the luck of the pick"

    def alike(c: Candidate) -> bool:
        return bool(set(c.groups) & set(best.groups))

    rivals = [c for c in choice.feasible(SURELY) if c.best and c is not best]
    same = [c.model for c in rivals if alike(c)]
    if same:
        text += f"), cannot be told apart from {_listed(same)}"
    elif rivals:
        text += f"), surely better than {_listed([c.model for c in rivals])}"
    else:
        text += f"), the only one {_alone(choice)}"
    sign = 1 if choice.better == "higher" else -1
    hopes = [c for c in choice.feasible(PERHAPS) if sign * c.minus > 0 or alike(c)]
    if hopes:
        sure = not any(map(alike, hopes))
        word = "surely" if sure else "perhaps"
        names = [f"{c.model} ({_listed(c.doubts)})" for c in hopes]
        text += f"; {word} better, but not shown to meet every bound: {_listed(names)}"
    return text


def _alone(choice: Chosen) -> str:
    """What only the chosen model does, where no other one is ranked beside it."""
    meets = "that meets" if choice.policy == "point" else "that is shown to meet"
    without = [c for c in choice.feasible(SURELY) if not c.best]
    if not without:
        return f"{meets} every bound"
    why = _listed([f"{c.model}: {c.reason.partition(':')[0]}" for c in without])
    others = sum(c.best > 0 for c in choice.candidates) > 1
    return f"{f'{meets} every bound and' if others else 'that'} can be ranked ({why})"


def _ruled(choice: Chosen) -> list[str]:
    """How many are ruled out, and by which bound how many."""
    out = choice.feasible(NOT)
    if not out:
        return []
    by = Counter(name for c in out for name in c.ruled_out)
    told = ", ".join(f"{name} ({n})" for name, n in by.most_common(NAMES))
    more = f" and {len(by) - NAMES} more" if len(by) > NAMES else ""
    return [f"{len(out)} of {len(choice.candidates)} ruled out: {told}{more}"]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES])
    return shown + (f" and {len(names) - NAMES} more" if len(names) > NAMES else "")


def drawn(choice: Chosen, full: bool = True) -> list[str]:
    """The models as a table, with what ruled them out; full: all of them."""
    from evalharness.checks.table import WIDTH, _aligned

    shown = choice.candidates if full else choice.candidates[:MOST]
    head = next((c.model for c in choice.candidates if c.minus == 0), "the best")
    name = choice.winner or head
    name = name if len(name) <= 16 else "the best"
    rows = [tuple(h.format(name) for h in HEAD), *(_row(c) for c in shown)]
    if not choice.bounds:
        rows = [(*r[:5], r[6]) for r in rows]
    if sum(2 + max(map(len, c)) for k, c in enumerate(zip(*rows, strict=True)) if k != 1) > (
        WIDTH - LEAST
    ):
        rows = [(*r[:3], *r[4:]) for r in rows]  # of numbers so long, the interval is in the JSON
    lines = [
        f"{choice.metric} on {choice.split}, {counted(len(choice.candidates), 'models')}, "
        f"{counted(choice.n, choice.unit)}",
        *(line.rstrip() for line in _aligned(rows, LEAST)),
    ]
    if len(shown) < len(choice.candidates):
        lines.append(f"… and {len(choice.candidates) - len(shown)} more")
    for word, names in (
        ("ruled out", [(c.model, c.ruled_out) for c in shown]),
        ("undecided", [(c.model, c.doubts) for c in shown]),
        ("waived", [(c.model, c.waived) for c in shown]),
        ("not ranked", [(c.model, (c.reason,) if c.reason else ()) for c in shown]),
    ):
        lines += [
            line
            for model, why in names
            if why
            for line in textwrap.wrap(
                f"{word}: {model}: {'; '.join(why)}", WIDTH, subsequent_indent="  "
            )
        ]
    note = (
        f"Ranks, differences and letters hold together with {percent(choice.confidence)} "
        "confidence. Models that share a letter cannot be told apart, which does not say that they "
        "are equivalent."
    )
    if choice.policy == "point" and choice.bounds:
        note += f" Bounds are decided {ALONE}."
    return [*lines, *textwrap.wrap(note, WIDTH)]


def _row(c: Candidate) -> tuple[str, ...]:
    if not c.best:
        return ("–", c.model, show(c.value), "–", "–", WORD[c.feasible], "")
    rank = str(c.best) if c.best == c.worst else f"{c.best}–{c.worst}"
    minus = "–"
    if c.minus_low == c.minus_low:
        minus = f"{show(c.minus)} ({show(c.minus_low)} to {show(c.minus_high)})"
    alike = "".join(c.groups) if all(len(g) == 1 for g in c.groups) else " ".join(c.groups)
    if len(alike) > 8:
        alike = f"{c.groups[0]}–{c.groups[-1]}"
    interval = f"{show(c.low)} to {show(c.high)}"
    return (rank, c.model, show(c.value), interval, minus, WORD[c.feasible], alike)

"""Checks as a table that a person reads at a glance, in 100 columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace

from evalharness.checks.findings import Finding, SplitResult
from evalharness.checks.satisficing import CheckResult
from evalharness.inference.estimates import Estimate
from evalharness.inference.numbers import about, percent, plain, show
from evalharness.inference.verdicts import EXACT, FAIL, INCONCLUSIVE, PASS, SIGNS, Verdict

WIDTH = 100
WORD = {PASS: "pass", FAIL: "FAIL", INCONCLUSIVE: "INCONCLUSIVE"}
# Of more slices than these the lowest and the highest are shown.
OUTERMOST = 3
HEAD = ("verdict", "check", "value", "bound", "required", "n", "to settle")


Decided = CheckResult | SplitResult


def text_table(
    checks: Sequence[Decided], also: Iterable[Sequence[Estimate]] = (), full: bool = True
) -> str:
    """One line for each check, then what was only reported, what is waived, and the ladders; full:
    with everything that is said of these."""
    lines = _aligned([HEAD, *(row(c) for c in checks)]) if checks else []
    for head, told in (
        ("reported, not gated:", reported(also) + splits_told(checks)),
        ("waived:", waived(checks)),
    ):
        if told:
            lines += ["", head]
            for text in told:
                indent = " " * (len(text) - len(text.lstrip()) + 4)
                lines += textwrap.wrap("  " + text, WIDTH, subsequent_indent=indent)
    for ladder in ladders(checks, full):
        lines += ["", *ladder]
    if note := footnote(checks):
        lines += ["", *textwrap.wrap(note, WIDTH)]
    return "\n".join(line.rstrip() for line in lines)


def splits_told(checks: Iterable[Decided]) -> list[str]:
    """What checks of splits found beside what they gate: what differs, and notes."""
    found = []
    for check in checks:
        if isinstance(check, SplitResult) and (remarks := check.remarks()):
            found += [f"{check.title}:", *(f"  {text}" for text in remarks)]
    return found


def ladders(checks: Iterable[Decided], full: bool = True) -> list[list[str]]:
    """The drawn ladder of each diagnosis, with the name of its model where there are several, and
    with what was asked for beside it; and the ranking of each choice."""
    from evalharness.checks.bars import lines, more
    from evalharness.checks.choice_words import drawn

    found: list[list[str]] = []
    before: set[tuple[str, ...]] = set()
    for check in checks:
        choice = getattr(check, "choice", None)
        if choice is not None:
            found.append(drawn(choice, full))
        ladder = getattr(check, "ladder", None)
        if ladder is not None:
            # What is about no model in particular is said once.
            ladder = replace(
                ladder, sections=tuple(s for s in ladder.sections if s.lines not in before)
            )
            before |= {s.lines for s in ladder.sections}
            asked = [line for s in ladder.sections if s.asked for line in ("", *s.lines)]
            told = more(ladder) if full else [*lines(ladder), *asked]
            found.append([*([f"{check.model}:"] if check.model else []), *told])
    return found


def waived(checks: Iterable[Decided]) -> list[str]:
    """What is let through by waivers, and how bad it is; of bounds, waivers without use too."""
    found = []
    for check in checks:
        if isinstance(check, SplitResult):
            found += [f"{check.title}: {f.told} [{f.code}]; {f.waived}" for f in check.waived]
        elif check.waived:
            found.append(check.message)
        found += [check.idle] if isinstance(check, CheckResult) and check.idle else []
    return found


def details(check: Decided) -> str:
    """What there is to say of a check below the first line; "" for nothing."""
    if isinstance(check, SplitResult):
        return check.told()
    table = [slice_table(check)] if check.group else []
    return "\n".join([*table, *check.notes])


def slice_table(check: CheckResult) -> str:
    """Every slice of a check that is sliced, with its n and bound."""
    head = ("verdict", "slice", *HEAD[2:])
    lines = _aligned([head, *(_cells(v, check.slice_of(v)) for v in check.verdicts)])
    if check.pooled:
        shown = ", ".join(f"{value} (n={n:,})" for value, n in check.pooled[:20])
        more = f", and {len(check.pooled) - 20:,} more" if len(check.pooled) > 20 else ""
        lines.append(f"pooled as other: {shown}{more}")
    return "\n".join(line.rstrip() for line in lines)


def row(check: Decided) -> tuple[str, ...]:
    """A check as cells; one that is sliced shows its worst slice, one of splits what decided."""
    if isinstance(check, SplitResult):
        return _of_splits(check)
    worst = check.worst
    name = f"{check.model}: " if check.model else ""
    name += f"{check.metric} on {check.split}" + (f", {check.slice}" if check.slice else "")
    if check.group:
        name += f" by {check.group}"
        name += f" ({check.count(PASS):,}/{len(check.verdicts):,} pass)"
    if check.meaning:
        name += f": {check.meaning}"
    name += ", its waiver is over" if check.expired else ""
    word = "waived" if check.waived else WORD[check.outcome]
    return (word, *_cells(worst, name)[1:])


def _of_splits(check: SplitResult) -> tuple[str, ...]:
    f = check.worst or Finding("", "", PASS, "")
    alike = [x for x in check.gated if (x.outcome, x.waived) == (f.outcome, f.waived)]
    name = check.title + (f": {f.about}" if f.about else "")
    if f.outcome != PASS:
        name += f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        name += f" [{f.code}]"
    word = "waived" if check.waived and check.outcome == PASS else WORD[check.outcome]
    number = "–" if math.isnan(f.value) else show(f.value, near=f.required)
    bound = (
        "–"
        if math.isnan(f.limit)
        else show(f.limit, near=f.required, toward="down" if f.op == "≥" else "up")
    )
    signs = "><" if check.kind == "preferences" else "≥≤"
    required = "" if math.isnan(f.required) else f"{signs[not f.least]} {plain(f.required)}"
    settle = f"~{about(max(f.settle))}" if f.settle else "?" if f.outcome == INCONCLUSIVE else ""
    shown = bound if bound == "–" else f"{f.op} {bound}"
    return (
        word,
        name,
        number,
        shown,
        required,
        f"{min(filter(None, f.n)):,}" if any(f.n) else "",
        settle,
    )


def footnote(checks: Sequence[Decided]) -> str:
    """What the columns mean, at the levels that were used."""
    families = ("preferences", "judgements"), ("splits", "columns"), ("diagnosis", "limits")
    shared = [_shared_note(checks, *of) for of in families]
    return " ".join(filter(None, [_bounds_note(checks), *shared]))


def _shared_note(checks: Sequence[Decided], kind: str, what: str) -> str:
    found = [c for c in checks if isinstance(c, SplitResult) and c.kind == kind]
    families = {c.family for c in found}
    decided = any(f.level == f.level for c in found for f in c.gated)
    if not decided or families == {1}:
        return ""
    alpha = 1 - found[0].confidence
    name = "gaps" if kind == "diagnosis" else kind
    return f"Of {name}, a FAIL is stated at level {alpha:.3g} / {max(families):,} {what}."


def _bounds_note(checks: Sequence[Decided]) -> str:
    bounds = [c for c in checks if isinstance(c, CheckResult)]
    bounds.sort(key=lambda c: c.kind != "satisficing")  # their family is named; an objective is one
    every = [c.verdicts[0] for c in bounds if c.verdicts]  # one policy in all slices of a check
    verdicts = [v for v in every if v.policy != EXACT]
    if not verdicts:
        return "Fixed lists: every row counts, and the values decide." if every else ""
    if verdicts[0].policy == "point":
        return "Decided by the values alone (policy 'point'): no statistical guarantee."
    family = verdicts[0].family
    text = (
        f"Bounds are one-sided at {percent(verdicts[0].estimate.confidence)} confidence, and decide"
    )
    if family > 1:
        alpha = 1 - verdicts[0].estimate.confidence
        text += f"; a FAIL is stated at level {alpha:.3g} / {family:,} bounds"
    return text + "."


def _cells(v: Verdict, name: str) -> tuple[str, ...]:
    e = v.estimate
    upward = v.op in (">=", ">")
    below = upward != (v.outcome == FAIL)
    limit = v.limit
    if math.isnan(e.value) or v.policy in ("point", EXACT):
        bound = "–"
    elif math.isinf(limit):
        bound = "none"
    else:
        bound = ("≥ " if below else "≤ ") + show(
            limit, near=v.threshold, toward="down" if below else "up"
        )
    settle = f"~{about(v.settle)}" if v.settle else ("?" if v.outcome == INCONCLUSIVE else "")
    required = f"{SIGNS[v.op]} {plain(v.threshold)}"
    return (
        WORD[v.outcome],
        name,
        show(e.value, near=v.threshold) + (f" ±{e.error:.1g}" if e.error else ""),
        bound,
        required,
        f"{e.n:,}",
        settle,
    )


def reported(also: Iterable[Sequence[Estimate]]) -> list[str]:
    """What is said of the estimates of each metric; of many slices, of the outermost ones."""
    found = []
    for each in also:
        if len(each) <= 2 * OUTERMOST + 1:
            found += [_told(e) for e in each]
            continue
        values = getattr(each, "value", None)
        values = [e.value for e in each] if values is None else values.tolist()
        known = [g for g, value in enumerate(values) if not math.isnan(value)]
        known.sort(key=values.__getitem__)
        head = f"{replace(each[0], slice='').title}, {len(each):,} slices"
        if undefined := len(each) - len(known):
            head += f" ({undefined:,} undefined)"
        found.append(f"{head}; the lowest and the highest are")
        some = known[:OUTERMOST] + known[OUTERMOST:][-OUTERMOST:] or [0]
        found += [f"  {each[g].slice}: {_interval(each[g])} ({each[g].count})" for g in some]
    return found


def _told(e: Estimate) -> str:
    return f"{e.title}: {_interval(e)} ({e.count})"


def _interval(e: Estimate) -> str:
    if math.isnan(e.value):
        return f"undefined; {e.reason}"
    return f"{show(e.value)} ({e.span})"


def _aligned(rows: Sequence[Sequence[str]], least: int = 24) -> list[str]:
    """Columns two blanks apart; the name in the second wraps when the line would pass WIDTH, and
    keeps `least` characters."""
    widths = [max(len(r[c]) for r in rows) for c in range(len(rows[0]))]
    spare = WIDTH - sum(widths) - 2 * (len(widths) - 1)
    if spare < 0:
        widths[1] = max(least, widths[1] + spare)
    lines = []
    for r in rows:
        first, *more = textwrap.wrap(
            r[1], widths[1], subsequent_indent="  ", break_on_hyphens=False
        ) or [""]
        cells = [r[0].ljust(widths[0]), first.ljust(widths[1])]
        cells += [c.rjust(w) for c, w in zip(r[2:], widths[2:], strict=True)]
        lines.append("  ".join(cells))
        lines += [" " * (widths[0] + 2) + rest for rest in more]
    return lines

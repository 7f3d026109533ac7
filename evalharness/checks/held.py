"""What is kept of an evaluation: verdicts, estimates, and what later bounds are judged by.

Of each declared metric the table where one is enough (`held_tables`), so that any metric of that
table is judged as with the examples; else its limits at a ladder of error levels, by which a new
threshold on the same metric is decided. Nothing of single examples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.checks import held_tables
from evalharness.checks.findings import SplitResult
from evalharness.checks.measuring import estimates
from evalharness.checks.satisficing import CheckResult
from evalharness.checks.settings import Settings
from evalharness.declare.errors import EvalharnessError, OutputsError
from evalharness.declare.metric import Metric
from evalharness.declare.naming import word
from evalharness.inference.estimates import Estimate
from evalharness.inference.verdicts import PASS
from evalharness.kernels.plan import Plan

if TYPE_CHECKING:
    from evalharness.checks.deciding import Declared, Found

# By what the error level of a bound may be divided, and still be looked up as it is: by the bounds
# of an evaluation, or by slices. Levels in between use the next smaller one.
SHARES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 1_000)
# Of more slices than these only the levels of the evaluation itself are kept.
FEW = 20
# Tables of more numbers than these are not kept, and of more slices no figure beside the table.
NUMBERS, FIGURES = 5_000, 100
# More classes than these are told by their number, the first and the last.
CLASSES = 50


def held(
    plan: Plan,
    declared: Declared,
    checks: Sequence[CheckResult | SplitResult],
    found: Found,
    metrics: Mapping[str, Metric],
    settings: Settings,
) -> dict[str, Any]:
    """Plain dictionaries of everything that is kept. metrics: the declared ones, as written."""
    figures, limits, tables, data = (dict[str, Any]() for _ in range(4))
    for model, by in found.items():
        for text, metric in metrics.items():
            each = by.get(text)
            if each is None and model not in declared.gated:
                continue  # a baseline, which may not have what is asked of the gated ones
            if each is None:
                each = estimates(plan, model, metric, settings)
            of_split = data.setdefault(model, {}).setdefault(metric.split, {})
            of_split |= _data(plan, model, metric)
            table = _table(plan, model, metric, each)
            if table is None:
                limits.setdefault(model, {})[text] = _limits(metric, each, settings)
                continue
            tables.setdefault(model, {})[held_tables.key(metric)] = table
            if len(each) <= FIGURES:
                lines = {name_of(metric, e): _figure(e) for e in each}
                figures.setdefault(model, {})[text] = lines
    told: dict[str, Any] = {}
    for c in checks:
        mine = told.setdefault(c.model, {})
        # An objective and a bound may have one id.
        mine[f"{c.id} ({c.kind})" if c.id in mine else c.id] = _decided(c)
    return {
        "settings": {
            "confidence": settings.confidence,
            "policy": settings.policy,
            "seed": settings.seed,
            "family": settings.family,
        },
        "gated": list(declared.gated),
        "declared": len(declared.checks),
        "against": sorted({b.less for b in declared.compared.values()}),
        "checks": told,
        "data": data,
        "figures": figures,
        "limits": limits,
        "tables": tables,
    }


def _decided(c: CheckResult | SplitResult) -> dict[str, Any]:
    """The verdict of a check. What only a waiver lets through is "waived", and no pass."""
    each = [c.waived] if isinstance(c, CheckResult) else [f.waived for f in c.waived]
    waived = "; ".join(filter(None, dict.fromkeys(each)))
    outcome = "waived" if waived and c.outcome == PASS else c.outcome
    found = {"kind": c.kind, "outcome": outcome, "message": c.message}
    return found | ({"waived": waived} if waived else {})


def name_of(metric: Metric, e: Estimate) -> str:
    """The slice of an estimate by which it is told from the others of its metric; "" where there
    are no others."""
    if not metric.group or metric.over:
        return ""
    return e.slice.removeprefix(f"{metric.slice}, ") if metric.slice else e.slice


def _data(plan: Plan, model: str, metric: Metric) -> dict[str, Any]:
    """What a split holds: its rows, the hash of its table and of how it is read, and its classes
    where the metric is of classes."""
    split = plan.split(model, metric.split)
    found: dict[str, Any] = {"rows": split.n, "digest": split.digest, "reading": split.reading}
    return found | classes_of(split, metric)


def classes_of(split: Any, metric: Metric) -> dict[str, Any]:
    """The classes of a split, and which of them is positive, in words; empty where the metric is
    not of classes."""
    statistics = [part.statistic for part in metric.parts]
    if not any(hasattr(s, "positive") or isinstance(s, held_tables.Hits) for s in statistics):
        return {}
    found: dict[str, Any] = {}
    try:
        names = [word(c) for c in split.classes]
        short = len(names) <= CLASSES
        found["classes"] = names if short else [f"{len(names):,} classes", names[0], names[-1]]
        found["multilabel"] = bool(split.multilabel)
        if len(names) == 2 or found["multilabel"]:
            found["positive"] = names[split.positive_code()]
    except OutputsError:  # there is none that is positive by itself
        pass
    return found


def _figure(e: Estimate) -> dict[str, Any]:
    """What a person reviews; to six digits, so that no machine's rounding changes a line."""
    numbers = {k: _short(getattr(e, k)) for k in ("value", "at_least", "at_most")}
    return numbers | {"n": e.n}


def _short(x: float) -> float:
    return float(f"{x:.6g}")


def _table(
    plan: Plan, model: str, metric: Metric, each: Sequence[Estimate]
) -> dict[str, Any] | None:
    """The tables of all slices; None where they are not enough for the very same bounds."""
    options = dict(metric.options)
    if metric.over or metric.exact or len(metric.parts) > 1 or "threshold_from" in options:
        return None
    measured = plan.measure(model, metric)
    kind = type(measured.tables[0]).__name__
    if kind not in held_tables.KINDS or not measured.plain or not held_tables.key(metric):
        return None
    if "task" in measured.columns.arrays:
        return None
    rows: dict[str, list[Any]] = {}
    numbers = 0
    for table, name, e in zip(measured.tables, measured.groups.names, each, strict=True):
        row = held_tables.row(table)
        numbers += sum(np.size(x) for x in row)
        if numbers > NUMBERS or not _same(metric, kind, row, measured.columns.classes, e):
            return None
        rows[name] = row
    entry = {"table": kind, "columns": list(held_tables.KINDS[kind]._fields), "rows": rows}
    if measured.columns.classes:
        entry["classes"] = [word(c) for c in measured.columns.classes]
    return entry


def _same(metric: Metric, kind: str, row: list[Any], classes: Sequence[Any], e: Estimate) -> bool:
    """Whether the numbers that are kept give the limits that were found."""
    try:
        bounds = held_tables.bounds(metric, held_tables.made(kind, row), classes)
        alpha = 1 - e.confidence
        again = (bounds.value, bounds.lower(alpha), bounds.upper(alpha))
    except EvalharnessError:
        return False
    pairs = zip(again, (e.value, e.at_least, e.at_most), strict=True)
    return all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) or a != a and b != b for a, b in pairs
    )


def _limits(metric: Metric, each: Sequence[Estimate], settings: Settings) -> dict[str, Any]:
    """The limits of all slices at each of the levels."""
    family, slices = settings.family, len(each)
    shares = {1, family, family * slices}
    if slices <= FEW:
        shares |= set(SHARES)
    alpha = 1 - settings.confidence
    levels = [alpha / share for share in sorted(shares)]
    lower, upper = (
        np.array([_at(each, side, level) for level in levels], float) for side in ("lower", "upper")
    )
    rows: dict[str, Any] = {}
    common: dict[str, Any] = {}
    for g, e in enumerate(each):
        words = {k: getattr(e, k) for k in ("unit", "shown", "decides", "reason", "note", "closed")}
        common = common or words
        rows[name_of(metric, e)] = {
            "value": e.value,
            "n": e.n,
            "low": e.low,
            "high": e.high,
            "lower": lower[:, g].tolist(),
            "upper": upper[:, g].tolist(),
        } | {k: v for k, v in words.items() if v != common[k]}
    return {"levels": levels, "rows": rows} | common


def _at(each: Sequence[Estimate], side: str, level: float) -> Any:
    """(slices,) the limits of one side at a level; of many slices at once where they are arrays."""
    slices: Any = getattr(each, "slices", None)
    return (
        [getattr(e._bounds, side)(level) for e in each]
        if slices is None
        else getattr(slices, side)(level)
    )

"""Estimates: what a metric is on each slice that it speaks of, for one model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from evalharness.checks.settings import Settings
from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds
from evalharness.inference.estimates import Estimate, estimate
from evalharness.inference.many import Estimates
from evalharness.inference.of_form import bounds_of, combined, exact, seed_of
from evalharness.inference.slices import Slices, slices_of
from evalharness.kernels.plan import Measured, Plan


def estimates(plan: Plan, model: str, metric: Metric, settings: Settings) -> Sequence[Estimate]:
    """The estimate of each slice that the metric speaks of; one when it is not sliced."""
    shown_model = model if len(plan.outputs) > 1 else ""
    place = {"metric": metric.measured, "model": shown_model, "split": metric.split}
    if together := _together(plan, model, metric, settings):
        head = f"{metric.slice}, " if metric.slice else ""
        names = [head + name for name in plan.measure(model, metric).groups.names]
        return Estimates(
            together,
            settings.confidence,
            names,
            place,
            lambda g, name: _source(plan, model, metric, g, name, settings),
        )
    found = []
    for g, (piece, bounds) in enumerate(_bounds(plan, model, metric, settings)):
        found.append(
            estimate(
                bounds,
                settings.confidence,
                note=_note(plan, model, metric, bounds),
                _resample=partial(_source, plan, model, metric, g, piece, settings),
                slice=piece,
                **place,
            )
        )
    return tuple(found)


def _together(plan: Plan, model: str, metric: Metric, settings: Settings) -> Slices | None:
    """The bounds of all slices at once, where there are many and they have them."""
    if not metric.group or metric.over or metric.exact or len(metric.parts) > 1:
        return None
    metric = plan.resolved(model, metric)
    if "threshold_from" in dict(metric.options):
        return None  # the threshold belongs to the number
    measured = plan.measure(model, metric)

    def alone(g: int) -> Bounds:
        _, seed = _piece(metric, measured.groups.names[g], settings)
        return bounds_of(metric, measured.tables[g], measured.sample(g), seed)

    return slices_of(metric, measured, alone)


def _bounds(plan: Plan, model: str, metric: Metric, settings: Settings) -> list[tuple[str, Bounds]]:
    """(slice, bounds) of each slice, or of the gap between them."""
    if metric.over:
        from evalharness.inference.bracketed_gap import gap_of

        each = _bounds(plan, model, replace(metric, over=""), settings)
        return [(metric.slice, gap_of(each, tied(plan.measure(model, metric.parts[0]))))]
    parts = [plan.resolved(model, part) for part in metric.parts]
    measured = [plan.measure(model, part) for part in parts]
    found = []
    for g, name in enumerate(measured[0].groups.names):
        piece, seed = _piece(metric, name, settings)
        tables = [(p, m.tables[g], m.sample(g)) for p, m in zip(parts, measured, strict=True)]
        if metric.exact:
            found.append((piece, exact(metric, tables)))
        elif len(parts) > 1:
            found.append((piece, combined(metric, tables, measured[0].units.code, seed)))
        else:
            found.append((piece, bounds_of(*tables[0], seed)))
    return found


def _piece(metric: Metric, name: str, settings: Settings) -> tuple[str, int]:
    """The slice of a metric in words, and the seed of what is drawn for it."""
    piece = ", ".join(filter(None, [metric.slice, name]))
    return piece, seed_of(settings.seed, metric.label, metric.split, piece)


def _source(*place: Any) -> Any:
    """What an estimate can be drawn again from; most are never asked, so nothing is loaded."""
    from evalharness.checks.resampling import source

    return source(*place)


def tied(measured: Measured) -> bool:
    """Whether a cluster has rows in several slices."""
    import numpy as np

    if measured.units.code is None:
        return False
    inside = measured.groups.code < len(measured.groups.names)
    pairs = np.stack([measured.units.code[inside], measured.groups.code[inside]])
    return bool(np.unique(pairs, axis=1).shape[1] > len(np.unique(pairs[0])))


def _note(plan: Plan, model: str, metric: Metric, bounds: Any) -> str:
    """What belongs to the number beside its interval."""
    notes = [getattr(bounds, "note", "")]
    for part in metric.parts:
        options = dict(part.options)
        if "threshold_from" in options:
            threshold = dict(plan.resolved(model, part).options)["threshold"]
            notes.append(f"threshold {threshold:.6g}, chosen on {options['threshold_from']}")
    return "; ".join(dict.fromkeys(filter(None, notes)))

"""Combinations of metrics that were measured side by side on the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from evalharness.declare.metric import Metric
from evalharness.inference.bounds import Bounds
from evalharness.inference.influences import influences, number
from evalharness.inference.linearised import LinearisedBounds
from evalharness.inference.nobounds import NoBounds
from evalharness.inference.of_units import in_clusters
from evalharness.kernels.sample import Sample


def joint(
    metric: Metric,
    forms: list[Any],
    parts: list[tuple[Metric, Any, Sample]],
    clusters: Any,
    seed: int,
) -> Bounds:
    """Bounds of ``metric``, whose function takes the values of its parts to one number.

    The influence of a row on the whole is what it adds to each part, times what the whole gains by
    that part. Rows that only some of the parts count add nothing to the others.
    """
    combined: Any = metric.definition.function
    values = [number(form) for form in forms]
    size = max(sample.size for _, _, sample in parts)
    for (part, _, _), value in zip(parts, values, strict=True):
        if np.isnan(value):
            return NoBounds(np.nan, f"{part.label} is 0/0", size)
    value = float(combined.of(values))
    if not np.isfinite(value):
        return NoBounds(np.nan, "0/0: a harmonic mean of 0", size)
    rows: list[Any] = []
    added: list[Any] = []
    pieces = zip(combined.slopes(values), forms, parts, strict=True)
    for slope, form, (part, table, sample) in pieces:
        rows.append(sample.rows)
        added.append(slope * influences(part, form, table, sample))
    place = np.concatenate(rows)
    unit = place if clusters is None else clusters[place]
    found, code = np.unique(unit, return_inverse=True)
    sums = np.bincount(code, np.concatenate(added), len(found))
    if not np.isfinite(sums).all():
        return NoBounds(value, "not differentiable on these examples", size)
    name = "examples" if clusters is None else "clusters"
    note = "" if clusters is None else in_clusters(len(np.unique(place)), len(found))
    return LinearisedBounds(value, sums, seed, metric.definition.range, name, note)

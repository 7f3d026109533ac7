"""What the difference of two models can be drawn again from: examples, each with what both models
made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from evalharness.checks.pairing import Pair
from evalharness.checks.resampling import (
    added_by_row,
    combined,
    drawn_from,
    enough_in_each,
    grouped_by,
    named,
    on_device,
    refuse,
    strata,
    unit_of,
)
from evalharness.checks.settings import Settings
from evalharness.declare.errors import DeclarationError
from evalharness.declare.metric import Metric
from evalharness.inference.batches import values
from evalharness.inference.bootstrap import Source
from evalharness.inference.of_form import seed_of
from evalharness.inference.recount import (
    at_counts,
    drawn_again,
    swapped_again,
    swapped_columns,
)
from evalharness.inference.redraw import by_key, redrawn, summed_columns
from evalharness.kernels.draws import tosses
from evalharness.kernels.keys import unit_keys
from evalharness.kernels.plan import Plan
from evalharness.kernels.resample import signed_sums
from evalharness.statistics.joint_counts import Patterns, patterns
from evalharness.statistics.tables import Cells

# Counts of patterns that are held at a time: 32 MB.
HELD = 1 << 22


class PairedSource:
    """Of one metric of two models on one slice. `first`: the name of the first one."""

    def __init__(
        self, plan: Plan, metric: Metric, pairs: list[Pair], first: str, settings: Settings
    ) -> None:
        self._metric, self._pairs, self._settings = metric, pairs, settings
        self._split = plan.split(first, metric.split)
        self._parts = [p.parts[0] for p in pairs]
        self._counted = len(pairs) == 1 and pairs[0].countable
        self._place = (named(metric), metric.split, metric.slice)

    def made(self) -> Source:
        """Raises DeclarationError for what is not drawn again."""
        for i in (0, 1):
            refuse(self._metric, [p.parts[i] for p in self._pairs])
        low, high = self._metric.range
        return Source(
            n=max(p.sample.count for p in self._parts),
            unit=unit_of(self._parts),
            range=(low - high, high - low),
            values=on_device(self._settings, self._drawn),
            influences=lambda: added_by_unit(self._metric, self._pairs)[0],
            swapped=on_device(self._settings, self._swapped),
        )

    def _seed(self, use: str) -> int:
        return seed_of(self._settings.seed, use, *self._place)

    def _drawn(self, replicates: int, column: str) -> Any:
        stratum = strata(self._split, column)
        pair = self._pairs[0]
        if self._counted:
            columns, counts = pair.joint
            found = Patterns((np.zeros(len(counts), np.int64), *columns), counts)
            if stratum is not None:
                mine = stratum[pair.rows]
                enough_in_each(mine, column, unit_of(self._parts))
                found = patterns([mine, *pair.columns])
            columns = found.columns[1:]
            seed = self._seed("bootstrap")
            return drawn_again(found, seed, replicates, lambda c: _apart(pair, columns, c))
        ours = drawn_from(self._split, self._parts, pair.inside, stratum, column, self._settings)
        both = [
            combined(self._metric, [redrawn(p.parts[i], rows, replicates) for p in self._pairs])
            for i, rows in enumerate((ours, ours.of(pair.back)))
        ]
        return both[0] - both[1]

    def _swapped(self, replicates: int) -> tuple[Any, float]:
        """Values under swaps, and the observed one."""
        pair, seed = self._pairs[0], self._seed("swaps")
        if self._counted:

            def apart(columns: Any, counts: Any) -> Any:
                return _apart(pair, columns, counts)

            observed = float(apart(pair.joint.columns, 1.0 * pair.joint.counts[None])[0])
            return swapped_again(pair.joint, seed, replicates, apart), observed
        seed = seed_of(self._settings.seed, "swaps")
        keys = unit_keys(self._split, grouped_by(self._parts))
        each = [_summed_apart(p, keys, seed, replicates) for p in self._pairs]
        if all(found is not None for found in each):
            ours, theirs = (combined(self._metric, [found[i] for found in each]) for i in (0, 1))
            return ours[1:] - theirs[1:], float(ours[0] - theirs[0])
        if len(each) == 1 and _by_class(pair):
            found = np.concatenate(list(_classes_apart(pair, keys, seed, replicates)))
            return found[1:], float(found[0])
        raise DeclarationError(
            f"{self._metric.title}: swapping two models is for differences of counts and of sums "
            "(shares, means, ratios); for those of ranks and of averages over tasks use "
            ".bootstrap()"
        )


def added_by_unit(metric: Metric, pairs: list[Pair]) -> tuple[Any, str]:
    """(units,) what each unit adds to the difference, and what a unit is.

    Raises DeclarationError for a metric of which that is not known.
    """
    pair = pairs[0]
    n = len(pair.row)
    added, there = np.zeros(n), np.zeros(n, bool)
    for i, sign in ((0, 1.0), (1, -1.0)):
        rows, found = added_by_row(metric, [p.parts[i] for p in pairs])
        places = pair.place(rows, i)
        added += sign * np.bincount(places, found, n)
        there[places] = True
    _, code = np.unique(pair.unit[there], return_inverse=True)
    return np.bincount(code, added[there]), pair.named


def _apart(pair: Pair, columns: Any, counts: Any) -> Any:
    """(B,) the difference at counts (B, C) of joint patterns with these columns."""
    classes = len(pair.parts[0].sample.classes)
    ours, theirs = (
        at_counts(part.metric, pair.of_model(columns, i), counts, classes)
        for i, part in enumerate(pair.parts)
    )
    return ours - theirs


def _summed_apart(pair: Pair, keys: Any, seed: int, replicates: int) -> Any:
    """(1 + replicates,) the metric of either side, as it is and then under each swap; None for a
    table that is no sum of a few columns.

    With T the sums of both models and D their difference by unit, swapping gives one side
    (T + Σ ± D) / 2 and the other (T − Σ ± D) / 2.
    """
    first, second = (summed_columns(part, pair.parts[0]) for part in pair.parts)
    if first is None or second is None:
        return None
    (ours, tables), (theirs, others) = first, second
    rows = [pair.place(part.sample.rows, i) for i, part in enumerate(pair.parts)]
    unit, apart = by_key(keys[np.concatenate(rows)], np.concatenate([ours, -theirs]))
    total = ours.sum(0) + theirs.sum(0)
    signed = np.vstack([apart.sum(0), signed_sums(unit, apart, seed, replicates)])
    return (
        values(pair.parts[0].metric, tables((total + signed) / 2)),
        values(pair.parts[1].metric, others((total - signed) / 2)),
    )


def _by_class(pair: Pair) -> bool:
    return isinstance(pair.parts[0].table, Cells) and "task" not in pair.parts[0].sample.arrays


def _classes_apart(pair: Pair, keys: Any, seed: int, replicates: int) -> Iterator[Any]:
    """The difference of a function of the tables of all classes, as it is and then under each swap,
    some at a time."""
    packed = np.stack([np.asarray(c, np.int64) for c in pair.columns])
    distinct, at = np.unique(packed, axis=1, return_inverse=True)
    at, size = at.ravel(), distinct.shape[1]
    columns = swapped_columns(tuple(distinct))
    weight = np.ones(len(at)) if pair.weight is None else pair.weight[pair.rows]
    whole = np.bincount(at, weight, size)
    held = [np.append(whole, np.zeros(size))]
    for kept in tosses(keys[pair.rows], seed, replicates):
        stay = np.bincount(at[kept], weight[kept], size)
        held.append(np.append(stay, whole - stay))
        if len(held) * 2 * size >= HELD:
            yield _apart(pair, columns, np.stack(held))
            held = []
    if held:
        yield _apart(pair, columns, np.stack(held))

"""A column of two splits, in the form in which it is compared: as numbers or as categories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evalharness.inference.two_sample import Distance, Drawn, KsDistance, ShareDistance
from evalharness.inference.two_sample_units import Clustered, ClusteredKs, Joined

# Of no more values than these, all are looked at as they are.
FEW = 20


@dataclass(frozen=True)
class Numbers:
    """A column of numbers (or times, or lengths of texts), nulls as the largest value of all.

    shown: how messages name it; how: "numbers", "lengths", "times", "clock" (of day) or
    "durations"; samples: (n,), (m,) floats; units: the clusters of each side, or None.
    """

    name: str
    shown: str
    how: str
    samples: tuple[Any, Any]
    units: tuple[Any, Any]
    seed: int = 0

    @cached_property
    def gap(self) -> Any:
        """Where the two distribution functions lie furthest apart."""
        from evalharness.distances.ks import ks_gap

        return ks_gap(*self.samples)

    @cached_property
    def distance(self) -> Distance:
        sizes = (len(self.samples[0]), len(self.samples[1]))
        if self.units == (None, None):
            return KsDistance(self.gap.distance, sizes)
        return ClusteredKs(self.gap.distance, self.samples, self.units, self.seed)


@dataclass(frozen=True)
class Categories:
    """A column of categories. codes: (n,), (m,) places in `values`, in which None is a null."""

    name: str
    shown: str
    codes: tuple[Any, Any]
    values: tuple[Any, ...]
    units: tuple[Any, Any]
    seed: int = 0

    @cached_property
    def levels(self) -> list[tuple[tuple[Any, ...], Any]]:
        """Names, and the place of each value (K,) among them: of the values, and of what codes of
        one length begin with (post codes: 945xx), since a shift of a region moves none of a
        thousand codes by much."""
        found = [(self.values, np.arange(len(self.values)))]
        texts = [v for v in self.values if v is not None]
        length = len(texts[0]) if texts and isinstance(texts[0], str) else 0
        if len(texts) <= FEW or any(not isinstance(t, str) or len(t) != length for t in texts):
            return found
        for kept in range(length - 1, 0, -1):
            begun = ["" if v is None else v[:kept] for v in self.values]
            heads, place = np.unique(begun, return_inverse=True)
            if 1 < len(heads) <= len(found[-1][0]) / 2:
                names = (h + "x" * (length - kept) if h else None for h in heads.tolist())
                found.append((tuple(names), place))
        return found

    @cached_property
    def names(self) -> list[Any]:
        """What each share of the distance is of."""
        return [name for names, _ in self.levels for name in names]

    @cached_property
    def distance(self) -> ShareDistance:
        sizes = [len(names) for names, _ in self.levels]
        own = [np.bincount(side, minlength=sizes[0]) for side in self.codes]
        counts = [
            np.stack([np.bincount(place, side, size).astype(np.int64) for side in own])
            for size, (_, place) in zip(sizes, self.levels, strict=True)
        ]
        groups = np.hstack(counts[1:]) if len(counts) > 1 else None
        if self.units == (None, None):
            return ShareDistance(counts[0], seed=self.seed, groups=groups)
        both = np.hstack(counts)
        sides = [
            Drawn(both[i].astype(float), len(codes))
            if unit is None
            else Joined([Clustered(place[codes], unit, len(names)) for names, place in self.levels])
            for i, (codes, unit) in enumerate(zip(self.codes, self.units, strict=True))
        ]
        note = " and ".join(
            f"{len(c):,} rows" if u is None else f"{u.groups:,} clusters"
            for c, u in zip(self.codes, self.units, strict=True)
        )
        return ShareDistance(counts[0], sides, note, groups=groups)

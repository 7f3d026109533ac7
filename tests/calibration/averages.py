"""Coverage of the mean of values drawn from any distribution."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from evalharness.inference.mean_slices import MeanSlices
from evalharness.inference.means import SMALL, MeanBounds
from tests.calibration.simulate import Coverage, at_once, in_rows

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def drawn_once() -> Any:
    """A patch by which samples of one size and seed share the rows that their resamples take, as
    they do anyway. Fewer than 200 values are resampled in one call for a generator."""
    known: dict[Any, np.ndarray] = {}
    real = np.random.default_rng

    def default_rng(seed: int) -> Any:
        def integers(low: int, high: int, shape: tuple[int, int], dtype: Any) -> np.ndarray:
            key = (seed, low, high, shape)
            if key not in known:
                known[key] = real(seed).integers(low, high, shape, dtype)
            return known[key]

        return SimpleNamespace(integers=integers)

    return patch("numpy.random.default_rng", default_rng)


def mean(draw: Draw, truth: float, n: int, runs: int) -> Callable[[np.random.Generator], Coverage]:
    def measure(rng: np.random.Generator) -> Coverage:
        found = np.zeros(4)
        for rows in in_rows(runs, n):
            x, times = draw(rng, (rows, n)), np.ones(rows)
            if n < SMALL:  # each is resampled; of a column with few values many are alike
                x, times = np.unique(np.sort(x, axis=1), axis=0, return_counts=True)
            centre = x.mean(axis=1)
            square = (c := x - centre[:, None]) * c
            table = np.full(len(x), n), centre, square.sum(axis=1), np.einsum("ij,ij->i", square, c)

            def alone(g: int, x: Any = x, table: Any = table) -> MeanBounds:
                return MeanBounds(*(part[g] for part in table), lambda: x[g], 0)

            with drawn_once():
                held = at_once(MeanSlices(table, alone), times / runs, truth, runs)
            found += held.lower, held.upper, held.shown, held.decided
        return Coverage(*found.tolist(), runs)

    return measure

"""The permutation test of a two-sample distance that is a quadratic form, all permutations at once.

Let A hold a number for every pair of rows, with row sums of 0, and let s be 1 at the rows of the
first sample and 0 at the others. The distance is then s'As times a factor that depends on the
samples' sizes alone, so B permutations of the members are one product of S (B, N) and A.

Source: Székely & Rizzo 2013 (the centring); Phipson & Smyth 2010 (p is never 0).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Array = NDArray[Any]

MOST_ROWS = 5_000
PERMUTATIONS = 999
# Above this many rows in all the products are of float32: they cost half as much, and the rounding
# (1e-6 of the largest value) is far below the differences between permutations.
DOUBLE = 2_000
# Numbers in a block of rows of a matrix, and columns in a band of one.
BLOCK, BAND = 4_000_000, 512
# When rows are left out, a cluster keeps at most this share of them.
OF_CLUSTER = 50


@dataclass(frozen=True)
class Permuted:
    """A two-sample distance, and how often chance alone makes it as large.

    statistic: the distance. p_value: (1 + permutations that are as large) / (1 + permutations).
    permutations: how many were drawn. rows: of each sample that were used: all, unless there are
    too many for a matrix of all pairs. units: rows or clusters of each that were permuted.
    bandwidth: of the kernel; None for a distance without one.
    """

    statistic: float
    p_value: float
    permutations: int
    rows: tuple[int, int]
    units: tuple[int, int]
    bandwidth: float | None = None


@dataclass(frozen=True)
class Pool:
    """The rows of both samples that are used, the first sample's first.

    values: float64 (N, d), less their mean. first: how many rows are of the first sample.
    unit: (N,) the code of the unit of each row, 0 … U-1, in order.
    units: how many units each sample has.
    """

    values: Floats
    first: int
    unit: Integers
    units: tuple[int, int]

    @property
    def rows(self) -> tuple[int, int]:
        return self.first, len(self.values) - self.first


def pool(
    x: ArrayLike,
    y: ArrayLike,
    clusters: tuple[ArrayLike, ArrayLike] | None,
    most: int,
    seed: int,
) -> Pool:
    """Both samples (n, d) and (m, d) as one, each cut to a random ``most`` rows where it has more.

    clusters: codes (n,) and (m,), or None. Of a clustered sample that is cut, whole clusters are
    left out, and of each of both samples' large ones at most ``most`` / 50 rows are kept, so that
    clusters of both are treated alike.
    """
    samples = [np.asarray(x, np.float64), np.asarray(y, np.float64)]
    shapes = [sample.shape for sample in samples]
    if any(len(shape) != 2 for shape in shapes) or shapes[0][1] != shapes[1][1]:
        raise ValueError(f"rows (n, d) and (m, d) are expected, not {shapes[0]} and {shapes[1]}")
    rng = np.random.default_rng(seed)
    cut = max(map(len, samples)) > most
    values, codes = [], []
    for i, sample in enumerate(samples):
        if clusters is None:
            kept = np.arange(len(sample))
            if len(sample) > most:
                kept = np.sort(rng.choice(len(sample), most, replace=False))
            values.append(sample[kept])
            codes.append(np.arange(len(kept)))
            continue
        unit = np.unique(np.asarray(clusters[i]), return_inverse=True)[1].ravel()
        if len(unit) != len(sample):
            raise ValueError(f"{len(sample)} rows have {len(unit)} cluster codes")
        kept = _of_clusters(unit, most, rng) if cut else np.arange(len(sample))
        kept = kept[np.argsort(unit[kept], kind="stable")]
        values.append(sample[kept])
        codes.append(np.unique(unit[kept], return_inverse=True)[1].ravel())
    units = tuple(int(code.max(initial=-1)) + 1 for code in codes)
    if min(units) < 2:
        raise ValueError(
            "two rows or clusters at least are needed in each sample, not "
            f"{units[0]} and {units[1]}: nothing can be permuted"
        )
    both = np.concatenate(values)
    unit = np.concatenate([codes[0], codes[1] + units[0]])
    return Pool(both - both.mean(axis=0), len(values[0]), unit, (units[0], units[1]))


def _of_clusters(unit: Integers, most: int, rng: np.random.Generator) -> Integers:
    """Rows of clusters in random order, until there are ``most`` of them."""
    order = np.lexsort((rng.random(len(unit)), rng.permutation(unit.max() + 1)[unit]))
    starts = np.flatnonzero(np.diff(unit[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    capped = np.minimum(sizes, max(1, most // OF_CLUSTER))
    whole = np.cumsum(capped) <= most
    return order[np.repeat(whole, sizes) & (place < np.repeat(capped, sizes))]


def permuted(
    data: Pool,
    pairs: Callable[[Array], Array],
    unbiased: bool,
    permutations: int,
    seed: int,
) -> tuple[float, float]:
    """E k(X, X') + E k(Y, Y') - 2 E k(X, Y), and its p-value over permutations of the units.

    pairs: k of squared distances, of any shape. unbiased: the means within a sample leave out each
    row with itself (U-statistics); else they hold it (V-statistics).
    """
    matrix = _centred(data, pairs, unbiased)
    sizes = np.bincount(data.unit)
    if len(sizes) < len(data.unit):  # whole clusters are permuted: one row and column for each
        starts = np.cumsum(sizes) - sizes
        matrix = np.add.reduceat(np.add.reduceat(matrix, starts, axis=0), starts, axis=1)
    values = _forms(matrix, sizes, data.units[0], unbiased, permutations, seed)
    # Permutations that are equal, or mirror images, differ by rounding, and are as large.
    slack = 1e-9 if len(data.unit) <= DOUBLE else 1e-5
    least = values[0] - slack * np.abs(values).max()
    extreme = int((values[1:] >= least).sum())
    return float(values[0]), (1 + extreme) / (1 + permutations)


def squared_distances(x: Floats, y: Floats) -> Floats:
    """Squared Euclidean distances (n, m) of rows (n, d) and (m, d), by one product."""
    squares = np.einsum("ij,ij->i", x, x)[:, None] + np.einsum("ij,ij->i", y, y)
    return np.maximum(squares - 2 * (x @ y.T), 0.0)


def _centred(data: Pool, pairs: Callable[[Array], Array], unbiased: bool) -> Array:
    """k of all pairs of rows (N, N), less a number for each row and each column.

    That changes no distance, and with sums of 0 in every row the sum within the first sample is
    also that within the second, and the one across, with its sign turned.
    """
    values, count = data.values, len(data.values)
    matrix = np.empty((count, count), np.float64 if count <= DOUBLE else np.float32)
    sums = np.empty(count)
    step = max(1, BLOCK // count)
    for start in range(0, count, step):
        block = squared_distances(values[start : start + step], values)
        block = block.astype(matrix.dtype, copy=False)
        diagonal = (np.arange(len(block)), np.arange(start, start + len(block)))
        block[diagonal] = 0.0  # free of rounding
        block = pairs(block)
        if unbiased:
            block[diagonal] = 0.0
        sums[start : start + step] = block.sum(axis=1, dtype=np.float64)
        matrix[start : start + step] = block
    total = sums.sum()
    if unbiased:
        shift = sums / (count - 2) - total / (2 * (count - 1) * (count - 2))
    else:
        shift = sums / count - total / (2 * count * count)
    shift = shift.astype(matrix.dtype)
    matrix -= shift[:, None]
    matrix -= shift
    if unbiased:
        np.fill_diagonal(matrix, 0.0)
    return matrix


def _forms(
    matrix: Array, sizes: Integers, first: int, unbiased: bool, permutations: int, seed: int
) -> Floats:
    """The distance (1 + B,) of the samples as they are, and of each permutation of the units.

    sizes: rows (U,) of each unit; the ``first`` units are the first sample, and in every
    permutation as many are. ``matrix`` is changed.
    """
    rng = np.random.default_rng(seed)
    count, rows = len(matrix), int(sizes.sum())
    # The matrix is symmetric: each block above the diagonal stands for the one below it too.
    bands = [slice(start, min(start + BAND, count)) for start in range(0, count, BAND)]
    for band in bands:
        matrix[: band.start, band] *= 2
    found = []
    step = max(1, BLOCK // count)
    for start in range(0, permutations + 1, step):
        some = min(step, permutations + 1 - start)
        members = np.zeros((some, count), matrix.dtype)
        keys = rng.random((some, count), np.float32)
        np.put_along_axis(members, np.argpartition(keys, first - 1, axis=1)[:, :first], 1, axis=1)
        if start == 0:
            # The samples as they are go through the same product, so through the same rounding.
            members[0] = np.arange(count) < first
        form = np.zeros(some)
        for band in bands:
            product = members[:, : band.stop] @ matrix[: band.stop, band]
            product *= members[:, band]
            form += product.sum(axis=1, dtype=np.float64)
        n = members @ sizes.astype(np.float64)
        m = rows - n
        within = 1 / (n * (n - 1)) + 1 / (m * (m - 1)) if unbiased else 1 / n**2 + 1 / m**2
        found.append(form * (within + 2 / (n * m)))
    return np.concatenate(found)

"""Which share of a split each slice is, and how sure a share times a loss is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import upper_z
from evalharness.inference.proportions import wilson

Floats = NDArray[np.float64]


def of_counts(n: Any) -> tuple[Floats, Floats]:
    """(shares, of how many), each (S,), of slices of n (S,) examples that count alike and were
    sampled by themselves."""
    total = max(float(np.sum(n)), 1.0)
    return np.asarray(n, float) / total, np.full(len(n), total)


def of_rows(code: Any, count: int, weight: Any, cluster: Any) -> tuple[Floats, Floats]:
    """The same of rows with weights (m,) or None, that were sampled in clusters (m,) or None.

    code: int (m,), the slice of each row. Of how many: the n_eff at which the share has the
    variance that units u give it, s (1 − s) / V with V = Σ_u (A_ug − s W_u)² / W² (times U/(U − 1)
    for U clusters), where A_ug is what u weighs in the slice, W_u all that it weighs.
    """
    w = np.ones(len(code)) if weight is None else np.asarray(weight, float)
    total = w.sum()
    share = np.bincount(code, w, count)[:count] / total
    if cluster is None:
        squares = np.bincount(code, w * w, count)[:count]
        spread = squares * (1 - 2 * share) + share**2 * (w * w).sum()
        units, factor = int(np.count_nonzero(w)), 1.0
    else:
        _, unit = np.unique(cluster, return_inverse=True)
        units = int(unit.max()) + 1
        pairs, pair = np.unique(unit * np.int64(count) + code, return_inverse=True)
        inside, of = np.bincount(pair, w), pairs % count
        whole = np.bincount(unit, w)
        spread = (
            np.bincount(of, inside**2, count)
            - 2 * share * np.bincount(of, inside * whole[pairs // count], count)
            + share**2 * (whole**2).sum()
        )
        factor = units / max(units - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = share * (1 - share) * total**2 / (spread * factor)
    # A share of nothing or of everything does not vary; no more is known of it than of its units.
    return share, np.where((share > 0) & (share < 1) & np.isfinite(found), found, units)


def gains(
    share: Floats, of: Floats, loss: tuple[Floats, Floats, Floats], confidence: float
) -> tuple[Floats, Floats, Floats]:
    """(value, low, high), each (S,): a share times a loss (value, low, high), by MOVER.

    Each limit of s·d lies √((s a)² + (d b)²) from it, a and b being how far the limits of d and of
    s (Wilson's, of so many) lie away on the side that counts.
    """
    d, low, high = loss
    least, most = wilson(share * of, of, upper_z((1 - confidence) / 2))
    down, up = (
        np.where(d > 0, share - least, most - share),
        np.where(d > 0, most - share, share - least),
    )
    value = share * d
    return (
        value,
        value - np.hypot(share * (d - low), d * down),
        value + np.hypot(share * (high - d), d * up),
    )

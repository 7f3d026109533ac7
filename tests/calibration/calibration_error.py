"""Coverage of `CalibrationBounds`: models that are calibrated, slightly off, clearly off.

The truth is the calibration error of the model at the forecasts that it gave, in the bins that were
made of them: √Σ w_b (mean of what happens - mean forecast)².
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from evalharness.inference.calibration_error import CalibrationBounds
from evalharness.metrics.calibration import calibration_error
from evalharness.statistics.confidence import ConfidenceTable
from tests.calibration.simulate import ALPHA, CONFIDENCE, Coverage, Setting

Floats = np.ndarray
Forecast = Callable[[np.random.Generator, int], Floats]

FORECASTS: dict[str, Forecast] = {
    "wide": lambda rng, n: rng.beta(5, 2, n),
    "uniform": lambda rng, n: rng.random(n),
    "near 1": lambda rng, n: np.clip(1 - rng.exponential(0.01, n), 0, 1),
    "at 0.999": lambda rng, n: np.clip(1 - rng.exponential(0.001, n), 0, 1),
    "three values": lambda rng, n: rng.choice([0.6, 0.9, 0.99], n),
    "one value": lambda rng, n: np.full(n, 0.99),
}


def _edge(p: Floats, share: float, shift: float) -> Floats:
    """Only the lowest forecasts are wrong, a share of them."""
    return np.where(p <= np.quantile(p, share), np.clip(p + shift, 0, 1), p)


# What really happens where a model says p.
TRUTHS: dict[str, Callable[[Floats], Floats]] = {
    "calibrated": lambda p: p,
    "0.01 too high": lambda p: np.clip(p - 0.01, 0, 1),
    "0.05 too high": lambda p: np.clip(p - 0.05, 0, 1),
    "0.1 too high": lambda p: np.clip(p - 0.1, 0, 1),
    "0.05 too low": lambda p: np.clip(p + 0.05, 0, 1),
    "overconfident": lambda p: np.clip(p**1.3, 0, 1),
    "off in one bin": lambda p: _edge(p, 0.07, -0.2),
    "off in a tenth of one bin": lambda p: _edge(p, 0.007, -0.6),
}


def fitted(
    p: Floats,
    hit: Floats,
    bins: int = 15,
    group: Floats | None = None,
    weight: Floats | None = None,
    unit: Floats | None = None,
) -> tuple[CalibrationBounds, Floats]:
    """The bounds, and the bin of each entry, as the metric and its statistic make them."""
    group = np.zeros(len(p), int) if group is None else group
    # Complex numbers are sorted as pairs, and quicker than pairs are.
    keys, row = np.unique(group + 1j * p, return_inverse=True)
    counts = [np.bincount(row, x if weight is None else weight * x) for x in (1 - hit, hit)]
    if weight is None:
        counts = [c.astype(int) for c in counts]
    table = ConfidenceTable(keys.real.astype(int), keys.imag, *counts)
    form = calibration_error(bins=bins).form(table)
    plain = weight is None and unit is None
    made = CalibrationBounds(
        p,
        hit,
        form.at[row],
        group=group,
        weight=weight,
        unit=unit,
        value=form.value if plain else None,
        clustered=unit is not None,
    )
    return made, form.at[row]


def covered(
    draw: Callable[[np.random.Generator], dict[str, Floats]], bins: int, runs: int
) -> Callable[[np.random.Generator], Coverage]:
    """``draw``: entries by name, and `truth`, the probability of a hit of each."""

    def measure(rng: np.random.Generator) -> Coverage:
        held = np.zeros(4)
        for _ in range(runs):
            entries = draw(rng)
            happens = entries.pop("truth")
            b, at = fitted(**entries, bins=bins)
            weight = entries.get("weight", np.ones(len(at)))
            sums = np.bincount(at, weight)
            gap = np.bincount(at, weight * (happens - entries["p"])) / sums
            truth, slack = math.sqrt(sums @ gap**2 / sums.sum()), 1e-9
            low, high = b.lower(ALPHA), b.upper(ALPHA)
            left, right = b.interval(CONFIDENCE)
            held += [
                low <= truth + slack,
                high >= truth - slack,
                left - slack <= truth <= right + slack,
                not b.reason,
            ]
        return Coverage(*(float(x) for x in held / runs), runs)

    return measure


def independent(forecast: Forecast, happens: Callable[[Floats], Floats], n: int) -> Callable:
    def draw(rng: np.random.Generator) -> dict[str, Floats]:
        p = forecast(rng, n)
        truth = happens(p)
        return {"p": p, "hit": (rng.random(n) < truth) * 1.0, "truth": truth}

    return draw


def weighted(forecast: Forecast, happens: Callable[[Floats], Floats], n: int) -> Callable:
    """One in 50 counts ten times."""

    def draw(rng: np.random.Generator) -> dict[str, Floats]:
        p = forecast(rng, n)
        truth, weight = happens(p), np.where(np.arange(n) % 50 == 0, 10.0, 1.0)
        hit = (rng.random(n) < truth) * 1.0
        return {"p": p, "hit": hit, "truth": truth, "weight": weight}

    return draw


def clustered(
    forecast: Forecast, happens: Callable[[Floats], Floats], clusters: int, size: int, alike: float
) -> Callable:
    """``alike``: the share of entries that go as their cluster goes; all have one forecast when it
    is 1."""

    def draw(rng: np.random.Generator) -> dict[str, Floats]:
        unit = np.repeat(np.arange(clusters), size)
        n = len(unit)
        p = forecast(rng, clusters)[unit] if alike == 1 else forecast(rng, n)
        truth = happens(p)
        fate = np.where(rng.random(n) < alike, rng.random(clusters)[unit], rng.random(n))
        return {"p": p, "hit": (fate < truth) * 1.0, "truth": truth, "unit": unit}

    return draw


def classes(k: int, n: int, sharp: float) -> Callable:
    """Class-wise: Dirichlet probabilities, and what happens is ``sharp`` times as extreme."""

    def draw(rng: np.random.Generator) -> dict[str, Floats]:
        p = rng.dirichlet(np.full(k, 0.5), n)
        truth = p**sharp
        truth /= truth.sum(axis=1, keepdims=True)
        label = (rng.random((n, 1)) > truth.cumsum(axis=1)).sum(axis=1).clip(max=k - 1)
        return {
            "p": p.ravel(),
            "hit": np.eye(k)[label].ravel(),
            "truth": truth.ravel(),
            "group": np.tile(np.arange(k), n),
            "unit": np.repeat(np.arange(n), k),
        }

    return draw


NAME = "calibration error"


def settings(runs: int = 200) -> list[Setting]:
    found = []

    def add(measure: Callable, rate: str, n: int, detail: str) -> None:
        found.append(Setting(NAME, rate, n, detail, measure))

    for place, (at, forecast) in enumerate(FORECASTS.items()):
        for other, (rate, happens) in enumerate(TRUTHS.items()):
            # Every forecast meets every truth, at sizes that take turns.
            n, bins = ((100, 10), (150, 15), (50, 5), (2_000, 15), (500, 15))[(place + other) % 5]
            draw = independent(forecast, happens, n)
            add(covered(draw, bins, runs), rate, n, f"{at}, {bins} bins")
            if (place + other) % 4 == 0:
                draw = weighted(forecast, happens, 500)
                add(covered(draw, 15, runs), rate, 500, f"{at}, 2 % count ten times")
            if (place + other) % 4 == 2:
                groups, size, bins = ((20, 50, 2), (50, 10, 5), (150, 10, 15))[other % 3]
                draw = clustered(forecast, happens, groups, size, 0.3)
                detail = f"{at}, {groups} clusters, 30% alike"
                add(covered(draw, bins, runs), rate, groups * size, detail)
    for k, sharp, rate in ((3, 1.0, "calibrated"), (10, 0.8, "overconfident")):
        for n in (150, 2_000):
            add(covered(classes(k, n, sharp), 15, runs // 2), rate, n, f"class-wise, {k} classes")
    return found

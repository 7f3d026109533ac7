"""The settings in which coverage is measured: the long tests and docs/calibration.md share them."""

from __future__ import annotations

from itertools import product

import numpy as np

from evalharness.metrics import jaccard
from tests.calibration import (
    calibration_error,
    curves,
    effective,
    joint,
    ladder,
    resampled,
    retrieval,
    splits,
    text,
    units,
)
from tests.calibration import skewed as far_out
from tests.calibration.averages import Draw, mean
from tests.calibration.simulate import (
    MACROS,
    RATES,
    SIZES,
    Setting,
    area,
    balanced,
    f1,
    macro,
    mcc,
    mixture,
    overlap,
    paired,
    proportion,
    quantile,
    skewed,
    two_class,
)


def proportions() -> list[Setting]:
    return [
        Setting("proportion", f"{p}", n, "", proportion(p, n))
        for p in (0.001, 0.01, 0.05, 0.1, *RATES)
        for n in SIZES
    ]


def overlaps() -> list[Setting]:
    return [
        Setting(
            name,
            f"{rate}",
            n,
            f"prevalence {share}",
            overlap(metric, rate, n, share, 4_000 if n <= 1_000 else 2_000),
        )
        for name, metric in (("F1", f1), ("Jaccard", jaccard))
        for rate in RATES
        for n in SIZES
        for share in ((0.5, 0.05) if name == "F1" else (0.5,))
    ]


def tables() -> list[Setting]:
    return [
        Setting(
            name,
            f"{rate}",
            n,
            f"prevalence {share}",
            two_class(function, rate, n, share, 2_000 if n < 1_000 else 1_000),
        )
        for name, function in (("MCC", mcc), ("balanced accuracy", balanced))
        for rate in RATES
        for n in SIZES
        for share in (0.5, 0.1)
    ]


def macros() -> list[Setting]:
    found = []
    for name, metric in MACROS.items():
        # The mirror image of recall: what holds near 1 must hold near 0, on the other side.
        rates = (0.9, 0.99) if name == "miss rate" else RATES
        for k, rate, n in product((3, 10), rates, SIZES[2:]):
            # Errors tie neighbours as tightly as can be, or fall among all classes alike.
            for near, shares, word in (
                (True, np.full(k, 1 / k), "equal classes"),
                (False, skewed(k), "skewed classes"),
            ):
                measure = macro(metric, rate, n, shares, near, 2_000)
                found.append(Setting(f"macro {name}", f"{rate}", n, f"{k} {word}", measure))
    return found


def areas() -> list[Setting]:
    found = []
    for rate in RATES:
        for n in SIZES:
            runs = 1_000 if n > 1_000 else 1_500
            for share in (0.5, 0.1):
                detail = f"prevalence {share}"
                found.append(Setting("AUC", f"{rate}", n, detail, area(rate, n, share, 1, 0, runs)))
            found.append(
                Setting("AUC", f"{rate}", n, "unequal spread", area(rate, n, 0.5, 2, 0, runs))
            )
            found.append(Setting("AUC", f"{rate}", n, "6 levels", area(rate, n, 0.5, 1, 6, runs)))
    return found + mixtures()


def mixtures() -> list[Setting]:
    """Where DeLong's error is blind: most samples hold none of what the area depends on, or one."""
    found = []
    sizes = [(1, 1), (5, 5), (10, 10), (50, 50), (200, 200), (5, 45), (20, 180), (4, 196)]
    sizes += [(20, 1_000), (30, 1_000), (50, 1_000), (100, 2_000), (1_000, 30)]
    for m, n in sizes:
        for share in (0.02, 0.1, 0.5, 0.95):
            kinds = (
                ("hidden", share, 0, False),
                ("at the bottom", share, 0, True),
                ("flipped", 0, share, False),
                ("both", share, share / 5, False),
            )
            for word, hidden, flipped, bottom in kinds:
                measure = mixture(m, n, hidden, flipped, bottom, 2_000)
                found.append(Setting("AUC mixture", f"{m}+{n}", m + n, f"{share} {word}", measure))
    return found


def quantiles() -> list[Setting]:
    return [Setting("quantile", f"{q}", n, "", quantile(q, n)) for q in RATES for n in SIZES]


def differences() -> list[Setting]:
    shares = [
        (0, 0),
        (0.001, 0.001),
        (0.02, 0.001),
        (0.02, 0.005),
        (0.05, 0.05),
        (0.1, 0.01),
        (0.3, 0.2),
        (0.2, 0.5),
    ]
    return [
        Setting("paired difference", f"{new}/{old}", n, "", paired(new, old, n, 4_000))
        for new, old in shares
        for n in SIZES
    ]


def _flips(p: float) -> tuple[Draw, float]:
    return lambda rng, size: (rng.random(size) < p).astype(float), p


def _gamma(shape: float) -> tuple[Draw, float]:
    return lambda rng, size: rng.gamma(shape, size=size), shape


def _lognormal(sigma: float) -> tuple[Draw, float]:
    return lambda rng, size: rng.lognormal(sigma=sigma, size=size), float(np.exp(sigma**2 / 2))


def _rare(share: float, height: float) -> tuple[Draw, float]:
    def draw(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
        return rng.normal(size=size) + height * (rng.random(size) < share)

    return draw, share * height


COLUMNS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, size: rng.normal(size=size), 0.0),
    "uniform": (lambda rng, size: rng.random(size), 0.5),
    **{f"0/1 at {p}": _flips(p) for p in RATES},
    "gamma, shape 2": _gamma(2),
    "exponential": _gamma(1),
    "gamma, shape 0.5": _gamma(0.5),
    "lognormal, sigma 0.5": _lognormal(0.5),
    "lognormal, sigma 1": _lognormal(1),
    "lognormal, sigma 1.5": _lognormal(1.5),
}

# Columns of which no sample of these sizes tells what its mean is: reported, not promised.
UNPROMISED: dict[str, tuple[Draw, float]] = {
    "normal, 1 % 10 sd higher": _rare(0.01, 10),
    "normal, 0.1 % 100 sd higher": _rare(0.001, 100),
    "lognormal, sigma 2": _lognormal(2),
}


def _means(columns: dict[str, tuple[Draw, float]], runs: int) -> list[Setting]:
    return [
        Setting("mean", name, n, "", mean(draw, truth, n, runs if n >= 200 else 800))
        for name, (draw, truth) in columns.items()
        for n in (20, 50, 100, 200, 1_000, 10_000)
    ]


def means() -> list[Setting]:
    return _means(COLUMNS, 4_000)


def unpromised() -> list[Setting]:
    elsewhere = [*effective.unseen(), *text.unpromised(), *resampled.unpromised()]
    return [*_means(UNPROMISED, 2_000), *elsewhere]


# Each of the later families of metrics has a module of its own for its settings.
FORMS = {
    "proportion": proportions,
    "F1 and Jaccard": overlaps,
    "two classes": tables,
    "macro": macros,
    "AUC": areas,
    "quantile": quantiles,
    "mean": means,
    "paired": differences,
    "difference of two models": joint.settings,
    "few make it up": far_out.settings,
    "weights and clusters": effective.settings,
    "averages, gaps, combinations": units.settings,
    "curves": curves.settings,
    "calibration error": calibration_error.settings,
    "by query": retrieval.settings,
    "texts": text.settings,
    "any function": resampled.settings,
    "gaps of the ladder": ladder.settings,
    "splits": splits.settings,
}

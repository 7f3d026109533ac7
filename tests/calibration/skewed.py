"""Coverage of means and ratios of skewed columns, where bounds further away decide.

The values of good models: nearly all examples lose next to nothing, a few much. The rare values are
equal, or of unequal sizes up to a lognormal tail; the bound on their side is the one at risk.
"""

from __future__ import annotations

import numpy as np

from tests.calibration import effective
from tests.calibration.averages import Draw, mean
from tests.calibration.simulate import Setting
from tests.calibration.text import utterances

Rng = np.random.Generator
Column = tuple[Draw, float]  # and its mean
# Below 200 values such columns are refused; that is measured in `grid.means`.
SIZES = (200, 500, 2_000, 10_000)


def _equal(size: float) -> Column:
    return lambda rng, shape: np.full(shape, size), size


def _lognormal(sigma: float) -> Column:
    return lambda rng, shape: rng.lognormal(sigma=sigma, size=shape), float(np.exp(sigma**2 / 2))


def _among(share: float, few: Column, rest: float = 0.0) -> Column:
    """A share of the values is of a column; the others are ``rest``."""

    def draw(rng: Rng, shape: tuple[int, int]) -> np.ndarray:
        chosen = rng.random(shape) < share
        found = np.full(shape, rest)
        found[chosen] = few[0](rng, (1, int(chosen.sum())))[0]
        return found

    return draw, share * few[1] + (1 - share) * rest


def _errors(share: float, times: float) -> Column:
    """|normal| errors, a share of which are ``times`` as large."""

    def draw(rng: Rng, shape: tuple[int, int]) -> np.ndarray:
        return np.abs(rng.normal(size=shape)) * np.where(rng.random(shape) < share, times, 1.0)

    return draw, float(np.sqrt(2 / np.pi) * (1 - share + times * share))


COLUMNS: dict[str, Column] = {
    "1 % lose 4.6, others 0.01": _among(0.01, _equal(4.6), 0.01),
    "3 % lose 4.6, others 0.01": _among(0.03, _equal(4.6), 0.01),
    "0/1 at 0.001": _among(0.001, _equal(1)),
    "0/1 at 0.999": _among(0.001, _equal(0), 1.0),
    "1 % are |normal|": _among(0.01, _errors(0, 1)),
    "1 % are exponential": _among(0.01, (lambda rng, shape: rng.exponential(size=shape), 1.0)),
    "3 % are lognormal, sigma 1.5": _among(0.03, _lognormal(1.5)),
    "1 % are lognormal, sigma 2": _among(0.01, _lognormal(2)),
    "10 % are lognormal, sigma 2": _among(0.1, _lognormal(2)),
    "|normal|, 5 % ×10": _errors(0.05, 10),
    "gamma, shape 0.1": (lambda rng, shape: rng.gamma(0.1, size=shape), 0.1),
    "lognormal, sigma 1.5": _lognormal(1.5),
}


def word_errors(rate: float, precision: float, n: int) -> tuple[effective.Draw, float]:
    """Wrong words over words, and what each utterance adds; few utterances have any wrong."""
    draw, truth = utterances(rate, precision)

    def of(rng: Rng) -> tuple[float, np.ndarray]:
        wrong, length = draw(rng, n)
        value = float(wrong.sum() / length.sum())
        return value, (wrong - value * length) / length.sum()

    return of, truth


def weighted_loss(share: float, n: int) -> tuple[effective.Draw, float]:
    """A share of the examples loses 4.6, the others 0.01; lognormal weights."""

    def of(rng: Rng) -> tuple[float, np.ndarray]:
        w = rng.lognormal(sigma=0.5, size=n)
        x = np.where(rng.random(n) < share, 4.6, 0.01)
        value = float(w @ x / w.sum())
        return value, w * (x - value) / w.sum()

    return of, 4.6 * share + 0.01 * (1 - share)


def settings() -> list[Setting]:
    found = [
        Setting("mean", name, n, "few make it up", mean(*column, n, 1_000 if n < 2_000 else 500))
        for name, column in COLUMNS.items()
        for n in SIZES
    ]
    for n in (200, 500, 2_000):
        for rate, precision in ((0.0008, 10), (0.003, 10), (0.01, 2), (0.003, 1)):
            measure = effective.influences(*word_errors(rate, precision, n), "identity", 300)
            detail = f"precision {precision}"
            found.append(Setting("word error rate", f"{rate:g}", n, detail, measure))
        for share in (0.01, 0.03):
            measure = effective.influences(*weighted_loss(share, n), "identity", 300)
            detail = "lognormal weights"
            found.append(Setting("weighted mean", f"{share:.0%} lose 4.6", n, detail, measure))
    return found

"""What looks that were only counted are worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def expected_best(k: int) -> float:
    """The expected maximum of k standard normal values: 0, 1/√π, 3/(2√π), …

    The best of k equal models seems to be better than it is by so many standard errors, if their
    errors are independent; less if they are alike.
    """
    from scipy.integrate import quad
    from scipy.special import log_ndtr

    if k < 2:
        return 0.0

    def density(x: float) -> float:
        return x * k * math.exp((k - 1) * float(log_ndtr(x)) - x * x / 2) / math.sqrt(2 * math.pi)

    return float(quad(density, -12, 12, epsabs=1e-10, limit=200)[0])


def false_pass(alpha: float, looks: int) -> float:
    """The probability of a false pass of the last of so many looks is at most this, where each
    chose the next by having passed or not, and the first pass ends it: the union bound."""
    return min(1.0, alpha * looks)


def told(number: int, path: str, alpha: float, estimates: Sequence[Any]) -> list[str]:
    """What is to be said of a look, the `number`-th at its test set, in lines.

    estimates: of what was measured there, the first of which has an error.
    """
    from evalharness.inference.numbers import percent, show

    first = f"look {number:,} at this test set ({path}, audit)"
    if number == 1:
        return [first]
    most = percent(false_pass(alpha, number))
    worth = f"if each was chosen by whether the one before passed, its {percent(alpha)} are worth"
    lines = [f"{first}: {worth} at most {most}, and by numbers there is no limit"]
    error = next(filter(None, map(_error, estimates)), None)
    if error is not None:
        estimate, half = error
        best = expected_best(number) * half
        lines.append(
            f"the best of {number:,} equal models would look better than it is by about "
            f"{show(best)} in {estimate.title}"
        )
    return lines


def _error(estimate: Any) -> tuple[Any, float] | None:
    """The estimate with its standard error, by the width of its interval."""
    from scipy.special import ndtri

    width = estimate.high - estimate.low
    if not 0 < width < math.inf:
        return None
    return estimate, width / (2 * float(ndtri((1 + estimate.confidence) / 2)))

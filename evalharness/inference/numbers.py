"""Numbers as messages print them: short, and never rounded across the threshold they are compared
with."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

# What lies between these is shown with decimals.
SMALL, LARGE = 1e-3, 1e15


def show(x: float, near: float | None = None, toward: str = "") -> str:
    """`x` with four decimals (fewer for large numbers; three digits of very small and of very large
    ones), more when it would look equal to `near`.

    toward: "down" or "up" rounds a bound outwards, so that what is printed is not more than what
            was shown.
    """
    if math.isnan(x):
        return "undefined"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x and not SMALL <= abs(x) < LARGE:
        return _by_digits(x, near, toward)
    start = 4 if abs(x) < 10 else max(0, 4 - int(math.log10(abs(x))))
    for decimals in range(start, 13):
        text = f"{_rounded(x, decimals, toward):,.{decimals}f}"
        shown = float(text.replace(",", ""))
        if near is None or x == near or shown != round(near, decimals) and _beside(shown, x, near):
            break
    return "0.0000" if text == "-0.0000" else text


def _by_digits(x: float, near: float | None, toward: str) -> str:
    for digits in range(3, 17):
        text = f"{float(_cut(x, digits, toward)):.{digits - 1}e}"
        apart = near is not None and float(text) != float(f"{near:.{digits - 1}e}")
        if near is None or x == near or apart and _beside(float(text), x, near):
            break
    if abs(float(text)) < 1e-4 or abs(x) >= LARGE:
        return text
    return f"{float(text):.{digits + 3}f}"  # 0.000412


def _beside(shown: float, x: float, near: float) -> bool:
    """Whether what is shown of x lies on the same side of a threshold as x does."""
    return (shown < near) == (x < near) and (shown > near) == (x > near)


def plain(x: float) -> str:
    """A threshold as its author wrote it: 0.9, 100, 1e-06."""
    return f"{x:,.12g}" if 1e-4 <= abs(x) < 1e9 or x == 0 else f"{x:g}"


def about(n: int) -> str:
    """A count that is a forecast: four digits are more than it deserves."""
    if n < 10_000:
        return f"{n:,}"
    step = 10 ** (len(str(n)) - 4)
    return f"{-(-n // step) * step:,}"


def percent(share: float) -> str:
    """0.95 → "95 %", 0.996428… → "99.64 %"; as many digits as keep it below 100."""
    text = next(t for d in range(4, 17) if float(t := f"{100 * share:.{d}g}") < 100 or share >= 1)
    return f"{text} %"


def _cut(x: float, digits: int, toward: str) -> Decimal:
    """As `_rounded`, to so many digits."""
    number = Decimal(x)
    unit = Decimal(1).scaleb(number.adjusted() - digits + 1)
    hair = unit * Decimal("1e-6")
    if toward == "down":
        return (number + hair).quantize(unit, ROUND_FLOOR)
    if toward == "up":
        return (number - hair).quantize(unit, ROUND_CEILING)
    return number.quantize(unit)


def _rounded(x: float, decimals: int, toward: str) -> float:
    scale = 10**decimals
    # A hair of tolerance: 0.95 · 10⁴ is 9499.999…, which "down" would make 0.9499.
    if toward == "down":
        return math.floor(x * scale + 1e-6) / scale
    if toward == "up":
        return math.ceil(x * scale - 1e-6) / scale
    return round(x, decimals)

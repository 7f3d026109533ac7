"""What a diagnosis says of ladders whose gaps are known: how often it names a gap that is not the
largest, how often the largest, and whether it says the same of another sample."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalharness.inference.dominance import NOTHING, Naming, believed, drawn, naming
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import Assumed, RungGap
from tests.calibration.simulate import ALPHA

# Fewer draws than decide: their noise is small beside that of the runs.
DRAWS = 4_000
# By how much a gap is smaller than what still does not matter.
EPS = 1e-6


@dataclass(frozen=True)
class Ladder:
    """Error rates of the rungs from the bottom to the top, and rows of each (0: assumed).

    materiality: declared, or None for the default.
    """

    name: str
    rates: tuple[float, ...]
    n: tuple[int, ...]
    materiality: float | None

    @property
    def gaps(self) -> np.ndarray:
        return np.diff(self.rates)

    def matters(self, errors: Sequence[float]) -> float:
        """What does not, where the rungs have these errors."""
        dev = errors[min(3, len(errors) - 1)]
        return max(0.005, 0.1 * dev) if self.materiality is None else self.materiality

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(f"{self}".encode()))

    def hits(self, rng: np.random.Generator) -> list[int]:
        return [int(rng.binomial(n, p)) for p, n in zip(self.rates, self.n, strict=True)]

    def rungs(self, hits: Sequence[int]) -> list[Any]:
        return [
            ProportionBounds(k, n) if n else Assumed(p)
            for k, n, p in zip(hits, self.n, self.rates, strict=True)
        ]

    def lower(self, hits: Sequence[int], alpha: float) -> np.ndarray:
        """The gaps' lower bounds."""
        rungs = self.rungs(hits)
        pairs = zip(rungs[:-1], rungs[1:], strict=True)
        return np.array([RungGap(a, b, 1).lower(alpha) for a, b in pairs])

    def said(self, hits: Sequence[int]) -> tuple[Naming, float]:
        """What is said of such counts, and what does not matter."""
        rungs = self.rungs(hits)
        gaps = [RungGap(a, b, 1) for a, b in zip(rungs[:-1], rungs[1:], strict=True)]
        low, high = (np.array([getattr(g, f)(ALPHA) for g in gaps]) for f in ("lower", "upper"))
        material = self.matters([b.value for b in rungs])
        if not (low > material).any():  # none can be named, so that no draws are needed
            none = (float("nan"),) * len(gaps)
            state = NOTHING if (high <= material).all() else ""
            return Naming(state, (), none, none), material
        errors = drawn([believed(b) for b in rungs], 0, DRAWS)
        return naming(errors, 1, low, high, material, [True] * len(gaps)), material


def made(
    name: str, gaps: Sequence[float], base: float, n: tuple[int, ...], m: float | None
) -> Ladder:
    return Ladder(name, tuple(float(x) for x in base + np.r_[0, np.cumsum(gaps)]), n, m)


def pattern(letters: str, big: float, base: float, n: tuple[int, ...], m: float | None) -> Ladder:
    """Gaps by letters: B the largest; S smaller by just more than what does not matter; H half of
    that; N negative."""

    def rates(matters: float) -> Ladder:
        size = {"B": big, "S": big - matters - EPS, "H": (big - matters) / 2, "N": -0.5 * base}
        return made(letters, [size[x] for x in letters], base, n[: len(letters) + 1], m)

    found = rates(m or 0.005)
    for _ in range(100):  # the default follows from dev's error, which follows from the gaps
        found = rates(found.matters(found.rates))
    return found


# Rows of the rungs, from people upward; people are asked about few, or their level is assumed.
SIZES = (
    (1_000, 60_000, 10_000, 10_000, 10_000),
    (0, 10_000, 5_000, 5_000, 5_000),
    (100, 10_000, 1_000, 1_000, 1_000),
    (300, 5_000, 300, 2_000, 300),
    (0, 300, 300, 300, 300),
)


def ladders() -> list[Ladder]:
    """Where a gap that is just too small is named most easily."""
    found = []
    for n in SIZES:
        large = 0.06 if min(n[1:]) >= 1_000 else 0.2
        found += [
            pattern("BSSS", large, 0.001, n, large / 3),
            pattern("SBSS", large, 0.02, n, large / 3),
            pattern("SBBB", large, 0.02, n, large / 3),
            pattern("BSN", large, 0.05, n, None),
            pattern("SHB", large, 0.005, n, None),
        ]
    # Of few people hardly one was wrong.
    for letters, rate, n, m in (
        ("BS", 0.0005, (100, 60_000, 10_000), 0.01),
        ("BSS", 0.0005, (100, 60_000, 10_000, 10_000), 0.01),
        ("BS", 0.005, (100, 10_000, 1_000), 0.005),
        ("BS", 0.0002, (300, 1_000_000, 50_000), 0.005),
        ("BSS", 0.001, (1_000, 10_000, 5_000, 5_000), 0.005),
    ):
        found.append(pattern(letters, 3 * m, rate, n, m))
    return found


def just_material() -> list[Ladder]:
    """One gap matters by a hair."""
    found = []
    for base, n, m in (
        (0.01, (1_000, 20_000, 20_000), 0.01),
        (0.02, (0, 20_000, 10_000), 0.005),
        (0.001, (100, 100_000, 1_000), 0.02),
        (0.05, (20_000, 20_000, 20_000), 0.01),
        (0.001, (2_000, 2_000, 2_000), 0.005),
    ):
        found += [made("material", [m + EPS, 0], base, n, m), made("", [0, m + EPS], base, n, m)]
    # A tenth of dev's error, and half a point of it.
    found.append(made("by default", [0.01 + EPS, 0], 0.09, (0, 100_000, 100_000), None))
    found.append(made("by default", [0, 0.005 + EPS], 0.03, (0, 100_000, 50_000), None))
    return found


def clear() -> list[Ladder]:
    """The largest gap is four times what does not matter, and thrice the next."""
    found = []
    for dev in (0.027, 0.05, 0.1, 0.2):
        m = max(0.005, 0.1 * dev)
        cases = [
            ((4, 4 / 3), (10_000, 5_000, 5_000)),
            ((4 / 3, 4), (10_000, 5_000, 5_000)),
            ((4, 4 / 3), (0, 10_000, 5_000)),
        ]
        if dev != 0.05:  # of a thousand people half a point of 5 % cannot be told
            cases.append(((4, 4 / 3), (1_000, 10_000, 5_000)))
        for gaps, n in cases:
            sizes = [m * g for g in gaps]
            found.append(made(f"dev {dev}", sizes, max(0.0, dev - sum(sizes)), n, m))
    return found


@dataclass(frozen=True)
class Said:
    """Shares of runs: in which a gap is ``wrongly`` named, it is ``wrongly`` said that nothing
    matters, the largest gap is named, and it alone."""

    wrongly: float
    nothing: float
    largest: float
    alone: float
    runs: int


def repeated(ladder: Ladder, runs: int) -> Said:
    rng, gaps = ladder.rng, ladder.gaps
    found = np.zeros(4)
    for _ in range(runs):
        said, material = ladder.said(ladder.hits(rng))
        found += [
            any(gaps[g] < gaps.max() - material for g in said.named),
            said.state == NOTHING and gaps.max() > material,
            gaps.argmax() in said.named,
            said.named == (gaps.argmax(),),
        ]
    return Said(*(float(x) / runs for x in found), runs)


@dataclass(frozen=True)
class Resampled:
    """Of a sample that named gaps: the least of their probabilities of being near, the lower
    bounds of the named gaps at .0005 less what does not matter (the least of them), and in which
    share of its resamples the same is named, and something else without it."""

    near: float
    margin: float
    kept: float
    other: float


def resampled(ladder: Ladder, samples: int, times: int) -> list[Resampled]:
    """Of the samples that named a gap, their rows drawn again with replacement."""
    rng, found = ladder.rng, []
    for _ in range(samples):
        hits = ladder.hits(rng)
        first, material = ladder.said(hits)
        if not first.named:
            continue
        sure = ladder.lower(hits, 0.0005)[list(first.named)].min() - material
        shares = [k / n if n else p for k, n, p in zip(hits, ladder.n, ladder.rates, strict=True)]
        again = Ladder(ladder.name, tuple(shares), ladder.n, ladder.materiality)
        named = [ladder.said(again.hits(rng))[0].named for _ in range(times)]
        kept = [set(first.named) <= set(x) for x in named]
        other = [bool(x) and not set(first.named) & set(x) for x in named]
        near = min(first.near[g] for g in first.named)
        found.append(Resampled(near, float(sure), float(np.mean(kept)), float(np.mean(other))))
    return found


RUNS, CLEAR_RUNS = 200, 250


def page() -> str:
    """What is promised of the naming, as a table."""
    lines = ["| ladders | settings | the worst | on average |", "|---|---|---|---|"]
    small = [repeated(x, RUNS).wrongly for x in ladders()]
    none = [repeated(x, RUNS).nothing for x in just_material()]
    named = [repeated(x, CLEAR_RUNS).largest for x in clear()]
    for what, shares, worst in (
        ("a gap that is too small is named", small, max),
        ("nothing is said to matter where something does", none, max),
        ("the largest of clear gaps is named", named, min),
    ):
        mean = sum(shares) / len(shares)
        lines.append(f"| {what} | {len(shares)} | {worst(shares):.3f} | {mean:.3f} |")
    return "\n".join(lines)

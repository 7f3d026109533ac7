"""Coverage of what goes by units: averages, areas, combinations and gaps under clusters and
weights, and means between two ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import norm

from evalharness import metrics as m
from evalharness.checks.measuring import _bounds as measured
from evalharness.checks.settings import Settings
from evalharness.declare.metric import Metric
from evalharness.inference.gaffke import GaffkeBounds
from evalharness.kernels.plan import Plan
from evalharness.outputs import Outputs
from tests.calibration.simulate import Coverage, Setting, coverage

RUNS = 300
Draw = Callable[[np.random.Generator], dict[str, Any]]


def through_outputs(metric: Metric, draw: Draw, truth: float, runs: int, **options: Any) -> Any:
    """The whole way of a declared metric, from tables to bounds."""

    def measure(rng: np.random.Generator) -> Coverage:
        def bounds(table: dict[str, Any]) -> Any:
            plan = Plan({"model": Outputs(test=table, **options)})
            return measured(plan, "model", metric.on("test"), Settings())[0][1]

        return coverage(((draw(rng), 1 / runs) for _ in range(runs)), bounds, truth, runs)

    return measure


def clusters(rng: np.random.Generator, sizes: np.ndarray, spread: float) -> tuple[Any, Any]:
    """Rows' clusters, and a normal shared in each of them, of variance ``spread``."""
    code = np.repeat(np.arange(len(sizes)), sizes)
    return code, np.sqrt(spread) * rng.normal(size=len(sizes))[code]


SIZES = {"10 each": lambda g: np.full(g, 10), "uneven": lambda g: 2 + 6 * (np.arange(g) % 4)}


def labelled(classes: int, rate: float, groups: int, kind: str, icc: float, weighted: bool) -> Draw:
    """Each class is right at ``rate``; clusters share how hard they are."""

    def draw(rng: np.random.Generator) -> dict[str, Any]:
        code, shared = clusters(rng, SIZES[kind](groups), icc)
        n = len(code)
        label = np.append(np.arange(classes), rng.integers(0, classes, n))[:n]
        right = shared + np.sqrt(1 - icc) * rng.normal(size=n) < ndtri(rate)
        wrong = (label + rng.integers(1, classes, n)) % classes
        table = {"label": label, "prediction": np.where(right, label, wrong), "cluster": code}
        return table | ({"weight": rng.choice([1.0, 3.0], n)} if weighted else {})

    return draw


def scored(area: float, groups: int, kind: str, icc: float, weighted: bool) -> Draw:
    def draw(rng: np.random.Generator) -> dict[str, Any]:
        code, shared = clusters(rng, SIZES[kind](groups), icc)
        n = len(code)
        label = rng.integers(0, 2, n)
        noise = shared + np.sqrt(1 - icc) * rng.normal(size=n)
        table = {"label": label, "cluster": code}
        table["score"] = noise + label * norm.ppf(area) * np.sqrt(2)
        return table | ({"weight": rng.choice([1.0, 3.0], n)} if weighted else {})

    return draw


def _truths(classes: int, rate: float) -> dict[Metric, float]:
    """Of equal classes, whose errors fall among all others alike."""
    found = {
        m.f1(average="macro"): rate,
        m.recall(average="weighted"): rate,
        m.precision(average="micro"): rate,
        m.cohen_kappa: (rate - 1 / classes) / (1 - 1 / classes),
    }
    if classes == 2:
        found |= {m.matthews_corrcoef: 2 * rate - 1, m.recall - m.false_positive_rate: 2 * rate - 1}
    return found


def clustered() -> list[Setting]:
    found = []
    for classes, rate, groups, kind, icc, weighted in (
        (2, 0.9, 40, "10 each", 0.3, True),
        (2, 0.99, 50, "10 each", 0.1, False),
        (2, 0.9, 20, "uneven", 0.0, False),
        (5, 0.9, 60, "uneven", 0.3, False),
        (5, 0.9, 300, "10 each", 0.1, False),
        (5, 0.99, 100, "10 each", 0.2, True),
    ):
        word = f"{classes} classes, {kind}, ICC {icc}" + (", weighted" if weighted else "")
        draw = labelled(classes, rate, groups, kind, icc, weighted)
        options = {"classes": list(range(classes))}
        for metric, truth in _truths(classes, rate).items():
            run = through_outputs(metric, draw, truth, RUNS, **options)
            found.append(Setting(f"clustered {metric.label}", f"{rate}", groups, word, run))
    return found


def areas() -> list[Setting]:
    found = []
    for area, groups, kind, icc, weighted in (
        (0.8, 30, "10 each", 0.3, False),
        (0.95, 50, "uneven", 0.3, True),
        (0.99, 50, "10 each", 0.0, False),
        (0.99, 20, "10 each", 0.2, True),
    ):
        word = f"{kind}, ICC {icc}" + (", weighted" if weighted else "")
        # What the clusters share shifts both classes alike, so pairs of different clusters differ
        # by it and the area is that of the whole noise.
        run = through_outputs(m.roc_auc, scored(area, groups, kind, icc, weighted), area, RUNS)
        found.append(Setting("clustered AUC", f"{area}", groups, word, run))
    return found


def gaps() -> list[Setting]:
    def draw(rates: tuple[float, ...], n: int) -> Draw:
        def drawn(rng: np.random.Generator) -> dict[str, Any]:
            part = np.arange(n) % len(rates)
            label = np.ones(n, int)
            right = rng.random(n) < np.array(rates)[part]
            return {"label": label, "prediction": right.astype(int), "part": part}

        return drawn

    found = []
    for rates, n in (
        ((0.9, 0.9), 400),
        ((0.9, 0.8), 200),
        ((0.99, 0.99, 0.99, 0.99), 800),
        ((0.95, 0.95, 0.95, 0.85), 800),
        (tuple(np.linspace(0.7, 0.95, 8)), 1_600),
    ):
        truth = max(rates) - min(rates)
        run = through_outputs(m.recall.by("part").gap(), draw(rates, n), truth, RUNS)
        word = f"{len(rates)} slices, {min(rates):g} to {max(rates):g}"
        found.append(Setting("gap of recall", f"{truth:.2g}", n, word, run))
    return found


def combinations() -> list[Setting]:
    """Of metrics of two statistics; the labels are even, the scores normal."""

    def draw(area: float, n: int) -> Draw:
        def drawn(rng: np.random.Generator) -> dict[str, Any]:
            label = rng.integers(0, 2, n)
            score = rng.normal(size=n) + label * norm.ppf(area) * np.sqrt(2)
            cut = norm.ppf(area) * np.sqrt(2) / 2
            return {"label": label, "score": score, "prediction": (score > cut).astype(int)}

        return drawn

    found = []
    for area, n in ((0.8, 100), (0.95, 200), (0.99, 1_000)):
        right = norm.cdf(norm.ppf(area) * np.sqrt(2) / 2)
        run = through_outputs(m.accuracy + m.roc_auc, draw(area, n), area + right, RUNS)
        found.append(Setting("accuracy + AUC", f"{area}", n, "", run))
    return found


def ends() -> list[Setting]:
    """Means of values between 0 and 1, too skewed for t."""
    shapes: dict[str, tuple[Callable[[Any, Any], Any], float]] = {
        "0 or 1 at .99": (lambda rng, n: (rng.random(n) < 0.99) * 1.0, 0.99),
        "half or 1 at .98": (lambda rng, n: 1 - 0.5 * (rng.random(n) < 0.02), 0.99),
        "beta(9, 0.3)": (lambda rng, n: rng.beta(9, 0.3, n), 9 / 9.3),
        "near .95, 1 % at 0": (
            lambda rng, n: rng.uniform(0.94, 0.96, n) * (rng.random(n) > 0.01),
            0.95 * 0.99,
        ),
        "1, rarely uniform": (
            lambda rng, n: np.where(rng.random(n) < 0.05, rng.random(n), 1.0),
            0.975,
        ),
    }

    def run(draw: Any, truth: float, n: int) -> Any:
        def measure(rng: np.random.Generator) -> Coverage:
            drawn = ((draw(rng, n), 1 / RUNS) for _ in range(RUNS))
            return coverage(drawn, GaffkeBounds, truth, RUNS)

        return measure

    found = [
        Setting("mean between 0 and 1", name, n, "", run(draw, truth, n))
        for name, (draw, truth) in shapes.items()
        for n in (5, 50, 1_000)
    ]
    for groups, weighted in ((10, False), (50, False), (50, True), (300, True)):
        word = "10 each, ICC 0.3" + (", weighted" if weighted else "")
        measure = through_outputs(m.win_rate("x"), _shares(groups, weighted), 0.931, RUNS)
        found.append(Setting("clustered mean between 0 and 1", "0.931", groups, word, measure))
    return found


def _shares(groups: int, weighted: bool) -> Draw:
    """Values of 0, 1/2 and 1, shared by clusters."""

    def draw(rng: np.random.Generator) -> dict[str, Any]:
        code, shared = clusters(rng, SIZES["10 each"](groups), 0.3)
        z = shared + np.sqrt(0.7) * rng.normal(size=len(code))
        # 0.93 of one, 0.002 of a half.
        x = np.where(z < ndtri(0.93), 1.0, np.where(z < ndtri(0.932), 0.5, 0.0))
        table = {"x": x, "cluster": code}
        return table | ({"weight": rng.choice([1.0, 3.0], len(code))} if weighted else {})

    return draw


def settings() -> list[Setting]:
    return [*clustered(), *areas(), *gaps(), *combinations(), *ends()]

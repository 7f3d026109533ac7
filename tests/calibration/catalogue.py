"""Coverage of the other metrics of the catalogue, through the public way: functions of a 2x2 table,
averages by weight, correlations, errors and overlaps, and differences of two models by units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtri

from evalharness import metrics as m
from evalharness.checks.compare import paired, paired_bounds
from evalharness.declare.metric import Metric
from evalharness.kernels.plan import Plan
from evalharness.outputs import Outputs
from tests.calibration.simulate import Coverage, Setting, coverage
from tests.calibration.units import Draw, clusters, through_outputs

RUNS = 200


def two_classes() -> list[Setting]:
    def draw(rate: float, share: float, n: int) -> Draw:
        def drawn(rng: np.random.Generator) -> dict[str, Any]:
            label = (rng.random(n) < share).astype(int)
            return {"label": label, "prediction": np.where(rng.random(n) < rate, label, 1 - label)}

        return drawn

    found = []
    for rate, share, n in (
        (0.9, 0.5, 100),
        (0.9, 0.1, 1_000),
        (0.99, 0.5, 1_000),
        (0.99, 0.1, 300),
    ):
        positive = share * rate + (1 - share) * (1 - rate)
        precision = share * rate / positive
        chance = share * positive + (1 - share) * (1 - positive)
        truths: dict[Metric, float] = {
            m.positive_likelihood_ratio: rate / (1 - rate),
            m.negative_likelihood_ratio: (1 - rate) / rate,
            m.f_beta(beta=2): 5 * precision * rate / (4 * precision + rate),
            m.cohen_kappa: (rate - chance) / (1 - chance),
            m.harmonic_mean(m.precision, m.specificity): 2 / (1 / precision + 1 / rate),
            0.7 * m.recall - 0.3 * m.false_positive_rate: 0.7 * rate - 0.3 * (1 - rate),
        }
        for metric, truth in truths.items():
            run = through_outputs(metric, draw(rate, share, n), truth, RUNS)
            found.append(Setting(metric.label, f"{rate}", n, f"prevalence {share}", run))
    return found


def classes() -> list[Setting]:
    """Errors fall to the next class; classes are equal, or fall like 1/rank."""

    def draw(shares: np.ndarray, rate: float, n: int) -> Draw:
        def drawn(rng: np.random.Generator) -> dict[str, Any]:
            label = np.append(np.arange(len(shares)), rng.choice(len(shares), n, p=shares))[:n]
            wrong = (label + 1) % len(shares)
            return {"label": label, "prediction": np.where(rng.random(n) < rate, label, wrong)}

        return drawn

    found = []
    for k, rate, n in ((3, 0.9, 200), (3, 0.99, 2_000), (10, 0.9, 1_000), (10, 0.99, 2_000)):
        for word, shares in (("equal", np.ones(k)), ("skewed", 1 / np.arange(1, k + 1))):
            shares = shares / shares.sum()
            predicted = shares * rate + np.roll(shares, 1) * (1 - rate)
            precision = shares * rate / predicted
            f1 = 2 * shares * rate / (shares + predicted)
            chance = shares @ predicted
            truths: dict[Metric, float] = {
                m.precision(average="weighted"): float(shares @ precision),
                m.f1(average="weighted"): float(shares @ f1),
                m.jaccard(average="micro"): rate / (2 - rate),
                m.cohen_kappa: float((rate - chance) / (1 - chance)),
            }
            for metric, truth in truths.items():
                options = {"classes": list(range(k))}
                run = through_outputs(metric, draw(shares, rate, n), truth, RUNS, **options)
                found.append(Setting(metric.label, f"{rate}", n, f"{k} {word} classes", run))
    return found


def numbers() -> list[Setting]:
    def pairs(rho: float, n: int) -> Draw:
        def drawn(rng: np.random.Generator) -> dict[str, Any]:
            x = rng.normal(size=n)
            y = 0.3 + rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n)
            return {"label": x, "prediction": y}

        return drawn

    def errors(heavy: bool, n: int) -> Draw:
        def drawn(rng: np.random.Generator) -> dict[str, Any]:
            label = rng.uniform(1, 3, n)
            e = rng.standard_t(5, n) * np.sqrt(3 / 5) if heavy else rng.normal(size=n)
            return {"label": label, "prediction": label + e}

        return drawn

    found = []
    for rho in (0.3, 0.9, 0.99):
        truths: dict[Metric, float] = {
            m.spearman_correlation: 6 / np.pi * np.arcsin(rho / 2),
            m.concordance_correlation: 2 * rho / (2 + 0.09),
        }
        for metric, truth in truths.items():
            for n in (50, 500):
                run = through_outputs(metric, pairs(rho, n), truth, RUNS)
                found.append(Setting(metric.label, f"{rho}", n, "", run))
    for heavy, word in ((False, "normal"), (True, "t5")):
        # E|e| of a normal, and of Student's t with five degrees scaled to variance one.
        mean = np.sqrt(2 / np.pi) if not heavy else 0.7351052
        for n in (100, 1_000):
            rmse = through_outputs(m.root_mean_squared_error, errors(heavy, n), 1.0, RUNS)
            found.append(Setting("RMSE", word, n, "", rmse))
            share = through_outputs(
                m.weighted_mean_absolute_percentage_error, errors(heavy, n), mean / 2, RUNS
            )
            found.append(Setting("weighted MAPE", word, n, "", share))
    return found


def regions() -> list[Setting]:
    """Two classes an image; the share that is found is beta, near 1."""

    def draw(n: int) -> Draw:
        def drawn(rng: np.random.Generator) -> dict[str, Any]:
            labelled = rng.integers(50, 1_000, 2 * n)
            shared = labelled * rng.beta(9, 0.5, 2 * n)
            return {
                "image": np.repeat(np.arange(n), 2),
                "class": np.tile(["road", "car"], n),
                "labelled": labelled,
                "intersection": shared,
                "predicted": shared + 0.05 * labelled,
            }

        return drawn

    share = 9 / 9.5
    truths = {m.dice: 2 * share / (1 + share + 0.05), m.mean_iou: share / 1.05}
    return [
        Setting(metric.label, f"{truth:.3f}", n, "", through_outputs(metric, draw(n), truth, RUNS))
        for metric, truth in truths.items()
        for n in (20, 100, 500)
    ]


def differences() -> list[Setting]:
    """Of two models on the same examples: clusters share how hard they are for either."""

    def run(
        metric: Metric, rates: tuple[float, float], groups: int, icc: float, weighted: bool
    ) -> Callable[[np.random.Generator], Coverage]:
        placed = metric.on("test")

        def draw(rng: np.random.Generator) -> list[dict[str, Any]]:
            code, shared = clusters(rng, np.full(groups, 5), icc)
            n = len(code)
            label, common = (
                rng.integers(0, 2, n),
                shared + np.sqrt(0.5 - icc / 2) * rng.normal(size=n),
            )
            tables = []
            for rate in rates:
                right = common + np.sqrt(0.5 - icc / 2) * rng.normal(size=n) < ndtri(rate)
                tables.append({"label": label, "prediction": np.where(right, label, 1 - label)})
            extra = {"weight": rng.choice([1.0, 3.0], n)} if weighted else {"cluster": code}
            return [t | extra | {"id": np.arange(n)} for t in tables]

        def bounds(tables: list[dict[str, Any]]) -> Any:
            plan = Plan({str(i): Outputs(test=t) for i, t in enumerate(tables)})
            return paired_bounds(placed, paired(plan, placed, "0", "1"), 0)

        def measure(rng: np.random.Generator) -> Coverage:
            truth = rates[0] - rates[1]
            return coverage(((draw(rng), 1 / RUNS) for _ in range(RUNS)), bounds, truth, RUNS)

        return measure

    found = []
    for rates, groups, icc in (
        ((0.9, 0.9), 40, 0.3),
        ((0.9, 0.8), 100, 0.3),
        ((0.99, 0.99), 50, 0.2),
        ((0.99, 0.95), 200, 0.2),
    ):
        for metric in (m.accuracy, m.recall):
            for weighted in (False, True):
                word = f"{metric.name}, {'weighted' if weighted else 'clustered'}"
                measure = run(metric, rates, groups, icc, weighted)
                rate = f"{rates[0]} - {rates[1]}"
                found.append(Setting("difference by units", rate, groups * 5, word, measure))
    return found


def gaps() -> list[Setting]:
    """Clusters that reach over all slices, and are alike there."""

    def draw(groups: int, icc: float) -> Draw:
        def drawn(rng: np.random.Generator) -> dict[str, Any]:
            code, shared = clusters(rng, np.full(groups, 9), icc)
            n, part = len(code), np.arange(len(code)) % 3
            rate = np.array([0.9, 0.9, 0.8])[part]
            right = shared + np.sqrt(1 - icc) * rng.normal(size=n) < ndtri(rate)
            return {
                "label": np.ones(n, int),
                "prediction": right * 1,
                "part": part,
                "cluster": code,
            }

        return drawn

    metric = m.recall.by("part").gap()
    return [
        Setting(
            "gap over clusters",
            f"ICC {icc}",
            9 * g,
            "",
            through_outputs(metric, draw(g, icc), 0.1, RUNS),
        )
        for g, icc in ((40, 0.0), (40, 0.4), (150, 0.4))
    ]


def settings() -> list[Setting]:
    return [*two_classes(), *classes(), *numbers(), *regions(), *differences(), *gaps()]

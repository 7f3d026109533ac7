"""The ladder by slice: what dominates in every slice, and the whole section."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import Data, Size
from benchmarks.row import Row
from benchmarks.sides import Peer, Side
from evalharness import Outputs, bias_variance
from evalharness.metrics import error_rate

# Errors of human, train, train_dev, dev and test.
RATES = (0.02, 0.05, 0.08, 0.1, 0.1)
SPLITS = ("train", "train_dev", "dev", "test")
MATERIALITY = 0.01
PART_OF_SLICES = 20


def counts(size: Size, folder: Path) -> Data:
    """hits, trials: (slices, rungs), of slices of 50 to 400 rows."""
    random = np.random.default_rng(41)
    trials = random.integers(50, 400, (size.slices, len(RATES)))
    return {"hits": random.binomial(trials, RATES), "trials": trials}


def tables(size: Size, folder: Path) -> Data:
    """Four splits of two classes in slices of like size, by "split column"."""
    random, found = np.random.default_rng(42), {}
    for name, rate in zip(SPLITS, RATES[1:], strict=True):
        label = random.integers(0, 2, size.rung_rows)
        wrong = random.random(size.rung_rows) < rate
        found |= {
            f"{name} label": label,
            f"{name} prediction": np.where(wrong, 1 - label, label),
            f"{name} slice": random.integers(0, size.slices, size.rung_rows),
        }
    return found


def dominance(data: Data, size: Size) -> Side:
    from evalharness.inference.dominance import KNOTS, of_each, of_shares

    hits, trials = data["hits"], data["trials"]
    bounds = np.full((size.slices, len(RATES) - 1), 2 * MATERIALITY)

    def call() -> Any:
        beliefs = [(KNOTS, of_shares(hits[:, r], trials[:, r])) for r in range(len(RATES))]
        may = np.ones(bounds.shape, bool)
        return of_each(beliefs, 1, bounds, bounds, MATERIALITY, may, 0, draws=size.ladder_draws)

    def read(found: Any) -> dict[str, Any]:
        return {f"gap {g}": found.largest[:, g] for g in range(bounds.shape[1])}

    return Side(call, read)


def dominance_scipy(data: Data, size: Size) -> Side:
    """Draws from the beta distribution of each rung of each slice, and which gap is the largest."""
    from scipy.stats import beta

    random, few = np.random.default_rng(43), size.slices // PART_OF_SLICES

    def call() -> Any:
        found = []
        for hits, trials in zip(data["hits"][:few], data["trials"][:few], strict=True):
            errors = [
                beta.rvs(k + 0.5, n - k + 0.5, size=size.ladder_draws, random_state=random)
                for k, n in zip(hits, trials, strict=True)
            ]
            gaps = np.diff(errors, axis=0)
            largest = gaps.argmax(axis=0)
            near = (gaps >= gaps.max(axis=0) - MATERIALITY).mean(axis=1)
            found.append((np.bincount(largest, minlength=len(gaps)) / len(largest), near))
        return found

    def read(found: Any) -> dict[str, Any]:
        return {f"gap {g}": np.array([f[0][g] for f in found]) for g in range(len(RATES) - 1)}

    return Side(call, read)


def section(data: Data, size: Size) -> Side:
    """Splits that lie in memory, human level declared; as a check of an evaluation has it."""
    from evalharness.checks.ladder_slices import section as ours
    from evalharness.checks.settings import Settings
    from evalharness.inference.proportions import ProportionBounds
    from evalharness.kernels.plan import Plan

    declared, human = bias_variance(error_rate, by="slice"), ProportionBounds(20, 1_000)

    def call() -> Any:
        outputs = Outputs({name: _table(data, name) for name in SPLITS})
        plan = Plan({"model": outputs})
        return ours(plan, "model", declared, SPLITS, human, Settings(), MATERIALITY)

    def read(found: Any) -> dict[str, Any]:
        ranked = {int(one["slice"]): one for one in found.figures["slices"]}
        each = [ranked[s]["rungs"] for s in sorted(ranked)]
        return {name: np.array([rungs[name]["value"] for rungs in each]) for name in SPLITS}

    return Side(call, read)


def section_by_hand(data: Data, size: Size) -> Side:
    """The error of every slice on every split, and as `dominance_scipy` does for a part of them."""
    from scipy.stats import beta

    random, few = np.random.default_rng(44), size.slices // PART_OF_SLICES

    def call() -> Any:
        errors, draws = {}, []
        for name in SPLITS:
            table = _table(data, name)
            wrong, code = table["label"] != table["prediction"], table["slice"]
            hits, n = [], []
            for s in range(few):
                inside = code == s
                hits.append(wrong[inside].sum())
                n.append(inside.sum())
            k, n = np.array(hits), np.array(n)
            errors[name] = k / n
            draws.append(
                [
                    beta.rvs(a + 0.5, b - a + 0.5, size=size.ladder_draws, random_state=random)
                    for a, b in zip(k, n, strict=True)
                ]
            )
        np.diff(np.array(draws), axis=0).argmax(axis=0)
        return errors

    return Side(call)


def _table(data: Data, name: str) -> dict[str, Any]:
    return {c: data[f"{name} {c}"] for c in ("label", "prediction", "slice")}


def ladder_rows(size: Size) -> list[Row]:
    work = f"{size.slices:,} slices × {len(RATES)} rungs × {size.ladder_draws:,} draws"
    # Shares of so many draws differ by as much, the largest of thousands of differences.
    within = 5 / size.ladder_draws**0.5
    return [
        Row(
            "ladder-draws",
            f"what dominates in {work}",
            counts,
            dominance,
            None,
            Peer("SciPy, slice by slice", "scipy", dominance_scipy, PART_OF_SLICES, within=within),
            at_least=1.5,
            goal=3,
            seconds=2,
            compiles=False,
        ),
        Row(
            "ladder-slices",
            f"the ladder by slice, {work}, {size.rung_rows:,} rows on each of four",
            tables,
            section,
            None,
            Peer("NumPy and SciPy, slice by slice", "scipy", section_by_hand, PART_OF_SLICES),
            at_least=1,
            goal=2,
            seconds=2,
            compiles=False,
        ),
    ]

"""Two splits as wholes: what a classifier can tell of them, and how far embeddings lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.checks.columns import Categories, Numbers
from evalharness.checks.comparing import CORRECT
from evalharness.checks.findings import Finding
from evalharness.checks.settings import Settings
from evalharness.checks.within import within
from evalharness.declare.errors import OutputsError
from evalharness.inference.numbers import plain
from evalharness.inference.verdicts import INCONCLUSIVE, PASS
from evalharness.outputs.vectors import of_both

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

# Of a column of categories, as many of the most frequent become columns of 0 and 1.
FREQUENT = 50
# Rows of each split that a classifier is given, at most: it says no more of more, and takes longer.
MOST = 20_000
# With fewer of each, a classifier that tells nothing may only have learnt nothing.
LEAST = 1_000
# Parts of which each is told by what was learnt of the others.
FOLDS = 5


@dataclass(frozen=True)
class Embedding:
    """A list column of both splits, by one of two distances that are tested by permutation."""

    name: str
    shown: str
    samples: tuple[Any, Any]
    units: tuple[Any, Any]
    energy: bool
    seed: int

    @cached_property
    def distance(self) -> EmbeddingDistance:
        from evalharness.distances import kernel_two_sample

        of = kernel_two_sample.energy_distance if self.energy else kernel_two_sample.mmd
        clusters = None
        if self.units != (None, None):
            clusters = tuple(
                np.arange(len(x)) if u is None else u.code
                for x, u in zip(self.samples, self.units, strict=True)
            )
        found = of(*self.samples, clusters=clusters, seed=self.seed)  # type: ignore[arg-type]
        part = "" if found.rows == tuple(map(len, self.samples)) else "a random part of the rows"
        return EmbeddingDistance(
            "energy distance" if self.energy else "MMD²",
            found.statistic,
            found.p_value,
            found.rows,
            part,
        )


@dataclass(frozen=True)
class EmbeddingDistance:
    """A distance that has a p-value, and no bounds."""

    measure: str
    value: float
    p_value: float
    n: tuple[int, int]
    note: str

    def lower(self, alpha: float) -> float:
        return float("nan")


def embeddings(
    names: Sequence[str], splits: tuple[Split, Split], units: tuple[Any, Any], seed: int
) -> list[Embedding]:
    """Both distances of each column. Raises OutputsError with all that is wrong with them."""
    problems: list[str] = []
    found: list[Embedding] = []
    for name in names:
        try:
            samples = of_both(*splits, name)
        except OutputsError as error:
            problems += error.problems
            continue
        for split, unit in zip(splits, units, strict=True):
            if min(split.n, split.n if unit is None else unit.groups) < 2:
                problems.append(
                    f"{split.where}: `{name}` of one {'row' if unit is None else 'cluster'} cannot "
                    "be compared by permutation; take more, or leave embeddings= out"
                )
        pair = (samples[0].astype(np.float64), samples[1].astype(np.float64))
        found += [Embedding(name, f"`{name}`", pair, units, e, seed) for e in (False, True)]
    if problems:
        raise OutputsError(problems)
    return found


def told_apart(
    most: float,
    names: Sequence[str],
    columns: Mapping[str, Numbers | Categories],
    settings: Settings,
) -> Finding:
    """How well a classifier that is given the columns tells the splits apart: the area under its
    ROC curve on rows that it has not learnt from, up to `most`."""
    from evalharness.distances.classifier import held_out_scores

    used = {n: c for n, c in columns.items() if n != CORRECT} or dict(columns)
    any_ = next(iter(used.values()))
    sizes = tuple(len(x) for x in (any_.samples if isinstance(any_, Numbers) else any_.codes))
    side = np.repeat([0, 1], sizes)
    groups = _groups(any_.units, sizes)
    some = _some(sizes, settings.seed)
    side, groups = side[some], None if groups is None else groups[some]
    features = np.hstack([_features(column)[some] for column in used.values()])
    if problem := _too_few(side, groups):
        return Finding(
            "EH-SHIFT-JOINT", "classifier", INCONCLUSIVE, problem, measure="AUC", n=sizes
        )
    score = held_out_scores(features, side, groups=groups, seed=settings.seed)
    area = _area(side, score, groups, settings)
    bounds = CrossFitted(area._bounds)
    found = within(bounds, most, settings)
    turned = found.outcome == PASS and bounds.upper(1 - settings.confidence) < 0.5
    told = (
        f"a classifier of {len(used):,} columns tells {names[0]} and {names[1]} apart with an AUC "
        f"of {found.told} ({area.count}); tolerance {plain(most)}: {found.outcome}"
    )
    needed = None
    if found.outcome == PASS and min(sizes) < LEAST:
        found = replace(found, outcome=INCONCLUSIVE)
        told = (
            f"{told.removesuffix(PASS)}{INCONCLUSIVE}; from fewer than {LEAST:,} rows of each a "
            "classifier learns too little for this to show that they are alike"
        )
    elif turned:
        found = replace(found, outcome=INCONCLUSIVE)
        told = (
            f"{told.removesuffix(PASS)}{INCONCLUSIVE}; it does surely worse than a coin, as where "
            "few clusters differ so that those held out are unlike those learnt from"
        )
    elif found.outcome == INCONCLUSIVE:
        needed = bounds.settle(most, found.level)
        told += f"; about {needed:,} fresh {area.unit} would settle it" if needed else ""
    return Finding(
        "EH-SHIFT-JOINT",
        "classifier",
        told=told,
        measure="AUC",
        n=sizes,
        settle=(needed,) if needed else (),
        **found.fields,
    )


class CrossFitted:
    """Bounds of the area of scores that were fitted fold by fold.

    What the folds learnt they share, so that their areas vary together and more than rows that were
    scored by one model: by Nadeau & Bengio 2003 with the variance (1/k + 1/(k - 1)) / (1/k).
    """

    def __init__(self, bounds: Any) -> None:
        self._bounds, self.value = bounds, bounds.value
        self._wider = float(np.sqrt(1 + FOLDS / (FOLDS - 1)))

    def lower(self, alpha: float) -> float:
        return self._at(self._bounds.lower(alpha))

    def upper(self, alpha: float) -> float:
        return self._at(self._bounds.upper(alpha))

    def _at(self, limit: float) -> float:
        return float(np.clip(self.value + self._wider * (limit - self.value), 0, 1))

    def settle(self, most: float, alpha: float) -> int | None:
        """Fresh rows of both."""
        found = self._bounds.settle(most, alpha)
        return None if found is None else int(np.ceil(self._wider**2 * found))


def _too_few(side: Any, groups: Any) -> str:
    """Why no classifier can be held to rows that it has not seen; "" where one can."""
    units = side if groups is None else side[np.unique(groups, return_index=True)[1]]
    fewest = min(int((units == k).sum()) for k in (0, 1))
    if fewest >= FOLDS:
        return ""
    what = "rows" if groups is None else "clusters"
    return (
        f"a classifier needs {FOLDS} {what} of each split at least, so that some can be held out, "
        f"and one has {fewest}"
    )


def _some(sizes: tuple[int, ...], seed: int) -> Any:
    """Places of the rows that are used: all, or as many of each side, drawn, as MOST."""
    rng = np.random.default_rng([seed, 7])
    first = 0
    found = []
    for n in sizes:
        drawn = np.arange(n) if n <= MOST else np.sort(rng.permutation(n)[:MOST])
        found.append(first + drawn)
        first += n
    return np.concatenate(found)


def _area(side: Any, score: Any, groups: Any, settings: Settings) -> Any:
    from evalharness.checks.measuring import estimates
    from evalharness.kernels.plan import Plan
    from evalharness.metrics import roc_auc
    from evalharness.outputs import Outputs

    table = {"label": side, "score": score}
    if groups is not None:
        table["cluster"] = groups
    (found,) = estimates(
        Plan({"classifier": Outputs(joint=table)}), "classifier", roc_auc.on("joint"), settings
    )
    return found


def _groups(units: Any, sizes: tuple[int, ...]) -> Any:
    """int (n + m,): the unit of each row of both, or None where each row is its own."""
    if units == (None, None):
        return None
    codes = [np.arange(n) if u is None else u.code for u, n in zip(units, sizes, strict=True)]
    return np.concatenate([codes[0], codes[1] + codes[0].max() + 1])


def _features(column: Numbers | Categories) -> Any:
    """(n + m, k) floats."""
    if isinstance(column, Numbers):
        x = np.concatenate(column.samples)
        missing = np.isinf(x)
        if not missing.any():
            return x[:, None]
        usual = float(np.median(x[~missing])) if not missing.all() else 0.0
        return np.column_stack([np.where(missing, usual, x), missing])
    codes = np.concatenate(column.codes)
    frequent = np.argsort(-np.bincount(codes), kind="stable")[:FREQUENT]
    return (codes[:, None] == frequent).astype(float)

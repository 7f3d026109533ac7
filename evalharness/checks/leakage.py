"""Whether examples of one split are in another, and what that was worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.checks.comparing import CORRECT, has
from evalharness.checks.explain import share
from evalharness.checks.findings import REPORTED, Finding
from evalharness.checks.leak import Leak
from evalharness.checks.leaks import comparisons, duplicates
from evalharness.checks.measuring import estimates
from evalharness.checks.settings import Around, Settings
from evalharness.checks.within import within
from evalharness.declare.errors import OutputsError
from evalharness.declare.metric import Metric
from evalharness.declare.split_checks import NoLeakage
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.numbers import about, plain, show
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS
from evalharness.outputs.words import names as listed

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

# Of these a single row is proof; of the others a few are chance.
FACTS = {
    "id": "EH-LEAK-ID",
    "content": "EH-LEAK-CONTENT",
    "cluster": "EH-LEAK-CLUSTER",
    "time": "EH-LEAK-TIME",
}
SHARES = {"near": "EH-LEAK-NEAR", "embedding": "EH-LEAK-EMBEDDING"}
# So many metrics are told with and without the leaked rows.
SHOWN = 3


class Leakage:
    """A `no_leakage`, ready to be judged.

    Raises OutputsError with everything that cannot be compared.
    """

    def __init__(self, check: NoLeakage, splits: Sequence[Split], around: Around) -> None:
        first, second = splits
        self._first, self._split = first, second
        self._check, self._model = check, around.model
        self._metrics = [*(b.metric for b in around.bounds), *around.also]
        shared = _shared(first, self._split)
        asked = (check.content, check.near, check.embeddings, check.time)
        if not shared and not any(asked):
            raise OutputsError(
                [
                    f"{check}: {first.where} and {self._split.where} share neither `id` nor "
                    "`cluster`, so nothing would be looked at; add an `id`, or name what to "
                    "compare: content=[…], near=[…], embeddings=[…], time=…; there are "
                    f"{listed(self._split.column_names)}"
                ]
            )
        self._made = comparisons(
            first,
            self._split,
            ids="id" in shared,
            clusters="cluster" in shared,
            content=check.content,
            near=check.near,
            embeddings=check.embeddings,
            time=check.time,
            seed=around.seed,
        )

    def _pairs(self, leak: Leak) -> tuple[str, ...]:
        """Which rows they are, and how they were looked for."""
        told = (
            []
            if leak.kind == "time"
            else [
                f"row {mine} of {self._split.name} and row {theirs} of {self._first.name}"
                for mine, theirs in leak.pairs
            ]
        )
        return (*told, *filter(None, [leak.how]))

    @property
    def gated(self) -> int:
        return len(self._check.near) + len(self._check.embeddings)

    def judge(self, settings: Settings) -> tuple[list[Finding], list[str]]:
        """The findings, and what the leaked rows did to the metrics."""
        split, check = self._split, self._check
        leaks = [compare() for compare in self._made]
        found = [
            _fact(leak, split) if leak.kind in FACTS else _share(leak, check, split, settings)
            for leak in leaks
        ]
        found = [replace(f, details=self._pairs(k)) for f, k in zip(found, leaks, strict=True)]
        if check.content:
            for each in (split, self._first):
                found += _repeats(duplicates(each, check.content))
        # Of shares that pass the rows are those that chance alone would show.
        told = [leak.rows for leak, f in zip(leaks, found, strict=False) if f.outcome != PASS]
        leaked = np.logical_or.reduce(told) if told else np.zeros(split.n, bool)
        if not leaked.any():
            return found, []
        return found, Measure(self._model, split, self._metrics, settings).without(leaked)


def _shared(first: Split, second: Split) -> list[str]:
    return [n for n in ("id", "cluster") if all(n in s.column_names for s in (first, second))]


def _fact(leak: Leak, split: Split) -> Finding:
    k = int(np.count_nonzero(leak.rows))
    told = leak.told
    if k:
        low, high = ProportionBounds(k, split.n).interval(0.95)
        told += f"; {share(k / split.n)} of the rows (95 % interval {share(low)} to {share(high)})"
    return Finding(
        FACTS[leak.kind],
        f"{leak.kind} {leak.column}" if leak.kind in ("content", "time") else leak.kind,
        FAIL if k else PASS,
        told,
        measure="share of the rows",
        value=k / split.n,
        required=0.0,
        n=(split.n,),
    )


def _share(leak: Leak, check: NoLeakage, split: Split, settings: Settings) -> Finding:
    """A few near-duplicates are chance: their share is held against what is tolerated."""
    clusters = split.clusters()
    looked = np.ones(split.n, bool) if leak.looked is None else leak.looked
    if clusters is None:
        bounds: Any = ProportionBounds(int(leak.rows.sum()), int(looked.sum()), "rows")
    else:
        code, count = clusters
        bounds = EffectiveBounds(
            np.bincount(code, leak.rows, count), np.bincount(code, looked, count), clusters=True
        )
    found = within(bounds, check.tolerance, settings)
    unlearnt = leak.expected > check.tolerance / 2 and found.outcome == FAIL
    found = replace(found, outcome=INCONCLUSIVE) if unlearnt else found
    told = (
        f"{leak.told}; a share of {found.told}; tolerance {plain(check.tolerance)}: {found.outcome}"
    )
    needed = None
    if unlearnt:
        told += (
            f"; {check.splits[0]} has too few rows to tell how near is too near: as many would be "
            "found by chance; take 1,000 or more"
        )
    elif found.outcome == INCONCLUSIVE:
        needed = bounds.settle(check.tolerance, found.level)
        told += (
            f"; about {about(needed)} fresh {bounds.unit} would settle it"
            if needed
            else "; at exactly the tolerance no number of rows would settle it"
        )
    return Finding(
        SHARES[leak.kind],
        leak.column,
        told=told,
        measure="share of the rows",
        n=(split.n,),
        settle=(needed,) if needed else (),
        **found.fields,
    )


def _repeats(leak: Leak) -> list[Finding]:
    """Rows that repeat others of their split: they count as if they were more examples."""
    k, n = int(leak.rows.sum()), len(leak.rows)
    if not k:
        return []
    told = f"{leak.told}: n is rather {n - k:,} than {n:,}, and intervals are too narrow"
    return [
        Finding("EH-DUPLICATE", leak.column, REPORTED, told, "share of the rows", k / n, n=(n,))
    ]


class Measure:
    """Metrics of one model on one split, with and without some of its rows."""

    def __init__(self, model: str, split: Split, metrics: Sequence[Metric], settings: Settings):
        self._model, self._split, self._settings = model, split, settings
        # One number each: of slices there may be thousands.
        plain = [m for m in dict.fromkeys(metrics) if not m.group or m.over]
        self._metrics = plain[:SHOWN] or self._default()

    def _default(self) -> list[Metric]:
        from evalharness.metrics import accuracy

        return [accuracy.on(self._split.name)] if has(self._split, CORRECT) else []

    def without(self, leaked: Any) -> list[str]:
        """A line for each metric."""
        if leaked.all():
            return [f"every row of {self._split.name} leaked: without them nothing is left"]
        if not self._metrics:
            return ["what the leak was worth cannot be told: no metric is declared on this split"]
        return [self._line(metric, leaked) for metric in self._metrics]

    def _line(self, metric: Metric, leaked: Any) -> str:
        k = int(leaked.sum())
        rows = f"the {k:,} leaked rows" if k > 1 else "the leaked row"
        try:
            whole, rest = (self._estimate(metric, kept) for kept in (None, ~leaked))
        except OutputsError as error:
            return f"{metric.label} without {rows} cannot be measured: {error.problems[0]}"
        return (
            f"{metric.title} is {show(whole.value)} ({whole.span}), and without {rows} "
            f"{show(rest.value)} ({rest.span})"
        )

    def _estimate(self, metric: Metric, kept: Any) -> Any:
        from evalharness.kernels.plan import Plan
        from evalharness.outputs.kept import kept_rows

        split = self._split if kept is None else kept_rows(self._split, kept)
        (found,) = estimates(Plan({self._model: _Held(split)}), self._model, metric, self._settings)
        return found


class _Held:
    """Stands for the `Outputs` that hold one split."""

    def __init__(self, split: Split):
        self._split = split

    def split(self, name: str, model: str = "") -> Split:
        return self._split

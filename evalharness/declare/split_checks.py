"""The values that declarations of splits build."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from evalharness.declare.bound import Bound
from evalharness.declare.errors import DeclarationError
from evalharness.declare.metric import Metric
from evalharness.declare.naming import slug_of
from evalharness.declare.objective import Against, Saved

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True

# The share of leaked rows that is tolerated where a single one proves nothing.
NEAR = 0.01


@dataclass(frozen=True)
class SplitCheck:
    """A check of splits: a declaration. `splits`: the names of those that it looks at."""

    splits: tuple[str, ...]

    kind: ClassVar[str] = "splits"
    name: ClassVar[str] = ""
    codes: ClassVar[tuple[str, ...]] = ()

    @property
    def finds(self) -> tuple[str, ...]:
        """The codes, of all that checks of this kind have, by which this one may fail."""
        return self.codes

    @property
    def slug(self) -> str:
        """For node ids: letters, digits, `-`, `_` and `.` only."""
        return slug_of(self.name, *self.splits)

    def problems(self, bounds: Iterable[Bound]) -> list[str]:
        """What is wrong with the check beside these bounds, and those that objectives ask for."""
        return []

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.splits))})".replace("'", '"')

    def __bool__(self) -> bool:
        raise DeclarationError(
            f"`{self}` is a declaration, not a truth value: list it in `splits = [{self}]`"
        )


@dataclass(frozen=True)
class SameDistribution(SplitCheck):
    """`columns`: those named, each with its tolerance or None for the default. `classifier`: the
    AUC up to which a classifier may tell the splits apart, or None where none is asked for."""

    columns: tuple[tuple[str, float | None], ...] = ()
    classifier: float | None = None
    embeddings: tuple[str, ...] = ()

    name: ClassVar[str] = "same_distribution"
    codes: ClassVar[tuple[str, ...]] = ("EH-SHIFT", "EH-SHIFT-JOINT")

    @property
    def finds(self) -> tuple[str, ...]:
        return self.codes[: 1 if self.classifier is None else 2]


@dataclass(frozen=True)
class KnownDifference(SplitCheck):
    """`columns`: by how much each may differ."""

    columns: tuple[tuple[str, float], ...] = ()

    name: ClassVar[str] = "known_difference"
    codes: ClassVar[tuple[str, ...]] = ("EH-DIFFERENCE",)


@dataclass(frozen=True)
class NoLeakage(SplitCheck):
    """The columns of which content, texts and embeddings are compared; "" for no `time`."""

    content: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    embeddings: tuple[str, ...] = ()
    time: str = ""
    tolerance: float = NEAR

    name: ClassVar[str] = "no_leakage"
    codes: ClassVar[tuple[str, ...]] = (
        "EH-LEAK-ID",
        "EH-LEAK-CONTENT",
        "EH-LEAK-NEAR",
        "EH-LEAK-EMBEDDING",
        "EH-LEAK-CLUSTER",
        "EH-LEAK-TIME",
        "EH-DUPLICATE",
    )

    @property
    def finds(self) -> tuple[str, ...]:
        asked = {
            "EH-LEAK-CONTENT": self.content,
            "EH-LEAK-NEAR": self.near,
            "EH-LEAK-EMBEDDING": self.embeddings,
            "EH-LEAK-TIME": self.time,
            "EH-DUPLICATE": "",  # it is told, and fails nothing
        }
        return tuple(code for code in self.codes if asked.get(code, True))


@dataclass(frozen=True)
class LargeEnough(SplitCheck):
    """`true`: the value that a metric, or its difference from a baseline, is held to have, by how
    it is written. `power`: the chance with which its bound must pass then. `icc`: how alike the
    rows of one cluster are."""

    true: tuple[tuple[Metric | Against, float], ...] = ()
    power: float = 0.8
    icc: float | None = None

    name: ClassVar[str] = "large_enough"
    codes: ClassVar[tuple[str, ...]] = ("EH-SIZE", "EH-SIZE-NEVER")

    def expected(self, metric: Metric, baseline: str | Saved | None = None) -> float | None:
        """The true value that a metric on a split, or its difference from a baseline, is held to
        have; None where none is declared."""
        found = None
        for key, value in self.true:
            of, less = (key.metric, key.baseline) if isinstance(key, Against) else (key, None)
            if less != baseline:
                continue
            if of == metric:
                return value
            if not of.split and (of.definition, of.options) == (metric.definition, metric.options):
                found = value
        return found

    def problems(self, bounds: Iterable[Bound]) -> list[str]:
        """What is wrong with the check beside these bounds, and those that objectives ask for."""
        here = [b for b in bounds if b.metric.split == self.splits[0]]
        if not here:
            return [
                f"{self}: no bound is declared on {self.splits[0]!r}, so nothing says how large is "
                "enough; declare one in `satisficing`, or an objective"
            ]
        problems = []
        for key, value in self.true:
            metric = key.metric if isinstance(key, Against) else key
            low, high = metric.range
            if isinstance(key, Against):
                low, high = low - high, high - low
            if not low <= value <= high and "quantile" not in metric.name:
                problems.append(
                    f"{self}: true={{{key}: {value:g}}} lies outside of the range of "
                    f"{'a difference of ' if key is not metric else ''}{metric.name}, {low:g} to "
                    f"{high:g}"
                )
        written = [_written(b) for b in here]
        return problems + [
            f"{self}: true= names {key}, on which no bound stands; there are bounds on "
            f"{', '.join(written)}"
            for key, _ in self.true
            if all(
                replace(self, true=((key, 0.0),)).expected(b.metric, b.baseline) is None
                for b in here
            )
        ]


def _written(bound: Bound) -> str:
    """What is bounded."""
    if bound.baseline is None:
        return str(bound.metric)
    return str(Against(bound.metric, bound.baseline))

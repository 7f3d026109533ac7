"""What a team declares of its gaps: `diagnosis = bias_variance(error_rate, human=Human(…))`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from evalharness.declare import diagnosis_options as options
from evalharness.declare.arithmetic import is_number
from evalharness.declare.errors import DeclarationError, numbered
from evalharness.declare.human import Human, suits
from evalharness.declare.metric import Metric
from evalharness.declare.rungs import BIAS, BIAS_OR_VARIANCE, CODES, LADDER, UNMEASURED

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True


@dataclass(frozen=True)
class BiasVariance:
    """A declared diagnosis.

    limits: by gap, the most that it may be. materiality: what is too small to matter, or None for
    the default. by: the column whose values get a ladder each. human_on_target: what people do on
    the data that dev and test are of. runs, sizes: names of models that were trained again, and on
    how many examples. target: the value to which the learning curve is to lead.
    """

    metric: Metric
    human: Human | None = None
    limits: tuple[tuple[str, float], ...] = ()
    materiality: float | None = None
    by: str = ""
    human_on_target: Human | None = None
    runs: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()
    target: float | None = None

    @property
    def checks(self) -> list[GapLimit | Ladder]:
        """One for each limit, and the whole ladder."""
        return [*(GapLimit(self, gap, most) for gap, most in self.limits), Ladder(self)]

    def __str__(self) -> str:
        return f"bias_variance({self.metric})"

    def __bool__(self) -> bool:
        raise DeclarationError(
            f"`{self}` is a declaration, not a truth value: write `diagnosis = {self}`"
        )


@dataclass(frozen=True)
class GapLimit:
    """One gap must be shown to be below its limit."""

    diagnosis: BiasVariance
    gap: str
    limit: float

    kind: ClassVar[str] = "diagnosis"

    @property
    def slug(self) -> str:
        return self.gap

    @property
    def finds(self) -> tuple[str, ...]:
        return (CODES[self.gap],)

    def __str__(self) -> str:
        return f"{self.gap} of {self.diagnosis.metric}"


@dataclass(frozen=True)
class Ladder:
    """The whole ladder is reported; it fails where a rung cannot be measured."""

    diagnosis: BiasVariance

    kind: ClassVar[str] = "diagnosis"
    slug: ClassVar[str] = LADDER
    finds: ClassVar[tuple[str, ...]] = (UNMEASURED,)

    def __str__(self) -> str:
        return f"{LADDER} of {self.diagnosis.metric}"


def bias_variance(
    metric: Metric,
    /,
    *,
    human: Human | None = None,
    limits: Mapping[str, float] | None = None,
    materiality: float | None = None,
    by: str = "",
    human_on_target: Human | None = None,
    runs: Iterable[str] = (),
    sizes: Mapping[str, int] | None = None,
    target: float | None = None,
) -> BiasVariance:
    """Which gap holds the model back: human → train → train_dev → dev → test, as far as the outputs
    have these splits.

    metric:      one with a direction, for all rungs: an error rate, a loss, F1, WER.
    human:       the human level; the best of several stands for the Bayes error.
    limits:      the most that a gap may be, `{"variance": 0.02}`, in units of the metric; each is a
                 test result. Gaps: avoidable_bias, variance, data_mismatch, dev_overfitting; where
                 a rung between is missing, bias_or_variance and variance_or_mismatch.
    materiality: differences up to this do not matter; default: the larger of half a point of a
                 metric between 0 and 1, and a tenth of the error on dev. It is printed.
    by:          a column, of each of whose values the same ladder is made: where is most to gain?
    human_on_target: the human level on the data that dev and test are of, where `human` is about
                 those of train; it fills the table of two distributions, as does a split
                 `train_target` (rows of such data that the model has learnt from).
    runs:        names of models that were trained again, by other seeds or on other samples: how
                 much of the expected loss is bias, and how much is variance over such runs.
    sizes:       of models, on how many examples each was trained: {"n1000": 1000, …}; the learning
                 curve, and how much data leads to `target`.

    Raises DeclarationError with all that is wrong.
    """
    problems = options.metric(metric)
    good = isinstance(metric, Metric) and not problems
    for name, given in (("human", human), ("human_on_target", human_on_target)):
        if given is not None and not isinstance(given, Human):
            problems.append(f"{name}={given!r} must be Human(…), such as Human(expert=(7, 1000))")
        elif given is not None and good:
            problems += suits(given, metric)
    width = metric.range[1] - metric.range[0] if good else math.inf
    found = options.limits(limits, width, problems)
    if human is None:
        problems += [
            f"limits: {gap} begins at the human level; give human=…"
            for gap, _ in found
            if gap in (BIAS, BIAS_OR_VARIANCE)
        ]
    if materiality is not None and not (is_number(materiality) and 0 < materiality < math.inf):
        problems.append(
            f"materiality={materiality!r} must be a number above 0, in units of the metric"
        )
    elif materiality is not None and materiality >= width:
        problems.append(
            f"materiality={materiality!r}: no gap of {metric.name} is larger than {width:g}, so "
            f"that none would matter{options.percent(materiality, width)}"
        )
    if not isinstance(by, str):
        problems.append(f'by={by!r} must be the name of one column, such as by="region"')
    again = options.runs(runs, problems)
    trained = options.sizes(sizes, problems)
    if target is not None:
        problems += options.target(target, metric if good else None, sizes is not None)
    if problems:
        raise DeclarationError(f"bias_variance: {numbered('problems', tuple(problems))}")
    return BiasVariance(
        metric,
        human,
        found,
        None if materiality is None else float(materiality),
        by,
        human_on_target,
        again,
        trained,
        None if target is None else float(target),
    )

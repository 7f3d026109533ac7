"""What a team declares of its gaps: `diagnosis = bias_variance(error_rate, human=Human(…))`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.declare.arithmetic import is_number
from evalharness.declare.errors import DeclarationError, did_you_mean, numbered
from evalharness.declare.human import Human, suits
from evalharness.declare.metric import Metric

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True

HUMAN, TRAIN, TRAIN_DEV, DEV, TEST = "human", "train", "train_dev", "dev", "test"
# Rows of the data that dev and test are of, which the model has learnt from; no rung.
TRAIN_TARGET = "train_target"
# The rungs, from the bottom to the top.
RUNGS = (HUMAN, TRAIN, TRAIN_DEV, DEV, TEST)

BIAS, VARIANCE, MISMATCH, OVERFITTING = (
    "avoidable_bias",
    "variance",
    "data_mismatch",
    "dev_overfitting",
)
# What cannot be told apart where a rung between is missing.
BIAS_OR_VARIANCE, VARIANCE_OR_MISMATCH = "bias_or_variance", "variance_or_mismatch"

# The gap between two rungs that follow each other, by the rungs.
GAPS = {
    (HUMAN, TRAIN): BIAS,
    (HUMAN, TRAIN_DEV): BIAS_OR_VARIANCE,
    (HUMAN, DEV): BIAS_OR_VARIANCE,
    (HUMAN, TEST): BIAS_OR_VARIANCE,
    (TRAIN, TRAIN_DEV): VARIANCE,
    (TRAIN, DEV): VARIANCE_OR_MISMATCH,
    (TRAIN, TEST): VARIANCE_OR_MISMATCH,
    (TRAIN_DEV, DEV): MISMATCH,
    (TRAIN_DEV, TEST): MISMATCH,
    (DEV, TEST): OVERFITTING,
}
# In the order in which they are to be closed.
CODES = {
    BIAS: "EH-BIAS",
    BIAS_OR_VARIANCE: "EH-BIAS-OR-VARIANCE",
    VARIANCE: "EH-VARIANCE",
    VARIANCE_OR_MISMATCH: "EH-VARIANCE-OR-MISMATCH",
    MISMATCH: "EH-MISMATCH",
    OVERFITTING: "EH-DEV-OVERFITTING",
}
LADDER, UNMEASURED = "ladder", "EH-RUNG"


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
    problems = _metric(metric)
    good = isinstance(metric, Metric) and not problems
    for name, given in (("human", human), ("human_on_target", human_on_target)):
        if given is not None and not isinstance(given, Human):
            problems.append(f"{name}={given!r} must be Human(…), such as Human(expert=(7, 1000))")
        elif given is not None and good:
            problems += suits(given, metric)
    width = metric.range[1] - metric.range[0] if good else math.inf
    found = _limits(limits, width, problems)
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
            f"that none would matter{_percent(materiality, width)}"
        )
    if not isinstance(by, str):
        problems.append(f'by={by!r} must be the name of one column, such as by="region"')
    again = _runs(runs, problems)
    trained = _sizes(sizes, problems)
    if target is not None:
        problems += _target(target, metric if good else None, sizes is not None)
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


def _metric(metric: Any) -> list[str]:
    if isinstance(metric, Mapping | list | tuple):
        return ["all rungs are measured by one metric, or their gaps mean nothing; give one"]
    if not isinstance(metric, Metric):
        return [f"{metric!r} is no metric; give one such as error_rate"]
    problems = []
    if metric.split or metric.where:
        problems.append(
            f"{metric}: the rungs are its splits; give the metric itself, {metric.label}"
        )
    if metric.group or metric.exact:
        problems.append(f"{metric}: give the metric itself, {metric.label}; slices by `by=`")
    if metric.better is None:
        problems.append(
            f"{metric}: it is not known whether a higher or a lower value is better, so that no "
            "gap is a loss; use a metric with a direction"
        )
    if metric.definition.report_only:
        problems.append(f"{metric} is report-only: {metric.definition.report_only}")
    if "threshold_from" in dict(metric.options):
        problems.append(f"{metric}: its threshold is chosen on a rung; give threshold=… instead")
    return problems


def _percent(given: float, width: float) -> str:
    """What was meant, where a share is given in percent."""
    meant = width == 1 and 1 <= given <= 100
    return f"; {given:g} % is {given / 100:g}" if meant else ""


def _limits(given: Any, width: float, problems: list[str]) -> tuple[tuple[str, float], ...]:
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        problems.append(f'limits={given!r} must say how large a gap may be: {{"variance": 0.02}}')
        return ()
    found = []
    for gap, most in given.items():
        if gap not in CODES:
            problems.append(
                f"limits: there is no gap {gap!r}{did_you_mean(str(gap), CODES)}; there are "
                f"{', '.join(CODES)}"
            )
        elif not is_number(most) or not 0 < most < math.inf:
            never = ": no number of examples shows that there is none" if most == 0 else ""
            problems.append(f"limits: {most!r} of {gap} must be a number above 0{never}")
        elif most >= width:
            problems.append(
                f"limits: {most!r} of {gap} can never be missed: no gap is larger than {width:g}"
                f"{_percent(most, width)}"
            )
        else:
            found.append((gap, float(most)))
    return tuple(found)


def _runs(given: Any, problems: list[str]) -> tuple[str, ...]:
    if isinstance(given, Iterable) and not isinstance(given, str | Mapping):
        found = tuple(given)
        if all(isinstance(name, str) and name for name in found) and len(found) != 1:
            repeated = [n for n in dict.fromkeys(found) if found.count(n) > 1]
            problems += [f"runs: {name!r} is named twice" for name in repeated]
            return found
    problems.append(f'runs={given!r} must list two or more models: runs=["seed-1", "seed-2"]')
    return ()


def _sizes(given: Any, problems: list[str]) -> tuple[tuple[str, int], ...]:
    if given is None:
        return ()
    example = 'such as sizes={"n1000": 1_000, "n2000": 2_000, "n4000": 4_000}'
    if not isinstance(given, Mapping):
        problems.append(f"sizes={given!r} must give numbers by name of a model, {example}")
        return ()
    found, wrong = [], []
    for name, n in given.items():
        if not isinstance(name, str) or not name:
            swapped = "are they swapped? " if isinstance(n, str) else ""
            wrong.append(f"sizes: {name!r}: {n!r} must be name: size; {swapped}{example}")
        elif not is_number(n) or not n > 0 or n != n // 1:
            wrong.append(
                f"sizes: {n!r} of {name!r} must be a whole number of training examples, 1 or more"
            )
        else:
            found.append((name, int(n)))
    different = len({n for _, n in found})
    if not wrong and different < 3:
        wrong.append(f"sizes={given!r}: a curve needs three different sizes, not {different}")
    problems += wrong
    return () if wrong else tuple(found)


def _target(given: Any, metric: Metric | None, sized: bool) -> list[str]:
    """What is wrong with the value to which the learning curve is to lead."""
    if not sized or not is_number(given):
        return [f"target={given!r} is a number to which the learning curve of sizes={{…}} leads"]
    if metric is None:
        return []
    low, high = metric.range
    if low < given < high:
        return []
    ends = f"{metric.name} lies between {low:g} and {high:g}, and a curve leads to neither"
    return [f"target={given!r}: {ends}{_percent(given, high - low)}"]

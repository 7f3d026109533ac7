"""What a ladder says in words: what each gap means, and what moves it."""

from __future__ import annotations

from collections.abc import Sequence

from evalharness.checks.diagnosed import Under
from evalharness.declare.rungs import (
    BIAS,
    BIAS_OR_VARIANCE,
    MISMATCH,
    OVERFITTING,
    VARIANCE,
    VARIANCE_OR_MISMATCH,
)
from evalharness.inference.dominance import BOTH, DOMINANT, NOTHING
from evalharness.inference.numbers import show

# The knobs of each link, and only those.
KNOBS = {
    BIAS: "a bigger model, longer or better optimisation, another architecture or other "
    "hyper-parameters, less regularisation",
    VARIANCE: "more training data, regularisation (L2, dropout, early stopping), augmentation, a "
    "smaller model or another architecture",
    MISMATCH: "see how dev differs from train in the examples that go wrong; collect or "
    "synthesise data like dev's, or weigh such examples more in training",
    OVERFITTING: "a change of distribution between dev and test looks the same, which "
    'same_distribution("dev", "test") tells; where there is none, a larger or a fresh dev set',
    BIAS_OR_VARIANCE: "first measure the model on train too (a random part of it will do), which "
    "tells bias from variance",
    VARIANCE_OR_MISMATCH: "first hold a train_dev set out of the training data, which tells "
    "variance from mismatch",
}
# That dev and test are of one distribution is not told by their errors.
ALIAS = {OVERFITTING: f"{OVERFITTING} (or another distribution)"}


def headline(state: str, named: Sequence[str]) -> str:
    """What holds the model back, in half a sentence."""
    names = [ALIAS.get(name, name) for name in named]
    if state == DOMINANT:
        return f"{names[0]} dominates"
    if state == BOTH:
        return f"{', '.join(names[:-1])} and {names[-1]} dominate together"
    if state == NOTHING:
        return "nothing material is left"
    return {
        BELOW_HUMAN: "better than people, so that the bias left is not told",
        UNMEASURED: "a rung cannot be measured",
    }.get(state, "which gap dominates cannot be told")


BELOW_HUMAN, UNMEASURED = "below human", "unmeasured"
FEW = "few annotators"
TOO_FEW = "fewer than three people answered"
TOO_HIGH = (
    "people were held against fewer others than the model is, which shows their error too high"
)


def knobs(named: Sequence[str]) -> list[str]:
    """What to do about the gaps that dominate: the first broken link comes first."""
    first, *rest = named
    then = f"; then look at {', '.join(rest)} again" if rest else ""
    return [f"{first}: {KNOBS[first]}{then}"]


def level(under: Under) -> str:
    """A human level with its value, and whether that is assumed."""
    return f"{under.level} {show(under.value)}{' (assumed)' if under.assumed else ''}"


def below_human(rung: str, others: str, assumed: bool) -> str:
    """What it means that the lowest rung is surely better than people. others: whether the rungs
    above it are all "better", one of them "worse", or "" (not surely either)."""
    people = "people (as they are assumed to be)" if assumed else "people"
    if others == "better":
        return (
            f"human level is surpassed: all rungs are better than {people}, and the Bayes error "
            "lies somewhere below them, so that how much bias is left is not told"
        )
    if others == "worse":
        return (
            f"{rung} is better than {people} and what lies above it is not: the model has learnt "
            "examples by heart (overfitting); how much bias is left is not told"
        )
    return (
        f"{rung} is better than {people}; it is not told whether what lies above it is too (human "
        "level surpassed) or not (overfitting), nor how much bias is left"
    )

"""What a ladder says in words: what each gap means, and what moves it."""

from __future__ import annotations

from collections.abc import Sequence

from evalharness.checks.diagnosed import Gap
from evalharness.declare.diagnosis import (
    BIAS,
    BIAS_OR_VARIANCE,
    DEV,
    MISMATCH,
    OVERFITTING,
    VARIANCE,
    VARIANCE_OR_MISMATCH,
)
from evalharness.inference.dominance import BOTH, DOMINANT, NOTHING

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


def knobs(named: Sequence[str]) -> list[str]:
    """What to do about the gaps that dominate: the first broken link comes first."""
    first, *rest = named
    then = f"; then look at {', '.join(rest)} again" if rest else ""
    return [f"{first}: {KNOBS[first]}{then}"]


def below_human(gap: Gap, dev_less: str) -> str:
    """What it means that the lowest rung is surely better than people. dev_less: whether dev is
    "better", "worse" or "" (not surely either) than the human level."""
    if gap.above == DEV or dev_less == "better":
        return (
            "human level is surpassed: the Bayes error lies somewhere below it, so that nothing "
            "here tells how much bias or variance is left"
        )
    if dev_less == "worse":
        return (
            f"{gap.above} is better than people and dev is not: the model has learnt its "
            "training examples by heart (overfitting), and how much bias it has is not told"
        )
    return (
        f"{gap.above} is better than people; it is not told whether dev is too (human level "
        "surpassed) or not (overfitting), nor how much bias is left"
    )

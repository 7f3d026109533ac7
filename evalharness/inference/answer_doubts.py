"""What is doubtful about annotations: people who never err, and people who err too often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.bounds import Bounds
from evalharness.outputs.annotations import Annotations
from evalharness.outputs.words import values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Who never errs on so many items, where others would have erred so often, is the gold itself.
ANSWERED, WOULD_ERR = 20, 20


def doubtful(
    found: Annotations, gold: Ints | None, error: Floats, typical: Bounds, weight: Floats | None
) -> str:
    """That people are wrong so often that gold and answers may be coded differently, in a
    sentence. error: (I,) of each item, NaN where it is not known; typical: bounds of all; weight:
    (I,) how much an item counts."""
    often = typical.value
    if gold is None:
        if often < 0.5:
            return ""
        return f"{found.where}: people differ from the others at least as often as they agree"
    there = ~np.isnan(error)
    shares = np.bincount(gold[there] + 1, None if weight is None else weight[there])
    chance = 1 - float(shares.max() / shares.sum())
    asked = "are answers and gold coded alike?"
    if often >= 0.5:
        return f"{found.where}: people are wrong at least as often as right ({often:.4g}); {asked}"
    if chance > 0 and typical.lower(0.05) > chance:
        return (
            f"{found.where}: people are worse than always answering the commonest label, which is "
            f"wrong {chance:.4g} of the time; {asked}"
        )
    return ""


def flawless(found: Annotations, gold: Ints | None) -> str:
    """Who never errs, in a sentence: it may be the gold itself, too rarely asked to be sure."""
    if found.answers is None or gold is None:
        return ""
    who = found.answers.person
    wrong = (found.answers.label != gold[found.answers.item]).astype(float)
    answered, erred = np.bincount(who), np.bincount(who, wrong)
    never = np.flatnonzero((answered >= ANSWERED) & (erred == 0))
    if not len(never) or not erred.any():
        return ""
    return (
        f"{found.where}: {values([found.people[a] for a in never])} never erred; if that is the "
        "gold itself and no person, leave these rows out"
    )


def gold_among(found: Annotations, gold: Ints) -> list[str]:
    """People who never err where everyone else would have, the best of them too."""
    if found.answers is None:
        return []
    item, who, label = found.answers.item, found.answers.person, found.answers.label
    wrong = (label != gold[item]).astype(float)
    answered, erred = np.bincount(who), np.bincount(who, wrong)
    erring = (answered >= ANSWERED) & (erred > 0)
    if not erring.any():
        return []
    others = np.bincount(item, wrong)[item] - wrong
    total = found.counts.sum(axis=1)[item]
    expected = np.bincount(who, others / np.maximum(total - 1, 1))
    expected = np.minimum(expected, answered * (erred[erring] / answered[erring]).min())
    gilt = np.flatnonzero((answered >= ANSWERED) & (erred == 0) & (expected >= WOULD_ERR))
    if not len(gilt):
        return []
    names = [found.people[a] for a in gilt]
    return [
        f"{found.where}: the gold stands among the annotators: all answers of {values(names)} are "
        "the gold, on items where everyone else errs; leave these rows out, or, where the labels "
        'were made of these answers, say gold="others"; an expert who is truly so good is a '
        f"declaration of their own, Human(expert=(0, {answered[gilt[0]]})), and the annotations, "
        "without these rows, another"
    ]

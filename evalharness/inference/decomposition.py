"""What of the expected loss of a training recipe is bias, and what is variance over its runs.

R models, trained alike (other seeds, other samples), answer the same n examples. The runs stand for
all that might be trained, the examples for all that might be met: an interval holds both.

Squared loss, of each example, f the predictions and y the label: loss = noise + bias² + variance,
with variance = E (f − E f)² and bias = E f − E y. Bias² is the mean of (f_i − y)(f_j − y) over
pairs of runs: the plug-in (f̄ − y)² holds variance / R too much. With one label an example noise is
counted as bias²; with several (J of them) it is their variance within the example, and the bias²
is rid of noise / J. (Geman, Bienenstock & Doursat 1992.)

0–1 loss (Domingos 2000): the main prediction is what most runs answer; of t classes with as many
votes each is it to 1/t, so that nothing hangs on what classes are called. bias(x) = [main ≠ label],
variance(x) = P(f ≠ main). Of an unbiased example, variance is loss; of a biased one it takes loss
away, as often as a run answers the label: loss = bias + variance where unbiased − P(f = label)
where biased, exactly. So these terms do not add up as the squared ones do: a variance may *lower*
the loss. What the variance costs net is loss − bias. Wrong labels count as bias.

The main prediction is itself an estimate. Bias, and what the variance adds, takes away and costs
net, are those of a vote of R runs; with more runs the bias is most often smaller. The variance is
that of the recipe: around the vote of the very same runs it is too small, around the vote of the
other R − 1 too large; the interval reaches from the lower limit of the one to the upper limit of
the other.

Error: jackknife over runs (one left out), plus the variance over examples, or over their clusters.
Limits: of a share by Clopper & Pearson at the number of examples that it is worth (Korn & Graubard
1998), of signed terms ± t, both with degrees of freedom by Satterthwaite. The squared loss and its
variance lean to the right where a run moves all predictions together: what runs do to them is
bounded from above as a variance is, by χ² of R − 1 degrees (with ± t five runs cover .80). Two runs
do not tell how much runs vary: they have no interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.inference.run_terms import LEAST, RunSample, Term
from evalharness.kernels.runs import Votes, agreeing, compact, ties, votes

Floats = NDArray[np.float64]

LOSS, NOISE, BIAS, VARIANCE, NET = "loss", "noise", "bias", "variance", "net_variance"
ADDS, TAKES = "variance_unbiased", "variance_biased"
TOO_FEW = "two runs do not show how much runs vary: train three or more, better five"


@dataclass(frozen=True)
class Decomposition:
    """loss: "squared" or "0–1". terms, by name; unsure: share of the examples whose main prediction
    hangs on one run (0–1 loss). reason: why there are no intervals, or ""."""

    loss: str
    runs: int
    n: int
    terms: Mapping[str, Term]
    unsure: float = math.nan
    reason: str = ""


def squared(
    predictions: Any,
    labels: Any,
    *,
    weight: Any = None,
    unit: Any = None,
    confidence: float = 0.95,
) -> Decomposition:
    """predictions (R, n), numbers; labels (n,), or (n, J): J ≥ 2 labels of each example.

    weight, unit (n,): how much an example counts, and the code of the cluster that it is from.
    Terms: loss = noise + bias + variance, of which bias is bias², and noise only with several
    labels; bias may fall below 0 by chance.
    """
    predictions, labels = np.asarray(predictions, float), np.asarray(labels, float)
    runs, n = predictions.shape
    sample = RunSample(n, weight, unit, confidence, runs)
    within, several = np.zeros(n), 1
    if labels.ndim == 2:
        within, several = labels.var(axis=1, ddof=1), labels.shape[1]
        labels = labels.mean(axis=1)
    errors = predictions - labels
    total, square = errors.sum(axis=0), np.einsum("rn,rn->n", errors, errors)
    product = (total**2 - square) / (runs * (runs - 1))
    mean_square = square / runs
    each = {
        LOSS: mean_square + (1 - 1 / several) * within,
        NOISE: within,
        BIAS: product - within / several,
        VARIANCE: mean_square - product,
    }
    own = np.einsum("rn,rn,n->r", errors, errors, sample.share)
    cross = errors @ (sample.share * total)
    noise, pairs = sample.mean(within), max((runs - 1) * (runs - 2), 1)
    without = (sample.mean(square) - own) / (runs - 1)
    apart = (runs * (runs - 1) * sample.mean(product) - 2 * cross + 2 * own) / pairs
    left_out = {
        LOSS: without + (1 - 1 / several) * noise,
        NOISE: np.full(runs, noise),
        BIAS: apart - noise / several,
        VARIANCE: without - apart,
    }
    if several == 1:
        del each[NOISE]
    ends = {BIAS: (-math.inf, math.inf)}
    terms = {}
    for name, values in each.items():
        low, high = ends.get(name, (0.0, math.inf))
        terms[name] = sample.term(values, left_out[name], low=low, high=high)
    return Decomposition("squared", runs, n, terms, reason="" if runs >= LEAST else TOO_FEW)


def zero_one(
    predictions: Any,
    labels: Any,
    classes: int,
    *,
    weight: Any = None,
    unit: Any = None,
    confidence: float = 0.95,
) -> Decomposition:
    """predictions (R, n) and labels (n,): codes of classes, 0 … classes − 1.

    weight, unit (n,): how much an example counts, and the code of the cluster that it is from.
    Terms, all between 0 and 1 but for the net variance, between −1 and 1: loss, bias, variance,
    variance_unbiased (what it adds), variance_biased (what it takes away), and net_variance, the
    one less the other: loss = bias + net_variance.
    """
    predictions, labels = compact(predictions, classes), compact(labels, classes)
    runs, n = predictions.shape
    sample = RunSample(n, weight, unit, confidence, runs)
    found = votes(predictions, labels, classes)
    # Where the absence of one run changes what is main.
    narrow = np.flatnonzero(found.second >= found.first - 1)
    close = _Narrow(narrow, *ties(predictions[:, narrow], found.first[narrow], classes))
    bias = (found.main != labels).astype(float)
    bias[narrow] = 1 - (found.right[narrow] == found.first[narrow]) / close.tied
    right, variance = found.right / runs, 1 - found.first / runs
    each = {
        LOSS: 1 - right,
        BIAS: bias,
        VARIANCE: variance,
        ADDS: (1 - bias) * (1 - right),
        TAKES: bias * right,
    }
    each[NET] = each[ADDS] - each[TAKES]
    left_out = _left_out(predictions, labels, found, bias, close, sample)
    if runs == LEAST:
        # Two runs are no vote: their bias is their loss, and their net variance 0 whatever they
        # answer. As if loss and bias erred apart.
        left_out[NET] = math.sqrt(2) * left_out[LOSS]
    # How often a run does not answer what the others do: one of the main prediction leaves a tie
    # of it and those that are close, one of a tie leaves it to the rest.
    others = variance.copy()
    away = np.where(close.tied > 1, 1.0, close.close / (1 + close.close))
    others[narrow] += away * found.first[narrow] / runs
    terms = {
        name: sample.term(
            values,
            left_out[name],
            low=-1.0 if name == NET else 0.0,
            high=1.0,
            above=others if name == VARIANCE else None,
        )
        for name, values in each.items()
    }
    reason = "" if runs >= LEAST else TOO_FEW
    return Decomposition("0–1", runs, n, terms, sample.share[narrow].sum(), reason)


@dataclass(frozen=True)
class _Narrow:
    """Examples `at` whose main prediction hangs on one run: what `ties` says of them."""

    at: Any
    tied: Any
    close: Any
    among: Any


def _left_out(
    predictions: Any, labels: Any, found: Votes, bias: Any, narrow: _Narrow, sample: RunSample
) -> dict[str, Floats]:
    """(R,) of each term without each run. Only where the vote is narrow does the absence of a run
    change more than a count."""
    runs, share = sample.runs, sample.share
    weight = None if sample.weight is None else share
    scale = 1 / sample.n if weight is None else 1.0

    def agree(codes: Any, at: Any = None) -> Floats:
        if at is None:
            return scale * agreeing(predictions, codes, weight)
        some = None if weight is None else weight[at]
        return scale * agreeing(predictions[:, at], codes[at], some)

    at, each = narrow.at, share[narrow.at]
    wrong = found.main != labels
    wrong[at] = False
    said, first, right = predictions[:, at], found.first[at], found.right[at]
    main, label = said == found.main[at], said == labels[at]
    # The classes that are main without a run that answers one of them, and whether the label is.
    alone = narrow.tied == 1
    left = np.where(alone, 1 + narrow.close, narrow.tied - 1)
    there = np.where(alone, label | (right == first - 1), (right == first) & ~label)
    biases = np.where(narrow.among, 1 - there / np.maximum(left, 1), bias[at])
    votes_for_main, right_where_wrong = agree(found.main), agree(labels, wrong)
    rights = votes_for_main - agree(found.main, wrong) + right_where_wrong
    rights += (label * 1.0 - main) @ each
    rest = max(runs - 1, 1)
    loss = 1 - (sample.mean(found.right) - rights) / rest
    changed = sample.mean(bias) + (biases - bias[at]) @ each
    takes = sample.mean(found.right * wrong) - right_where_wrong + (biases * (right - label)) @ each
    top = sample.mean(found.first) - votes_for_main + (main * ~alone) @ each
    return {
        LOSS: loss,
        BIAS: changed,
        VARIANCE: 1 - top / rest,
        ADDS: loss - changed + takes / rest,
        TAKES: takes / rest,
        NET: loss - changed,
    }

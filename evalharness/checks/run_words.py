"""What training runs and a learning curve showed, in lines of at most 78 characters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from evalharness.declare.metric import Metric
from evalharness.inference.decomposition import (
    ADDS,
    BIAS,
    LOSS,
    NET,
    NOISE,
    TAKES,
    VARIANCE,
    Decomposition,
    Term,
)
from evalharness.inference.learning_curve import FAR, MUCH
from evalharness.inference.numbers import about, percent, plain, show
from evalharness.inference.seed_spread import Spread

WIDTH = 78
# So many runs are few.
FEW = 5
# So many times the largest size, no number of examples is worth telling.
BEYOND = 1000
# What each term is called, in the order in which they are shown.
SHOWN = {
    LOSS: "expected loss",
    NOISE: "noise of the labels",
    BIAS: "bias",
    VARIANCE: "variance",
    ADDS: "  it adds",
    TAKES: "  it takes away",
    NET: "variance, net",
}


def rounded(x: float) -> str:
    """What matters, where nobody wrote it down: three digits of it."""
    return plain(float(f"{x:.3g}"))


def fitted(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines; those that are too long for a terminal in several."""
    return tuple(part for line in lines for part in _fitted(line))


def _fitted(line: str) -> list[str]:
    return [line] if len(line) <= WIDTH else wrap(line, WIDTH, subsequent_indent="  ")


def loss_lines(taken: Decomposition | None, metric: Metric) -> Iterator[str]:
    """The decomposition; or that there is none of such a metric."""
    if taken is None:
        yield f"{metric.name} is no mean of 0–1 or squared losses: not taken apart."
        return
    for name, words in SHOWN.items():
        if name in taken.terms:
            words = "bias²" if name == BIAS and taken.loss == "squared" else words
            yield f"  {words:<20} {_term(taken.terms[name], taken.reason)}"
    if taken.reason:
        yield "No intervals: two runs do not show how much runs vary; train five."
    elif taken.runs < FEW:
        yield f"{taken.runs} runs are few: five or more bound the variance more closely."
    if NOISE not in taken.terms:
        yield "One label for each example: noise, and wrong labels, count as bias."
    if taken.loss == "squared":
        if metric.name != "mean_squared_error":
            yield f"These are squares: {metric.name} is the root of the expected loss."
        return
    if metric.better == "higher":
        yield f"The loss is 1 − {metric.name}."
    yield "Bias: the vote of the runs is wrong. Where it is, variance lowers the loss:"
    yield "loss = bias + net, and the terms of 0–1 loss do not add up otherwise."
    if taken.runs == 2:
        yield "A vote of two says little: where they differ, each counts as half of it."
    elif taken.unsure > 0:
        yield f"The vote hangs on one run in {_share(taken.unsure)} of the examples."


def _term(term: Term, reason: str) -> str:
    if reason:
        return show(term.value)
    return f"{show(term.value)} ({_between(term.low, term.high)})"


def _between(low: float, high: float) -> str:
    return f"{show(low, toward='down')} to {show(high, toward='up')}"


def _share(share: float) -> str:
    return "under 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def twin_lines(models: Sequence[str], twins: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Which runs answer as others do: most often one file under two names."""
    if len(twins) == len(models) - 1:
        yield "All runs answered identically (the same file?): they show nothing of how"
        yield "training varies, and are not taken apart."
    else:
        yield from each_twin(models, twins)


def each_twin(models: Sequence[str], twins: Sequence[tuple[int, int]]) -> Iterator[str]:
    for a, b in twins:
        yield f"{models[b]} answered as {models[a]} did (the same file?)."


def spread_lines(
    seeds: Spread, confidence: float, materiality: float, width: float
) -> Iterator[str]:
    """width: of the metric's range, more than which no two values differ."""
    if not seeds.sd:
        yield f"All runs have one value, {show(seeds.mean)}: how much they vary is not known."
        return
    between = _between(seeds.sd_low, min(seeds.sd_high, width))
    yield f"From run to run: sd {show(seeds.sd)} ({between}); two models trained alike"
    differ = show(min(seeds.differ, width), toward="up")
    yield f"differ by up to {differ} ({percent(confidence)}) through the seed alone."
    if seeds.differ > materiality:
        yield f"That is more than what matters ({rounded(materiality)}): compare means over runs."


def gap_line(name: str, value: float, runs: Spread, width: float) -> str:
    """A gap of the model, beside what it is over the runs; width: as of `spread_lines`."""
    if not runs.sd:
        return f"{name} {show(value)}: all runs have one value of it, {show(runs.mean)}."
    between = _between(max(runs.low, -width), min(runs.high, width))
    differ = show(min(runs.differ, width), toward="up")
    return (
        f"{name} {show(value)}: over the runs {show(runs.mean)} ({between}); from run to run it "
        f"differs by up to {differ}."
    )


def curve_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """What a learning curve says."""
    if told["rises"]:
        yield from (f"  {show(v)} with {int(n):,}" for n, v in _pairs(told))
        worse = "gets worse" if told["better"] == "higher" else "rises"
        yield f"It {worse} with more data here: are sizes swapped? There is no forecast."
        return
    n, law = int(told["largest"]), told["law"]
    error = "1 − metric" if told["better"] == "higher" else "error"
    yield f"  {error} = {law['a']:.3g}·n^(−{law['b']:.3g}) + {law['c']:.3g}"
    yield f"  {_estimate(told['now'])} with {n:,} training examples, on the curve"
    yield f"  {_estimate(told['doubled'])} with twice as many, {2 * n:,}"
    if told["target"] is not None:
        yield from _target(told, n)
    if told["flat"] == "target":
        alone = "" if told["trained_again"] else "by these models alone, "
        yield f"Flat: more data will not get there: {alone}not even {MUCH} times as much."
    elif told["flat"] == "doubling":
        most = show(told["gain"]["high"], toward="up")
        matters = rounded(told["materiality"])
        yield f"Twice as much data brings {most} at most, less than what matters ({matters})."
    if told["exact"]:
        yield "Three sizes fit any such curve exactly: they cannot show that it is wrong."
    elif told["scatter"] > 1.1:
        yield f"The errors scatter about the curve {math.sqrt(told['scatter']):.1f} times as much"
        yield "as their examples explain; the intervals are widened by it."
    if not told["trained_again"]:
        yield "One model at each size: training again would change what it says. That is in"
        yield "no interval, so that they are too narrow; runs=[…] would tell by how much."


def _pairs(told: Mapping[str, Any]) -> Iterable[tuple[float, float]]:
    return zip(told["sizes"], told["values"], strict=True)


def _estimate(found: Mapping[str, float]) -> str:
    return f"{show(found['value'])} ({_between(found['low'], found['high'])})"


def _target(told: Mapping[str, Any], n: int) -> Iterator[str]:
    """How many examples lead to the target. Beyond what is measured a thousandfold, and below the
    smallest size, no number is told."""
    needed, target, least = told["needed"], plain(told["target"]), int(told["smallest"])
    low, value, high = (needed[key] for key in ("low", "value", "high"))
    far = BEYOND * n
    if high < least:
        yield f"  {target} is reached with the smallest, {least:,}, already"
    elif high <= n:
        yield f"  {target} is reached already, with {_examples(high)} or fewer"
    elif math.isinf(low):
        yield f"  {target}: no number of examples leads there, by any curve that fits"
    elif low > far:
        yield f"  {target} takes more than a thousand times as many examples, if any will do"
    else:
        start = f"fewer than {least:,}" if low < least else _examples(low)
        top = _examples(high) if high <= far else "more than a thousand times as many"
        top = "more than any number of examples" if math.isinf(high) else top
        if value > far:
            yield f"  {target}: not told; between {start} and {top}"
            return
        takes = f"fewer than {least:,}" if value < least else _examples(value)
        yield f"  {target} takes {takes} examples"
        yield f"    (between {start} and {top})"
        if told["guess"]:
            yield f"    more than {FAR} times {n:,}: so far out it is a guess"


def _examples(n: float) -> str:
    return about(math.ceil(n))

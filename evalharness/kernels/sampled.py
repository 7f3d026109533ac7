"""A sample of the numbers of a streamed split, of which bins are made."""

from __future__ import annotations

from typing import Any

from evalharness.declare.errors import OutputsError
from evalharness.statistics.base import example_values
from evalharness.statistics.bins import SAMPLE, Bins, made
from evalharness.statistics.keys import common, ordered
from evalharness.statistics.ranks import Order, Ranks

# Rows up to which every number has a bin of its own.
EXACT = 1 << 12
# Statistics of numbers that are counted in bins.
BINNED = (Ranks, Order)


def seen_whole(split: Any) -> bool:
    """Whether a sample would be all rows."""
    return bool(split.n <= SAMPLE)


def bins_of(split: Any, statistic: Any, thorough: bool) -> Bins:
    """Bins made of a sample of the numbers: the first ones of each file, or, thoroughly, some out
    of every so many of all."""
    import numpy as np

    def numbers(batch: Any) -> Any:
        if isinstance(statistic, Ranks):
            return batch.score(statistic.positive)
        return example_values(statistic.of, batch, batch.numbers, statistic.given)

    bits = 32 if isinstance(statistic, Ranks) and split.is_short("score") else 64
    names, found = split.columns_of(numbers), [np.zeros(0, f"u{bits // 8}")]
    every = max(1, split.n // SAMPLE)
    places = np.arange(0, split.n, every)
    places += np.random.default_rng(0).integers(0, every, len(places))
    start = 0
    batches = split.batches(names, "sampling") if thorough else split.some(names, SAMPLE)
    try:
        for batch in batches:
            values = numbers(batch)
            if thorough:
                a, b = np.searchsorted(places, [start, start + batch.n])
                values, start = values[places[a:b] - start], start + batch.n
            keys, decoder = ordered(values)
            found.append(common(keys, decoder, bits))
    except OutputsError:
        pass  # the pass itself will meet it, and tell all that is wrong there
    return made(np.concatenate(found), whole=seen_whole(split) and split.n <= EXACT)

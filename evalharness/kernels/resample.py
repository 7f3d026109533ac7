"""What is added up over entries that are drawn again, for every replicate: sums, areas under the
ROC curve, and the weights themselves for everything else.

The weights are made on the device and used where they are made, a few replicates at a time, so that
no more than some megabytes of them are ever held. Several processor cores share the replicates.

Entries are handed over in the order of their keys: sums of floats are then the same to the last
digit, whatever the order of the rows.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.kernels.backend import scope
from evalharness.kernels.draws import BLOCK, HELD, Draw, Poisson, bucket, program, together
from evalharness.kernels.weights import Keys, halves, poisson, replicate_keys, words
from evalharness.statistics.keys import dense

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]

# Entries that follow each other in a lane of `_areas`; the sums over them fit into 32 bits.
LANE = 128
# Replicates whose weights are multiplied at a time by `_sums`.
TOGETHER = 128
# Threads that wait for programs; more of them only wait for memory.
MOST_THREADS = 8


def sums(draw: Draw, columns: Floats, replicates: int) -> Floats:
    """(replicates, k) sums of the columns (m, k), each entry times its weight."""
    if not isinstance(draw, Poisson):
        step = together(HELD, draw.size, TOGETHER)
        pieces = [
            draw.weights(a, min(replicates, a + step)) @ columns for a in range(0, replicates, step)
        ]
        return np.concatenate(pieces)
    size = bucket(draw.size)
    lower, upper = (_padded(x, size).reshape(-1, BLOCK) for x in halves(draw.keys))
    blocks = _padded(columns, size).reshape(-1, BLOCK, columns.shape[1])
    return _run(_sums, (lower, upper, blocks), draw.seed, replicates, TOGETHER)


def signed_sums(keys: Keys, columns: Floats, seed: int, replicates: int) -> Floats:
    """(replicates, k) sums of the columns (m, k), each row with a sign that is tossed by its key.

    Each bit of a word is a coin: 32 replicates share it.
    """
    size = bucket(len(keys))
    lower, upper = (_padded(x, size).reshape(-1, BLOCK) for x in halves(keys))
    blocks = _padded(columns, size).reshape(-1, BLOCK, columns.shape[1])
    tossed = -(-replicates // 32)
    found = _run(_signed_sums, (lower, upper, blocks), seed, tossed, TOGETHER // 32)
    return found.reshape(-1, columns.shape[1])[:replicates]


def areas(
    draw: Draw, rank: Ints, label: NDArray[np.bool_], weight: Floats | None, replicates: int
) -> Floats:
    """(replicates,) areas under the ROC curve, ties counted half; NaN without either class.

    rank: int (m,), equal where scores are equal; label: bool (m,); weight: float64 (m,), how much
    each entry counts by itself, or None.
    """
    if rank.dtype == np.uint64:  # keys of 64 bits leave no room for the label
        rank = dense(rank)[0]
    # Of equal scores the negatives come first.
    order = np.argsort(2 * rank.astype(np.int64) + label, kind="stable")
    exact = weight is None and isinstance(draw, Poisson)
    lanes = bucket(draw.size) // LANE
    laid = _laid_out(rank[order], label[order], None if weight is None else weight[order], lanes)
    if not exact:
        laid = (*(x.astype(float) for x in laid[:2]), *laid[2:])
    step = together(HELD, lanes * LANE, 512)
    if isinstance(draw, Poisson):
        lower, upper = (_in_lanes(x[order], lanes) for x in halves(draw.keys))
        return _run(_areas, (lower, upper, *laid), draw.seed, replicates, step)
    import jax

    found = []
    with scope():
        for start in range(0, replicates, step):
            drawn = _padded(draw.weights(start, min(replicates, start + step))[:, order], step)
            drawn = np.moveaxis(_in_lanes(drawn.T, lanes), 2, 1).astype(float)
            found.append(jax.device_get(program(_areas_of)(drawn, *laid)))
    return np.concatenate(found)[:replicates]


def _run(function: Any, arrays: Any, seed: int, replicates: int, step: int) -> Any:
    """What a function of arrays and replicates' keys gives for `step` replicates at a time."""
    import jax

    def one(start: int) -> Any:
        keys = replicate_keys(seed, start, start + step)
        # 64 bits and the device are each thread's own, and so are asked for again; `scope` also
        # sets the filters of warnings, which threads share, and is entered by one of them only.
        with jax.enable_x64(True), jax.default_device(arrays[0].device):
            return jax.device_get(program(function)(*arrays, *keys))

    with scope():
        arrays = jax.device_put(arrays)
        found = [one(0)]  # and compiles what the others find ready
    starts = range(step, replicates, step)
    with ThreadPoolExecutor(min(_cores(), MOST_THREADS, max(1, len(starts)))) as threads:
        found += threads.map(one, starts)
    return np.concatenate(found)[:replicates]


def _laid_out(rank: Any, label: Any, weight: Any, lanes: int) -> tuple[Any, ...]:
    """What `_areas_of` needs beside weights: (LANE, lanes) negatives, positives, whether a score
    is the first entry of that score, whether none has begun in the lane yet; and int (lanes,) the
    last lane before each in which one begins, −1 for none."""
    counted = np.ones(len(rank), np.int32) if weight is None else weight
    first = np.ones(len(rank), np.int32)
    first[1:] = rank[1:] != rank[:-1]
    negative, positive, first = (
        _in_lanes(x, lanes) for x in (counted * ~label, counted * label, first)
    )
    before = (np.cumsum(first, axis=0) == 0).astype(np.int32)
    begins = np.maximum.accumulate(np.where(first.any(axis=0), np.arange(lanes), -1))
    return negative, positive, first, before, np.append(-1, begins[:-1])


def _areas_of(
    weights: Any, negative: Any, positive: Any, first: Any, before: Any, source: Any
) -> Any:
    """(r,) areas from the weights (LANE, r, lanes) of entries by rising score, negatives first.

    A positive is above the negatives of lower scores, and level with those of its own: twice its
    wins are the negatives up to it and those up to where its score began. Both are counted along
    each lane by itself; what came in earlier lanes is added at the end.
    """
    import jax.numpy as jnp
    from jax import lax

    def step(carried: Any, row: Any) -> Any:
        seen, held, wins, total, early = carried
        w, neg, pos, begin, none = row
        held = jnp.where(begin > 0, seen, held)
        seen = seen + w * neg
        p = w * pos
        return (seen, held, wins + p * (seen + held), total + p, early + p * none), None

    zero = jnp.zeros(weights.shape[1:], negative.dtype)
    carried, _ = lax.scan(step, (zero,) * 5, (weights, negative, positive, first, before))
    seen, held, wins, total, early = (x.astype(jnp.float64) for x in carried)
    earlier = jnp.cumsum(seen, axis=1) - seen
    # Where a score began in an earlier lane: the negatives up to there.
    begun = jnp.where(source >= 0, (earlier + held)[:, source], 0.0)
    wins = wins + (2 * total - early) * earlier + early * begun
    return wins.sum(axis=1) / (2 * seen.sum(axis=1) * total.sum(axis=1))


def _areas(lower: Any, upper: Any, *laid: Any) -> Any:
    from jax import lax

    first, second = laid[-2:]
    drawn = poisson(words(lower[:, None], upper[:, None], first[:, None], second[:, None]))
    # Made once and read five times: fused with each of its uses it would be made five times.
    return _areas_of(lax.optimization_barrier(drawn.astype(laid[0].dtype)), *laid[:-2])


def _sums(lower: Any, upper: Any, blocks: Any, first: Any, second: Any) -> Any:
    """(r, k) sums over blocks (g, BLOCK, k)."""
    import jax.numpy as jnp
    from jax import lax

    def step(total: Any, block: Any) -> Any:
        low, high, columns = block
        drawn = poisson(words(low, high, first[:, None], second[:, None]))
        return total + drawn.astype(jnp.float64) @ columns, None

    zero = jnp.zeros((first.shape[0], blocks.shape[2]), jnp.float64)
    return lax.scan(step, zero, (lower, upper, blocks))[0]


def _signed_sums(lower: Any, upper: Any, blocks: Any, first: Any, second: Any) -> Any:
    """(r, 32, k) signed sums over blocks (g, BLOCK, k)."""
    import jax.numpy as jnp
    from jax import lax

    bits = jnp.arange(32, dtype=jnp.uint32)[:, None]

    def step(total: Any, block: Any) -> Any:
        low, high, columns = block
        word = words(low, high, first[:, None], second[:, None])[:, None]
        sign = ((word >> bits) & 1).astype(jnp.float64) * 2 - 1
        return total + sign @ columns, None

    zero = jnp.zeros((first.shape[0], 32, blocks.shape[2]), jnp.float64)
    return lax.scan(step, zero, (lower, upper, blocks))[0]


def _in_lanes(x: Any, lanes: int) -> Any:
    """(LANE, lanes, …): each lane holds LANE entries that follow each other; zeros at the end."""
    folded = _padded(x, lanes * LANE).reshape(lanes, LANE, *x.shape[1:])
    return np.ascontiguousarray(np.swapaxes(folded, 0, 1))


def _padded(x: Any, size: int) -> Any:
    return np.pad(x, [(0, size - len(x)), *[(0, 0)] * (x.ndim - 1)])


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1

"""Edit distance of pairs of token sequences, on the device: how many substitutions, deletions and
insertions turn each reference into its hypothesis.

The table of the dynamic programme (Levenshtein 1966; Wagner & Fischer 1974) is walked by its
anti-diagonals, whose cells do not need each other, for many pairs at a time. Pairs stand in buckets
of power-of-two widths: every length is exact, and a handful of programs serves them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from evalharness.kernels.backend import scope
from evalharness.statistics.base import Columns
from evalharness.statistics.text import EDITS, Uncounted
from evalharness.statistics.tokens import Tokens

NARROWEST = 32
# Cells of an anti-diagonal that are computed at a time: few enough to stay in a cache.
CELLS = 1 << 15
# What stands before a sequence in its column. No token is negative, and these two do not match.
BEFORE_REFERENCE, BEFORE_HYPOTHESIS = -1, -2


def resolved(columns: Columns) -> Columns:
    """Columns of token pairs with their edits counted; any other columns as they are.

    Then `numerator` holds the edits of each row, `denominator` its reference tokens, float64 (n,).
    """
    if not isinstance(columns.values, Uncounted):
        return columns
    pairs, kinds = columns.values
    if pairs.edits is None:  # kept: every rate of the same pairs asks for it
        pairs.edits = edits(pairs.reference, pairs.hypothesis)
    chosen = pairs.edits[:, [EDITS.index(kind) for kind in kinds]]
    sums = {"numerator": chosen.sum(axis=1), "denominator": pairs.reference.lengths}
    return columns._replace(arrays={k: v.astype(float) for k, v in sums.items()}, values=None)


def edits(reference: Tokens, hypothesis: Tokens) -> Any:
    """int64 (n, 3): substitutions, deletions and insertions of each pair; their sum is the least
    number of edits.

    Of several alignments with that number the one with the most matches, which is the one with the
    fewest substitutions, is counted: so the three numbers depend on nothing else.
    """
    import jax
    import numpy as np

    spans = _unmatched(reference, hypothesis)
    there, here = (ends - starts for starts, ends in spans)
    # Where one of them is empty, all of the other is deleted or inserted.
    total, replaced = there + here, np.zeros(len(there), np.int64)
    both = np.flatnonzero((there > 0) & (here > 0))
    with scope():
        for width, lanes, places in _chunks(np.maximum(there + 1, here)[both]):
            rows = both[places]
            cost = _program()(
                _columns(reference.codes, spans[0], rows, width, lanes, BEFORE_REFERENCE),
                _columns(hypothesis.codes, spans[1], rows, width, lanes, BEFORE_HYPOTHESIS),
                int(here[rows].max()),
            )
            cost = jax.device_get(cost)[: len(rows)].astype(np.int64)
            total[rows], replaced[rows] = np.divmod(cost, _edit(width))
    others, longer = total - replaced, there - here
    return np.stack([replaced, (others + longer) // 2, (others - longer) // 2], axis=1)


def _unmatched(reference: Tokens, hypothesis: Tokens) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Where each reference and each hypothesis starts and ends, without the tokens at either end
    that both have: some best alignment matches them, so they cost nothing. Where all sequences are
    so short that none would be narrower without them, they stay."""
    import numpy as np

    sides = ((reference.codes, reference.offsets), (hypothesis.codes, hypothesis.offsets))
    starts, ends = ([o[:-1] for _, o in sides], [o[1:] for _, o in sides])
    if max(reference.lengths.max(initial=0) + 1, hypothesis.lengths.max(initial=0)) <= NARROWEST:
        return (starts[0], ends[0]), (starts[1], ends[1])

    def alike(backwards: bool) -> Any:
        """(n,): how many tokens of each pair are the same, from one end."""
        shared = np.minimum(*(e - s for s, e in zip(starts, ends, strict=True)))
        row = np.repeat(np.arange(len(shared)), shared)
        step = np.arange(len(row)) - np.repeat(np.cumsum(shared) - shared, shared)
        base = [e - 1 for e in ends] if backwards else starts
        one, two = (
            codes[b[row] + (-step if backwards else step)]
            for (codes, _), b in zip(sides, base, strict=True)
        )
        other = np.flatnonzero(one != two)
        first = other[np.diff(row[other], prepend=-1) > 0]
        shared[row[first]] = step[first]
        return shared

    same = alike(backwards=False)
    starts = [s + same for s in starts]
    same = alike(backwards=True)
    ends = [e - same for e in ends]
    return (starts[0], ends[0]), (starts[1], ends[1])


def _chunks(size: Any) -> Iterator[tuple[int, int, Any]]:
    """(width, lanes, rows): rows whose sequences fit into `width`, at most `lanes` of them."""
    import numpy as np

    order = np.argsort(size, kind="stable")
    rising, start = size[order], 0
    while start < len(order):
        width = max(NARROWEST, 1 << (int(rising[start]) - 1).bit_length())
        lanes = max(1, CELLS // width)
        stop = min(start + lanes, int(np.searchsorted(rising, width, side="right")))
        yield width, lanes, order[start:stop]
        start = stop


def _columns(codes: Any, spans: Any, rows: Any, width: int, lanes: int, before: int) -> Any:
    """int32 (width, lanes): the span of each row at the foot of its column, `before` above it."""
    import numpy as np

    starts, ends = (np.pad(x[rows], (0, lanes - len(rows))) for x in spans)
    places = ends + np.arange(-width, 0)[:, None]
    inside = places >= starts
    return np.where(inside, codes.take(places, mode="clip"), np.int32(before))


def _edit(width: int) -> int:
    """The cost of an edit, where a substitution costs 1 more. So many substitutions as weigh up an
    edit do not fit into the width, and the least cost tells both numbers."""
    return width + 1


@cache
def _program() -> Callable[..., Any]:
    import jax

    return jax.jit(least_costs)


def least_costs(reference: Any, hypothesis: Any, longest: Any) -> Any:
    """(lanes,) least cost of turning each reference into its hypothesis.

    reference, hypothesis: int32 (width, lanes), as `_columns` lays them out; the reference leaves
        its first row free.
    longest: of the hypotheses; the diagonals before it are those of an empty hypothesis.

    Row i of a diagonal k is the cell of i + 1 reference tokens and k − i − 1 hypothesis tokens,
    fill included. To delete or insert fill costs nothing, so every pair begins at its own corner
    and ends at the last one; a fill never matches.
    """
    import jax.numpy as jnp
    from jax import lax

    width, lanes = reference.shape
    edit, dtype = _edit(width), _dtype(width)
    deletion = jnp.where(reference == BEFORE_REFERENCE, 0, edit).astype(dtype)
    fill = jnp.full((width, lanes), BEFORE_HYPOTHESIS, jnp.int32)
    # Down a diagonal the hypothesis runs backwards.
    backwards = jnp.concatenate([fill, hypothesis[::-1], fill])
    # Above the first row, which is fill, nothing comes from.
    above = jnp.full((1, lanes), jnp.iinfo(dtype).max - 3 * edit, dtype)

    def step(k: Any, diagonals: tuple[Any, Any]) -> tuple[Any, Any]:
        before_last, last = diagonals  # the one before the last already moved down by a row
        token = lax.dynamic_slice_in_dim(backwards, 2 * width - k, width)
        insertion = jnp.where(token == BEFORE_HYPOTHESIS, 0, edit).astype(dtype)
        substitution = jnp.where(token == reference, 0, edit + 1).astype(dtype)
        moved = jnp.concatenate([above, last[:-1]])
        found = jnp.minimum(moved + deletion, last + insertion)
        return moved, jnp.minimum(found, before_last + substitution)

    # All deleted: the references are at the foot, so their number of tokens grows from there.
    tokens = jnp.sum(reference != BEFORE_REFERENCE, axis=0, dtype=dtype)
    there = jnp.arange(1 - width, 1, dtype=dtype)[:, None] + tokens
    start = jnp.maximum(there, 0).astype(dtype) * jnp.asarray(edit, dtype)
    carry = (jnp.concatenate([above, start[:-1]]), start)
    return lax.fori_loop(width - longest + 1, 2 * width + 1, step, carry)[1][-1]


def _dtype(width: int) -> Any:
    """The narrowest integers that hold the costs: fewer bytes are sooner compared."""
    import numpy as np

    if width <= 128:
        return np.int16
    return np.int32 if width <= 1 << 15 else np.int64

"""Bins of scores keep their order, adapt to any data, and bracket what sorted scores would give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness.kernels.backend import scope
from evalharness.metrics.rank_curves import auc_of, average_precision_of
from evalharness.statistics.binned import Binned
from evalharness.statistics.bins import DEPTH, SAMPLE, count_bins, made, place
from evalharness.statistics.keys import Decoder, common, ordered

N = 50_000
RNG = np.random.default_rng(0)
LABEL = RNG.random(N) < 0.3


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def keys(scores, bits=64):
    return common(*ordered(scores), bits)


def binned(scores, label, sample, bits=64):
    key = keys(scores, bits)
    bins = made(key[sample])
    at = place(bins.arrays(), bins.of(*ordered(scores)), len(bins.levels))
    counts = [np.bincount(at[label == side], minlength=bins.count) for side in (0, 1)]
    return Binned(*counts, bins.single, lambda: iter(())), at, key


def spread_evenly(bits):
    """Scores for which bins of one width do, of whose range a sample need not tell."""
    rng = np.random.default_rng(bits)
    scores = rng.random(400_000).astype(f"f{bits // 8}")
    scores[:6] = [-3e38, 3e38, -1e-40, 0.0, -0.0, 2.0]
    return scores, rng.random(len(scores)) < 0.2 + 0.6 * scores


def exact(scores, label, metric):
    _, rank = np.unique(scores, return_inverse=True)
    negatives, positives = (
        np.bincount(rank[label == side], minlength=rank.max() + 1) for side in (0, 1)
    )
    return metric(negatives, positives)


# (scores, how far apart the ends of the area may be)
CASES = {
    "probabilities": (sigmoid(RNG.normal(2.0 * LABEL - 1, 1.2)), 5e-5),
    "float32": (sigmoid(RNG.normal(2.0 * LABEL - 1, 1.2)).astype(np.float32), 5e-5),
    "logits": (RNG.normal(2.0 * LABEL - 1, 1.2), 5e-5),
    "saturated": (1 - 10 ** (-9 - RNG.random(N) - LABEL), 5e-5),
    "nearly all one": (sigmoid(8 * RNG.normal(2.0 * LABEL - 1, 1.2)).astype(np.float32), 5e-5),
    "cauchy": (RNG.standard_cauchy(N) + LABEL, 5e-5),
    "lognormal": (RNG.lognormal(LABEL, 3), 5e-5),
    "crowded": (1e6 + 1e-3 * RNG.random(N) + 1e-4 * LABEL, 1e-4),
    "both huge and tiny": (RNG.normal(LABEL) * 10.0 ** RNG.integers(-30, 30, N), 5e-5),
    "subnormal": ((RNG.integers(0, 1000, N) + 300 * LABEL) * 5e-324, 0),
    "ten values": (RNG.integers(0, 8, N) + 1.0 * LABEL, 0),
    "thousandths": (np.round(sigmoid(RNG.normal(2.0 * LABEL - 1, 1.2)), 3), 0),
    "constant": (np.full(N, 0.5), 0),
    "zeros of both signs": (
        np.where(RNG.random(N) < 0.5, 0.0, -0.0) + (LABEL & (RNG.random(N) < 0.5)),
        0,
    ),
    "neighbours": (np.where(RNG.random(N) < 0.5 + 0.1 * LABEL, 0.5, np.nextafter(0.5, 1)), 0),
    "half in one value": (np.where(RNG.random(N) < 0.5, 0.5, RNG.random(N) + 0.1 * LABEL), 5e-5),
}


@pytest.mark.parametrize("name", CASES)
def test_bins_adapt(name):
    scores, most = CASES[name]
    bits = 32 if scores.dtype == np.float32 else 64
    scores = scores + 0
    sample = RNG.permutation(N)[: N // 2]
    table, at, key = binned(scores, LABEL, sample, bits)
    assert (np.diff(at[np.argsort(key, kind="stable")]) >= 0).all()
    low, high = (auc_of(t.negatives, t.positives) for t in (table.lowest(), table.highest()))
    assert low - 1e-12 <= exact(scores, LABEL, auc_of) <= high + 1e-12
    assert high - low <= most + 1e-12
    assert table.negatives.sum() + table.positives.sum() == N


@pytest.mark.parametrize("bits", [32, 64])
def test_bins_of_one_width(bits):
    scores, label = spread_evenly(bits)
    sample = np.arange(6, 6 + SAMPLE)
    assert made(keys(scores, bits)[sample]).even is not None
    table, at, key = binned(scores, label, sample, bits)
    assert (np.diff(at[np.argsort(key, kind="stable")]) >= 0).all()
    low, high = (auc_of(t.negatives, t.positives) for t in (table.lowest(), table.highest()))
    assert low < exact(scores, label, auc_of) < high < low + 3e-5


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("name", ["float32", "both huge and tiny", "even"])
def test_numpy_and_the_program_count_alike(name, groups):
    import jax

    scores, label = spread_evenly(32) if name == "even" else (CASES[name][0], LABEL)
    bits = 32 if scores.dtype == np.float32 else 64
    bins = made(keys(scores, bits)[6 : 6 + SAMPLE])
    assert (bins.even is not None) == (name == "even")
    code = RNG.integers(0, groups + 1, len(scores)).astype(np.int32)  # some are outside
    options = (groups, len(bins.levels))
    given = bins.arrays() | {"key": bins.of(*ordered(scores)), "label": label}
    held = np.ones(groups * bins.count * 2, np.int64)
    with scope():
        program = jax.jit(count_bins, static_argnums=(3, 4))
        found = np.asarray(jax.device_get(program(held, given, code, *options)))
    np.testing.assert_array_equal(count_bins(held.copy(), given, code, *options), found)
    at = place(bins.arrays(), given["key"], len(bins.levels))
    inside = code < groups
    cell = (2 * (code * bins.count + at) + label)[inside]
    np.testing.assert_array_equal(found - 1, np.bincount(cell, minlength=len(held)))


numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1e30, -1e30, 1e-30, 0.5, np.nextafter(0.5, 1)]),
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(numbers, st.booleans()), min_size=2, max_size=60),
    st.lists(st.integers(0, 10**6), max_size=8),
)
def test_the_bracket_holds_the_exact_value(rows, places):
    """Whatever the sample is: even none."""
    from evalharness.inference.binned_precision import BinnedPrecision

    scores, label = np.array([s for s, _ in rows]) + 0.0, np.array([y for _, y in rows])
    table, *_ = binned(scores, label, np.array([p % len(rows) for p in places], int))
    low, high = table.lowest(), table.highest()
    if 0 < label.sum() < len(label):
        area = exact(scores, label, auc_of)
        assert auc_of(low.negatives, low.positives) - 1e-12 <= area
        assert area <= auc_of(high.negatives, high.positives) + 1e-12
    if label.any():
        value = exact(scores, label, average_precision_of)
        found = BinnedPrecision(table)
        assert found.low - 1e-12 <= value <= found.high + 1e-12
        top = average_precision_of(high.negatives, high.positives)
        assert found.high == pytest.approx(top, rel=1e-12)


@settings(max_examples=50)
@given(st.lists(numbers, min_size=1, max_size=50), st.sampled_from([32, 64]))
def test_keys_have_the_order_of_numbers(values, bits):
    scores = np.array(values)
    if bits == 32:
        with np.errstate(over="ignore"):
            scores = scores.astype(np.float32)
        scores = scores[np.isfinite(scores)]
    found = keys(scores, bits)
    assert found.dtype == f"u{bits // 8}"
    np.testing.assert_array_equal(found[:, None] > found, scores[:, None] > scores)


def test_bins_are_few_programs():
    """Tables are as long as a power of two, whatever the data."""
    sizes = set()
    for scores, _ in CASES.values():
        bins = made(keys(scores))
        assert len(bins.levels) <= DEPTH
        sizes |= {len(table) for table in bins.arrays().values()}
    assert all(size & (size - 1) == 0 for size in sizes)


def test_decoders_of_both_kinds_meet():
    signed, unsigned = np.array([-1.5, 2.25]), np.array([0.0, 2.25, 1e300])
    one, other = keys(signed), keys(unsigned)
    assert one[0] < other[0] < one[1] == other[1] < other[2]
    assert ordered(signed)[1] != ordered(unsigned)[1]
    assert isinstance(ordered(signed)[1], Decoder)

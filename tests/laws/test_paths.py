"""Wherever it is sorted and however it is cut, the tables are the same: by NumPy on the CPU and by
the program that runs elsewhere, in one chunk or a thousand, by one worker or four."""

from concurrent.futures import ThreadPoolExecutor
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness import Outputs, metrics
from evalharness.kernels import passes
from evalharness.kernels.passes import count
from evalharness.statistics import Comoments, Confusion, Moments, Order, Ranks, Sums
from evalharness.statistics.confidence import Confidences
from tests.laws.test_laws import CASES, assert_same, rows, whole

SORTED = [Ranks(), Order("score"), Confidences(of="positive")]
SCORES = [
    -1e30,
    -1.0,
    -0.0,
    0.0,
    5e-324,
    1e-45,
    0.1,
    0.1 + 1e-16,
    0.25,
    0.5,
    3.0,
    2.0**24 + 1,
    1e30,
]


def by_program(statistic, columns, code, groups, weight=None):
    """As on a device that is no CPU."""
    with pytest.MonkeyPatch.context() as m:
        m.setattr(passes, "on_cpu", lambda: False)
        m.setattr(passes, "SMALL", 0)
        return count(statistic, columns, code, groups, weight)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from(SCORES), st.booleans(), st.integers(0, 4), st.integers(0, 3)),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from(["half", "probabilities", "any"]),
    st.sampled_from([1, 3]),
    st.booleans(),
)
def test_sorts_agree(table, kind, groups, weighted):
    """Keys of 32 and of 64 bits, signed and not; ties, both zeros, rows outside of all groups."""
    score, label, code, weight = (np.array(x) for x in zip(*table, strict=True))
    if kind == "half":
        score = np.abs(np.round(np.clip(score, -4, 4) * 4) / 4)
    elif kind == "probabilities":
        score = np.clip(np.abs(score), 0, 1)
    statistic = Ranks()
    if len(np.unique(label)) < 2:
        label[0] = True
    columns = statistic.read(
        Outputs(test={"label": label, "score": score}, threshold=0.5).split("test")
    )
    code, weight = code.astype(np.int32), weight.astype(float) if weighted else None
    here = count(statistic, columns, code, groups, weight)
    there = by_program(statistic, columns, code, groups, weight)
    for g in range(groups):
        a, b = here[g], there[g]
        np.testing.assert_array_equal(a.values, b.values)
        np.testing.assert_array_equal(a.negatives, b.negatives)
        np.testing.assert_array_equal(a.positives, b.positives)
        mine = code == g
        distinct = np.unique(score[mine] + 0.0)
        np.testing.assert_array_equal(a.values, distinct)
        size = np.ones(len(score)) if weight is None else weight
        for side, found in ((False, a.negatives), (True, a.positives)):
            expected = [size[mine & (label == side) & (score == v)].sum() for v in distinct]
            np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("statistic", SORTED, ids=lambda s: type(s).__name__)
def test_every_sorted_statistic_has_both(statistic):
    rng = np.random.default_rng(1)
    table = {"label": rng.integers(0, 2, 500), "score": rng.random(500).round(2)}
    columns = statistic.read(Outputs(test=table).split("test"))
    code = rng.integers(0, 5, 500).astype(np.int32)
    here, there = (f(statistic, columns, code, 4) for f in (count, by_program))
    for a, b in zip(here, there, strict=True):
        assert_same(a, b)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_thousand_chunks_and_four_workers_make_the_whole(case):
    """Counts to the last bit, sums to rounding."""
    columns = case.columns(1_500, seed=21)
    if columns.rows is not None and len(columns.rows) != 1_500:
        pieces = np.array_split(np.arange(1_500), 100)
    else:
        pieces = np.array_split(np.arange(1_500), 1_000)
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda p: whole(case.statistic, rows(columns, p)), pieces))
    merge, zero = case.statistic.merge, case.statistic.zero(len(columns.classes))
    assert_same(reduce(merge, tables, zero), whole(case.statistic, columns))


@pytest.mark.parametrize(
    "statistic, names",
    [
        (Moments("x"), ["value"]),
        (Sums(lambda x, y: (x, y)), ["numerator", "denominator"]),
        (Comoments("x", "y"), ["x", "y"]),
    ],
    ids=["moments", "sums", "comoments"],
)
@pytest.mark.parametrize("n", [(1 << 16) - 1, 1 << 16, (1 << 16) + 1, 200_000])
def test_sums_of_the_whole_are_those_of_a_slice(statistic, names, n):
    """Of many rows the whole has a program of its own."""
    rng = np.random.default_rng(n)
    table = {"x": rng.normal(1e6, 1, n), "y": rng.lognormal(size=n)}
    columns = statistic.read(Outputs(test=table).split("test"))
    (alone,) = count(statistic, columns, np.zeros(n, np.int32), 1)
    sliced = count(statistic, columns, np.full(n, 2, np.int32), 3)[2]
    scale = np.abs(np.array(alone, float)) + n * (np.array(alone, float)[2] / n) ** 1.5
    np.testing.assert_allclose(np.array(alone) / scale, np.array(sliced) / scale, atol=1e-12)


def test_counts_are_integers_of_32_bits():
    """Promoted to 64 bits they would take seven times as long."""
    import jax

    from evalharness.kernels.backend import scope

    code = np.zeros(64, np.int32)
    arrays = {k: np.zeros(64, bool) for k in ("label", "prediction")}
    with scope():
        found = jax.eval_shape(lambda a, c: Confusion().program(a, c, 16, 0), arrays, code)
    assert found.dtype == np.int32


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_no_program_holds_data(case):
    """Arrays that a program closes over are folded at compile time, which took 42 s for a sort."""
    import jax

    from evalharness.kernels.backend import scope

    statistic, columns = case.statistic, case.columns(200, seed=3)
    if statistic.program is None:
        return
    code = np.zeros(len(next(iter(columns.arrays.values()))), np.int32)
    with scope():
        traced = jax.make_jaxpr(statistic.program, static_argnums=(2, 3))(
            columns.arrays, code, 16, len(columns.classes)
        )
    assert all(np.size(c) <= 64 for c in traced.consts)


def test_classes_beyond_a_byte():
    """300 classes: as int8, 256 would be class 0."""
    label = np.arange(3_000) % 300
    prediction = np.where(np.arange(3_000) % 7 == 0, (label + 256) % 300, label)
    columns = Confusion(average="macro").read(
        Outputs(test={"label": label, "prediction": prediction}).split("test")
    )
    (table,) = count(Confusion(average="macro"), columns, np.zeros(3_000, np.int32), 1)
    for k in (0, 44, 255, 256, 299):
        assert table.tp[k] == ((label == k) & (prediction == k)).sum()
        assert table.fp[k] == ((label != k) & (prediction == k)).sum()


def test_the_catalogue_costs_nothing_until_it_is_asked():
    """Every metric is a handle: loading them all neither imports JAX nor traces anything."""
    import subprocess
    import sys

    code = "import evalharness.metrics as m, sys; [getattr(m, n) for n in m.__all__]; "
    code += "assert not {'jax', 'scipy', 'sklearn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert len(metrics.__all__) > 80

"""The laws of addition, for every statistic at once: one pass serves chunks, slices and shards."""

from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness import metrics, statistics
from evalharness.kernels import passes
from evalharness.kernels.edits import resolved
from evalharness.kernels.passes import count
from evalharness.outputs import Outputs
from evalharness.statistics.base import Columns

N = 300


class Case(NamedTuple):
    """A statistic and the columns of `n` random rows that it reads."""

    name: str
    statistic: Any
    table: Callable[[Any, int], dict[str, Any]]
    options: dict[str, Any] = {}

    def columns(self, n: int, seed: int) -> Columns:
        return self.read(self.table(np.random.default_rng([seed, n]), n))

    def read(self, table: dict[str, Any]) -> Columns:
        return resolved(self.statistic.read(Outputs(test=table, **self.options).split("test")))


def two(rng: Any, n: int) -> dict[str, Any]:
    return {"label": rng.integers(0, 2, n), "prediction": rng.integers(0, 2, n)}


def five(rng: Any, n: int) -> dict[str, Any]:
    # Every class is among the labels, as an average demands.
    label = np.append(np.arange(5), rng.integers(0, 5, n))[:n]
    return {"label": label, "prediction": rng.integers(0, 4, n)}


def abstaining(rng: Any, n: int) -> dict[str, Any]:
    table = five(rng, n)
    answers = [None if rng.random() < 0.2 else int(p) for p in table["prediction"]]
    return {"label": table["label"].tolist(), "prediction": answers}


def scored(rng: Any, n: int) -> dict[str, Any]:
    """Many ties, both zeros, all magnitudes."""
    values = np.array([-1e300, -1.0, -0.0, 0.0, 5e-324, 0.1, 0.1 + 1e-16, 3.0])
    score = np.where(rng.random(n) < 0.5, rng.choice(values, n), rng.normal(size=n))
    return {"label": rng.integers(0, 2, n), "score": score}


def numbers(rng: Any, n: int) -> dict[str, Any]:
    return {"x": rng.normal(size=n) * rng.choice([1, 1000], n) + 1e4, "y": rng.normal(size=n)}


def rounded(rng: Any, n: int) -> dict[str, Any]:
    return {"x": np.round(rng.normal(size=n), 1)}


def flags(rng: Any, n: int) -> dict[str, Any]:
    return {"x": rng.random(n) < 0.3}


def tasks(rng: Any, n: int) -> dict[str, Any]:
    """Of each row one label is known, so that there are as many entries as rows."""
    task = np.append(np.arange(5), rng.integers(0, 5, n))[:n]
    label = [[int(rng.integers(0, 2)) if k == t else None for k in range(5)] for t in task]
    return {"label": label, "prediction": rng.integers(0, 2, (n, 5))}


def likelihoods(rng: Any, n: int) -> dict[str, Any]:
    scores = rng.multinomial(16, rng.dirichlet(np.ones(5), n)) / 16
    return {"label": five(rng, n)["label"], "scores": scores}


def texts(rng: Any, n: int) -> dict[str, Any]:
    def some() -> list[str]:
        words, lengths = rng.choice(list("abc"), (n, 4)).tolist(), rng.integers(0, 5, n).tolist()
        return [" ".join(w[:k]) for w, k in zip(words, lengths, strict=True)]

    return {"label": some(), "prediction": some()}


def two_numbers(x: Any, y: Any) -> Any:
    return x, y**2


def distance(x: Any, y: Any) -> Any:
    return abs(x - y)


FIVE = {"classes": [0, 1, 2, 3, 4]}
CASES = [
    Case("cells", statistics.Confusion(), two),
    Case("cells-positive", statistics.Confusion(positive=3), five, FIVE),
    Case("cells-threshold", statistics.Confusion(threshold=0.1), scored),
    Case("cells-every-class", statistics.Confusion(average="macro"), five, FIVE),
    Case(
        "cells-abstaining",
        statistics.Confusion(average="macro"),
        abstaining,
        FIVE | {"missing": "wrong"},
    ),
    Case("hits", statistics.Hits(), five, FIVE),
    Case("flags", statistics.Flags(of="x"), flags),
    Case("hits-apart", statistics.Hits(apart=True), tasks, FIVE),
    Case("cells-of-tasks", statistics.Confusion(average="macro"), tasks, FIVE),
    Case("cells-micro", statistics.Confusion(average="micro"), five, FIVE),
    Case("sums", statistics.Sums(two_numbers), numbers),
    Case("comoments", statistics.Comoments("x", "y"), numbers),
    Case("edits", metrics.word_error_rate.statistic, texts),
    Case("confidences", metrics.calibration_error.statistic, likelihoods, FIVE),
    Case("confidences-of-classes", metrics.brier_reliability.statistic, likelihoods, FIVE),
    Case("class-ranks", metrics.roc_auc_ovr.statistic, likelihoods, FIVE),
    Case("class-ranks-by-pair", metrics.roc_auc_ovo.statistic, likelihoods, FIVE),
    Case("moments", statistics.Moments("x"), numbers),
    Case("moments-of-a-function", statistics.Moments(distance), numbers),
    Case("ranks", statistics.Ranks(), scored),
    Case("order", statistics.Order("x"), rounded),
    Case("order-distinct", statistics.Order("x"), numbers),
]


@pytest.fixture(scope="module", autouse=True, params=["numpy", "program"])
def path(request):
    """Few rows are counted by NumPy, many, and on a device all, by the program: both are held to
    the laws."""
    with pytest.MonkeyPatch.context() as m:
        m.setattr(passes, "on_cpu", lambda: request.param == "numpy")
        m.setattr(passes, "SMALL", 1 << 16 if request.param == "numpy" else 0)
        yield


@pytest.fixture(params=CASES, ids=lambda c: c.name)
def case(request):
    return request.param


def rows(columns: Columns, chosen: Any) -> Columns:
    """The entries of some rows, in the order given."""
    if columns.rows is not None:
        wanted = np.arange(columns.rows.max() + 1)[chosen]
        entries = np.argsort(columns.rows, kind="stable")
        first, last = (np.searchsorted(columns.rows, wanted, s, entries) for s in ("left", "right"))
        places = [entries[a:b] for a, b in zip(first, last, strict=True)]
        chosen = np.concatenate([np.zeros(0, int), *places])
        columns = columns._replace(rows=columns.rows[chosen])
    return columns._replace(arrays={k: v[chosen] for k, v in columns.arrays.items()})


def whole(statistic: Any, columns: Columns) -> Any:
    """The table of all rows."""
    n = len(next(iter(columns.arrays.values())))
    return count(statistic, columns, np.zeros(n, np.int32), 1)[0]


def merged(statistic: Any, tables: list[Any], columns: Columns) -> Any:
    return reduce(statistic.merge, tables, statistic.zero(len(columns.classes)))


def assert_same(a: Any, b: Any) -> None:
    """Equal tables: counts exactly, sums of real numbers to rounding error."""
    assert type(a) is type(b)
    if isinstance(a, statistics.MomentTable):
        assert a.n == b.n
        spread = max(1e-300, (float(a.m2) / max(1, a.n)) ** 0.5)
        assert a.mean == pytest.approx(b.mean, rel=1e-12, abs=1e-12)
        assert a.m2 == pytest.approx(b.m2, rel=1e-10, abs=1e-12)
        # The third sum may cancel to nothing: measure its error against what was added up.
        assert a.m3 == pytest.approx(b.m3, rel=1e-10, abs=1e-10 * spread**3 * max(1, a.n))
        return
    if isinstance(a, (statistics.PairTable, statistics.ComomentTable)):
        assert a.n == b.n
        size = max(float(abs(x)) for x in a) if a.n else 1.0
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12 * size)
        return
    for name, x, y in zip(a._fields, a, b, strict=True):
        np.testing.assert_array_equal(x, y, err_msg=name)


def test_every_statistic_is_here():
    offered = {n for n in statistics.__all__ if hasattr(getattr(statistics, n), "merge")}
    assert offered <= {type(c.statistic).__name__ for c in CASES}, "add the new one to CASES"


def test_merging_is_commutative_and_associative(case):
    columns = case.columns(N, seed=1)
    parts = np.split(np.random.default_rng(2).permutation(N), [50, 120])
    a, b, c = (whole(case.statistic, rows(columns, p)) for p in parts)
    merge = case.statistic.merge
    assert_same(merge(a, b), merge(b, a))
    assert_same(merge(merge(a, b), c), merge(a, merge(b, c)))


def test_zero_is_neutral(case):
    columns = case.columns(N, seed=3)
    table, zero = whole(case.statistic, columns), case.statistic.zero(len(columns.classes))
    assert_same(case.statistic.merge(table, zero), table)
    assert_same(case.statistic.merge(zero, table), table)
    assert_same(case.statistic.merge(zero, zero), zero)


def test_zero_is_the_table_of_no_rows(case):
    columns = rows(case.columns(N, seed=3), slice(0, 0))
    assert_same(whole(case.statistic, columns), case.statistic.zero(len(columns.classes)))


@pytest.mark.parametrize(
    "cuts", [(1,), (299,), (100, 100, 200), tuple(range(10, 300, 10))], ids=str
)
def test_chunks_make_the_whole(case, cuts):
    columns = case.columns(N, seed=4)
    chunks = [rows(columns, part) for part in np.split(np.arange(N), cuts)]
    tables = [whole(case.statistic, chunk) for chunk in chunks]
    assert_same(merged(case.statistic, tables, columns), whole(case.statistic, columns))


def test_chunks_that_are_read_apart_make_the_whole(case):
    """Each chunk as a table of its own, as a shard would be, with distinct values of its own."""
    rng = np.random.default_rng(5)
    parts = [case.table(rng, 60) for _ in range(3)]
    joined = {k: [v for part in parts for v in list(part[k])] for k in parts[0]}

    tables = [whole(case.statistic, case.read(part)) for part in parts]
    columns = case.read(joined)
    assert_same(merged(case.statistic, tables, columns), whole(case.statistic, columns))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.data())
def test_any_cut_of_any_rows(data):
    case = data.draw(st.sampled_from(CASES))
    n = data.draw(st.integers(5, 40))
    columns = case.columns(n, data.draw(st.integers(0, 1000)))
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=4)))
    order = data.draw(st.permutations(range(n)))
    parts = np.split(np.array(order), cuts)
    tables = [whole(case.statistic, rows(columns, part)) for part in parts]
    assert_same(merged(case.statistic, tables, columns), whole(case.statistic, columns))


def test_order_does_not_matter(case):
    columns = case.columns(N, seed=6)
    shuffled = rows(columns, np.random.default_rng(7).permutation(N))
    assert_same(whole(case.statistic, shuffled), whole(case.statistic, columns))


@pytest.mark.parametrize("size", [N, N + 1, 1024, 1 << 15])
def test_padding_does_not_matter(case, size, monkeypatch):
    columns = case.columns(N, seed=8)
    expected = whole(case.statistic, columns)
    monkeypatch.setattr(passes, "rows_of", lambda n: max(n, size))
    monkeypatch.setattr(passes, "_power", lambda groups: groups)
    assert_same(whole(case.statistic, columns), expected)


@pytest.mark.parametrize("n", [1 << 14, (1 << 14) + 1])  # just full, and one more
def test_the_edge_of_a_shape_bucket(case, n):
    columns = case.columns(n, seed=9)
    halves = [
        whole(case.statistic, rows(columns, part)) for part in (slice(n // 2), slice(n // 2, n))
    ]
    assert_same(case.statistic.merge(*halves), whole(case.statistic, columns))


@pytest.mark.parametrize("groups", [1, 3, 16, 17, 40])
def test_groups_are_the_subsets(case, groups):
    """A group's table is that of its rows alone; rows of no group count nowhere."""
    columns = case.columns(N, seed=10)
    # Codes past the last group, and one group without rows.
    code = np.random.default_rng(11).integers(0, groups + 2, N).astype(np.int32)
    code[code == groups - 1] = 10_000
    of_entry = code if columns.rows is None else code[columns.rows]
    found = count(case.statistic, columns, of_entry, groups)
    assert len(found) == groups
    for g, table in enumerate(found):
        assert_same(table, whole(case.statistic, rows(columns, code == g)))


def test_twice_the_rows_are_the_table_twice(case):
    columns = case.columns(N, seed=12)
    table = whole(case.statistic, columns)
    twice = whole(case.statistic, rows(columns, np.tile(np.arange(N), 2)))
    assert_same(twice, case.statistic.merge(table, table))

"""Nearest neighbours are exact, near zero too, and do not depend on how the work is parted."""

import numpy as np
import pytest

from evalharness.kernels import neighbours
from evalharness.kernels.neighbours import nearest


def exact(queries, references, own=None):
    """All distances at once, in float64."""
    apart = queries[:, None].astype(float) - references[None].astype(float)
    distance = np.sqrt((apart**2).sum(axis=2))
    if own is not None:
        distance[np.arange(len(own)), own] = np.inf
    return distance.min(axis=1), distance.argmin(axis=1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n, m, d", [(1, 1, 1), (7, 2, 3), (50, 129, 1), (40, 700, 33)])
def test_all_distances_at_once_say_the_same(n, m, d, dtype):
    random = np.random.default_rng([n, m, d])
    x, y = random.normal(size=(n, d)).astype(dtype), random.normal(size=(m, d)).astype(dtype)
    distance, index = nearest(x, y)
    assert (distance.dtype, index.dtype) == (np.float64, np.int64)
    expected, where = exact(x, y)
    assert index.tolist() == where.tolist()
    np.testing.assert_allclose(distance, expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scikit_learn_says_the_same(dtype):
    from sklearn.neighbors import NearestNeighbors

    random = np.random.default_rng(0)
    x, y = random.normal(size=(3000, 16)).astype(dtype), random.normal(size=(9000, 16))
    y = y.astype(dtype)
    distance, index = nearest(x, y)
    fitted = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(y.astype(float))
    expected, where = fitted.kneighbors(x.astype(float))
    assert index.tolist() == where[:, 0].tolist()
    np.testing.assert_allclose(distance, expected[:, 0], rtol=1e-12)


def test_near_zero_nothing_cancels():
    """|x|² + |y|² − 2xy of these is rounded to many times the distance."""
    random = np.random.default_rng(1)
    y = 1e4 + random.normal(size=(500, 20))
    step = np.zeros((500, 20))
    step[:, 0] = 1e-7
    distance, index = nearest(y + step, y)
    assert index.tolist() == list(range(500))
    np.testing.assert_allclose(distance, np.abs((y + step) - y)[:, 0], rtol=1e-12)
    assert (nearest(y, y)[0] == 0).all()


def test_a_row_that_is_itself_does_not_count():
    random = np.random.default_rng(2)
    y = random.normal(size=(900, 5))
    own = random.permutation(900)[:300]
    distance, index = nearest(y[own], y, own)
    expected, where = exact(y[own], y, own)
    assert index.tolist() == where.tolist()
    np.testing.assert_allclose(distance, expected, rtol=1e-12)
    assert (distance > 0).all()


def test_of_equally_near_ones_it_is_the_first():
    y = np.repeat(np.eye(4), 300, axis=0)[np.random.default_rng(3).permutation(1200)]
    first = [int(np.flatnonzero(row)[0]) for row in (y == 1).T]
    distance, index = nearest(np.eye(4), y)
    assert index.tolist() == first
    assert (distance == 0).all()
    distance, index = nearest(np.zeros((2, 4)), y)
    assert distance.tolist() == [1, 1]
    assert index.tolist() == [0, 0]
    own = np.arange(1200)
    assert nearest(y, y, own)[1].tolist() == exact(y, y, own)[1].tolist()


@pytest.mark.parametrize("scale", [1e-30, 1e30, 0.0])
def test_any_magnitude(scale):
    random = np.random.default_rng(4)
    x, y = scale * random.normal(size=(20, 6)), scale * random.normal(size=(400, 6))
    distance, index = nearest(x, y)
    expected, where = exact(x, y)
    assert index.tolist() == where.tolist()
    np.testing.assert_allclose(distance, expected, rtol=1e-12)


def test_a_far_row_takes_nothing_from_the_others():
    random = np.random.default_rng(5)
    x, y = random.normal(size=(30, 6)), random.normal(size=(600, 6))
    y[17] = 1e9
    assert nearest(x, y)[1].tolist() == exact(x, y)[1].tolist()


def test_how_the_work_is_parted_changes_nothing(monkeypatch):
    random = np.random.default_rng(6)
    x, y = random.integers(0, 3, (90, 4)).astype(float), random.integers(0, 3, (700, 4)) + 0.0
    whole = nearest(x, y)
    for name, value in {"QUERIES": 32, "REFERENCES": 64, "GROUP": 16, "AGAIN": 200}.items():
        monkeypatch.setattr(neighbours, name, value)
    parted = nearest(x, y)
    assert parted[0].tolist() == whole[0].tolist()
    assert parted[1].tolist() == whole[1].tolist()

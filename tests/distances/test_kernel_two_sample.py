"""MMD and the energy distance against loops, scikit-learn and SciPy, and their permutations."""

import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics.pairwise import rbf_kernel

from evalharness.distances import permuted
from evalharness.distances.kernel_two_sample import energy_distance, mmd

X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [2.0, 1.0]])
Y = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 1.0]])


def far(x, y):
    return np.sqrt(((x[:, None] - y[None]) ** 2).sum(axis=2))


def plain_energy(x, y):
    return 2 * far(x, y).mean() - far(x, x).mean() - far(y, y).mean()


def plain_mmd(x, y, s):
    xx, yy, xy = (rbf_kernel(*pair, gamma=1 / (2 * s * s)) for pair in ((x, x), (y, y), (x, y)))
    n, m = len(x), len(y)
    within = (xx.sum() - n) / (n * (n - 1)) + (yy.sum() - m) / (m * (m - 1))
    return within - 2 * xy.mean()


def test_named_case():
    found = mmd(X, Y, bandwidth=1.0)
    assert found.statistic == pytest.approx(0.03757975, abs=1e-8)
    assert (found.rows, found.units, found.bandwidth) == ((4, 3), (4, 3), 1.0)
    assert energy_distance(X, Y).statistic == pytest.approx(1.47947469, abs=1e-8)


def test_p_values_come_near_to_those_of_all_permutations():
    """5 of the 35 choices of three points of seven are as far apart, the samples' own among them:
    rounding must not tell equal ones apart."""
    p = energy_distance(X, Y, permutations=20_000).p_value
    assert p == pytest.approx(0.14285714, abs=4 * np.sqrt(0.1429 * 0.8571 / 20_000))
    both = np.concatenate([X, Y])
    values = []
    for first in itertools.combinations(range(7), 4):
        mine = np.isin(np.arange(7), first)
        values.append(plain_mmd(both[mine], both[~mine], 1.0))
    exact = np.mean(np.array(values) >= plain_mmd(X, Y, 1.0) - 1e-12)
    p = mmd(X, Y, bandwidth=1.0, permutations=20_000).p_value
    assert p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000))


@pytest.mark.parametrize("n, m, d", [(2, 2, 1), (30, 50, 3), (700, 600, 8), (1300, 900, 5)])
def test_statistics_are_those_of_loops(n, m, d):
    rng = np.random.default_rng([n, m])
    x, y = 1e3 + rng.normal(size=(n, d)), 1e3 + rng.normal(size=(m, d)) * 1.3
    tolerance = 1e-9 if n + m <= permuted.DOUBLE else 1e-6
    found = energy_distance(x, y, permutations=1).statistic
    assert found == pytest.approx(plain_energy(x, y), abs=tolerance)
    found = mmd(x, y, permutations=1)
    assert found.statistic == pytest.approx(plain_mmd(x, y, found.bandwidth), abs=tolerance)


def test_energy_in_one_dimension_is_scipys():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=40), rng.normal(size=60) + 0.5
    found = energy_distance(x[:, None], y[:, None]).statistic
    assert found == pytest.approx(stats.energy_distance(x, y) ** 2, rel=1e-9)


def test_the_bandwidth_is_the_median_distance():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(30, 3))
    both = np.concatenate([x, y])
    expected = np.median(far(both, both)[np.triu_indices(70, 1)])
    assert mmd(x, y).bandwidth == pytest.approx(expected)
    assert mmd(x * 10, y * 10).bandwidth == pytest.approx(10 * expected)
    # Rows that are equal say nothing of the scale, until all are.
    same = np.zeros((60, 3))
    assert mmd(np.concatenate([same, x]), same).bandwidth > 0.5
    assert mmd(same, same).bandwidth == 1.0


@pytest.mark.parametrize("distance", [mmd, energy_distance])
def test_equal_rows_do_not_differ(distance):
    found = distance(np.ones((30, 4)), np.ones((20, 4)))
    assert found.statistic == pytest.approx(0, abs=1e-12)
    assert found.p_value == 1


@pytest.mark.parametrize("distance", [mmd, energy_distance])
def test_float32_gives_the_p_values_of_float64(distance, monkeypatch):
    """Thousands of rows far from the origin, at a small difference: p is neither 0 nor 1."""
    rng = np.random.default_rng(9)
    x, y = 50 + rng.normal(size=(1100, 16)), 50.02 + rng.normal(size=(1000, 16))
    single = distance(x, y, permutations=400)
    monkeypatch.setattr(permuted, "DOUBLE", 10_000)
    double = distance(x, y, permutations=400)
    assert 0.01 < double.p_value < 0.9
    assert single.p_value == double.p_value
    assert single.statistic == pytest.approx(double.statistic, rel=1e-3)


@pytest.mark.parametrize("distance", [mmd, energy_distance])
def test_blocks_change_nothing(distance, monkeypatch):
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(60, 2)), rng.normal(size=(70, 2)) + 0.2
    clusters = (np.arange(60) // 2, np.arange(70) // 3)
    whole = [distance(x, y, clusters=c) for c in (None, clusters)]
    monkeypatch.setattr(permuted, "BLOCK", 1_000)
    monkeypatch.setattr(permuted, "BAND", 7)
    for before, c in zip(whole, (None, clusters), strict=True):
        after = distance(x, y, clusters=c)
        assert after.statistic == pytest.approx(before.statistic, abs=1e-12)
        assert after.p_value == before.p_value


@pytest.mark.parametrize("distance", [mmd, energy_distance])
def test_a_difference_is_found(distance):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 5))
    assert distance(x, rng.normal(size=(300, 5)) + 0.3).p_value == 1 / 1000
    assert distance(x, rng.normal(size=(300, 5)) * 1.4).p_value == 1 / 1000
    assert distance(x, rng.normal(size=(300, 5)), seed=3).p_value > 0.01


def test_clusters_are_permuted_whole():
    """Two clusters a side have six permutations; the samples' own and its mirror image are as far
    apart as they are, so p is 1/3, whatever the rows say."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(40, 2)), rng.normal(size=(50, 2)) + 5
    order = rng.permutation(40)
    codes = np.array(["a", "b"] * 20)
    for distance in (mmd, energy_distance):
        whole = distance(x, y, permutations=6_000, clusters=(codes, np.arange(50) // 25))
        assert whole.units == (2, 2)
        assert whole.rows == (40, 50)
        assert whole.p_value == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 6_000))
        assert whole.statistic == pytest.approx(distance(x, y).statistic, abs=1e-12)
        assert distance(x, y).p_value == 1 / 1000
        shuffled = distance(x[order], y, clusters=(codes[order], np.arange(50) // 25))
        assert shuffled.statistic == pytest.approx(whole.statistic, abs=1e-12)


@pytest.mark.parametrize("distance", [mmd, energy_distance])
def test_mirror_images_are_as_far_apart_in_float32(distance):
    """Of thousands of rows in four clusters of one size: p is 1/3 again."""
    rng = np.random.default_rng(0)
    x, y = 30 + rng.normal(size=(1200, 3)), 31 + rng.normal(size=(1200, 3))
    clusters = (np.arange(1200) // 600, np.arange(1200) // 600)
    for samples in ((x, y), (y, x)):  # rounding makes one image the larger
        found = distance(*samples, clusters=clusters, permutations=2_000)
        assert found.p_value == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 2_000))


def test_a_part_of_the_rows_is_used_where_there_are_many():
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(900, 3)), rng.normal(size=(80, 3))
    found = mmd(x, y, most=100)
    assert found.rows == found.units == (100, 80)
    assert found == mmd(x, y, most=100)
    assert found.statistic != mmd(x, y, most=100, seed=1).statistic
    clusters = (np.arange(900) // 9, np.arange(80) // 8)
    found = mmd(x, y, most=100, clusters=clusters)
    assert found.rows == (100, 20)  # two rows of every cluster, of both samples alike
    assert found.units == (50, 10)


def test_clusters_are_left_out_whole_and_cut_evenly():
    rng = np.random.default_rng(0)
    unit = rng.permutation(np.repeat(np.arange(6), [1, 2, 40, 3, 30, 1]))
    kept = permuted._of_clusters(unit, 150, rng)
    np.testing.assert_array_equal(np.bincount(unit[kept]), [1, 2, 3, 3, 3, 1])
    sizes = np.bincount(unit[permuted._of_clusters(unit, 8, rng)], minlength=6)
    assert sizes.sum() <= 8
    assert set(sizes) <= {0, 1}


@pytest.mark.parametrize(
    "x, y, options, message",
    [
        (X, Y[:, :1], {}, r"not \(4, 2\) and \(3, 1\)"),
        (X[:, 0], Y[:, 0], {}, "rows"),
        (X[:1], Y, {}, "two rows or clusters"),
        (X[:0], Y, {}, "two rows or clusters"),
        (X, Y, {"clusters": ([1, 1, 1, 1], [1, 2, 3])}, "not 1 and 3"),
        (X, Y, {"clusters": ([1, 1, 1], [1, 2, 3])}, "4 rows have 3 cluster codes"),
        (X, Y, {"bandwidth": 0.0}, "bandwidth=0.0"),
    ],
)
def test_what_cannot_be_compared_is_refused(x, y, options, message):
    with pytest.raises(ValueError, match=message):
        mmd(x, y, **options)


def clustered(rng, clusters, rows, d=2):
    """Rows (clusters * rows, d) that share half of their variance within a cluster."""
    centre = np.repeat(rng.normal(size=(clusters, d)), rows, axis=0)
    return centre + rng.normal(size=(clusters * rows, d))


@pytest.mark.calibration
@pytest.mark.parametrize("distance", [mmd, energy_distance])
@pytest.mark.parametrize("whole", [False, True])
def test_false_alarms_without_a_difference(distance, whole):
    """p <= .05 in 5 % of samples, of rows and of clusters of one to five rows."""
    runs, alarms = 1_500, 0
    for run in range(runs):
        rng = np.random.default_rng([run, 17])
        x, y = clustered(rng, 12, 5 if whole else 1), clustered(rng, 16, 5 if whole else 1)
        clusters = None
        if whole:
            kept = [rng.random(len(v)) < 0.6 for v in (x, y)]
            clusters = tuple((np.arange(len(k)) // 5)[k] for k in kept)
            x, y = x[kept[0]], y[kept[1]]
        alarms += distance(x, y, clusters=clusters, permutations=199, seed=run).p_value <= 0.05
    assert alarms / runs == pytest.approx(0.05, abs=3.5 * np.sqrt(0.05 * 0.95 / runs))


@pytest.mark.calibration
def test_rows_of_clusters_are_not_exchangeable():
    """Why clusters are permuted whole: by rows there are many times the false alarms."""
    runs, alarms = 150, 0
    for run in range(runs):
        rng = np.random.default_rng([run, 18])
        x, y = clustered(rng, 15, 6), clustered(rng, 15, 6)
        alarms += energy_distance(x, y, permutations=99, seed=run).p_value <= 0.05
    assert alarms / runs > 0.3


@pytest.mark.calibration
def test_a_part_of_clustered_rows_raises_no_false_alarms():
    """Unequal samples, of which one is cut."""
    runs, alarms = 600, 0
    for run in range(runs):
        rng = np.random.default_rng([run, 19])
        x, y = clustered(rng, 60, 8), clustered(rng, 20, 8)
        clusters = (np.arange(480) // 8, np.arange(160) // 8)
        found = mmd(x, y, clusters=clusters, permutations=99, most=100, seed=run)
        assert found.rows == (100, 40)
        alarms += found.p_value <= 0.05
    assert alarms / runs == pytest.approx(0.05, abs=3.5 * np.sqrt(0.05 * 0.95 / runs))

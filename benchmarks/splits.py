"""What the checks of splits are made of, through the public functions, and what users would write.

Peers run a part of their columns, permutations or queries; their columns lie ready one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.data import Data, Size
from benchmarks.sides import Side
from benchmarks.split_data import TIMED
from evalharness import Evaluation, Outputs, same_distribution

# Of columns, of permutations, of queries, and of the contract's columns 1 / so many are run.
PART_OF_COLUMNS, PART_OF_PERMUTATIONS, PART_OF_QUERIES, PART_OF_CONTRACT = 20, 50, 10, 10
# Of the kernel: about the median distance of standard normal rows is √(2 d).
BANDWIDTH = 11.0


def ks(data: Data, size: Size) -> Side:
    from evalharness.distances.ks import ks_distance

    return Side(lambda: {"distance": ks_distance(data["first"], data["second"])})


def ks_scipy(data: Data, size: Size) -> Side:
    from scipy.stats import ks_2samp

    pairs = first_columns(data, size)

    def call() -> Any:
        found = [ks_2samp(x, y, method="asymp").statistic for x, y in pairs]
        return {"distance": np.array(found)}

    return Side(call)


def first_columns(data: Data, size: Size) -> list[tuple[Any, Any]]:
    """Pairs of columns, each in one piece."""
    return [
        (data["first"][:, k].copy(), data["second"][:, k].copy())
        for k in range(size.columns // PART_OF_COLUMNS)
    ]


def ks_numpy(data: Data, size: Size) -> Side:
    """Sort both, and count the one at every value of the other, in whole numbers."""
    pairs = first_columns(data, size)

    def distance(x: Any, y: Any) -> float:
        a, b = np.sort(x), np.sort(y)
        n, m, place = len(a), len(b), np.arange(len(a))
        above = (place + 1) * m - n * np.searchsorted(b, a, "right")
        below = n * np.searchsorted(b, a, "left") - place * m
        return max(above.max(), below.max()) / (n * m)

    return Side(lambda: {"distance": np.array([distance(x, y) for x, y in pairs])})


def mmd(data: Data, size: Size) -> Side:
    from evalharness.distances.kernel_two_sample import mmd as ours

    def call() -> Any:
        return ours(
            data["first"], data["second"], bandwidth=BANDWIDTH, permutations=size.permutations
        )

    return Side(call, lambda found: {"mmd": found.statistic, "p": found.p_value})


def mmd_loop(data: Data, size: Size) -> Side:
    """Each permutation of the rows indexes the kernel, which lies ready, and sums three blocks."""
    both = np.concatenate([data["first"], data["second"]])
    n, count = len(data["first"]), len(both)
    squares = (both**2).sum(axis=1)
    kernel = np.exp(-(squares[:, None] + squares - 2 * both @ both.T) / (2 * BANDWIDTH**2))
    np.fill_diagonal(kernel, 0)

    def statistic(order: Any) -> float:
        k, m = kernel[np.ix_(order, order)], count - n
        within = k[:n, :n].sum() / (n * (n - 1)) + k[n:, n:].sum() / (m * (m - 1))
        return float(within - 2 * k[:n, n:].mean())

    random = np.random.default_rng(23)

    def call() -> Any:
        permutations = size.permutations // PART_OF_PERMUTATIONS
        return [statistic(random.permutation(count)) for _ in range(permutations)]

    return Side(call, lambda found: {"mmd": statistic(np.arange(count))})


def nearest(data: Data, size: Size) -> Side:
    from evalharness.kernels.neighbours import nearest as ours

    return Side(lambda: ours(data["queries"], data["references"]), _near)


def nearest_sklearn(data: Data, size: Size) -> Side:
    from sklearn.neighbors import NearestNeighbors

    queries = data["queries"][: size.near // PART_OF_QUERIES]

    def call() -> Any:
        model = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(data["references"])
        return model.kneighbors(queries)

    return Side(call, _near)


def _near(found: Any) -> dict[str, Any]:
    return {"distance": np.ravel(found[0]), "which": np.ravel(found[1])}


def contract(data: Data, size: Size) -> Side:
    """The default contract, and its message read."""
    body = {"splits": [same_distribution("dev", "test")]}
    evaluation = type("TestSpeed", (Evaluation,), body)

    def call() -> Any:
        (check,) = evaluation.run(outputs=Outputs(**data)).checks
        if check.outcome != "pass" or not check.message:
            raise AssertionError(check.message)
        return check

    return Side(call, lambda check: {f.about: f.value for f in check.findings})


def contract_scipy(data: Data, size: Size) -> Side:
    """Of a column of numbers the KS test, of any other the chi-square test and the difference of
    the shares; nothing is said of what differs."""
    import pyarrow.compute as pc
    from scipy.stats import chi2_contingency, ks_2samp

    def of_shares(columns: list[Any]) -> float:
        counts = [
            {v["values"]: v["counts"] for v in pc.value_counts(c).to_pylist()} for c in columns
        ]
        values = sorted(set(counts[0]) | set(counts[1]))
        table = np.array([[count.get(value, 0) for value in values] for count in counts])
        chi2_contingency(table, correction=False)
        shares = table / table.sum(axis=1, keepdims=True)
        return float(abs(shares[0] - shares[1]).max())

    def call() -> Any:
        found = {}
        for name in TIMED:
            columns = [data[side][name] for side in ("dev", "test")]
            if name.startswith("number"):
                found[name] = ks_2samp(*map(np.asarray, columns), method="asymp").statistic
            else:
                found[name] = of_shares(columns)
        return found

    return Side(call)

"""Quantiles of a split that is read in batches are those of the whole, with their limits."""

import numpy as np
import pytest

from evalharness import Order, Outputs, OutputsError, Quantile, metric
from evalharness.kernels import sampled, windowed
from evalharness.metrics import latency, median_absolute_error, quantile
from evalharness.outputs import shards as files
from tests.metrics.measure import run
from tests.outputs.helpers import says
from tests.outputs.shards import shards

N = 40_000
RNG = np.random.default_rng(0)
COLUMNS = {
    "spread": RNG.gamma(4, size=N),
    "float32": RNG.gamma(4, size=N).astype(np.float32),
    "tied": np.round(RNG.gamma(4, size=N), 1),
    "one value": np.full(N, 3.0),
    "integers": RNG.integers(0, 4, N),
    "sorted": np.sort(RNG.lognormal(0, 3, N)),
    "heavy tails": RNG.standard_cauchy(N),
    "both zeros": RNG.choice([0.0, -0.0, 1e-300, -1e300], N),
    "crowded": 1e9 + 1e-3 * RNG.random(N),
}
SHARES = (0.001, 0.05, 0.5, 0.95, 0.999)


def numbers(estimate):
    return [getattr(estimate, x) for x in ("value", "low", "high", "at_least", "at_most", "n")]


@pytest.mark.parametrize("name", COLUMNS)
def test_quantiles_are_those_of_the_whole(name, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "BATCH", 5_000)
    monkeypatch.setattr(sampled, "SAMPLE", 2_000)
    monkeypatch.setattr(windowed, "HELD", 3_000)
    rows = {"latency": COLUMNS[name], "region": np.arange(N) % 7 // 3}
    rows |= {"label": RNG.normal(size=N), "prediction": RNG.normal(size=N)}
    folder = shards(tmp_path / "t", rows, 1, 17_000)
    asked = [latency.quantile(q).on("test") for q in SHARES]
    asked += [latency.quantile(0.9).on("test").by("region"), median_absolute_error.on("test")]
    asked += [quantile("latency", q=0.25).on("test", region=1)]
    found, whole = (run(Outputs(test=x), also=asked).estimates["model"] for x in (folder, rows))
    for key, estimates in whole.items():
        assert [numbers(e) for e in found[key]] == [numbers(e) for e in estimates], key


@pytest.mark.parametrize("seed", range(5))
def test_every_limit_is_that_of_the_whole_or_none(seed, tmp_path):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(300, 30_000))
    rows = {"x": np.round(rng.lognormal(size=n), int(rng.integers(1, 9)))}
    asked = quantile("x", q=float(rng.choice(SHARES))).on("test")
    found, whole = (
        run(Outputs(test=x), also=[asked])["model", asked]._bounds
        for x in (shards(tmp_path / "t", rows, n // 2), rows)
    )
    for alpha in 10.0 ** -np.arange(0.5, 9, 0.5):
        assert found.lower(alpha) == whole.lower(alpha)
        assert found.upper(alpha) == whole.upper(alpha)
    for alpha in (1e-20, 1e-60, 1e-200):
        assert found.lower(alpha) in (-np.inf, whole.lower(alpha))
        assert found.upper(alpha) in (np.inf, whole.upper(alpha))


def test_a_bound_is_decided_as_in_memory(tmp_path):
    rows = {"latency": COLUMNS["spread"]}
    folder = shards(tmp_path / "t", rows, 10_000)
    value = float(np.quantile(rows["latency"], 0.95))
    verdicts = set()
    for threshold in (0.97 * value, 0.999 * value, 1.001 * value, 1.03 * value):
        bound = latency.quantile(0.95).on("test") <= threshold
        found, whole = (run(Outputs(test=x), satisficing=[bound]) for x in (folder, rows))
        assert found.checks == whole.checks
        verdicts.add(found.checks[0].verdicts[0].outcome)
    assert verdicts == {"pass", "fail", "inconclusive"}


def test_what_else_is_made_of_values_in_order_is_refused(tmp_path):
    @metric(Order("latency"), better="lower")
    def trimmed(table):
        return Quantile(table.values[1:], table.counts[1:], 0.5)

    folder = shards(tmp_path / "t", {"latency": COLUMNS["spread"]})
    with pytest.raises(OutputsError) as caught:
        run(Outputs(test=folder), also=[trimmed.on("test")])
    says(caught.value, ["trimmed", "needs all values in order", "read in batches"])


def test_too_many_values_around_a_quantile_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(windowed, "HELD", 100)
    monkeypatch.setattr(windowed, "LARGEST", 200)
    folder = shards(tmp_path / "t", {"latency": COLUMNS["spread"]})
    with pytest.raises(OutputsError) as caught:
        run(Outputs(test=folder), also=[latency.quantile(0.5).on("test")])
    says(caught.value, ["200 distinct values", "around a quantile", "read_table(folder)"])

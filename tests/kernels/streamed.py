"""The table that the tests of streams cut into files."""

import numpy as np
import pyarrow as pa

N = 1_000


def table(n=N, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    region = rng.choice(["eu", "us", "asia", "moon"], n, p=[0.5, 0.3, 0.19, 0.01])
    return {
        "label": label,
        "prediction": np.where(rng.random(n) < 0.85, label, 1 - label),
        "score": np.round(0.4 * label + 0.6 * rng.random(n), 2),
        "x": 1e6 + rng.normal(size=n),
        "latency": rng.gamma(4, size=n),
        "flag": rng.random(n) < 0.1,
        "region": pa.array([None if r == "moon" else str(r) for r in region]),
        "code": np.where(region == "eu", 7, rng.integers(100, 130, n)).astype(np.int16),
        "half": np.arange(n) < n / 2,
    }

"""Models that were trained again, as tests of runs and of learning curves make them."""

import numpy as np

from evalharness import Outputs
from evalharness.checks.curve_section import curve_section
from evalharness.checks.diagnosed import Rung
from evalharness.checks.settings import Settings
from evalharness.checks.training_runs import (
    CURVE,
    RUNS,
    paired,
    runs_section,
)
from evalharness.declare.diagnosis import bias_variance
from evalharness.kernels.plan import Plan
from evalharness.metrics import (
    error_rate,
)

N = 800
LABEL = np.random.default_rng(0).integers(0, 3, N)
EASE = np.random.default_rng(1).normal(1.2, 1, N)


def table(seed, shift=0.0, **columns):
    """A run's answers, in an order of its own; the harder examples are wrong in most runs."""
    rng = np.random.default_rng(seed)
    right = EASE + shift + rng.normal(0, 0.5, N) > 0
    order = rng.permutation(N)
    whole = {
        "id": np.arange(N),
        "label": LABEL,
        "prediction": np.where(right, LABEL, (LABEL + 1) % 3),
    } | columns
    return {name: column[order] for name, column in whole.items()}


def runs(k=6, **splits):
    return {
        f"seed-{i}": Outputs(**{name: table(10 * i + j, s) for j, (name, s) in enumerate(splits)})
        for i, splits in enumerate([tuple(splits.items())] * k)
    }


def told(outputs, metric=error_rate, rungs=(), materiality=0.005, **declared):
    declared = {"runs": list(outputs)} | declared
    diagnosis = bias_variance(metric, **declared)
    plan = Plan(outputs)
    if "sizes" in declared:
        examples = paired(plan, diagnosis)[CURVE]
        return curve_section(plan, diagnosis, Settings(), materiality, examples)
    examples = paired(plan, diagnosis)[RUNS]
    return runs_section(plan, "", diagnosis, rungs, Settings(), materiality, examples)


def rung(name, value):
    return Rung(name, value, value - 0.01, value + 0.01, N, "", "")


def words(section):
    return " ".join(line.strip() for line in section.lines)

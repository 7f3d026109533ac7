"""Ladders by slice, as their tests make them."""

import json

import numpy as np

from evalharness import Outputs, bias_variance
from evalharness.checks.cell_width import cells
from evalharness.checks.ladder_slices import section
from evalharness.checks.settings import Settings
from evalharness.inference.rung_gap import Assumed
from evalharness.kernels.plan import Plan
from evalharness.metrics import error_rate
from tests.checks.rungs import answers

PEOPLE = Assumed(0.01)
# (wrong, n) of each slice on each rung.
FOUND = {
    "train": {"eu": (40, 2000), "us": (40, 2000), "asia": (10, 500)},
    "train_dev": {"eu": (240, 2000), "us": (60, 2000), "asia": (15, 500)},
    "dev": {"eu": (250, 2000), "us": (66, 2000), "asia": (15, 500)},
    "test": {"eu": (260, 2000), "us": (60, 2000), "asia": (15, 500)},
}


def table(slices, **more):
    """One split of slices with (wrong, n) each."""
    parts = [answers(*pair, region=np.full(pair[1], name)) for name, pair in slices.items()]
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]} | more


def told(rungs, human=PEOPLE, metric=error_rate, outputs=None, materiality=0.005, **more):
    """The section of rungs with slices of (wrong, n)."""
    outputs = outputs or Outputs({name: table(slices) for name, slices in rungs.items()})
    asked = bias_variance(metric, by="region")
    given = (Plan({"m": outputs}), "m", asked, list(rungs), human, Settings(), materiality)
    found = section(*given, **more)
    assert all(cells(line) <= 78 for line in found.lines)
    json.dumps(found.figures, allow_nan=False)
    return found


def one(found, name):
    (slice_,) = [s for s in found.figures["slices"] if s["slice"] == name]
    return slice_


def text(found):
    return " ".join(" ".join(line.split()) for line in found.lines)

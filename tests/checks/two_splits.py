"""Two splits under one check, as tests of the checks of splits declare and judge them."""

import numpy as np

from evalharness import Outputs, same_distribution
from tests.metrics.measure import declare

SAME = same_distribution("dev", "test")


def judged(check, *tables, outputs=None, **declarations):
    """The decided check, of splits named as in the check; tables: mappings of arrays."""
    given = outputs or Outputs(dict(zip(check.splits, tables, strict=True)))
    made = declare(splits=[check], **declarations).run(given)
    return next(c for c in made.checks if c.kind == "splits")


def finding(result, about):
    """What was found of one column."""
    (found,) = [f for f in result.findings if f.about == about]
    return found


def answers(n=2000, seed=0, **columns):
    """Labels of two classes, right answers to nine of ten, and other columns."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    return {"label": label, "prediction": np.where(rng.random(n) < 0.9, label, 1 - label)} | columns


def spread(share, n=2000):
    """0 and 1 of which exactly this share is 1."""
    return (np.arange(n) < round(share * n)).astype(int)


def gates(**columns):
    return same_distribution("dev", "test", columns=columns)


def labels(share):
    label = spread(share)
    return {"label": label, "prediction": label}

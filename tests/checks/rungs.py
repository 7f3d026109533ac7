"""Ladders of declared errors, as the tests of diagnoses make them."""

import numpy as np

from evalharness import Outputs, bias_variance
from evalharness.metrics import error_rate
from tests.metrics.measure import declare


def answers(wrong, n, **columns):
    """Labels of two classes, of which so many are predicted wrongly."""
    label = np.arange(n) % 2
    return {
        "label": label,
        "prediction": np.where(np.arange(n) < wrong, 1 - label, label),
    } | columns


def splits(**rungs):
    """Outputs with (wrong, n) of each split."""
    return Outputs(
        {
            name: answers(*pair, id=[f"{name}-{row}" for row in range(pair[1])])
            for name, pair in rungs.items()
        }
    )


def diagnosed(human=None, limits=None, outputs=None, metric=error_rate, options=None, **rungs):
    """The results of all checks of a diagnosis of (wrong, n) of each split, by id."""
    asked = bias_variance(metric, human=human, limits=limits, **(options or {}))
    result = declare(diagnosis=asked).run(outputs or splits(**rungs))
    return {check.id: check for check in result.checks}


def ladder(*given, **rungs):
    """The ladder alone."""
    return diagnosed(*given, **rungs)["ladder"].ladder


def gap(found, name):
    """One gap of a ladder."""
    (one,) = [g for g in found.gaps if g.name == name]
    return one

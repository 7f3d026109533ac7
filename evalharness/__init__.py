"""evalharness: release gates for machine-learning models, decided by intervals and reported by
pytest.

Names are resolved when they are first used, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalharness.declare.diagnosis import bias_variance
    from evalharness.declare.errors import (
        DeclarationError,
        EvalharnessError,
        InconclusiveError,
        OutputsError,
    )
    from evalharness.declare.forms import (
        Concordance,
        Linear,
        Mean,
        Proportion,
        Quantile,
        Ratio,
        Unbounded,
        Undefined,
    )
    from evalharness.declare.human import Human
    from evalharness.declare.looks import Ledger
    from evalharness.declare.metric import metric
    from evalharness.declare.objective import saved
    from evalharness.declare.preference import prefers
    from evalharness.declare.splits import (
        known_difference,
        large_enough,
        no_leakage,
        same_distribution,
    )
    from evalharness.declare.waivers import waive
    from evalharness.evaluation import Evaluation
    from evalharness.outputs import Outputs
    from evalharness.outputs.assign import assign_split
    from evalharness.result import Result
    from evalharness.statistics import (
        Cells,
        Comoments,
        Confusion,
        Flags,
        Hits,
        Moments,
        Order,
        Ranks,
        Sums,
    )

_HOME = {
    "Cells": "statistics",
    "Comoments": "statistics",
    "Concordance": "declare.forms",
    "Confusion": "statistics",
    "DeclarationError": "declare.errors",
    "Evaluation": "evaluation",
    "EvalharnessError": "declare.errors",
    "Flags": "statistics",
    "Hits": "statistics",
    "Human": "declare.human",
    "InconclusiveError": "declare.errors",
    "Ledger": "declare.looks",
    "Linear": "declare.forms",
    "Mean": "declare.forms",
    "Moments": "statistics",
    "Order": "statistics",
    "Outputs": "outputs",
    "OutputsError": "declare.errors",
    "Proportion": "declare.forms",
    "Quantile": "declare.forms",
    "Ranks": "statistics",
    "Ratio": "declare.forms",
    "Result": "result",
    "Sums": "statistics",
    "Unbounded": "declare.forms",
    "Undefined": "declare.forms",
    "assign_split": "outputs.assign",
    "bias_variance": "declare.diagnosis",
    "known_difference": "declare.splits",
    "large_enough": "declare.splits",
    "no_leakage": "declare.splits",
    "prefers": "declare.preference",
    "same_distribution": "declare.splits",
    "saved": "declare.objective",
    "waive": "declare.waivers",
    "metric": "declare.metric",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("evalharness")
    if name not in _HOME:
        raise AttributeError(f"module 'evalharness' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"evalharness.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__all__", "__doc__", "__file__", "__name__", "__path__", "__version__"]

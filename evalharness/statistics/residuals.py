"""Residuals: labels beside the errors of their predictions, as R² needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evalharness.statistics.base import Columns, gathered
from evalharness.statistics.sums import Comoments


@dataclass(frozen=True)
class Residuals(Comoments):
    """`Comoments` of the label (x) and of the error, label − prediction (y).

    The squared errors are summed as such: made of the sums of labels and predictions they would
    lose their digits where both are large beside their difference.
    """

    x: str = "label"
    y: str = "prediction"

    def read(self, split: Any) -> Columns:
        import numpy as np

        from evalharness.declare.errors import OutputsError

        label, prediction = gathered(lambda: split.numbers(self.x), lambda: split.numbers(self.y))
        with np.errstate(over="ignore"):
            error = label - prediction
        if not np.isfinite(error).all():
            raise OutputsError(
                [
                    f"{split.where}: label − prediction is too large for a number in row "
                    f"{int(np.argmax(~np.isfinite(error)))} (counting from 0); scale both down"
                ]
            )
        return Columns({"x": label, "y": error})

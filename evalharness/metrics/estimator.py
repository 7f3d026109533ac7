"""An estimator of scikit-learn that reads its answers from a table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any


def estimator(base: Any, answers: Mapping[str, Any], fixed: Mapping[str, Any]) -> Any:
    """A fitted classifier or regressor whose answer to row number i is row i of an array.

    base: the module sklearn.base, which only `scorers` imports; answers: `prediction`,
    `probabilities`, `scores`; fixed: `classes`, sorted, or `numeric`; `tasks` where the
    classes are the tasks of a multilabel table.
    """
    classifier, regressor = _classes(base)
    return (regressor if fixed.get("numeric") else classifier)(answers, fixed)


@lru_cache
def _classes(base: Any) -> tuple[Any, Any]:
    import numpy as np

    class Reader(base.BaseEstimator):
        def __init__(self, answers: Any = None, fixed: Any = None) -> None:
            self.answers, self.fixed = answers, fixed

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def predict(self, X: Any) -> Any:
            return self._of("prediction", X)

        def predict_proba(self, X: Any) -> Any:
            return self._of("probabilities", X)

        def decision_function(self, X: Any) -> Any:
            return self._of("scores", X)

        def _of(self, name: str, X: Any) -> Any:
            if name not in self.answers:
                raise ValueError(f"the table has no {name}")
            return self.answers[name][X[:, 0]]

    class Regressor(base.RegressorMixin, Reader):
        pass

    class Classifier(base.ClassifierMixin, Reader):
        @property
        def classes_(self) -> Any:
            classes = self.fixed["classes"]
            return [np.arange(2)] * classes if self.fixed.get("tasks") else classes

    return Classifier, Regressor

"""scikit-learn's scorers and metric functions over the columns of a table.

A scorer wants a fitted estimator and rows to predict: it is given one that reads its answers from
the table. Two classes are 0 and 1, with 1 for the positive class of the outputs; more are 0 … K−1.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from typing import Any

from evalharness.declare.errors import DeclarationError, OutputsError, did_you_mean
from evalharness.metrics.estimator import estimator
from evalharness.metrics.raw_columns import column
from evalharness.statistics.base import gathered

# Names of arguments in sklearn.metrics, and what they are called here.
ANSWERS = ("prediction", "probabilities", "scores")
ARGUMENTS = {
    "y_true": "label",
    "y_pred": "prediction",
    "y_score": "scores",
    "y_proba": "probabilities",
    "y_prob": "probabilities",
    "pred_decision": "scores",
    "labels_true": "label",
    "labels_pred": "prediction",
}
# Functions whose `y_pred` is a probability, and those that must be told every class.
OF_PROBABILITIES = ("log_loss", "d2_log_loss_score")
# What `average=` may be there.
AVERAGES = ("binary", "macro", "micro", "samples", "weighted")
# Scorers that are known by name, so that declaring one need not load scikit-learn (1.9).
NAMES = frozenset(
    """
    accuracy adjusted_mutual_info_score adjusted_rand_score average_precision balanced_accuracy
    completeness_score d2_absolute_error_score d2_brier_score d2_log_loss_score explained_variance
    f1 f1_macro f1_micro f1_samples f1_weighted fowlkes_mallows_score homogeneity_score jaccard
    jaccard_macro jaccard_micro jaccard_samples jaccard_weighted matthews_corrcoef
    mutual_info_score neg_brier_score neg_log_loss neg_max_error neg_mean_absolute_error
    neg_mean_absolute_percentage_error neg_mean_gamma_deviance neg_mean_poisson_deviance
    neg_mean_squared_error neg_mean_squared_log_error neg_median_absolute_error
    neg_negative_likelihood_ratio neg_root_mean_squared_error neg_root_mean_squared_log_error
    normalized_mutual_info_score positive_likelihood_ratio precision precision_macro
    precision_micro precision_samples precision_weighted r2 rand_score recall recall_macro
    recall_micro recall_samples recall_weighted roc_auc roc_auc_ovo roc_auc_ovo_weighted
    roc_auc_ovr roc_auc_ovr_weighted top_k_accuracy v_measure_score
    """.split()
)
TOLD_CLASSES = (*OF_PROBABILITIES, "d2_brier_score", "brier_score_loss", "top_k_accuracy_score")


def of(function: Any, name: str | None) -> Scikit | None:
    """What is to be asked of scikit-learn, or None where the function is not its own."""
    if isinstance(function, str):
        _plausible(function)
        return Scikit(function, name or function, True, "" if name else function)
    if type(function).__module__.startswith("sklearn.metrics.") and not inspect.isfunction(
        function
    ):
        inner = getattr(getattr(function, "_score_func", None), "__name__", "scorer")
        return Scikit(function, str(name or inner), True)
    if not callable(function):
        return None
    if getattr(function, "__module__", "").startswith("sklearn."):
        return Scikit(function, str(name or function.__name__), False)
    try:
        arguments = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
    if len(arguments) >= 3 and arguments[1] == "X" and arguments[2] in ("y", "y_true"):
        return Scikit(function, str(name or getattr(function, "__name__", "scorer")), True)
    return None


@dataclass(frozen=True)
class Scikit:
    """A scorer, or a function of sklearn.metrics (`scorer` False).

    function: it, or the name of a scorer, which is looked up when something is asked of it:
    declaring loads no scikit-learn.
    """

    function: Any
    name: str
    scorer: bool
    quoted: str = ""

    def __hash__(self) -> int:  # scorers compare by identity, and their parameters need no hash
        named = isinstance(self.function, str)
        return hash((self.function if named else id(self.function), self.name))

    @cached_property
    def _asked(self) -> Any:
        return _scorer(self.function) if isinstance(self.function, str) else self.function

    @cached_property
    def _inner(self) -> Any:
        """The function of sklearn.metrics that it comes down to; None of a scorer of one's own."""
        return getattr(self._asked, "_score_func", None) if self.scorer else self._asked

    @cached_property
    def _set(self) -> dict[str, Any]:
        return dict(getattr(self._asked, "_kwargs", {}))

    @cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        asked = self._asked if self._inner is None else self._inner
        return inspect.signature(asked).parameters

    @property
    def options(self) -> Iterator[str]:
        """Names of its parameters; one by one, so that nothing is loaded before they are read."""
        try:
            positional = 3 if self._inner is None else 2
        except OutputsError as error:
            raise DeclarationError(str(error)) from None
        names = list(self._parameters)[positional:]
        yield from (n for n in names if n != "sample_weight" and n not in ARGUMENTS)

    @property
    def weighted(self) -> bool:
        return "sample_weight" in self._parameters

    @property
    def doc(self) -> str:
        if isinstance(self.function, str):
            return f"scikit-learn's scorer {self.function!r}: sklearn.metrics.get_scorer()."
        of = self.function if self._inner is None else self._inner
        text = inspect.getdoc(of) or "A scorer."
        return f"As scikit-learn's {self.name}. {text}"

    @property
    def columns(self) -> tuple[str, ...]:
        """What it asks of the table: label, and one or more of ANSWERS."""
        if self._inner is None:
            return ("label", *ANSWERS)
        if not self.scorer:
            names = [ARGUMENTS.get(n, n) for n in list(self._parameters)[:2]]
            if self._inner.__name__ in OF_PROBABILITIES:
                names[1] = "probabilities"
            return tuple(names)
        response = getattr(self._asked, "_response_method", "predict")
        wanted = response if isinstance(response, str) else response[0]
        kinds = {"predict": "prediction", "predict_proba": "probabilities"}
        return "label", kinds.get(wanted, "scores")

    def read(self, split: Any, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The columns, and `classes`, `names`, `numeric` and parameters (`labels`) of the split."""
        strange = [name for name in self.columns if name not in ("label", *ANSWERS)]
        if strange:
            raise OutputsError(
                [
                    f"{split.where}: {self.name}() of scikit-learn takes {', '.join(strange)}, "
                    "which is no column of outputs; wrap it in a function f(label, prediction)"
                ]
            )
        family = getattr(self._inner, "__module__", "")
        if ".cluster" in family:
            return _clusters(split), {"numeric": True}
        if family.endswith("_regression") or self._inner is None and _is_real(split):
            both = gathered(lambda: split.numbers("label"), lambda: split.numbers("prediction"))
            return dict(zip(("label", "prediction"), both, strict=True)), {"numeric": True}
        if split.multilabel:
            return self._tasks(split)
        return self._classes(split, options)

    def _tasks(self, split: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        label = split.label_matrix()
        if (label < 0).any():
            raise OutputsError(
                [
                    f"{split.where}: {self.name}() of scikit-learn knows no missing labels, and "
                    f"{int((label < 0).sum()):,} are; use the metrics of evalharness, which count "
                    "each task where it has a label"
                ]
            )
        readers = {
            "prediction": split.prediction_matrix,
            "scores": split.score_matrix,
            "probabilities": split.score_matrix,
        }
        fixed = {"classes": label.shape[1], "tasks": True}
        return {"label": label.astype(int), **self._available(readers)}, fixed

    def _classes(
        self, split: Any, options: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        import numpy as np

        positive: int | None = None
        if len(split.classes) == 2:
            try:
                positive = split.positive_code()
            except OutputsError:
                pass  # accuracy needs none; a function that does will say so
        flip = positive == 0
        order = slice(None, None, -1) if flip else slice(None)
        names = list(split.classes)[order]

        def places(codes: Any) -> Any:
            return 1 - codes if flip else codes

        def scores() -> Any:
            if len(names) == 2:
                return split.score(None if positive is None else split.classes[positive])
            return split.matrix()

        def predictions() -> Any:
            codes = split.prediction_codes()
            if (codes == len(names)).any():
                raise OutputsError(
                    [
                        f"{split.where}: column `prediction` is null in some rows, and scikit-learn"
                        " knows no answer that is wrong in itself; write one in the table"
                    ]
                )
            return places(codes)

        readers = {
            "prediction": predictions,
            "probabilities": lambda: split.probabilities()[:, order],
            "scores": scores,
        }
        label, found = gathered(split.label_codes, lambda: self._available(readers))
        arrays = {"label": places(label), **found}
        values: Any = np.arange(len(names))
        given = self._set | dict(options)
        if given.get("pos_label") is not None or given.get("labels") is not None:
            values = np.array(names)  # what the user calls the classes
        elif positive is None and len(names) == 2 or self._inner is None:
            # Places would make the second class the positive one, unasked.
            values = np.array([f"{n}" for n in names] if self._inner is not None else names)
        if not np.array_equal(values, np.arange(len(names))):
            arrays = {
                k: values[v] if k in ("label", "prediction") else v for k, v in arrays.items()
            }
            rank = np.argsort(values)  # scikit-learn keeps classes sorted
            values = values[rank]
            for k in ("probabilities", "scores"):
                if k in arrays and arrays[k].ndim == 2:
                    arrays[k] = arrays[k][:, rank]
                elif k in arrays and rank[0] == 1:
                    arrays[k] = -arrays[k]
        fixed: dict[str, Any] = {"classes": values, "unnamed": positive is None and len(names) == 2}
        if getattr(self._inner, "__name__", "") in TOLD_CLASSES and "labels" not in given:
            fixed["labels"] = values
        return arrays, fixed

    def _available(self, readers: Mapping[str, Any]) -> dict[str, Any]:
        """What the table has of what is asked; a scorer of one's own takes what there is."""
        wanted = [name for name in self.columns if name in readers]
        if self._inner is not None:
            return dict(zip(wanted, gathered(*(readers[n] for n in wanted)), strict=True))
        found = {}
        for name in wanted:
            try:
                found[name] = readers[name]()
            except OutputsError:
                continue
        return found

    def __call__(
        self, arrays: Mapping[str, Any], fixed: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Any:
        more = {"sample_weight": arrays["weight"]} if "weight" in arrays else {}
        given = dict(options)
        if "labels" in fixed:
            given["labels"] = fixed["labels"]
        if not self._of_rows(given):
            return self._call(arrays, fixed, given, more)
        # Of rows where it is 0/0; if those are all, no 0 and no 1 can stand for it.
        found = self._call(arrays, fixed, given | {"zero_division": 0}, more)
        if found == 0 and self._call(arrays, fixed, given | {"zero_division": 1}, more) == 1:
            raise ZeroDivisionError
        return found

    def _of_rows(self, given: Mapping[str, Any]) -> bool:
        """Whether it is a mean over the rows of a multilabel table that leaves open what 0/0 is."""
        every = self._set | dict(given)
        return (
            every.get("average") == "samples"
            and "zero_division" in self._parameters
            and "zero_division" not in every
        )

    def _call(
        self,
        arrays: Mapping[str, Any],
        fixed: Mapping[str, Any],
        given: dict[str, Any],
        more: Mapping[str, Any],
    ) -> Any:
        import numpy as np

        label = arrays["label"]
        if not self.scorer:
            answer = arrays[self.columns[1]]
            if answer.ndim == 2 and answer.shape[1] == 2 and not fixed.get("tasks"):
                answer = answer[:, 1]
            return self._asked(label, answer, **given, **more)
        scorer = self._asked if not given else self._with(given)
        answers = {k: v for k, v in arrays.items() if k in ANSWERS}
        return scorer(
            estimator(_sklearn(self.name).base, answers, fixed),
            np.arange(len(label)).reshape(-1, 1),
            label,
            **more,
        )

    def _with(self, given: dict[str, Any]) -> Any:
        """The scorer with other parameters."""
        if self._inner is None:
            from functools import partial

            return partial(self._asked, **given)
        metrics = _sklearn(self.name).metrics
        return metrics.make_scorer(
            self._inner,
            response_method=self._asked._response_method,
            greater_is_better=self._asked._sign > 0,
            **(self._set | given),
        )

    def remedy(self, fixed: Mapping[str, Any], text: str) -> str:
        if fixed.get("unnamed"):
            return '; if it needs a positive class, name it: Outputs(…, positive="…")'
        return ""


def _clusters(split: Any) -> dict[str, Any]:
    """Clusterings: only which rows share a value matters, and the two columns need not match."""
    import numpy as np

    found = gathered(lambda: column(split, "label"), lambda: column(split, "prediction"))
    return {
        name: np.unique(values, return_inverse=True)[1]
        for name, values in zip(("label", "prediction"), found, strict=True)
    }


def _is_real(split: Any) -> bool:
    return "prediction" in split.column_names and "double" in (
        str(split.column("label").type),
        str(split.column("prediction").type),
    )


def _plausible(name: str) -> None:
    """Refuse what is no scorer; scikit-learn is loaded only for a name that is not in NAMES."""
    try:
        there = find_spec("sklearn") is not None
    except ValueError:  # a module that was made by hand
        there = True
    if not there:
        raise DeclarationError(_not_installed(name, "it is not installed"))
    if name not in NAMES:
        try:
            _scorer(name)
        except OutputsError as error:
            raise DeclarationError(str(error)) from None


@lru_cache
def _scorer(name: str) -> Any:
    """One object for each name."""
    metrics = _sklearn(name).metrics
    known = metrics.get_scorer_names()
    if name not in known:
        raise OutputsError(
            [
                f"custom({name!r}): scikit-learn has no scorer of that name"
                f"{did_you_mean(name, known)}; sklearn.metrics.get_scorer_names() lists them"
            ]
        )
    return metrics.get_scorer(name)


def _sklearn(name: str) -> Any:
    try:
        import sklearn.base
        import sklearn.metrics
    except ImportError as error:
        raise OutputsError([_not_installed(name, f"which cannot be imported: {error}")]) from None
    return sklearn


def _not_installed(name: str, why: str) -> str:
    return (
        f'custom({name!r}) is a scorer of scikit-learn ({why}); pip install "evalharness[sklearn]"'
    )

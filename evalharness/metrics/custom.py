"""Any metric of the user's own, and scikit-learn's: `custom(f)`, `custom("neg_log_loss")`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evalharness.declare.errors import DeclarationError, OutputsError
from evalharness.declare.forms import Mean, Undefined
from evalharness.declare.metric import Metric, metric
from evalharness.metrics.raw_columns import reader
from evalharness.statistics.base import gathered
from evalharness.statistics.examples import Examples, ExampleTable, Resampled
from evalharness.statistics.tables import MomentTable

UNBOUNDED = (-math.inf, math.inf)


def custom(
    function: Any,
    *,
    better: str | None = None,
    range: tuple[float, float] = UNBOUNDED,
    name: str | None = None,
    **options: Any,
) -> Metric:
    """Any function of the rows as a metric: your own, or one of scikit-learn's.

    `function` is one of
    * a function whose arguments name columns, `f(label, prediction)`, and which returns one number,
      or one for each row (then the metric is their mean). It is given whole columns, (n,) arrays of
      what stands in the table: `label`, `prediction`, any other column; and `score` (n,), `scores`
      and `probabilities` (n, classes). Other arguments that have a default are parameters of the
      metric. An argument `sample_weight` is given the weights.
    * a function of sklearn.metrics: `custom(sklearn.metrics.fbeta_score, beta=2)`.
    * the name of a scorer of scikit-learn, or a scorer: `custom("neg_log_loss")`,
      `custom(make_scorer(…))`. Higher is better for all of them; "neg_" is a loss with a minus.
      A name is looked up when outputs are read: declaring it loads no scikit-learn, unless it has
      parameters to check.

    `better`: "higher", "lower" or None; `range`: least and greatest value; `name`: what messages
    call it, which a lambda needs; `options`: parameters of the function.

    One number for each row gets the interval of a mean. One number for all gets a bootstrap, BCa,
    of 2,000 resamples of the rows (or clusters), and a jackknife of up to 200 calls; a slow
    function says beforehand what it will cost. Where neither holds (a maximum, the worst of several
    groups, a rate near 0 or 1, fewer than 20 rows), nothing is decided. NaN, or an error, on the
    data is an error; in a slice the metric is undefined there; in more than 1 % of the resamples it
    decides nothing. A function in which the order of the rows matters is refused.

    Where scikit-learn warns that its number stands for 0/0, that is an error too; zero_division=
    says what it is. Only a mean over the rows of a multilabel table ("f1_samples") counts 0 for a
    row where it is 0/0, as scikit-learn does, unless that is every row.

    Metrics of text are used through the libraries that define them. A score of the corpus is one
    number, `sacrebleu.corpus_bleu(list(prediction), [list(label)]).score`; scores of sentences
    (chrF, ROUGE) are one for each row, `[scorer.score(a, b) for a, b in zip(label, prediction)]`.

    >>> def agreement(label, prediction, *, power=1):
    ...     return (label == prediction).mean() ** power
    >>> custom(agreement, better="higher", range=(0, 1)).on("test") >= 0.8
    agreement.on("test") >= 0.8
    >>> custom(agreement, power=2)
    agreement(power=2)
    """
    from evalharness.metrics import scorers

    asked: Any = scorers.of(function, name)
    if asked is None:
        asked = Called(function, name or _name(function))
    else:
        if asked.scorer and better not in (None, "higher"):
            raise DeclarationError(
                f"custom({asked.name!r}, better={better!r}): higher is better for every scorer of "
                "scikit-learn; leave better= out, or give the function itself"
            )
        better = "higher" if asked.scorer else better
    label = "custom" if asked.quoted else asked.name
    average = options.get("average")  # a function of one's own may have others
    own = (average,) if isinstance(average, str) and average not in scorers.AVERAGES else ()
    averages = (*scorers.AVERAGES, *own)
    declared = metric(Examples(asked), better=better, range=range, name=label, averages=averages)(
        Answer(asked)
    )
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    return declared(**options) if options else declared


@dataclass(frozen=True)
class Answer:
    """The metric of what a function says."""

    of: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.of.doc)
        object.__setattr__(self, "__name__", self.of.name)

    def __call__(self, table: ExampleTable | MomentTable) -> Any:
        if isinstance(table, MomentTable):
            return Mean(table)
        value, reason = table.asked.number(table.arrays)
        if reason:
            return Undefined(reason)
        return Resampled(value, lambda arrays: table.asked.number(arrays)[0], self.of.name)


@dataclass(frozen=True)
class Called:
    """A function of columns that its arguments name."""

    function: Callable[..., Any]
    name: str
    quoted = ""
    scorer = False

    def __post_init__(self) -> None:
        try:
            hash(self.function)
        except TypeError:
            raise DeclarationError(
                f"custom({self.name}): the function must be hashable, to be told from others"
            ) from None
        if not self.columns:
            raise DeclarationError(
                f"custom({self.name}): its arguments name the columns that it is given, such as "
                "f(label, prediction); it has none without a default"
            )

    @cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        try:
            return inspect.signature(self.function).parameters
        except (TypeError, ValueError):
            raise DeclarationError(
                f"custom({self.name}): Python cannot tell its arguments; wrap it in a function "
                "f(label, prediction)"
            ) from None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it is given."""
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return tuple(
            p.name
            for p in self._parameters.values()
            if p.kind in positional and p.default is p.empty and p.name != "sample_weight"
        )

    @property
    def options(self) -> tuple[str, ...]:
        """Names of its parameters."""
        variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        taken = {*self.columns, "sample_weight"}
        return tuple(
            p.name
            for p in self._parameters.values()
            if p.name not in taken and p.kind not in variable
        )

    @property
    def weighted(self) -> bool:
        return "sample_weight" in self._parameters

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or f"The user's own {self.name}."

    def read(self, split: Any, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        missing = [
            p.name
            for p in self._parameters.values()
            if p.kind is p.KEYWORD_ONLY and p.default is p.empty and p.name not in options
        ]
        if missing and set(missing) - {"sample_weight"}:
            raise OutputsError(
                [f"{self.name}() needs {', '.join(missing)}: custom({self.name}, {missing[0]}=…)"]
            )
        found = gathered(*(reader(split, name) for name in self.columns))
        return dict(zip(self.columns, found, strict=True)), {}

    def __call__(
        self, arrays: Mapping[str, Any], fixed: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Any:
        more = dict(options)
        if "weight" in arrays and self.weighted and "weight" not in self.columns:
            more["sample_weight"] = arrays["weight"]
        return self.function(*(arrays[name] for name in self.columns), **more)

    def remedy(self, fixed: Mapping[str, Any], text: str) -> str:
        return f"; it is given whole columns: {', '.join(self.columns)}"


def _name(function: Any) -> str:
    if not callable(function):
        raise DeclarationError(
            "custom() takes a function such as f(label, prediction), or the name of a scorer of "
            f"scikit-learn; got {function!r}"
        )
    name = getattr(function, "__name__", None) or getattr(
        getattr(function, "func", None), "__name__", type(function).__name__
    )
    if name == "<lambda>":
        raise DeclarationError(
            'custom(lambda …): a lambda has no name for messages; write custom(…, name="my_metric")'
        )
    return str(name)

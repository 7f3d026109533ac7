"""Metrics of language models that are read off ready columns: preferences and log likelihoods."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from evalharness.declare.errors import DeclarationError, OutputsError
from evalharness.declare.forms import Mean, Ratio
from evalharness.declare.metric import Metric, metric
from evalharness.metrics.domain import refuse
from evalharness.statistics.base import Columns, gathered
from evalharness.statistics.sums import Moments, Sums
from evalharness.statistics.tables import MomentTable, PairTable

WORTH = {"win": 1.0, "tie": 0.5, "loss": 0.0}


def win_rate(column: str = "preference") -> Metric:
    """Share of the comparisons that the model wins; a tie counts half.

    (wins + ties/2) / comparisons, of a column of "win", "tie" and "loss", or of 1, 0.5 and 0. Ties
    keep it from being a proportion: it is a mean of values in [0, 1], with that interval.

    >>> win_rate().on("test") >= 0.5
    win_rate("preference").on("test") >= 0.5
    """
    statistic = Preferences(_name(column, "win_rate"))
    return metric(statistic, better="higher", range=(0, 1), name="win_rate")(_win_rate)


def perplexity(column: str = "log_likelihood", tokens: str | None = "tokens") -> Metric:
    """Perplexity: how many equally likely tokens the model hesitates between, at each token.

    exp(−Σ log likelihood / Σ tokens), natural logarithms, each row a text with the sum over its
    `tokens`; with tokens=None each row is one token. At least 1. The row is the unit of inference:
    tokens of one text are not independent.

    >>> perplexity("logp").on("test") <= 20
    perplexity("logp").on("test") <= 20
    >>> perplexity("logp", tokens=None).on("test") <= 20
    perplexity("logp", tokens=None).on("test") <= 20
    """
    if tokens is not None:
        _name(tokens, "perplexity(…, tokens=…)")
    statistic = LogLikelihoods(_name(column, "perplexity"))
    made = metric(statistic, better="lower", range=(1, math.inf), name="perplexity")(_perplexity)
    return made if tokens == statistic.tokens else made(tokens=tokens)


@dataclass(frozen=True)
class Preferences(Moments):
    """`Moments` of what each comparison is worth: a win 1, a tie ½, a loss 0."""

    def read(self, split: Any) -> Columns:
        import numpy as np
        import pyarrow as pa

        name = self.column
        column = split.column(name)
        if pa.types.is_large_string(column.type):
            given = column.to_pylist()
            values = np.array([WORTH.get(word, np.nan) for word in given])
        else:
            values = split.numbers(name)
            given = values.tolist()
        odd = np.flatnonzero(~np.isin(values, list(WORTH.values())))
        if len(odd):
            found = "null" if given[odd[0]] is None else repr(given[odd[0]])[:60]
            raise OutputsError(
                [
                    f"{split.where}: column `{name}` is {found} in row {odd[0]}, and {len(odd):,} "
                    'rows in all are not "win", "tie" or "loss", nor 1, 0.5 or 0; write one of '
                    "these for each comparison"
                ]
            )
        return Columns({"value": values})


@dataclass(frozen=True)
class LogLikelihoods(Sums):
    """Σ −log likelihood and Σ tokens: a `PairTable`. of: the column of log likelihoods; tokens: the
    column of their numbers of tokens, None where each row is one."""

    tokens: str | None = "tokens"

    options: ClassVar[tuple[str, ...]] = ("tokens",)

    def configured(self, options: Mapping[str, Any]) -> LogLikelihoods:
        from dataclasses import replace

        return replace(self, **options)

    def read(self, split: Any) -> Columns:
        import numpy as np

        one = self.tokens is None
        likelihood, tokens = gathered(
            lambda: split.numbers(self.column),
            lambda: np.ones(split.n) if one else split.numbers(self.tokens),
        )
        try:
            refuse(
                (
                    self.column,
                    likelihood,
                    likelihood > 0,
                    "the logarithm of a probability is at most 0; if these are losses (−log), "
                    "change their sign in the table",
                ),
                (
                    str(self.tokens),
                    tokens,
                    (tokens < 1) | (tokens != np.floor(tokens)),
                    "it must be a whole number of tokens, at least 1",
                ),
            )
        except OutputsError as error:
            raise OutputsError(f"{split.where}: {problem}" for problem in error.problems) from None
        return Columns({"numerator": -likelihood, "denominator": tokens})


def _win_rate(table: MomentTable) -> Mean:
    """Share of the comparisons won, ties counting half."""
    return Mean(table)


def _perplexity(table: PairTable) -> Ratio:
    """exp of the mean negative log likelihood of a token."""
    return Ratio(table, through=_exp)


def _exp(x: Any) -> Any:
    import numpy as np

    return np.exp(x)


def _name(column: Any, what: str) -> str:
    if not isinstance(column, str) or not column:
        raise DeclarationError(f"{what} takes the name of a column; got {column!r}")
    return column

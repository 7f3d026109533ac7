"""Metrics of repeated samples: several rows with one `id`, told apart by a column `sample`.

The id (a prompt, a task) is the unit: it counts once, however many samples it has, and samples of
one id are never taken for independent.
"""

from __future__ import annotations

from typing import Any

from evalharness.declare.errors import DeclarationError, OutputsError
from evalharness.declare.forms import Mean
from evalharness.declare.metric import Metric, metric
from evalharness.statistics import MomentTable
from evalharness.statistics.grouped import Grouped, Parts


def pass_at(k: int, column: str = "correct") -> Metric:
    """The chance that at least one of k samples of a prompt is right, mean over prompts.

    1 − C(n − c, k) / C(n, k) of a prompt with n samples of which c are right: the unbiased estimate
    from n ≥ k samples; in [0, 1]. `column`: yes/no, whether a sample is right. A prompt with fewer
    than k samples is an error. Chen et al. 2021 (arXiv 2107.03374).

    >>> pass_at(5).on("test") >= 0.6
    pass_at(k=5).on("test") >= 0.6
    >>> pass_at(1, "solved").value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0))
    0.75
    """
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise DeclarationError(
            f"pass_at({k!r}) takes the number of samples that are drawn, a whole number ≥ 1, such "
            'as pass_at(5) or pass_at(5, "solved")'
        )
    if not isinstance(column, str) or not column:
        raise DeclarationError(
            f'pass_at({k}, {column!r}): the column is named by text, such as "correct"'
        )
    found = _pass_at(k=k)
    return found if column == "correct" else found(column=column)


def mean_of(column: str, *, better: str | None = None) -> Metric:
    """Mean of a numeric column over the samples of each prompt, mean over prompts.

    Each prompt counts once, whereas `mean` counts each row. In the unit of the column. `better`:
    "higher" or "lower", where one of them is.

    >>> mean_of("judge_score", better="higher").on("test") >= 7
    mean_of("judge_score").on("test") >= 7
    """
    if not isinstance(column, str) or not column:
        raise DeclarationError(
            f'mean_of() takes the name of a column, such as mean_of("tokens"); got {column!r}'
        )
    return metric(Grouped(column, by="id"), better=better, name="mean_of")(_mean_of)


def pass_by_prompt(parts: Parts, correct: Any, *, k: int = 1) -> Any:
    """(prompts,) 1 − C(n − c, k) / C(n, k)."""
    import numpy as np

    samples = parts.sizes
    few = samples < k
    if few.any():
        i = int(np.flatnonzero(few)[0])
        raise OutputsError(
            [
                f"pass_at(k={k}) needs at least {k} samples of every prompt, but {few.sum():,} of "
                f"{parts.count:,} have fewer, the first is {parts.name(i)} with {samples[i]}; "
                "give each sample a row of its own (`id` repeats, `sample` tells the samples "
                "apart), or ask for a smaller k"
            ]
        )
    wrong = samples - np.bincount(parts.code, correct, parts.count)
    none = np.ones(parts.count)
    for i in range(k):  # of k places, one after the other, each is wrong
        none *= np.maximum(wrong - i, 0) / (samples - i)
    return 1 - none


@metric(
    Grouped(pass_by_prompt, by="id", columns=("correct",), kind="flags"),
    better="higher",
    range=(0, 1),
    name="pass_at",
)
def _pass_at(table: MomentTable) -> Mean:
    """The chance that at least one of k samples of a prompt is right, mean over prompts."""
    return Mean(table)


def _mean_of(table: MomentTable) -> Mean:
    """Mean over prompts of the mean over their samples."""
    return Mean(table)

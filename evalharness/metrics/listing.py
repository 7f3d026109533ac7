"""The catalogue as a table, made from the metrics themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

from evalharness.declare.metric import Metric

# The families, in the order of the table: a module each, and what it is about.
FAMILIES = {
    "classification": "labels and predictions",
    "ranking": "scores",
    "curves": "scores, at thresholds and over curves",
    "probability": "probabilities",
    "calibration": "calibration of probabilities",
    "regression": "numbers",
    "deviance": "numbers, by deviance",
    "association": "numbers, by association",
    "retrieval": "ranked lists, by query",
    "samples": "repeated samples, by prompt",
    "text": "texts",
    "preferences": "preferences and likelihoods",
    "overlap": "overlap of regions",
    "columns": "any column",
    "custom": "anything else",
}

# What a statistic reads, where no function says so by the names of its arguments.
NEEDS = {
    "Confusion": "label, prediction or score",
    "Hits": "label, prediction or score",
    "Ranks": "label, score",
    "ClassRanks": "label, scores",
    "Confidences": "label, scores",
    "Residuals": "label, prediction",
    "Comoments": "label, prediction",
    "RankPairs": "label, prediction",
    "Edits": "label, prediction (texts)",
    "TextFlags": "label, prediction (texts)",
    "TextMoments": "label, prediction (texts)",
    "Overlaps": "intersection, predicted, labelled, class",
}
ARGUMENTS = {
    "probabilities": "scores",
    "scores_matrix": "scores",
    "label_codes": "label",
    "label_probability": "scores, label",
    "label_places": "scores, label",
    "prediction_codes": "prediction",
}
# Worked out of what another argument needs.
WORKED_OUT = ("given_probabilities", "class_count")

# Which interval decides, by the form that a metric returns.
INTERVALS = {
    "Proportion": "exact (Clopper-Pearson)",
    "Mean": "t and skewness-corrected t",
    "Ratio": "t of what each unit adds",
    "Linear": "t of what each unit adds",
    "ComomentTable": "t of what each unit adds",
    "Concordance": "DeLong, Newcombe and MOVER",
    "Areas": "DeLong, Newcombe and MOVER of each",
    "RankCurve": "t of what each unit adds; 30 of either class",
    "AtThreshold": "Clopper-Pearson, MOVER",
    "Distance": "Dvoretzky-Kiefer-Wolfowitz",
    "Quantile": "order statistics",
    "CalibrationError": "noncentral chi-square of the bins",
    "Unbounded": "none: report-only",
}
OF_CELLS = "MOVER from Clopper-Pearson"

# Made by a function rather than declared: (column it needs, direction, range, interval).
MAKERS = {
    "mean": ("the column", "–", "any", INTERVALS["Mean"]),
    "rate": ("the column (yes/no)", "–", "0 to 1", INTERVALS["Proportion"]),
    "quantile": ("the column", "–", "any", INTERVALS["Quantile"]),
    "latency": ("latency", "lower", "any", "as mean and quantile"),
    "custom": ("what the function names", "as given", "as given", "BCa bootstrap, and t"),
    "win_rate": ("the column", "higher", "0 to 1", INTERVALS["Mean"]),
    "perplexity": ("the column, tokens", "lower", "1 to inf", INTERVALS["Ratio"]),
    "pass_at": ("id, sample, the column (yes/no)", "higher", "0 to 1", INTERVALS["Mean"]),
    "mean_of": ("id, sample, the column", "–", "any", INTERVALS["Mean"]),
}


class Row(NamedTuple):
    """One metric of the table, in words."""

    metric: str
    needs: str
    better: str
    range: str
    interval: str
    summary: str


def families() -> Iterator[tuple[str, list[Row]]]:
    """What each family is about, and its metrics."""
    import importlib

    from evalharness import metrics

    for name, title in FAMILIES.items():
        module = importlib.import_module(f"evalharness.metrics.{name}")
        offered = [n for n in vars(module) if n in metrics.__all__ and _is_home(module, n)]
        yield title, [row(n, getattr(module, n)) for n in offered]


def _is_home(module: Any, name: str) -> bool:
    """Whether the module declares the metric, rather than borrowing it."""
    value = getattr(module, name)
    if isinstance(value, Metric):
        function: Any = value.definition.function
        return bool(getattr(function, "__module__", module.__name__) == module.__name__)
    return bool(getattr(value, "__module__", module.__name__) == module.__name__)


def row(name: str, value: Any) -> Row:
    """The table's row of a metric, or of a function that makes metrics."""
    summary = (inspect.getdoc(value) or "").partition("\n\n")[0].replace("\n", " ")
    if not isinstance(value, Metric):
        if name == "latency":
            summary = "Mean and quantiles of the column `latency`: latency.quantile(0.99)."
        columns, better, span, interval = MAKERS[name]
        arguments = "" if name == "latency" else "(…)"
        return Row(name + arguments, columns, better, span, interval, summary)
    definition = value.definition
    low, high = definition.range
    options = _options(value)
    interval = INTERVALS.get(_form(definition.function), OF_CELLS)
    if getattr(definition.statistic, "average", None):
        interval = OF_CELLS
    return Row(
        name + (f"({', '.join(options)})" if options else ""),
        needs(definition.statistic),
        definition.better or "–",
        f"{low:g} to {high:g}",
        interval,
        summary,
    )


def needs(statistic: Any) -> str:
    """The columns that a statistic reads, in words."""
    kind = type(statistic).__name__
    if kind in NEEDS:
        return NEEDS[kind]
    by = [statistic.by] if getattr(statistic, "by", "") else []
    named = list(getattr(statistic, "columns", ()))
    if not named and isinstance(statistic.of, str):
        named = [statistic.of]
    elif not named:
        found = inspect.signature(statistic.of).parameters.values()
        named = [p.name for p in found if p.kind is not p.KEYWORD_ONLY][len(by) :]
        named = [name for name in named if name not in WORKED_OUT]
    return ", ".join(dict.fromkeys([*by, *(ARGUMENTS.get(n, n) for n in named)]))


def _options(value: Metric) -> list[str]:
    """The parameters that are its own, with their defaults, and the averages."""
    given = dict(value.options)
    shown = [f"{k}={given.get(k, v)!r}" for k, v in value.definition.parameters.items()]
    of = getattr(value.definition.statistic, "of", None)
    if callable(of):
        found = inspect.signature(of).parameters.values()
        shown += [f"{p.name}={p.default!r}" for p in found if p.kind is p.KEYWORD_ONLY]
    return shown + (["average="] if value.definition.averages else [])


def _form(function: Any) -> str:
    """The form that a metric's function says that it returns, by its annotation."""
    said = str(getattr(function, "__annotations__", {}).get("return", ""))
    return said.partition("|")[0].strip().rpartition(".")[2]


def markdown() -> str:
    """The table as a page."""
    lines = [
        "# The catalogue",
        "",
        "Made from the code by `evalharness metrics --markdown`. Every metric takes `.on(split,",
        "column=value)`, `.by(column)`, weights and clusters; *needs* are the columns that it",
        "reads; *interval* is what decides for examples that count alike and were sampled one by",
        "one (for others see the README).",
    ]
    for title, rows in families():
        lines += ["", f"## {title[0].upper()}{title[1:]}", ""]
        lines += ["| metric | needs | better | range | interval | |", "|---|---|---|---|---|---|"]
        for r in rows:
            cells = [f"`{r.metric}`", *(c.replace("|", "\\|") for c in r[1:])]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"

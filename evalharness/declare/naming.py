"""How a metric is written: in code, in messages, and in node ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalharness.declare.metric import Metric


def label(metric: Metric) -> str:
    """The metric and its parameters as a person writes them: `f1(average='macro')`."""
    column = getattr(metric.definition.statistic, "column", "")
    arguments = [f"{k}={v!r}" for k, v in metric.options]
    if column:
        positional = [repr(v) if k in ("q", "k") else f"{k}={v!r}" for k, v in metric.options]
        if column == "latency":
            return f"latency.{metric.name}({', '.join(positional)})"
        return f"{metric.name}({', '.join([quoted(column), *positional])})"
    return f"{metric.name}({', '.join(arguments)})" if arguments else metric.name


def slug(metric: Metric) -> str:
    """For node ids: letters, digits, `-`, `_` and `.` only."""
    column = getattr(metric.definition.statistic, "column", "")
    words = [column, metric.name] if column else [metric.name]
    for key, value in metric.options:
        words += [str(value)] if key in ("average", "q", "k") else [key, str(value)]
    words.append(metric.split)
    for name, value in metric.where:
        words += [name, str(value)]
    if metric.group:
        words += ["by", *metric.group]
    words += [metric.over] if metric.over else []
    words += ["exactly"] if metric.exact else []
    return slug_of(*words)


def slug_of(*words: str) -> str:
    """The words as a part of a node id."""
    return "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", w).strip("-") or "-" for w in words)


def written(metric: Metric) -> str:
    """As its author wrote it."""
    text = metric.label
    placed = metric.split or metric.group
    if placed and re.search(r" [-+*/] ", text) and not text.endswith(")"):
        text = f"({text})"
    text += place(metric)
    return (
        text + (f".{metric.over}()" if metric.over else "") + (".exactly()" if metric.exact else "")
    )


def place(metric: Metric) -> str:
    """What its author wrote of where it is measured: `.on("test", region="eu").by("device")`."""
    text = ""
    if metric.split:
        where = [f"{c}={quoted(v)}" for c, v in metric.where]
        text += f".on({', '.join([quoted(metric.split), *where])})"
    if metric.group:
        least = f", min_n={metric.min_n}" if metric.min_n > 1 else ""
        text += f".by({', '.join(map(quoted, metric.group))}{least})"
    return text


def quoted(value: Any) -> str:
    """A value as it stands in code; text in double quotes, as most would write it."""
    if isinstance(value, str) and not (set('"\\') & set(value)) and value.isprintable():
        return f'"{value}"'
    return repr(value)


def word(value: Any) -> str:
    """A value of a column as messages name it; line breaks and the like are escaped."""
    if value is None:
        return "(missing)"
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)

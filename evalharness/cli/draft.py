"""The text of a first test file."""

from __future__ import annotations

import json
import keyword
import re
import textwrap
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalharness.cli.meaning import Meaning
    from evalharness.declare.metric import Metric
    from evalharness.inference.estimates import Estimate

# Arguments of `Outputs`, which are no names of splits there.
ARGUMENTS = {"columns", "classes", "positive", "missing", "threshold"}
HEAD = '''\
"""A first release gate, written by `evalharness init`. It is yours to change.

Every threshold is only what the outputs show today, rounded. It says what the model does,
not what it must do. Put there what those who use it need.
"""
'''


@dataclass(frozen=True)
class Draft:
    """What is to be written. files: by the names of their splits, whose columns are `columns`;
    gate: the split with the bounds; bounds: each metric with its estimate; also: what is reported.
    """

    files: dict[str, str]
    columns: dict[str, set[str]]
    gate: str
    meaning: Meaning
    bounds: list[tuple[Metric, Estimate]]
    also: list[Metric]

    def text(self, stem: str) -> str:
        """The file; `stem`: its name without the suffix, after which the class is called."""
        used = [m for m, now in self.bounds if shown_today(m, now)] + self.also
        names = sorted({re.split(r"\W", str(metric), maxsplit=1)[0] for metric in used})
        splits = _splits(self.columns)
        library = ["Evaluation", "Outputs", *sorted({s.split("(")[0] for s in splits})]
        words = re.sub(r"^test_?|_?test$", "", stem) or "model"
        name = "".join(part.capitalize() for part in re.split(r"\W|_", words))
        lines = [
            f"from evalharness import {', '.join(library)}",
            f"from evalharness.metrics import {', '.join(names)}",
            "",
            "",
            f"class Test{name}(Evaluation):",
            '    """May this model be released?"""',
            "",
            *(f"    {line}" if line else "" for line in self._body(splits)),
        ]
        return "\n".join([HEAD, *lines, ""])

    def _body(self, splits: list[str]) -> list[str]:
        told = self.meaning.told
        lines = ["satisficing = ["]
        lines += [f"    # What is in `label`: {told}."] if told else []
        for metric, now in self.bounds:
            lines += [f"    {line}" for line in _bound(metric.on(self.gate), now)]
        lines += [f"    {line}" for line in self._more()] + ["]"]
        if splits:
            lines += ["splits = [", *(f"    {s}," for s in splits), "]"]
        lines += self._sizes()
        if self.also:
            also = ", ".join(str(metric.on(self.gate)) for metric in self.also)
            lines += ["# Reported, not gated:", f"also = [{also}]"]
        return [*lines, "", "@classmethod", "def outputs(cls):", *self._outputs()]

    @property
    def _first(self) -> tuple[Metric, Estimate]:
        return next((m, now) for m, now in self.bounds if shown_today(m, now))

    def _more(self) -> list[str]:
        """Lines to uncomment: the first bound on every value of a column."""
        metric, now = self._first
        asked = f"{_op(metric)} {shown_today(metric, now)}"
        found = [
            f"# {metric.on(self.gate)}.by({json.dumps(column)}, min_n=100) {asked},"
            for column in self.meaning.slices
        ]
        return ["# The same of every slice of 100 rows or more:", *found] if found else []

    def _sizes(self) -> list[str]:
        metric, now = self._first
        expected = f"{Decimal(now.value).quantize(Decimal('0.001')):f}"
        return [
            "# Can so many examples show it, if the value is truly the one that you expect? Add to",
            "# `splits`, after `from evalharness import large_enough`:",
            f"# large_enough({json.dumps(self.gate)}, true={{{metric}: {expected}}})",
        ]

    def _outputs(self) -> list[str]:
        """The lines that return the outputs."""
        plain = all(n.isidentifier() and not keyword.iskeyword(n) for n in self.files)
        quoted = {n: json.dumps(file, ensure_ascii=False) for n, file in self.files.items()}
        lines = ["    return Outputs("]
        if plain and not ARGUMENTS & set(self.files):
            lines += [f"        {name}={file}," for name, file in quoted.items()]
        else:
            inside = ", ".join(f"{json.dumps(name)}: {file}" for name, file in quoted.items())
            lines.append(f"        {{{inside}}},")
        for option, value in self.meaning.options.items():
            remark = self.meaning.remarks.get(option, "")
            text = repr(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)
            lines += [f"        # {remark}"] if remark else []
            lines.append(f"        {option}={text},")
        return [*lines, "    )"]


def shown_today(metric: Metric, now: Estimate) -> str:
    """The threshold that is just shown to be met, with two digits; "" where none is."""
    low, high = metric.range
    if metric.better == "higher":
        if not now.at_least > low:
            return ""
        if high == 1:  # two digits of what is missing: 0.91, 0.9971
            return f"{Decimal(1) - _two_digits(1 - now.at_least, up=True)}"
        return f"{_two_digits(now.at_least, up=False)}"
    if not now.at_most < high:
        return ""
    return f"{_two_digits(now.at_most, up=True):f}"


def _two_digits(x: float, up: bool) -> Decimal:
    """The next number of two digits that is truly larger, or smaller."""
    number = Decimal(x)
    unit = Decimal(1).scaleb(number.adjusted() - 1) if number else Decimal("0.001")
    rounded = number.quantize(unit, ROUND_CEILING if up else ROUND_FLOOR)
    if rounded == number:
        rounded += unit if up else -unit
    return rounded.quantize(Decimal(1)) if unit >= 1 else rounded


def _op(metric: Metric) -> str:
    return ">=" if metric.better == "higher" else "<="


def _bound(metric: Metric, now: Estimate) -> list[str]:
    """The lines of one bound."""
    from evalharness.inference.numbers import show

    upward, op, threshold = metric.better == "higher", _op(metric), shown_today(metric, now)
    count = f"{now.n:,} {now.unit}"
    if not threshold:
        why = f"today {show(now.value)} ({count}): {now.reason or 'too few to show anything'}"
        return [f"# {metric} {op} …,", *(f"#   {line}" for line in textwrap.wrap(why, 86))]
    word, limit = ("at least", now.at_least) if upward else ("at most", now.at_most)
    sure = show(limit, toward="down" if upward else "up")
    return [
        f"# today {show(now.value)}, {word} {sure} with 95 % confidence ({count})",
        f"{metric} {op} {threshold},",
    ]


def _splits(columns: dict[str, set[str]]) -> list[str]:
    """The checks of splits that the names of the splits, and their columns, allow."""
    found = []
    if {"dev", "test"} <= set(columns):
        found.append('same_distribution("dev", "test")')
    for name in ("train_dev", "dev", "test"):
        if {"train", name} <= set(columns) and "id" in columns["train"] & columns[name]:
            found.append(f'no_leakage("train", "{name}")')
    return found

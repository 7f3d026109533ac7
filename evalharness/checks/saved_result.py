"""An evaluation of a saved result: the bounds of what it holds, without its examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from evalharness.checks import held_tables
from evalharness.declare import naming
from evalharness.declare.errors import EvalharnessError, OutputsError
from evalharness.declare.metric import Metric
from evalharness.declare.naming import word
from evalharness.inference.bounds import Bounds
from evalharness.inference.held_limits import HeldBounds

MOST = 8
DECLARE = "declare the metric (`also`) and save again"


class SavedResult:
    """What `held` kept of one evaluation.

    name: of the saved result; evaluation: of the class; data: the dictionaries.
    """

    def __init__(self, name: str, evaluation: str, data: Mapping[str, Any]) -> None:
        self.name, self.evaluation, self._data = name, evaluation, data
        try:
            settings = data["settings"]
            self.confidence, self.policy = float(settings["confidence"]), str(settings["policy"])
            self.gated = tuple(map(str, data["gated"]))
            self.against = tuple(map(str, data["against"]))
            for part in ("checks", "data", "figures", "limits", "tables"):
                dict(data[part])
        except (KeyError, TypeError, ValueError) as error:
            raise OutputsError([self._torn(error)]) from error

    def model(self, ours: str) -> str:
        """The gated model that a model is compared with: that of its name, else the only one."""
        if ours in self.gated:
            return ours
        if len(self.gated) == 1:
            return self.gated[0]
        known = ", ".join(map(repr, self.gated))
        raise OutputsError(
            [
                f"saved({self.name!r}) gated {known}, and none is called {ours!r}; save a result "
                "of one model, or of models of the same names"
            ]
        )

    def of_split(self, model: str, split: str) -> Mapping[str, Any]:
        """What is known of a split: rows, digest, and of metrics of classes these."""
        found: Mapping[str, Any] = self.splits(model).get(split, {})
        return found

    @property
    def models(self) -> list[str]:
        """Of which anything is held."""
        return list(self._data["data"])

    def splits(self, model: str) -> Mapping[str, Any]:
        """What is known of each split of a model."""
        found: Mapping[str, Any] = self._data["data"].get(model, {})
        return found

    def verdicts(self) -> Iterator[tuple[str, str]]:
        """The outcome of each check, and its message; "waived" where only a waiver lets it
        through."""
        for by in self._data["checks"].values():
            for told in by.values():
                yield str(told["outcome"]), str(told["message"])

    def values(self, model: str) -> Iterator[tuple[str, float, int]]:
        """The declared metrics as they were written, each with its first value and how many slices
        it has."""
        for metric, by in self.declared(model):
            yield metric, next(iter(by.values())).value, len(by)

    def declared(self, model: str) -> Iterator[tuple[str, dict[str, Bounds]]]:
        """The declared metrics as they were written, each with its slices; by the limits at the
        confidence of the evaluation alone."""
        for metric, by in self._data["figures"].get(model, {}).items():
            yield metric, {g: self._of_figure(row) for g, row in by.items()}
        for metric in self._data["limits"].get(model, {}):
            yield metric, self._of_limits(model, metric)

    def _of_figure(self, row: Mapping[str, Any]) -> Bounds:
        value, low, high = (float(row[k]) for k in ("value", "at_least", "at_most"))
        found = (self.confidence, low, high)
        level = [1 - self.confidence]
        return HeldBounds(value, row["n"], ("", "", "", ""), found, level, [low], [high])

    def metrics(self, model: str) -> list[str]:
        """The declared metrics, as they were written."""
        return [*self._data["figures"].get(model, {}), *self._data["limits"].get(model, {})]

    def tables(self, model: str) -> dict[str, list[str]]:
        """What tables are of, each with the metrics of the catalogue that it tells."""
        return {name: _told_by(name) for name in self._data["tables"].get(model, {})}

    def bounds(self, model: str, metric: Metric) -> dict[str, Bounds]:
        """The bounds of each slice of a metric. Raises OutputsError where it is not held."""
        try:
            found = self._of_table(model, metric) or self._of_limits(model, str(metric))
        except held_tables.NeedsExamples as error:
            raise OutputsError([f"{self._lacks(metric)}: {error}; {DECLARE}"]) from error
        except OutputsError:
            raise
        except (
            *(AttributeError, IndexError, KeyError, TypeError, ValueError),
            EvalharnessError,  # of numbers that no examples give, such as -5 hits
        ) as error:
            raise OutputsError([self._torn(error)]) from error
        if not found:
            raise OutputsError([f"{self._lacks(metric)}; {self._holds(model, metric)}"])
        return found

    def _of_table(self, model: str, metric: Metric) -> dict[str, Bounds]:
        if metric.over or metric.exact or len(metric.parts) > 1:
            return {}
        if "threshold_from" in dict(metric.options):
            return {}
        kept = self._data["tables"].get(model, {})
        if not (name := held_tables.key(metric)):
            return {}
        if name in kept:
            return _each(metric, kept[name], kept[name]["rows"])
        suffix = name.removeprefix(held_tables.words(metric.statistic))
        cells = held_tables.cells_of_hits(metric)
        if cells is not None:
            split = self.of_split(model, metric.split)
            told = kept.get(held_tables.words(cells) + suffix)
            if told and len(split.get("classes", ())) == 2 and not split["multilabel"]:
                hits = {g: _hits(*row) for g, row in told["rows"].items()}
                return _each(metric, {"table": "Share"}, hits)
        if len(metric.where) == 1 and not metric.group:
            # One slice of all that were measured together.
            column = metric.where[0][0]
            by = _placed(metric, column)
            if (rows := kept.get(by, {}).get("rows", {})) and metric.slice in rows:
                return _each(metric, kept[by], {"": rows[metric.slice]})
        return {}

    def _of_limits(self, model: str, metric: str) -> dict[str, Bounds]:
        entry = self._data["limits"].get(model, {}).get(metric)
        if entry is None:
            return {}
        found: dict[str, Bounds] = {}
        for name, row in entry["rows"].items():
            told = {**entry, **row}
            words = tuple(str(told[k]) for k in ("unit", "shown", "decides", "reason"))
            found[name] = HeldBounds(
                float(told["value"]),
                told["n"],
                words,  # type: ignore[arg-type]
                (self.confidence, float(told["low"]), float(told["high"])),
                told["levels"],
                told["lower"],
                told["upper"],
                bool(told["closed"]),
                str(told["note"]),
            )
        return found

    def _lacks(self, metric: Metric) -> str:
        return f"saved({self.name!r}) does not hold {metric} of {self.evaluation}"

    def _holds(self, model: str, metric: Metric) -> str:
        """What there is on the split that was asked for."""
        if metric.split not in (splits := self.splits(model)):
            return f"it holds {', '.join(splits) or 'nothing'} of {model!r}, not {metric.split!r}"
        for column, value in metric.where:
            held = self._slices(model, metric.split, column)
            if held and word(value) not in held:
                return f"slices of {metric.split} by {column} that it holds are {_some(held)}"
        on = naming.place(replace(metric, where=(), group=())).removesuffix(")")
        metrics = [name for name in self.metrics(model) if on in name]
        told = [m for name, ms in self.tables(model).items() if name.endswith(f"{on})") for m in ms]
        more = f", and by its tables {', '.join(sorted({*told}))}" if told else ""
        return f"on {metric.split} it holds {_some(metrics)}{more}; {DECLARE}"

    def _slices(self, model: str, split: str, column: str) -> list[str]:
        """The values of a column of which a slice is held, alone or with all others."""
        found: dict[str, None] = {}
        for part in ("figures", "limits", "tables"):
            for text, entry in self._data[part].get(model, {}).items():
                if f".on({naming.quoted(split)}" in text:
                    names = entry.get("rows", {}) if part != "figures" else entry
                    found |= dict.fromkeys(n for n in names if n.startswith(f"{column}="))
        return [name.removeprefix(f"{column}=") for name in found if ", " not in name]

    def _torn(self, error: Exception) -> str:
        return (
            f"saved({self.name!r}) cannot be read: of {self.evaluation} there is a wrong entry "
            f"({type(error).__name__}: {error}); it was edited by hand or merged; save it again"
        )


def _each(metric: Metric, entry: Mapping[str, Any], rows: Mapping[str, Any]) -> dict[str, Bounds]:
    classes = entry.get("classes", ())
    return {
        name: held_tables.bounds(metric, held_tables.made(entry["table"], row), classes)
        for name, row in rows.items()
    }


def _hits(tp: int, fp: int, fn: int, tn: int) -> list[int]:
    return [tp + tn, tp + fp + fn + tn]


def _placed(metric: Metric, column: str) -> str:
    return held_tables.key(replace(metric, where=(), group=(column,)))


@cache
def _told_by(table: str) -> list[str]:
    """The metrics of the catalogue that a table tells, as they are without options."""
    from evalharness import metrics

    found = []
    for name in metrics.__all__:
        metric = getattr(metrics, name)
        if isinstance(metric, Metric) and not metric.definition.report_only:
            words = held_tables.words(metric.statistic)
            if words and table.startswith(words + "."):
                found.append(name)
    return found


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more

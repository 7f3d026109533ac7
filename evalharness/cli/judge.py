"""`evalharness judge v1 --require "recall.on('test') >= 0.9"`: new bounds, without the outputs."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Judge a saved result by bounds that need not have been declared: by its tables, as with the outputs;
and by the limits that it holds of metrics for which no table is enough. Without --require: what it
holds.
"""
EPILOG = """\
examples:
  evalharness judge v1
  evalharness judge v1 --require "recall.on('test') >= 0.9" --require "f1.on('test') >= 0.8"
  evalharness judge results/v1.json --require "recall.on('test').by('region') >= 0.8"

exit status: 0 every bound passes, 1 one fails or is inconclusive, 2 it cannot be judged
"""


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    parser = commands.add_parser(
        "judge",
        help="judge a saved result by other bounds",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("saved", help="name of a saved result, or the path of its file")
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="BOUND",
        help="a bound, as in Python, with its split: \"recall.on('test') >= 0.9\"; may be repeated",
    )
    parser.add_argument(
        "--confidence", type=float, metavar="C", help="one-sided (default: that of the evaluation)"
    )
    parser.set_defaults(run=run)


def run(given: Any) -> int:
    """The command; returns its exit status."""
    from evalharness.declare.errors import EvalharnessError

    try:
        return _run(given)
    except EvalharnessError as error:
        raise EvalharnessError(_wrapped(str(error))) from error


def _wrapped(text: str) -> str:
    """In 100 columns, with what the command puts before it; a line goes on further to the right."""
    lines = []
    for line in f"evalharness: {text}".splitlines():
        pad = " " * (len(line) - len(line.lstrip()) + 2)
        lines += textwrap.wrap(
            line, 100, subsequent_indent=pad, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "\n".join(lines).removeprefix("evalharness: ")


def _run(given: Any) -> int:
    from evalharness.declare.errors import EvalharnessError

    if given.confidence is not None and not 0.5 <= given.confidence < 1:
        raise EvalharnessError(f"--confidence {given.confidence:g} must lie in 0.5 ≤ C < 1")
    content = _content(given.saved)
    kept = _evaluations(given.saved, content)
    if not given.require:
        print("\n".join([_head(given.saved, content), *_held(kept)]))
        return 0
    checks = _judged(kept, given.require, given.confidence)
    from evalharness.checks.table import text_table

    print(f"{_head(given.saved, content)}\n\n{text_table(checks)}")
    return 0 if all(c.outcome == "pass" for c in checks) else 1


def _content(saved: str) -> dict[str, Any]:
    from evalharness.store import FOLDER, Store
    from evalharness.store.files import read

    if saved.endswith(".json") or Path(saved).is_file():
        return read(Path(saved))
    return Store(Path(FOLDER)).read(saved)


def _evaluations(saved: str, content: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Each evaluation with the name by which it is told from the others."""
    from evalharness.checks.saved_result import SavedResult

    every = content["evaluations"]
    name = Path(saved).stem if saved.endswith(".json") else saved
    found = [(k, SavedResult(name, str(v.get("name", k)), v)) for k, v in every.items()]
    return [(k if len(found) > 1 else "", kept) for k, kept in found]


def _judged(kept: list[tuple[str, Any]], written: list[str], confidence: float | None) -> list[Any]:
    """The verdicts of every bound about every gated model of the evaluations that hold it."""
    from evalharness.cli.expression import bound_of
    from evalharness.declare.errors import EvalharnessError, OutputsError, numbered

    bounds, problems = [], []
    for text in dict.fromkeys(written):
        try:
            bound = bound_of(text)
        except EvalharnessError as error:
            problems.append(str(error))
            continue
        if bound.baseline is not None or bound.human is not None:
            problems.append(
                f"{bound}: a saved result holds no examples that could be paired, and no people's "
                "answers; ask for the metric itself, `METRIC.on('test') >= NUMBER`, or declare "
                "`.against(…)` in an evaluation and run it on the outputs"
            )
        if not bound.metric.split:
            problems.append(f"{bound} stands on no split; write {bound.metric.label}.on('test')")
        bounds.append(bound)
    if problems:
        raise EvalharnessError(numbered("problems", tuple(problems)))
    checks = []
    for bound in bounds:
        found, lacking = list[Any](), list[str]()
        for of, one in kept:
            try:
                found += list(_of(of, one, bound, len(bounds), confidence))
            except OutputsError as error:
                lacking += error.problems
        problems += [] if found else lacking
        checks += found
    if problems:
        raise EvalharnessError(numbered("problems", tuple(problems)))
    return checks


def _of(of: str, kept: Any, bound: Any, bounds: int, confidence: float | None) -> Iterator[Any]:
    """The verdict about each gated model of one evaluation."""
    from evalharness.checks.satisficing import judge
    from evalharness.checks.settings import Settings
    from evalharness.inference.estimates import estimate

    metric, several = bound.metric, len(kept.gated) > 1
    settings = Settings(confidence or kept.confidence, kept.policy, family=bounds * len(kept.gated))
    for model in kept.gated:
        name = ": ".join(filter(None, [of, model if several else ""]))
        each = [
            estimate(
                found,
                settings.confidence,
                note=getattr(found, "note", ""),
                metric=metric.measured,
                model=name,
                split=metric.split,
                slice=", ".join(filter(None, [metric.slice, piece])),
            )
            for piece, found in kept.bounds(model, metric).items()
        ]
        yield judge(bound, metric.slug, name, each, settings, ())


def _head(saved: str, content: Mapping[str, Any]) -> str:
    """Where it comes from."""
    told = content.get("provenance", {})
    commit = told.get("commit")
    of = f", at commit {str(commit)[:12]}" if commit else ""
    of += " with changes that are not committed" if told.get("dirty") else ""
    return f"{saved}, saved {told.get('time', 'at an unknown time')}{of}"


def _held(kept: list[tuple[str, Any]]) -> Iterator[str]:
    from evalharness.checks.table import WORD
    from evalharness.declare.plural import counted
    from evalharness.inference.numbers import show

    for _, one in kept:
        yield f"\n{one.evaluation}, gated: {', '.join(one.gated)}"
        for outcome, message in one.verdicts():
            line = f"  {WORD.get(outcome, outcome)}: {' '.join(message.split())}"
            yield from textwrap.wrap(line, 100, subsequent_indent=" " * 6)
        for model in one.models:
            yield f"  {model}"
            for split, data in one.splits(model).items():
                yield f"    {split}: {counted(data['rows'], 'rows')}"
            for metric, value, slices in one.values(model):
                yield f"    {metric}: " + (f"{slices} slices" if slices > 1 else show(value))
            for name, metrics in one.tables(model).items():
                told = f": {', '.join(metrics)}" if metrics else ""
                yield from textwrap.wrap(
                    f"    by the table of {name}{told}", 100, subsequent_indent=" " * 6
                )

"""`evalharness compare a.parquet b.parquet --optimize f1 --require "recall >= 0.9"`: the choice
among several models, without a test file."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

DESCRIPTION = """\
Which of several models is best, among those that meet every bound? Each file holds the outputs of
one model on the same examples, paired by the column `id`.
"""
EPILOG = """\
examples:
  evalharness compare a.parquet b.parquet --optimize f1
  evalharness compare runs/*.parquet --optimize 'f1(average="macro")' \\
      --require "recall >= 0.9" --require "latency.quantile(0.99) <= 100"

Metrics and bounds are written as in Python; `evalharness metrics` lists them. The split is called
test, so that a slice is recall.on("test", region="eu") >= 0.85. A bound on a difference names its
baseline by its file, which is then no candidate: a.parquet b.parquet old.parquet
--require 'recall.against("old") >= -0.01'.

exit status:
  0  at least one model is shown to meet every bound, and the best of these is told
  1  none does, or none is shown to
  2  the files or the expressions cannot be used; what is wrong is told
"""
SPLIT = "test"


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    parser = commands.add_parser(
        "compare",
        help="choose among several models' outputs",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="outputs of one model each")
    parser.add_argument(
        "--optimize", required=True, metavar="METRIC", help="what the best model is best in"
    )
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="BOUND",
        help='what every model must meet: "recall >= 0.9"; may be given several times',
    )
    parser.add_argument(
        "--confidence",
        type=float,
        default=0.95,
        metavar="C",
        help="of what is said of all models together (default: 0.95)",
    )
    parser.add_argument("--json", metavar="PATH", help="also write the result as JSON")
    parser.set_defaults(run=run)


def run(given: Any) -> int:
    """The command; returns its exit status."""

    lines, status = compared(given)
    print("\n".join(lines))
    return status


def compared(given: Any) -> tuple[list[str], int]:
    """What is printed, and the exit status."""
    from evalharness.checks.satisficing import CheckResult
    from evalharness.checks.table import WORD
    from evalharness.cli.expression import bound_of, metric_of
    from evalharness.evaluation import Evaluation
    from evalharness.inference.verdicts import PASS
    from evalharness.outputs import Outputs

    names = named(given.files)
    metric = metric_of(given.optimize)
    bounds = [bound_of(text) for text in given.require]
    body = {
        "models": candidates(names, [b.baseline for b in bounds if b.baseline is not None]),
        "optimizing": _placed(metric),
        "satisficing": [replace(b, metric=_placed(b.metric)) for b in bounds],
        "confidence": given.confidence,
    }
    evaluation: Any = type("compare", (Evaluation,), body)
    result = evaluation.run({name: Outputs({SPLIT: path}) for name, path in names.items()})
    if given.json:
        result.to_json(given.json)
    choice = result[body["optimizing"]]
    lines = [f"{WORD[choice.outcome]}: {choice.message}", "", choice.told()]
    open_ = [c for c in result.checks if isinstance(c, CheckResult) and c.outcome != PASS]
    lines += ["", *(f"{WORD[c.outcome]}: {c.message}" for c in open_)] if open_ else []
    return lines, int(choice.outcome != PASS)


def named(files: Sequence[str]) -> dict[str, str]:
    """Each file by the name of its model: the name of the file, with as many folders before it as
    tell it from the others. Raises DeclarationError for what are not several models."""
    from evalharness.declare.errors import DeclarationError

    twice = [f for f, n in Counter(files).items() if n > 1]
    if twice:
        raise DeclarationError(f"{twice[0]} is given twice; a model is compared with others")
    if len(files) < 2:
        raise DeclarationError(
            f"there is one file, {files[0]}; a choice takes two models or more, a file each"
        )
    parts = {f: (*PurePath(f).parts[:-1], PurePath(f).stem) for f in files}
    found = {}
    for file, path in parts.items():
        others = [p for f, p in parts.items() if f != file]
        depth = 1
        while depth < len(path) and path[-depth:] in [p[-depth:] for p in others]:
            depth += 1
        same = path[-depth:] in [p[-depth:] for p in others]
        found[file if same else "/".join(path[-depth:])] = file
    return found


def candidates(names: Iterable[str], baselines: Sequence[Any]) -> list[str]:
    """The models to choose from: all but those that bounds compare with. Raises DeclarationError
    for a baseline that no file is, and where fewer than two are left."""
    from evalharness.declare.errors import DeclarationError, did_you_mean

    names = list(names)
    unknown = [b for b in dict.fromkeys(baselines) if b not in names]
    if unknown:
        raise DeclarationError(
            f"--require compares with {unknown[0]!r}, and no file is that model"
            f"{did_you_mean(unknown[0], names)}; the files are {', '.join(names)}"
        )
    left = [name for name in names if name not in baselines]
    if len(left) < 2:
        beside = ", ".join(dict.fromkeys(baselines))
        found = f"only {left[0]} is left" if left else "no file is left"
        raise DeclarationError(
            f"{found} to choose from beside what --require compares with ({beside}), which is no "
            "candidate; a choice takes two models or more, a file each"
        )
    return left


def _placed(metric: Any) -> Any:
    """The metric on the split that the files are."""
    return metric if metric.split else metric.on(SPLIT)

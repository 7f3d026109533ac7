"""`evalharness init outputs.parquet`: a first test file, from the columns of the outputs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from evalharness.declare.errors import EvalharnessError

DESCRIPTION = """\
Write a first test file from the columns of a model's outputs. It runs as it is. Its thresholds are
placeholders, of what the outputs show today: put there what the model must do.
"""
EPILOG = """\
examples:
  evalharness init outputs.parquet                    one file, the split `test`
  evalharness init dev.parquet test.parquet           splits by the names of their files
"""


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    import argparse

    parser = commands.add_parser(
        "init",
        help="write a first test file from the columns of a model's outputs",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("outputs", nargs="+", metavar="FILE", help="a table for each split")
    parser.add_argument("--split", metavar="NAME", help="of the only file (default: test)")
    parser.add_argument(
        "-o",
        "--output",
        default="test_release.py",
        metavar="FILE",
        help="what to write (default: test_release.py)",
    )
    parser.set_defaults(run=run)


def run(given: Any) -> int:
    """The command; returns its exit status."""
    path = Path(given.output)
    if path.suffix != ".py":
        raise EvalharnessError(f"-o {path}: a test file ends in .py, such as test_release.py")
    if path.exists():
        raise EvalharnessError(f"{path} is there already, and stays as it is; give another by -o")
    text = written(named(given.outputs, given.split), path.stem)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise EvalharnessError(f"{path} cannot be written: {error.strerror}") from error
    print(f"{path} is written. Its thresholds are placeholders: put there what the model must do.")
    print(f"Run it: pytest {shlex.quote(str(path))}")
    return 0


def named(files: list[str], split: str | None) -> dict[str, str]:
    """The files by the names of their splits."""
    if len(files) == 1:
        return {split or "test": files[0]}
    if split is not None:
        raise EvalharnessError(
            f"--split {split} names one file, and there are {len(files)}: several are named after "
            "their files"
        )
    found: dict[str, str] = {}
    for file in files:
        name = Path(file).stem
        if name in found:
            raise EvalharnessError(
                f"{found[name]} and {file} would both be the split {name!r}; write the test file "
                "for one of them, and add the other there"
            )
        found[name] = file
    return found


def written(files: dict[str, str], stem: str) -> str:
    """The test file: bounds stand on `test` or, without one, on the last of the splits."""
    from evalharness.checks.measuring import estimates
    from evalharness.checks.settings import Settings
    from evalharness.cli.draft import Draft, shown_today
    from evalharness.cli.meaning import meaning
    from evalharness.kernels.plan import Plan
    from evalharness.outputs import Outputs

    gate = "test" if "test" in files else list(files)[-1]
    found = meaning(files[gate], gate)
    outputs = Outputs(files, **found.options)
    columns = {name: set(outputs.split(name).column_names) for name in files}
    plan = Plan({"model": outputs})
    bounds, problems = [], []
    for metric in found.gated:
        try:
            (now,) = estimates(plan, "model", metric.on(gate), Settings())
            bounds.append((metric, now))
        except EvalharnessError as error:
            problems.append(str(error))
    if not any(shown_today(metric, now) for metric, now in bounds):
        why = [*problems, *(f"{m}: {now.reason or 'nothing is shown'}" for m, now in bounds)]
        raise EvalharnessError(f"{files[gate]}: no bound can be written: {'; '.join(why)}")
    also = [metric for metric in found.also if _measured(plan, metric.on(gate))]
    return Draft(files, columns, gate, found, bounds, also).text(stem)


def _measured(plan: Any, metric: Any) -> bool:
    try:
        plan.measure("model", metric)
    except EvalharnessError:
        return False
    return True

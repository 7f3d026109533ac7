"""`evalharness power "recall >= 0.9" --true 0.93`: how many examples a bound takes."""

from __future__ import annotations

import argparse
from typing import Any

from evalharness.cli import pair

# Where no true value is given: so far from the threshold to the best end of the range.
STEPS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)

DESCRIPTION = """\
How many examples a bound takes, before anything is measured: the smallest n at which it can pass at
all, and the n at which it passes with a probability of 80 % where the model truly has some value.
Of a difference between two models it hangs on how often they disagree, which needs no labels.
"""
EPILOG = """\
examples:
  evalharness power "recall >= 0.9" --true 0.93           593 positives
  evalharness power "recall >= 0.9" --n 400               what 400 positives can show
  evalharness power 'f1(average="macro") >= 0.8' --prevalence 0.1
  evalharness power "latency.quantile(0.99) <= 100"       as a share of the values
  evalharness power "accuracy.against('old') > 0" --disagreement 0.1 --true 0.02
  evalharness power "accuracy.against('old', within=0.01)" --outputs new.parquet old.parquet

What is counted is what the metric counts: positives for recall, predicted positives for precision,
examples for accuracy. Shares are exact. Metrics of both classes take --prevalence, and sensitivity
to be equal to specificity; the ROC area takes scores that are normal in either class. Differences
are exact, of shares whose trials the labels fix: accuracy, error rate, recall, specificity, rates.
"""


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    parser = commands.add_parser(
        "power",
        help="tell how many examples a bound takes",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("expression", help='the bound, as in Python: "recall >= 0.9"')
    parser.add_argument(
        "--true",
        type=float,
        metavar="X",
        help="the value that the model truly has; beyond the threshold on the wrong side, the "
        "number that shows a fail (default: a table of several)",
    )
    parser.add_argument("--n", type=_count, metavar="N", help="what so many can show")
    parser.add_argument(
        "--power", type=share, default=0.8, metavar="P", help="probability wanted (default: 0.8)"
    )
    parser.add_argument(
        "--confidence",
        type=share,
        default=0.95,
        metavar="C",
        help="of the bound, one-sided (default: 0.95)",
    )
    parser.add_argument(
        "--prevalence",
        type=share,
        default=0.5,
        metavar="P",
        help="share of the positives, for metrics of both classes (default: 0.5)",
    )
    pair.add_to(parser)
    parser.set_defaults(run=run)


def share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number between 0 and 1")
    return value


def _count(text: str) -> int:
    try:
        value = int(text.replace(",", ""))
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number ≥ 1")
    return value


def run(given: Any) -> int:
    """The command; returns its exit status."""
    from evalharness.cli.expression import bound_of

    print("\n".join(told(bound_of(given.expression), given)))
    return 0


def told(bound: Any, given: Any) -> list[str]:
    """What is known of a bound, line by line."""
    from evalharness.declare.errors import DeclarationError
    from evalharness.declare.plural import counted
    from evalharness.inference.numbers import percent, plain, show

    if bound.metric.group:
        raise DeclarationError(f"{bound}: ask for one slice, without .by: each has its own n")
    planned, psi = pair.planner(bound, given) or (_planner(bound, given), None)
    plan = planned(given.true)
    lines = [f"{bound}, with {percent(given.confidence)} confidence"]
    if plan.note:
        lines.append(f"  assumed: {plan.note}")
    if plan.least_n is not None:
        lines.append(f"  can pass from {counted(plan.least_n, plan.unit)} on")
    if plan.possible is False:
        lines.append(f"  so with {counted(plan.n, plan.unit)} it can never pass")
    if plan.reason:
        lines.append(f"  more cannot be told: {plan.reason}")
    elif given.true is None:
        if psi is not None:
            several = pair.several(plan, psi, STEPS)
        else:
            ends = bound.metric.range if plan.of == bound.metric.label else (0.0, 1.0)
            several = _several(plan, ends)
        lines += _table([planned(true) for true in several])
    else:
        lines += _at_true(plan)
    if plan.detectable is not None:
        far = abs(plan.detectable - plan.at)
        lines.append(
            f"  smallest difference that {counted(plan.n, plan.unit)} show with a probability of "
            f"{percent(plan.target)}: {show(far)}, {plan.of} {show(plan.detectable, near=plan.at)} "
            f"against {plain(plan.at)}"
        )
    elif plan.n is not None and not plan.reason:
        lines.append(
            f"  no true value passes with a probability of {percent(plan.target)} "
            f"with {counted(plan.n, plan.unit)}"
        )
    return lines


def _planner(bound: Any, given: Any) -> Any:
    """The plan of a metric by itself, of the true value."""
    from evalharness.inference.plans import plan_of

    def planned(true: float | None) -> Any:
        return plan_of(
            bound.metric,
            bound.op,
            bound.threshold,
            alpha=1 - given.confidence,
            n=given.n,
            trials=given.n,
            prevalence=given.prevalence,
            true=true,
            power=given.power,
        )

    return planned


def _several(plan: Any, ends: tuple[float, float]) -> list[float]:
    """True values between the threshold and the best end of the range."""
    end = ends[1] if plan.true > plan.at else ends[0]
    return [round(plan.at + step * (end - plan.at), 12) for step in STEPS]


def _table(plans: list[Any]) -> list[str]:
    """What it takes at several true values."""
    from evalharness.declare.plural import counted
    from evalharness.inference.numbers import about, percent, plain

    first = plans[0]
    head = [f"if {first.of} is truly", f"{first.unit} for {percent(first.target)}"]
    if first.n is not None:
        head.append(f"power with {counted(first.n, first.unit)}")
    rows = [head]
    for plan in plans:
        row = [plain(plan.true), "–" if plan.needed_n is None else about(plan.needed_n)]
        rows.append(row + ([_chance(plan.power)] if plan.n is not None else []))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = ([c.rjust(w) for c, w in zip(row, widths, strict=True)] for row in rows)
    return ["", *("  " + "   ".join(row) for row in cells), ""]


def _at_true(plan: Any) -> list[str]:
    """What it takes at one true value."""
    from evalharness.declare.plural import counted
    from evalharness.inference.numbers import about, percent, plain

    value = f"if {plan.of} is truly {plain(plan.true)}"
    if plan.true == plan.at:
        return [f"  {value}, exactly at the threshold: no number of {plan.unit} settles it"]
    wrong = ", on the wrong side, so that it should fail" if plan.shows == "fail" else ""
    many = "no number" if plan.needed_n is None else about(plan.needed_n)
    enough = f"to {plan.shows} with a probability of {percent(plan.target)}"
    lines = [f"  {value}{wrong}: {many} {plan.unit} {enough}"]
    if plan.power is not None:
        here = counted(plan.n, plan.unit)
        lines.append(f"  with {here} the probability of a {plan.shows} is {_chance(plan.power)}")
    return lines


def _chance(power: float | None) -> str:
    """A probability in whole percent, certain only where it is."""
    if power is None:
        return "–"
    if power in (0.0, 1.0):
        return f"{100 * power:.0f} %"
    return "< 1 %" if power < 0.005 else "> 99 %" if power > 0.995 else f"{100 * power:.0f} %"

"""`evalharness power "accuracy.against('old') > 0"`: a difference of two models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evalharness.declare.errors import DeclarationError


def add_to(parser: Any) -> None:
    """Add what is about two models to the arguments."""
    from evalharness.cli.power import share

    parser.add_argument(
        "--disagreement",
        type=share,
        metavar="P",
        help="of a difference: the share of the examples that two models answer differently",
    )
    parser.add_argument(
        "--outputs",
        nargs=2,
        metavar=("NEW", "OLD"),
        help="of a difference: files of the predictions of both, with an `id`; labels are not "
        "needed",
    )


def planner(bound: Any, given: Any) -> tuple[Callable[[float | None], Any], float] | None:
    """The plan of a difference, of the true difference, and the share of the examples that the
    models disagree on; None for a metric by itself."""
    asked = [given.disagreement, given.outputs]
    if bound.baseline is None:
        if any(x is not None for x in asked):
            raise DeclarationError(
                f"--disagreement and --outputs are about two models, and {bound} is about one: "
                f"write {bound.metric}.against('old') > 0"
            )
        return None
    from evalharness.inference.numbers import percent
    from evalharness.inference.paired_plans import paired_plan, paired_unit

    unit = paired_unit(bound.metric)
    if unit and sum(x is not None for x in asked) != 1:
        raise DeclarationError(
            "how many examples a difference takes hangs on how often the two models answer "
            "differently: say it by one of --disagreement 0.1 and --outputs NEW OLD, the files of "
            "both (labels are not needed)"
        )
    n, psi, note = given.n, given.disagreement, ""
    if given.outputs is not None:
        psi, rows, note = _read(given.outputs)
        if unit == "examples":
            n = rows if n is None else n
        elif unit:
            note += f", and as many of the {unit}"
    elif psi is not None:
        note = f"the models answer {percent(psi)} of the {unit or 'examples'} differently"
    psi = 1.0 if psi is None else psi

    def planned(true: float | None) -> Any:
        return paired_plan(
            bound,
            psi,
            alpha=1 - given.confidence,
            n=n,
            true=true,
            power=given.power,
            note=note,
        )

    return planned, psi


def several(plan: Any, psi: float, steps: Sequence[float]) -> list[float]:
    """True differences between the threshold and the largest one, and none at all."""
    end = psi if plan.true > plan.at else -psi
    found = [float(f"{plan.at + step * (end - plan.at):.2g}") for step in steps]
    return sorted({*found, *([0.0] if plan.at else [])}, reverse=end < 0)


def _read(files: Sequence[str]) -> tuple[float, int, str]:
    """The upper bound of the share that is predicted otherwise, the rows, and the words for it."""
    from evalharness.inference.numbers import percent
    from evalharness.inference.proportions import clopper_pearson_upper
    from evalharness.outputs import Outputs
    from evalharness.outputs.disagreement import disagreement

    if len({Path(f).resolve() for f in files}) < 2:
        raise DeclarationError(
            f"--outputs names {files[0]} twice, and a model never differs from itself; give the "
            "files of two models"
        )
    both = dict(zip(("new", "old"), files, strict=True))
    new, old = (Outputs(both).split(name) for name in both)
    differ, rows = disagreement(new, old)
    most = float(clopper_pearson_upper(differ, rows, 0.05))
    told = (
        f"the models answer {differ:,} of {rows:,} examples differently ({percent(differ / rows)})"
        f", at most {percent(most)} of fresh ones (95 % confidence)"
    )
    return most, rows, told

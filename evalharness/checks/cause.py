"""What kind of shift it can be, what cannot be seen, and what it does to accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.checks.columns import Categories, Numbers
from evalharness.checks.explain import SHOWN, share
from evalharness.inference.numbers import show
from evalharness.inference.reweighted import reweighted

if TYPE_CHECKING:
    pass

Column = Numbers | Categories
# A column has moved where it surely differs by more than this part of what is tolerated.
MATERIAL = 0.5
# Fewer rows of one label, in either split, say nothing about the predictions among them.
LEAST = 10
# Bins by which a share is reweighted to the mix of a column of numbers.
BINS = 10
# With more of the second split's rows unlike any of the first, nothing is reweighted.
MOST_GONE = 0.2
# A wider interval of what is reweighted says nothing.
WIDEST = 0.3
UNLABELLED = (
    "without labels on both sides nothing can be said of the labels, of their relation to the "
    "inputs, or of the errors"
)
MADE = ("label", "prediction", "score", "correct")


def notes(
    names: Sequence[str],
    columns: Mapping[str, Column],
    tolerances: Mapping[str, float],
    alpha: float,
    labelled: bool,
    labels: Sequence[Any] = (),
) -> list[str]:
    """Lines about a pair of splits, of which the columns are known.

    tolerances: of each column, the difference that matters; alpha: the level of "surely";
    labelled: whether both have labels, also such as cannot be compared; labels: (n,) of the first,
    where the second has none.
    """
    sure = {
        name: column.distance.lower(alpha) / tolerances[name] for name, column in columns.items()
    }
    moved = sorted((n for n, part in sure.items() if part > MATERIAL), key=lambda n: -sure[n])
    told = _kind(columns, moved, alpha) if "label" in columns or not labelled else []
    if not labelled and "prediction" in moved:
        told += _supposed(names, columns["prediction"], labels, alpha)
    if "correct" in columns:
        told += _accuracy(names, columns, moved, alpha)
    return told


def _kind(columns: Mapping[str, Column], moved: list[str], alpha: float) -> list[str]:
    if "label" not in columns:
        inputs = [n for n in moved if n != "correct"]
        seen = (
            f"; what moved ({_listed(inputs)}) is what goes in, or what the model makes of it"
            if inputs
            else ""
        )
        return [UNLABELLED + seen]
    inputs = [n for n in moved if n not in MADE]
    if "label" in moved:
        within = _within(columns, alpha)
        if within is None:
            return ["the labels moved; whether that is all cannot be told from the predictions"]
        if not within:
            more = f" ({_listed(inputs)} moved too)" if inputs else ""
            return [
                "this can be label shift: the labels moved, and among rows of one label the "
                f"predictions do not surely differ{more}"
            ]
        return [
            "this is not label shift alone: the labels moved, and among rows of one label "
            f"({within}) the predictions differ too"
        ]
    if inputs:
        return [f"this can be covariate shift: the labels did not move, and {_listed(inputs)} did"]
    if "score" in moved or "prediction" in moved:
        made = _listed([n for n in moved if n != "correct"])
        return [
            f"the labels did not move, and what the model makes of the rows did ({made}): the "
            "inputs moved in a way that no other column shows, or it is another model"
        ]
    if "correct" in moved:
        return [
            "neither labels nor predictions moved, and the errors did: the relation of labels to "
            "inputs changed, or the inputs did in a way that no column shows; these columns do not "
            "tell which"
        ]
    return []


def _supposed(
    names: Sequence[str], prediction: Column, labels: Sequence[Any], alpha: float
) -> list[str]:
    """What the labels of the second split would be if nothing but their shares differed."""
    from evalharness.inference.label_shift import label_shares

    if not isinstance(prediction, Categories) or prediction.units != (None, None) or not labels:
        return []
    known = {value: k for k, value in enumerate(prediction.values) if value is not None}
    if not set(labels) <= set(known) or set(map(type, labels)) != set(map(type, known)):
        return []
    size = len(prediction.values)
    place = np.array([known[value] for value in labels])
    joint = np.bincount(prediction.codes[0] * size + place, minlength=size * size)
    found = label_shares(joint.reshape(size, size), prediction.distance.counts[1][:size], 1 - alpha)
    if found is None:
        return []
    before = np.bincount(place, minlength=size) / len(place)
    first, second = names
    told = [
        f"{prediction.values[k]!r} {share(found.value[k])} ({share(found.low[k])} to "
        f"{share(found.high[k])}; {share(before[k])} of {first})"
        for k in np.argsort(-abs(found.value - before), kind="stable")[:SHOWN]
    ]
    return [f"if nothing but the shares of the labels moved, {second} has {', '.join(told)}"]


def _within(columns: Mapping[str, Column], alpha: float) -> str | None:
    """The label among whose rows the predictions surely differ the most; "" if none; None where
    there is nothing to tell it by."""
    from evalharness.distances.ks import ks_distance, ks_p_value
    from evalharness.distances.shares import chi_square

    label = columns["label"]
    made = columns.get("prediction") or columns.get("score")
    if not isinstance(label, Categories) or made is None or label.units != made.units:
        return None
    sizes = made.distance.n
    if label.distance.n != sizes:  # not all rows have labels
        return None
    found: list[tuple[float, Any]] = []
    for k, value in enumerate(label.values):
        rows = [codes == k for codes in label.codes]
        if min(r.sum() for r in rows) < LEAST:
            continue
        if isinstance(made, Numbers):
            a, b = (x[r] for x, r in zip(made.samples, rows, strict=True))
            p = float(ks_p_value(ks_distance(a, b), len(a), len(b)))
        else:
            size = len(made.values)
            counts = [
                np.bincount(c[r], minlength=size) for c, r in zip(made.codes, rows, strict=True)
            ]
            p = chi_square(np.stack(counts)).p_value
        found.append((p, value))
    if not found:
        return None
    p, value = min(found, key=lambda pair: pair[0])
    return repr(value) if p * len(found) < alpha else ""


def _accuracy(
    names: Sequence[str], columns: Mapping[str, Column], moved: list[str], alpha: float
) -> list[str]:
    """What the share of right answers is on both, and what the mix of what moved does to it."""
    correct: Any = columns["correct"]
    first, second = names
    right = correct.values.index(True) if True in correct.values else 0
    distance = correct.distance
    shares = distance.shares[:, right]
    low, high = distance.bounds(right, alpha)
    fall, surely = (low, "falls") if shares[0] >= shares[1] else (-high, "rises")
    told = f"accuracy is {show(shares[0])} on {first} and {show(shares[1])} on {second}"
    if fall > 0:
        told += f": it surely {surely}, by at least {show(fall, toward='down')}"
    else:
        told += ", which is not surely a difference"
    by = [n for n in moved if n not in ("correct",)]
    by.sort(key=lambda n: (n != "label", -columns[n].distance.value))
    if not by:
        return [told] if "correct" in moved else []
    strata = _strata(columns[by[0]])
    mixed = reweighted(correct.codes[0] == right, *strata, correct.units, 1 - alpha)
    if mixed.uncovered > MOST_GONE:
        return [
            f"{told}; what {second}'s mix of {columns[by[0]].shown} does cannot be told: "
            f"{100 * mixed.uncovered:.0f} % of it has none like it in {first}"
        ]
    if mixed.high - mixed.low > WIDEST:
        return [
            f"{told}; what {second}'s mix of {columns[by[0]].shown} does cannot be told: too few "
            f"rows of {first} are like those of {second}"
        ]
    gone = (
        f" ({100 * mixed.uncovered:.0f} % of {second} has none like it there)"
        if mixed.uncovered
        else ""
    )
    told += (
        f"; with {second}'s mix of {columns[by[0]].shown} alone it would be "
        f"{show(mixed.value)} on {first} ({show(mixed.low)} to {show(mixed.high)}){gone}"
    )
    side = distance.sides[1]
    ends = float(side.lower(alpha / 2)[right]), float(side.upper(alpha / 2)[right])
    if fall > 0 and (ends[1] < mixed.low or mixed.high < ends[0]):
        told += (
            ", which does not explain it: the relation of labels to inputs changed, or the inputs "
            "did in a way that no column shows"
        )
    return [told]


def _strata(column: Column) -> tuple[Any, Any]:
    if isinstance(column, Categories):
        return column.codes
    pooled = np.concatenate(column.samples)
    edges = np.unique(np.quantile(pooled, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    return tuple(np.searchsorted(edges, x, side="left") for x in column.samples)


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{n}`" for n in names[:4])
    return shown + (f" and {len(names) - 4} more" if len(names) > 4 else "")

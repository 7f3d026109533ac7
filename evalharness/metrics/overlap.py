"""Metrics of overlap, from pixel counts: one row for each image, or for each image and class.

Columns: `intersection` (pixels both predicted and labelled), `predicted`, `labelled`, counts ≥ 0.
With a column `class` each row is one class of one image, and `image` says of which. Tables of
pixels, one row each, need none of this: name the image `cluster`, and use `f1` (Dice) and `jaccard`
(IoU).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

from evalharness.declare.errors import OutputsError
from evalharness.declare.forms import Linear, Mean, Ratio, Unbounded
from evalharness.declare.metric import metric
from evalharness.declare.plural import counted
from evalharness.statistics import Moments, MomentTable, PairTable, Sums
from evalharness.statistics.adding import added
from evalharness.statistics.base import Columns, gathered

COUNTS = ("intersection", "predicted", "labelled")

# Below this many images of a class the mean over classes decides nothing: it covers .92.
LEAST = 20


class OverlapTable(NamedTuple):
    """Pixels in the intersection and in the union, and images in which there is any of them;
    (classes,) each."""

    intersection: Any
    union: Any
    images: Any


@dataclass(frozen=True)
class Overlaps:
    """Pixels of intersection and union by class, an `OverlapTable`. The image is the unit."""

    options: ClassVar[tuple[str, ...]] = ()

    def read(self, split: Any) -> Columns:
        import numpy as np

        readers: list[Callable[[], Any]] = [partial(split.numbers, name) for name in COUNTS]
        if "class" in split.column_names:
            readers += [lambda: split.partition("class"), lambda: split.groups_of("image")]
        intersection, predicted, labelled, *by = gathered(*readers)
        arrays = {"intersection": intersection, "union": predicted + labelled - intersection}
        try:
            _checked(intersection, predicted, labelled)
        except OutputsError as error:
            raise OutputsError(f"{split.where}: {problem}" for problem in error.problems) from None
        if not by:
            return Columns(arrays | {"class": np.zeros(split.n, np.int32)}, classes=("",))
        (code, classes), (image, first) = by
        _once(split, code, image, classes)
        order = np.argsort(first[image], kind="stable")  # the rows of an image side by side
        arrays = {name: x[order] for name, x in (arrays | {"class": code}).items()}
        return Columns(arrays, classes=tuple(classes), rows=first[image][order])

    @property
    def program(self) -> Callable[..., Any]:
        return sums_by_class

    def tables(self, raw: Any, columns: Columns, groups: int) -> list[OverlapTable]:
        return [OverlapTable(*(x[g].astype(float) for x in raw)) for g in range(groups)]

    def merge(self, a: OverlapTable, b: OverlapTable) -> OverlapTable:
        return OverlapTable(*(x + y for x, y in zip(a, b, strict=True)))

    def zero(self, classes: int = 1) -> OverlapTable:
        import numpy as np

        return OverlapTable(*(np.zeros(classes) for _ in range(3)))

    def influence(self, gradient: Any, table: Any, arrays: Any, values: Any) -> Any:
        code = arrays["class"]
        return (
            gradient.intersection[code] * arrays["intersection"]
            + gradient.union[code] * arrays["union"]
        )


def sums_by_class(arrays: dict[str, Any], code: Any, groups: int, classes: int) -> Any:
    """(groups, classes) sums of intersection and of union, and numbers of images."""
    cell, weight = code * classes + arrays["class"], arrays.get("weight", 1.0)

    def add(x: Any) -> Any:
        return added(cell, groups * classes, x).reshape(groups, classes)

    intersection, union = arrays["intersection"], arrays["union"]
    some = ((union > 0) & (weight > 0)).astype(union.dtype)
    return add(intersection * weight), add(union * weight), add(some)


def twice_overlap(intersection: Any, predicted: Any, labelled: Any) -> tuple[Any, Any]:
    """(2 · intersection, predicted + labelled) of each image."""
    _checked(intersection, predicted, labelled)
    return 2 * intersection, predicted + labelled


def dice_by_image(intersection: Any, predicted: Any, labelled: Any) -> Any:
    """(n,) 2 · intersection / (predicted + labelled); 1 where both are empty."""
    _checked(intersection, predicted, labelled)
    return _share(2 * intersection, predicted + labelled)


def iou_by_image(intersection: Any, predicted: Any, labelled: Any) -> Any:
    """(n,) intersection / union; 1 where both are empty."""
    _checked(intersection, predicted, labelled)
    return _share(intersection, predicted + labelled - intersection)


@metric(Sums(twice_overlap), better="higher", range=(0, 1))
def dice(table: PairTable) -> Ratio:
    """Dice coefficient over all images together: 2 Σ intersection / Σ (predicted + labelled).

    The F1 of the pixels; a large object counts more than a small one. The image is the unit of the
    interval. Undefined where nothing is predicted or labelled in any image.

    >>> dice.value(PairTable(n=2, numerator=160.0, denominator=200.0))
    0.8
    """
    return Ratio(table)


@metric(Moments(dice_by_image), better="higher", range=(0, 1))
def image_dice(table: MomentTable) -> Mean:
    """Dice coefficient of each image, 2 · intersection / (predicted + labelled), mean over images.

    1 for an image in which nothing is predicted and nothing labelled.

    >>> image_dice.value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0))
    0.75
    """
    return Mean(table)


@metric(Moments(iou_by_image), better="higher", range=(0, 1))
def image_iou(table: MomentTable) -> Mean:
    """Intersection over union of each image, mean over images.

    1 for an image in which nothing is predicted and nothing labelled.

    >>> image_iou.value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0))
    0.75
    """
    return Mean(table)


@metric(Overlaps(), better="higher", range=(0, 1))
def mean_iou(table: OverlapTable) -> Linear | Unbounded:
    """Mean over the classes of Σ intersection / Σ union, each summed over all images.

    Without a column `class` there is one class. As jaccard_score(average="macro") of the pixels.
    Undefined where a class is neither predicted nor labelled in any image; nothing is decided where
    one is in fewer than 20 images.

    >>> import numpy as np
    >>> counts = np.array([80.0, 10.0]), np.array([100.0, 25.0]), np.array([30, 20])
    >>> round(mean_iou.value(OverlapTable(*counts)), 12)
    0.6
    """
    import numpy as np

    k = len(table.union)
    empty, few = int(np.sum(table.union == 0)), int(np.sum(table.images < LEAST))
    if empty:
        of = _of_classes(empty, k)
        why = f"0/0: {of} no pixels, predicted or labelled"
        return Linear(float("nan"), OverlapTable(*table), undefined=why)
    iou = table.intersection / table.union
    if few:
        of = _of_classes(few, k)
        return Unbounded(float(iou.mean()), f"{of} pixels in fewer than {LEAST} images")
    gradient = OverlapTable(1 / table.union / k, -iou / table.union / k, np.zeros(k))
    return Linear(float(iou.mean()), gradient)


def _of_classes(some: int, k: int) -> str:
    if k == 1:
        return "there are"
    return f"{some} of {k} classes {'have' if some > 1 else 'has'}"


def _share(above: Any, below: Any) -> Any:
    import numpy as np

    return np.where(below > 0, above / np.where(below > 0, below, 1.0), 1.0)


def _checked(intersection: Any, predicted: Any, labelled: Any) -> None:
    """Refuse counts that cannot be."""
    import numpy as np

    problems = []
    for name, counts in zip(COUNTS, (intersection, predicted, labelled), strict=True):
        if (counts < 0).any():
            row = int(np.flatnonzero(counts < 0)[0])
            problems.append(
                f"column `{name}` is negative in {counted((counts < 0).sum(), 'rows')}, first row "
                f"{row} ({counts[row]:g}); it counts pixels, so give a number ≥ 0"
            )
    over = intersection > np.minimum(predicted, labelled)
    if over.any() and not problems:
        row = int(np.flatnonzero(over)[0])
        problems.append(
            "column `intersection` is larger than `predicted` or `labelled` in "
            f"{counted(over.sum(), 'rows')}, first row {row} ({intersection[row]:g} of "
            f"{predicted[row]:g} and {labelled[row]:g}); pixels in both cannot be more than in "
            "either"
        )
    if problems:
        raise OutputsError(problems)


def _once(split: Any, code: Any, image: Any, classes: tuple[Any, ...]) -> None:
    """Refuse a row without a class, and a class that an image has twice."""
    import numpy as np

    if None in classes:
        nulls = np.flatnonzero(code == classes.index(None))
        raise OutputsError(
            [
                f"{split.where}: column `class` is null in {counted(len(nulls), 'rows')}, first "
                f"row {nulls[0]}; say of which class the pixels are"
            ]
        )
    pair = image.astype(np.int64) * len(classes) + code
    _, first, times = np.unique(pair, return_index=True, return_counts=True)
    if (times > 1).any():
        row = int(first[times > 1].min())
        raise OutputsError(
            [
                f"{split.where}: there is more than one row for "
                f"{counted((times > 1).sum(), 'pairs')} of `image` and `class`, the first pair is "
                f"that of row {row}; add up their pixels"
            ]
        )

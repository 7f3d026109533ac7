"""Overlap from counts is that of the pixels: scikit-learn's F1 and Jaccard."""

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from evalharness import OutputsError
from evalharness.metrics.overlap import (
    OverlapTable,
    dice,
    dice_by_image,
    image_dice,
    image_iou,
    iou_by_image,
    mean_iou,
)
from tests.metrics.measure import measure


def pictures(images=30, classes=4, seed=0):
    """Label and prediction of every pixel, (images, 50)."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, (images, 50))
    wrong = rng.random(label.shape) < 0.3
    return label, np.where(wrong, rng.integers(0, classes, label.shape), label)


def counts(label, prediction):
    """One row for each image, of masks (images, pixels)."""
    return {
        "intersection": (label & prediction).sum(1),
        "predicted": prediction.sum(1),
        "labelled": label.sum(1),
    }


def by_class(label, prediction, classes=4):
    """One row for each image and class, shuffled."""
    tables = [counts(label == c, prediction == c) for c in range(classes)]
    table = {k: np.concatenate([t[k] for t in tables]) for k in tables[0]}
    table["class"] = np.repeat([f"class {c}" for c in range(classes)], len(label))
    table["image"] = np.tile(np.arange(len(label)), classes)
    order = np.random.default_rng(1).permutation(len(table["class"]))
    return {k: v[order] for k, v in table.items()}


def test_one_class():
    label, prediction = (x == 1 for x in pictures())
    found = measure([dice, image_dice, image_iou, mean_iou], counts(label, prediction))
    flat = label.ravel(), prediction.ravel()
    each = list(zip(label, prediction, strict=True))
    for metric, wanted in (
        (dice, sk.f1_score(*flat)),
        (mean_iou, sk.jaccard_score(*flat)),
        (image_dice, np.mean([sk.f1_score(y, p) for y, p in each])),
        (image_iou, np.mean([sk.jaccard_score(y, p) for y, p in each])),
    ):
        assert found[metric.on("test")].value == pytest.approx(wanted, abs=1e-12)
        assert found[metric.on("test")].n == 30


def test_the_mean_over_classes_is_that_of_the_pixels():
    label, prediction = pictures()
    found = measure([mean_iou], by_class(label, prediction))[mean_iou.on("test")]
    wanted = sk.jaccard_score(label.ravel(), prediction.ravel(), average="macro")
    assert found.value == pytest.approx(wanted, abs=1e-12)
    assert found.n == 30  # images, not rows
    low, high = found.low, found.high
    assert low < wanted < high
    # About what resampling whole images gives.
    rng = np.random.default_rng(0)
    resampled = []
    for _ in range(300):
        chosen = rng.integers(0, 30, 30)
        y, p = label[chosen].ravel(), prediction[chosen].ravel()
        resampled.append(sk.jaccard_score(y, p, average="macro"))
    assert (high - low) / (4 * np.std(resampled)) == pytest.approx(1, abs=0.35)


def test_images_in_which_nothing_is_there():
    empty, some = np.zeros(3), np.array([0.0, 4, 0])
    assert dice_by_image(empty, some, empty).tolist() == [1, 0, 1]
    assert iou_by_image(empty, some, empty).tolist() == [1, 0, 1]


def test_nothing_in_any_image():
    table = {name: [0, 0] for name in ("intersection", "predicted", "labelled")}
    found = measure([dice, mean_iou, image_iou], table)
    for metric in (dice, mean_iou):
        estimate = found[metric.on("test")]
        assert math.isnan(estimate.value)
        assert "0/0" in estimate.reason
    assert found[image_iou.on("test")].value == 1


def test_a_class_in_few_images_decides_nothing():
    table = by_class(*pictures(images=19))
    estimate = measure([mean_iou], table)[mean_iou.on("test")]
    assert 0.4 < estimate.value < 0.8
    assert (estimate >= 0.1).outcome == "inconclusive"
    assert "4 of 4 classes have pixels in fewer than 20 images" in estimate.reason


def test_tables_add_up():
    statistic = mean_iou.statistic
    a, b = (OverlapTable(*np.arange(6.0).reshape(3, 2) + i) for i in (0, 1))
    assert [x.tolist() for x in statistic.merge(a, b)] == [[1, 3], [5, 7], [9, 11]]
    assert [x.tolist() for x in statistic.merge(a, statistic.zero(2))] == [x.tolist() for x in a]


def test_a_class_that_is_nowhere():
    table = by_class(*pictures())
    gone = table["class"] == "class 2"
    for name in ("intersection", "predicted", "labelled"):
        table[name] = np.where(gone, 0, table[name])
    estimate = measure([mean_iou], table)[mean_iou.on("test")]
    assert math.isnan(estimate.value)
    assert "1 of 4 classes has no pixels" in estimate.reason


GOOD = {"intersection": [1, 2], "predicted": [2, 2], "labelled": [1, 3]}


@pytest.mark.parametrize("metric", [dice, image_dice, image_iou, mean_iou], ids=str)
@pytest.mark.parametrize(
    "column, words",
    [
        ({"intersection": [1, 3]}, "larger than `predicted` or `labelled` in 1 row, first row 1"),
        ({"predicted": [-2, 2]}, "column `predicted` is negative in 1 row, first row 0"),
        ({"labelled": [1.0, math.nan]}, "column `labelled` is"),
        ({"labelled": ["a", "b"]}, "column `labelled` is text"),
    ],
)
def test_counts_that_cannot_be(metric, column, words):
    with pytest.raises(OutputsError, match=words):
        measure([metric], GOOD | column)


@pytest.mark.parametrize(
    "columns, words",
    [
        ({"class": ["a", "b"]}, "`image`"),
        ({"class": ["a", None], "image": [0, 0]}, "column `class` is null in 1 row, first row 1"),
        ({"class": ["a", "a"], "image": [0, 0]}, "1 pair of `image` and `class`"),
        ({"class": ["a", "b"], "image": [0, None]}, "`image`"),
    ],
)
def test_classes_that_cannot_be(columns, words):
    with pytest.raises(OutputsError, match=words):
        measure([mean_iou], GOOD | columns)

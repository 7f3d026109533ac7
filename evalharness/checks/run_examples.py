"""What several models answer to the same examples, row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalharness.declare.metric import Metric
from evalharness.kernels.plan import Plan
from evalharness.outputs.join import align
from evalharness.outputs.streamed import refuse_batches

Floats = NDArray[np.float64]

# Metrics that are a mean of losses that can be taken apart, by the loss.
ZERO_ONE = ("error_rate", "zero_one_loss", "accuracy")
SQUARED = ("mean_squared_error", "root_mean_squared_error")


class Examples:
    """The models' answers on one split, in the order of the first model's rows.

    weight, unit: (n,) how much each counts, and its cluster's code, or None.

    Raises OutputsError where the models do not have the same examples.
    """

    def __init__(self, plan: Plan, metric: Metric, models: Sequence[str]) -> None:
        self.metric = metric
        self._splits = [plan.split(name, metric.split) for name in models]
        what = f"{metric.label} of models that were trained again needs rows to pair by id"
        refuse_batches(what, *self._splits)
        first = self._splits[0]
        self._rows = [None, *(align(first, other) for other in self._splits[1:])]
        weight, clusters = first.weights(), first.clusters()
        alike = weight is None or (weight == weight[0]).all()
        self.n = first.n
        self.weight = None if alike else weight
        self.unit = None if clusters is None else clusters[0]

    @property
    def loss(self) -> str:
        """The loss that the metric is a mean of: "0–1", "squared", or "" of any other."""
        if self.metric.name in SQUARED:
            return "squared"
        whole = self.metric.name in ZERO_ONE and not self._splits[0].multilabel
        return "0–1" if whole else ""

    @cached_property
    def codes(self) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
        """(models, n) predictions and (n,) labels as codes of the classes of all models, and how
        many codes there are; the last one stands for no answer."""
        known = list(dict.fromkeys(c for split in self._splits for c in split.classes))
        threshold = dict(self.metric.options).get("threshold")
        found = []
        for split, row in zip(self._splits, self._rows, strict=True):
            place = np.array([*(known.index(c) for c in split.classes), len(known)], np.int32)
            codes = place[split.prediction_codes(threshold)]
            found.append(codes if row is None else codes[row])
        first = self._splits[0]
        labels = np.array([known.index(c) for c in first.classes], np.int32)[first.label_codes()]
        return np.stack(found), labels, len(known) + 1

    @cached_property
    def numbers(self) -> tuple[Floats, Floats]:
        """(models, n) predictions and (n,) labels that are numbers."""
        found = []
        for split, row in zip(self._splits, self._rows, strict=True):
            values = split.numbers("prediction")
            found.append(values if row is None else values[row])
        return np.stack(found), self._splits[0].numbers("label")

    @cached_property
    def twins(self) -> list[tuple[int, int]]:
        """The models that answer every example as an earlier one does: its place, and theirs. None
        of a metric whose losses are not known."""
        if not self.loss:
            return []
        answers = self.codes[0] if self.loss == "0–1" else self.numbers[0]
        first: dict[bytes, int] = {}
        found = [(first.setdefault(row.tobytes(), i), i) for i, row in enumerate(answers)]
        return [(a, b) for a, b in found if a != b]

    def covariance(self, values: Any) -> Floats | None:
        """(models, models) covariance of the metric's values (models,), since all are measured on
        the same examples; None of a metric whose losses are not known."""
        if self.loss == "0–1":
            predictions, labels, _ = self.codes
            loss = (predictions != labels).astype(float)
        elif self.loss == "squared":
            guesses, truth = self.numbers
            loss = np.square(guesses - truth)
            if self.metric.name == "root_mean_squared_error":  # d√m = dm / 2√m
                loss /= np.maximum(2 * np.asarray(values, float), math.ulp(1.0))[:, None]
        else:
            return None
        share = np.ones(self.n) if self.weight is None else self.weight
        share = share / share.sum()
        added = (loss - np.einsum("mn,n->m", loss, share)[:, None]) * share
        if self.unit is not None:
            added = np.stack([np.bincount(self.unit, row) for row in added])
        units = added.shape[1]
        return np.asarray(added @ added.T * (units / max(units - 1, 1)))

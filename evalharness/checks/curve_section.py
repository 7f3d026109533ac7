"""The learning curve of a diagnosis: how the error falls, and how far more data leads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evalharness.checks.diagnosed import Section
from evalharness.checks.measuring import estimates
from evalharness.checks.run_examples import Examples
from evalharness.checks.run_words import curve_lines, each_twin, fitted
from evalharness.checks.settings import Settings
from evalharness.checks.training_runs import CURVE, by_size, values_of
from evalharness.declare.diagnosis import BiasVariance
from evalharness.inference.learning_curve import FAR, MUCH, Curve, with_training
from evalharness.kernels.plan import Plan


def curve_section(
    plan: Plan,
    declared: BiasVariance,
    settings: Settings,
    materiality: float,
    examples: Examples,
) -> Section:
    """How the error falls with the number of training examples, and what more of them would bring.

    Of a metric between 0 and 1 that is better higher, 1 − metric is fitted. examples: what `paired`
    says of the models of several sizes.
    """
    models, metric = by_size(declared), examples.metric
    pairs = sorted(declared.sizes, key=lambda pair: pair[1])
    higher = metric.better == "higher"
    head = f"{len(models)} models on {pairs[0][1]:,} to {pairs[-1][1]:,} examples, {metric}"
    low, high = metric.range
    if (low, high) != (0.0, 1.0) if higher else low < 0:
        why = "a curve falls to a floor of 0 or more: declare the error instead"
        told = f"No curve: {metric.name} lies between {low:g} and {high:g};"
        return Section(CURVE, fitted([head, f"{told} {why}"]), {"refused": f"{told} {why}"})
    found = [estimates(plan, name, metric, settings)[0] for name in models]
    values = np.array([one.value for one in found])
    if not np.isfinite(values).all():
        told = f"No curve: {metric.name} is 0/0 for one of the models"
        return Section(CURVE, fitted([head, told]), {"refused": told})
    errors = 1 - values if higher else values
    sizes = np.array([float(n) for _, n in pairs])
    covariance = _covariance(examples, values, found, settings.confidence)
    again = [name for name in declared.runs if metric.split in plan.outputs[name].splits]
    trained, degrees = _by_training(sizes, errors, values_of(plan, metric, again, settings))
    curve = Curve(sizes, errors, *with_training(covariance, trained, degrees))
    common = {"trained_again": degrees > 0, "metric": metric.label, "better": metric.better}
    if curve.rises:
        # A curve that cannot rise would tell a level, and call it a forecast.
        figures = {"sizes": sizes.tolist(), "values": values.tolist(), "rises": True}
    else:
        figures = _said(curve, declared, higher, settings.confidence, materiality)
    figures |= common
    twins = each_twin(models, examples.twins)
    return Section(CURVE, fitted([head, *twins, *curve_lines(figures)]), figures)


def _covariance(examples: Examples, values: Any, found: Sequence[Any], confidence: float) -> Any:
    """(m, m) of the models' errors through the examples."""
    own = examples.covariance(values)
    if own is None:
        # Not known is how much they err alike: as wide as if they did and as if they did not.
        from evalharness.inference.bounds import upper_z

        wide = [np.clip(one._bounds.interval(confidence), -1e9, 1e9) for one in found]
        error = np.array([b - a for a, b in wide]) / (2 * upper_z((1 - confidence) / 2))
        own = np.outer(error, error) + np.diag(error**2)
    # What no example was wrong in has an error all the same: that of one in so many.
    least = (0.5 / examples.n) ** 2
    return own + np.diag(np.maximum(least - np.diag(own), 0.0))


def _by_training(sizes: Any, errors: Any, again: Any) -> tuple[float, int]:
    """The variance that training itself adds to an error by chance, and its degrees of freedom:
    among models that share a size, else among the values of the declared runs; of no degrees where
    there are neither."""
    left, degrees = 0.0, 0
    for size in np.unique(sizes):
        alike = errors[sizes == size]
        left += float(np.square(alike - alike.mean()).sum())
        degrees += len(alike) - 1
    if degrees:
        return left / degrees, degrees
    again = again[np.isfinite(again)]
    return (float(np.var(again, ddof=1)), len(again) - 1) if len(again) > 1 else (0.0, 0)


def _said(
    curve: Curve, declared: BiasVariance, higher: bool, confidence: float, materiality: float
) -> dict[str, Any]:
    """The answers, in units of the metric."""
    most = declared.metric.range[1]

    def of_metric(error: tuple[float, float, float]) -> dict[str, float]:
        value, low, high = (min(x, most) for x in error)  # a law knows no range
        return {
            "value": 1 - value if higher else value,
            "low": 1 - high if higher else low,
            "high": 1 - low if higher else high,
        }

    law, n = curve.law, curve.largest
    gain = tuple(min(x, most) for x in curve.gain(2, confidence))
    found: dict[str, Any] = {
        "sizes": curve.sizes.tolist(),
        "values": (1 - curve.errors if higher else curve.errors).tolist(),
        "law": {
            "a": float((law.a * law.scale**law.b)[0]),
            "b": float(law.b[0]),
            "c": float(law.c[0]),
        },
        "rises": False,
        "exact": curve.exact,
        "scatter": curve.scatter,
        "smallest": float(curve.sizes.min()),
        "largest": n,
        "now": of_metric(curve.at(n, confidence)),
        "doubled": of_metric(curve.at(2 * n, confidence)),
        "gain": dict(zip(("value", "low", "high"), gain, strict=True)),
        "materiality": materiality,
        "confidence": confidence,
        "target": declared.target,
        "flat": "",
    }
    reached = False
    if declared.target is not None:
        target = 1 - declared.target if higher else declared.target
        value, low, high = curve.reaches(target, confidence)
        found["needed"] = {"value": value, "low": low, "high": high}
        found["guess"] = value > FAR * n
        reached = high <= n
        if low > MUCH * n:
            found["flat"] = "target"
    if not found["flat"] and not reached and gain[2] < materiality:
        found["flat"] = "doubling"
    return found

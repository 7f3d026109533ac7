"""Models that were trained again: what of their loss is bias and what is variance over runs, what
the seed does to a gap, and how far more data leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from evalharness.checks.diagnosed import Rung, Section
from evalharness.checks.measuring import estimates
from evalharness.checks.run_examples import Examples
from evalharness.checks.run_words import curve_lines, fitted, gap_line, loss_lines, spread_lines
from evalharness.checks.settings import Settings
from evalharness.declare.diagnosis import DEV, GAPS, HUMAN, TEST, TRAIN, TRAIN_DEV, BiasVariance
from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.metric import Metric
from evalharness.inference.decomposition import Decomposition, squared, zero_one
from evalharness.inference.learning_curve import FAR, MUCH, Curve
from evalharness.inference.seed_spread import spread
from evalharness.kernels.plan import Plan

RUNS, CURVE = "training runs", "learning curve"
# On which of their splits models are held against each other: the first that one of them has.
PREFERRED = (DEV, TEST, TRAIN_DEV, TRAIN)


def problems(plan: Plan, declared: BiasVariance) -> list[str]:
    """Why the named models cannot be used: they are not there, or have no split in common."""
    found = []
    asked = (("runs", declared.runs), ("sizes", tuple(name for name, _ in declared.sizes)))
    for what, models in asked:
        lacking = [name for name in models if name not in plan.outputs]
        found += [
            f"{declared}: {what} names a model {name!r}{did_you_mean(name, plan.outputs)}, which "
            f"the outputs do not hold; they hold {', '.join(map(repr, plan.outputs))}"
            for name in lacking
        ]
        if not models or lacking:
            continue
        split = _split(plan, models)
        if not split:
            found.append(
                f"{declared}: {what}: no model has outputs on any of {', '.join(PREFERRED)}; "
                "give all of them the same one, best dev"
            )
        found += [
            f"{declared}: {what}: model {name!r} has no split {split!r}, which others have; all "
            "are measured on the same examples: give it that split too"
            for name in models
            if split and split not in plan.outputs[name].splits
        ]
    return found


def _split(plan: Plan, models: Sequence[str]) -> str:
    """The name of the split on which the models are measured; "" if there is none."""
    there = {split for name in models for split in plan.outputs[name].splits}
    return next((split for split in PREFERRED if split in there), "")


def _ready(plan: Plan, declared: BiasVariance, models: Sequence[str]) -> Metric:
    """The metric on the split of these models, whose outputs are read and checked."""
    if found := problems(plan, declared):
        raise OutputsError(found)
    metric = declared.metric.on(_split(plan, models))
    plan.require([(name, metric) for name in models])
    seen: dict[str, str] = {}
    for name in models:
        split = plan.split(name, metric.split)
        if twin := seen.get(split.digest):
            raise OutputsError(
                [
                    f"{declared}: {split.where} is one and the same table as that of {twin!r}; "
                    "what was trained again answers otherwise: correct what outputs() returns"
                ]
            )
        seen[split.digest] = name
    return metric


def paired(plan: Plan, declared: BiasVariance) -> dict[str, Examples]:
    """What the runs, and the models of several sizes, answer, by the name of the section. Raises
    OutputsError where a model is missing, or is not of the same examples."""
    asked = {RUNS: declared.runs, CURVE: _by_size(declared)}
    return {
        name: Examples(plan, _ready(plan, declared, models), models)
        for name, models in asked.items()
        if models
    }


def _by_size(declared: BiasVariance) -> list[str]:
    """The names of the models, from the fewest training examples to the most."""
    return [name for name, _ in sorted(declared.sizes, key=lambda pair: pair[1])]


def _values(plan: Plan, metric: Metric, models: Sequence[str], settings: Settings) -> Any:
    """(models,) values of the metric."""
    return np.array([estimates(plan, name, metric, settings)[0].value for name in models])


def runs_section(
    plan: Plan,
    model: str,
    declared: BiasVariance,
    rungs: Sequence[Rung],
    settings: Settings,
    materiality: float,
    examples: Examples,
) -> Section:
    """What the declared runs show of a training recipe.

    rungs: those of `model`, whose gaps stand beside what the seed alone makes of them; examples:
    what `paired` says of the runs.

    Raises OutputsError where the metric has no value for a run.
    """
    metric, models = examples.metric, declared.runs
    values = _values(plan, metric, models, settings)
    undefined = [name for name, x in zip(models, values, strict=True) if not np.isfinite(x)]
    if undefined:
        raise OutputsError(
            [f"{metric}: it is 0/0 for {', '.join(map(repr, undefined))}, which runs= names"]
        )
    seeds = spread(values, settings.confidence)
    head = f"{len(models)} runs on {examples.n:,} examples of {metric.split}, {metric.label}"
    figures: dict[str, Any] = {
        "split": metric.split,
        "examples": examples.n,
        "models": [*models],
    }
    lines = [head]
    taken = _decomposed(examples, settings.confidence)
    lines += loss_lines(taken, metric)
    if taken:
        figures["decomposition"] = asdict(taken)
    lines += spread_lines(seeds, settings.confidence, materiality)
    gaps = _gaps(plan, declared, rungs, settings)
    lines += [gap_line(name, value, of_runs) for name, (value, of_runs) in gaps.items()]
    figures |= {
        "seed": asdict(seeds),
        "gaps": {
            name: {"value": x, "seed": asdict(of_runs)} for name, (x, of_runs) in gaps.items()
        },
    }
    return Section(RUNS, fitted(lines), figures)


def _decomposed(examples: Examples, confidence: float) -> Decomposition | None:
    how: dict[str, Any] = {
        "weight": examples.weight,
        "unit": examples.unit,
        "confidence": confidence,
    }
    if examples.loss == "0–1":
        return zero_one(*examples.codes, **how)
    return squared(*examples.numbers, **how) if examples.loss == "squared" else None


def _gaps(
    plan: Plan, declared: BiasVariance, rungs: Sequence[Rung], settings: Settings
) -> dict[str, tuple[float, Any]]:
    """The gaps of the model, each with its spread over the runs that have both rungs."""
    sign = 1 if declared.metric.better == "lower" else -1
    found = {}
    for below, above in pairwise(rungs):
        both = {below.name, above.name} - {HUMAN}
        if not all(both <= {*plan.outputs[name].splits} for name in declared.runs):
            continue
        upper, lower = (
            below.value
            if rung.name == HUMAN
            else _values(plan, declared.metric.on(rung.name), declared.runs, settings)
            for rung in (above, below)
        )
        gaps = sign * (upper - lower)
        if np.isfinite(gaps).all() and (below.name, above.name) in GAPS:
            value = sign * (above.value - below.value)
            found[GAPS[below.name, above.name]] = value, spread(gaps, settings.confidence)
    return found


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
    models, metric = _by_size(declared), examples.metric
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
    trained = _by_training(sizes, errors, _values(plan, metric, again, settings))
    curve = Curve(sizes, errors, covariance + np.eye(len(sizes)) * (trained or 0.0), settings.seed)
    figures = _said(curve, declared, higher, settings.confidence, materiality)
    figures |= {"trained_again": trained is not None, "metric": metric.label}
    figures["better"] = metric.better
    return Section(CURVE, fitted([head, *curve_lines(figures)]), figures)


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


def _by_training(sizes: Any, errors: Any, again: Any) -> float | None:
    """The variance that training itself adds to an error by chance: among models that share a size,
    else among the values of the declared runs; None where there are neither."""
    left, degrees = 0.0, 0
    for size in np.unique(sizes):
        alike = errors[sizes == size]
        left += float(np.square(alike - alike.mean()).sum())
        degrees += len(alike) - 1
    if not degrees:
        return float(np.var(again, ddof=1)) if len(again) else None
    return left / degrees


def _said(
    curve: Curve, declared: BiasVariance, higher: bool, confidence: float, materiality: float
) -> dict[str, Any]:
    """The answers, in units of the metric."""

    def of_metric(error: tuple[float, float, float]) -> dict[str, float]:
        value, low, high = error
        return {
            "value": 1 - value if higher else value,
            "low": 1 - high if higher else low,
            "high": 1 - low if higher else high,
        }

    law, n = curve.law, curve.largest
    gain = curve.gain(2, confidence)
    found: dict[str, Any] = {
        "sizes": curve.sizes.tolist(),
        "values": (1 - curve.errors if higher else curve.errors).tolist(),
        "law": {
            "a": float((law.a * law.scale**law.b)[0]),
            "b": float(law.b[0]),
            "c": float(law.c[0]),
        },
        "exact": curve.exact,
        "scatter": curve.scatter,
        "largest": n,
        "now": of_metric(curve.at(n, confidence)),
        "doubled": of_metric(curve.at(2 * n, confidence)),
        "gain": dict(zip(("value", "low", "high"), gain, strict=True)),
        "materiality": materiality,
        "confidence": confidence,
        "target": declared.target,
        "flat": "",
    }
    if declared.target is not None:
        target = 1 - declared.target if higher else declared.target
        value, low, high = curve.reaches(target, confidence)
        found["needed"] = {"value": value, "low": low, "high": high}
        found["guess"] = value > FAR * n
        if curve.at(MUCH * n, confidence)[1] > target:
            found["flat"] = "target"
    if not found["flat"] and gain[2] < materiality:
        found["flat"] = "doubling"
    return found

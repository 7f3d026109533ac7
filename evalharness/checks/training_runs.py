"""Models that were trained again: what of their loss is bias and what is variance over runs, and
what the seed does to a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from evalharness.checks.diagnosed import Rung, Section
from evalharness.checks.measuring import estimates
from evalharness.checks.run_examples import Examples
from evalharness.checks.run_words import fitted, gap_line, loss_lines, spread_lines, twin_lines
from evalharness.checks.settings import Settings
from evalharness.declare.diagnosis import BiasVariance
from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.metric import Metric
from evalharness.declare.rungs import DEV, GAPS, HUMAN, TEST, TRAIN, TRAIN_DEV
from evalharness.inference.decomposition import Decomposition, squared, zero_one
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
    asked = {RUNS: declared.runs, CURVE: by_size(declared)}
    return {
        name: Examples(plan, _ready(plan, declared, models), models)
        for name, models in asked.items()
        if models
    }


def by_size(declared: BiasVariance) -> list[str]:
    """The names of the models, from the fewest training examples to the most."""
    return [name for name, _ in sorted(declared.sizes, key=lambda pair: pair[1])]


def values_of(plan: Plan, metric: Metric, models: Sequence[str], settings: Settings) -> Any:
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
    values = values_of(plan, metric, models, settings)
    undefined = [name for name, x in zip(models, values, strict=True) if not np.isfinite(x)]
    if undefined:
        raise OutputsError(
            [f"{metric}: it is 0/0 for {', '.join(map(repr, undefined))}, which runs= names"]
        )
    seeds = spread(values, settings.confidence)
    rows = f"{examples.n:,} example{'s' * (examples.n != 1)}"
    lines = [f"{len(models)} runs on {rows} of {metric.split}, {metric.label}"]
    figures: dict[str, Any] = {
        "split": metric.split,
        "examples": examples.n,
        "models": [*models],
        "twins": [[models[a], models[b]] for a, b in examples.twins],
    }
    lines += twin_lines(models, examples.twins)
    if len(examples.twins) < len(models) - 1:
        taken = _decomposed(examples, settings.confidence)
        lines += loss_lines(taken, metric)
        if taken:
            figures["decomposition"] = asdict(taken)
    width = metric.range[1] - metric.range[0]
    lines += spread_lines(seeds, settings.confidence, materiality, width)
    gaps, absent = _gaps(plan, declared, rungs, settings)
    lines += [gap_line(name, value, of_runs, width) for name, (value, of_runs) in gaps.items()]
    lines += [f"Not beside the seed: {name}; {why}." for name, why in absent.items()]
    figures |= {
        "seed": asdict(seeds),
        "gaps": {
            name: {"value": x, "seed": asdict(of_runs)} for name, (x, of_runs) in gaps.items()
        },
        "gaps_not_told": absent,
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
) -> tuple[dict[str, tuple[float, Any]], dict[str, str]]:
    """The gaps of the model, each with its spread over the runs; and why others have none."""
    sign = 1 if declared.metric.better == "lower" else -1
    found, absent = {}, {}
    for below, above in pairwise(rungs):
        if (below.name, above.name) not in GAPS:
            continue
        gap = GAPS[below.name, above.name]
        if lacking := _lacking(plan, declared, (below.name, above.name)):
            absent[gap] = lacking
            continue
        upper, lower = (
            np.full(len(declared.runs), below.value)
            if rung.name == HUMAN
            else values_of(plan, declared.metric.on(rung.name), declared.runs, settings)
            for rung in (above, below)
        )
        gaps = sign * (upper - lower)
        if not np.isfinite(gaps).all():
            absent[gap] = f"{declared.metric.label} is 0/0 there for a run"
            continue
        size = float(np.abs([upper, lower]).max())
        value = sign * (above.value - below.value)
        found[gap] = value, spread(gaps, settings.confidence, size)
    return found, absent


def _lacking(plan: Plan, declared: BiasVariance, names: Sequence[str]) -> str:
    """Which runs lack which of two rungs, in words; "" if none does."""
    parts = []
    for rung in names:
        without = [n for n in declared.runs if rung not in plan.outputs[n].splits]
        if rung != HUMAN and without:
            every = len(without) == len(declared.runs)
            who = "the runs have" if every else f"run {without[0]!r} has"
            parts.append(f"{who} no {rung}")
    return ", ".join(parts)

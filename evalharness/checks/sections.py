"""What a diagnosis tells beside its ladder: slices, two distributions, training runs, the learning
curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalharness.checks.climb import Climb
from evalharness.checks.diagnosed import Rung, Section
from evalharness.checks.human_level import HumanLevel, levels
from evalharness.checks.measuring import estimates
from evalharness.declare.diagnosis import BiasVariance
from evalharness.declare.rungs import DEV, TEST, TRAIN, TRAIN_DEV, TRAIN_TARGET
from evalharness.inference.bounds import Bounds
from evalharness.kernels.plan import Plan


def metrics(plan: Plan, model: str, declared: BiasVariance, names: Sequence[str]) -> list[Any]:
    """What the sections measure of a model: metrics on splits."""
    found = []
    if declared.by:
        from evalharness.checks import slice_asked

        found += slice_asked.metrics(declared, names)
    if TRAIN_TARGET in plan.outputs[model].splits:
        found.append(declared.metric.on(TRAIN_TARGET))
    return found


def on_target(
    declared: BiasVariance, plan: Plan, model: str, metric: Any, names: Sequence[str], seed: int
) -> HumanLevel | None:
    """The best human level on the data that dev and test are of."""
    if declared.human_on_target is None:
        return None
    known = levels(declared.human_on_target, plan, model, metric, names, seed)
    sign = 1 if metric.better == "lower" else -1
    return min(known, key=lambda level: sign * level.bounds.value)


def sections(
    plan: Plan,
    model: str,
    climb: Climb,
    rungs: Sequence[Rung],
    target: HumanLevel | None,
    again: Mapping[str, Any],
) -> tuple[Section, ...]:
    """All that is declared, or that the outputs are there for. target: the human level there;
    again: what models that were trained again answer (`training_runs.paired`)."""
    declared, settings, found = climb.declared, climb.settings, []
    proxy, material = climb.proxy, climb.material[0]
    names = [n for n in climb.rungs if n not in climb.unmeasured]
    if declared.by and names:
        from evalharness.checks import ladder_slices

        found.append(
            ladder_slices.section(
                plan,
                model,
                declared,
                names,
                None if proxy is None else proxy.bounds,
                settings,
                material,
                few=proxy is not None and proxy.few,
                tied=climb.tied,
                people=proxy,
            )
        )
    if (table := _two(plan, model, climb, target)) is not None:
        found.append(table)
    for name, examples in again.items():
        from evalharness.checks.curve_section import curve_section
        from evalharness.checks.training_runs import RUNS, runs_section

        if name == RUNS:
            asked = (plan, model, declared, rungs, settings, material, examples)
            found.append(runs_section(*asked))
        else:
            found.append(curve_section(plan, declared, settings, material, examples))
    return tuple(found)


def _two(plan: Plan, model: str, climb: Climb, target: HumanLevel | None) -> Section | None:
    """The table of two distributions, where there is more of it than the ladder."""
    from evalharness.checks import two_distributions

    cells, few = _cells(climb, target)
    learnt = TRAIN_TARGET in plan.outputs[model].splits
    if learnt:
        metric = climb.declared.metric.on(TRAIN_TARGET)
        bounds: Any = estimates(plan, model, metric, climb.settings)[0]._bounds
        cells["seen", "target"] = bounds
    place = {TRAIN: ("seen", "general"), TRAIN_DEV: ("unseen", "general")}
    place[_target_rung(climb)] = ("unseen", "target")
    tied = [frozenset((place[a], place[b])) for a, b in climb.tied if a in place and b in place]
    return two_distributions.section(
        climb.declared,
        cells,
        climb.sign,
        climb.settings.confidence,
        tied,
        few=few,
        asked=learnt or target is not None,
    )


def _target_rung(climb: Climb) -> str:
    return next((n for n in (DEV, TEST) if n in climb.rungs), "")


def _cells(
    climb: Climb, target: HumanLevel | None
) -> tuple[dict[tuple[str, str], Bounds], set[tuple[str, str]]]:
    """The cells that the ladder fills, and those of fewer than three people. People who answered
    examples of dev or test did so on the target."""
    rungs: Mapping[str, Any] = climb.bounds(climb.proxy)
    place = {
        TRAIN: ("seen", "general"),
        TRAIN_DEV: ("unseen", "general"),
        _target_rung(climb): ("unseen", "target"),
    }
    found = {
        cell: rungs[name]
        for name, cell in place.items()
        if name in rungs and name not in climb.unmeasured
    }
    people = {}
    if climb.proxy is not None:
        there = climb.proxy.split in (DEV, TEST)
        people["human", "target" if there else "general"] = climb.proxy
    if target is not None:
        people["human", "target"] = target
    found |= {cell: level.bounds for cell, level in people.items()}
    return found, {cell for cell, level in people.items() if level.few}

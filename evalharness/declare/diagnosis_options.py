"""What may be asked of a diagnosis, and what is refused in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from evalharness.declare.arithmetic import is_number
from evalharness.declare.errors import did_you_mean
from evalharness.declare.metric import Metric
from evalharness.declare.rungs import CODES


def metric(metric: Any) -> list[str]:
    if isinstance(metric, Mapping | list | tuple):
        return ["all rungs are measured by one metric, or their gaps mean nothing; give one"]
    if not isinstance(metric, Metric):
        return [f"{metric!r} is no metric; give one such as error_rate"]
    problems = []
    if metric.split or metric.where:
        problems.append(
            f"{metric}: the rungs are its splits; give the metric itself, {metric.label}"
        )
    if metric.group or metric.exact:
        problems.append(f"{metric}: give the metric itself, {metric.label}; slices by `by=`")
    if metric.better is None:
        problems.append(
            f"{metric}: it is not known whether a higher or a lower value is better, so that no "
            "gap is a loss; use a metric with a direction"
        )
    if metric.definition.report_only:
        problems.append(f"{metric} is report-only: {metric.definition.report_only}")
    if "threshold_from" in dict(metric.options):
        problems.append(f"{metric}: its threshold is chosen on a rung; give threshold=… instead")
    return problems


def percent(given: float, width: float) -> str:
    """What was meant, where a share is given in percent."""
    meant = width == 1 and 1 <= given <= 100
    return f"; {given:g} % is {given / 100:g}" if meant else ""


def limits(given: Any, width: float, problems: list[str]) -> tuple[tuple[str, float], ...]:
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        problems.append(f'limits={given!r} must say how large a gap may be: {{"variance": 0.02}}')
        return ()
    found = []
    for gap, most in given.items():
        if gap not in CODES:
            problems.append(
                f"limits: there is no gap {gap!r}{did_you_mean(str(gap), CODES)}; there are "
                f"{', '.join(CODES)}"
            )
        elif not is_number(most) or not 0 < most < math.inf:
            never = ": no number of examples shows that there is none" if most == 0 else ""
            problems.append(f"limits: {most!r} of {gap} must be a number above 0{never}")
        elif most >= width:
            problems.append(
                f"limits: {most!r} of {gap} can never be missed: no gap is larger than {width:g}"
                f"{percent(most, width)}"
            )
        else:
            found.append((gap, float(most)))
    return tuple(found)


def runs(given: Any, problems: list[str]) -> tuple[str, ...]:
    if isinstance(given, Iterable) and not isinstance(given, str | Mapping):
        found = tuple(given)
        if all(isinstance(name, str) and name for name in found) and len(found) != 1:
            repeated = [n for n in dict.fromkeys(found) if found.count(n) > 1]
            problems += [f"runs: {name!r} is named twice" for name in repeated]
            return found
    problems.append(f'runs={given!r} must list two or more models: runs=["seed-1", "seed-2"]')
    return ()


def sizes(given: Any, problems: list[str]) -> tuple[tuple[str, int], ...]:
    if given is None:
        return ()
    example = 'such as sizes={"n1000": 1_000, "n2000": 2_000, "n4000": 4_000}'
    if not isinstance(given, Mapping):
        problems.append(f"sizes={given!r} must give numbers by name of a model, {example}")
        return ()
    found, wrong = [], []
    for name, n in given.items():
        if not isinstance(name, str) or not name:
            swapped = "are they swapped? " if isinstance(n, str) else ""
            wrong.append(f"sizes: {name!r}: {n!r} must be name: size; {swapped}{example}")
        elif not is_number(n) or not n > 0 or n != n // 1:
            wrong.append(
                f"sizes: {n!r} of {name!r} must be a whole number of training examples, 1 or more"
            )
        else:
            found.append((name, int(n)))
    different = len({n for _, n in found})
    if not wrong and different < 3:
        wrong.append(f"sizes={given!r}: a curve needs three different sizes, not {different}")
    problems += wrong
    return () if wrong else tuple(found)


def target(given: Any, metric: Metric | None, sized: bool) -> list[str]:
    """What is wrong with the value to which the learning curve is to lead."""
    if not sized or not is_number(given):
        return [f"target={given!r} is a number to which the learning curve of sizes={{…}} leads"]
    if metric is None:
        return []
    low, high = metric.range
    if low < given < high:
        return []
    ends = f"{metric.name} lies between {low:g} and {high:g}, and a curve leads to neither"
    return [f"target={given!r}: {ends}{percent(given, high - low)}"]

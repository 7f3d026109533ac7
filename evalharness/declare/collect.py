"""From the attributes of an evaluation to its checks, with everything that is wrong with them."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from evalharness.declare.bound import Bound, bound_of
from evalharness.declare.codes import CODES
from evalharness.declare.diagnosis import BiasVariance
from evalharness.declare.errors import did_you_mean
from evalharness.declare.looks import Ledger, collapsed, ledger_of
from evalharness.declare.metric import Metric
from evalharness.declare.naming import slug_of
from evalharness.declare.objective import Against, baseline_slug
from evalharness.declare.objectives import objectives
from evalharness.declare.preference import Preference
from evalharness.declare.split_checks import SplitCheck
from evalharness.declare.waivers import Waiver

DECLARED = (SplitCheck, BiasVariance, Against, Preference, Ledger)
# The kinds of checks, each a test of that name, in the order in which they are reported.
KINDS = ("optimizing", "preferences", "satisficing", "held_out", "splits", "diagnosis")
KNOWN = (
    "models",
    "optimizing",
    "preferences",
    "satisficing",
    "splits",
    "diagnosis",
    "waivers",
    "also",
    "ledger",
    "confidence",
    "policy",
    "seed",
    "abstract",
)
RESERVED = ("checks", "run", "written", *(f"test_{kind}" for kind in KINDS))


@dataclass(frozen=True)
class Check:
    """One declared check of one gated model: an Against, a Bound, a SplitCheck, a GapLimit or a
    Ladder; or one of several models: a Choice or a Preference; or, where a ledger is enforced, a
    HeldOut that stands for several. `id` is its node id; `model` is ""
    when the only one is meant, or several."""

    id: str
    kind: str
    model: str
    declared: Any


def checks(attributes: Mapping[str, Any]) -> tuple[tuple[Check, ...], list[str]]:
    """Every check that the attributes declare, and every problem with them."""
    problems: list[str] = []
    bounds = _listed(attributes["satisficing"], Bound, "satisficing", problems)
    also = _listed(attributes["also"], Metric, "also", problems)
    for metric in [b.metric for b in bounds] + list(also):
        if not metric.split:
            problems.append(f'{metric} stands on no split; write {metric.label}.on("test")')
    problems += _repeated(bounds, also)
    splits = _splits(attributes["splits"], problems)
    problems += _settings(attributes)
    models = attributes["models"]
    if (
        isinstance(models, (str, Set))  # the order of a set differs from process to process
        or not isinstance(models, Iterable)
        or not all(isinstance(m, str) and m for m in models)
    ):
        problems.append(f'models = {models!r} must list names, such as models = ["candidate"]')
        models = ()
    problems += [f"models lists {m!r} twice" for m, n in Counter(models).items() if n > 1]
    gaps = _diagnosis(attributes["diagnosis"], problems)
    first, over_all = objectives(attributes, tuple(models), bounds, problems)
    asked = [bound for d in [*bounds, *first] if (bound := bound_of(d)) is not None]
    for check in splits:
        problems += check.problems(asked)
    declared: list[Any] = [*first, *bounds, *splits, *gaps]
    ids = [*(o.slug for o in first), *_ids(bounds), *(s.slug for s in [*splits, *gaps])]
    found = [Check(d.slug, d.kind, "", d) for d in over_all]
    found += [
        Check(i, d.kind, m, d)
        for m in (models or ("",))
        for i, d in zip(ids, declared, strict=True)
    ]
    problems += _waivers(attributes["waivers"], found)
    ledger = ledger_of(attributes["ledger"], problems)
    return tuple(collapsed(ledger, found, attributes, problems)), problems


def unknown(namespace: Mapping[str, Any], inherited: Iterable[str]) -> list[str]:
    """Names in a class body that look like declarations and are none."""
    problems = []
    for name, value in namespace.items():
        if name in RESERVED:
            problems.append(f"`{name}` is a name that Evaluation itself uses; choose another")
        elif name in ("__init__", "__new__"):
            problems.append(f"`{name}`: pytest collects no class that defines it; use a fixture")
        elif name.startswith("_") or name in KNOWN or callable(value) or name in inherited:
            continue
        elif isinstance(value, (classmethod, staticmethod, property)):
            continue
        elif hint := did_you_mean(name, (*KNOWN, "outputs"), cutoff=0.75):
            problems.append(
                f"`{name}` is no declaration{hint}; if it is a value of your own, begin its name "
                "with _"
            )
        elif _holds_declarations(value):
            problems.append(
                f"`{name}` holds metrics, bounds or checks but is no declaration, so nothing would "
                "judge them; list them in `satisficing`, `splits`, `diagnosis` or `also`, or begin "
                "the name with _"
            )
    return problems


def _listed(value: Any, kind: type, name: str, problems: list[str]) -> list[Any]:
    example = 'recall.on("test") >= 0.9' if kind is Bound else 'precision.on("dev")'
    if isinstance(value, kind):
        problems.append(f"{name} = {value} must be a list: {name} = [{value}]")
        return []
    if isinstance(value, (str, Mapping, Set)) or not isinstance(value, Iterable):
        problems.append(
            f"{name} must be a list of {'bounds' if kind is Bound else 'metrics'}, such as "
            f"[{example}]; got {value!r}"
        )
        return []
    found = []
    for item in value:
        if isinstance(item, kind):
            found.append(item)
        elif isinstance(item, Metric):
            problems.append(
                f"{name} lists {item}, which has no threshold; write a bound ({example}), or list "
                "it in `also`"
            )
        elif isinstance(item, Bound):
            problems.append(f"{name} lists the bound {item}; bounds belong in `satisficing`")
        else:
            problems.append(
                f"{name} lists {item!r}, which is not "
                f"{'a bound' if kind is Bound else 'a metric'} such as {example}"
            )
    return found


def _splits(value: Any, problems: list[str]) -> list[SplitCheck]:
    example = 'same_distribution("dev", "test")'
    if isinstance(value, (str, Mapping, Set, SplitCheck)) or not isinstance(value, Iterable):
        problems.append(f"splits must be a list of checks, such as [{example}]; got {value!r}")
        return []
    found = []
    for item in value:
        if isinstance(item, SplitCheck):
            found.append(item)
        else:
            problems.append(f"splits lists {item!r}, which is no check of splits such as {example}")
    problems += [
        f"splits lists {slug!r} {n} times; declare it once, with everything that it is to look at"
        for slug, n in Counter(s.slug for s in found).items()
        if n > 1
    ]
    return found


def _diagnosis(value: Any, problems: list[str]) -> list[Any]:
    if isinstance(value, BiasVariance):
        return value.checks
    if value is not None:
        several = isinstance(value, (list, tuple)) and any(
            isinstance(item, BiasVariance) for item in value
        )
        more = "; an evaluation has one: declare another metric's in a subclass" if several else ""
        problems.append(
            f"diagnosis = {value!r} must be made by bias_variance(error_rate, human=…){more}"
        )
    return []


def _waivers(value: Any, checks: list[Check]) -> list[str]:
    example = 'waive("EH-SHIFT", owner="ana", reason="…", expires="2027-01-31")'
    if isinstance(value, (str, Mapping, Set, Waiver)) or not isinstance(value, Iterable):
        return [f"waivers must be a list, such as [{example}]; got {value!r}"]
    problems = []
    for item in value:
        if not isinstance(item, Waiver):
            problems.append(f"waivers lists {item!r}, which is not made by {example}")
            continue
        ids = list(dict.fromkeys(c.id for c in checks))
        if item.check and item.check not in ids:
            known = ids if item.code else [*ids, *CODES]
            what = "no check" if item.code else "no check, nor a code"
            problems.append(
                f"the waiver of {item.what} names {what}{did_you_mean(item.check, known)}: "
                f"{item.check!r}"
            )
        elif not any(item.covers(c.id, c.declared.finds) for c in checks):
            problems.append(
                f"the waiver of {item.code} waives nothing: no declared check can find it; remove "
                "the waiver"
            )
    return problems


def _repeated(bounds: list[Bound], also: list[Metric]) -> list[str]:
    problems = []
    same_side: dict[tuple[Metric, str, str], list[Bound]] = {}
    for bound in bounds:
        same_side.setdefault((bound.metric, bound.side, _level(bound)), []).append(bound)
    for group in same_side.values():
        if len(group) > 1 and len(set(group)) == 1:
            problems.append(f"{group[0]} is declared {len(group)} times; once is enough")
        elif len(group) > 1:
            written = ", ".join(map(str, group))
            problems.append(f"{written} bound one metric from the same side; keep the stricter one")
    names: dict[str, set[Any]] = {}
    for metric in [b.metric for b in bounds] + also:
        names.setdefault(str(metric), set()).add(metric)
    problems += [
        f"two different metrics are both written {n}; rename one"
        for n, m in names.items()
        if len(m) > 1
    ]
    return problems


def _settings(attributes: Mapping[str, Any]) -> list[str]:
    problems = []
    confidence = attributes["confidence"]
    if (
        isinstance(confidence, bool)
        or not isinstance(confidence, (int, float))
        or not 0.5 <= confidence < 1
    ):
        hint = (
            f"; did you mean {confidence / 100:g}?"
            if isinstance(confidence, (int, float)) and 50 <= confidence < 100
            else ""
        )
        problems.append(f"confidence = {confidence!r} must lie in 0.5 ≤ confidence < 1{hint}")
    elif math.isnan(confidence):
        problems.append("confidence is NaN")
    if attributes["policy"] not in ("confident", "point"):
        problems.append(
            f"policy = {attributes['policy']!r} must be "
            '"confident" (the interval decides) or "point"'
        )
    if isinstance(attributes["seed"], bool) or not isinstance(attributes["seed"], int):
        problems.append(f"seed = {attributes['seed']!r} must be a whole number")
    return problems


def _ids(bounds: list[Bound]) -> list[str]:
    """Node ids: the slug, with min or max where one metric is bounded twice, and a short hash where
    slugs collide."""
    twice = Counter((b.metric, _level(b)) for b in bounds)
    ids = [
        b.metric.slug + _level(b) + (f"-{b.side}" if twice[b.metric, _level(b)] > 1 else "")
        for b in bounds
    ]
    shared = Counter(ids)
    return [
        i if shared[i] == 1 else f"{i}-{hashlib.sha256(str(b.metric).encode()).hexdigest()[:12]}"
        for i, b in zip(ids, bounds, strict=True)
    ]


def _level(bound: Bound) -> str:
    """Of a bound against a human level or a baseline, what its node id says of it."""
    if bound.baseline is not None:
        return baseline_slug(bound.baseline)
    return "" if bound.human is None else f"-human-{slug_of(bound.human.name)}"


def _holds_declarations(value: Any) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple, Set)):
        return any(isinstance(i, (Bound, Metric, *DECLARED)) for i in value)
    return isinstance(value, (Bound, *DECLARED))

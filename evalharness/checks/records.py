"""What a result holds as plain dictionaries of its public fields, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from evalharness.checks.chosen import Candidate, ChoiceResult, Chosen
from evalharness.checks.diagnosed import Diagnosis, DiagnosisResult, Gap, Rung, Section, Under
from evalharness.checks.findings import Finding, SplitResult
from evalharness.checks.satisficing import CheckResult
from evalharness.inference.estimates import Estimate
from evalharness.inference.verdicts import Verdict


@cache
def _fields(kind: Any) -> dict[str, bool]:
    """The public fields of a dataclass, and whether each is a number with a fraction."""
    return {f.name: f.type == "float" for f in fields(kind) if not f.name.startswith("_")}


def record(value: Any) -> dict[str, Any]:
    """The public fields of a dataclass."""
    kind: Any = type(value)
    return {name: getattr(value, name) for name in _fields(kind)}


def _verdict(v: Verdict) -> dict[str, Any]:
    return record(v) | {"estimate": record(v.estimate)}


def decided(of: CheckResult | SplitResult) -> dict[str, Any]:
    """What a check was decided by."""
    if isinstance(of, SplitResult):
        found: dict[str, Any] = {"findings": [record(f) for f in of.findings]}
        ladder = getattr(of, "ladder", None)
        choice = getattr(of, "choice", None)
        found |= {"choice": asdict(choice)} if choice is not None else {}
        return found | ({"ladder": asdict(ladder)} if ladder is not None else {})
    return {"decided": of.decided, "verdicts": [_verdict(v) for v in of.verdicts]}


def check(data: Mapping[str, Any]) -> CheckResult | SplitResult:
    """The check of its dictionary."""
    if "findings" in data:
        lists = ("n", "settle", "details")
        findings = tuple(
            made(Finding, f | {name: tuple(f[name]) for name in lists}) for f in data["findings"]
        )
        words = {name: tuple(data[name]) for name in ("splits", "notes")}
        given = {**data, **words, "findings": findings}
        if "choice" in data:
            base = record(made(SplitResult, given))
            return ChoiceResult(**base, choice=_choice(data["choice"]))
        if data["kind"] != "diagnosis":
            result: SplitResult = made(SplitResult, given)
            return result
        ladder = data.get("ladder")
        return DiagnosisResult(
            **record(made(SplitResult, given)), ladder=ladder and _ladder(ladder)
        )
    verdicts = tuple(
        made(Verdict, v | {"estimate": made(Estimate, v["estimate"])}) for v in data["verdicts"]
    )
    pooled = tuple((str(v), int(n)) for v, n in data["pooled"])
    bound: CheckResult = made(
        CheckResult,
        {**data, "verdicts": verdicts, "pooled": pooled, "notes": tuple(data.get("notes", ()))},
    )
    return bound


def _choice(data: Mapping[str, Any]) -> Chosen:
    """The choice of its dictionary."""
    lists = ("ruled_out", "doubts", "waived", "groups")
    candidates = tuple(
        made(Candidate, c | {name: tuple(c[name]) for name in lists}) for c in data["candidates"]
    )
    found: Chosen = made(Chosen, {**data, "candidates": candidates})
    return found


def _ladder(data: Mapping[str, Any]) -> Diagnosis:
    """The ladder of its dictionary."""
    words = {name: tuple(data[name]) for name in ("named", "advice")}
    parts = {
        "rungs": tuple(made(Rung, r) for r in data["rungs"]),
        "gaps": tuple(made(Gap, g) for g in data["gaps"]),
        "under": tuple(made(Under, u | {"named": tuple(u["named"])}) for u in data["under"]),
        "sections": tuple(
            made(Section, s | {"lines": tuple(s["lines"])}) for s in data["sections"]
        ),
    }
    found: Diagnosis = made(Diagnosis, {**data, **words, **parts})
    return found


def made(kind: type, data: Mapping[str, Any]) -> Any:
    """An instance from its public fields; numbers that JSON cannot hold were written as words."""
    known = _fields(kind)
    return kind(**{k: float(v) if known[k] else v for k, v in data.items() if k in known})

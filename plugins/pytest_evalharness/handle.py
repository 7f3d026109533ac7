"""What tests get as the fixture `evaluation`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_evalharness import keys, outcomes

if TYPE_CHECKING:
    from evalharness.checks.findings import SplitResult
    from evalharness.checks.satisficing import CheckResult
    from evalharness.declare.collect import Check
    from evalharness.result import Result
    from pytest_evalharness.run import Run


class Handle:
    """The estimates of an evaluation, as one test sees them.

    `evaluation[recall.on("test")]`, or `evaluation["candidate", recall.on("test")]` where the
    outputs hold several models, is an Estimate; comparing it with a number gives a Verdict, and
    the difference of two models is paired by id. A metric that was not declared is computed on
    demand, outside of the correction for several bounds.
    """

    def __init__(self, run: Run, item: pytest.Function):
        __tracebackhide__ = True
        self._run, self._item = run, item
        item.stash[keys.NOTE] = {"node": run.key, "evaluation": run.name}
        if left := item.config.stash[keys.DESELECTED]:
            item.stash[keys.NOTE]["deselected"] = list(left)
        if run.failure is not None:
            if run.failure.told == item.nodeid and not run.failure.skipped:
                item.stash[keys.NOTE]["error"] = run.failure.message
            run.failure.report(run.name, item.nodeid)
        if not run.sent:
            run.sent = True
            here = item.config.stash.get(keys.REPORTER, None)
            if here is not None and run.result is not None and here.process == os.getpid():
                here.keep(run.key, run.name, run.result.detached(), run.seconds)
            else:
                item.stash[keys.NOTE] |= {"result": run.as_text(), "seconds": run.seconds}

    @property
    def result(self) -> Result:
        """Everything that was estimated and decided, with its provenance."""
        assert self._run.result is not None
        return self._run.result

    def __getitem__(self, key: Any) -> Any:
        __tracebackhide__ = True
        return self.result[key]

    def __repr__(self) -> str:
        return f"<evaluation of {self._run.name}>"

    def judge(self, check: Check) -> None:
        """Report the check as the outcome of this test."""
        __tracebackhide__ = True
        from evalharness.checks.table import details

        found = self._run.find(check)
        self._item.stash[keys.NOTE]["check"] = [found.model, found.id]
        told = properties(found)
        if told[0] not in self._item.user_properties:  # an item may be run again
            self._item.user_properties += told
        outcomes.settle(self._item, found.outcome, found.message, lambda: details(found))


def properties(found: CheckResult | SplitResult) -> list[tuple[str, object]]:
    """What JUnit files and other reports tell of a check; of several slices or columns, the
    worst."""
    from evalharness.checks.written import plain as in_json

    told = _of_bound(found) if hasattr(found, "verdicts") else _of_splits(found)
    return [(name, in_json(value)) for name, value in told.items()]


def _of_splits(found: Any) -> dict[str, object]:
    worst = found.worst
    codes = [f.code for f in found.gated if f.outcome != "pass" and not f.waived]
    told = {
        "kind": found.kind,
        "split": ", ".join(found.splits),
        "model": found.model,
        "codes": ", ".join(dict.fromkeys(codes)),
        "waived": ", ".join(dict.fromkeys(f.code for f in found.waived)),
        "verdict": found.outcome,
    }
    if worst is not None:
        told |= {"about": worst.about, "measure": worst.measure, "value": worst.value}
        told |= {"limit": worst.limit, "required": worst.required, "level": worst.level}
    if found.kind == "optimizing" and worst is not None:
        # A choice requires no number, and has no level of its own.
        told = {k: v for k, v in told.items() if v == v} | {"metric": worst.measure}
    return told


def _of_bound(found: Any) -> dict[str, object]:
    from evalharness.inference.numbers import plain

    worst = found.worst
    estimate = worst.estimate
    return {
        "kind": found.kind,
        "metric": found.metric,
        "split": found.split,
        "slice": estimate.slice,
        "model": found.model,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "at_least": estimate.at_least,
        "at_most": estimate.at_most,
        "n": estimate.n,
        "bound": f"{found.op} {plain(found.threshold)}",
        "level": worst.level,
        "code": found.code,
        "waived": found.waived,
        "decided": found.decided,
        "verdict": found.outcome,
    }

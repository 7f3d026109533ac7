"""Under xdist: one worker computes, the others read its answer from a folder that all share."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_evalharness import items, keys
from pytest_evalharness.run import Failure, Run, computed, places

if TYPE_CHECKING:
    from evalharness.inference.estimates import Estimate
    from evalharness.result import Result
    from pytest_evalharness.items import Planned


def shared_run(request: pytest.FixtureRequest, planned: Planned) -> Run:
    """The run of a class. The first worker here computes; the operating system frees its lock if it
    dies, and then the next one does."""
    import filelock

    factory = request.getfixturevalue("tmp_path_factory")
    # Each worker's folder stands in that of the whole session; the id keeps two sessions apart
    # where they do not, as with workers on other machines.
    session = request.config.workerinput["testrunuid"]  # type: ignore[attr-defined]
    name = hashlib.sha256(f"{session} {request.node.nodeid}".encode()).hexdigest()[:16]
    base = factory.getbasetemp().parent / f"evalharness-{name}"
    answer, examples = base.with_suffix(".json"), base.with_suffix(".pickle")
    with filelock.FileLock(base.with_suffix(".lock")):
        if answer.exists():
            return _read(answer, examples, request, planned)
        run = computed(request, planned)
        if planned.tests and run.result is not None:
            _write(examples, _pickled(run))
        failure = run.failure and [run.failure.message, run.failure.told, run.failure.skipped]
        told = {"result": run.as_text(), "failure": failure, "seconds": run.seconds}
        _write(answer, json.dumps(told).encode())
    return run


def _read(answer: Path, examples: Path, request: pytest.FixtureRequest, planned: Planned) -> Run:
    cls = items.evaluation_class(request)
    run = Run(request.node.nodeid, cls, planned)
    told = json.loads(answer.read_bytes())
    run.text, run.seconds = told["result"], told["seconds"]
    if told["failure"]:
        run.failure = Failure(*told["failure"])
    else:
        device = request.config.stash[keys.OPTIONS].device
        place = places(request.config, run.key)
        run.result = Copy(cls, run.text, examples, device, place).result
    return run


class Copy:
    """The result that another worker computed. What it does not hold (a metric that no one
    declared, a difference, what would settle a verdict) is computed here, from the same examples.
    """

    def __init__(
        self, cls: Any, text: str, examples: Path, device: str | None, place: dict[str, Any]
    ):
        self.cls, self.text, self.examples, self.device = cls, text, examples, device
        self.place = place

    @cached_property
    def result(self) -> Result:
        from evalharness.result import Result

        found = Result.from_json(self.text)
        estimates = {
            model: {
                metric: tuple(
                    replace(e, _bounds=Bounds(self, model, metric, i)) for i, e in enumerate(each)
                )
                for metric, each in by.items()
            }
            for model, by in found.estimates.items()
        }
        return replace(
            found,
            estimates=estimates,
            _declared=self.cls.written(),
            _compute=lambda *asked: self.live._compute(*asked),  # type: ignore[misc]
            _minus=lambda *asked: self.live._minus(*asked),  # type: ignore[misc]
        )

    @cached_property
    def live(self) -> Result:
        """The same result, with the examples."""
        __tracebackhide__ = True
        kept = pickle.loads(self.examples.read_bytes())
        if isinstance(kept, str):
            pytest.fail(
                f"{self.cls.__name__}: this test asks for more than what was declared, and runs "
                f"in another process than the evaluation, but its outputs cannot be sent there "
                f"({kept}); declare the metric in `also`, or run with --dist=loadscope",
                pytrace=False,
            )
        found: Result = self.cls.run(kept, select=self.cls.checks, device=self.device, **self.place)
        return found


class Bounds:
    """The bounds of a copied estimate, which are asked only for what would settle a verdict."""

    def __init__(self, copy: Copy, model: str, metric: str, place: int):
        self._where = copy, model, metric, place

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        copy, model, metric, place = self._where
        estimate: Estimate = copy.live.estimates[model][metric][place]
        return getattr(estimate._bounds, name)


def _pickled(run: Run) -> bytes:
    try:
        return pickle.dumps(run.models, protocol=5)
    except Exception as error:  # any type that a user's table may hold
        return pickle.dumps(f"{type(error).__name__}: {error}")


def _write(path: Path, content: bytes) -> None:
    """All of the file or none of it: a worker may die at any moment."""
    partial = path.with_suffix(path.suffix + ".part")
    partial.write_bytes(content)
    os.replace(partial, path)

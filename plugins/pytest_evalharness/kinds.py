"""The library's classes, recognized by their names: asking loads nothing, and holds also where one
process has loaded a module twice, as runs inside of runs (pytester) do."""

from __future__ import annotations

from types import TracebackType

LIBRARY = ("evalharness", "pytest_evalharness")


def is_evaluation(kind: object) -> bool:
    return _descends(kind, "evalharness.evaluation", "Evaluation")


def is_estimate(value: object) -> bool:
    return _descends(type(value), "evalharness.inference.estimates", "Estimate")


def is_ours(error: BaseException) -> bool:
    """An error that the library raises on purpose."""
    return _descends(type(error), "evalharness.declare.errors", "EvalharnessError")


def is_inconclusive(error: BaseException) -> bool:
    return _descends(type(error), "evalharness.declare.errors", "InconclusiveError")


def outside(traceback: TracebackType | None) -> TracebackType | None:
    """The innermost entry of a traceback that is not in the library."""
    last = None
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", ""))
        if module.split(".")[0] not in LIBRARY:
            last = traceback
        traceback = traceback.tb_next
    return last


def _descends(kind: object, module: str, name: str) -> bool:
    return isinstance(kind, type) and any(
        c.__name__ == name and c.__module__ == module for c in kind.__mro__
    )

"""The hooks. Loaded in every pytest run, so nothing here imports evalharness, NumPy or JAX."""

from __future__ import annotations

from collections.abc import Generator
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import pytest

from pytest_evalharness import items, keys, kinds, options

if TYPE_CHECKING:
    from pytest_evalharness.run import Run

# The kinds of checks, each a mark of its items.
KINDS = {
    "optimizing": "the optimizing metric against a baseline, or the choice among several models",
    "preferences": "a judgement of people that the optimizing metric must reproduce",
    "satisficing": "a bound that a model must be shown to meet",
    "splits": "how the splits of the outputs must relate",
    "diagnosis": "which gap holds a model back",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "evaluation: belongs to an evalharness.Evaluation; set by the plugin."
    )
    for kind, what in KINDS.items():
        config.addinivalue_line("markers", f"{kind}: {what}; set by the plugin.")
    config.stash[keys.OPTIONS] = options.read(config)
    config.stash[keys.PARAMETERS] = {}
    config.stash[keys.PLANS] = {}
    config.stash[keys.RUNS] = {}
    if not hasattr(config, "workerinput"):
        from pytest_evalharness.report import Reporter

        config.stash[keys.REPORTER] = Reporter(config)
        config.pluginmanager.register(config.stash[keys.REPORTER], "evalharness-report")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    kind = getattr(metafunc.function, "_evalharness_kind", None)
    if kind is not None:
        items.parametrize(metafunc, kind)


def pytest_itemcollected(item: pytest.Item) -> None:
    if items.evaluation_class(item) is None:
        return
    items.note_parameters(item)
    if not item.get_closest_marker("evaluation"):
        item.add_marker("evaluation")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    from pytest_evalharness.items import deselect

    deselect(config, items)


def pytest_collection_finish(session: pytest.Session) -> None:
    # After -k, -m, --lf and --deselect: what is left is what will run.
    session.config.stash[keys.PLANS].update(items.plans(session))


@pytest.fixture(scope="class")
def _evalharness_run(request: pytest.FixtureRequest) -> Run | None:
    """The one run of the class; class-scoped, as the fixtures that `outputs` asks for are."""
    if items.evaluation_class(request) is None:
        return None
    from pytest_evalharness.run import run_of

    return run_of(request)


@pytest.fixture
def evaluation(_evalharness_evaluation: Any) -> Any:
    """What the evaluation found. `evaluation[recall.on("test")]` is an estimate: a value with its
    interval; `evaluation["candidate", metric]` that of one of several models."""
    return _evalharness_evaluation


@pytest.fixture
def _evalharness_evaluation(request: pytest.FixtureRequest, _evalharness_run: Run | None) -> Any:
    """The same under a name that no project uses: what the declared checks ask."""
    # Of errors with a traceback this frame is noise; others (pytest.fail) need one that is visible.
    __tracebackhide__ = methodcaller("errisinstance", Exception)
    if _evalharness_run is None:
        pytest.fail(
            f"{request.node.name} asks for the fixture `evaluation`, which belongs to the tests of "
            "an evaluation: make it a method of a subclass of evalharness.Evaluation",
            pytrace=False,
        )
    from pytest_evalharness.handle import Handle

    return Handle(_evalharness_run, request.node)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    __tracebackhide__ = True
    try:
        return (yield)
    except Exception as error:
        if not kinds.is_ours(error):
            raise
        from pytest_evalharness import outcomes

        outcomes.raised(pyfuncitem, error)
        return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if keys.NOTE in item.stash:
        from pytest_evalharness import outcomes

        outcomes.attach(item, call, report)
    if call.when == "teardown" and items.evaluation_class(item) is not None:
        run = item.config.stash[keys.RUNS].get(items.class_id(item))
        if run is not None:
            run.ended(item.nodeid)
    return report


def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    note = getattr(report, "evalharness", None)
    if note and note.get("allowed") and report.when == "call" and report.outcome != "failed":
        return "inconclusive", "?", ("INCONCLUSIVE", {"yellow": True})
    return None


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    if not (kinds.is_estimate(left) or kinds.is_estimate(right)):
        return None
    from pytest_evalharness import outcomes

    return outcomes.explain(op, left, right)

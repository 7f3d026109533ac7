"""The one run of an evaluation in this session: lazily, at the first of its items that needs it."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_evalharness import items, keys, kinds

if TYPE_CHECKING:
    from evalharness.checks.findings import SplitResult
    from evalharness.checks.satisficing import CheckResult
    from evalharness.declare.collect import Check
    from evalharness.result import Result
    from pytest_evalharness.items import Planned


@dataclass
class Failure:
    """Why an evaluation has no result.

    message: all of it; told: the item that reports it; skipped: `outputs` asked to skip;
    error: what was raised, in the process where that happened.
    """

    message: str
    told: str
    skipped: bool = False
    error: BaseException | None = None

    def report(self, name: str, nodeid: str) -> None:
        """Raise it: in full at the item that met it first, in one line at every other."""
        __tracebackhide__ = True
        if self.skipped:
            pytest.skip(self.message)
        if nodeid == self.told and self.error is not None:
            raise self.error
        why = first_line(self.message).removeprefix(f"{name}: ")
        pytest.fail(f"{name} could not be evaluated: {why} (in full at {self.told})", False)


def first_line(message: str) -> str:
    """Of a list of problems its head, and the first of them."""
    first, *rest = message.splitlines() or [""]
    return f"{first} {rest[0].strip()}" if first.endswith(":") and rest else first


@dataclass
class Run:
    """One evaluation, run. Either `result` or `failure` is there.

    key: node id of the class; cls: the class; text: see `as_text`;
    seconds: how long it took; models: the outputs by model name, in the process that computed.
    """

    key: str
    cls: Any
    planned: Planned
    result: Result | None = None
    failure: Failure | None = None
    text: str = ""
    seconds: float = 0.0
    models: Mapping[str, Any] | None = None
    sent: bool = False

    def as_text(self) -> str:
        """The result as JSON, for other processes; "" where there is none."""
        if not self.text and self.result is not None:
            self.text = self.result.to_json()
        return self.text

    @property
    def name(self) -> str:
        return str(self.cls.__name__)

    def find(self, check: Check) -> CheckResult | SplitResult:
        """What was decided of a check. By its place in the declaration: an id may be anything."""
        assert self.result is not None
        place = self._places.get(check)
        if place is None:
            raise LookupError(
                f"{self.name}: {check.id} was collected after the run was planned; a plugin adds "
                "items after pytest_collection_finish, and evalharness cannot follow it"
            )
        found = self.result.checks[place]
        assert (found.id, found.model) == (check.id, check.model)
        return found

    @cached_property
    def _places(self) -> dict[Check, int]:
        selected = set(self.planned.checks)
        return {c: i for i, c in enumerate(c for c in self.cls.checks if c in selected)}

    def ended(self, nodeid: str) -> None:
        self.planned.pending.discard(nodeid)

    def let_go(self) -> None:
        """Of the examples, once all items have ended. Not at once: the last may be run again."""
        if not self.planned.pending:
            self.result = self.models = None


def store(config: pytest.Config, node: str = "") -> Any:
    """Where saved results are, for the evaluation of a node id."""
    from evalharness.store import FOLDER, Store

    return Store(config.rootpath / FOLDER, config.stash[keys.OPTIONS].baseline, node)


def places(config: pytest.Config, node: str) -> dict[str, Any]:
    """Where an evaluation finds what lies beside the tests: its ledger and saved results."""
    return {"root": config.rootpath, "store": store(config, node)}


def run_of(request: pytest.FixtureRequest) -> Run:
    """The run of the class that the request (of class scope) belongs to. Errors are kept in it."""
    runs = request.config.stash[keys.RUNS]
    key = request.node.nodeid
    # A shuffled order may come back to a class that it had left, and a plugin that runs items again
    # to one that was let go.
    run = runs.get(key)
    if run is None or (run.result is None and run.failure is None):
        for done in runs.values():
            done.let_go()
        planned = request.config.stash[keys.PLANS][key]
        if hasattr(request.config, "workerinput"):
            from pytest_evalharness.shared import shared_run

            runs[key] = shared_run(request, planned)
        else:
            runs[key] = computed(request, planned)
    return runs[key]


def computed(request: pytest.FixtureRequest, planned: Planned) -> Run:
    """Call `outputs` and evaluate, here and now."""
    __tracebackhide__ = True
    cls = items.evaluation_class(request)
    run = Run(request.node.nodeid, cls, planned)
    if planned.parametrized:
        names = ", ".join(f"`{name}`" for name in planned.parametrized)
        run.failure = _failure(
            pytest.fail.Exception(
                f"{cls.__name__}: the class is parametrized by {names}; outputs() runs once for "
                "the class, so return the outputs of all of them by name, and list the gated ones "
                "in `models`",
                pytrace=False,
            )
        )
        return run
    started = time.perf_counter()
    who = "a fixture of outputs()"
    try:
        from evalharness.checks.models import by_model

        given = _fixtures(cls, request)
        who = "outputs()"
        run.models = by_model(cls.__name__, cls.models, cls.outputs(**given))
        chosen, place = request.config.stash[keys.OPTIONS], places(request.config, run.key)
        run.result = cls.run(run.models, select=set(planned.checks), device=chosen.device, **place)
        if chosen.save or chosen.baseline:
            run.result = run.result.holding()
    except (pytest.exit.Exception, KeyboardInterrupt):
        raise
    except pytest.skip.Exception as skipped:
        run.failure = Failure(str(skipped), _here(), skipped=True)
    except (Exception, pytest.fail.Exception) as error:
        run.failure = _failure(error)
    except BaseException as error:
        # Raised on, it would break pytest's own setup of the items that follow.
        run.failure = _failure(_tamed(error, who))
    run.seconds = time.perf_counter() - started
    return run


def _failure(error: BaseException) -> Failure:
    message = str(error)
    if isinstance(error, pytest.FixtureLookupError):
        message = f"fixture '{error.argname}' not found"
    elif not kinds.is_ours(error) and not isinstance(error, pytest.fail.Exception):
        message = f"{type(error).__name__}: {message}"
    return Failure(message, _here(), error=_presented(error))


def _tamed(error: BaseException, who: str) -> BaseException:
    """What ends more than a test (SystemExit, a cancelled task), as a failure at the same place."""
    what = f"raised {type(error).__name__}: {error}"
    if isinstance(error, SystemExit):
        what = f"called sys.exit({'' if error.code is None else repr(error.code)})"
    return pytest.fail.Exception(f"{who} {what}").with_traceback(error.__traceback__)


def _presented(error: BaseException) -> BaseException:
    """An error of the library speaks for itself, without a traceback; of one that the user's code
    met, the traceback ends there. A bug, and what the user raised, is shown as it is."""
    if not kinds.is_ours(error):
        return error
    users = kinds.outside(error.__traceback__)
    if users is None:
        return pytest.fail.Exception(str(error), pytrace=False)
    users.tb_next = None
    return error


def _fixtures(cls: Any, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The values of the parameters of `outputs`; as for tests, a default is no fixture."""
    __tracebackhide__ = True
    found = {}
    for name, parameter in inspect.signature(cls.outputs).parameters.items():
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if not named or parameter.default is not parameter.empty:
            continue
        try:
            found[name] = request.getfixturevalue(name)
        except pytest.fail.Exception as error:
            why = _unsuitable(name, str(error))
            if not why:
                raise
            raise pytest.fail.Exception(
                f"{cls.__name__}.outputs asks for the fixture `{name}`, {why}", pytrace=False
            ) from None
    return found


def _unsuitable(name: str, message: str) -> str:
    """Why pytest refuses this very fixture, rather than one that it asks for; "" if it does not."""
    if "ScopeMismatch" in message and f"fixture {name} with" in message:
        return (
            "which is made anew for each test; outputs() runs once for the class, so it takes "
            'fixtures of class scope or wider: write @pytest.fixture(scope="class"), or use '
            "`tmp_path_factory` in place of `tmp_path`"
        )
    if "no parameter defined" in message and f"fixture '{name}'" in message:
        return (
            "which is parametrized; outputs() runs once for the class, so return the outputs of "
            "all of them by name, and list the gated ones in `models`"
        )
    return ""


def _here() -> str:
    """The node id of the running item."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rsplit(" ", 1)[0]

"""The user's class of declarations. `run()` evaluates it; the pytest plugin makes an item of each
check."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from evalharness.declare.bound import Bound
from evalharness.declare.collect import KINDS, KNOWN, Check, checks, unknown
from evalharness.declare.diagnosis import BiasVariance
from evalharness.declare.errors import DeclarationError, numbered
from evalharness.declare.looks import Ledger, ledger_of
from evalharness.declare.metric import Metric
from evalharness.declare.objective import Against, Choice
from evalharness.declare.preference import Preference
from evalharness.declare.split_checks import SplitCheck
from evalharness.declare.waivers import Waiver

if TYPE_CHECKING:
    from pathlib import Path

    from evalharness.inference.estimates import Estimate
    from evalharness.result import Result
    from evalharness.store import Store


class Evaluation:
    """What a model must do, declared. Subclass it; `pytest` then reports each check as a test
    result.

    optimizing:  the metric to make best: `f1.on("dev").against("production")`, or of several models
                 the choice among those that meet every bound, `f1.on("dev")`.
    preferences: judgements that the optimizing metric must reproduce: `prefers(…)`.
    satisficing: bounds that every gated model must be shown to meet.
    splits:      how the splits must relate: `same_distribution`, `known_difference`, `no_leakage`,
                 `large_enough`.
    diagnosis:   which gap holds the model back, from human level to test: `bias_variance(…)`.
    waivers:     findings that are known and let through until a day: `waive(…)`.
    also:        metrics to compute and report, not to gate.
    ledger:      the file in which every look at a held-out split is recorded: a path, or
                 `Ledger(…)`; None: none is.
    models:      names of the gated models; may be left out when the outputs hold one that is no
                 baseline.
    confidence:  one-sided, of every bound that decides (0.95).
    policy:      "confident": the interval decides; "point": the value does, which guarantees
                 nothing.
    seed:        of everything that is resampled.
    abstract:    True for a base class that is not evaluated itself.
    outputs:     a classmethod that returns `Outputs`, or a mapping of model names to `Outputs`; its
                 parameters are pytest fixtures of class scope or wider. It runs once.
    """

    models: ClassVar[Iterable[str]] = ()
    optimizing: ClassVar[Against | Metric | None] = None
    preferences: ClassVar[Iterable[Preference]] = ()
    satisficing: ClassVar[Iterable[Bound]] = ()
    splits: ClassVar[Iterable[SplitCheck]] = ()
    diagnosis: ClassVar[BiasVariance | None] = None
    waivers: ClassVar[Iterable[Waiver]] = ()
    also: ClassVar[Iterable[Metric]] = ()
    ledger: ClassVar[str | Ledger | None] = None
    confidence: ClassVar[float] = 0.95
    policy: ClassVar[str] = "confident"
    seed: ClassVar[int] = 0
    abstract: ClassVar[bool] = True

    __test__ = False
    checks: ClassVar[tuple[Check, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        __tracebackhide__ = True  # a wrong declaration is reported at the user's line
        super().__init_subclass__(**kwargs)
        cls.abstract = bool(cls.__dict__.get("abstract", False))
        cls.__test__ = not cls.abstract
        for name in ("models", "preferences", "satisficing", "splits", "waivers", "also"):
            if isinstance(cls.__dict__.get(name), Iterator):
                # An iterator is spent after one walk, and a subclass would inherit nothing.
                setattr(cls, name, tuple(cls.__dict__[name]))
        own = dict(cls.__dict__)
        for base in cls.__mro__[1:]:  # a plain mixin declares too
            if base is not object and not issubclass(base, Evaluation):
                own = dict(base.__dict__) | own
        attributes = {name: getattr(cls, name) for name in KNOWN}
        cls.checks, problems = checks(attributes)
        problems += unknown(own, set(dir(Evaluation)))
        problems += _outputs_problems(cls)
        if not cls.abstract and not cls.checks and not problems and not _tests(cls):
            problems.append(
                "it declares no check; list at least one bound, such as "
                'satisficing = [recall.on("test") >= 0.9], or a check of splits'
            )
        if problems:
            raise DeclarationError(
                f"{cls.__name__}: {numbered('problems in the declaration', tuple(problems))}"
            )
        for kind in KINDS:
            declared = any(c.kind == kind for c in cls.checks)
            setattr(cls, f"test_{kind}", _item_of(kind) if declared else None)

    @classmethod
    def outputs(cls, *fixtures: Any) -> Any:
        """The model's outputs: `Outputs(test=…)`, or a mapping of model names to `Outputs`."""
        raise DeclarationError(
            f"{cls.__name__} has no `outputs`: write a classmethod that returns Outputs(test=…), "
            "or a mapping of "
            f"model names to Outputs; without pytest, {cls.__name__}.run(outputs=…) takes them "
            "directly"
        )

    @classmethod
    def run(
        cls,
        outputs: Any = None,
        *,
        select: Collection[Check] | None = None,
        device: str | None = None,
        root: Path | None = None,
        store: Store | Path | None = None,
    ) -> Result:
        """Evaluate and return the result; without pytest.

        outputs: `Outputs`, or a mapping of model names to `Outputs`; default: what the class's
                 `outputs()` returns.
        select:  the checks to decide; default: all. What is selected never changes a verdict.
        device:  "cpu" or "gpu": where to compute; default: JAX's default device. Counts are the
                 same on each.
        root:    the folder to which the path of the ledger is relative; default: the working
                 directory.
        store:   the folder of saved results; default: `.evalharness` in the working directory.

        Raises DeclarationError, and OutputsError for outputs that cannot be evaluated, with all
        problems at once.
        """
        from evalharness.checks import models
        from evalharness.checks.deciding import Declared, decided
        from evalharness.checks.measuring import estimates
        from evalharness.checks.settings import Settings
        from evalharness.kernels.backend import using
        from evalharness.kernels.plan import Plan
        from evalharness.result import Result, provenance
        from evalharness.store import FOLDER, Store

        if device not in (None, "cpu", "gpu"):
            raise DeclarationError(f'device={device!r} must be "cpu" or "gpu", or left out')
        named = models.by_model(
            cls.__name__, cls.models, cls.outputs() if outputs is None else outputs
        )
        gated = models.gated(cls.__name__, cls.models, cls.checks, named)
        family = max(1, sum(isinstance(c.declared, Bound) for c in cls.checks))
        settings = Settings(cls.confidence, cls.policy, cls.seed, family, device)
        plan = Plan(named)
        place = store if isinstance(store, Store) else Store(Path(store or FOLDER))
        chosen = cls.checks if select is None else [c for c in cls.checks if c in select]
        optimized: Any = getattr(cls.optimizing, "metric", cls.optimizing)
        declared = Declared(
            cls.checks,
            chosen,
            tuple(cls.also),
            tuple(cls.waivers),
            gated,
            optimized,
            lambda saved: place.held(saved, cls.__name__),
        )

        looks, told = None, {}
        if (ledger := ledger_of(cls.ledger, [])) is not None:
            from evalharness.ledger.looking import Asked

            looks = Asked(cls.__name__, ledger, root, plan, declared, settings)

        def compute(model: str, metric: Metric) -> Sequence[Estimate]:
            if looks is not None:
                looks.ask(metric)
            with using(device):
                return estimates(plan, model, metric, settings)

        def minus(metric: Metric, first: str, second: str) -> Estimate:
            from evalharness.checks.compare import difference

            if looks is not None:
                looks.ask(metric)
            with using(device):
                return difference(plan, metric, first, second, settings)

        def hold() -> dict[str, Any]:
            from evalharness.checks.held import held

            with using(device):
                return {"name": cls.__name__} | held(
                    plan, declared, made, found, cls.written(), settings
                )

        with using(device):
            if looks is None:
                made, found = decided(plan, declared, settings)
            else:
                made, found, told["ledger"] = looks.decided()
            where = provenance(plan, settings) | told
        return Result(
            evaluation=cls.__name__,
            checks=tuple(made),
            estimates=found,
            provenance=where,
            _compute=compute,
            _declared=cls.written(),
            _minus=minus,
            _hold=hold,
        )

    @classmethod
    def written(cls) -> dict[str, Metric]:
        """Every declared metric, by how it is written."""
        metrics = [
            c.declared.metric
            for c in cls.checks
            if isinstance(c.declared, Bound | Against | Choice)
        ]
        return {str(m): m for m in [*metrics, *cls.also]}


def _item_of(kind: str) -> Any:
    """The test function that the plugin parametrizes with the checks of a kind."""

    # Not the fixture `evaluation`: a project may have one of its own, which would let this pass.
    def test(self: Any, _evalharness_evaluation: Any, check: Check) -> None:
        _evalharness_evaluation.judge(check)

    test.__name__ = test.__qualname__ = f"test_{kind}"
    test.__doc__ = None
    test.__test__ = True  # type: ignore[attr-defined]  # collected whatever `python_functions` says
    test._evalharness_kind = kind  # type: ignore[attr-defined]
    return test


def _tests(cls: type) -> list[str]:
    """Names of the hand-written tests."""
    return [
        n
        for n in dir(cls)
        if n.startswith("test")
        and callable(getattr(cls, n))
        and not hasattr(getattr(cls, n), "_evalharness_kind")
    ]


def _outputs_problems(cls: type) -> list[str]:
    found = inspect.getattr_static(cls, "outputs")
    if not isinstance(found, classmethod):
        return ["`outputs` must be a classmethod: write @classmethod above `def outputs(cls): …`"]
    return []

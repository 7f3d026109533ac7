"""The result of an evaluation: all estimates and verdicts, with their provenance."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from evalharness.checks import records, written
from evalharness.checks.chosen import ChoiceResult
from evalharness.checks.findings import SplitResult
from evalharness.checks.notebook import html_table
from evalharness.checks.satisficing import CheckResult
from evalharness.checks.table import text_table
from evalharness.declare.diagnosis import BiasVariance, Ladder
from evalharness.declare.errors import DeclarationError, EvalharnessError
from evalharness.declare.exactly import Exactly
from evalharness.declare.metric import Metric
from evalharness.declare.objective import Against
from evalharness.declare.preference import Preference
from evalharness.declare.split_checks import SplitCheck
from evalharness.inference.estimates import Estimate
from evalharness.inference.many import Estimates, Verdicts
from evalharness.inference.verdicts import Verdict

SCHEMA = "evalharness.result/1"


@dataclass(frozen=True)
class Result:
    """What `Evaluation.run()` returns.

    evaluation: name of the class.
    checks:     every decided check, in the order of declaration.
    estimates:  by model, then by the metric as it was written, one Estimate for each slice.
    provenance: versions, seed, device, content hash of every table, time, confidence and policy.
    held:       None, or what `holding()` keeps for a saved result.

    `result[metric]`, or `result["candidate", metric]` with several models, is the Estimate; a
    mapping of slice names to estimates when the metric is sliced with `.by`. Of a check of splits,
    `result[same_distribution("dev", "test")]`, it is its SplitResult, of a diagnosis,
    `result[TestCats.diagnosis]`, the DiagnosisResult with its `ladder`, and of
    `result[TestCats.optimizing]` the CheckResult of an objective, or the ChoiceResult of a choice
    among several models. `print(result)` shows every check.
    """

    evaluation: str
    checks: tuple[CheckResult | SplitResult, ...]
    estimates: Mapping[str, Mapping[str, Sequence[Estimate]]]
    provenance: Mapping[str, Any]
    held: Mapping[str, Any] | None = None
    _compute: Callable[[str, Metric], Sequence[Estimate]] | None = field(
        default=None, repr=False, compare=False
    )
    _minus: Callable[[Metric, str, str], Estimate] | None = field(
        default=None, repr=False, compare=False
    )
    _hold: Callable[[], Mapping[str, Any]] | None = field(default=None, repr=False, compare=False)
    _declared: Mapping[str, Metric] = field(default_factory=dict, repr=False, compare=False)
    _asked: dict[tuple[str, Metric], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def outcome(self) -> str:
        """ "fail" if any check fails, else "inconclusive" if any is, else "pass"."""
        found = {c.outcome for c in self.checks}
        return next((o for o in ("fail", "inconclusive") if o in found), "pass")

    def __eq__(self, other: object) -> bool:
        """The same public fields; NaN is equal to NaN here."""
        if not isinstance(other, Result):
            return NotImplemented
        return written.text(self.as_dict()) == written.text(other.as_dict())

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, key: Any) -> Any:
        model, metric = key if isinstance(key, tuple) else (None, key)
        metric = metric.metric if isinstance(metric, Exactly) else metric
        if isinstance(metric, BiasVariance):
            metric = Ladder(metric)
        if isinstance(metric, SplitCheck | Ladder | Against | Preference):
            return self._check(model, metric)
        if not isinstance(metric, Metric) or not metric.split:
            raise KeyError(f'{metric!r}: ask for a metric on a split, such as recall.on("test")')
        if model is None and (chosen := self._choice(metric)):
            return chosen
        if self._declared.get(str(metric), metric) != metric:
            raise KeyError(
                f"this {metric} is another metric than the one that was declared; rename one"
            )
        model = self._model(model)
        if (model, metric) not in self._asked:
            self._asked[model, metric] = self._found(model, metric)
        found = self._asked[model, metric]
        return dict(found) if isinstance(found, dict) else found

    def _check(self, model: str | None, check: Any) -> CheckResult | SplitResult:
        """The decided check, of the gated model of that name."""
        found = [
            c
            for c in self.checks
            if (c.kind, c.id) == (check.kind, check.slug) and model in (None, c.model)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(repr(c.model) for c in found)
            raise KeyError(
                f"{check} was decided of several models; ask for result[model, check]"
                f" with one of {names}"
            )
        raise KeyError(f"{check} is not among the checks that were decided")

    def _choice(self, metric: Metric) -> SplitResult | None:
        """The decided choice among several models by that metric."""
        of = f"the choice by {metric.title}"
        return next((c for c in self.checks if isinstance(c, ChoiceResult) and c.check == of), None)

    def _found(self, model: str, metric: Metric) -> Any:
        """The estimate, or those of all slices by their names."""
        found = self.estimates.get(model, {}).get(str(metric))
        if found is None:
            if self._compute is None:
                held = ", ".join(self.estimates.get(model, {})) or "none"
                raise KeyError(
                    f"{metric} of {model!r} is not in this saved result; it holds {held}"
                )
            found = self._compute(model, metric)
        if self._minus is not None:
            found = tuple(replace(e, _minus=self._subtract(model, metric)) for e in found)
        if metric.group and not metric.over:
            return {e.slice: e for e in found}
        return found[0]

    def _model(self, model: str | None) -> str:
        if model is None:
            if len(self.estimates) != 1:
                raise KeyError(
                    f"there are {len(self.estimates)} models; ask for result[model, metric] with "
                    f"one of {', '.join(map(repr, self.estimates))}"
                )
            return next(iter(self.estimates))
        if model not in self.estimates:
            raise KeyError(
                f"there is no model {model!r}; the result holds "
                f"{', '.join(map(repr, self.estimates))}"
            )
        return model

    def _subtract(self, model: str, metric: Metric) -> Callable[[Estimate, Estimate], Estimate]:
        def minus(a: Estimate, b: Estimate) -> Estimate:
            if (
                (a.metric, a.split, a.slice) != (b.metric, b.split, b.slice)
                or not b.model
                or a.model == b.model
            ):
                raise DeclarationError(
                    f"{a.title} minus {b.title}: a difference is of one metric, on one slice, "
                    "between two models"
                )
            assert self._minus is not None
            return self._minus(metric, model, b.model)

        return minus

    def detached(self) -> Result:
        """The numbers alone, as a saved result has them: without the examples, and the memory that
        these take."""
        return Result(
            evaluation=self.evaluation,
            checks=tuple(
                replace(c, verdicts=_alone(c.verdicts)) if isinstance(c, CheckResult) else c
                for c in self.checks
            ),
            estimates={
                m: {k: _alone(es) for k, es in by.items()} for m, by in self.estimates.items()
            },
            provenance=self.provenance,
            held=self.held,
        )

    def holding(self) -> Result:
        """The same result with `held`: the verdicts, the estimates, and the tables and limits by
        which later bounds are judged without the outputs."""
        if self.held is not None:
            return self
        if self._hold is None:
            raise EvalharnessError(
                "this result was read from JSON and holds no tables; save the one that "
                "Evaluation.run() returns"
            )
        return replace(self, held=self._hold())

    def save(self, name: str, *, folder: str | Path = ".evalharness", rewrite: bool = False) -> str:
        """Save it as a baseline, for `.against(saved("NAME"))` and `evalharness judge`; returns
        what was done. rewrite: whether another result of that name may be replaced.

        Raises OutputsError where there is one, and it may not.
        """
        from evalharness.store import Store

        found = self.holding().held
        assert found is not None
        return Store(Path(folder)).write(name, {self.evaluation: found}, rewrite)

    def to_json(self, path: str | Path | None = None) -> str:
        """The result as JSON text (schema in docs/result.md), also written to `path` if given."""
        text = written.text({"schema": SCHEMA, **self.as_dict()})
        if path is not None:
            Path(path).write_text(text + "\n", encoding="utf-8")
        return text

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists of everything public."""
        return {
            "evaluation": self.evaluation,
            "outcome": self.outcome,
            "checks": [
                {"outcome": c.outcome, "message": c.message}
                | records.record(c)
                | records.decided(c)
                for c in self.checks
            ],
            "estimates": {
                m: {k: [records.record(e) for e in es] for k, es in by.items()}
                for m, by in self.estimates.items()
            },
            "provenance": dict(self.provenance),
        } | ({} if self.held is None else {"held": dict(self.held)})

    @classmethod
    def from_json(cls, source: str | Path) -> Result:
        """The result that `to_json` wrote; `source`: the text, or the path of a file.

        Raises EvalharnessError for what is no result, or one of another schema.
        """
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        if isinstance(source, str) and not source.lstrip().startswith("{"):
            text = Path(source).read_text(encoding="utf-8")
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise EvalharnessError(
                f"this is no JSON, or only the beginning of one: {error}"
            ) from error
        if not isinstance(data, dict):
            raise EvalharnessError(
                f"this JSON is a {type(data).__name__} and no result of {SCHEMA!r}"
            )
        if data.get("schema") != SCHEMA:
            raise EvalharnessError(
                f"this JSON has the schema {data.get('schema')!r}; this version reads {SCHEMA!r}"
            )
        try:
            return cls.from_dict(data)
        except KeyError as error:
            raise EvalharnessError(
                f"this result lacks {error}; write it again with to_json()"
            ) from error

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """The result of what `as_dict` gave; extra keys are left alone."""
        return cls(
            evaluation=data["evaluation"],
            checks=tuple(records.check(c) for c in data["checks"]),
            estimates={
                m: {k: tuple(records.made(Estimate, e) for e in es) for k, es in by.items()}
                for m, by in data["estimates"].items()
            },
            provenance=data["provenance"],
            held=data.get("held"),
        )

    def __str__(self) -> str:
        open_ = [c for c in self.checks if isinstance(c, SplitResult) and c.outcome != "pass"]
        told = [f"\n{c.title}:\n{_indented(c.told())}" for c in open_ if c.told()]
        looks = [
            textwrap.fill(line, 100, subsequent_indent="  ")
            for line in self.provenance.get("ledger", {}).get("told", ())
        ]
        return "\n".join([text_table(self.checks, self.also), *looks, *told])

    def _repr_html_(self) -> str:
        looks = self.provenance.get("ledger", {}).get("told", ())
        return html_table(self.evaluation, self.checks, self.also, looks)

    @property
    def work(self) -> dict[str, int]:
        """How many models, metrics and slices were measured; a whole split counts as one slice."""
        measured = {m: by for m, by in self.estimates.items() if by}
        metrics = {e.metric for by in measured.values() for es in by.values() for e in es[:1]}
        slices = {
            (each[0].split, piece)
            for by in measured.values()
            for each in by.values()
            if len(each)
            for piece in getattr(each, "names", None) or [e.slice for e in each]
        }
        return {"model": len(measured), "metric": len(metrics), "slice": len(slices)}

    @property
    def also(self) -> list[Sequence[Estimate]]:
        """The estimates that no check judges: reported, not gated; of one metric each."""
        bounds = [c for c in self.checks if isinstance(c, CheckResult)]
        many = [c.verdicts.found for c in bounds if isinstance(c.verdicts, Verdicts)]
        few = [c for c in bounds if not isinstance(c.verdicts, Verdicts)]
        judged = {v.estimate.title for c in few for v in c.verdicts} | self._rungs
        judged |= self._ranked
        found: list[Sequence[Estimate]] = []
        for each in (es for by in self.estimates.values() for es in by.values()):
            if isinstance(each, Estimates):
                found += [] if any(each is one for one in many) else [each]
            else:
                found.append([e for e in each if e.title not in judged])
        return found

    @property
    def _ranked(self) -> set[str]:
        """Titles of the estimates that the ranking of a choice shows."""
        of = [c.choice for c in self.checks if isinstance(c, ChoiceResult) and c.choice]
        return {f"{one.model}: {c.metric} on {c.split}" for c in of for one in c.candidates}

    @property
    def _rungs(self) -> set[str]:
        """Titles of the estimates that a ladder shows, and nothing else asks for."""
        declared = {metric.title for metric in self._declared.values()}
        found = set()
        for check in self.checks:
            ladder: Any = getattr(check, "ladder", None)
            for rung in ladder.rungs if ladder is not None else ():
                name = f"{ladder.metric} on {rung.name}"
                if name not in declared:
                    found.add(f"{check.model}: {name}" if check.model else name)
        return found


def _indented(text: str) -> str:
    """In 100 columns; a line that is wrapped goes on further to the right."""
    wrapped = (
        textwrap.wrap(line, 98, subsequent_indent=" " * (len(line) - len(line.lstrip()) + 2))
        for line in text.splitlines()
    )
    return textwrap.indent("\n".join(line for lines in wrapped for line in lines), "  ")


def _alone(each: Sequence[Any]) -> Sequence[Any]:
    """Estimates or verdicts without what they could be asked beyond their numbers."""
    if isinstance(each, (Estimates, Verdicts)):
        return each.alone
    return tuple(
        replace(x, estimate=x.estimate.alone) if isinstance(x, Verdict) else x.alone for x in each
    )


def provenance(plan: Any, settings: Any) -> dict[str, Any]:
    """Where a result comes from: enough to say later whether two are about the same thing."""
    import datetime

    from evalharness.kernels.backend import device

    return {
        "versions": dict(_versions()),
        "device": device(),
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seed": settings.seed,
        "confidence": settings.confidence,
        "policy": settings.policy,
        "family": settings.family,
        "tables": plan.digests(),
        "examples": plan.sizes(),
    }


@cache
def _versions() -> dict[str, str]:
    """Of Python and what computes; kept, since to look them up takes ten milliseconds."""
    import importlib.metadata
    import platform

    packages = ("evalharness", "jax", "numpy", "scipy", "pyarrow")
    return {"python": platform.python_version()} | {
        p: importlib.metadata.version(p) for p in packages
    }

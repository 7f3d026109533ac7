"""An estimate: a value that never travels without its interval and its n."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from evalharness.declare.errors import DeclarationError
from evalharness.declare.plural import counted
from evalharness.inference.numbers import percent, show

if TYPE_CHECKING:
    from evalharness.inference.bootstrap import Bootstrap, Source
    from evalharness.inference.bounds import Bounds
    from evalharness.inference.permutation import Permutation
    from evalharness.inference.verdicts import Verdict


# What decides about a fixed list.
EVERY_ROW = "every row"


@dataclass(frozen=True)
class Estimate:
    """One metric of one model, on one split or slice.

    value:       the metric on the examples; NaN when it is 0/0 there.
    low, high:   two-sided interval at `confidence`, by the method `shown`.
    at_least, at_most: one-sided bounds at `confidence`, by the method `decides`; these decide.
                 Infinite when no bound exists at this n.
    n, unit:     how many examples the metric is about, and what they are ("positives").
    reason:      why nothing can be decided, or "".
    note:        what else belongs to the number ("412 positives in 40 clusters, n_eff 151"), or "".
    error:       how far the value may be off, whatever the sample: of scores that are known in bins
                 only; else 0.
    closed:      the bounds are values that were seen (quantiles): `<=` passes when at_most equals
                 the threshold.

    Comparing it with a number gives a `Verdict`: `assert evaluation[recall.on("test")] >= 0.9`.
    """

    metric: str
    model: str
    split: str
    slice: str
    value: float
    low: float
    high: float
    at_least: float
    at_most: float
    confidence: float
    n: int
    unit: str
    shown: str
    decides: str
    reason: str = ""
    note: str = ""
    error: float = 0.0
    closed: bool = False
    _bounds: Bounds | None = field(default=None, repr=False, compare=False)
    _minus: Callable[[Estimate, Estimate], Estimate] | None = field(
        default=None, repr=False, compare=False
    )
    _resample: Callable[[], Source] | None = field(default=None, repr=False, compare=False)

    @property
    def title(self) -> str:
        """As messages name it: `recall on test, region=eu`."""
        place = f"{self.metric} on {self.split}" + (f", {self.slice}" if self.slice else "")
        return f"{self.model}: {place}" if self.model else place

    @property
    def count(self) -> str:
        """n in words, and the note: `n=40 clusters; 412 positives in 40 clusters, n_eff 151`."""
        return f"n={counted(self.n, self.unit)}" + (f"; {self.note}" if self.note else "")

    @property
    def span(self) -> str:
        """The interval in words with its method, or why there is none."""
        if self.exact:
            return "every one counts, so there is no interval"
        if self.shown == "none":
            return f"no interval: {self.reason}"
        ends = f"{show(self.low)} to {show(self.high)}"
        return f"{percent(self.confidence)} interval {ends}, {self.shown}"

    def __repr__(self) -> str:
        if self.value != self.value:
            return f"<{self.title}: undefined (n={counted(self.n, self.unit)}): {self.reason}>"
        return f"<{self.title}: {show(self.value)} ({self.span}; {self.count})>"

    def __ge__(self, threshold: float) -> Verdict:
        return self._decide(">=", threshold)

    def __gt__(self, threshold: float) -> Verdict:
        return self._decide(">", threshold)

    def __le__(self, threshold: float) -> Verdict:
        return self._decide("<=", threshold)

    def __lt__(self, threshold: float) -> Verdict:
        return self._decide("<", threshold)

    def __sub__(self, other: Any) -> Estimate:
        """The difference of two models, paired by id."""
        if not isinstance(other, Estimate):
            return NotImplemented
        if self._minus is None:
            raise DeclarationError(
                f"{self.title} comes from a saved result, which holds no examples to pair; "
                "compare models inside the evaluation, or with `run(outputs=…)`"
            )
        return self._minus(self, other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Estimate):
            return repr(self._public()) == repr(other._public())  # NaN is equal to NaN here
        if self.exact:
            return self._decide("==", other)  # type: ignore[return-value]
        raise DeclarationError(
            f"{self.title}: an estimate is never exactly equal to a number; compare with >= or <= "
            "(its interval decides), or use its .value"
        )

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise DeclarationError(
            f"{self.title} is an estimate, not a truth value; compare it with >= or <="
        )

    def reliability(self) -> list[Any]:
        """Of a calibration error: each bin with its mean probability, share of hits, and interval.

        Rows with the fields group, low, high, n, probability, hits, at_least and at_most. Raises
        TypeError for other metrics, and for an estimate out of a saved result.
        """
        table = getattr(self._bounds, "reliability", None)
        if table is None:
            raise DeclarationError(
                f"{self.title} has no reliability table; ask "
                "evaluation[calibration_error.on(split)] for one, where the outputs were read"
            )
        return list(table(self.confidence))

    def of(self, bounds: Bounds) -> Estimate:
        """The estimate of the same thing by other bounds."""
        place = {k: getattr(self, k) for k in ("metric", "model", "split", "slice")}
        note = getattr(bounds, "note", "")
        return replace(
            estimate(bounds, self.confidence, note, **place),
            _minus=self._minus,
            _resample=self._resample,
        )

    def bootstrap(
        self,
        replicates: int = 2_000,
        method: str = "percentile",
        stratify: str | None = None,
        confidence: float | None = None,
    ) -> Bootstrap:
        """How the value varies when the sample is drawn again; it does not change what decides.

        method: "percentile" or "bca"; stratify: a column, such as "label", each of whose values
        keeps its number of examples; confidence: of the two-sided interval, default: the
        estimate's. Clusters are drawn whole. The replicates are a function of the seed and of what
        the examples are, never of their order.

        Raises DeclarationError for arguments that cannot be, and for what cannot be drawn again:
        quantiles, fixed lists, black boxes, saved results.
        """
        from evalharness.inference.bootstrap import bootstrap

        return bootstrap(self, self._drawn_again(), replicates, method, stratify, confidence)

    def permutation(self, replicates: int = 10_000) -> Permutation:
        """Of a difference of two models, `(a - b).permutation()`: its p-value when the two are
        swapped at random on each example."""
        from evalharness.inference.permutation import permutation

        return permutation(self, self._drawn_again(), replicates)

    def _drawn_again(self) -> Source:
        if self._resample is None:
            raise DeclarationError(
                f"{self.title} holds no examples to draw from (it comes from a saved result); ask "
                "inside the evaluation, or with `run(outputs=…)`"
            )
        return self._resample()

    @property
    def alone(self) -> Estimate:
        """The same numbers, without the examples that they were made of."""
        return replace(self, _bounds=None, _minus=None, _resample=None)

    def _public(self) -> list[Any]:
        return [getattr(self, f.name) for f in fields(self) if not f.name.startswith("_")]

    @property
    def exact(self) -> bool:
        """Whether it is of a fixed list, whose value alone decides."""
        return self.decides == EVERY_ROW

    def _decide(self, op: str, threshold: Any) -> Verdict:
        from evalharness.inference.verdicts import EXACT, decide

        return decide(self, op, threshold, policy=EXACT if self.exact else "confident")


def estimate(
    bounds: Bounds,
    confidence: float,
    note: str = "",
    *,
    limits: Sequence[Any] = (),
    **place: Any,
) -> Estimate:
    """The estimate that a form's bounds give; `place`: metric, model, split, slice; limits: low,
    high, at_least and at_most, where they are known already."""
    alpha = 1 - confidence
    if not limits:
        limits = *bounds.interval(confidence), bounds.lower(alpha), bounds.upper(alpha)
    low, high, at_least, at_most = map(float, limits)
    return Estimate(
        value=float(bounds.value),
        low=low,
        high=high,
        at_least=at_least,
        at_most=at_most,
        confidence=confidence,
        n=int(bounds.n),
        unit=bounds.unit,
        shown=bounds.shown,
        decides=bounds.decides,
        reason=bounds.reason,
        note=note,
        error=float(getattr(bounds, "half_width", 0.0)),
        closed=getattr(bounds, "closed", False),
        _bounds=bounds,
        **place,
    )

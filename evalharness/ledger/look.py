"""What makes a look the same look: which examples, which assertions, which predictions.

A test set is known by its fingerprint, the sha256 of the sorted hashes of (id, label), which does
not depend on the order of rows. Beside it stands a sketch: the K least hashes of its ids (Broder
1997: bottom-k), by which it is seen that a set has grown out of another, or overlaps it. The sketch
is of ids alone: ids and labels together could be guessed one by one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalharness.declare.bound import bound_of
from evalharness.declare.errors import OutputsError
from evalharness.declare.looks import measured_on
from evalharness.declare.waivers import Waiver
from evalharness.ledger.file import digest

# Hashes of a sketch. Where two sets share a part J of all examples that either has, the sketches
# miss it with probability (1 - J)^128: 0.0014 at J = .05. Up to 128 examples it is exact.
K = 128


@dataclass(frozen=True)
class TestSet:
    """n examples. sketch: the least hashes of their ids, in order; none where there are no ids."""

    __test__ = False

    fingerprint: str
    n: int
    sketch: tuple[str, ...] = ()

    def overlap(self, other: TestSet) -> float:
        """The share of these examples that are in the other set too, about; 1 of the same set."""
        if self.fingerprint == other.fingerprint:
            return 1.0
        mine, theirs = set(self.sketch), set(other.sketch)
        # Of a sketch that is not all of its set, nothing is known beyond its last hash.
        ends = [s.sketch[-1] for s in (self, other) if len(s.sketch) == K]
        union = sorted(h for h in mine | theirs if not ends or h <= min(ends))
        both = sum(h in mine and h in theirs for h in union)
        if not both:
            return 0.0
        jaccard = both / len(union)
        return min(1.0, jaccard * (self.n + other.n) / (1 + jaccard) / self.n)


def test_set(split: Any, strict: bool) -> TestSet:
    """The examples of a split. strict: refuse one without ids; else it is known by its labels in
    their order, and no overlap with others is seen."""
    if strict and "id" not in split.column_names:
        raise OutputsError(
            [
                f"{split.where}: there is no column `id`, and a ledger that is enforced must know "
                "the examples again; add one, or name it: Outputs(…, columns={'id': …})"
            ]
        )
    rows, ids = [], set()
    for name, label in _rows(split):
        rows.append(_hash(f"{name}\x1f{label}"))
        ids.add(name)
    if None in ids:
        return TestSet(hashlib.sha256("".join(rows).encode()).hexdigest(), len(rows))
    fingerprint = hashlib.sha256("".join(sorted(rows)).encode()).hexdigest()
    sketch = sorted(_hash(str(name)) for name in ids)[:K]
    return TestSet(fingerprint, len(rows), tuple(sketch))


test_set.__test__ = False  # type: ignore[attr-defined]  # no test, whatever its name


def _rows(split: Any) -> Iterator[tuple[Any, Any]]:
    """(id, label) of each row; None for what there is not."""
    names = tuple(n for n in ("id", "label") if n in split.column_names)
    if getattr(split, "streamed", False):
        parts: Iterable[Any] = split.batches(names, "reading ids and labels for the ledger")
    else:
        parts = [split]
    for part in parts:
        columns = [
            [_plain(x) for x in part.column(n).to_pylist()] if n in names else [None] * part.n
            for n in ("id", "label")
        ]
        yield from zip(*columns, strict=True)


def _plain(value: Any) -> Any:
    """1.0 is 1: whether a table has whole numbers as floats says nothing of its examples."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def gate(
    checks: Iterable[Any],
    held: Iterable[str],
    optimized: Any,
    settings: Any,
    waivers: Iterable[Waiver] = (),
) -> str:
    """What is asserted of one model on held-out splits, in any order and spelling, with what
    decides it, waivers among that. checks: all that are declared, whatever is selected."""
    held = tuple(held)
    measured = [c for c in checks if measured_on(c.declared, optimized) in held]
    asked = {str(c.declared) for c in measured}
    told = [sorted(asked), settings.confidence, settings.policy]
    # Neither who waives nor why decides anything.
    let = {(w.code, w.check, w.expired()) for w in concerning(measured, waivers)}
    told += [sorted(let)] if let else []
    return digest(told)


def concerning(checks: Iterable[Any], waivers: Iterable[Waiver]) -> list[Waiver]:
    """The waivers that are about any of the checks, over or not."""
    checks = list(checks)
    return [w for w in waivers if any(w.covers(c.id, c.declared.finds) for c in checks)]


def predictions(plan: Any, model: str, checks: Iterable[Any], held: Iterable[str]) -> str:
    """The content, as it is read, of every table that the gate of a model reads: its own, and its
    baselines'."""
    used: dict[str, dict[str, str]] = {}
    for name, split in _tables(plan, model, checks, held):
        used.setdefault(name, {})[split] = plan.split(name, split).reading
    # Of one model the name says nothing.
    return digest({"": used.pop(model), **used})


def _tables(
    plan: Any, model: str, checks: Iterable[Any], held: Iterable[str]
) -> Iterator[tuple[str, str]]:
    held = tuple(held)
    for split in held:
        if split in plan.outputs[model].splits:
            yield model, split
    for check in checks:
        bound = bound_of(check.declared)
        if bound is None or bound.metric.split not in held:
            continue
        sources = [dict(p.options).get("threshold_from") for p in bound.metric.parts]
        names = [model, bound.baseline] if isinstance(bound.baseline, str) else [model]
        for name in names:
            yield from ((name, s) for s in (bound.metric.split, *filter(None, sources)))


def sets(plan: Any, model: str, held: Iterable[str], strict: bool) -> Mapping[str, TestSet]:
    """The held-out splits that a model has, by name."""
    there = [name for name in held if name in plan.outputs[model].splits]
    return {name: test_set(plan.split(model, name), strict) for name in there}

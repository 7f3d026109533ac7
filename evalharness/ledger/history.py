"""The looks of a ledger, and which of them were at the same examples."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from evalharness.ledger.file import Book, Entry
from evalharness.ledger.look import TestSet

LOOK, VERDICT = "look", "verdict"
PASSED, NOT_PASSED = "passed", "not passed"


@dataclass(frozen=True)
class Look:
    """One look. verdict: "passed", "not passed", or "" of a run that ended before it had one, or
    that judged nothing or a part of the gate. level: what it spent, where that was enforced; else
    None. looks: how many were planned."""

    evaluation: str
    model: str
    sets: Mapping[str, TestSet]
    gate: str
    predictions: str
    commit: str
    environment: str
    time: str
    mode: str
    policy: str
    confidence: float
    level: float | None = None
    verdict: str = ""
    looks: int | None = None
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    def entry(self, known: Iterable[TestSet]) -> Entry:
        """As a line; the sketch of a set that another line has is left out."""
        there = {s.fingerprint for s in known}
        sets = {
            name: {"fingerprint": s.fingerprint, "n": s.n}
            | ({} if s.fingerprint in there else {"sketch": "".join(s.sketch)})
            for name, s in self.sets.items()
        }
        told: dict[str, Any] = {"kind": LOOK, "time": self.time, "sets": sets}
        names = [f.name for f in fields(self) if f.name not in told]
        return told | {name: getattr(self, name) for name in names}


def verdict(look: Look, found: str, time: str) -> Entry:
    """The line that says how a look ended that was written down before."""
    return {"kind": VERDICT, "time": time, "of": look.key, "verdict": found}


def looks(book: Book) -> list[Look]:
    """The looks of a book, in the order of its lines, with their verdicts."""
    ended = {e["of"]: e["verdict"] for e in book.entries if e.get("kind") == VERDICT}
    entries = [e for e in book.entries if e.get("kind") == LOOK]
    sketches = {
        s["fingerprint"]: s["sketch"] for e in entries for s in e["sets"].values() if "sketch" in s
    }
    found = []
    for e in entries:
        sets = {
            name: TestSet(s["fingerprint"], s["n"], _cut(sketches.get(s["fingerprint"], "")))
            for name, s in e["sets"].items()
        }
        given = {k: e[k] for k in Look.__dataclass_fields__ if k in e}
        given |= {"sets": sets, "verdict": ended.get(e["key"], e["verdict"])}
        found.append(Look(**given))
    return found


def _cut(sketch: str) -> tuple[str, ...]:
    return tuple(sketch[i : i + 16] for i in range(0, len(sketch), 16))


def at(sets: Iterable[TestSet], every: Sequence[Look]) -> list[Look]:
    """The looks at any of these examples, whatever the gate: from each something was learnt."""
    sets = list(sets)
    shared: dict[tuple[str, str], bool] = {}

    def meet(one: TestSet, other: TestSet) -> bool:
        pair = one.fingerprint, other.fingerprint
        if pair not in shared:
            shared[pair] = one.overlap(other) > 0
        return shared[pair]

    return [x for x in every if any(meet(s, t) for s in sets for t in x.sets.values())]


def overlaps(sets: Iterable[TestSet], every: Sequence[Look]) -> dict[str, float]:
    """By fingerprint, the share of each set's examples that were looked at as part of others."""
    others = {s.fingerprint: s for x in every for s in x.sets.values()}
    found = {s.fingerprint: [s.overlap(o) for o in others.values()] for s in sets}
    return {name: max(shares, default=0.0) for name, shares in found.items()}


def known(every: Iterable[Look]) -> list[TestSet]:
    """The test sets whose sketches stand in the ledger."""
    return [s for x in every for s in x.sets.values()]


def same(look: Look, every: Iterable[Look]) -> Look | None:
    """The look at the same examples, by the same gate, of the same predictions; the latest one."""

    def identity(x: Look) -> tuple[Any, ...]:
        prints = sorted((name, s.fingerprint) for name, s in x.sets.items())
        return prints, x.gate, x.predictions

    alike = [x for x in every if identity(x) == identity(look)]
    return alike[-1] if alike else None


def groups(every: Sequence[Look]) -> list[list[Look]]:
    """The looks by test set: those that share examples, directly or by others between."""
    found: list[list[Look]] = []
    for look in every:
        meets = [g for g in found if at(look.sets.values(), g)]
        joined = [x for g in meets for x in g] + [look]
        found = [g for g in found if g not in meets] + [joined]
    return found


def spent(every: Iterable[Look]) -> float:
    """The levels that the looks took, summed."""
    return math.fsum(x.level or 0.0 for x in every)


def passed(every: Iterable[Look]) -> list[bool]:
    """What was seen of each look: whether it passed."""
    return [x.verdict == PASSED for x in every]

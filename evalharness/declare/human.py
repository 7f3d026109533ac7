"""Human level: what error people make on the same task, declared or from what they answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evalharness.declare.arithmetic import is_number
from evalharness.declare.errors import DeclarationError, did_you_mean, numbered

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True

# What annotations say is held against: the labels of the outputs, or the other annotators.
GOLD = ("labels", "others")


@dataclass(frozen=True)
class Level:
    """One declared level: `wrong` of `n`, or, where n is 0, a `value` that is assumed."""

    name: str
    value: float
    wrong: int = 0
    n: int = 0

    def __str__(self) -> str:
        return f"{self.name}=({self.wrong}, {self.n})" if self.n else f"{self.name}={self.value:g}"


class Human:
    """What error counts as human: `Human(typical=0.03, expert=(7, 1000), team=0.005)`.

    levels:      by any names. A pair is wrong out of n, which has an interval; a bare number is an
                 assumed constant, in units of the metric, and is printed as one. The best of them
                 stands for the Bayes error, of which it is an upper bound.
    annotations: instead of levels, what people answered: a path or a table with the columns `id`,
                 `annotator`, `label`, or with `id` and a count `n_CLASS` for each class. Their ids
                 are looked up in the splits. The levels are then "typical", "best" (where who
                 answered is known), "panel of k" and "majority".
    gold:        "labels": an answer is right if it is the label (a column `gold` of the
                 annotations, or the `label` of the split or of the counts); "others": if it is what
                 most of the other people answered, for labels that were made by the same people.
    panels:      sizes of panels, (3, 5), that answer by majority, ties broken at random.

    `human["expert"]` is that level alone, and a threshold: `error_rate.on("test") <=
    Human(typical=(30, 1000))` is decided with the uncertainty of both.
    """

    def __init__(
        self,
        *,
        annotations: Any = None,
        gold: str = "labels",
        panels: Iterable[int] = (),
        **levels: Any,
    ) -> None:
        problems: list[str] = []
        self.annotations, self.gold = annotations, gold
        self.panels = _panels(panels, problems)
        self.levels = tuple(
            found for n, given in levels.items() if (found := _level(n, given, problems))
        )
        self.only = ""
        if annotations is None and not levels:
            problems.append(
                "name a level, such as Human(expert=(7, 1000)), or give annotations=…"
            )
        if annotations is not None and levels:
            problems.append("give levels or annotations=…, from which the levels follow, not both")
        if gold not in GOLD:
            problems.append(f'gold={gold!r} must be "labels" or "others"')
        if annotations is None and (self.panels or gold != "labels"):
            problems.append("gold= and panels= are about annotations=…, which is not given")
        if problems:
            raise DeclarationError(f"Human: {numbered('problems', tuple(problems))}")

    def __getitem__(self, name: str) -> Human:
        """The level of that name alone."""
        known = [level.name for level in self.levels]
        if self.annotations is None and name not in known:
            raise DeclarationError(
                f"{self} has no level {name!r}{did_you_mean(name, known)}; it has "
                f"{', '.join(map(repr, known))}"
            )
        found = Human.__new__(Human)
        found.__dict__ |= self.__dict__
        found.levels = tuple(level for level in self.levels if level.name == name)
        found.only = name
        return found

    @property
    def lone(self) -> bool:
        """Whether it is of one level."""
        return bool(self.only) or (self.annotations is None and len(self.levels) == 1)

    def __str__(self) -> str:
        if self.annotations is not None:
            return f"Human(annotations=…){f'[{self.only!r}]' if self.only else ''}"
        return f"Human({', '.join(map(str, self.levels))})"

    __repr__ = __str__


def _level(name: str, given: Any, problems: list[str]) -> Level | None:
    if is_number(given):
        return Level(name, float(given))
    example = f"{name}=0.03, or {name}=(7, 1000) for 7 wrong of 1,000"
    if isinstance(given, Mapping | str) or not isinstance(given, Iterable):
        problems.append(f"{name}={given!r} must be a number or a pair: {example}")
        return None
    pair = tuple(given)
    whole = len(pair) == 2 and all(is_number(x) and float(x).is_integer() for x in pair)
    if not whole:
        problems.append(f"{name}={given!r} must be two whole numbers, wrong and n: {example}")
    elif pair[1] < 1 or not 0 <= pair[0] <= pair[1]:
        problems.append(
            f"{name}={given!r}: {pair[0]:g} wrong of {pair[1]:g} cannot be; write (wrong, n)"
        )
    else:
        wrong, n = int(pair[0]), int(pair[1])
        return Level(name, wrong / n, wrong, n)
    return None


def _panels(given: Any, problems: list[str]) -> tuple[int, ...]:
    if isinstance(given, Iterable) and not isinstance(given, str | Mapping):
        found = tuple(given)
        if all(isinstance(k, int) and not isinstance(k, bool) and k > 1 for k in found):
            return tuple(dict.fromkeys(found))
    problems.append(f"panels={given!r} must list sizes of two people or more: panels=(3, 5)")
    return ()

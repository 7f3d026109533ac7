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
# The metrics of which wrong answers are counted.
COUNTED = ("error_rate", "accuracy")


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
                 are looked up in the splits, and items weigh, and belong together, as their rows
                 do. The levels are then "typical", "best" (where who answered is known, and rows
                 have no weights and no clusters), "panel of k" and "majority". Of fewer than three
                 people they decide nothing.
    gold:        "labels": an answer is right if it is the label (a column `gold` of the
                 annotations, or the `label` of the split or of the counts); "others": if it is what
                 most of the other people answered, for labels that were made by the same people.
                 So held people look worse than they are: nothing passes by it but by "typical", on
                 the very rows that they answered, where the model is held against the others too.
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
            problems.append("name a level, such as Human(expert=(7, 1000)), or give annotations=…")
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

    @property
    def name(self) -> str:
        """Of a lone level."""
        return self.only or self.levels[0].name

    def bounding(self, metric: Any, op: str) -> None:
        """Refuse to be the threshold of a bound where that cannot be."""
        written = f"{metric} {op} {self}"
        if not self.lone:
            example = self.levels[0].name if self.levels else "typical"
            raise DeclarationError(
                f"{written}: a bound is against one level; pick it: human[{example!r}]"
            )
        problems = [*suits(self, metric)]
        if metric.exact or metric.over:
            problems.append("a fixed list, and a gap between slices, have no human level")
        if metric.better is not None and (metric.better == "lower") != (op in ("<=", "<")):
            problems.append(
                f"{metric.better} {metric.name} is better, so that this would ask the model to be "
                "worse than people"
            )
        if problems:
            raise DeclarationError(f"{written}: {'; '.join(problems)}")

    def __str__(self) -> str:
        if self.annotations is not None:
            return f"Human(annotations=…){f'[{self.only!r}]' if self.only else ''}"
        return f"Human({', '.join(map(str, self.levels))})"

    __repr__ = __str__


def suits(human: Human, metric: Any) -> list[str]:
    """Why levels cannot be held against the metric."""
    low, high = metric.range
    problems = []
    counted = (low, high) == (0.0, 1.0)
    for level in human.levels:
        if not low <= level.value <= high:
            percent = counted and 1 < level.value <= 100 and not level.n
            hint = f"; {level.value:g} % is {level.value / 100:g}" if percent else ""
            problems.append(
                f"{human}: {level} lies outside of the range of {metric.name}, {low:g} to "
                f"{high:g}{hint}"
            )
        wrong = level.value if metric.better == "lower" else 1 - level.value
        if metric.name in COUNTED and not level.n and 0.5 <= wrong <= 1:
            share = level.value / 100 if metric.better == "lower" else 1 - level.value / 100
            meant = [f"{x:g}" for x in (1 - level.value, share) if 0 < x < 1]
            problems.append(
                f"{human}: {level} of {metric.name} says that people are wrong at least as often "
                f"as right; was {' or '.join(dict.fromkeys(meant))} meant? If it is so, give their "
                f"answers: {level.name}=(wrong, n)"
            )
        if level.n and metric.name not in COUNTED:
            problems.append(
                f"{human}: {level} counts wrong answers, and {metric.name} is no error rate; give "
                f"a number in units of {metric.name}, or measure the rungs by error_rate"
            )
    if human.annotations is not None and metric.name not in COUNTED:
        problems.append(
            f"{human}: annotations tell how often people are wrong, and {metric.name} is no error "
            "rate; measure the rungs by error_rate, or give a number"
        )
    return problems


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

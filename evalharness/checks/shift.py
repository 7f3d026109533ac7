"""Whether two splits come from one distribution, or differ by no more than was declared."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from evalharness.checks.cause import UNLABELLED, notes
from evalharness.checks.columns import Categories, Numbers
from evalharness.checks.comparing import (
    APART,
    CORRECT,
    LIST,
    Unlike,
    compared,
    has,
    shared,
    units_of,
)
from evalharness.checks.findings import Finding
from evalharness.checks.joint_shift import Embedding, embeddings, told_apart
from evalharness.checks.settings import Around, Settings
from evalharness.checks.shift_findings import gated, reported, tolerance
from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.split_checks import KnownDifference, SameDistribution
from evalharness.outputs.words import names as listed

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

Column = Numbers | Categories
# Gated without being named, where both splits have them.
DEFAULT = ("label", "prediction", "score")
# What need not stand in both.
IGNORED = (*APART, "label", "correct")
# Sorting and counting leave Python's lock.
THREADS = 4


class Shift:
    """A `same_distribution` or `known_difference`, ready to be judged.

    Raises OutputsError with every column that is missing, or that is gated and cannot be compared.
    """

    def __init__(
        self,
        check: SameDistribution | KnownDifference,
        splits: Sequence[Split],
        around: Around,
    ) -> None:
        self._check, self._seed = check, around.seed
        self._splits = splits[0], splits[1]
        self._declared: dict[str, float | None] = dict(check.columns)
        if problems := self._missing():
            raise OutputsError(problems)
        self._unlike: dict[str, str] = {}
        self._gated: dict[str, Column] = {}
        self._embeddings: list[Embedding] = []
        refused: list[str] = []
        where = " and ".join(s.where for s in splits)
        lists: tuple[str, ...] = getattr(check, "embeddings", ())
        for name in self._wanted():
            try:
                self._gated[name] = compared(*self._splits, name, self._seed)
            except OutputsError as error:
                refused += error.problems
            except Unlike as why:
                # A label of several tasks is a list: told, and no reason to refuse the rest.
                if name not in self._declared and str(why).startswith(LIST):
                    self._unlike[name] = str(why)
                else:
                    refused.append(f"{where}: column `{name}` cannot be compared: {why}")
        if not (self._gated or refused or self._joint):
            told = "; ".join(f"`{name}`: {why}" for name, why in self._unlike.items())
            refused = [f"{where}: nothing is left that {check} can gate: {told}"]
        try:
            units = (units_of(splits[0]), units_of(splits[1]))
            self._embeddings = embeddings(lists, self._splits, units, self._seed)
        except OutputsError as error:
            refused += error.problems
        if refused:
            raise OutputsError(refused)

    @property
    def gated(self) -> int:
        return len(self._gated) + self._joint

    @property
    def _joint(self) -> bool:
        """Whether a classifier is asked for."""
        return getattr(self._check, "classifier", None) is not None

    def judge(self, settings: Settings) -> tuple[list[Finding], list[str]]:
        """The findings of a check, what is gated and then what is only reported, and notes.

        `settings.family`: over how many gated columns of the evaluation the level of a fail is
        shared.
        """
        rest = self._measured()
        columns = self._gated | rest
        found = [
            gated(self._check, column, self._declared.get(name), settings)
            for name, column in self._gated.items()
        ]
        if isinstance(self._check, SameDistribution) and self._check.classifier is not None:
            most, names = self._check.classifier, self._check.splits
            found.append(told_apart(most, names, columns, settings))
        found += reported(self._check, [*rest.values(), *self._embeddings], self._unlike)
        told = self._apart()
        labelled = all(has(s, "label") for s in self._splits)
        if isinstance(self._check, KnownDifference):
            return found, told + ([] if labelled else [UNLABELLED])
        matters = {n: tolerance(c, self._declared.get(n)) for n, c in columns.items()}
        first, second = self._splits
        labels: list[Any] = []
        if has(first, "label") and not has(second, "label"):
            labels = first.column("label").to_pylist()
        alpha = 1 - settings.confidence
        told += notes(self._check.splits, columns, matters, alpha, labelled, labels)
        return found, told

    def _apart(self) -> list[str]:
        """What stands in one split only, weights, and ids that stand in both."""
        first, second = self._splits
        told = []
        for here, there in ((first, second), (second, first)):
            alone = [
                n for n in here.column_names if n not in there.column_names and n not in IGNORED
            ]
            gates = [n for n in DEFAULT if n in alone]
            if alone:
                what = f", so that {listed(gates)} is not compared" if gates else ""
                told.append(f"only {here.name} has {listed(alone)}{what}")
        if any("weight" in s.column_names for s in self._splits):
            told.append("rows count alike here, whatever their `weight`")
        if all("id" in s.column_names for s in self._splits):
            told += self._same_rows()
        return told

    def _same_rows(self) -> list[str]:
        import pyarrow.compute as pc

        first, second = self._splits
        ours, theirs = first.column("id"), second.column("id")
        if ours.type != theirs.type:
            return []
        both = pc.sum(pc.is_in(theirs, value_set=ours)).as_py() or 0
        if not both:
            return []
        return [
            f"{both:,} of {second.n:,} ids of {second.name} are also in {first.name}: the two are "
            "alike for that alone"
        ]

    def _wanted(self) -> list[str]:
        """Names of the columns of which something is required."""
        named = list(self._declared)
        if isinstance(self._check, KnownDifference):
            return named
        default = [n for n in DEFAULT if n not in named and all(has(s, n) for s in self._splits)]
        return default + named

    def _missing(self) -> list[str]:
        """What keeps the check from being made, told from the names of the columns."""
        found = []
        first, second = self._splits
        lists = getattr(self._check, "embeddings", ())
        for name in [*self._declared, *lists]:
            if name in APART:
                found.append(
                    f"{self._check}: `{name}` tells rows apart, or how they were sampled, and is "
                    "not compared; leave it out of columns="
                )
                continue
            for split in self._splits:
                if name == CORRECT and not has(split, name):
                    found.append(
                        f"{split.where}: `correct` is worked out from `label` and `prediction`, "
                        "which this split does not have; leave it out of columns="
                    )
                elif not has(split, name):
                    hint = did_you_mean(name, split.column_names)
                    found.append(
                        f"{split.where}: there is no column `{name}`, which {self._check} compares"
                        f"{hint}; there are {listed(split.column_names)}"
                    )
        if self._joint and not (self._wanted() or shared(first, second)):
            found.append(
                f"{self._check}: {first.where} and {second.where} share no column by which a "
                "classifier could tell them apart; leave classifier= out"
            )
        if not found and not (self._wanted() or self._joint):
            nothing = ", and embeddings are reported and gate nothing" if lists else ""
            both = shared(first, second)
            other = f"; name others: columns={{…}}; both have {listed(both)}" if both else ""
            found.append(
                f"{self._check}: {first.where} and {second.where} share none of the columns that "
                f"it gates (`label`, `prediction`, `score`){nothing}{other}"
            )
        return found

    def _measured(self) -> dict[str, Column]:
        """The columns that are only reported; the distances of all are worked out, in threads."""
        from evalharness.outputs.progress import shown

        known = [*self._gated, *self._unlike, *getattr(self._check, "embeddings", ())]
        names = [n for n in shared(*self._splits) if n not in known]
        if CORRECT not in [*names, *known] and all(has(s, CORRECT) for s in self._splits):
            names.append(CORRECT)
        asked = [*self._gated, *names]

        def measured(name: str) -> Column | str:
            try:
                column = self._gated.get(name) or compared(*self._splits, name, self._seed)
            except OutputsError as error:  # what gates nothing refuses nothing
                return "; ".join(error.problems)
            except Unlike as why:
                return str(why)
            _ = column.distance.value, column.distance.p_value
            return column

        found: dict[str, Column] = {}
        with ThreadPoolExecutor(THREADS) as pool:
            made = shown(
                pool.map(measured, asked), lambda _: 1, len(asked), "comparing", " columns"
            )
            for name, column in zip(asked, made, strict=True):
                if isinstance(column, str):
                    self._unlike[name] = column
                elif name not in self._gated:
                    found[name] = column
        return found

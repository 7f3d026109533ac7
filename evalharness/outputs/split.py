"""`Split`: the columns of one table, as statistics ask for them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evalharness.declare.errors import did_you_mean
from evalharness.declare.plural import counted
from evalharness.outputs import (
    class_scores,
    digests,
    encode,
    ids,
    kinds,
    lists,
    multilabel,
    scores,
    slices,
    table,
    units,
    vectors,
    walks,
)
from evalharness.outputs import classes as labels
from evalharness.outputs.arguments import Options
from evalharness.outputs.files import Source
from evalharness.outputs.keeper import Keeper
from evalharness.outputs.words import Absent, Refused, names

REMEDY = 'name it: Outputs(…, columns={{"{name}": "<its name in the table>"}})'


class Split(Keeper):
    """One model's outputs on one split; columns are read when first asked for, and kept.

    Every method that hands out an array (n,) checks what it hands out and raises OutputsError with
    all problems of the columns that it needs. The arrays are read-only.
    """

    def __init__(self, source: Source, options: Options, name: str, model: str, where: str):
        super().__init__(where)
        self.name, self.model, self.options = name, model, options
        self.n = source.n
        self._source = source
        self._names = table.rename(source.names, options.columns)

    @property
    def digest(self) -> str:
        """The hash of the content of the file or table, "sha256:…"."""
        return self._source.digest

    @property
    def reading(self) -> str:
        """The hash of the content as it is read: one table with other `columns`, `threshold` or
        `positive` holds other outputs."""
        return digests.as_read(self.digest, self.options)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names by which columns are asked for, after renaming."""
        return tuple(self._names)

    @property
    def source_names(self) -> tuple[str, ...]:
        """The names of the columns in the table itself."""
        return self._source.names

    def column(self, name: str, *, remedy: str = "") -> Any:
        """The column as one plain pyarrow Array (n,), unchecked but for being there."""
        return self._keep(("column", name), lambda: kinds.plain(self.given(name, remedy)))

    def given(self, name: str, remedy: str = "") -> Any:
        """The column as the table has it, a pyarrow Array or ChunkedArray (n,)."""
        return self._keep(("given", name), lambda: self._read(name, remedy))

    def encoded(self, name: str) -> encode.Encoded:
        """The values of a column told apart, for what makes codes of them."""
        return self._keep(
            ("encoded", name),
            lambda: encode.tabled(self.integers(name)) or encode.encoded(self.column(name)),
        )

    def integers(self, name: str) -> np.ndarray | None:
        """(n,), of whatever width the table has them; None of a column of other values or nulls."""
        return self._keep(("integers", name), lambda: kinds.integers(self.given(name)))

    def check(self) -> None:
        """Refuse what spoils every number: an empty table, ids that are null or occur twice,
        weights and clusters that cannot be, a score that is no number."""
        self._keep(("check",), lambda: table.check(self))

    @property
    def classes(self) -> tuple[Any, ...]:
        """The class values in order: `classes=`, else those of `score_<class>` where these alone
        make the prediction, else what occurs among labels and predictions, sorted; both values of
        booleans and of 0/1 whatever occurs."""
        return self._keep(("classes",), lambda: labels.classes(self))

    @property
    def multilabel(self) -> bool:
        """Whether `label` holds a list for each row, with 0, 1 or null for each task; the classes
        are then the tasks."""
        return self._keep(("multilabel",), lambda: lists.is_multilabel(self))

    def label_matrix(self) -> np.ndarray:
        """int8 (n, tasks) of a multilabel table: 0, 1, and -1 for a missing label."""
        return self._keep(("label matrix",), lambda: multilabel.label_matrix(self))

    def prediction_matrix(self, threshold: float | None = None) -> np.ndarray:
        """int8 (n, tasks) of 0 and 1; with a threshold from the scores."""
        return self._keep(
            ("prediction matrix", threshold), lambda: multilabel.prediction_matrix(self, threshold)
        )

    def score_matrix(self) -> np.ndarray:
        """float64 (n, tasks) of a multilabel table: finite; rows need not sum to one."""
        return self._keep(("score matrix",), lambda: multilabel.score_matrix(self))

    def label_codes(self) -> np.ndarray:
        """int32 (n,): the place of each label in `classes`."""
        return self._keep(("label",), lambda: self.compact_labels().astype(np.int32))

    def compact_labels(self) -> np.ndarray:
        """The same in the smallest integers that hold them: for what only compares."""
        return self._keep(("compact label",), lambda: labels.label_codes(self))

    def prediction_codes(self, threshold: float | None = None) -> np.ndarray:
        """int32 (n,): the place of each prediction in `classes`; with a threshold from the score.
        `len(classes)` stands for no answer; of two classes, no answer becomes the wrong one."""
        return self._keep(
            ("prediction", threshold), lambda: self.compact_predictions(threshold).astype(np.int32)
        )

    def compact_predictions(self, threshold: float | None = None) -> np.ndarray:
        """The same in the smallest integers that hold them: for what only compares."""
        return self._keep(
            ("compact prediction", threshold), lambda: labels.prediction_codes(self, threshold)
        )

    def positive_code(self, positive: Any = None) -> int:
        """The place in `classes` of the given class, else of `positive=`, else of 1 or True."""
        return self._keep(
            ("positive", type(positive), positive), lambda: labels.positive_code(self, positive)
        )

    def score(self, positive: Any = None) -> np.ndarray:
        """float64 (n,): how much the model holds each row for the positive class; finite."""
        return self._keep(
            ("score", type(positive), positive), lambda: _wide(self.raw_score(positive))
        )

    def raw_score(self, positive: Any = None) -> np.ndarray:
        """The same, float32 where the table has it so: what only compares needs no more."""
        return self._keep(
            ("raw score", type(positive), positive), lambda: scores.score(self, positive)
        )

    def matrix(self) -> np.ndarray:
        """float64 (n, classes): a finite score for each class, a larger one for a likelier class;
        of one `score` and two classes, s for the positive class and 2 * threshold - s."""
        return self._keep(("matrix",), lambda: _wide(self.raw_matrix()))

    def raw_matrix(self) -> np.ndarray:
        """The same, float32 where the table has it so: what only compares needs no more."""
        return self._keep(("raw matrix",), lambda: scores.by_class(self))

    def walk(self) -> walks.Walk:
        """The scores by class, finite, with what one walk over them tells."""
        return self._keep(("walk",), lambda: class_scores.walked(self))

    def label_places(self) -> np.ndarray:
        """int64 (n,): how many classes score higher than the label, or as high and come later."""
        return self._keep(("label places",), lambda: walks.label_places(self))

    def probabilities(self) -> np.ndarray:
        """float64 (n, classes) in [0, 1]: the probability of each class; rows sum to one."""
        return self._keep(("probabilities",), lambda: scores.probabilities(self))

    def given_probabilities(self) -> np.ndarray:
        """float32 or float64 (n, classes): the probabilities before their rows sum to one exactly;
        (n, 1) where one `score`, of the positive class, stands for both of two classes."""
        return self._keep(("given probabilities",), lambda: scores.given_probabilities(self))

    def label_probability(self) -> np.ndarray:
        """float64 (n,): the probability of the label."""
        return self._keep(("label probability",), lambda: walks.label_probability(self))

    def numbers(self, column: str) -> np.ndarray:
        """float64 (n,): a column of finite numbers."""
        return self._keep(("numbers", column), lambda: _wide(self.raw_numbers(column)))

    def raw_numbers(self, column: str) -> np.ndarray:
        """The same, float32 where the table has it so."""
        return self._keep(("raw numbers", column), lambda: table.numbers(self, column))

    def grades(self, column: str) -> np.ndarray:
        """float64 (n,): a column of grades ≥ 0, NaN where it is null."""
        return self._keep(("grades", column), lambda: table.grades(self, column))

    def vectors(self, column: str) -> np.ndarray:
        """(n, d): a column of lists of finite numbers, all of one length; float32 where the table
        has it so, else float64."""
        return self._keep(("vectors", column), lambda: vectors.vectors(self, column))

    def flags(self, column: str) -> np.ndarray:
        """bool (n,): a column of booleans, or of the integers 0 and 1."""
        return self._keep(("flags", column), lambda: table.flags(self, column))

    def checked_ids(self) -> Any:
        """The ids (n,) as a pyarrow Array; none is null or occurs twice, save that with a column
        `sample` no pair of id and sample does."""
        return self._keep(("checked ids",), lambda: ids.checked_ids(self))

    def ids(self) -> np.ndarray:
        """The ids (n,), checked: integers as such, text as objects."""
        return self._keep(("ids",), lambda: ids.ids(self))

    def weights(self) -> np.ndarray | None:
        """float64 (n,): how much each row counts, 0 or more; None where there is no `weight`."""
        return self._keep(("weights",), lambda: units.weights(self))

    def clusters(self) -> tuple[np.ndarray, int] | None:
        """int64 (n,), dense codes of the units that were sampled, and their number: of `cluster`,
        else of `id` where `sample` tells its repeats apart; else None, each row is a unit."""
        return self._keep(("clusters",), lambda: units.clusters(self))

    def groups_of(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """int64 codes (n,) of a column without nulls, dense, in order of first appearance, and
        int64 (groups,) the first row of each."""
        return self._keep(("groups", column), lambda: units.groups_of(self, column))

    def constant_within(self, name: str, column: str) -> None:
        """Refuse a column `name` that varies among the rows that share a value of `column`."""
        self._keep(("constant", name, column), lambda: units.constant_within(self, name, column))

    def partition(self, column: str) -> tuple[np.ndarray, tuple[Any, ...]]:
        """int32 codes (n,) and the slice values that they stand for: sorted, null (None) last."""
        return self._keep(("partition", column), lambda: slices.partition(self, column))

    def matches(self, column: str, value: Any) -> np.ndarray:
        """bool (n,): the rows whose column has the value; at least one."""
        return self._keep(
            ("matches", column, type(value), value), lambda: slices.matches(self, column, value)
        )

    def select(self, conditions: Mapping[str, Any]) -> np.ndarray:
        """bool (n,): the rows that meet all conditions (column -> value); at least one."""
        return self._guard(lambda: slices.select(self, conditions))

    def __repr__(self) -> str:
        return f"<Split {self.where}: {counted(self.n, 'rows')}>"

    def _read(self, name: str, remedy: str) -> Any:
        if name not in self._names:
            asked = self.options.columns.get(name)
            mapped = f" (columns={{{name!r}: {asked!r}}}, not in the table)" if asked else ""
            known = self._source.names if asked else self.column_names
            raise Absent(
                f"there is no column `{name}`{mapped}{did_you_mean(asked or name, known)}; there "
                f"are {names(known)}; {remedy or REMEDY.format(name=name)}"
            )
        if self._source.names.count(self._names[name]) > 1:
            raise Refused(table.twice(self._names[name]))
        return self._source.read(self._names[name])


def _wide(found: np.ndarray) -> np.ndarray:
    """The same in float64."""
    return found.astype(np.float64, copy=False)

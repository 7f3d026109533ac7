"""Statistics of texts: `label` is the reference, `prediction` the hypothesis, one text each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from evalharness.declare.errors import OutputsError
from evalharness.declare.plural import counted
from evalharness.statistics.base import Columns, called, gathered
from evalharness.statistics.counts import Flags
from evalharness.statistics.sums import Moments, Sums
from evalharness.statistics.tokens import TokenPairs

EDITS = ("substitutions", "deletions", "insertions")


@dataclass(frozen=True)
class TextFlags(Flags):
    """How many examples something is true for: a `Share`. `of` receives the references and the
    hypotheses, lists of str, and returns (n,) values that are true or false; its keyword-only
    arguments are parameters of the metric."""

    of: Callable[..., Any]

    def read(self, split: Any) -> Columns:
        values = called(self.of, both_texts(split), dict(self.given), split, 1)
        return Columns({"hit": values.astype(bool)})


@dataclass(frozen=True)
class TextMoments(Moments):
    """`Moments` of one value for each example; `of` as for `TextFlags`, but its values are
    numbers."""

    of: Callable[..., Any]

    def read(self, split: Any) -> Columns:
        values = called(self.of, both_texts(split), dict(self.given), split, 1)
        return Columns({"value": values.astype(float, copy=False)})


@dataclass(frozen=True)
class Edits(Sums):
    """Edits and reference tokens, summed over the examples: a `PairTable`.

    of:    (references, hypotheses) → the two `Tokens`; its keyword-only arguments are parameters of
           the metric.
    kinds: which edits are counted.

    The columns are handed over as token pairs, whose edits are counted on the device before the
    pass.
    """

    of: Callable[..., Any]
    kinds: tuple[str, ...] = EDITS

    def read(self, split: Any) -> Columns:
        return Columns({}, values=Uncounted(_pairs(self, split), self.kinds))


class Uncounted(NamedTuple):
    """What `Edits` reads: pairs, and which of their edits are to be summed."""

    pairs: TokenPairs
    kinds: tuple[str, ...]


# Several rates of one split are counted from the same pairs, which go when the split goes.
_READ: WeakKeyDictionary[Any, dict[Any, TokenPairs]] = WeakKeyDictionary()


def _pairs(edits: Edits, split: Any) -> TokenPairs:
    known = _READ.setdefault(split, {})
    key = (edits.of, edits.given)
    if key not in known:
        references, hypotheses = both_texts(split)
        try:
            known[key] = TokenPairs(*edits.of(references, hypotheses, **dict(edits.given)))
        except OutputsError as error:
            raise OutputsError(f"{split.where}: {problem}" for problem in error.problems) from None
    return known[key]


def both_texts(split: Any) -> list[list[str]]:
    """The references and the hypotheses, (n,) str each; no answer is an empty text where it counts
    as wrong."""
    return gathered(lambda: _texts(split, "label"), lambda: _texts(split, "prediction"))


def _texts(split: Any, name: str) -> list[str]:
    """A column of texts, refused where it is none, or is null without leave."""
    import pyarrow as pa

    column = split.column(name)
    texts = column.to_pylist()
    abstains = name == "prediction" and split.options.missing == "wrong"
    if not (pa.types.is_large_string(column.type) or pa.types.is_null(column.type)):
        nested = pa.types.is_nested(column.type)
        remedy = "join the tokens of each row" if nested else "cast it to text"
        problem = f"is {column.type}, but this metric compares texts; {remedy} in the table"
    elif column.null_count and not abstains:
        remedy = "every example needs its reference, which may be an empty text"
        if name == "prediction":
            remedy = (
                "write an empty text where nothing was said; if the model may abstain and that "
                'counts as wrong, say Outputs(…, missing="wrong")'
            )
        first = texts.index(None) + getattr(split, "first_row", 0)
        missing = f"{counted(column.null_count, 'rows')}, first row {first}"
        problem = f"is null in {missing}; {remedy}"
    else:
        return ["" if text is None else text for text in texts]
    raise OutputsError([f"{split.where}: column `{name}` {problem}"])

"""Columns of vectors: a list of numbers in each row, all of one length."""

from typing import TYPE_CHECKING

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.outputs import kinds, memory
from evalharness.outputs.words import Refused, rows, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

REMEDY = "name a column of lists of numbers"


def vectors(split: "Split", name: str) -> np.ndarray:
    """(n, d), finite: float32 where the table has it so, else float64; Refused where rows are no
    vectors of one length."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = split.column(name, remedy=REMEDY)
    if not kinds.is_list(column):
        raise Refused(
            f"column `{name}` is {kinds.kind(column)}, but an embedding is a list of numbers in "
            "each row; write it so, or leave the column out"
        )
    if column.null_count:
        raise Refused(
            f"column `{name}` is null in {rows(memory.nulls(column))}; every row needs its "
            "embedding: fill it, or leave these rows out of the split"
        )
    if pa.types.is_fixed_size_list(column.type):
        lengths = np.full(len(column), column.type.list_size)
    else:
        lengths = memory.to_numpy(pc.list_value_length(column))
    known, times = np.unique(lengths, return_counts=True)
    usual = known[np.argmax(times)]
    if len(known) > 1 or usual == 0:
        odd = lengths != usual if usual else lengths == 0
        raise Refused(
            f"column `{name}` has {values(known.tolist())} numbers in a row, most often {usual}, "
            f"otherwise in {rows(odd)}; embeddings that are compared have one length, at least 1: "
            "mend what wrote them"
            if usual
            else f"column `{name}` has empty lists in {rows(odd)}; an embedding has numbers: mend "
            "what wrote it"
        )
    flat = column.flatten()
    narrow = pa.types.is_float32(flat.type) or pa.types.is_float16(flat.type)
    flat = kinds.plain(flat)
    if kinds.kind(flat) not in (kinds.REAL, kinds.INTEGER):
        raise Refused(
            f"column `{name}` holds lists of {kinds.kind(flat)}, but an embedding is a list of "
            "numbers; cast it in the table, or leave the column out"
        )
    numbers = memory.to_numpy(flat).astype(np.float32 if narrow else np.float64, copy=False)
    found = numbers.reshape(len(column), usual)
    odd = ~np.isfinite(found).all(axis=1)
    if flat.null_count:
        odd |= memory.nulls(flat).reshape(found.shape).any(axis=1)
    if odd.any():
        raise Refused(
            f"column `{name}` holds numbers that are null, NaN or infinite in {rows(odd)}; an "
            "embedding is finite: mend what wrote them, or leave these rows out of the split"
        )
    return found


def of_both(first: "Split", second: "Split", name: str) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of two splits, (n, d) and (m, d). Raises OutputsError with all that is wrong."""
    problems: list[str] = []
    found = []
    for split in (first, second):
        try:
            found.append(split.vectors(name))
        except OutputsError as error:
            problems += error.problems
    if not problems and found[0].shape[1] != found[1].shape[1]:
        problems.append(
            f"{first.where} and {second.where}: column `{name}` has {found[0].shape[1]} numbers in "
            f"each row of one and {found[1].shape[1]} of the other; compare embeddings of one model"
        )
    if problems:
        raise OutputsError(problems)
    return found[0], found[1]

"""What rows stand for: how much each counts (`weight`), and which belong to one unit (`cluster`,
or `id` where `sample` tells repeats apart)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.outputs import encode, kinds, memory
from evalharness.outputs.words import Refused, rows, short, values

if TYPE_CHECKING:
    from evalharness.outputs.split import Split


def weights(split: "Split") -> np.ndarray | None:
    """float64 (n,), finite and not negative, at least one above zero; None without the column."""
    if not asked(split, "weight"):
        return None
    kind = kinds.kind(split.column("weight"))
    if kind not in (kinds.REAL, kinds.INTEGER):
        raise Refused(
            f"column `weight` is {kind}, but how much an example counts is a number; cast it in "
            f"the table, or {free('weight')}"
        )
    found = split.numbers("weight")
    problems = []
    if (found < 0).any():
        problems.append(
            f"column `weight` is negative in {rows(found < 0)}, down to {found.min():.4g}; an "
            f"example counts zero times or more: mend what wrote them, or {free('weight')}"
        )
    elif split.n and not found.any():
        problems.append(
            "column `weight` is zero in every row, so that no example counts; give some a weight"
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(found.sum()):
            problems.append(
                "column `weight` sums to more than a float can hold; divide the weights by their "
                "largest"
            )
    if problems:
        raise Refused(*problems)
    return found


def clusters(split: "Split") -> tuple[np.ndarray, int] | None:
    """Dense codes (n,) of what was sampled, and their number: `cluster`, else `id` where there are
    repeated samples; None where each row was sampled on its own."""
    repeated = asked(split, "sample")
    if repeated:
        if not asked(split, "id"):
            raise Refused(
                "there is a column `sample`, which tells repeats of one `id` apart, but no column "
                f"`id`; add it, or {free('sample')}"
            )
        split.checked_ids()
    if asked(split, "cluster"):
        codes, first = split.groups_of("cluster")
        if repeated:
            _check_nesting(split, codes, first)
        return codes, len(first)
    if repeated:
        codes, first = split.groups_of("id")
        return codes, len(first)
    return None


def groups_of(split: "Split", name: str) -> tuple[np.ndarray, np.ndarray]:
    """int64 codes (n,) of a column's values, dense and in order of first appearance, and the first
    row of each code (groups,). Refused where a value is null or cannot name a group."""
    column = split.column(name)
    if column.null_count:
        raise Refused(
            f"column `{name}` is null in {rows(memory.nulls(column))}; every row needs its `{name}`"
        )
    kind = kinds.kind(column)
    if split.n and (kind == kinds.REAL or not _has_values(column)):
        raise Refused(
            f"column `{name}` is {kind}; rows are grouped by text, integers, booleans or dates: "
            "cast it in the table"
        )
    whole = encode.integers(column)
    found = None if whole is None else encode.runs(whole)
    return found or split.encoded(name).as_they_come()


def constant_within(split: "Split", name: str, group: str) -> None:
    """Refused when column `name` varies among the rows that share a value of column `group`."""
    column = split.column(name)
    if not _has_values(column):
        raise Refused(f"column `{name}` is {kinds.kind(column)}, which cannot be compared by row")
    codes, first = split.groups_of(group)
    found = encode.integers(column)
    if found is None:
        coded = column.dictionary_encode()
        found = np.where(memory.nulls(coded), -1, memory.to_numpy(coded.indices))
    varies = np.unique(codes[found != found[first][codes]])
    if len(varies) == 0:
        return
    inside = codes == varies[0]
    several = column.filter(memory.from_numpy(inside)).unique().to_pylist()
    raise Refused(
        f"column `{name}` varies inside {len(varies):,} of {len(first):,} values of `{group}`, the "
        f"first is {_value(split, group, first[varies[0]])} with {values(several)} in "
        f"{rows(inside)}; give all rows of one `{group}` the same `{name}`"
    )


def asked(split: "Split", name: str) -> bool:
    """Whether the table has the column, or `columns=` says so (reading it then tells if not)."""
    return name in split.column_names or name in split.options.columns


def free(name: str) -> str:
    """How an ordinary column gets rid of a name that means something."""
    return (
        f'if it is an ordinary column, free the name: Outputs(…, columns={{"my_{name}": "{name}"}})'
    )


def _check_nesting(split: "Split", clusters: np.ndarray, first: np.ndarray) -> None:
    ids, first_of_id = split.groups_of("id")
    apart = np.unique(ids[clusters != clusters[first_of_id][ids]])
    if len(apart) == 0:
        return
    inside = ids == apart[0]
    several = [_cell(split, "cluster", first[code]) for code in np.unique(clusters[inside])]
    raise Refused(
        f"columns `id` and `cluster` do not nest: {len(apart):,} of {len(first_of_id):,} ids lie "
        f"in more than one cluster, the first is {_value(split, 'id', first_of_id[apart[0]])}, in "
        f"the clusters {values(several)} ({rows(inside)}); repeats of one id belong to one unit: "
        "correct `cluster`"
    )


def _has_values(column: Any) -> bool:
    """Whether equal rows can be told: everything but lists, structs and the like."""
    import pyarrow as pa

    return kinds.is_sliceable(column) or (
        pa.types.is_binary(column.type)
        or pa.types.is_large_binary(column.type)
        or pa.types.is_fixed_size_binary(column.type)
    )


def _cell(split: "Split", name: str, row: int) -> Any:
    return split.column(name)[int(row)].as_py()


def _value(split: "Split", name: str, row: int) -> str:
    return short(_cell(split, name, row))

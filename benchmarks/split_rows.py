"""The rows about the checks of two splits."""

from __future__ import annotations

from benchmarks import split_data, splits
from benchmarks.data import Size
from benchmarks.row import Row
from benchmarks.sides import Peer

# One round takes seconds; of neighbours ten.
ROUNDS, FEW = 3, 2


def split_rows(size: Size) -> list[Row]:
    scipy = Peer(
        "scipy.stats.ks_2samp in a loop", "scipy", splits.ks_scipy, splits.PART_OF_COLUMNS,
        within=1e-12,
    )  # fmt: skip
    found = [
        Row(
            f"ks-{draw.lower()}",
            f"KS distance of {size.columns:,} {draw} columns, {size.column_rows:,} rows against "
            "as many",
            split_data.columns(draw),
            splits.ks,
            splits.ks_numpy,
            scipy,
            at_least=2,
            goal=4,
            rounds=ROUNDS,
            in_part=True,
            compiles=False,
        )
        for draw in split_data.DRAWS
    ]
    half, dimensions = f"{size.pooled // 2:,}", f"{size.dimensions} dimensions"
    return [
        *found,
        Row(
            "mmd",
            f"MMD, {size.permutations:,} permutations, {half} + {half} rows, {dimensions}",
            split_data.vectors,
            splits.mmd,
            None,
            Peer("NumPy in a loop", "numpy", splits.mmd_loop, splits.PART_OF_PERMUTATIONS),
            at_least=100,
            goal=300,
            rounds=ROUNDS,
            compiles=False,
        ),
        Row(
            "neighbours",
            f"nearest neighbours, {size.near:,} against {size.references:,} rows, {dimensions}",
            split_data.neighbours,
            splits.nearest,
            None,
            Peer(
                "scikit-learn, brute force",
                "sklearn",
                splits.nearest_sklearn,
                splits.PART_OF_QUERIES,
            ),
            at_least=1,
            goal=2,
            memory=600,
            rounds=FEW,
            compiles=False,
        ),
        Row(
            "contract",
            f"same_distribution by default, two splits of {size.examples:,} rows × 50 columns",
            split_data.contract,
            splits.contract,
            None,
            Peer(
                "SciPy, column by column",
                "scipy",
                splits.contract_scipy,
                splits.PART_OF_CONTRACT,
            ),
            at_least=1,
            goal=2,
            seconds=20,
            rounds=ROUNDS,
            compiles=False,
        ),
    ]

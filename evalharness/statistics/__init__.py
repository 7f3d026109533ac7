"""Sufficient statistics: what a pass over the examples adds up. Counts, sums and ranks."""

from evalharness.statistics.counts import Confusion, Flags, Hits
from evalharness.statistics.ranks import Order, Ranks
from evalharness.statistics.sums import Comoments, Moments, Sums
from evalharness.statistics.tables import (
    Cells,
    ComomentTable,
    MomentTable,
    OrderTable,
    PairTable,
    RankTable,
    Share,
)

__all__ = [
    "Cells",
    "ComomentTable",
    "Comoments",
    "Confusion",
    "Flags",
    "Hits",
    "MomentTable",
    "Moments",
    "Order",
    "OrderTable",
    "PairTable",
    "RankTable",
    "Ranks",
    "Share",
    "Sums",
]

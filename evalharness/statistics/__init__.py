"""Sufficient statistics: what a pass over the examples adds up. Counts, sums and ranks."""

from evalharness.statistics.counts import Confusion, Flags, Hits
from evalharness.statistics.ranks import Order, Ranks
from evalharness.statistics.sums import Moments
from evalharness.statistics.tables import Cells, MomentTable, OrderTable, RankTable, Share

__all__ = [
    "Cells",
    "Confusion",
    "Flags",
    "Hits",
    "MomentTable",
    "Moments",
    "Order",
    "OrderTable",
    "RankTable",
    "Ranks",
    "Share",
]

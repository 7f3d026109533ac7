"""Columns of a split: read, check, join, slice. The cheap names only; reading loads the rest."""

from evalharness.outputs.outputs import Outputs

__all__ = ["Outputs"]

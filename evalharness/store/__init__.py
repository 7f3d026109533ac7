"""Saved results: small files in `.evalharness/`, made to be committed and reviewed."""

from evalharness.store.store import FOLDER, Store

__all__ = ["FOLDER", "Store"]

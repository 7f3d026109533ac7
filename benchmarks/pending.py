"""What this version of the library may lack: said in the table, not raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PARTS = ("f1-bootstrap", "auc-bootstrap", "paired-bootstrap", "parquet", "replicates")


def lacking(name: str, call: Callable[[], Any]) -> str:
    """Why the part cannot be measured, found by a first call; "" where it can."""
    try:
        call()
    except Exception as error:
        if name not in PARTS:
            raise
        return f"not available ({type(error).__name__})"
    return ""

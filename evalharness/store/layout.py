"""JSON for reviewers: sorted, and a line for each thing that may change."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def text(value: Any, depth: int = 0) -> str:
    """Mappings of mappings over several lines, all else in one; numbers that JSON cannot hold as
    the words "nan", "inf" and "-inf"."""
    if not (isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values())):
        return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False)
    pad = " " * (depth + 1)
    lines = [
        f"{pad}{json.dumps(str(k), ensure_ascii=False)}: {text(v, depth + 1)}"
        for k, v in sorted(value.items(), key=lambda item: str(item[0]))
    ]
    return "{\n" + ",\n".join(lines) + f"\n{' ' * depth}}}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value

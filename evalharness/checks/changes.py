"""What changed against a saved result: each declared metric, reported and not gated."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator

from evalharness.checks.against_saved import SavedGap
from evalharness.checks.saved_result import SavedResult
from evalharness.checks.table import WIDTH
from evalharness.declare.errors import OutputsError
from evalharness.inference.numbers import percent, show


def lines(now: SavedResult, before: SavedResult) -> Iterator[str]:
    """A line for each metric of each gated model that is not sliced; by the limits of both,
    unpaired."""
    for model in now.gated:
        try:
            theirs = before.model(model)
        except OutputsError as error:
            yield from _wrapped(str(error))
            continue
        title = f"{model}: " if len(now.gated) > 1 else ""
        ours, saved = (dict(k.declared(m)) for k, m in ((now, model), (before, theirs)))
        for metric, mine in ours.items():
            if list(mine) != [""]:
                continue
            if (other := saved.get(metric, {}).get("")) is None:
                yield from _wrapped(f"{title}{metric}: not held by {before.name}")
                continue
            gap = SavedGap(other, mine[""], math.inf)
            alpha = 1 - max(now.confidence, before.confidence)
            low, high = gap.lower(alpha), gap.upper(alpha)
            yield from _wrapped(
                f"{title}{metric}: {show(mine[''].value)}, was {show(other.value)}; change "
                f"{_signed(gap.value)}, at least {_signed(low)} and at most {_signed(high)} with "
                f"{percent(1 - alpha)} confidence each"
            )


def _signed(x: float) -> str:
    return ("+" if x > 0 else "") + show(x)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="      ")

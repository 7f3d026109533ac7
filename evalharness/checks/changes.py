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
    alpha = 1 - max(now.confidence, before.confidence)
    yield from wrapped(f"(each limit with {percent(1 - alpha)} confidence)")
    for model in now.gated:
        try:
            theirs = before.model(model)
        except OutputsError as error:
            yield from wrapped(str(error))
            continue
        title = f"{model}: " if len(now.gated) > 1 else ""
        ours, saved = (dict(k.declared(m)) for k, m in ((now, model), (before, theirs)))
        for metric, mine in ours.items():
            if list(mine) != [""]:
                continue
            if (other := saved.get(metric, {}).get("")) is None:
                yield from wrapped(f"{title}{metric}: {before.name} does not hold it")
                continue
            gap = SavedGap(other, mine[""], math.inf)
            yield from wrapped(
                f"{title}{metric}: {show(mine[''].value)}, was {show(other.value)}; change "
                f"{_signed(gap.value)}, from {_signed(gap.lower(alpha))} to "
                f"{_signed(gap.upper(alpha))}"
            )


def _signed(x: float) -> str:
    return ("+" if x > 0 else "") + show(x)


def wrapped(text: str) -> list[str]:
    """Indented lines of at most 100 columns."""
    return textwrap.wrap(
        text, WIDTH, break_on_hyphens=False, initial_indent="  ", subsequent_indent="      "
    )

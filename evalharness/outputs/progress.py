"""How far a long pass over the shards is: a bar on a terminal, and nothing anywhere else."""

import sys
from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")

# Seconds that a pass takes before anything is shown.
DELAY = 2.0


def shown(
    batches: Iterator[T], rows: Any, total: int, doing: str, unit: str = " rows"
) -> Iterator[T]:
    """The same batches; `rows`: of one batch, its number of rows; `doing`: in a word or two."""
    if not sys.stderr.isatty():  # a file, a pipe, or pytest that captures
        yield from batches
        return
    from tqdm import tqdm

    with tqdm(total=total, desc=doing, unit=unit, unit_scale=True, delay=DELAY, leave=False) as bar:
        for batch in batches:
            yield batch
            bar.update(rows(batch))

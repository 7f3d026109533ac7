"""`evalharness promote NAME`: makes a saved result the baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DESCRIPTION = """\
Make a saved result the baseline, which saved() means in `.against(saved())`. Who did it, when, of
which commit and of which data is written to .evalharness/baseline.json, to be committed and
reviewed. It holds until the file of the result changes.
"""


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    parser = commands.add_parser(
        "promote", help="make a saved result the baseline", description=DESCRIPTION
    )
    parser.add_argument("name", help="of the saved result, as in pytest --eval-save=NAME")
    parser.set_defaults(run=run)


def run(given: Any) -> int:
    """The command; returns its exit status: 2 where nothing was promoted."""
    from evalharness.store import FOLDER, Store

    print(Store(Path(FOLDER)).promote(given.name))
    return 0

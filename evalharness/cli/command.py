"""The commands and their arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from evalharness.cli import catalogue, judge, power, promote


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="evalharness", description="Release gates for machine-learning models."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    catalogue.add_to(commands)
    power.add_to(commands)
    judge.add_to(commands)
    promote.add_to(commands)
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        return 0

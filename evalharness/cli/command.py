"""The commands and their arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from evalharness.cli import catalogue, compare, init, judge, ledger, power, promote
from evalharness.declare.errors import EvalharnessError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="evalharness",
        description="Release gates for machine-learning models.",
        epilog="exit status: 0 all is well, 1 the gate does not hold, 2 what is given is unusable",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (catalogue, compare, init, judge, ledger, power, promote):
        command.add_to(commands)
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        return 0
    except (EvalharnessError, OSError) as error:
        print(f"evalharness: {error}", file=sys.stderr)
        return 2

"""The command `evalharness`."""

from evalharness.cli.command import main

__all__ = ["main"]

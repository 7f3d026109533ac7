"""`evalharness metrics`: the catalogue."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    listing = commands.add_parser("metrics", help="list every metric, or tell all about some")
    listing.add_argument("name", nargs="*", help="metrics to tell all about")
    listing.add_argument("--markdown", action="store_true", help="the table of docs/metrics.md")
    listing.set_defaults(run=run)


def run(given: Any) -> int:
    """The command; returns its exit status."""
    if given.markdown:
        from evalharness.metrics.listing import markdown

        print(markdown(), end="")
        return 0
    return tell(given.name) if given.name else show()


def show() -> int:
    """Every metric with what it needs, its direction, range and interval, and one line."""
    from evalharness.metrics.listing import families

    width = max(60, min(shutil.get_terminal_size().columns, 100))
    for title, rows in families():
        print(f"\n{title.upper()}")
        for row in rows:
            better = "" if row.better == "–" else f"{row.better} is better; "
            facts = f"needs {row.needs}; {better}{row.range}; {row.interval}"
            print(f"  {row.metric}")
            for text in (row.summary, facts):
                indent = " " * 6
                lines = textwrap.wrap(
                    text,
                    width,
                    initial_indent=indent,
                    subsequent_indent=indent,
                    break_on_hyphens=False,
                )
                print("\n".join(lines))
    print("\nevalharness metrics NAME tells all about one.")
    return 0


def tell(names: Sequence[str]) -> int:
    """The documentation of some metrics."""
    import inspect

    from evalharness import metrics
    from evalharness.declare.errors import did_you_mean
    from evalharness.metrics.listing import row

    unknown = [n for n in names if n not in metrics.__all__]
    for name in unknown:
        hint = did_you_mean(name, metrics.__all__)
        print(f"evalharness: there is no metric {name!r}{hint}", file=sys.stderr)
    for name in names:
        if name in unknown:
            continue
        value = getattr(metrics, name)
        found = row(name, value)
        print(f"{found.metric}\n")
        print(textwrap.indent(inspect.getdoc(value) or "", "  "))
        print(f"\n  needs     {found.needs}\n  better    {found.better}")
        print(f"  range     {found.range}\n  interval  {found.interval}\n")
    return 2 if unknown else 0

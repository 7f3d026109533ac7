"""The table of checks for a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from evalharness.checks.table import (
    HEAD,
    Decided,
    footnote,
    ladders,
    reported,
    row,
    splits_told,
    waived,
)
from evalharness.inference.estimates import Estimate
from evalharness.inference.verdicts import FAIL, INCONCLUSIVE, PASS


def html_table(
    title: str,
    checks: Sequence[Decided],
    also: Iterable[Sequence[Estimate]] = (),
    ledger: Iterable[str] = (),
) -> str:
    """The same table for a notebook. ledger: what it says of the look."""
    colour = {PASS: "#1a7f37", FAIL: "#cf222e", INCONCLUSIVE: "#9a6700"}
    sides = ("left", "left", *["right"] * (len(HEAD) - 2))
    styles = [f"text-align:{side};padding:2px 10px" for side in sides]
    head = "".join(
        f"<th style='{s}'>{html.escape(h)}</th>" for s, h in zip(styles, HEAD, strict=True)
    )
    body = ""
    for check in checks:
        word, *cells = row(check)
        body += f"<tr><td style='{styles[0]};color:{colour[check.outcome]}'><b>{word}</b></td>"
        shown = zip(styles[1:], cells, strict=True)
        body += "".join(f"<td style='{s}'>{html.escape(c)}</td>" for s, c in shown) + "</tr>"
    rest = "".join(
        f"<li>{html.escape(text)}</li>"
        for text in [
            *reported(also),
            *splits_told(checks),
            *(f"waived: {w}" for w in waived(checks)),
        ]
    )
    listed = f"<p>Reported, not gated:</p><ul>{rest}</ul>" if rest else ""
    drawn = "".join(f"<pre>{html.escape(chr(10).join(one))}</pre>" for one in ladders(checks))
    note = f"<p><small>{html.escape(footnote(checks))}</small></p>" if checks else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    said = "".join(f"<p>{html.escape(line)}</p>" for line in ledger)
    return f"<h4>{html.escape(title)}</h4>{table}{listed}{drawn}{note}{said}"

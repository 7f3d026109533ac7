"""The tables: aligned for the terminal, and as a page for docs/benchmarks.md."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Found = Mapping[str, Any]
Table = list[list[str]]  # the first row is the head

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN = "<!-- Measured: written by `python -m benchmarks --write`; change nothing below. -->"
NOTHING = "Nothing is recorded yet: `python -m benchmarks --write` does."


def measured(row: Found) -> bool:
    return row["status"] == "measured"


def legend(found: Found) -> Table:
    """What the names of the rows stand for."""
    table = [["row", "work", "against"]]
    for row in found["rows"]:
        part = f" (1/{row['part']} of it, scaled)" if row.get("part", 1) > 1 else ""
        part = part.replace(")", "; of NumPy too)") if row.get("in part") else part
        table.append([row["name"], row["work"], row["peer"] + part])
    return table


def speed(found: Found) -> Table:
    """Milliseconds, ratios and what was required."""
    head = "row|ours, ms|peer, ms|faster|at least|goal||NumPy, ms|faster|≥ 0.8×"
    table = [head.split("|")]
    for row in found["rows"]:
        if not measured(row):
            table.append([row["name"], row["status"], *[""] * 8])
            continue
        ms, ratio, bar = row["ms"], row["ratio"], row["bars"]["peer"]
        twin = ["the peer" if "NumPy" in row["peer"] else "none", "", ""]
        if "numpy" in ms:
            twin = [spread(ms["numpy"]), times(ratio["numpy"]["median"])]
            twin.append(_verdict(row["bars"]["numpy"]))
        table.append(
            [
                row["name"],
                spread(ms["ours"]) + _limit(row, "time"),
                spread(ms["peer"]),
                f"{times(ratio['peer']['median'])} ({_pair(ratio['peer'])})",
                f"{bar['at least']:,g}×",
                f"{bar['goal']:,g}×",
                _verdict(bar),
                *twin,
            ]
        )
    return table


def _verdict(bar: Found) -> str:
    if not bar["met"]:
        return "MISSED"
    return "goal" if "goal" in bar and bar["found"] >= bar["goal"] else "met"


def cost(found: Found) -> Table:
    """First calls, memory, and how far above the memory's bandwidth."""
    head = "row|first call, ms|with the cache|peak, MB|of it imports|above the inputs"
    table = [f"{head}|floor, ms|ours / floor|GB/s".split("|")]
    for row in filter(measured, found["rows"]):
        first, memory, floor = row["first call ms"], row["memory MB"], row["floor"]
        peers = [f" against {number(x['peer'])}" if "peer" in x else "" for x in (first, memory)]
        table.append(
            [
                row["name"],
                number(first["empty cache"]) + peers[0] + _limit(row, "first call"),
                number(first["warm cache"]),
                number(memory["peak"]) + peers[1] + _limit(row, "memory"),
                number(memory["imports"]),
                number(memory["peak"] - memory["inputs"]),
                number(floor["ms"]),
                times(row["ms"]["ours"]["median"] / floor["ms"]),
                number(floor["bytes a second"] / 1e9),
            ]
        )
    return table


def _limit(row: Found, name: str) -> str:
    """What is required, where something is."""
    if name not in row["bars"]:
        return ""
    bar = row["bars"][name]
    return f" ({limit(bar)}: {_verdict(bar)})"


def limit(bar: Found) -> str:
    most = f"at most {bar['at most']:g} {bar.get('unit', 'MB')}" if "at most" in bar else ""
    return most or f"at least {bar['at least']:g}×"


def once(found: Found) -> list[str]:
    """Peers of which a part is run: what all their work takes."""
    key = "peer ms, all the work once"
    return [
        f"{row['name']}: {row['peer']}, all the work once: {number(row[key])} ms, "
        f"{times(row[key] / row['ms']['ours']['median'])} ours"
        for row in filter(measured, found["rows"])
        if key in row
    ]


def growth(found: Found) -> Table:
    table = [["grows", "work", "from – to", "ms at each", "exponent", "last / first"]]
    for series in found.get("growth", []):
        span = f"{series['at'][0]:,} – {series['at'][-1]:,}"
        here = [series["what"], series["work"], span]
        if measured(series):
            each = " · ".join(number(ms["median"]) for ms in series["ms"])
            table.append([*here, each, f"{series['exponent']:.2f}", _times_more(series)])
        else:
            table.append([*here, series["status"], "", ""])
    return table


def _times_more(series: Found) -> str:
    """The last time to the first, and what is required where something is."""
    more = series["ms"][-1]["median"] / series["ms"][0]["median"]
    if "most" not in series:
        return times(more)
    return f"{times(more)} (at most {series['most']:g}×: {'met' if _linear(series) else 'MISSED'})"


def _linear(series: Found) -> bool:
    last, first = series["ms"][-1]["median"], series["ms"][0]["median"]
    return bool(last <= series.get("most", math.inf) * first)


def startup(found: Found) -> Table:
    """Whole processes of pytest."""
    table = [["ten checks, whole pytest process", "median, s", "to by hand", "required", ""]]
    if "startup" not in found:
        return table
    seconds, ratios = found["startup"]["seconds"], found["startup"]["ratio to by hand"]
    for name in ("cold", "warm", "by hand"):
        row = seconds[name]
        cells = [name, f"{row['median']:.2f} ({row['least']:.2f}–{row['most']:.2f})"]
        if name in ratios:
            ratio = ratios[name]
            word = "MISSED" if not ratio["met"] else "goal" if ratio["at goal"] else "met"
            cells += [
                f"{ratio['median']:.2f}× ({ratio['least']:.2f}–{ratio['most']:.2f})",
                f"at most {ratio['target']:g}×, goal {ratio['goal']:g}×",
                word,
            ]
        table.append(cells + [""] * (5 - len(cells)))
    return table


def missed(found: Found) -> list[str]:
    """Every bar that was not reached, and every row that could not be measured."""
    lines = []
    for row in found["rows"]:
        if not measured(row):
            lines += [] if row["optional"] else [f"{row['name']}: {row['status']}"]
            continue
        lines += [
            f"{row['name']}, {name}: {number(bar['found'])}, {limit(bar)}"
            for name, bar in row["bars"].items()
            if not bar["met"]
        ]
    lines += [
        f"growth of {series['what']}: {series['status']}"
        for series in found.get("growth", [])
        if not measured(series)
    ]
    lines += [
        f"growth of {series['what']}: {_times_more(series)}"
        for series in found.get("growth", [])
        if measured(series) and not _linear(series)
    ]
    if "startup" in found:
        lines += [
            f"startup: {name} {ratio['median']:.2f} times by hand, at most {ratio['target']:g}"
            for name, ratio in found["startup"]["ratio to by hand"].items()
            if not ratio["met"]
        ]
        if not found["startup"]["unrelated"]["met"]:
            lines.append("startup: an unrelated run is measurably slower with the plugin")
    return lines


TITLES = {
    "Rows": legend,
    "Speed": speed,
    "First calls, memory, floor": cost,
    "Growth": growth,
    "Start-up": startup,
}


def text(found: Found) -> str:
    """For the terminal."""
    parts = [about(found)]
    for title, make in TITLES.items():
        table = make(found)
        if len(table) > 1:
            parts.append(f"{title}\n{aligned(table)}")
    return "\n\n".join([*parts, "\n".join(once(found))]).rstrip()


def page(results: Sequence[Found], frame: str) -> str:
    """The page: its frame, then the tables of each device."""
    parts = [frame.partition(BEGIN)[0] + BEGIN]
    for found in results:
        parts.append(f"## {found['machine']['device']}\n\n{about(found)}")
        for title, make in TITLES.items():
            table = make(found)
            if len(table) > 1:
                parts.append(f"### {title}\n\n{markdown(table)}")
        lines = once(found) + [f"Missed: {line}." for line in missed(found)]
        parts += ["\n".join(f"- {line}" for line in lines)] if lines else []
    return "\n\n".join(parts if results else [*parts, NOTHING]) + "\n"


def about(found: Found) -> str:
    """Where and when."""
    machine = found["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    speeds = ", ".join(
        f"{name} {number(bytes_ / 1e9)}" for name, bytes_ in found["bandwidth"].items()
    )
    return (
        f"{found['time'][:10]}; {machine['device']}; {machine['processor']}, {machine['cores']} "
        f"cores, load {machine['load before']} before; {found['rounds']} rounds; memory, GB/s: "
        f"{speeds}; Python {machine['python']}, {versions}."
    )


def aligned(table: Table) -> str:
    """Columns of one width, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def markdown(table: Table) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])


def spread(ms: Found) -> str:
    return f"{number(ms['median'])} ({_pair(ms)})"


def _pair(values: Found) -> str:
    return f"{number(values['least'])}–{number(values['most'])}"


def times(ratio: float) -> str:
    return f"{number(ratio)}×"


def number(value: float) -> str:
    """Three digits that matter."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

"""One row: do the sides agree, how long do they take in turns, and what does a first call cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.data import QUICK, Size, nbytes
from benchmarks.fresh import first_calls
from benchmarks.row import TWIN_AT_LEAST, Row
from benchmarks.sides import Disagreement, Side, agree
from benchmarks.timing import spread, taking_turns, timed


def measure(row: Row, size: Size, rounds: int, floor: float, folder: Path) -> dict[str, Any]:
    """Everything about a row, as docs/benchmarks.md explains it; `floor`: bytes a second."""
    found = {"name": row.name, "work": row.work, "peer": row.peer.name}
    if not row.peer.there:
        return found | {"status": f"{row.peer.needs} is not installed", "optional": row.optional}
    data = row.data(size, folder)
    ours = row.ours(data, size)
    sides = {"ours": ours, "peer": row.peer.prepare(data, size)}
    if row.twin is not None:
        sides["numpy"] = row.twin(data, size)
    try:
        _agree(row, sides)
        whole = _whole(row, data, size)
    except Disagreement as wrong:
        return found | {"status": f"the sides disagree: {wrong}", "optional": False}
    calls = {name: side.call for name, side in sides.items()}
    turns = taking_turns(calls, min(rounds, row.rounds or rounds))
    found |= {"status": "measured"} | _times(row, turns) | first_calls(row, data, size == QUICK)
    if whole is not None:
        found["peer ms, all the work once"] = whole
    ms = found["ms"]["ours"]["median"]
    found["floor"] = {
        "bytes": nbytes(data),
        "ms": nbytes(data) / floor * 1e3,
        "bytes a second": nbytes(data) / ms * 1e3,
    }
    return found | {"bars": bars(row, found)}


def _agree(row: Row, sides: dict[str, Side]) -> None:
    values = {name: side.read(side.call()) for name, side in sides.items()}
    for name, found in values.items():
        if name != "ours":
            within = row.peer.within if name == "peer" else min(1e-6, row.peer.within)
            agree(f"{row.name}, {name}", values["ours"], found, within)


def _whole(row: Row, data: Any, size: Size) -> float | None:
    """Milliseconds of the peer over all the work, once, which must agree as well."""
    if row.peer.whole is None:
        return None
    side, ours = row.peer.whole(data, size), row.ours(data, size)
    ms, _, found = timed(side.call)
    agree(f"{row.name}, all", ours.read(ours.call()), side.read(found), row.peer.within)
    return ms


def _times(row: Row, turns: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    """Medians of all sides; ratios within each round, then their median."""
    part = {"peer": row.peer.part, "numpy": row.peer.part if row.in_part else 1}
    wall = {n: [w * part.get(n, 1) for w, _ in times] for n, times in turns.items()}
    processor = {n: [p * part.get(n, 1) for _, p in times] for n, times in turns.items()}
    ms = {n: spread(wall[n]) | {"processor": spread(processor[n])["median"]} for n in turns}
    ratios = {
        n: spread([theirs / ours for theirs, ours in zip(wall[n], wall["ours"], strict=True)])
        for n in turns
        if n != "ours"
    }
    return {
        "part": row.peer.part,
        "in part": row.in_part,
        "rounds": len(wall["ours"]),
        "ms": ms,
        "ratio": ratios,
    }


def bars(row: Row, found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is required of a row, by what it is compared with, and whether it was reached."""
    ratio, first = found["ratio"], found["first call ms"]
    judged = {"peer": _at_least(ratio["peer"]["median"], row.at_least) | {"goal": row.goal}}
    if "numpy" in ratio:
        judged["numpy"] = _at_least(ratio["numpy"]["median"], TWIN_AT_LEAST)
    if row.first is not None:
        judged["first call"] = _at_least(first["peer"] / first["empty cache"], row.first)
    if row.memory is not None:
        peak = found["memory MB"]["peak"]
        judged["memory"] = _at_most(peak, row.memory, "MB")
    if row.seconds is not None:
        judged["time"] = _at_most(found["ms"]["ours"]["median"] / 1e3, row.seconds, "s")
    return judged


def _at_least(found: float, least: float) -> dict[str, Any]:
    return {"found": found, "at least": least, "met": found >= least}


def _at_most(found: float, most: float, unit: str) -> dict[str, Any]:
    return {"found": found, "at most": most, "unit": unit, "met": found <= most}

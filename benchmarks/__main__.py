"""The benchmark, from the root of a checkout.

    python -m benchmarks                      # everything; what `make bench` runs
    python -m benchmarks --only nine,slices   # some rows, by name; also `growth` and `startup`
    python -m benchmarks --rounds 5 --quick   # small inputs: does the benchmark itself work?
    python -m benchmarks --write              # keep the figures: results/<device>.json, the page

It needs `pip install '.[bench]'`. The exit status is 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"
LAST = "last.json"  # of a run that is not kept
SCHEMA = "evalharness.benchmark/1"
PACKAGES = ("fairlearn", "jiwer", "torch", "torchmetrics")


def as_users_have_it() -> None:
    """Settings of the environment that would slow one side down; before NumPy is loaded."""
    # Together these choose another kernel of OpenBLAS than the one made for this processor.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    # Several processes, and torch, share the accelerator.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


def about() -> dict[str, Any]:
    """What a figure needs beside it to mean anything."""
    import jax

    from benchmarks.startup import machine

    device = jax.local_devices()[0]
    found = machine(PACKAGES)
    kind = device.device_kind
    return found | {
        "platform": device.platform,
        "device": device.platform if kind == device.platform else f"{device.platform} ({kind})",
        "blas": _blas(),
    }


def _blas() -> list[str]:
    """Which kernels NumPy and SciPy multiply with, where that can be asked."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    return [
        f"{pool['internal_api']} {pool['version']}, {pool.get('architecture', '')}, "
        f"{pool['num_threads']} threads"
        for pool in threadpool_info()
    ]


def run(only: Collection[str], rounds: int, quick: bool) -> dict[str, Any]:
    """The figures, as docs/benchmarks.md describes them; an empty `only` is everything."""
    from benchmarks.data import FULL, QUICK
    from benchmarks.growth import growth
    from benchmarks.measure import measure
    from benchmarks.report import number
    from benchmarks.rows import rows
    from benchmarks.timing import bandwidth

    size = QUICK if quick else FULL
    every = rows(size)
    known = [row.name for row in every] + ["growth", "startup"]
    if unknown := [name for name in only if name not in known]:
        sys.exit(f"there is no row {', '.join(unknown)}; there are {', '.join(known)}")
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "rounds": rounds,
        "machine": about(),
        "bandwidth": bandwidth(1 << 24) if quick else bandwidth(),
        "rows": [],
    }
    if "startup" in only or not (only or quick):
        found["startup"] = _startup()
    for row in every:
        if only and row.name not in only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(row, size, rounds, found["bandwidth"]["floor"], Path(folder))
        found["rows"].append(figures)
        said = figures["status"]
        if said == "measured":
            ms = figures["ms"]
            said = f"{number(ms['ours']['median'])} ms, peer {number(ms['peer']['median'])} ms"
        print(f"{row.name}: {said}", file=sys.stderr, flush=True)
    if "growth" in only or not (only or quick):
        found["growth"] = growth(size, rounds)
    return found


def _startup() -> dict[str, Any]:
    from benchmarks import startup

    with tempfile.TemporaryDirectory() as folder:
        return startup.summary(startup.measure(Path(folder), startup.ROUNDS))


def keep(found: dict[str, Any], write: bool) -> Path:
    """Write the JSON; with `write`, under the device's name, and the page of all devices."""
    from benchmarks import report

    RESULTS.mkdir(exist_ok=True)
    machine = found["machine"]
    slug = re.sub(r"[^a-z0-9]+", "-", machine["device"].lower()).strip("-")
    file = RESULTS / (f"{slug}.json" if write else LAST)
    file.write_text(json.dumps(found, indent=1) + "\n")
    if write:
        frame = report.PAGE.read_text(encoding="utf-8")
        report.PAGE.write_text(report.page(kept(), frame), encoding="utf-8")
    return file


def kept() -> list[dict[str, Any]]:
    """The figures of every device that are kept."""
    files = sorted(f for f in RESULTS.glob("*.json") if f.name != LAST)
    return [
        found
        for found in (json.loads(file.read_text()) for file in files)
        if found.get("schema") == SCHEMA
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="against peers")
    parser.add_argument("--only", default="", help="names of rows, with commas between")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="small inputs; nothing is judged")
    parser.add_argument("--write", action="store_true", help="keep the figures and write the page")
    given = parser.parse_args(arguments)
    only = [name.strip() for name in given.only.split(",") if name.strip()]
    if given.write and (only or given.quick):
        parser.error("--write keeps whole runs only; leave out --only and --quick")
    as_users_have_it()
    from benchmarks import report

    found = run(only, given.rounds, given.quick)
    found["missed"] = [] if given.quick else report.missed(found)
    print(f"\n{report.text(found)}")
    print(f"\nwritten to {keep(found, given.write)}")
    if found["missed"]:
        print("\nMISSED\n  " + "\n  ".join(found["missed"]))
    return 1 if found["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())

"""Memory and the first call, each in a process of its own.

    python -m benchmarks.fresh SIDE ROW FOLDER [--quick]

is that process: it imports everything, loads the inputs that `data.save` wrote to the folder, and
runs a side of the row, "ours" or "peer", once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from compileall import compile_dir
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.data import FULL, QUICK, Data, load, save
from benchmarks.row import Row
from benchmarks.rows import rows

ROOT = Path(__file__).parents[1]


def first_calls(row: Row, data: Data, quick: bool) -> dict[str, Any]:
    """Of a process with an empty compile cache, then of one with the cache that it left (the same
    process, where nothing is compiled); where a row's first call is judged, three of each and of
    the peer, whose medians count."""
    compile_dir(ROOT / "evalharness", quiet=1)  # as it is installed: Python compiles nothing
    times = 1 if row.first is None else 3
    found: dict[str, list[Any]] = {"empty": [], "warm": [], "peer": []}
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            save(data, Path(folder))
            found["empty"].append(_process("ours", row.name, folder, quick))
            again = _process("ours", row.name, folder, quick) if row.compiles else None
            found["warm"].append(again or found["empty"][-1])
            if row.first is not None:
                found["peer"].append(_process("peer", row.name, folder, quick))
    ms = {name: median(one["ms"] for one in each) for name, each in found.items() if each}
    empty = found["empty"][0]
    memory = {name: empty[name] for name in ("imports", "inputs", "peak")}
    first = {"empty cache": ms["empty"], "warm cache": ms["warm"]}
    if found["peer"]:
        first["peer"], memory["peer"] = ms["peer"], found["peer"][0]["peak"]
    return {"first call ms": first, "memory MB": memory | {"device": empty["device"]}}


def _process(side: str, name: str, folder: str, quick: bool) -> dict[str, Any]:
    environment = os.environ | {"EVALHARNESS_CACHE": str(Path(folder) / "cache")}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    command = [sys.executable, "-m", "benchmarks.fresh", side, name, folder]
    command += ["--quick"][: int(quick)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def peak() -> float:
    """The most megabytes that this process ever held.

    On Linux not `ru_maxrss`, which starts at what the parent held when it made this process.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (1e6 if sys.platform == "darwin" else 1e3)
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def main(side: str, name: str, folder: str, quick: bool) -> dict[str, Any]:
    modules = ["pyarrow.compute", "pyarrow.parquet"]
    for module in modules if side == "peer" else ["jax.numpy", "scipy.special", *modules]:
        import_module(module)
    size = QUICK if quick else FULL
    (row,) = (row for row in rows(size) if row.name == name)
    imports = peak()
    make = row.ours if side == "ours" else row.peer.prepare
    call = make(load(Path(folder)), size).call
    inputs, start = peak(), time.perf_counter()
    call()
    ms = (time.perf_counter() - start) * 1e3
    found = {"ms": ms, "imports": imports, "inputs": inputs, "peak": peak(), "device": None}
    if side == "ours":
        import jax

        there = (jax.local_devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
        found["device"] = None if there is None else there / 1e6
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4], "--quick" in sys.argv)))

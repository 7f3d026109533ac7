"""Memory and the first call, each in a process of its own.

    python -m benchmarks.fresh ROW FOLDER [--quick]

is that process: it imports everything, loads the inputs that `data.save` wrote to the folder, and
runs the row once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.data import FULL, QUICK, Data, load, save
from benchmarks.rows import Row, rows

ROOT = Path(__file__).parents[1]


def first_calls(row: Row, data: Data, quick: bool) -> dict[str, Any]:
    """Of a process with an empty compile cache, then of one with the cache that it left."""
    with tempfile.TemporaryDirectory() as folder:
        save(data, Path(folder))
        empty, warm = (_process(row.name, folder, quick) for _ in range(2))
    return {
        "first call ms": {"empty cache": empty["ms"], "warm cache": warm["ms"]},
        "memory MB": {name: empty[name] for name in ("imports", "inputs", "peak")}
        | {"device": empty["device"]},
    }


def _process(name: str, folder: str, quick: bool) -> dict[str, Any]:
    environment = os.environ | {"EVALHARNESS_CACHE": str(Path(folder) / "cache")}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    command = [sys.executable, "-m", "benchmarks.fresh", name, folder, *["--quick"][: int(quick)]]
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


def main(name: str, folder: str, quick: bool) -> dict[str, Any]:
    for module in ("jax.numpy", "pyarrow.compute", "pyarrow.parquet", "scipy.special"):
        import_module(module)
    import jax

    device = jax.local_devices()[0]
    size = QUICK if quick else FULL
    (row,) = (row for row in rows(size) if row.name == name)
    imports = peak()
    call = row.ours(load(Path(folder)), size).call
    inputs, start = peak(), time.perf_counter()
    call()
    ms = (time.perf_counter() - start) * 1e3
    there = (device.memory_stats() or {}).get("peak_bytes_in_use")
    return {
        "ms": ms,
        "imports": imports,
        "inputs": inputs,
        "peak": peak(),
        "device": None if there is None else there / 1e6,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], "--quick" in sys.argv)))

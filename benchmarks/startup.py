"""How long the gate takes to start: whole `pytest -q` processes, ours against the same by hand.

    python benchmarks/startup.py [--rounds 9]     # `make bench` runs it with all the others

Every round runs each of these once, in an order that rotates, so that a slow moment of the machine
meets them all alike:

    cold       ten checks, declared, with an empty compile cache: what the first run ever costs
    warm       the same once more, with the cache that an earlier run left
    by hand    the same ten checks with scikit-learn in plain pytest, without our plugin
    plugin     a test file that has nothing to do with models, with the plugin installed
    no plugin  that file with `-p no:evalharness`

Data: 10,000 examples in one Parquet file, made here. The files that are run stand in
`startup_files/`; each is copied beside the data. The exit status is 1 when a target is missed.
"""

import argparse
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FILES = HERE / "startup_files"
TARGETS = {"cold": 1.6, "warm": 1.1}  # times the median by hand, at most
GOALS = {"cold": 1.2, "warm": 0.9}
ROUNDS = 9

# Other plugins of this environment would cost both sides the same, and so flatter every ratio.
ALONE = ["-p", "no:xdist", "-p", "no:hypothesispytest"]
BARE = [*ALONE, "-p", "no:evalharness"]

# scikit-learn loads pandas wherever it is installed, and ours does not: that would flatter ours.
HIDDEN = ("pandas",)

# The unrelated file is run this often a round: its differences are a few milliseconds.
TURNS = 3


def write_data(path: Path, n: int = 10_000) -> None:
    """A binary classifier that is right about nine times in ten, and passes all ten checks."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(2026)
    label = (random.random(n) < 0.3).astype(np.int64)
    logit = random.normal(4.0 * label - 2.2, 1.3)
    table = {
        "id": [f"example-{row:06d}" for row in range(n)],
        "label": label,
        "score": 1 / (1 + np.exp(-logit)),
        "region": random.choice(["eu", "us", "asia"], n),
        "latency": random.lognormal(3.0, 0.4, n),
    }
    pq.write_table(pa.table(table), path)


def prepare(folder: Path) -> None:
    """The data, the files that are run, and what is hidden from them."""
    write_data(folder / "test.parquet")
    for file in FILES.glob("test_*.py"):
        shutil.copy(file, folder)
    (folder / "hidden").mkdir()
    for name in HIDDEN:
        (folder / "hidden" / f"{name}.py").write_text("raise ImportError('hidden from both')\n")


def environment(folder: Path, cache: Path) -> dict[str, str]:
    """Of a process that is measured: a compile cache of its own, and no settings of the user's."""
    theirs = ("PYTEST_ADDOPTS", "JAX_COMPILATION_CACHE_DIR", "PYTHONDONTWRITEBYTECODE")
    path = filter(None, [str(folder / "hidden"), os.environ.get("PYTHONPATH", "")])
    return {name: value for name, value in os.environ.items() if name not in theirs} | {
        "EVALHARNESS_CACHE": str(cache),
        "PYTHONPATH": os.pathsep.join(path),
    }


def pytest_seconds(folder: Path, file: str, options: list[str], cache: Path) -> tuple[float, float]:
    """Wall and processor seconds of a whole `pytest -q FILE` process.

    Anything but a pass ends the benchmark. Processor seconds (all threads, user and system) tell
    whether a slow round was slow because of us or because the machine was busy with others.
    """
    command = [sys.executable, "-m", "pytest", "-q", file, *options]
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment(folder, cache), capture_output=True, text=True
    )
    seconds, after = time.perf_counter() - started, os.times()
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    processor = after.children_user + after.children_system
    return seconds, processor - before.children_user - before.children_system


def measure(folder: Path, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Wall and processor seconds by variant, one list entry a run."""
    prepare(folder)
    warm, cold = folder / "warm-cache", folder / "cold-cache"

    def emptied() -> Path:
        shutil.rmtree(cold, ignore_errors=True)
        return cold

    runs: dict[str, tuple[str, list[str], Any]] = {
        "cold": ("test_ours.py", ALONE, emptied),
        "warm": ("test_ours.py", ALONE, lambda: warm),
        "by hand": ("test_by_hand.py", BARE, lambda: warm),
        "plugin": ("test_unrelated.py", ALONE, lambda: warm),
        "no plugin": ("test_unrelated.py", BARE, lambda: warm),
    }
    print("a first run of each, not counted: byte code, the page cache, the warm compile cache")
    for file, options, cache in runs.values():
        pytest_seconds(folder, file, options, cache())
    if not any(warm.rglob("*")):
        print("note: nothing was compiled into the cache, so cold and warm are the same run")
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    names = list(runs)
    for turn in range(rounds):
        order = names[turn % len(names) :] + names[: turn % len(names)]
        for name in [n for n in order if "plugin" not in n]:
            file, options, cache = runs[name]
            times[name].append(pytest_seconds(folder, file, options, cache()))
        for step in range(TURNS):
            pair = ["plugin", "no plugin"][:: 1 if (turn + step) % 2 else -1]
            for name in pair:
                file, options, cache = runs[name]
                times[name].append(pytest_seconds(folder, file, options, cache()))
        print(f"round {turn + 1} of {rounds} done", flush=True)
    return times


def median_interval(values: list[float]) -> tuple[float, float]:
    """Order statistics that hold the median with at least 95 % confidence (sign test)."""
    ordered, n = sorted(values), len(values)
    tail, rank = 0.0, 0
    while rank < n // 2 and (tail := tail + math.comb(n, rank) / 2**n) <= 0.025:
        rank += 1
    rank = max(rank, 1)
    return ordered[rank - 1], ordered[n - rank]


def summary(runs: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    """Medians with their spread, ratios to the hand-written file, and whether the targets are met.

    A ratio is taken within each round, then the median over rounds. The unrelated file counts as
    measurably slower when the interval of the median difference of neighbours lies above 0.
    """
    times = {name: [wall for wall, _ in values] for name, values in runs.items()}
    hand = times["by hand"]
    shown = {
        name: {
            "median": statistics.median(values),
            "least": min(values),
            "most": max(values),
            "processor": statistics.median(processor for _, processor in runs[name]),
            "runs": len(values),
        }
        for name, values in times.items()
    }
    ratios = {}
    for name, most in TARGETS.items():
        each = [ours / theirs for ours, theirs in zip(times[name], hand, strict=True)]
        ratios[name] = {
            "median": statistics.median(each),
            "least": min(each),
            "most": max(each),
            "target": most,
            "goal": GOALS[name],
            "met": statistics.median(each) <= most,
            "at goal": statistics.median(each) <= GOALS[name],
        }
    differences = [a - b for a, b in zip(times["plugin"], times["no plugin"], strict=True)]
    low, high = median_interval(differences)
    unrelated = {
        "median difference": statistics.median(differences),
        "low": low,
        "high": high,
        "met": low <= 0,
    }
    return {"seconds": shown, "ratio to by hand": ratios, "unrelated": unrelated}


def show(found: dict[str, Any]) -> None:
    """The table that a person reads."""
    what = {
        "cold": "ours, empty compile cache",
        "warm": "ours, warm compile cache",
        "by hand": "by hand, scikit-learn",
        "plugin": "unrelated, with the plugin",
        "no plugin": "unrelated, without it",
    }
    print(
        f"\n{'whole pytest process':<28}{'median s':>9}{'least–most':>14}{'processor s':>13}"
        f"{'runs':>6}   to by hand"
    )
    for name, text in what.items():
        row = found["seconds"][name]
        line = f"{text:<28}{row['median']:>9.3f}{row['least']:>8.2f}–{row['most']:<5.2f}"
        line += f"{row['processor']:>13.2f}{row['runs']:>6}"
        if name in found["ratio to by hand"]:
            ratio = found["ratio to by hand"][name]
            word = "met" if ratio["met"] else "MISSED"
            line += f"   {ratio['median']:.2f}× ({ratio['least']:.2f}–{ratio['most']:.2f})"
            line += f", at most {ratio['target']:g}×: {word}"
        print(line)
    row = found["unrelated"]
    word = "not measurably slower: met" if row["met"] else "measurably slower: MISSED"
    print(
        f"the plugin costs an unrelated run {row['median difference'] * 1000:+.1f} ms "
        f"({row['low'] * 1000:+.1f} to {row['high'] * 1000:+.1f}, 95 %): {word}"
    )


def machine(packages: Sequence[str] = ()) -> dict[str, Any]:
    """What a figure needs beside it to mean anything; `packages`: more versions to tell."""
    versions = {}
    known = ("evalharness", "jax", "numpy", "scipy", "scikit-learn", "pyarrow", "pytest")
    for name in (*known, *packages):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "versions": versions,
    }


def processor() -> str:
    """The processor's model, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def main() -> int:
    parser = argparse.ArgumentParser(description="whole pytest processes, ours and by hand")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    about = machine()
    with tempfile.TemporaryDirectory() as folder:
        times = measure(Path(folder), rounds)
    found = summary(times)
    show(found)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    file = results / f"startup-{now:%Y%m%d-%H%M%S}.json"
    file.write_text(
        json.dumps({"time": now.isoformat(), "machine": about, **found, "raw": times}, indent=1)
    )
    print(f"written to benchmarks/results/{file.name}")
    met = [ratio["met"] for ratio in found["ratio to by hand"].values()]
    return 0 if all([*met, found["unrelated"]["met"]]) else 1


if __name__ == "__main__":
    sys.exit(main())

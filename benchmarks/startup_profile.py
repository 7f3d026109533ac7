"""Where the time of `pytest -q` with ten checks goes: imports by package, then the evaluation.

    python benchmarks/startup_profile.py [--rounds 5]

Imports are what `python -X importtime` says, each module's own time added up by package, in fresh
processes. The evaluation is `TestGate.run()` with everything imported before, in fresh processes;
its parts are cumulative times of cProfile, which slows small functions down, so parts may add up to
more than the whole, which is timed without it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from startup import ALONE, BARE, environment, prepare

PACKAGES = {
    "pytest": ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments"),
    "jax": ("jax", "jaxlib", "ml_dtypes", "opt_einsum"),
    "scipy": ("scipy",),
    "scikit-learn": ("sklearn", "joblib", "threadpoolctl", "narwhals"),
    "numpy": ("numpy",),
    "pyarrow": ("pyarrow",),
    "pandas": ("pandas", "dateutil", "pytz"),
    "evalharness and its plugin": ("evalharness", "pytest_evalharness", "filelock"),
}
BUCKET = {module: name for name, modules in PACKAGES.items() for module in modules}

# Functions whose cumulative time is a part worth naming: (end of the file's name, function).
PARTS = {
    "reading and checking the table": ("kernels/plan.py", "require"),
    "counting passes": ("kernels/passes.py", "count"),
    "gradients for the intervals that are shown": ("inference/delta.py", "delta_error"),
}

RUN = """
import cProfile, json, pstats, sys, time
import filelock, numpy, pyarrow.compute, pyarrow.parquet, scipy.special
import evalharness.checks.compare, evalharness.checks.satisficing, evalharness.result
from test_ours import TestGate

profile = cProfile.Profile() if sys.argv[1] == "profiled" else None
started = time.perf_counter()
if profile:
    profile.enable()
TestGate.run()
seconds = time.perf_counter() - started
found = {"whole": seconds}
if profile:
    profile.disable()
    for (file, _, name), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():
        for part, (end, function) in json.loads(sys.argv[2]).items():
            if file.endswith(end) and name == function:
                found[part] = cumulative
print(json.dumps(found))
"""


def python(folder: Path, cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command, settings = [sys.executable, *arguments], environment(folder, cache)
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done


def imports(folder: Path, cache: Path, file: str, options: list[str]) -> dict[str, float]:
    """Milliseconds of import by package in one pytest run of a file."""
    done = python(folder, cache, "-X", "importtime", "-m", "pytest", "-q", "-s", file, *options)
    spent: dict[str, float] = defaultdict(float)
    for line in done.stderr.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if len(parts) == 3 and parts[0].strip().isdigit():
            package = parts[2].strip().split(".")[0]
            spent[BUCKET.get(package, "standard library and others")] += int(parts[0]) / 1000
    return spent


def table(title: str, runs: list[dict[str, float]]) -> None:
    """The run that took the least in all: what else the machine does only adds to the others."""
    least = min(runs, key=lambda run: run.get("whole", sum(run.values())))
    print(f"\n{title.format(sum(least.values()))}")
    for key, value in sorted(least.items(), key=lambda row: -row[1]):
        print(f"  {key:<48}{value:>8.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        warm = folder / "warm"
        for what, file, options in (
            ("ours", "test_ours.py", ALONE),
            ("by hand", "test_by_hand.py", BARE),
            ("unrelated, with the plugin", "test_unrelated.py", ALONE),
            ("unrelated, without it", "test_unrelated.py", BARE),
        ):
            runs = [imports(folder, warm, file, options) for _ in range(rounds + 1)][1:]
            table(f"{what}: imports, {{:.0f}} ms in all", runs)
        for mode in ("bare", "profiled"):
            runs = []
            for _ in range(rounds):
                done = python(folder, warm, "-c", RUN, mode, json.dumps(PARTS))
                runs.append({k: s * 1000 for k, s in json.loads(done.stdout).items()})
            table(f"the evaluation, {mode}", runs)


if __name__ == "__main__":
    main()

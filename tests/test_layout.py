"""The house stands: imports point down the floors, and what must be cheap to load is."""

import ast
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalharness.kernels.backend import only_cpu

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "evalharness"
PLUGIN = ROOT / "plugins" / "pytest_evalharness"

# A package may import what stands on a lower floor, and itself. Neighbours on one floor do not know
# each other, save the modules of floor 6, which are one thing in several files.
FLOORS = {
    "declare": 0,
    "statistics": 1,
    "metrics": 2,
    "distances": 2,
    "outputs": 2,
    "kernels": 3,
    "inference": 4,
    "checks": 5,
    "evaluation": 6,
    "result": 6,
    "store": 6,
    "ledger": 6,
    "reports": 7,
    "cli": 8,
}

# What the library never imports: outside frameworks have packages of their own under `plugins/`;
# scikit-learn and its kin are oracles of the tests; foreign tables come through narwhals. SCIKIT:
# modules that run scikit-learn's own metrics or a classifier of its, where they are asked for.
NEVER = {
    *("pytest", "_pytest", "pluggy", "pytest_evalharness", "dask", "mlflow"),
    *("sklearn", "statsmodels", "pandas", "polars", "duckdb", "torch"),
}
SCIKIT = {"scorers", "estimator", "classifier"}


def modules() -> list[Path]:
    return sorted(LIBRARY.rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything a file imports, also inside functions."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                yield node.lineno, f"{start}.{alias.name}"


def floor(name: str) -> tuple[str, int] | None:
    """Package and floor of a dotted name: `evalharness.kernels.plan` is ("kernels", 3)."""
    parts = name.split(".")
    if parts[0] != "evalharness":
        return None
    return (parts[1], FLOORS[parts[1]]) if len(parts) > 1 and parts[1] in FLOORS else ("", 9)


def test_every_module_stands_on_a_floor():
    top = {path.relative_to(LIBRARY).with_suffix("").parts[0] for path in modules()}
    assert top - {"__init__", "__main__"} <= set(FLOORS)


def test_imports_point_down():
    wrong = []
    for path in modules():
        here = floor(".".join(path.relative_to(ROOT).with_suffix("").parts))
        if path == LIBRARY / "__init__.py":
            continue  # it hands out the public names of all floors
        for line, name in imported(path):
            there = floor(name)
            if there is None or there[0] == here[0] or there[1] < here[1]:
                continue
            if there[1] == here[1] == 6:
                continue
            wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert not wrong, "imports that do not point down:\n" + "\n".join(wrong)


def test_the_library_imports_no_framework():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules()
        for line, name in imported(path)
        if name.split(".")[0] in NEVER and not (path.stem in SCIKIT and name.startswith("sklearn"))
    ]
    assert not wrong, "\n".join(wrong)


def loaded_after(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


HEAVY = {"jax", "jaxlib", "scipy", "sklearn", "pandas", "polars"}


@pytest.mark.parametrize(
    "statement",
    [
        "import evalharness",
        "from evalharness import Evaluation, Outputs",
        "from evalharness.metrics import recall",
        "from evalharness.metrics import recall; recall.on('test') >= 0.9",
        "import pytest_evalharness.plugin",
    ],
)
def test_declaring_is_cheap(statement):
    assert not HEAVY & loaded_after(statement)


# Runs inside the other pytest, and tells what it held when it ended.
WATCHER = """
import json, pathlib, sys

def pytest_unconfigure(config):
    there = config.pluginmanager.has_plugin("evalharness")
    pathlib.Path("seen.json").write_text(json.dumps([there, sorted(sys.modules)]))
"""

EVALUATION = """
from evalharness import Evaluation, Outputs
from evalharness.metrics import f1, recall

class TestModel(Evaluation):
    satisficing = [recall.on("test") >= 0.9, f1.on("test") >= 0.9]

    @classmethod
    def outputs(cls):
        return Outputs(test="test.parquet")
"""


def pytest_run(folder: Path, test: str, *options: str) -> tuple[bool, set[str]]:
    """Whether the plugin was there, and the modules held at the end of a pytest run of one file."""
    (folder / "conftest.py").write_text(WATCHER)
    (folder / "test_it.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    there, held = json.loads((folder / "seen.json").read_text())
    return there, set(held)


def test_a_gate_on_few_rows_loads_no_jax():
    """It would take half of the run."""
    held = loaded_after(
        """
from evalharness import Evaluation, Outputs
from evalharness import metrics as m

asked = [m.accuracy, m.f1, m.matthews_corrcoef, m.roc_auc, m.average_precision, m.log_loss]
asked += [m.brier_score, m.latency.quantile(0.9), m.latency.mean()]
evaluation = type("E", (Evaluation,), {
    "satisficing": [metric.on("test") >= 0 for metric in asked],
    "also": [m.f1(average="macro").on("test").by("region")],
})
rows = {"label": [0, 1] * 50, "score": [0.1, 0.8] * 50, "region": ["a", "b", "c", "c"] * 25}
evaluation.run(outputs=Outputs(test=rows | {"latency": list(range(100))}))
"""
    )
    assert not {"jax", "sklearn"} & held


@pytest.mark.skipif(not only_cpu(), reason="JAX may have another device here")
@pytest.mark.parametrize("device", [None, "cpu"])
def test_a_large_gate_loads_no_jax_where_there_is_but_a_cpu(device):
    held = loaded_after(
        f"""
import numpy as np
from evalharness import Evaluation, Outputs
from evalharness.metrics import accuracy, roc_auc

evaluation = type("E", (Evaluation,), {{
    "satisficing": [m.on("test") >= 0 for m in (accuracy, roc_auc)]
}})
label = np.arange(100_000) % 2
rows = {{"label": label, "score": np.arange(100_000) / 100_000, "prediction": label}}
evaluation.run(outputs=Outputs(test=rows), device={device!r})
"""
    )
    assert "jax" not in held


def test_an_unrelated_run_does_not_notice(tmp_path):
    there, held = pytest_run(tmp_path, "def test_sum():\n    assert 1 + 1 == 2\n")
    assert there, "the plugin is not installed here: pip install --editable ."
    # NumPy and Arrow would not be much, but every pytest run of every user would pay for them.
    assert not (HEAVY | {"numpy", "pyarrow", "narwhals", "filelock"}) & held


def test_an_unrelated_run_without_the_plugin(tmp_path):
    there, held = pytest_run(tmp_path, "def test_sum():\n    pass\n", "-p", "no:evalharness")
    assert not there
    assert not any(name.split(".")[0] == "evalharness" for name in held)


def test_collecting_loads_nothing_heavy(tmp_path):
    _, held = pytest_run(tmp_path, EVALUATION, "--collect-only")
    assert not HEAVY & held


def test_the_wheel_holds_both_packages_and_nothing_else(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        entry = next(name for name in names if name.endswith("entry_points.txt"))
        assert "[pytest11]\nevalharness = pytest_evalharness.plugin" in wheel.read(entry).decode()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"evalharness", "pytest_evalharness"}
    here = {str(path.relative_to(ROOT)) for path in modules()}
    here |= {str(path.relative_to(PLUGIN.parent)) for path in PLUGIN.rglob("*.py")}
    assert here <= set(names)

"""What surrounds the pytest runs inside of these tests, and one compile cache for all of them."""

import importlib
import pkgutil

import jax  # noqa: F401
import pytest
import scipy.stats  # noqa: F401

import evalharness
from tests.plugin.suites import GATE

# Runs inside of this process leave `sys.modules` as they found it. What they need is loaded before,
# or the next of them would load it once more.
for found in pkgutil.walk_packages(evalharness.__path__, "evalharness."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)


@pytest.fixture(autouse=True)
def _surroundings(pytester, monkeypatch, tmp_path_factory):
    # Above the folder of a worker, so that workers share it.
    folder = tmp_path_factory.getbasetemp().parent / "evalharness-compiled"
    monkeypatch.setenv("EVALHARNESS_CACHE", str(folder))
    monkeypatch.setenv("COLUMNS", "100")
    # Whatever the outer run was told must not reach the inner ones. Hypothesis's plugin takes a
    # second to load, and is no part of what is tested here.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def loaded():
    """All that GATE needs is loaded here, so that runs of it inside of this process, which put back
    what was loaded before them, do not leave half of the library behind."""
    names = {}
    exec(GATE, names)
    str(names["Gate"].run(names["Outputs"](test=names["table"]())))


@pytest.fixture
def calls(pytester):
    """How often `outputs` was called so far."""

    def count():
        file = pytester.path / "calls.txt"
        return len(file.read_text().splitlines()) if file.exists() else 0

    return count

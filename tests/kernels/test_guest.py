"""A guest in the user's process: JAX's settings, caches and arrays stay as the user has them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from evalharness import Confusion, Moments, Outputs, OutputsError, metric
from evalharness.inference.of_form import MetricError
from evalharness.kernels import backend
from evalharness.metrics import (
    accuracy,
    average_precision,
    f1,
    latency,
    matthews_corrcoef,
    mean,
    mean_absolute_error,
    recall,
    roc_auc,
)
from tests.metrics.measure import run

rng = np.random.default_rng(0)
TABLE = {
    "label": rng.integers(0, 2, 300),
    "prediction": rng.integers(0, 2, 300),
    "score": rng.random(300),
    "latency": rng.lognormal(size=300),
    "region": rng.choice(["eu", "us"], 300),
}
# One of every statistic and of every form.
ALSO = [
    m.on("test")
    for m in (
        accuracy,
        recall,
        recall(average="macro"),
        f1,
        matthews_corrcoef,
        roc_auc,
        mean_absolute_error,
        latency.mean(),
        latency.quantile(0.9),
        accuracy.by("region"),
    )
]


def evaluate():
    return run(Outputs(test=TABLE), also=ALSO)


def in_jax(cells):
    return jnp.sqrt(cells.tp / (cells.tp + cells.fn))


def raises(cells):
    jnp.ones(3)
    raise RuntimeError("no")


def raises_in_a_column(latency):
    raise ValueError("no")


def divide_in_scope():
    with backend.scope():
        assert jnp.ones(1).dtype == jnp.float64
        return 1 / 0


def assert_untouched():
    assert jax.config.jax_enable_x64 is False
    assert jnp.ones(1).dtype == jnp.float32
    assert jnp.asarray(np.ones(1)).dtype == jnp.float32
    assert jax.jit(lambda x: x * 2)(np.ones(2)).dtype == jnp.float32


def test_jax_stays_in_32_bits():
    assert_untouched()
    evaluate()
    assert_untouched()
    run(Outputs(test=TABLE), also=[metric(Confusion(), range=(0, 1))(in_jax).on("test")])
    assert_untouched()


def test_jax_stays_in_32_bits_after_an_error():
    with pytest.raises(MetricError):
        run(Outputs(test=TABLE), also=[metric(Confusion())(raises).on("test")])
    assert_untouched()
    with pytest.raises(OutputsError, match="raised ValueError: no"):
        run(Outputs(test=TABLE), also=[metric(Moments(raises_in_a_column))(lambda t: t).on("test")])
    assert_untouched()
    with pytest.raises(ZeroDivisionError):
        divide_in_scope()
    assert_untouched()


def test_users_in_64_bits_stay_there():
    with jax.enable_x64(True):
        evaluate()
        assert jnp.ones(1).dtype == jnp.float64
    assert_untouched()


def test_ranks_that_the_user_does_not_want_promoted():
    asked = average_precision.on("test")
    plain = run(Outputs(test=TABLE), also=[asked])[asked].bootstrap(100)
    with jax.numpy_rank_promotion("raise"):
        found = run(Outputs(test=TABLE), also=[asked])[asked].bootstrap(100)
    assert np.array_equal(found.values, plain.values)


def test_the_figures_are_of_64_bits():
    """In 32 bits 2²⁴ + 1 is 2²⁴, and so is the mean of such values."""
    column = np.full(300, 2.0**24) + np.arange(300) % 2
    found = run(Outputs(test={"x": column}), also=[mean("x").on("test")])[mean("x").on("test")]
    assert found.value == 2**24 + 0.5


def leaves(value, seen=None):
    """Everything that can be reached from a value through fields, containers and closures."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, (str, bytes, int, float, type, type(sys))):
        return
    seen.add(id(value))
    yield value
    inner = []
    if isinstance(value, dict):
        inner += value.values()
    elif isinstance(value, (list, tuple, set)):
        inner += value
    elif not isinstance(value, np.ndarray):
        inner += vars(value).values() if hasattr(value, "__dict__") else ()
        inner += [c.cell_contents for c in getattr(value, "__closure__", None) or ()]
    for part in inner:
        yield from leaves(part, seen)


def test_only_numpy_is_handed_out():
    """A float64 array of JAX is cut to 32 bits, silently, once it is used outside of the scope."""
    before = len(jax.live_arrays())
    result = evaluate()
    for m in ALSO:
        result[m]
    found = list(leaves(result))
    assert any(isinstance(value, np.ndarray) for value in found)  # it does look inside
    assert not [type(value) for value in found if isinstance(value, jax.Array)]
    assert len(jax.live_arrays()) == before


def test_nothing_is_printed(capfd):
    evaluate()
    assert capfd.readouterr() == ("", "")


# --- the compile cache, each in a process of its own: JAX reads these settings once ------------

ASK = """
import json, os, sys
{before}
environment = dict(os.environ)
{work}
import jax
c = jax.config
print(json.dumps([c.jax_compilation_cache_dir, c.jax_persistent_cache_min_compile_time_secs,
    c.jax_enable_compilation_cache, c.jax_enable_x64, environment == dict(os.environ)]))
"""
# Whatever is computed is computed in this; what else an evaluation does takes a second to load.
SCOPE = """
from evalharness.kernels.backend import scope
with scope():
    pass
"""
WHOLE = """
from evalharness import Evaluation, Outputs
from evalharness.metrics import word_error_rate  # edits are counted by a program wherever it runs
E = type("E", (Evaluation,), {"satisficing": [word_error_rate.on("t") <= 0.5]})
E.run(outputs=Outputs(t={"label": ["a b", "b"], "prediction": ["a", "b"]}))
"""


def settings(before="", work=SCOPE, **environment):
    """JAX's cache folder, least compile time, whether it caches, x64; is os.environ as it was?"""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "EVALHARNESS_", "XDG_"))
    }
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASK.format(before=before, work=work)],
        env=kept | {"JAX_PLATFORMS": "cpu"} | {k: str(v) for k, v in environment.items()},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""
    return json.loads(run.stdout)


def test_programs_are_kept_where_the_user_says(tmp_path):
    folder = tmp_path / "not" / "there" / "yet"
    found = settings(work=WHOLE, EVALHARNESS_CACHE=folder)
    assert found == [str(folder), 0, True, False, True]
    assert any(folder.iterdir())


def test_the_usual_folder_for_caches_is_used(tmp_path):
    if sys.platform in ("win32", "darwin"):
        pytest.skip("XDG_CACHE_HOME is a word of Linux")
    assert settings(XDG_CACHE_HOME=tmp_path)[0] == str(tmp_path / "evalharness")


def test_the_users_own_cache_is_respected(tmp_path):
    mine, ours = tmp_path / "mine", tmp_path / "ours"
    by_environment = settings(JAX_COMPILATION_CACHE_DIR=mine, EVALHARNESS_CACHE=ours)
    assert by_environment == [str(mine), 1, True, False, True]
    by_code = settings(
        f"import jax; jax.config.update('jax_compilation_cache_dir', {str(mine)!r})",
        EVALHARNESS_CACHE=ours,
    )
    assert by_code == [str(mine), 1, True, False, True]
    assert not ours.exists()


def test_a_user_who_wants_no_cache_has_none(tmp_path):
    found = settings(JAX_ENABLE_COMPILATION_CACHE="false", EVALHARNESS_CACHE=tmp_path / "ours")
    assert found == [None, 1, False, False, True]
    by_code = "import jax; jax.config.update('jax_enable_compilation_cache', False)"
    assert settings(by_code, EVALHARNESS_CACHE=tmp_path / "ours") == found
    assert not (tmp_path / "ours").exists()


def test_what_the_user_compiles_afterwards_is_kept_too(tmp_path):
    """JAX has one cache; the README says so."""
    code = ASK.format(before="", work=SCOPE) + "\n\ndef users(x): return x * 3\njax.jit(users)(1.0)"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
    subprocess.run(
        [sys.executable, "-c", code],
        env=kept | {"JAX_PLATFORMS": "cpu", "EVALHARNESS_CACHE": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert any("users" in path.name for path in tmp_path.iterdir())


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path):
    (tmp_path / "file").write_text("no folder")
    assert settings(EVALHARNESS_CACHE=tmp_path / "file" / "cache")[0] is None


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("EVALHARNESS_CACHE", str(tmp_path))
    assert backend.cache_folder() == tmp_path
    monkeypatch.setenv("EVALHARNESS_CACHE", "")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert backend.cache_folder() == tmp_path / "evalharness"
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert backend.cache_folder() == tmp_path / "Library" / "Caches" / "evalharness"


def test_the_device_has_a_name():
    assert backend.device().split()[0] in ("cpu", "gpu", "cuda", "tpu", "METAL")

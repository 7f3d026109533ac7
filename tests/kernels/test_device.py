"""Where it is computed: the user's default device, or the one that was asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from evalharness import DeclarationError, EvalharnessError, Outputs
from evalharness.kernels import backend
from evalharness.metrics import f1, mean, roc_auc
from tests.metrics.measure import declare

TABLE = {"label": [0, 1, 1, 0] * 30, "score": [0.1, 0.7, 0.4, 0.6] * 30, "x": [1.0, 2, 3, 4] * 30}
GPU = any(d.platform == "gpu" for d in jax.local_devices())


BOUNDS = [m.on("test") >= 0.2 for m in (f1, roc_auc)]


def evaluated(device):
    """A result; a class in this module would be collected as an evaluation of its own."""
    evaluation = declare(satisficing=BOUNDS, also=[mean("x").on("test")])
    return evaluation.run(Outputs(test=TABLE), device=device)


def test_the_cpu_may_be_asked_for():
    plain, asked = (evaluated(d) for d in (None, "cpu"))
    assert asked.provenance["device"].split()[0] == "cpu"
    assert [c.message for c in asked.checks] == [c.message for c in plain.checks]


@pytest.mark.skipif(GPU, reason="there is a GPU here")
def test_a_device_that_is_not_there():
    words = r"'gpu' was asked for, and JAX finds none \(it finds cpu\); install JAX for it"
    with pytest.raises(EvalharnessError, match=words):
        evaluated("gpu")
    assert backend.device() == "cpu"  # what was asked for is forgotten after the error


OTHERS = {
    "environment": "os.environ['JAX_PLATFORMS'] = 'cuda'",
    "plugin in the environment": "os.environ['PJRT_NAMES_AND_LIBRARY_PATHS'] = 'x:/x.so'",
    "TPU": "sys.path.insert(0, '.'); open('libtpu.py', 'w').close()",
    "plugin": "sys.path.insert(0, '.'); os.makedirs('jax_plugins/mine')",
    "entry point": (
        "sys.path.insert(0, '.'); os.makedirs('mine-1.dist-info');"
        "open('mine-1.dist-info/entry_points.txt', 'w').write('[jax_plugins]\\nmine = mine\\n');"
        "open('mine-1.dist-info/METADATA', 'w').write('Name: mine\\nVersion: 1\\n')"
    ),
}


@pytest.mark.skipif(not backend.only_cpu(), reason="JAX may have another device here")
@pytest.mark.parametrize("name", [*OTHERS, ""])
def test_whether_jax_could_find_another_device(name, tmp_path):
    code = f"""
import os, sys
{OTHERS.get(name, "os.environ['JAX_PLATFORMS'] = 'cpu'")}
from evalharness.kernels.backend import only_cpu
print(only_cpu(), "jax" in sys.modules)
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert found.stdout.split() == ["False" if name else "True", "False"]


def test_a_platform_of_the_environment_that_is_not_there():
    code = """
from evalharness.kernels.backend import scope
with scope():
    pass
"""
    found = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"JAX_PLATFORMS": "rocm"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert "EvalharnessError: JAX finds no device to compute on" in found.stderr
    assert "JAX_PLATFORMS=rocm asks for one that is not there" in found.stderr


def test_no_other_word_is_a_device():
    with pytest.raises(DeclarationError, match="device='cuda:0' must be"):
        evaluated("cuda:0")


def test_what_is_computed_later_is_computed_there(monkeypatch):
    result = evaluated("cpu")
    seen = []
    real = backend.compiled

    def compiled(*arguments):
        seen.append(backend._wanted.get())
        return real(*arguments)

    monkeypatch.setattr("evalharness.kernels.passes.compiled", compiled)
    monkeypatch.setattr("evalharness.kernels.passes.SMALL", 0)
    monkeypatch.setattr("evalharness.kernels.passes.on_cpu", lambda: False)
    result[f1(threshold=0.3).on("test")]
    assert seen == ["cpu"]


ASK = """
import json, os
{before}
import jax
held = []
real = jax.local_devices
def local_devices(*a, **k):
    held.append(os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE"))
    return real(*a, **k)
jax.local_devices = local_devices
{choice}
from evalharness.kernels import backend
import jax.numpy as jnp
with backend.scope():
    where = str(jnp.ones(3).devices())
print(json.dumps([where, str(jnp.ones(3).devices()), held[0],
    os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE")]))
"""


def asked(before="", choice="", **environment):
    """Devices inside and outside of the scope, and the preallocation when JAX woke and later."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "XLA_"))}
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(before=before, choice=choice)],
        env=kept | {"JAX_PLATFORMS": "cpu"} | environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_default_device_of_the_user_is_respected():
    two = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    second = 'jax.config.update("jax_default_device", jax.devices()[1])'
    inside, outside, *_ = asked(choice=second, **two)
    assert inside == outside
    assert "1" in inside


def test_no_memory_is_taken_ahead_and_the_environment_is_left_alone():
    assert asked()[2:] == ["false", None]
    assert asked(XLA_PYTHON_CLIENT_PREALLOCATE="true")[2:] == ["true", "true"]

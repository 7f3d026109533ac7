"""JAX as a guest in the user's process: 64 bits inside one scope only, and a compile cache on
disk."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from evalharness.declare.errors import EvalharnessError

# The platform that was asked for ("cpu", "gpu"); None: the user's default device.
_wanted: ContextVar[str | None] = ContextVar("evalharness_device", default=None)
# Whether a scope is open here, which one inside of it need not open again.
_inside: ContextVar[bool] = ContextVar("evalharness_scope", default=False)


@contextmanager
def scope() -> Iterator[None]:
    """Run JAX code in 64 bits, on the device that was asked for. Hand out NumPy arrays only: a
    float64 JAX array is silently truncated to float32 when it is used after the scope."""
    import jax

    if _inside.get():
        yield
        return
    _keep_compiled()
    token = _inside.set(True)
    try:
        with (
            jax.enable_x64(True),
            jax.default_device(_device()),
            # What the user forbids in programs of their own is no affair of ours.
            jax.numpy_dtype_promotion("standard"),
            jax.numpy_rank_promotion("allow"),
            jax.transfer_guard("allow"),
            warnings.catch_warnings(),
        ):
            # A damaged file in the cache costs a compilation, not the evaluation.
            warnings.filterwarnings("ignore", message=".*persistent compilation cache.*")
            yield
    finally:
        _inside.reset(token)


class using:
    """Compute on a platform, "cpu" or "gpu"; None: on the user's default device.

    Raises EvalharnessError where JAX has no such device. A class, since the frames of a decorated
    generator would stand in the user's traceback.
    """

    def __init__(self, platform: str | None) -> None:
        self._platform = platform

    def __enter__(self) -> None:
        self._token = _wanted.set(self._platform)
        try:
            if self._platform is not None and not _surely_cpu():
                _device()
        except BaseException:
            _wanted.reset(self._token)
            raise

    def __exit__(self, *_: object) -> None:
        _wanted.reset(self._token)


def _device() -> Any:
    """The device that computes."""
    import jax

    wanted = _wanted.get()
    given: Any = wanted or getattr(jax.config, "jax_default_device", None)
    try:
        _without_preallocation()
        if given is None or isinstance(given, str):
            return jax.local_devices(backend=given)[0]
        return given
    except (RuntimeError, AssertionError) as error:  # the latter where JAX_PLATFORMS is wrong
        why = str(error)
    if wanted is None:
        named = os.environ.get("JAX_PLATFORMS") or os.environ.get("JAX_PLATFORM_NAME")
        raise EvalharnessError(
            f"JAX finds no device to compute on{f': {why}' if why else ''}; "
            + (
                f"JAX_PLATFORMS={named} asks for one that is not there: unset it, or install JAX "
                "for it"
                if named
                else "see whether jax.devices() works"
            )
        )
    try:
        found = ", ".join(sorted({d.platform for d in jax.local_devices()}))
    except (RuntimeError, AssertionError):
        found = "none at all"
    raise EvalharnessError(
        f"the device {wanted!r} was asked for, and JAX finds none (it finds {found}); "
        + (
            'install JAX for it (such as pip install "jax[cuda12]"), or leave the choice out'
            if wanted == "gpu"
            else "leave the choice out"
        )
    )


@cache
def _without_preallocation() -> None:
    """Let JAX find its devices. By default it takes three quarters of a GPU's memory as it does;
    whoever has not used JAX in this process, nor said so, is not to lose it to an evaluation."""
    import jax

    name = "XLA_PYTHON_CLIENT_PREALLOCATE"
    if name in os.environ:
        jax.local_devices()
        return
    os.environ[name] = "false"
    try:
        jax.local_devices()
    finally:
        del os.environ[name]


def fetched(raw: Any) -> Any:
    """What a program in the scope gave, as NumPy, once it is there."""
    import numpy as np

    if all(isinstance(x, np.ndarray) for x in (raw if isinstance(raw, (tuple, list)) else (raw,))):
        return raw
    import jax

    with scope():
        return jax.device_get(raw)


@cache
def compiled(program: Callable[..., Any]) -> Callable[..., Any]:
    """The jitted program; one object for each, so that JAX finds what it traced before."""
    import jax

    return jax.jit(program, static_argnames=("groups", "classes"))


def on_cpu() -> bool:
    """Whether programs run on the CPU."""
    return _surely_cpu() or bool(_device().platform == "cpu")


def _surely_cpu() -> bool:
    """Whether JAX, which takes a second to load, need not be loaded to be asked."""
    return "jax" not in sys.modules and _wanted.get() in (None, "cpu") and only_cpu()


@cache
def only_cpu() -> bool:
    """Whether nothing is installed, nor named in the environment, by which JAX finds another device
    than the CPU: it has had its GPUs by plugins since 0.5, and TPUs by libtpu."""
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    named = os.environ.get("JAX_PLATFORMS", ""), os.environ.get("JAX_PLATFORM_NAME", "")
    if any(name not in ("", "cpu") for name in named):
        return False
    if os.environ.get("PJRT_NAMES_AND_LIBRARY_PATHS") or os.environ.get("TPU_LIBRARY_PATH"):
        return False
    if any(find_spec(name) is not None for name in ("jax_plugins", "libtpu")):
        return False
    return not entry_points(group="jax_plugins")


def device() -> str:
    """The device that computes, as results name it: "cpu", "gpu (NVIDIA H100)"."""
    if "jax" not in sys.modules:  # all was computed without it
        return "cpu"
    first = _device()
    kind = first.device_kind
    return str(first.platform) if kind == first.platform else f"{first.platform} ({kind})"


def cache_folder() -> Path:
    """Where compiled programs are kept between runs. Safe to delete at any time."""
    named = os.environ.get("EVALHARNESS_CACHE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "evalharness"


@cache
def _keep_compiled() -> None:
    """Turn on JAX's compile cache, unless the user has already decided about it.

    The programs here are small and compile in less than the second below which JAX keeps nothing.
    """
    import jax

    config: Any = jax.config
    if config.jax_compilation_cache_dir is not None or not config.jax_enable_compilation_cache:
        return
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # read-only or no home: compile anew each time
        return
    config.update("jax_compilation_cache_dir", str(folder))
    config.update("jax_persistent_cache_min_compile_time_secs", 0)
    config.update("jax_persistent_cache_min_entry_size_bytes", -1)

"""JAX as a guest in the user's process: 64 bits inside one scope only, and a compile cache on
disk."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any


@contextmanager
def scope() -> Iterator[None]:
    """Run JAX code in 64 bits. Hand out NumPy arrays only: a float64 JAX array is silently
    truncated to float32 when it is used after the scope."""
    import jax

    _keep_compiled()
    with jax.enable_x64(True), warnings.catch_warnings():
        # A damaged file in the cache costs a compilation, not the evaluation.
        warnings.filterwarnings("ignore", message=".*persistent compilation cache.*")
        yield


@cache
def compiled(program: Callable[..., Any], small: bool = False) -> Callable[..., Any]:
    """The jitted program; one object for each, so that JAX finds what it traced before.

    small: compile in a third less time rather than for speed: a few rows run in a millisecond
           either way, and a test suite waits for the compiler.
    """
    import jax

    options = {"xla_backend_optimization_level": 0} if small else None
    return jax.jit(program, static_argnames=("groups", "classes"), compiler_options=options)


def on_cpu() -> bool:
    """Whether programs run on the CPU."""
    import jax

    return bool(jax.local_devices()[0].platform == "cpu")


def device() -> str:
    """The device that computes, as results name it: "cpu", "gpu (NVIDIA H100)"."""
    import jax

    first = jax.local_devices()[0]
    kind = first.device_kind
    return first.platform if kind == first.platform else f"{first.platform} ({kind})"


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

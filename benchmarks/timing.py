"""Time and memory bandwidth: taking turns, medians with their spread."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Call = Callable[[], Any]
# Bytes; larger than any cache.
BUFFER = 1 << 28


def timed(call: Call) -> tuple[float, float, Any]:
    """Wall and processor milliseconds (of all threads), and what the call gave."""
    gc.collect()  # what others left is not swept up on this one's time
    processor, wall = time.process_time(), time.perf_counter()
    found = call()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return wall * 1e3, processor * 1e3, found


def taking_turns(calls: Mapping[str, Call], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Wall and processor milliseconds of each call in each round, in an order that rotates, so
    that a slow moment of the machine meets all alike."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    names = list(calls)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            times[name].append(timed(calls[name])[:2])
    return times


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def bandwidth(buffer: int = BUFFER) -> dict[str, float]:
    """Bytes a second: read and copied (both ways counted) by all cores; where JAX computes on
    another device than the processor, also copied there. "floor" is the one that bounds ours."""
    import jax
    import numpy as np

    source = np.ones(buffer // 4, np.int32)
    target = np.empty_like(source)
    cores = os.cpu_count() or 1
    parts = np.array_split(source, cores)
    pairs = list(zip(np.array_split(target, cores), parts, strict=True))
    with ThreadPoolExecutor(cores) as pool:
        found = {
            "read": _best(lambda: list(pool.map(np.max, parts)), source.nbytes),
            "copy": _best(
                lambda: list(pool.map(lambda p: np.copyto(*p), pairs)), 2 * source.nbytes
            ),
        }
    if jax.local_devices()[0].platform == "cpu":
        return found | {"floor": found["read"]}
    there, copied = jax.device_put(source), jax.jit(lambda x: x + 1)
    device = _best(lambda: copied(there).block_until_ready(), 2 * source.nbytes)
    return found | {"device copy": device, "floor": device}


def _best(call: Call, nbytes: int) -> float:
    return nbytes / (min(timed(call)[0] for _ in range(7)) / 1e3)

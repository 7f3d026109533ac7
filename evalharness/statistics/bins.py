"""Bins of sort keys that adapt to the data, for scores that are too many to be sorted.

Bins of one width fail where scores crowd: near 1, around a few values, in heavy tails. These are
made from a sample, narrow where it is dense. Where values repeat, one key of each bin, the one that
occurs most there, has a bin of its own, so that scores of few distinct values are counted exactly.

A key finds its bin through a few short tables, level by level: no search, and no sort. Where the
sample is spread so evenly that bins of one width do as well, these are taken: they need no table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evalharness.statistics.adding import known_whole, module, onto
from evalharness.statistics.keys import Decoder, common

# Keys in a sample, and how many of them a bin should hold.
SAMPLE = 1 << 17
WANTED = 2
# A bin that holds so many times more is parted again.
CROWDED = 8
# How much of an area bins may leave open before keys that repeat have bins of their own.
OPEN = 1.5e-5
# Levels of tables; data that are crowded even then leave a wider error, which is told.
DEPTH = 6
# High bits of a key that are looked up first: sign, exponent, and of a float32 three bits more.
HEAD = 12


@dataclass(frozen=True)
class Bins:
    """levels: of each, the least sampled key of a node, and where it leads, packed: its first place
    on the next level, how many bits of the distance from that key are looked up there, and how many
    below them are not. leaves: how many bins they lead to. own: the key of each leaf that has a bin
    of its own, which makes three bins of a leaf: keys below it, that key, and keys above; or None.
    even: (3,), of bins of one width the least number, how many one unit spans, and the last one; or
    None. They take numbers (n,) rather than keys, as floats of so many bits: others round apart.

    The tables are as long as a power of two, so that few programs serve them all.
    """

    bits: int
    levels: tuple[tuple[Any, Any], ...]
    leaves: int
    own: Any = None
    even: Any = None

    @property
    def count(self) -> int:
        return self.leaves if self.own is None else 3 * self.leaves

    def of(self, keys: Any, decoder: Decoder) -> Any:
        """What `place` takes, of any column's keys."""
        if self.even is None:
            return common(keys, decoder, self.bits)
        if decoder == Decoder(32) == Decoder(self.bits):
            return keys.view(self.even.dtype)
        return decoder[keys].astype(self.even.dtype)

    @property
    def single(self) -> Any:
        """bool (count,): the bins that hold but one key."""
        import numpy as np

        return np.arange(self.count) % 3 == (3 if self.own is None else 1)

    def arrays(self) -> dict[str, Any]:
        """The tables, by name, as `place` wants them."""
        found = {"own": self.own, "even": self.even}
        found = {name: table for name, table in found.items() if table is not None}
        for at, (least, step) in enumerate(self.levels):
            found |= {f"least{at}": least, f"step{at}": step}
        return found


def made(sample: Any, whole: bool = False) -> Bins:
    """Bins for keys that are distributed like the sample: uint32 or uint64 (k,), in any order.
    whole: whether these are all keys; then each has a bin of its own, and nothing is left open."""
    if whole:
        return _made(sample, apart=True, whole=True)
    even = _even(sample)
    if even is not None:
        numbers = even.of(sample, Decoder(even.bits, signed=True))
        if _open(even, numbers) < OPEN:
            return even
    plain = _made(sample, apart=False)
    return plain if _open(plain, sample) < OPEN else _made(sample, apart=True)


def _open(bins: Bins, sample: Any) -> float:
    """How much of an area the bins would leave open, as far as the sample tells."""
    import numpy as np

    held = np.bincount(place(bins.arrays(), sample, len(bins.levels)), minlength=1)
    return float((held * (held - 1.0)).sum()) / 2 / max(1.0, float(len(sample)) ** 2)


def _even(sample: Any) -> Bins | None:
    """Bins of one width, WANTED sampled keys to each; None where these tell of none."""
    import numpy as np

    if not len(sample):
        return None
    bits, count = 8 * sample.dtype.itemsize, 1 << max(1, (len(sample) // WANTED).bit_length() - 1)
    low, high = Decoder(bits, signed=True)[np.array([sample.min(), sample.max()])]
    largest = np.finfo(f"f{bits // 8}").max / count
    if not (count / largest < high - low < largest):  # their numbers would overflow
        return None
    even = np.array([low, count / (high - low), count - 1], f"f{bits // 8}")
    return Bins(bits, (), count, even=even)


def _made(sample: Any, apart: bool, whole: bool = False) -> Bins:
    """apart: whether the most frequent key of each leaf has a bin of its own; whole: whether leaves
    are parted until they hold no other."""
    import numpy as np

    bits = 8 * sample.dtype.itemsize
    key = sample.dtype.type
    most = 0.5 if whole else 2 * WANTED if apart else WANTED
    found, times = np.unique(sample, return_counts=True)
    total = np.concatenate([[0], np.cumsum(times)])
    # Nodes in the order of their keys: each begins at one of the distinct keys.
    starts = np.searchsorted(found, np.arange(1 << HEAD, dtype=np.uint64) << (bits - HEAD))
    levels: list[tuple[Any, Any]] = []
    for _ in range(2 * DEPTH if whole else DEPTH):
        ends = np.append(starts[1:], len(found))
        others = total[ends] - total[starts]
        others = others - _most(times, starts, ends) if apart else others * (ends - starts > 1)
        parted = others > (CROWDED * most if levels and not whole else most)
        if not parted.any():
            break
        least = np.where(parted, found[np.minimum(starts, len(found) - 1)], 0).astype(key)
        largest = np.where(parted, found[np.maximum(ends, 1) - 1], 0).astype(key)
        wanted = np.ceil(np.log2(np.maximum(others / most, 1))).astype(np.int64)
        span = _length(largest - least)
        into = np.where(parted, np.minimum(np.maximum(wanted, 1), span), 0)
        shift = np.where(parted, span - into, 0)
        place = np.concatenate([[0], np.cumsum(1 << into)])
        step = (place[:-1] << 11) | (into << 6) | shift
        levels.append((_padded(least), _padded(step.astype(np.uint32))))
        # Where the next level's nodes begin among the distinct keys.
        node = np.repeat(np.arange(len(starts)), ends - starts)
        child = place[node] + _step(found, least[node], into[node], shift[node])
        starts = np.searchsorted(child, np.arange(place[-1]))
    ends = np.append(starts[1:], len(found))
    own = _padded(_own(found, times, starts, ends)) if apart else None
    return Bins(bits, tuple(levels), 1 << (len(starts) - 1).bit_length(), own)


def place(arrays: dict[str, Any], key: Any, levels: int) -> Any:
    """int (n,): the bin of each key, or number; bins are numbered in their order."""
    import numpy as np

    xp = module(key)
    integer = xp.intp if xp.__name__ == "numpy" else xp.int32
    if "even" in arrays:
        least, scale, last = arrays["even"]
        with np.errstate(over="ignore"):  # of a number far from those of the sample
            return xp.clip((key - least) * scale, 0, last).astype(integer)
    at = (key >> (8 * key.dtype.itemsize - HEAD)).astype(integer)
    for level in range(levels):
        least, step = (arrays[f"{name}{level}"].take(at) for name in ("least", "step"))
        into, shift = (step >> 6) & 31, step & 63
        at = ((step >> 11) + _step(key, least, into, shift)).astype(integer)
    if "own" not in arrays:
        return at
    own = arrays["own"].take(at)
    return 3 * at + (key >= own) + (key > own)


def count_bins(counted: Any, arrays: dict[str, Any], code: Any, groups: int, levels: int) -> Any:
    """int64 (groups · bins · 2,) entries with label 0 and with label 1 in each bin of each group:
    those that were counted, and these."""
    cell = place(arrays, arrays["key"], levels)
    if not known_whole(code, groups):
        cell = cell + code * (len(counted) // groups // 2)
    cell += cell
    cell += arrays["label"]
    return onto(counted, cell)


def _step(key: Any, least: Any, into: Any, shift: Any) -> Any:
    """Which child of its node a key is in; below and above the sample's keys the outermost."""
    xp, kind = module(key), key.dtype.type
    last = (kind(1) << into.astype(kind)) - kind(1)
    return xp.minimum((xp.maximum(key, least) - least) >> shift.astype(kind), last)


def _most(times: Any, starts: Any, ends: Any) -> Any:
    """How often the most frequent key of each node occurs in the sample; 0 in an empty node."""
    import numpy as np

    found = np.zeros(len(starts), np.int64)
    some = np.flatnonzero(ends > starts)
    if len(some):
        found[some] = np.maximum.reduceat(times, starts[some])
    return found


def _own(found: Any, times: Any, starts: Any, ends: Any) -> Any:
    """The most frequent key of each leaf; where none is more frequent, the middle one."""
    import numpy as np

    own = np.zeros(len(starts), found.dtype)
    some = np.flatnonzero(ends > starts)
    most = np.repeat(_most(times, starts, ends), ends - starts)
    node = np.repeat(np.arange(len(starts)), ends - starts)
    best = np.flatnonzero(times == most)
    first = np.searchsorted(node[best], some)
    last = np.searchsorted(node[best], some, side="right") - 1
    own[some] = found[best[(first + last) // 2]]
    return own


def _padded(table: Any) -> Any:
    """As long as the next power of two; nothing leads to what is added."""
    import numpy as np

    return np.pad(table, (0, (1 << (len(table) - 1).bit_length()) - len(table)))


def _length(x: Any) -> Any:
    """How many bits unsigned integers have."""
    import numpy as np

    found = np.zeros(len(x), np.int64)
    for bit in (32, 16, 8, 4, 2, 1):
        if bit < 8 * x.dtype.itemsize:
            some = x >= x.dtype.type(1) << x.dtype.type(bit)
            found += np.where(some, bit, 0)
            x = np.where(some, x >> x.dtype.type(bit), x)
    return found + (x > 0)

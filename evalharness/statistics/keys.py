"""Sort keys: numbers as unsigned integers of the same order, and whole rows of a sort as one.

Integers are sorted several times faster than floats, and pack: a group, a key and a label in 64
bits are one sort of one array.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evalharness.statistics.adding import module

GROUP_BITS = 31


@dataclass(frozen=True)
class Decoder:
    """Makes numbers of keys again: `decoder[keys]` is float64 of the same shape.

    bits: 32 where every number is a float32 exactly, else 64; signed: whether any is negative.
    """

    bits: int = 32
    signed: bool = False

    def __getitem__(self, keys: Any) -> Any:
        import numpy as np

        whole: Any = np.uint32 if self.bits == 32 else np.uint64
        kind: Any = np.float32 if self.bits == 32 else np.float64
        keys = np.asarray(keys, whole)
        if self.signed:
            top = whole(1 << (self.bits - 1))
            keys = np.where(keys >= top, keys ^ top, ~keys)
        return keys.view(kind).astype(np.float64)


def ordered(values: Any) -> tuple[Any, Decoder]:
    """uint32 or uint64 (n,) in the order of finite numbers, and what makes them numbers again.

    −0.0 and 0.0 are one number. Keys of several columns compare only where their decoders are
    equal.
    """
    import numpy as np

    values = np.asarray(values)
    short = values.astype(np.float32, copy=False) if _fits(values) else None
    whole: Any
    if short is not None and (short is values or (short == values).all()):
        values, bits, whole = short, 32, np.uint32
    else:
        values, bits, whole = values.astype(np.float64, copy=False), 64, np.uint64
    least = values.min(initial=0)
    if not (least < 0):
        # Only a zero can carry a sign here, and the sign bit is then all that there is of it.
        keys = np.ascontiguousarray(values).view(whole)
        if len(keys) and keys.max() >= whole(1 << (bits - 1)):
            keys = keys & ~whole(1 << (bits - 1))
        return keys, Decoder(bits)
    keys = (values + values.dtype.type(0)).view(whole)  # −0.0 + 0.0 is 0.0
    top = whole(1 << (bits - 1))
    return np.where(keys & top, ~keys, keys | top), Decoder(bits, signed=True)


def common(keys: Any, decoder: Decoder, bits: int) -> Any:
    """Keys as those of any other column compare with: of `bits` bits, and signed."""
    import numpy as np

    if decoder.bits == bits:
        top = keys.dtype.type(1 << (bits - 1))
        return keys if decoder.signed else keys | top
    values = decoder[keys]
    whole = (values.astype(np.float32) if bits == 32 else values).view(f"u{bits // 8}")
    top = whole.dtype.type(1 << (bits - 1))
    return np.where(whole & top, ~whole, whole | top)


def _fits(values: Any) -> bool:
    """Whether no number is too large for float32 (which would warn)."""
    import numpy as np

    if values.dtype == np.float32:
        return True
    largest = float(np.finfo(np.float32).max)
    return bool(values.min(initial=0.0) >= -largest and values.max(initial=0.0) <= largest)


def packed(key: Any, label: Any, code: Any, groups: int) -> Any:
    """uint64 (n,): group, key of 32 bits, and label; rows outside of all groups come last. Of NumPy
    arrays, or within a program."""
    xp = module(code)
    found = xp.minimum(code, groups).astype(xp.uint64)
    found <<= 32
    found |= key.astype(xp.uint64)
    found <<= 1
    found |= label.astype(xp.uint64)
    return found


def dense(keys: Any) -> tuple[Any, Any]:
    """uint32 (n,) places of the keys among their distinct values, and these, ascending."""
    import numpy as np

    order = np.argsort(keys)
    rising = keys[order]
    first = np.ones(len(keys), bool)
    first[1:] = rising[1:] != rising[:-1]
    rank = np.empty(len(keys), np.uint32)
    rank[order] = np.cumsum(first, dtype=np.int64) - 1
    return rank, rising[first]

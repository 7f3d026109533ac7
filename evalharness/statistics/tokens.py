"""Texts as sequences of integer tokens, words or characters: equal tokens have equal integers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Tokens:
    """Sequences one after the other.

    codes:   int32 (all tokens,), none negative.
    offsets: int64 (n + 1,): sequence i is codes[offsets[i] : offsets[i + 1]].
    """

    codes: Any
    offsets: Any

    @cached_property
    def lengths(self) -> Any:
        """int64 (n,): the number of tokens of each sequence."""
        import numpy as np

        return np.diff(self.offsets)

    @cached_property
    def rows(self) -> Any:
        """int64 (all tokens,): the sequence of each token."""
        import numpy as np

        return np.repeat(np.arange(len(self.lengths)), self.lengths)


class TokenPairs:
    """A reference and a hypothesis for each row, and their edits once these are counted.

    edits:    int64 (n, 3): substitutions, deletions, insertions of each pair; None before.
    """

    def __init__(self, reference: Tokens, hypothesis: Tokens) -> None:
        self.reference, self.hypothesis = reference, hypothesis
        self.edits: Any = None


def words(references: list[str], hypotheses: list[str]) -> tuple[Tokens, Tokens]:
    """The words of two lists of texts: what stands between runs of white space, as `str.split`."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array([*references, *hypotheses], pa.large_string())
    split = pc.utf8_split_whitespace(texts)
    found = split.flatten().dictionary_encode()
    codes = _int32(found.indices)
    starts = _int32(split.offsets)
    # White space at an end of a text leaves an empty word there.
    empty = pc.index(found.dictionary, pa.scalar("", found.dictionary.type)).as_py()
    if empty < 0:
        return _two(codes, starts.astype(np.int64), len(references))
    kept = codes != empty
    before = np.concatenate([[0], np.cumsum(kept)])[starts]
    return _two(codes[kept], before, len(references))


def characters(references: list[str], hypotheses: list[str]) -> tuple[Tokens, Tokens]:
    """The characters (Unicode code points) of two lists of texts, but for white space at the
    ends."""
    import numpy as np

    texts = [text.strip() for text in (*references, *hypotheses)]
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.int32)
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    return _two(codes, np.concatenate([[0], ends]), len(references))


def _two(codes: Any, offsets: Any, n: int) -> tuple[Tokens, Tokens]:
    """The first `n` sequences, and the others."""
    middle = offsets[n]
    return (
        Tokens(codes[:middle], offsets[: n + 1]),
        Tokens(codes[middle:], offsets[n:] - middle),
    )


def _int32(array: Any) -> Any:
    """An int32 Arrow array as NumPy; Arrow's own way would import pandas where there is one."""
    import numpy as np

    if not len(array):
        return np.zeros(0, np.int32)
    return np.frombuffer(array.buffers()[1], np.int32, len(array), array.offset * 4)

"""What rows hold, as codes: rows of several splits have one code where their content is equal."""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evalharness.declare.errors import OutputsError
from evalharness.outputs import kinds, memory
from evalharness.outputs.alike import LIST, NUMBER, alike, family, one_type

if TYPE_CHECKING:
    from evalharness.outputs.split import Split

NULL = -1
COMPARED = "name columns that every split has"


def fold(text: str) -> str:
    """The text without what does not tell texts apart: letter case, compatible forms of one
    character (full width, ligatures, composed accents), and how wide white space is.

    Two texts fold alike when they are a compatibility caseless match (The Unicode Standard, D146)
    after white space was trimmed and each run of it was made one space.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    form = unicodedata.normalize
    text = form("NFKC", form("NFKD", form("NFD", text).casefold()).casefold())
    return " ".join(text.split())


def folded(column: Any) -> Any:
    """The texts of a large_string array (n,) folded; each distinct text once."""
    import pyarrow as pa

    coded = column.dictionary_encode()
    texts = pa.array([fold(text) for text in coded.dictionary.to_pylist()], pa.large_string())
    return texts.take(coded.indices)


def content_codes(splits: Sequence["Split"], columns: Sequence[str]) -> list[np.ndarray]:
    """int64 (n,) for each split: rows have one code where all columns are equal, texts as `fold`
    leaves them; −1 where all are null. Null equals null beside a column that is not null.

    The codes stand for the values themselves, not for hashes: none are equal by chance.

    Raises OutputsError with the problems of all columns.
    """
    problems: list[str] = []
    total = None
    for name in columns:
        try:
            found = codes(splits, name, folding=True)
        except OutputsError as error:
            problems += error.problems
            continue
        one = np.concatenate(found)
        total = one if total is None else _joined(total, one)
    if problems or total is None:
        raise OutputsError(problems or ["no column is named by whose content rows are compared"])
    return _parted(total, [split.n for split in splits])


def codes(splits: Sequence["Split"], name: str, *, folding: bool = False) -> list[np.ndarray]:
    """The same of one column; without folding, texts are equal only letter by letter."""
    found = alike(name, splits, COMPARED)
    if family(found[0]) == LIST:
        return _list_codes(splits, name, found, folding)
    return _coded(splits, name, found, folding)


def _joined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Codes (n,) of the pairs of two codes; −1 where both are."""
    pairs = (left + 1) * (right.max() + 2) + right + 1
    coded = memory.to_numpy(memory.from_numpy(pairs).dictionary_encode().indices)
    return np.where(pairs == 0, NULL, coded).astype(np.int64)


def _coded(
    splits: Sequence["Split"], name: str, found: Sequence[Any], folding: bool = False
) -> list[np.ndarray]:
    import pyarrow as pa

    if folding and kinds.kind(found[0]) == kinds.TEXT:
        found = [folded(column) for column in found]
    try:
        coded = pa.concat_arrays(list(found)).dictionary_encode()
    except pa.ArrowNotImplementedError:
        coded = None
    if coded is None:
        raise OutputsError(
            [
                f"{splits[0].where}: column `{name}` is {found[0].type}, whose values cannot be "
                "compared; cast it to text or numbers in the table, or leave it out"
            ]
        )
    places = memory.to_numpy(coded.indices)
    whole = np.where(memory.nulls(coded), NULL, places).astype(np.int64)
    return _parted(whole, [len(column) for column in found])


def _list_codes(
    splits: Sequence["Split"], name: str, found: Sequence[Any], folding: bool
) -> list[np.ndarray]:
    """Lists are told apart by the bytes of what they hold, one token for each value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    there = [column.drop_null() for column in found]
    flat = [column.flatten() for column in there]
    inside = one_type(name, splits, [kinds.plain(x) for x in flat], [x.type for x in flat])
    texts = []
    for column, tokens in zip(there, _tokens(splits, name, inside, folding), strict=True):
        if pa.types.is_fixed_size_list(column.type):
            lengths = np.full(len(column), column.type.list_size)
        else:
            lengths = memory.to_numpy(pc.list_value_length(column)).astype(np.int64)
        ends = np.concatenate([[0], np.cumsum(lengths)]) * tokens.dtype.itemsize
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(tokens))]
        texts.append(pa.Array.from_buffers(pa.large_binary(), len(column), buffers))
    result = []
    for column, some in zip(found, _coded(splits, name, texts), strict=True):
        whole = np.full(len(column), NULL)
        whole[~memory.nulls(column)] = some
        result.append(whole)
    return result


def _tokens(
    splits: Sequence["Split"], name: str, inside: Sequence[Any], folding: bool
) -> list[np.ndarray]:
    if family(inside[0]) == NUMBER and not any(values.null_count for values in inside):
        return [memory.to_numpy(values) for values in inside]
    if family(inside[0]) == LIST:
        return _list_codes(splits, name, inside, folding)
    return _coded(splits, name, inside, folding)


def _parted(whole: np.ndarray, lengths: Sequence[int]) -> list[np.ndarray]:
    return np.split(whole, np.cumsum(lengths)[:-1])

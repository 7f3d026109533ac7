"""Arrays of any library and type become columns with the same values."""

import subprocess
import sys

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from evalharness.outputs import Outputs


def split(**columns):
    return Outputs(test=columns).split("test")


class Tensor:
    """Like a torch tensor that tracks gradients: NumPy may look at a detached copy only."""

    def __init__(self, array, free=False):
        self.array, self.free, self.dtype = np.asarray(array), free, array.dtype

    def detach(self):
        return Tensor(self.array, free=True)

    def cpu(self):
        return self

    def float(self):
        return Tensor(self.array.astype(np.float32), free=True)

    def __array__(self, dtype=None, copy=None):
        if not self.free or "bfloat16" in str(self.dtype):
            raise RuntimeError("Can't call numpy() on this tensor")
        return self.array


class OnlyDLPack:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


HALVES = np.array([0.5, 0.25, 1.0])
ARRAYS = {
    "list": [0.5, 0.25, 1.0],
    "tuple": (0.5, 0.25, 1.0),
    "list of scalars": [np.float32(0.5), np.float32(0.25), np.float32(1.0)],
    **{name: HALVES.astype(name) for name in ("f2", "f4", "f8", ">f4", ">f8", "g", "O")},
    "bfloat16": HALVES.astype(ml_dtypes.bfloat16),
    "strided": np.stack([HALVES, HALVES], axis=1)[:, 1],
    "reversed": HALVES[::-1].copy()[::-1],
    "masked": np.ma.masked_array(HALVES, mask=False),
    "jax": jnp.asarray(HALVES),
    "jax bfloat16": jnp.asarray(HALVES, jnp.bfloat16),
    "tensor": Tensor(HALVES),
    "tensor of bfloat16": Tensor(HALVES.astype(ml_dtypes.bfloat16)),
    "dlpack": OnlyDLPack(HALVES),
    "half floats": pa.array(HALVES.astype("f2")),
    "decimal": pa.array(HALVES).cast(pa.decimal128(5, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_floats(name):
    assert split(x=ARRAYS[name]).numbers("x").tolist() == HALVES.tolist()


FINITE = {"allow_nan": False, "allow_infinity": False}


@settings(deadline=None)
@given(npst.arrays(npst.integer_dtypes(endianness="?"), npst.array_shapes(max_dims=1)))
def test_integers(array):
    assert split(x=array).numbers("x").tolist() == array.astype(float).tolist()
    assert sorted(split(x=array).partition("x")[1]) == sorted(set(array.tolist()))


@settings(deadline=None)
@given(
    npst.arrays(
        npst.floating_dtypes(endianness="?"), npst.array_shapes(max_dims=1), elements=FINITE
    )
)
def test_reals(array):
    assert split(x=array).numbers("x").tolist() == array.astype(np.float64).tolist()


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1)
)
def test_texts(values):
    for array in (
        np.array(values),
        np.array(values, object),
        np.array(values, np.dtypes.StringDType()),
    ):
        codes, found = split(x=array).partition("x")
        assert [found[code] for code in codes] == values


@settings(deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ab \0~\x7fé𝄞"), max_size=5), max_size=8),
    st.sampled_from([None, "U1", "U9", ">U5"]),
)
def test_texts_of_numpy_are_read_as_arrow_reads_them(values, dtype):
    array = np.array(values, dtype) if values else np.array([], dtype or "U3")
    wanted = pa.array(array.astype(array.dtype.newbyteorder("="))).to_pylist()
    for given_ in (array, np.repeat(array, 2)[::2]):
        column = split(x=given_, y=range(len(array))).column("x")
        column.validate(full=True)
        assert column.to_pylist() == wanted


ONES = np.ones((2, 3))
MATRICES = [ONES.astype("f4"), ONES > 0.5, jnp.ones((2, 3)), Tensor(ONES), [*ONES], ONES.T.copy().T]


@pytest.mark.parametrize("array", MATRICES)
def test_matrices_are_lists_of_numbers(array):
    assert split(x=array).column("x").to_pylist() == [[1.0] * 3] * 2


def test_masked_is_null():
    table = split(x=np.ma.masked_array([1, 2, 3], mask=[False, True, False]))
    assert table.partition("x")[1] == (1, 3, None)


def test_archives_of_arrays_are_mappings(tmp_path):
    np.savez(tmp_path / "test.npz", label=[0, 1], prediction=[0, 1])
    with np.load(tmp_path / "test.npz") as archive:
        assert Outputs(test=archive).split("test").label_codes().tolist() == [0, 1]


def test_importing_and_declaring_loads_nothing():
    code = (
        "import sys; from evalharness.outputs import Outputs; Outputs(test='test.parquet');"
        "print({'numpy', 'pyarrow', 'narwhals', 'jax', 'scipy', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_reading_arrays_loads_no_array_library():
    code = (
        "import sys, numpy; from evalharness.outputs import Outputs;"
        "split = Outputs(test={'label': numpy.arange(2), 'score': numpy.zeros(2)}).split('test');"
        "split.check(); split.prediction_codes(); split.label_codes(); split.partition('label');"
        "print({'narwhals', 'jax', 'torch', 'pandas', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

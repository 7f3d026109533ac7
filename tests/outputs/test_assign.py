"""Splits by a stable hash."""

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from evalharness import DeclarationError, assign_split

SHARES = {"train": 0.9, "train_dev": 0.02, "dev": 0.04, "test": 0.04}


def test_shares_are_about_what_was_asked_for():
    found = Counter(assign_split(list(range(100_000)), SHARES))
    expected = [100_000 * share for share in SHARES.values()]
    assert chisquare([found[name] for name in SHARES], expected).pvalue > 0.001


def test_a_unit_stays_where_it_is():
    """Known answers: a change of these moves the examples of every team."""
    known = [assign_split(f"patient-{k}", {"train": 0.5, "test": 0.5}) for k in range(12)]
    assert "".join(name[1] for name in known) == "eeerreeerere"


@given(st.lists(st.integers() | st.text(max_size=20), max_size=30))
def test_each_unit_by_itself_whatever_stands_beside_it(units):
    assert assign_split(units, SHARES) == [assign_split(u, SHARES) for u in units]


def test_numbers_and_their_texts_are_one():
    assert assign_split([17, "17", np.int64(17)], SHARES) == [assign_split(17, SHARES)] * 3


@pytest.mark.parametrize(
    "made", [list, tuple, np.array, pd.Series, pl.Series, pa.array], ids=lambda f: f.__name__
)
def test_columns_of_any_kind(made):
    assert assign_split(made([1, 2, 3]), SHARES) == assign_split([1, 2, 3], SHARES)


def test_a_salt_gives_another_split():
    units = list(range(1000))
    assert assign_split(units, SHARES, salt="b") != assign_split(units, SHARES)


def test_a_share_of_nothing_gets_nothing():
    found = set(assign_split(list(range(2000)), {"a": 0.0, "b": 1.0, "c": 0.0}))
    assert found == {"b"}


WRONG = [
    (None, SHARES, "1 of 1 units are no text and no integer"),
    (1.5, SHARES, "units are no text"),
    (True, SHARES, "units are no text"),
    ([1, None, 2.0], SHARES, "2 of 3 units are no text and no integer"),
    (1, {}, "must map splits to shares"),
    (1, [0.5, 0.5], "must map splits to shares"),
    (1, {"a": 0.5}, "the shares sum to 0.5, not to 1"),
    (1, {"a": 90, "b": 10}, "2 problems"),
    (1, {"a": True}, "is not a number from 0 to 1"),
]


@pytest.mark.parametrize(("unit", "shares", "words"), WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_split(unit, shares, words):
    with pytest.raises(DeclarationError, match=words):
        assign_split(unit, shares)

"""Repeated samples: pass@k is what drawing k of them gives, and the prompt is the unit."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalharness import OutputsError
from evalharness.declare.errors import DeclarationError
from evalharness.metrics.samples import mean_of, pass_at, pass_by_prompt
from evalharness.statistics import MomentTable
from evalharness.statistics.grouped import Parts
from tests.metrics.measure import measure

TABLE = {
    "id": ["a", "b", "a", "b", "a", "b"],
    "sample": [0, 0, 1, 1, 2, 2],
    "correct": [True, False, False, False, True, True],
    "tokens": [1, 10, 2, 20, 3, 30],
}


def parts_of(sizes):
    code = np.repeat(np.arange(len(sizes)), sizes)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return Parts(code, first, lambda i: f"id {i}")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=6), min_size=1, max_size=4))
def test_pass_at_k_is_the_share_of_draws_with_a_right_sample(prompts):
    least = min(map(len, prompts))
    correct = np.array([c for samples in prompts for c in samples], float)
    for k in range(1, least + 1):
        found = pass_by_prompt(parts_of([len(p) for p in prompts]), correct, k=k)
        wanted = [np.mean([any(d) for d in itertools.combinations(p, k)]) for p in prompts]
        assert found == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("n, c, k", [(200, 1, 100), (1000, 17, 100), (64, 64, 64), (50, 0, 50)])
def test_pass_at_k_of_many_samples_is_exact(n, c, k):
    correct = np.arange(n) < c
    found = pass_by_prompt(parts_of([n]), correct.astype(float), k=k)[0]
    assert found == pytest.approx(1 - math.comb(n - c, k) / math.comb(n, k), rel=1e-12)


def test_the_prompt_counts_once():
    found = measure([pass_at(1), pass_at(2), mean_of("tokens")], TABLE)
    one, two = found[pass_at(1).on("test")], found[pass_at(2).on("test")]
    assert (one.value, one.n) == (pytest.approx(0.5), 2)
    assert two.value == pytest.approx((1 + 2 / 3) / 2)
    assert found[mean_of("tokens").on("test")].value == 11  # (2 + 20) / 2


def test_prompts_with_unequal_numbers_of_samples():
    table = {k: v[:5] for k, v in TABLE.items()}
    found = measure([mean_of("tokens"), pass_at(2)], table)
    assert found[mean_of("tokens").on("test")].value == (2 + 15) / 2
    assert found[pass_at(2).on("test")].value == 0.5


def test_k_larger_than_the_number_of_samples():
    table = {k: v[:5] for k, v in TABLE.items()}
    with pytest.raises(OutputsError, match="at least 3 samples of every prompt") as caught:
        measure([pass_at(3)], table)
    assert "1 of 2 have fewer, the first is id 'b' with 2" in str(caught.value)


def test_another_column_by_its_name():
    table = TABLE | {"solved": [1, 1, 1, 1, 1, 0]}
    metric = pass_at(1, "solved")
    assert measure([metric], table)[metric.on("test")].value == pytest.approx(5 / 6)
    assert str(metric) == "pass_at(column='solved', k=1)"
    assert str(pass_at(5)) == "pass_at(k=5)"
    assert str(mean_of("tokens")) == 'mean_of("tokens")'


@pytest.mark.parametrize(
    "column, words",
    [
        ({"correct": [0.5] * 6}, "column `correct` is real-valued"),
        ({"correct": [1, 0, 2, 0, 1, 0]}, "column `correct` holds 2"),
        ({"sample": [0, 0, 0, 1, 1, 2]}, "sample"),
        ({"id": ["a", "b", "a", "b", "a", None]}, "`id`"),
        ({"weight": [1, 1, 2, 1, 1, 1]}, "weight"),
    ],
)
def test_bad_columns(column, words):
    with pytest.raises(OutputsError, match=words):
        measure([pass_at(1)], TABLE | column)


def test_columns_that_are_not_there_are_all_named():
    with pytest.raises(OutputsError) as caught:
        measure([pass_at(1)], {"tokens": [1, 2]})
    assert "`id`" in str(caught.value)
    assert "`correct`" in str(caught.value)


@pytest.mark.parametrize("k", [0, -1, 1.0, True, "5", None])
def test_k_is_a_whole_number(k):
    with pytest.raises(DeclarationError, match="whole number ≥ 1"):
        pass_at(k)


def test_columns_are_named_by_text():
    with pytest.raises(DeclarationError, match="named by text"):
        pass_at(1, 3)
    with pytest.raises(DeclarationError, match="takes the name of a column"):
        mean_of(3)


def test_the_value_of_a_table():
    assert pass_at(3).value(MomentTable(n=2, mean=0.75, m2=0.125, m3=0.0)) == 0.75

"""The rows about two splits: their sides compute the same, and what is required is judged."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from benchmarks import fresh, growth, measure, report, split_data, splits
from benchmarks.data import Size, load, nbytes, save
from benchmarks.row import Row
from benchmarks.sides import Peer, Side, agree
from benchmarks.split_rows import split_rows

SMALL = Size(
    examples=4_000,
    columns=40,
    column_rows=2_500,
    pooled=80,
    permutations=400,
    dimensions=5,
    near=200,
    references=700,
)


@pytest.mark.parametrize("draw", split_data.DRAWS)
def test_the_distance_is_exact_whatever_is_drawn(draw, tmp_path):
    """Ours, NumPy's algebra and SciPy, to the last digits."""
    given = split_data.columns(draw)(SMALL, tmp_path)
    ours = splits.ks(given, SMALL).call()["distance"]
    twin = splits.ks_numpy(given, SMALL).call()["distance"]
    theirs = splits.ks_scipy(given, SMALL).call()["distance"]
    assert len(ours) == SMALL.columns
    assert len(twin) == len(theirs) == SMALL.columns // splits.PART_OF_COLUMNS
    np.testing.assert_array_equal(ours[: len(twin)], twin)
    np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=0, atol=1e-12)
    each = zip(given["first"].T, given["second"].T, strict=True)
    expected = [stats.ks_2samp(a, b, method="asymp").statistic for a, b in each]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)
    (row,) = (row for row in split_rows(SMALL) if row.name == f"ks-{draw.lower()}")
    assert row.peer.within == 1e-12


@pytest.mark.parametrize(
    "inputs, ours, peer, compared",
    [
        (split_data.vectors, splits.mmd, splits.mmd_loop, {"mmd"}),
        (split_data.neighbours, splits.nearest, splits.nearest_sklearn, {"distance", "which"}),
        (split_data.contract, splits.contract, splits.contract_scipy, set(split_data.TIMED)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_both_sides_agree(inputs, ours, peer, compared, tmp_path):
    given = inputs(SMALL, tmp_path)
    a, b = ours(given, SMALL), peer(given, SMALL)
    found, theirs = a.read(a.call()), b.read(b.call())
    assert set(theirs) == compared <= set(found)
    agree("row", found, theirs, 1e-6)


def test_permutations_of_the_loop_are_ours(monkeypatch, tmp_path):
    """All of them, so that the p-values may be compared."""
    monkeypatch.setattr(splits, "PART_OF_PERMUTATIONS", 1)
    monkeypatch.setattr(splits, "BANDWIDTH", 3.0)
    given = dict(split_data.vectors(SMALL, tmp_path))
    given["second"] = given["second"] + 0.2
    ours, loop = splits.mmd(given, SMALL), splits.mmd_loop(given, SMALL)
    found, drawn = ours.read(ours.call()), loop.call()
    p = (1 + np.sum(np.array(drawn) >= found["mmd"])) / (1 + len(drawn))
    assert len(drawn) == SMALL.permutations
    assert 0.005 < p < 0.5
    assert found["p"] == pytest.approx(p, abs=5 * np.sqrt(2 * p * (1 - p) / len(drawn)))


def test_a_contract_has_the_columns_that_it_says():
    tables = split_data.two_splits(500)
    assert tables["dev"].schema == tables["test"].schema
    assert tables["dev"].num_columns == 50 + 1  # and ids
    assert split_data.two_splits(500, 10)["dev"].num_columns == 10 + 1
    assert set(split_data.TIMED) <= set(tables["dev"].column_names)
    kinds = {str(column.type) for column in tables["dev"].columns}
    assert kinds == {"int64", "float", "double", "string", "bool", "timestamp[us]"}
    assert len(split_data.TIMED) * splits.PART_OF_CONTRACT == 50


def test_tables_are_read_as_they_were_written(tmp_path):
    table = pa.table({"a": [1, 2, None], "b": ["x", "y", "z"]})
    save({"dev": table}, tmp_path)
    again = load(tmp_path)
    assert again["dev"].equals(table)
    assert nbytes(again) == table.nbytes


def slow_row(**given):
    side = lambda data, size: Side(lambda: {"x": 1.0})  # noqa: E731
    peer = Peer("NumPy", "numpy", side, part=10)
    return Row("slow", "", lambda *_: {}, side, side, peer, 1, 2, **given)


def test_a_part_of_the_twin_is_scaled_too():
    turns = {"ours": [(2.0, 2.0)], "peer": [(3.0, 3.0)], "numpy": [(5.0, 5.0)]}
    for in_part, ratio in ((True, 25.0), (False, 2.5)):
        figures = measure._times(slow_row(in_part=in_part), turns)
        assert figures["ratio"]["peer"]["median"] == 15
        assert figures["ratio"]["numpy"]["median"] == ratio


def test_most_seconds_and_rounds(monkeypatch, tmp_path):
    calls = []

    def first_calls(*_):
        calls.append(1)
        return {
            "first call ms": {"empty cache": 1.0, "warm cache": 1.0},
            "memory MB": {"imports": 1.0, "inputs": 1.0, "peak": 1.0, "device": None},
        }

    monkeypatch.setattr(measure, "first_calls", first_calls)
    monkeypatch.setattr(measure, "timed", lambda call: (0, 0, call()))
    row = slow_row(seconds=1e-9, rounds=2)
    found = measure.measure(row, SMALL, 9, 1e9, tmp_path)
    assert (found["rounds"], len(calls)) == (2, 1)
    assert not found["bars"]["time"]["met"]
    lines = report.missed({"rows": [found]})
    assert any(line.startswith("slow, time: ") and "at most 1e-09 s" in line for line in lines)
    assert "(at most 1e-09 s: MISSED)" in report.speed({"rows": [found]})[1][1]


def test_a_first_call_is_one_process_where_nothing_is_compiled(monkeypatch):
    made = []

    def process(side, name, folder, quick):
        made.append(side)
        memory = {"imports": 1.0, "inputs": 1.0, "peak": 1.0, "device": None}
        return {"ms": float(len(made))} | memory

    monkeypatch.setattr(fresh, "_process", process)
    monkeypatch.setattr(fresh, "compile_dir", lambda *_, **__: None)
    once = fresh.first_calls(slow_row(compiles=False), {}, True)["first call ms"]
    assert (once, made) == ({"empty cache": 1.0, "warm cache": 1.0}, ["ours"])
    twice = fresh.first_calls(slow_row(), {}, True)["first call ms"]
    assert twice == {"empty cache": 2.0, "warm cache": 3.0}


def test_growth_that_must_be_linear():
    series = {"what": "rows", "work": "", "at": [10, 100], "status": "measured", "exponent": 1.0}
    good = series | {"ms": [{"median": 1.0}, {"median": 11.0}], "most": 12}
    bad = series | {"ms": [{"median": 1.0}, {"median": 13.0}], "most": 12}
    told = [row[-1] for row in report.growth({"growth": [good, bad]})[1:]]
    assert told == ["11× (at most 12×: met)", "13× (at most 12×: MISSED)"]
    assert report.missed({"rows": [], "growth": [good, bad]}) == [
        "growth of rows: 13× (at most 12×: MISSED)"
    ]


def test_growth_of_the_contract_runs():
    found = [
        growth._series(*series, 1) | {"most": most}
        for series, most in growth._of_splits(Size(examples=20_000))
    ]
    assert [(one["what"], one["at"]) for one in found] == [
        ("rows", [2_000, 20_000]),
        ("columns", [10, 50]),
    ]

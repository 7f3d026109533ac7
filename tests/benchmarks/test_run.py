"""The benchmark runs, its figures have the documented fields, and its tables render."""

import json
import os
import re

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import fresh, growth, measure, report, timing
from benchmarks.data import QUICK, load, nbytes, save
from benchmarks.rows import rows

PAGE = report.PAGE.read_text(encoding="utf-8")
FIRST = {
    "first call ms": {"empty cache": 1200.0, "warm cache": 300.0},
    "memory MB": {"imports": 200.0, "inputs": 210.0, "peak": 390.0, "device": None},
}
STARTUP = {
    "seconds": {
        name: {"median": 2.5, "least": 2.25, "most": 3.0, "processor": 2.0, "runs": 9}
        for name in ("cold", "warm", "by hand", "plugin", "no plugin")
    },
    "ratio to by hand": {
        "cold": {
            "median": 1.75, "least": 1.5, "most": 2.0,
            "target": 1.6, "goal": 1.2, "met": False, "at goal": False,
        },
        "warm": {
            "median": 0.85, "least": 0.8, "most": 0.9,
            "target": 1.1, "goal": 0.9, "met": True, "at goal": True,
        },
    },
    "unrelated": {"median difference": 0.0, "low": -0.01, "high": 0.01, "met": True},
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Two rows of a quick run, through the command; processes of their own have their own test."""
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "RESULTS", folder)
        patch.setattr(command, "as_users_have_it", lambda: None)
        patch.setattr(measure, "first_calls", lambda *_: FIRST)
        patch.setattr(timing.gc, "collect", lambda: None)
        some = "ndcg,classes,f1-bootstrap"
        assert command.main(["--quick", "--rounds", "2", "--only", some]) == 0
    return json.loads((folder / "last.json").read_text())


def test_the_figures_have_the_fields_that_the_page_documents(found):
    whole = found | {"startup": STARTUP, "growth": []}
    table = PAGE[PAGE.index("| field |") : PAGE.index(report.BEGIN)]
    documented = re.findall(r"`([^`]+)`", "".join(re.findall(r"^\|(.*?)\|", table, re.M)))
    assert len(documented) > 20
    for field in documented:
        places = [whole]
        for key in field.split("."):
            places = [
                here[key]
                for place in places
                for here in (place if isinstance(place, list) else [place])
            ]
            assert places, field
    assert {row["status"] for row in found["rows"]} == {"measured"}
    assert (found["quick"], found["rounds"]) == (True, 2)
    assert set(found["rows"][0]["ms"]["ours"]) == {"median", "least", "most", "processor"}


def test_bars(found):
    (row,) = (row for row in rows(QUICK) if row.name == "parquet")
    figures = {
        "ratio": {"peer": {"median": 1.75}},
        "first call ms": FIRST["first call ms"] | {"peer": 600.0},
        "memory MB": FIRST["memory MB"] | {"peer": 150.0},
    }
    bars = measure.bars(row, figures)
    assert {name: bar["met"] for name, bar in bars.items()} == {
        "peer": True,
        "first call": False,
        "memory": True,
    }
    missed = report.missed({"rows": [{**found["rows"][0], "name": "parquet", "bars": bars}]})
    assert missed == ["parquet, first call: 0.5, at least 1×"]
    row = (
        found["rows"][0]
        | {name: figures[name] for name in FIRST}
        | {"bars": found["rows"][0]["bars"] | bars}
    )
    text = report.text(found | {"rows": [row]})
    assert "1,200 against 600 (at least 1×: MISSED)" in text
    assert "390 against 150 (at most 400 MB: met)" in text


def test_what_was_not_measured_counts_as_missed_unless_it_is_optional():
    about = {"work": "", "peer": "", "status": "torch is not installed"}
    lines = report.missed(
        {
            "rows": [
                {"name": "torchmetrics", "optional": True, **about},
                {"name": "words", "optional": False, **about},
            ],
            "growth": [{"what": "replicates", "status": "not available"}],
            "startup": STARTUP,
        }
    )
    assert lines == [
        "words: torch is not installed",
        "growth of replicates: not available",
        "startup: cold 1.75 times by hand, at most 1.6",
    ]


def test_the_tables_render(found):
    series = {"what": "slices", "work": "5 metrics", "at": [125, 250], "status": "measured"}
    series |= {"ms": [{"median": 10.0}, {"median": 12.5}], "exponent": 0.32}
    whole = found | {"startup": STARTUP, "growth": [series]}
    text, page = report.text(whole), report.page([whole], PAGE)
    for shown in ("classes", "125 – 250", "10 · 12.5", "0.32", "1.75× (1.50–2.00)", "goal 0.9×"):
        assert shown in text
        assert shown in page
    tables = re.findall(r"(?:^\|.*\|\n)+", page[page.index(report.BEGIN) :], re.M)
    assert len(tables) == 5
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1, table
    # What the page says of itself stays; what was measured before does not.
    assert report.page([whole], page) == page
    assert page.startswith(PAGE.partition(report.BEGIN)[0])


def test_the_page_holds_the_figures_that_are_kept():
    assert report.page(command.kept(), PAGE) == PAGE


@pytest.mark.parametrize("side", ["ours", "peer"])
def test_a_process_of_its_own(side, tmp_path):
    (row,) = (row for row in rows(QUICK) if row.name == "words")
    save(row.data(QUICK, tmp_path), tmp_path)
    seen = fresh._process(side, "words", str(tmp_path), quick=True)
    assert 0 < seen["imports"] <= seen["inputs"] <= seen["peak"]
    assert seen["ms"] > 0
    assert (tmp_path / "cache").is_dir() == (side == "ours")


def test_inputs_are_read_as_they_were_written(tmp_path):
    given = {"id": np.array(["a", "bc"]), "label": ["x y", "z"], "folder": tmp_path}
    save(given, tmp_path)
    again = load(tmp_path)
    assert again["id"].tolist() == ["a", "bc"]
    assert (again["label"], again["folder"]) == (["x y", "z"], tmp_path)
    assert nbytes({"id": given["id"], "label": given["label"]}) == 2 * 2 * 4 + 4


def test_settings_that_would_slow_one_side_are_dropped(monkeypatch):
    monkeypatch.setattr(
        os, "environ", {"OPENBLAS_CORETYPE": "x", "OPENBLAS_L2_SIZE": "1", "A": "b"}
    )
    command.as_users_have_it()
    assert os.environ == {"A": "b", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def test_only_whole_runs_are_kept(capsys):
    with pytest.raises(SystemExit):
        command.main(["--write", "--quick"])
    assert "whole runs only" in capsys.readouterr().err


def test_the_order_rotates(monkeypatch):
    monkeypatch.setattr(timing.gc, "collect", lambda: None)
    seen = []
    calls = {name: (lambda name=name: seen.append(name)) for name in "abc"}
    times = timing.taking_turns(calls, 3)
    assert "".join(seen) == "abcbcacab"
    assert [len(values) for values in times.values()] == [3, 3, 3]


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_exponent_of_a_power_law(power):
    at = [1, 2, 4, 8]
    assert growth.exponent(at, [3 * x**power for x in at]) == pytest.approx(power)

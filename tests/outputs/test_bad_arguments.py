"""Bad arguments of `Outputs` are answered where they are written, all at once."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs
from tests.outputs.helpers import GOOD, INF, NAN, says

# (arguments, what the message says): refused when the outputs are made
ARGUMENTS = {
    "nothing": ({}, ["no split is given", "Outputs(test="]),
    "misspelt classes": (
        {"test": GOOD, "clases": ["a", "b"]},
        ["`clases=['a', 'b']`", "did you mean `classes`?"],
    ),
    "misspelt threshold": (
        {"test": GOOD, "treshold": 0.5},
        ["`treshold=0.5`", "did you mean `threshold`?"],
    ),
    "misspelt missing": (
        {"test": GOOD, "mising": "wrong"},
        ["`mising='wrong'`", "did you mean `missing`?"],
    ),
    "misspelt positive": ({"test": GOOD, "positve": 1}, ["did you mean `positive`?"]),
    "not a table": ({"test": None}, ["keyword `test=null` is not a table"]),
    "a list of paths": (
        {"test": ["a.parquet", Path("b.parquet")]},
        [
            "keyword `test=['a.parquet', 'b.parquet']` is a list of paths",
            'by their folder, Outputs(test="outputs/")',
            'by a pattern, Outputs(test="outputs/part-*.parquet")',
        ],
    ),
    "columns": ({"test": GOOD, "columns": "label"}, ["`columns` must map", "found str"]),
    "columns of numbers": ({"test": GOOD, "columns": {"label": 1}}, ["text to text"]),
    "label twice": (
        {"test": GOOD, "columns": {"label": "y", "prediction": "y"}},
        ["both `label` and `prediction`", "itself"],
    ),
    "classes is text": ({"test": GOOD, "classes": "cat"}, ["`classes` must list", "'cat'"]),
    "classes twice": ({"test": GOOD, "classes": ["a", "a"]}, ["names a class twice"]),
    "one class": ({"test": GOOD, "classes": ["a"]}, ["at least two"]),
    "no class": ({"test": GOOD, "classes": []}, ["at least two"]),
    "mixed classes": ({"test": GOOD, "classes": ["a", 1]}, ["mixes text and numbers"]),
    "null class": (
        {"test": GOOD, "classes": ["a", None]},
        ["must hold text, booleans or numbers; found null"],
    ),
    "positive": (
        {"test": GOOD, "classes": ["cat", "dog"], "positive": "cta"},
        ["`positive='cta'`", "did you mean `cat`?"],
    ),
    "positive list": ({"test": GOOD, "positive": ["cat"]}, ["must be one class"]),
    "missing": ({"test": GOOD, "missing": "wrng"}, ["must be 'error'", "did you mean `wrong`?"]),
    "threshold": ({"test": GOOD, "threshold": "high"}, ["`threshold='high'` must be a number"]),
    "boolean threshold": ({"test": GOOD, "threshold": True}, ["must be a number"]),
    "nan threshold": ({"test": GOOD, "threshold": NAN}, ["must be finite"]),
    "all at once": (
        {"test": GOOD, "clases": ["a"], "missing": "x", "threshold": INF},
        ["3 problems", "clases", "finite"],
    ),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments(name):
    arguments, words = ARGUMENTS[name]
    with pytest.raises(OutputsError) as caught:
        Outputs(**arguments)
    says(caught.value, words)


def test_a_table_in_place_of_the_splits():
    with pytest.raises(OutputsError, match=re.escape("Outputs(test={'label': …})")):
        Outputs({"label": np.array([0, 1]), "prediction": [0, 1]})
    with pytest.raises(OutputsError, match="must map names of splits to tables, found DataFrame"):
        Outputs(pd.DataFrame(GOOD))
    with pytest.raises(OutputsError, match="split `test` is given twice"):
        Outputs({"test": GOOD}, test=GOOD)
    with pytest.raises(OutputsError, match="name must be text, found 1"):
        Outputs({1: GOOD})


def test_unknown_split():
    outputs = Outputs({"dev-2024": GOOD, "test": GOOD})
    with pytest.raises(OutputsError) as caught:
        outputs.split("tset", "candidate")
    says(
        caught.value,
        ["model `candidate`", "no split `tset`", "did you mean `test`?", "`dev-2024`, `test`"],
    )

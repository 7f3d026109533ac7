"""Bad tables are answered in words: what was found, where, and what to do; all of it at once."""

import numpy as np
import pandas as pd
import pytest

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs
from tests.outputs.bad_multilabel import MULTILABEL
from tests.outputs.bad_tables import TABLES
from tests.outputs.bad_units import UNITS
from tests.outputs.helpers import says

WRONG = {**TABLES, **UNITS, **MULTILABEL}


@pytest.mark.parametrize("name", WRONG)
def test_tables(name):
    given, options, question, words = WRONG[name]
    split = Outputs(test=given, **options).split("test", "candidate")
    with pytest.raises(OutputsError) as caught:
        question(split)
    says(caught.value, words)
    assert all(problem.startswith("candidate, test (") for problem in caught.value.problems)


# (table, what the message says): refused when the split is asked for
UNREADABLE = {
    "lengths": (
        {"label": [0, 1], "prediction": [0]},
        ["different lengths: `label` 2, `prediction` 1"],
    ),
    "three dimensions": (
        {"label": np.zeros((2, 1, 1))},
        ["`label` is 3-D, of shape (2, 1, 1)", "1-D"],
    ),
    "no dimension": ({"label": np.array(1)}, ["`label` is 0-D"]),
    "one value": ({"label": 1}, ["`label` is of type int", "one value for each row"]),
    "text": ({"label": "cat"}, ["`label` is of type str"]),
    "mixed": ({"label": [0, "a"]}, ["`label`", "one type"]),
    "complex": ({"label": np.array([1j])}, ["`label` is complex"]),
    "structured": (
        {"label": np.zeros(2, [("x", "i4"), ("y", "i4")])},
        ["structured", "x=array['x']"],
    ),
    "odd names": ({1: [0, 1]}, ["column names must be text, found 1"]),
    "odd names of pandas": (pd.DataFrame({1: [0, 1]}), ["column names must be text, found `1`"]),
    "mixed pandas": (pd.DataFrame({"x": [0, "a"]}), ["cannot be read", "column x"]),
    "mixed pandas of bytes": (pd.DataFrame({"x": [[0], "a"]}), ["cannot be read", "x"]),
    "a series": (pd.Series([0, 1]), ["pandas Series", "a split needs", "{'label': …"]),
    "an array": (np.zeros(3), ["numpy ndarray", "a split needs"]),
    "an object": (object(), ["it is of type object, but a split needs a path"]),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_tables(name):
    given, words = UNREADABLE[name]
    with pytest.raises(OutputsError) as caught:
        Outputs(test=given).split("test")
    says(caught.value, words)
    assert str(caught.value).startswith("test (")

"""The table on the page of a CI run."""

import numpy as np
import pytest

from evalharness import Outputs, waive
from evalharness.metrics import accuracy, recall
from evalharness.reports.summary import CUT, broken, fitted, markdown, plain
from tests.metrics.measure import declare

ROW = np.arange(400)
ROWS = {
    "label": ROW % 2,
    "prediction": np.where(ROW < 40, 1 - ROW % 2, ROW % 2),
    "part": np.where(ROW < 200, "a|b <img>", "c_d"),
}


@pytest.fixture(scope="module")
def page():
    made = declare(
        satisficing=[
            accuracy.on("test") >= 0.5,
            accuracy.on("test", part="a|b <img>") >= 0.1,
            recall.on("test") >= 0.9,
            recall.on("test", part="c_d") >= 0.999,
            accuracy.on("test").by("part") >= 0.99,
        ],
        waivers=[waive("accuracy-test-by-part", owner="ana", reason="why", expires="2999-01-01")],
    )
    return markdown(made.run(Outputs(test=ROWS)), "test_it.py")


def test_every_check_is_a_row_and_what_decides_comes_first(page):
    lines = page.splitlines()
    assert lines[0] == "### Declared (test\\_it.py): 2 inconclusive, 3 pass"
    rows = [line for line in lines if line.startswith("| ")]
    words = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    assert words == ["verdict", "---", "INCONCLUSIVE", "INCONCLUSIVE", "waived", "pass", "pass"]
    assert {row.replace("\\|", "").count("|") for row in rows} == {8}
    assert any("accuracy-test-by-part is waived by ana until 2999-01-01: why" in x for x in lines)
    assert page.endswith("level 0.05 / 5 bounds.\n\n")


def test_names_mean_nothing_to_markdown(page):
    assert "part=a\\|b \\<img\\>" in page
    assert plain("a\n`b` [c](d) ![e](f) &lt; *g* ~h~") == (
        "a \\`b\\` \\[c\\](d) !\\[e\\](f) \\&lt; \\*g\\* \\~h\\~"
    )


def test_an_evaluation_without_a_result_says_why():
    assert broken("TestIt", "test_it.py", "2 problems:\n  1. a_b\n  2. c") == (
        "### TestIt (test\\_it.py): could not be evaluated\n\n- 2 problems:\n- 1. a\\_b\n- 2. c\n\n"
    )


def test_what_does_not_fit_is_cut_at_a_line():
    text = "".join(f"zeile {i} ü\n" for i in range(1000))
    size = len(text.encode())
    assert fitted(text, size) == text
    for most in (size - 1, 5000, len(CUT) + 20, len(CUT)):
        cut = fitted(text, most)
        assert len(cut.encode()) <= most
        assert cut.endswith(CUT)
        kept = cut.removesuffix(CUT)
        assert text.startswith(kept)
        assert kept == "" or kept.endswith("\n")
    assert fitted(text, len(CUT) - 1) == fitted(text, -5) == ""

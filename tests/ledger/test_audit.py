"""Looks are counted, and everything else is as without a ledger."""

import os

import pytest

from evalharness import Outputs, Result, bias_variance, large_enough, no_leakage
from evalharness.declare.errors import OutputsError
from evalharness.ledger import file
from evalharness.ledger.file import LedgerError
from evalharness.metrics import accuracy, error_rate, f1, recall
from evalharness.reports.summary import markdown
from tests.ledger.gates import gate, looks, outputs, table


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evalharness.ledger"


def told(result):
    return result.provenance["ledger"]["told"]


def test_each_new_model_is_a_look(path):
    cats = gate(path)
    first = cats.run(outputs(4))
    assert told(first) == [f"look 1 at this test set ({path}, audit)"]
    second = cats.run(outputs(5))
    line, best = told(second)
    assert line.startswith(f"look 2 at this test set ({path}, audit): if each was chosen by ")
    assert "its 5 % are worth at most 10 %" in line
    assert best.startswith("the best of 2 equal models would look better than it is by about 0.00")
    assert best.endswith("in recall on test")
    assert line.split("(")[0] in str(second)
    assert [x.verdict for x in looks(path)] == ["passed", "passed"]
    cats.run(outputs(60))
    assert looks(path)[-1].verdict == "not passed"
    assert Result.from_json(second.to_json()).provenance["ledger"] == second.provenance["ledger"]


def test_the_same_predictions_and_gate_are_no_new_look(path):
    cats = gate(path)
    cats.run(outputs(4))
    again = cats.run(outputs(4))
    assert told(again)[0].startswith(f"no new look at this test set ({path}, audit)")
    assert again.provenance["ledger"]["looks"][""]["looks"] == 1
    assert again.provenance["ledger"]["looks"][""]["new"] is False
    part = cats.run(outputs(4), select=cats.checks[:1])  # as by -k
    assert part.provenance["ledger"]["looks"][""]["new"] is False
    assert len(looks(path)) == 1
    other = gate(path, satisficing=[recall.on("test") >= 0.91, accuracy.on("dev") >= 0.8])
    other.run(outputs(4))
    assert len(looks(path)) == 2
    same = gate(path, satisficing=[accuracy.on("dev") >= 0.7, recall.on("test") >= 0.910])
    same.run(outputs(4))  # the order and spelling of bounds, and those on dev, are not the gate
    assert len(looks(path)) == 2


def test_history_belongs_to_the_test_set_whatever_the_gate(path):
    gate(path).run(outputs(4))
    grown = gate(path, satisficing=[f1.on("test") >= 0.5]).run(outputs(4, n=600))
    assert grown.provenance["ledger"]["looks"][""]["looks"] == 2
    overlap = grown.provenance["ledger"]["looks"][""]["sets"]["test"]["overlap"]
    assert overlap == pytest.approx(2 / 3, abs=0.15)
    fresh = gate(path).run(outputs(4, first=10_000))
    assert fresh.provenance["ledger"]["looks"][""]["looks"] == 1


LEAK = no_leakage("dev", "test", content=["region"])
OTHERS = {
    "satisficing": [accuracy.on("dev") >= 0.5, recall.on("test") >= 0.1],
    "splits": [large_enough("test"), LEAK],
    "also": [],
}


def test_what_is_a_look(path):
    """Not: dev alone, or how many rows there are."""
    cats = gate(path, **OTHERS)
    recall_, dev, large, leak = (
        [next(c for c in cats.checks if str(c.declared) == text)]
        for text in (
            "recall.on('test') >= 0.1".replace("'", '"'),
            'accuracy.on("dev") >= 0.5',
            str(large_enough("test")),
            str(LEAK),
        )
    )
    for select in (dev, large):
        result = cats.run(outputs(), select=select)
        assert told(result) == []
    assert not path.exists()
    cats.run(outputs(), select=leak)
    assert [x.verdict for x in looks(path)] == [""]  # of a part of the gate
    cats.run(outputs(), select=recall_)
    assert [x.verdict for x in looks(path)] == [""]
    cats.run(outputs())
    assert [x.verdict for x in looks(path)] == ["not passed"]
    cats.run(outputs(5), select=recall_)
    assert len(looks(path)) == 2
    also = gate(path, satisficing=[accuracy.on("dev") >= 0.5], also=[recall.on("test")])
    also.run(outputs(6), select=also.checks)
    assert looks(path)[-1].verdict == ""
    ladder = gate(
        path, satisficing=[accuracy.on("dev") >= 0.5], diagnosis=bias_variance(error_rate)
    )
    ladder.run(outputs(7))
    assert len(looks(path)) == 4


def test_what_is_asked_by_hand_is_a_look(path):
    cats = gate(path, satisficing=[accuracy.on("dev") >= 0.5])
    result = cats.run(outputs())
    assert result[f1.on("dev")] > 0.5
    assert not path.exists()
    assert result[f1.on("test")] > 0.5
    assert len(looks(path)) == 1


def test_each_gated_model_is_a_look(path):
    both = {"a": outputs(4), "b": outputs(5)}
    cats = gate(path, models=["a", "b"])
    result = cats.run(both)
    assert [x.model for x in looks(path)] == ["a", "b"]
    assert [line.split(" at ")[0] for line in told(result)][:2] == ["a: look 1", "b: look 2"]


def test_a_baseline_is_part_of_what_is_judged(path):
    cats = gate(path, satisficing=[recall.on("test").against("old") >= -0.1], models=["new"])
    for wrong in (9, 9, 8):
        cats.run({"new": outputs(4), "old": outputs(wrong)})
    assert len(looks(path)) == 2


def test_where_nothing_can_be_written_it_says_so(path, monkeypatch):
    """As in a read-only folder; root may write everywhere."""
    cats = gate(path)
    cats.run(outputs(4))

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(file, "locked", refuse)
    result = cats.run(outputs(5))
    assert result.outcome == "pass"
    *_, line = told(result)
    assert line == f"this look was not recorded: {path} cannot be written (Permission denied)"
    assert told(result)[0].startswith("look 2 ")
    assert len(looks(path)) == 1
    again = cats.run(outputs(4))  # one that was recorded before is
    assert "not recorded" not in str(told(again))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    result = gate(tmp_path / "a.ledger").run(outputs(4))
    assert "this look was not recorded" in told(result)[-1]


def test_a_broken_chain_is_told_before_anything_is_measured(path):
    cats = gate(path)
    cats.run(outputs(4))
    path.write_text(path.read_text().replace('"passed"', '"not passed"'))
    with pytest.raises(LedgerError, match="line 2 of the ledger .* was edited"):
        cats.run(outputs(4))


def test_the_ledger_of_another_project(path):
    (path.parent / "pyproject.toml").write_text('[project]\nname = "cats"\n')
    file.append(path, [], "dogs")
    with pytest.raises(LedgerError, match="of the project 'dogs', and this is 'cats'.*--new"):
        gate(path).run(outputs(4))


def test_no_ids_and_no_test_split(path):
    rows = {k: v for k, v in table().items() if k != "id"}
    cats = gate(path)
    cats.run(Outputs(test=rows, dev=rows))
    assert cats.run(Outputs(test=rows, dev=rows)).provenance["ledger"]["looks"][""]["looks"] == 1
    with pytest.raises(OutputsError, match="test"):
        cats.run(Outputs(dev=rows))
    dev = gate(path, satisficing=[accuracy.on("dev") >= 0.5]).run(Outputs(dev=rows))
    assert told(dev) == []


def test_a_relative_path_is_relative_to_the_given_folder(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    cats = gate("a.ledger")
    cats.run(outputs(4), root=tmp_path)
    assert (tmp_path / "a.ledger").exists()
    result = cats.run(outputs(4))
    assert (tmp_path / "here" / "a.ledger").exists()
    assert str(tmp_path) not in result.to_json()


def test_after_an_enforced_look_numbers_are_a_look(path):
    file.append(path, [], "")
    bounds = {"satisficing": [recall.on("test") >= 0.9]}
    gate(path, "enforce", **bounds).run(outputs(4))
    assert gate(path, **bounds).run(outputs(4)).provenance["ledger"]["looks"][""]["new"]
    assert [x.mode for x in looks(path)] == ["enforce", "audit"]


def test_summary_and_notebook_say_it_too(path):
    result = gate(path).run(outputs(4))
    assert "- look 1 at this test set" in markdown(result)
    assert "<p>look 1 at this test set" in result._repr_html_()


def test_the_last_line_says_that_nothing_was_recorded(pytester, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file, "append", refuse)
    pytester.makepyfile("""
        from evalharness import Evaluation
        from evalharness.metrics import recall
        from tests.ledger.gates import outputs

        class TestCats(Evaluation):
            satisficing = [recall.on("test") >= 0.9]
            ledger = "a.ledger"

            @classmethod
            def outputs(cls):
                return outputs()
    """)
    said = pytester.runpytest_inprocess("-q")
    said.stdout.fnmatch_lines(["*this look was not recorded in the ledger of TestCats*"])

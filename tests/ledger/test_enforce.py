"""Looks that spend levels: one bit gets out."""

import json

import numpy as np
import pytest

from evalharness import (
    DeclarationError,
    Human,
    Ledger,
    Outputs,
    bias_variance,
    no_leakage,
    prefers,
    saved,
    waive,
)
from evalharness.cli.command import main
from evalharness.declare.errors import OutputsError
from evalharness.ledger import enforce, file
from evalharness.ledger.file import LedgerError
from evalharness.ledger.merge import merge
from evalharness.ledger.spending import open_level
from evalharness.metrics import accuracy, error_rate, f1, precision, recall
from evalharness.reports.summary import markdown
from tests.ledger.gates import gate, looks, outputs, table

BOUNDS = [
    recall.on("test") >= 0.9,
    precision.on("test").by("region") >= 0.8,
    accuracy.on("dev") >= 0.8,
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "evalharness.ledger"
    file.append(path, [], "")
    return path


def enforced(path, looks=None, **more):
    return gate(path, "enforce", looks, **{"satisficing": BOUNDS, **more})


def levels(*histories):
    found = [open_level(0.05, [symbol == "P" for symbol in h]) for h in histories]
    return [pytest.approx(level) for level in found]


def test_everything_on_the_split_is_one_check(path):
    cats = enforced(path)
    assert [(c.kind, c.id) for c in cats.checks] == [
        ("held_out", "test"),
        ("satisficing", "accuracy-dev"),
    ]
    result = cats.run(outputs(2))
    assert [c.outcome for c in result.checks] == ["pass", "pass"]
    assert result.checks[0].message == "all 2 bounds on test: passed at look 1, level 0.0152"
    assert "passed at look 1, level 0.0152" in markdown(result)
    result = cats.run(outputs(40))
    assert result.checks[0].outcome == "fail"
    assert result.checks[0].message.endswith(
        "not passed at look 2, level 0.00462; which bound, and by how much, is withheld "
        "[EH-HELD-OUT]"
    )
    (line,) = result.provenance["ledger"]["told"]
    assert line == (
        f"2 looks at this test set ({path}, enforced); the next has level 0.00115, then 0.000351 "
        "after a pass and 0.000513 after none"
    )
    assert [x.level for x in looks(path)] == levels("", "P")
    assert [x.verdict for x in looks(path)] == ["passed", "not passed"]


def test_nothing_else_gets_out(path):
    """Two models that differ on the test set alone leave results that do not differ but in what
    the tables are, and when."""
    cats = enforced(path, splits=[no_leakage("dev", "test")])

    def read(wrong):
        result = cats.run(outputs(wrong))
        told = result.to_json()
        data = json.loads(told)
        assert list(data["estimates"]["model"]) == ['accuracy.on("dev")']
        for key in ("time", "tables"):
            del data["provenance"][key]
        for key in ("predictions", "level", "looks"):
            del data["provenance"]["ledger"]["looks"][""][key]
        del data["provenance"]["ledger"]["looks"][""]["sets"]["test"]["overlap"]
        return data

    first, second = read(60), read(80)
    for data in (first, second):
        assert "not passed" in data["checks"][0].pop("message")
        for finding in data["checks"][0].pop("findings"):
            assert {type(v) for k, v in finding.items() if k in ("value", "limit")} == {str}
        data["checks"][0].pop("confidence")
        data["provenance"]["ledger"].pop("told")
    assert first == second
    leak = first["checks"][-1]
    assert leak["outcome"] == "fail"
    assert "withheld" in leak["message"]
    assert not leak["notes"]


def test_what_is_asked_by_hand_is_refused(path):
    result = enforced(path).run(outputs(2))
    assert result[accuracy.on("dev")] > 0.9
    for metric in (recall.on("test"), f1.on("test", region="eu")):
        with pytest.raises(DeclarationError, match=r"\(\"test\".*\) is withheld.*assert on dev"):
            result[metric]


def test_the_same_predictions_are_replayed(path):
    cats = enforced(path)
    first = cats.run(outputs(2)).checks[0]
    again = cats.run(outputs(2)).checks[0]
    assert again.outcome == first.outcome == "pass"
    assert "passed, as at look 1 (" in again.message
    assert len(looks(path)) == 1


def test_a_look_in_audit_mode_is_a_look_but_no_answer(path):
    gate(path, satisficing=BOUNDS).run(outputs(2))
    result = enforced(path).run(outputs(2))
    assert "passed at look 2, level 0.00462" in result.checks[0].message
    assert "1 earlier look at these examples told numbers" in str(result)


def test_a_run_that_is_killed_has_spent_its_level(path, monkeypatch):
    cats = enforced(path)

    def killed(*_):
        assert [x.verdict for x in looks(path)] == [""]  # written down before
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(enforce, "_outcome", killed)
        with pytest.raises(KeyboardInterrupt):
            cats.run(outputs(2))
    result = cats.run(outputs(2))
    assert "passed at look 2, level 0.0038" in result.checks[0].message


def test_missing_or_unwritable_is_an_error(path, monkeypatch):
    cats = enforced(path)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(file, "append", refuse)
        with pytest.raises(LedgerError, match="No space left on device.*nothing is told of test"):
            cats.run(outputs(2))
    path.unlink()
    with pytest.raises(LedgerError, match="there is no ledger .*--new"):
        cats.run(outputs(2))
    assert not path.exists()


def test_outputs_that_cannot_be_read_cost_no_look(path):
    with pytest.raises(OutputsError, match="prediction"):
        enforced(path).run(Outputs(test={"id": [1], "label": [1]}, dev=table()))
    without = {k: v for k, v in table().items() if k != "id"}
    with pytest.raises(OutputsError, match="no column `id`"):
        enforced(path).run(Outputs(test=without, dev=table()))
    assert looks(path) == []


def test_used_up(path):
    """Of 200 positives none may be wrong at .95 from a level of 3.5e-5 on: .95^200."""
    cats = enforced(path, satisficing=[recall.on("test") >= 0.95])
    entry = {"verdict": "not passed"}
    for wrong in range(60, 90):
        result = cats.run(outputs(wrong))
        if result.checks[0].outcome == "inconclusive":
            break
        entry = looks(path)[-1]
    assert entry.level > 0.95**200 > open_level(0.05, [False] * len(looks(path)))
    assert len(looks(path)) == wrong - 60
    message = result.checks[0].message
    assert "the test set is used up: at the level of this look" in message
    level = open_level(0.05, [False] * len(looks(path)))
    more = int(np.ceil(np.log(level) / np.log(0.95))) - 200
    assert f"add at least {more} fresh ones" in message
    assert cats.run(outputs(0)).checks[0].outcome == "inconclusive"
    grown = cats.run(outputs(0, n=400 + 2 * more)).checks[0]  # the level stays, the room grows
    assert grown.outcome == "pass"


def test_planned_looks(path):
    cats = enforced(path, looks=4, satisficing=[recall.on("test") >= 0.9])
    assert "level 0.0125" in cats.run(outputs(60)).checks[0].message
    assert cats.run(outputs(2)).outcome == "pass"
    retired = cats.run(outputs(1)).checks[0]
    assert retired.outcome == "inconclusive"
    least = int(np.ceil(np.log(0.0125) / np.log(0.9)))
    assert f"take a fresh one of at least {least}, which has a budget" in retired.message
    assert len(looks(path)) == 2


def test_each_model_has_a_look_of_its_own(path):
    cats = enforced(path, models=["a", "b"])
    result = cats.run({"a": outputs(60), "b": outputs(2)})
    assert [c.message.split(": ", 1)[1].split(",")[0] for c in result.checks[::2]] == [
        "all 2 bounds on test: not passed at look 1",
        "all 2 bounds on test: passed at look 2",
    ]
    assert [x.level for x in looks(path)] == levels("", "N")


def test_a_difference_on_the_split_is_part_of_it(path):
    cats = enforced(
        path,
        satisficing=[accuracy.on("test").against("old") >= -0.05],
        optimizing=recall.on("test").against("old", within=0.1),
    )
    result = cats.run({"new": outputs(4), "old": outputs(4)})
    (check,) = result.checks
    assert check.outcome == "pass"
    assert check.check == "all 2 bounds on test"


def test_a_part_of_the_gate_is_refused(path):
    cats = enforced(path)
    held, dev = cats.checks
    with pytest.raises(DeclarationError, match=r"1 of its checks .*satisficing\[accuracy-dev\]"):
        cats.run(outputs(2), select=[held])
    assert cats.run(outputs(2), select=[dev]).outcome == "pass"
    assert looks(path) == []


def test_a_diagnosis_that_reaches_the_split_is_refused(path):
    cats = enforced(path, diagnosis=bias_variance(error_rate))
    with pytest.raises(DeclarationError, match="diagnosis would tell .* 'test'.*leave that split"):
        cats.run(outputs(2))
    assert looks(path) == []


@pytest.mark.parametrize(
    "more, says",
    [
        ({"also": [f1.on("test")]}, r'also lists f1.on\("test"\), whose value would be told'),
        ({"policy": "point"}, 'policy = "point" has no level'),
        (
            {"models": ["a", "b"], "optimizing": f1.on("test")},
            "the choice by .* would rank models by test",
        ),
        (
            {
                "models": ["a"],
                "optimizing": f1.on("test").against("b"),
                "preferences": [prefers("a", over="b", because="it is")],
            },
            "prefers.* would rank models by test",
        ),
        ({"satisficing": [f1.on("test").against(saved("v1")) >= -0.1]}, "saved result would hold"),
        (
            {"satisficing": [error_rate.on("test") <= Human(annotations="a.csv")["typical"]]},
            "annotations may change",
        ),
        (
            {"satisficing": [recall.at(threshold_from="test", recall=0.9).on("dev") >= 0.5]},
            "takes its threshold from 'test'",
        ),
    ],
)
def test_what_would_let_more_out_is_refused_where_it_is_declared(path, more, says):
    with pytest.raises(DeclarationError, match=says):
        enforced(path, **more)


def test_all_problems_of_a_ledger_at_once(tmp_path):
    with pytest.raises(DeclarationError) as error:
        Ledger("", mode="enforced", splits="test", looks=0)
    said = str(error.value)
    for part in (
        "'' is no path",
        'mode=\'enforced\' must be "audit" or "enforce" (did you mean `enforce`?)',
        "splits=('test',)",
        "looks=0 must be a whole number ≥ 1",
    ):
        assert part in said
    with pytest.raises(DeclarationError, match="is a folder"):
        Ledger(str(tmp_path))
    with pytest.raises(DeclarationError, match='"audit" only counts'):
        Ledger("a.ledger", looks=3)
    with pytest.raises(DeclarationError, match="ledger = 3 must be a path"):
        gate("a.ledger", ledger=3)
    assert gate("a.ledger", ledger=tmp_path / "a.ledger").checks


def test_how_a_table_is_read_is_part_of_the_predictions(path):
    test = table(2)
    test["pa"], test["pb"] = test.pop("prediction"), table(90)["prediction"]

    def run(column):
        given = Outputs(test=test, columns={"prediction": column})
        return enforced(path, satisficing=BOUNDS[:1]).run(given).checks[0]

    assert run("pa").outcome == "pass"
    assert "not passed at look 2" in run("pb").message


def test_waivers_are_part_of_the_gate_and_are_named(path):
    def run(expires=None, what="recall-test"):
        more = {"owner": "ana", "reason": "known", "expires": expires}
        waivers = [waive(what, **more)] if expires else []
        return enforced(path, satisficing=BOUNDS[:1], waivers=waivers).run(outputs(60)).checks[0]

    for number, what in enumerate(("recall-test", "EH-BOUND"), 1):
        let = run("2999-01-01", what)
        assert let.outcome == "pass"
        assert f"passed at look {number}" in let.message
        assert f"{what} is waived by ana until 2999-01-01: known" in let.message
        assert let.waived
    assert "passed, as at look 1" in run("2999-12-31").message
    gone = run()
    assert gone.outcome == "fail"
    assert "not passed at look 3" in gone.message
    over = run("2020-01-01")
    assert over.outcome == "fail"
    assert "not passed at look 4" in over.message
    assert "expired on 2020-01-01" in over.message


def test_levels_of_changed_plans_never_add_up_to_more(path):
    bounds = {"satisficing": BOUNDS[:1]}
    assert "level 0.05" in enforced(path, 1, **bounds).run(outputs(60)).checks[0].message
    for planned in (2, 3, None):
        left = enforced(path, planned, **bounds).run(outputs(2)).checks[0]
        assert left.outcome == "inconclusive"
        assert "spent 0.05 of 0.05" in left.message
    assert len(looks(path)) == 1
    assert looks(path)[0].looks == 1


def test_levels_of_merged_branches_add_up(path, tmp_path):
    other = tmp_path / "other.ledger"
    file.append(other, [], "")
    for place, wrong in ((path, 60), (other, 61)):
        enforced(place, 2, satisficing=BOUNDS[:1]).run(outputs(wrong))
    merge(path, [other])
    left = enforced(path, 3, satisficing=BOUNDS[:1]).run(outputs(2)).checks[0]
    assert left.outcome == "inconclusive"
    assert "spent 0.05 of 0.05, and the next would take 0.0167" in left.message
    assert len(looks(path)) == 2


def test_an_emptied_ledger_is_no_fresh_budget(path):
    cats = enforced(path)
    cats.run(outputs(60))
    for content in ("", path.read_text()[:20]):
        path.write_text(content)
        with pytest.raises(LedgerError, match="no first line in the ledger .*--new"):
            cats.run(outputs(2))


def test_a_split_on_which_nothing_is_asked_is_refused(path):
    with pytest.raises(DeclarationError, match="no bound is on 'tset'.*did you mean `test`"):
        enforced(path, ledger=Ledger(str(path), mode="enforce", splits=("tset",)))


def test_the_command_prints_by_the_plan(path, capsys):
    enforced(path, 4, satisficing=BOUNDS[:1]).run(outputs(60))
    assert main(["ledger", str(path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "spent: 0.0125 of 0.05 (4 looks planned)" in said
    assert "the next look has level 0.0125 where it is enforced" in said

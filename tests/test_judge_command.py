"""`evalharness judge`: new bounds on a saved result, as the outputs would decide them."""

import json

import pytest

from evalharness import Evaluation, Outputs, OutputsError, waive
from evalharness.cli import main
from evalharness.metrics import accuracy, precision, recall, roc_auc
from evalharness.store import Store
from tests.saved_results import TestEvery, table


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    TestEvery.run().save("v1")
    return tmp_path


def judged(capsys, *require, of="v1", confidence=None):
    more = [] if confidence is None else ["--confidence", confidence]
    asked = [x for text in require for x in ("--require", text)]
    code = main(["judge", of, *asked, *more])
    found = capsys.readouterr()
    return code, found.out, found.err


BOUNDS = [
    (recall.on("test") >= 0.85, "recall.on('test') >= 0.85"),
    (precision.on("test", device="phone") >= 0.9, "precision.on('test', device='phone') >= 0.9"),
    (recall.on("test").by("region") >= 0.85, "recall.on('test').by('region') >= 0.85"),
    (roc_auc.on("test") >= 0.99, "roc_auc.on('test') >= 0.99"),
    (accuracy.on("test") > 0.95, "accuracy.on('test') > 0.95"),
]


def test_the_table_is_that_of_the_evaluation_with_these_bounds(saved, capsys):
    code, out, err = judged(capsys, *(text for _, text in BOUNDS))
    body = {"satisficing": [b for b, _ in BOUNDS]}
    result = type("TestEvery", (Evaluation,), body).run(Outputs(test=table()))
    assert (code, err) == (1, "")
    head, blank, *lines = out.splitlines()
    assert head.startswith("v1, saved 20")
    assert "\n".join(lines) == str(result)
    assert {c.outcome for c in result.checks} == {"pass", "fail", "inconclusive"}


def test_exit_status_and_paths(saved, capsys):
    assert judged(capsys, "recall.on('test') >= 0.8")[0] == 0
    assert judged(capsys, "recall.on('test') >= 0.95", of=".evalharness/v1.json")[0] == 1
    code, out, _ = judged(capsys, "recall.on('test') >= 0.86", confidence="0.99")
    assert (code, "one-sided at 99 % confidence" in out) == (1, True)
    assert judged(capsys, "recall.on('test') >= 0.86")[0] == 0
    assert judged(capsys, "roc_auc.on('test') >= 0.5", confidence="0.9999")[0] == 0
    # Beyond the levels that are held a limit decides nothing.
    code, out, _ = judged(capsys, "roc_auc.on('test') >= 0.5", confidence="0.9999999")
    assert (code, "INCONCLUSIVE" in out) == (1, True)


def test_without_bounds_it_tells_what_is_held(saved, capsys):
    code, out, _ = judged(capsys)
    assert code == 0
    for line in (
        "TestEvery, gated: model",
        "    test: 600 rows",
        '    recall.on("test"): 0.9000',
        '    recall.on("test").by("region"): 10 slices',
        '    latency.quantile(0.9).on("test"): 2',
        '    by the table of Confusion().on("test"): f1, f_beta, ',
    ):
        assert f"\n{line}" in out
    assert all(len(line) <= 100 for line in out.splitlines())


@pytest.mark.parametrize(
    "require, message",
    [
        ("recall >= 0.9", "recall >= 0.9 stands on no split; write recall.on('test')"),
        ("recal.on('test') >= 0.9", "there is no metric `recal` (did you mean `recall`?)"),
        ("recall.on('test')", "is no bound: write METRIC >= NUMBER"),
        ("recall.on('dev') >= 0.9", "it holds test of 'model', not 'dev'"),
        ("recall.on('test', colour='red') >= 0.9", 'does not hold recall.on("test", colour='),
        (
            "recall.on('test', region='mars') >= 0.9",
            "slices of test by region that it holds are a, b, c, d, e, f, g, h and 2 more",
        ),
        ("log_loss.on('test') <= 1", ""),
        ("recall.on('test').against('nobody') > 0", "holds no examples that could be paired"),
        ("recall.on('test').against('old', within=0.01)", "holds no examples that could be pair"),
        (
            "brier_score.on('test') <= 1",
            "and by its tables accuracy, balanced_accuracy, cohen_kappa, ",
        ),
    ],
)
def test_what_cannot_be_judged(saved, capsys, require, message):
    code, out, err = judged(capsys, require)
    assert code == (2 if message else 0)
    assert message in " ".join(err.split())
    assert all(len(line) <= 100 for line in err.splitlines())
    assert bool(out) != bool(message)


def test_wrong_arguments(saved, capsys):
    assert "no result was saved as 'v2'" in judged(capsys, of="v2")[2]
    assert "cannot be read" in judged(capsys, of="other.json")[2]
    code, _, err = judged(capsys, confidence="95")
    assert (code, "must lie in 0.5" in err) == (2, True)
    code, _, err = judged(capsys, "recall.on('dev') >= 0.9", "f1.on('dev') >= 0.9")
    assert (code, "2 problems" in err) == (2, True)


def test_several_evaluations_and_models_are_named(saved, capsys):
    two = {"a": Outputs(test=table(wrong=10)), "b": Outputs(test=table(wrong=60))}
    body = {"satisficing": [recall.on("test") >= 0.5], "models": ["a", "b"]}
    result = type("TestTwo", (Evaluation,), body).run(two)
    held = {"TestTwo": result.holding().held, "TestEvery": TestEvery.run().holding().held}
    Store(saved / ".evalharness").write("both", held)
    code, out, _ = judged(capsys, "recall.on('test') >= 0.88", of="both")
    assert code == 1
    for name in ("TestTwo: a: recall", "TestTwo: b: recall", "TestEvery: recall"):
        assert name in out
    # What one of them holds is judged there.
    code, out, _ = judged(capsys, "roc_auc.on('test') >= 0.5", of="both")
    assert (code, "TestTwo" in out) == (0, False)


def waived(expires):
    bounds = [recall.on("test") >= 0.95, accuracy.on("test") >= 0.5]
    waivers = [waive("recall-test", owner="ana", reason="new labels", expires=expires)]
    body = {"satisficing": bounds, "optimizing": None, "waivers": waivers}
    return type("TestEvery", (Evaluation,), body).run(Outputs(test=table()))


def test_without_bounds_it_tells_what_was_decided_and_what_was_waived(saved, capsys):
    waived("2999-12-31").save("v2")
    code, out, _ = judged(capsys, of="v2")
    lines = [line for line in out.splitlines() if line.startswith(("  waived: ", "  pass: "))]
    assert code == 0
    assert [line.split(":")[0].strip() for line in lines] == ["pass", "waived"]
    assert "is waived by ana until 2999-12-31: new labels" in " ".join(out.split())
    held = json.loads((saved / ".evalharness" / "v2.json").read_text())["evaluations"]
    kept = held["TestEvery"]["checks"][""]
    assert kept["recall-test"]["outcome"] == "waived"
    assert kept["accuracy-test"].keys() == {"kind", "message", "outcome"}
    assert all(len(line) <= 100 for line in out.splitlines())


def test_another_last_day_of_a_waiver_is_another_result(saved):
    waived("2999-12-31").save("v2")
    with pytest.raises(OutputsError, match=r"recall-test, waived: .*until 2999-11-30"):
        waived("2999-11-30").save("v2")


def test_an_objective_and_a_bound_of_one_id_are_both_kept():
    two = {"a": Outputs(test=table(wrong=10)), "b": Outputs(test=table(wrong=60))}
    of = recall.on("test")
    body = {"satisficing": [of >= 0.5], "optimizing": of.against("b"), "models": ["a"]}
    held = type("TestTwo", (Evaluation,), body).run(two).holding().held
    assert {c["kind"] for c in held["checks"]["a"].values()} == {"optimizing", "satisficing"}

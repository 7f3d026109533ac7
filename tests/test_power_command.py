"""`evalharness power`: what it prints, and what it says of a wrong expression."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evalharness.cli import main
from evalharness.cli.expression import bound_of
from evalharness.metrics import f1, harmonic_mean, latency, precision, rate, recall


def told(capsys, *arguments):
    assert main(["power", *arguments]) == 0
    found = capsys.readouterr()
    assert not found.err
    assert all(len(line) < 160 for line in found.out.splitlines())
    return found.out


def test_the_number_that_a_true_value_takes(capsys):
    out = told(capsys, "recall >= 0.9", "--true", "0.93")
    assert out.splitlines() == [
        "recall >= 0.9, with 95 % confidence",
        "  can pass from 29 positives on",
        "  if recall is truly 0.93: 593 positives to pass with a probability of 80 %",
    ]


@pytest.mark.parametrize(
    "bound, true, n",
    [
        ("accuracy >= 0.9", "0.95", "203 examples"),
        ("precision >= .9", ".92", "1,365 predicted positives"),
        ("recall > 0.95", "0.97", "694 positives"),
        ("rate('refused') <= 0.01", "0.005", "2,185 examples"),
        ("latency.quantile(0.99) <= 100", "0.995", "2,185 values"),
        ("0.9 <= recall", "0.93", "593 positives"),
    ],
)
def test_named_numbers(capsys, bound, true, n):
    assert f": {n} to pass with a probability of 80 %" in told(capsys, bound, "--true", true)


def test_without_a_true_value_there_is_a_table(capsys):
    out = told(capsys, "recall >= 0.9", "--n", "400")
    rows = [line.split() for line in out.splitlines()[3:10]]
    assert rows[0][:4] == ["if", "recall", "is", "truly"]
    assert [row[0] for row in rows[1:]] == ["0.91", "0.92", "0.93", "0.95", "0.97", "0.99"]
    assert rows[3] == ["0.93", "593", "63", "%"]
    assert "smallest difference that 400 positives show" in out
    assert "0.0364, recall 0.9364 against 0.9" in out
    assert "power" not in told(capsys, "recall >= 0.9")


def test_n_may_be_too_small_to_pass(capsys):
    out = told(capsys, "recall >= 0.9", "--n", "20", "--true", "0.99")
    assert "so with 20 positives it can never pass" in out
    assert "with 20 positives the probability of a pass is 0 %" in out
    assert "no true value passes with a probability of 80 % with 20 positives" in out


def test_a_true_value_on_the_wrong_side_is_one_that_should_fail(capsys):
    out = told(capsys, "recall >= 0.9", "--true", "0.87", "--n", "749")
    assert "truly 0.87, on the wrong side, so that it should fail: 749 positives to fail" in out
    assert "with 749 positives the probability of a fail is 80 %" in out
    out = told(capsys, "recall >= 0.9", "--true", "0.9")
    assert "exactly at the threshold: no number of positives settles it" in out


def test_power_and_confidence_are_taken(capsys):
    usual = told(capsys, "recall >= 0.9", "--true", "0.93")
    surer = told(capsys, "recall >= 0.9", "--true", "0.93", "--confidence", "0.99")
    assert "with 99 % confidence" in surer
    assert "can pass from 44 positives on" in surer  # ceil(ln .01 / ln .9)
    assert usual != told(capsys, "recall >= 0.9", "--true", "0.93", "--power", "0.9")


def test_a_metric_of_both_classes_takes_the_prevalence(capsys):
    out = told(capsys, 'f1(average="macro") >= 0.8', "--true", "0.9", "--prevalence", "0.1")
    assert "assumed: sensitivity equal to specificity, 10 % of the examples positive" in out
    assert "scores normal in either class, 50 %" in told(capsys, "roc_auc >= 0.9", "--true", ".95")


def test_what_cannot_be_told_is_said(capsys):
    assert "its spread is not known before" in told(capsys, "latency.mean() <= 10")
    out = told(capsys, "brier_score <= 0.1")
    assert "can pass from 59 values on" in out
    assert "how much its values vary" in out


@pytest.mark.parametrize(
    "text, bound",
    [
        ("recall >= 0.9", recall >= 0.9),
        ('f1(average="macro") > .8', f1(average="macro") > 0.8),
        ("latency.quantile(0.99) <= 100", latency.quantile(0.99) <= 100),
        ('rate("refused") < 0.02', rate("refused") < 0.02),
        ("(0.7 * recall + 0.3 * precision) >= .9", 0.7 * recall + 0.3 * precision >= 0.9),
        ("recall - precision >= -0.1", recall - precision >= -0.1),
        ("-recall / 2 <= -.3", -recall / 2 <= -0.3),
        ("harmonic_mean(precision, recall) >= .8", harmonic_mean(precision, recall) >= 0.8),
        ('recall.on("test", region="eu") >= .8', recall.on("test", region="eu") >= 0.8),
        ("0.1 >= 1 - 0.95", None),
    ],
)
def test_an_expression_is_read_as_python_reads_it(text, bound):
    if bound is None:
        with pytest.raises(Exception, match="compares no metric with a number"):
            bound_of(text)
    else:
        assert str(bound_of(text)) == str(bound)


@pytest.mark.parametrize(
    "text, message",
    [
        ("recall.on('test').by('device') >= 0.9", "ask for one slice, without .by"),
        ("recal >= 0.9", "there is no metric `recal` (did you mean `recall`?)"),
        ("xyzzy >= 0.9", "there is no metric `xyzzy`; `evalharness metrics` lists all"),
        ("recall >= 90", "recall lies between 0 and 1, so the bound is outside its range; did you"),
        ("recall >= 1", "could never pass; choose a threshold below 1"),
        ("recall", "'recall' is no bound: write METRIC >= NUMBER, such as"),
        ("recall >=", "'recall >=' cannot be read"),
        ("0.8 <= recall <= 0.9", "is two bounds: ask for each by itself"),
        ("accuracy == 0.9", "compare with >=, >, <= or <"),
        ("latency <= 9", "latency is a column: write latency.quantile(0.99) or latency.mean()"),
        ("rate <= 0.1", 'rate makes a metric of arguments, such as the name of a column: rate("'),
        ("recall / precision >= 0.9", "divide a metric by a number"),
        ("1 - recall <= 0.1", "a number belongs into the threshold"),
        ("f1(avrage='macro') >= 0.9", "f1 has no parameter 'avrage' (did you mean `average`?)"),
        ("quantile('cost') <= 3", "quantile('cost'): quantile() missing 1 required positional"),
        ("1 / 0 <= recall", "1 / 0: division by zero"),
        ("recall >= 'high'", "'high' is neither a metric nor a number"),
        ("__import__('os').getcwd() >= 1", "there is no metric `__import__`"),
        ("recall.__class__ >= 1", "recall.__class__: of recall there is on, at"),
        ("recall.definition.function >= 1", "of recall there is on, at"),
        ("(lambda: recall)() >= 0.9", "`lambda: recall` is not understood here"),
        ("f1(*[1]) >= 0.9", "write the arguments out, without *"),
        ("expected_calibration_error <= 0.1", "report-only"),
        ("recall >= precision", "a bound needs a finite number"),
    ],
)
def test_a_wrong_expression_ends_with_2_and_says_what_is_wrong(capsys, text, message):
    assert main(["power", text]) == 2
    found = capsys.readouterr()
    assert message in found.err
    assert found.err.startswith("evalharness: ")
    assert not found.out


@pytest.mark.parametrize(
    "option, value, message",
    [
        ("--n", "x", "'x' is not a whole number ≥ 1"),
        ("--n", "0", "'0' is not a whole number ≥ 1"),
        ("--power", "80", "'80' is no number between 0 and 1"),
        ("--confidence", "high", "'high' is no number between 0 and 1"),
    ],
)
def test_a_wrong_option(capsys, option, value, message):
    with pytest.raises(SystemExit) as ended:
        main(["power", "recall >= 0.9", option, value])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_true_value_out_of_range(capsys):
    assert main(["power", "latency.quantile(0.99) <= 100", "--true", "90"]) == 2
    message = "the share of the values at most 100 lies between 0 and 1, so it cannot truly be 90"
    assert message in capsys.readouterr().err


def test_the_help_and_the_module(capsys):
    done = subprocess.run(
        [sys.executable, "-m", "evalharness.cli", "power", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert 'evalharness power "recall >= 0.9" --true 0.93           593 positives' in done.stdout
    assert main(["metrics", "recall"]) == 0
    assert "tp / (tp + fn)" in capsys.readouterr().out


AGAINST = "accuracy.against('old') > 0"


def test_of_two_models_by_how_often_they_disagree(capsys):
    out = told(capsys, AGAINST, "--disagreement", "0.1", "--true", "0.02", "--n", "2000")
    assert out.splitlines() == [
        'accuracy.against("old") > 0, with 95 % confidence',
        "  assumed: the models answer 10 % of the examples differently",
        "  can pass from 35 examples on",
        "  if accuracy minus old is truly 0.02: 1,550 examples to pass with a probability of 80 %",
        "  with 2,000 examples the probability of a pass is 88 %",
        "  smallest difference that 2,000 examples show with a probability of 80 %: 0.0176, "
        "accuracy minus old 0.0176 against 0",
    ]
    margin = told(capsys, "error_rate.against('old', within=0.01)", "--disagreement", "0.1")
    assert 'error_rate.against("old") <= 0.01, with' in margin
    rows = [line.split() for line in margin.splitlines()[5:12]]
    assert rows[0] == ["0", "6,203"]
    assert float(rows[1][0]) < 0


def test_of_two_files_without_labels(capsys, tmp_path):
    from tests.outputs.test_disagreement import written

    files = written(tmp_path, differ=40, n=1000)
    out = told(capsys, AGAINST, "--outputs", *files, "--true", "0.02")
    assert (
        "assumed: the models answer 40 of 1,000 examples differently (4 %), at most 5.175 %" in out
    )
    assert "with 1,000 examples the probability of a pass is 87 %" in out
    of_some = told(capsys, "recall.against('old') > 0", "--outputs", *files, "--true", "0.02")
    assert "confidence), and as many of the positives" in of_some
    assert "with 1,000" not in of_some


def test_of_one_file_twice_or_of_a_score_beside_predictions(capsys, tmp_path):
    from tests.outputs.test_disagreement import written

    new, _ = written(tmp_path, differ=40, n=1000)
    assert main(["power", AGAINST, "--outputs", new, f"{tmp_path}/./new.parquet"]) == 2
    assert "new.parquet twice, and a model never differs from itself" in capsys.readouterr().err
    score = tmp_path / "score.csv"
    score.write_text("id,score\n" + "".join(f"{i},0.3\n" for i in range(1000)), encoding="utf-8")
    assert main(["power", AGAINST, "--outputs", new, str(score)]) == 2
    told = capsys.readouterr().err
    assert "has a `score` and no `prediction`" in told
    assert "add the column `prediction`" in told


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((AGAINST,), "say it by one of --disagreement 0.1 and --outputs NEW OLD"),
        (("recall > 0.9", "--disagreement", "0.1"), "are about two models, and recall > 0.9 is"),
        ((AGAINST, "--disagreement", "0.1", "--true", "0.2"), "so that it cannot truly be 0.2"),
        (("accuracy.against('old') > 0.2", "--disagreement", "0.1"), "can never pass"),
        ((AGAINST, "--outputs", "a.parquet", "b.parquet"), "a.parquet"),
        (("accuracy.against('old') + 1 > 0", "--disagreement", "0.1"), "unsupported operand"),
    ],
)
def test_a_wrong_question_about_two_models(capsys, arguments, message):
    assert main(["power", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_differences_that_are_no_shares_are_not_planned(capsys):
    out = told(capsys, "f1.against('old') > 0")
    assert "how much it varies is known only once it is measured; accuracy, error rate" in out

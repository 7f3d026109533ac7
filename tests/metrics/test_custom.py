"""A user's own function as a metric: what it is given, what it may return, and what is refused."""

import functools

import numpy as np
import pytest

from evalharness import DeclarationError, Outputs, OutputsError
from evalharness.metrics.custom import custom
from evalharness.statistics.examples import Examples
from tests.metrics.measure import measure
from tests.metrics.test_scorers import value

N = 240
rng = np.random.default_rng(1)
LABEL = rng.integers(0, 2, N)
PREDICTION = np.where(rng.random(N) < 0.8, LABEL, 1 - LABEL)
X = rng.normal(size=N)
WORDS = np.array(["the cat sat", "a dog ran off", "birds fly"], object)[rng.integers(0, 3, N)]
TABLE = {
    "label": LABEL,
    "prediction": PREDICTION,
    "score": np.clip(0.3 * PREDICTION + 0.5 * rng.random(N), 0, 1),
    "x": X,
    "text": WORDS,
    "region": np.where(np.arange(N) < 200, "eu", "us"),
}


def agreement(label, prediction):
    """Share of rows where both say the same."""
    return (label == prediction).mean()


def right(label, prediction):
    return label == prediction


def scaled(x, *, factor=1.0):
    return float(np.mean(x**2) * factor)


def corpus_score(label, prediction):
    """A stand-in for sacrebleu.corpus_bleu(list(prediction), [list(label)]).score."""
    hits = sum(len(set(a.split()) & set(b.split())) for a, b in zip(label, prediction, strict=True))
    return 100.0 * hits / sum(len(set(b.split())) for b in prediction)


def sentence_scores(label, prediction):
    """A stand-in for rouge_score: one for each row."""
    return [
        len(set(a.split()) & set(b.split())) / len(set(b.split()))
        for a, b in zip(label, prediction, strict=True)
    ]


def estimate(metric, table=None, **options):
    return measure([metric], TABLE if table is None else table, **options)[metric.on("test")]


def test_one_number_gets_a_bootstrap():
    metric = custom(agreement, better="higher", range=(0, 1))
    found = estimate(metric)
    assert found.value == pytest.approx((LABEL == PREDICTION).mean())
    assert found.shown == "BCa bootstrap"
    assert 0 < found.at_least < found.low * 1.02
    assert found.n == N
    assert not found.reason
    assert metric.__doc__ == agreement.__doc__


def test_one_number_for_each_row_gets_the_interval_of_a_mean():
    found = estimate(custom(right))
    assert found.value == pytest.approx((LABEL == PREDICTION).mean())
    assert found.shown == "t"


def test_text_goes_to_the_libraries_that_score_it():
    other = np.where(np.arange(N) % 4 == 0, "a dog sat", WORDS)
    table = {"label": WORDS, "prediction": other}
    assert value(custom(corpus_score), table) == pytest.approx(corpus_score(WORDS, other))
    assert value(custom(sentence_scores), table) == pytest.approx(
        np.mean(sentence_scores(WORDS, other))
    )


def test_arguments_name_columns():
    seen = {}

    def look(label, prediction, score, text, x):
        seen.update(label=label, prediction=prediction, score=score, text=text, x=x)
        return 0.5

    assert value(custom(look), TABLE) == 0.5
    assert seen["label"].dtype == np.int64
    assert seen["score"].dtype == float
    assert seen["text"][0] == WORDS[0]
    assert all(len(v) == N for v in seen.values())


def test_predictions_are_made_from_scores_where_there_are_none():
    table = {"label": np.where(LABEL == 1, "yes", "no"), "score": TABLE["score"]}
    said = np.where(TABLE["score"] >= 0.5, "yes", "no")
    found = value(custom(agreement), table, positive="yes")
    assert found == pytest.approx((table["label"] == said).mean())


def test_keyword_arguments_are_parameters():
    metric = custom(scaled)(factor=3)
    assert str(metric) == "scaled(factor=3)"
    assert metric == custom(scaled, factor=3)
    assert metric != custom(scaled)
    assert value(metric, TABLE) == pytest.approx(3 * np.mean(X**2))
    assert value(custom(functools.partial(scaled, factor=2)), TABLE) == pytest.approx(
        2 * np.mean(X**2)
    )
    with pytest.raises(DeclarationError, match="has no parameter 'factr'"):
        custom(scaled, factr=1)


def test_weights_go_to_what_takes_them():
    def weighted(label, prediction, sample_weight=None):
        return float(np.average(label == prediction, weights=sample_weight))

    weight = rng.integers(1, 4, N)
    table = TABLE | {"weight": weight}
    expected = np.average(LABEL == PREDICTION, weights=weight)
    assert value(custom(weighted), table) == pytest.approx(expected)
    assert value(custom(weighted), TABLE) == pytest.approx((LABEL == PREDICTION).mean())
    with pytest.raises(OutputsError, match="takes no sample_weight.*free the name"):
        value(custom(agreement), table)


def test_weighted_and_clustered_rows_are_drawn_whole():
    def weighted(x, sample_weight=None):
        return float(np.average(x, weights=sample_weight))

    table = TABLE | {"weight": rng.integers(1, 4, N), "cluster": np.arange(N) // 4}
    found = estimate(custom(weighted), table)
    assert found.value == pytest.approx(np.average(X, weights=table["weight"]))
    assert found.at_least < found.value < found.at_most


def test_a_slice_has_its_own_value_and_may_have_none():
    metric = custom(agreement)
    result = measure([metric], TABLE)
    inside = metric.on("test", region="us")
    assert result[inside].value == pytest.approx((LABEL == PREDICTION)[200:].mean())

    def eu_only(label, region):
        return label.mean() if (region == "eu").any() else float("nan")

    metric = custom(eu_only)
    found = measure([metric], TABLE)[metric.on("test", region="us")]
    assert np.isnan(found.value)
    assert "eu_only() is NaN on these rows" in found.reason


def fails(label):
    raise KeyError("nothing")


def edits(label):
    label[0] = 5
    return 1.0


BAD = [
    (lambda label: float("nan"), "f.. is NaN on these rows; a metric gives one number"),
    (lambda label: 0 / 0, "f.. is 0/0 on these rows"),
    (lambda label: np.ones(3), r"f.. returned an array of shape \(3,\).*one for each of the 240"),
    (lambda label: np.ones((240, 2)), r"shape \(240, 2\)"),
    (lambda label: "good", "returned str, which is no number"),
    (lambda label: None, "returned NoneType, which is no number"),
    (lambda label: {"f": 1.0}, "returned dict, which is no number"),
    (lambda label: np.where(np.arange(240) == 7, np.nan, 1.0), "1 of 240 rows.*row 7"),
    (lambda label: ["a"] * 240, "no numbers"),
    (fails, "f.. raised KeyError: 'nothing'; it is given whole columns: label"),
    (lambda lable: 1.0, "no column `lable`.*did you mean `label`"),
]


@pytest.mark.parametrize("function, message", BAD)
def test_what_is_no_metric_is_refused_in_words(function, message):
    metric = custom(function, name="f")
    with pytest.raises(OutputsError, match=message):
        measure([metric], TABLE)


def test_all_columns_that_are_missing_are_said_at_once():
    with pytest.raises(OutputsError) as caught:
        measure([custom(lambda one, two: 1.0, name="f")], TABLE)
    assert len(caught.value.problems) == 2


def test_the_function_may_write_into_what_it_is_given():
    table = {"label": LABEL.copy(), "prediction": PREDICTION}
    assert value(custom(edits), table) == 1.0
    assert (table["label"] == LABEL).all()


def test_nulls_are_refused():
    table = TABLE | {"text": [None, *WORDS[1:]]}
    with pytest.raises(OutputsError, match="column `text` is null in 1 row"):
        value(custom(lambda text: 1.0, name="f"), table)


def test_wrong_declarations():
    with pytest.raises(DeclarationError, match="a lambda has no name"):
        custom(lambda label: 1.0)
    with pytest.raises(DeclarationError, match="custom.. takes a function"):
        custom(3)
    with pytest.raises(DeclarationError, match="its arguments name the columns"):
        custom(lambda: 1.0, name="f")


def test_examples_add_up_by_standing_side_by_side():
    statistic = custom(agreement).statistic
    assert isinstance(statistic, Examples)
    assert hash(statistic) == hash(custom(agreement).statistic)
    columns = statistic.read(Outputs(test=TABLE).split("test"))
    code = np.arange(N) % 3
    tables = statistic.host_tables(columns.arrays, columns, code, 2)
    both = statistic.merge(*tables)
    assert len(both.arrays["label"]) == (code < 2).sum()
    assert statistic.merge(both, statistic.zero()) is both
    metric = custom(agreement)
    assert metric.value(both) == pytest.approx((LABEL == PREDICTION)[code < 2].mean())


def test_no_cell_is_printed_with_a_table():
    table = TABLE | {"label": WORDS, "prediction": WORDS}
    statistic = custom(agreement).statistic
    columns = statistic.read(Outputs(test=table).split("test"))
    (found,) = statistic.host_tables(columns.arrays, columns, np.zeros(N, int), 1)
    assert repr(found) == str(found) == "<240 examples of label, prediction>"
    assert repr(statistic.zero()) == "<0 examples of nothing>"
    scored = custom("f1").statistic.read(
        Outputs(test={"label": WORDS == WORDS[0], "prediction": WORDS == WORDS[1]}).split("test")
    )
    form = custom(agreement).form(found)
    for text in (repr(columns.values), repr(scored.values), repr(statistic), repr(form)):
        assert "cat" not in text
        assert "array(" not in text
    assert repr(columns.values).startswith("<agreement() on test")


def test_what_a_function_says_of_its_cells_is_cut():
    def chatty(text):
        raise ValueError(" ".join(text))

    with pytest.raises(OutputsError) as caught:
        value(custom(chatty), TABLE)
    assert "raised ValueError: " in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_function_of_ones_own_may_have_other_averages():
    def mean(x, *, average="plain"):
        return float(x.mean()) * (2 if average == "double" else 1)

    assert value(custom(mean, average="double"), TABLE) == pytest.approx(2 * X.mean())

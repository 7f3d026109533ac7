"""Human levels of annotations: by hand, by enumeration, and where they cannot be."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from evalharness import OutputsError
from evalharness.inference.annotators import levels
from evalharness.inference.bounds import Bounds
from evalharness.inference.effective import EffectiveBounds
from evalharness.inference.mirrored import MirroredBounds
from evalharness.inference.paired import PairedShareBounds
from evalharness.inference.paired_people import PairedPeopleBounds, paired_people
from evalharness.inference.panels import answer_errors, majority_errors, panel_errors
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.two_way import Sums, TwoWayBounds, people_of
from evalharness.outputs.annotations import read
from tests.outputs.helpers import says


def commonest(answers):
    values, times = np.unique(answers, return_counts=True)
    return set(values[times == times.max()].tolist())


def by_hand(answers, gold, k):
    """The error of panels of k, over all of them."""
    right, panels = Fraction(0), list(combinations(range(len(answers)), k))
    for chosen in panels:
        top = commonest([answers[i] for i in chosen])
        if gold is not None:
            right += Fraction(gold in top, len(top))
        else:
            rest = commonest([a for i, a in enumerate(answers) if i not in chosen])
            right += Fraction(len(top & rest), len(top) * len(rest))
    return float(1 - right / len(panels))


def test_panels_are_those_of_all_draws():
    rng = np.random.default_rng(0)
    for _ in range(300):
        m, classes = rng.integers(1, 8), rng.integers(2, 5)
        answers, gold = rng.integers(0, classes, m), int(rng.integers(-1, classes))
        k, counts = int(rng.integers(1, m + 1)), np.bincount(answers, minlength=classes)[None]
        found = panel_errors(counts, np.array([gold]), k)[0]
        assert found == pytest.approx(by_hand(answers, gold, k), abs=1e-12)
        if k < m:
            found = panel_errors(counts, None, k)[0]
            assert found == pytest.approx(by_hand(answers, None, k), abs=1e-12)


def test_a_panel_of_one_is_one_answer_and_one_of_all_is_the_majority():
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 4, (40, 3))
    counts[:, 0] += 2
    gold, total = rng.integers(0, 3, 40), counts.sum(axis=1)
    for held in (gold, None):
        single = np.nansum(counts * answer_errors(counts, held), axis=1) / total
        assert panel_errors(counts, held, 1) == pytest.approx(single, abs=1e-12)
    assert panel_errors(counts, gold, total) == pytest.approx(majority_errors(counts, gold))


def test_too_few_answers_have_no_panels():
    counts = np.array([[2, 1], [1, 0]])
    assert np.isnan(panel_errors(counts, np.array([0, 0]), 2)).tolist() == [False, True]
    assert np.isnan(panel_errors(counts, None, 2)).tolist() == [False, True]
    assert np.isnan(panel_errors(counts, None, 3)).all()


def test_large_panels_neither_overflow_nor_drift():
    """120 of 1,100, of whom 560 are right: by the hypergeometric distribution."""
    from scipy.stats import hypergeom

    drawn = hypergeom(1100, 560, 120)
    found = panel_errors(np.array([[560, 540]]), np.array([0]), 120)[0]
    assert found == pytest.approx(drawn.cdf(59) + 0.5 * drawn.pmf(60), rel=1e-9)


def annotations(answers, gold=None, names=None):
    """Of a table (I, A) of answers, −1 where a person did not answer."""
    answers = np.asarray(answers)
    item, person = np.nonzero(answers >= 0)
    table = {"id": item, "annotator": person if names is None else np.array(names)[person]}
    table["label"] = answers[item, person]
    if gold is not None:
        table["gold"] = np.asarray(gold)[item]
    return read(table)


def named(found):
    return {level.name: level for level in found}


def test_levels_by_hand():
    """Three people, four items, one of them answered by two."""
    found = annotations([[0, 0, 1], [1, 1, 1], [0, 1, 0], [1, 0, -1]], [0, 1, 1, 1])
    made = named(levels(found, found.gold, (2, 3), 0))
    assert list(made) == ["typical", "panel of 2", "panel of 3", "majority"]
    assert made["typical"].bounds.value == pytest.approx(4 / 11)
    assert made["typical"].error == pytest.approx([1 / 3, 0, 2 / 3, 1 / 2])
    # Pairs: {00, 01, 01}, {11}, {01, 00, 01} and {10}, ties counting half.
    assert made["panel of 2"].error == pytest.approx([1 / 3, 0, 2 / 3, 1 / 2])
    assert made["panel of 3"].error[:3].tolist() == [0, 0, 1]
    assert np.isnan(made["panel of 3"].error[3])
    assert made["majority"].error == pytest.approx([0, 0, 1, 0.5])
    assert made["majority"].bounds.value == pytest.approx(1.5 / 4)
    assert made["typical"].told == "3 people, 4 items"
    assert made["panel of 3"].told == "3 people, 3 items of 4 (others have too few answers)"
    assert not any(level.few for level in made.values())


def test_against_the_others_by_hand():
    """An answer is held against the majority of the rest: 0 against {0, 1} is half right."""
    found = annotations([[0, 0, 1], [1, 1, 1], [0, -1, -1]])
    made = named(levels(found, None, (2,), 0))
    assert list(made) == ["typical", "panel of 2"]
    assert made["typical"].bounds.value == pytest.approx((0.5 + 0.5 + 1) / 6)
    assert np.isnan(made["typical"].error[2])
    # {0, 0} against 1, {0, 1} against 0, twice.
    assert made["panel of 2"].error[:2] == pytest.approx([(1 + 0.5 + 0.5) / 3, 0])


def test_the_order_of_rows_and_the_names_tell_nothing():
    rng = np.random.default_rng(2)
    answers = (rng.random((80, 5)) < rng.uniform(0.05, 0.3, 5)).astype(int)
    item, person = np.nonzero(answers >= 0)
    columns = {"id": item, "annotator": person, "label": answers.ravel()}
    shuffled = rng.permutation(len(item))
    one, two = (
        read({name: c[order] for name, c in columns.items()} | {"gold": 0 * item})
        for order in (np.arange(len(item)), shuffled)
    )
    for a, b in zip(levels(one, one.gold, (3,), 7), levels(two, two.gold, (3,), 7), strict=True):
        assert a.bounds.value == b.bounds.value
        assert a.bounds.interval(0.9) == pytest.approx(b.bounds.interval(0.9), rel=1e-12)


def test_fewer_than_three_people_are_few():
    for people, few in ((1, True), (2, True), (3, False)):
        answers = np.zeros((50, people), int)
        answers[:5] = 1
        found = annotations(answers, np.zeros(50, int))
        assert {level.few for level in levels(found, found.gold, (), 0)} == {few}
    counted = read({"id": [1, 2], "n_a": [2, 1], "n_b": [0, 1], "label": ["a", "a"]})
    assert all(level.few for level in levels(counted, counted.gold, (), 0))


def test_counts_do_not_say_who_is_best_nor_how_people_differ():
    counted = read({"id": [1, 2], "n_a": [3, 1], "n_b": [0, 2], "label": ["a", "a"]})
    made = named(levels(counted, counted.gold, (), 0))
    assert list(made) == ["typical", "majority"]
    assert made["typical"].told == "6 answers to 2 items; how people differ is not seen"
    assert made["typical"].bounds.people is None


def test_the_best_is_not_who_was_lucky():
    """All are alike: who did best on all items looks better than they are."""
    rng, chosen, lucky = np.random.default_rng(3), [], []
    for run in range(60):
        answers = (rng.random((100, 8)) < 0.2).astype(int)
        found = annotations(answers, np.zeros(100, int))
        chosen.append(named(levels(found, found.gold, (), run))["best"].bounds.value)
        lucky.append(answers.mean(axis=0).min())
    assert np.mean(lucky) < 0.16
    assert np.mean(chosen) == pytest.approx(0.2, abs=0.02)


def test_the_best_is_found_where_one_is():
    rng = np.random.default_rng(4)
    answers = (rng.random((300, 4)) < [0.3, 0.3, 0.05, 0.3]).astype(int)
    found = annotations(answers, np.zeros(300, int))
    best = named(levels(found, found.gold, (), 0))["best"]
    assert best.bounds.value == pytest.approx(answers[:, 2].mean())
    assert best.told == "of 4 people, 300 items"


def test_who_shares_too_few_items_is_not_compared():
    answers = np.full((200, 10), -1)
    answers[np.arange(200), np.arange(200) % 10] = np.arange(200) % 3 == 0
    found = annotations(answers, np.zeros(200, int))
    made = named(levels(found, found.gold, (), 0))
    assert list(made) == ["typical"]  # and one answer to an item is its majority


def test_people_who_differ_widen_the_interval():
    rng = np.random.default_rng(5)
    widths = []
    for rates in ([0.1] * 6, [0.02, 0.02, 0.04, 0.12, 0.2, 0.2]):
        errors = rng.random((1000, 6)) < rates
        item, person = np.nonzero(errors >= 0)
        people = people_of(person, errors.ravel().astype(float), np.ones(6000))
        bounds = TwoWayBounds(errors.sum(axis=1).astype(float), np.full(1000, 6.0), people)
        low, high = bounds.interval(0.95)
        widths.append(high - low)
        assert isinstance(bounds, Bounds)
        assert low < bounds.value < high
    assert widths[1] > 4 * widths[0]


def test_what_a_person_said_of_one_cluster_is_one_answer():
    person, cluster = np.array([0, 0, 0, 1, 1, 1]), np.array([7, 7, -3, 7, -3, -3])
    errors = np.array([1, 2, 4, 8, 16, 32.0])
    found = people_of(person, errors, np.ones(6), cluster=cluster)
    assert found[1] == Sums.of(np.array([3, 4, 8, 48.0]), np.array([2, 1, 1, 2.0]))
    assert found[0] == Sums.of(np.array([7, 56.0]), np.array([3, 3.0]))


def test_of_items_alone_the_limits_are_those_of_clusters():
    rng = np.random.default_rng(6)
    trials = rng.integers(1, 6, 120).astype(float)
    hits = rng.binomial(trials.astype(int), rng.beta(1, 6, 120)).astype(float)
    ours, theirs = TwoWayBounds(hits, trials, None), EffectiveBounds(hits, trials, clusters=True)
    for alpha in (0.05, 0.001):
        assert ours.lower(alpha) == pytest.approx(theirs.lower(alpha), rel=0.02)
        assert ours.upper(alpha) == pytest.approx(theirs.upper(alpha), rel=0.02)


def test_no_error_at_all_still_has_an_upper_bound():
    people = people_of(np.tile(np.arange(5), 100), np.zeros(500), np.ones(500))
    bounds = TwoWayBounds(np.zeros(100), np.full(100, 5.0), people)
    assert bounds.lower(0.05) == 0
    assert 0.02 < bounds.upper(0.05) < 0.1
    assert bounds.settle(0.01, 0.05) > 100


def test_an_accuracy_is_the_mirror_image():
    error, right = ProportionBounds(7, 100), ProportionBounds(93, 100)
    found = MirroredBounds(error)
    assert found.interval(0.9) == pytest.approx(right.interval(0.9))
    assert found.lower(0.05) == pytest.approx(right.lower(0.05))
    assert found.upper(0.05) == pytest.approx(right.upper(0.05))
    assert found.settle(0.9, 0.05) == right.settle(0.9, 0.05)


def test_pairs_of_right_and_wrong_are_tangos():
    model, human = np.repeat([1, 1, 0, 0], [5, 9, 2, 84]), np.repeat([1, 0, 1, 0], [5, 9, 2, 84])
    found, pairs = paired_people(model, human, 0.0, 1), PairedShareBounds(9, 2, 100)
    assert isinstance(found, PairedShareBounds)
    assert found.interval(0.95) == pytest.approx(pairs.interval(0.95))
    soft = PairedPeopleBounds(model - human, 0.0, 1)
    assert soft.lower(0.05) == pytest.approx(pairs.lower(0.05), abs=0.02)
    assert isinstance(paired_people(model, human, 1e-4, 3), PairedPeopleBounds)


def test_pairs_are_wider_where_people_differ():
    rng = np.random.default_rng(7)
    model, human = rng.integers(0, 2, 200), rng.random(200)
    alike, apart = (paired_people(model, human, added, 4) for added in (0.0, 0.01))
    assert alike.value == pytest.approx((model - human).mean())
    assert apart.lower(0.05) < alike.lower(0.05) < alike.value < apart.upper(0.05)
    assert isinstance(apart, Bounds)


def refused(found, gold, panels, *words):
    with pytest.raises(OutputsError) as caught:
        levels(found, gold, panels, 0)
    says(caught.value, words)


def test_the_gold_among_the_annotators_is_refused():
    rng = np.random.default_rng(8)
    gold = rng.integers(0, 3, 200)
    errors = np.where(rng.random((200, 4)) < 0.25, (gold[:, None] + 1) % 3, gold[:, None])
    whole = np.column_stack([errors, gold])
    names = ["ann", "ben", "cy", "dot", "truth"]
    found = annotations(whole, gold, names)
    refused(found, found.gold, (), "the gold stands among", "'truth'", "leave these rows out")
    refused(found, found.gold, (), "Human(expert=(0, 200))", "a declaration of their own")
    others = annotations(errors, gold, names[:4])
    assert levels(others, others.gold, (), 0)


def test_who_never_erred_on_few_or_easy_items_is_no_gold():
    answers = np.zeros((100, 4), int)
    answers[:10, :3] = 1
    answers[:, 3] = np.where(np.arange(100) >= 10, 0, -1)  # only where nobody errs
    found = annotations(answers, np.zeros(100, int))
    assert levels(found, found.gold, (), 0)


def test_nothing_in_common_is_refused():
    apart = annotations([[0, -1], [-1, 1]])
    refused(apart, None, (), "no item has two answers", 'gold="others"')
    found = annotations([[0, 1, 1], [0, 0, 0]], [0, 0])
    refused(found, found.gold, (5, 3), "panels=5", "most answers has 3", "smaller panels")
    refused(found, None, (3,), "panels=3", "held against the answers outside of it")

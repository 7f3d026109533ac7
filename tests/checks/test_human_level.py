"""Human levels as checks ask for them: declared or of annotations, for a metric and a model."""

import numpy as np
import pytest

from evalharness import Human, Outputs, OutputsError
from evalharness.checks.human_level import levels, model_errors, paired_gap, paired_with
from evalharness.inference.paired import PairedShareBounds
from evalharness.inference.paired_people import PairedPeopleBounds
from evalharness.kernels.plan import Plan
from evalharness.metrics import accuracy, error_rate
from tests.outputs.helpers import says

N, PEOPLE = 120, 5


def table(seed=0, n=N, **columns):
    rng = np.random.default_rng(seed)
    label = rng.choice(["cat", "cow", "dog"], n)
    prediction = np.where(rng.random(n) < 0.8, label, "cat")
    return {"id": np.arange(n), "label": label, "prediction": prediction} | columns


def answers(given, rate=0.1, seed=1, people=PEOPLE, **columns):
    """Of each row, what people say of it."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.asarray(given["label"]), people)
    said = np.where(rng.random(len(label)) < rate, rng.choice(["cat", "cow", "dog"]), label)
    person = np.tile([f"p{i}" for i in range(people)], len(given["id"]))
    return {"id": np.repeat(given["id"], people), "annotator": person, "label": said} | columns


def found(human, metric=error_rate, rungs=None, **splits):
    splits = splits or {"dev": table()}
    plan = Plan({"model": Outputs(**splits)})
    return levels(human, plan, "model", metric, rungs or list(splits), 0)


def named(human, metric=error_rate, **splits):
    return {level.name: level for level in found(human, metric, **splits)}


def test_declared_levels():
    made = named(Human(expert=(7, 1000), team=0.005))
    assert made["expert"].bounds.value == 0.007
    assert made["expert"].told == "7 of 1,000"
    assert made["team"].bounds.interval(0.95) == (0.005, 0.005)
    assert made["team"].told == "assumed"
    (right,) = found(Human(expert=(7, 1000)), accuracy)
    assert right.bounds.value == 0.993


def test_annotations_are_held_against_the_labels_of_their_split():
    dev = table()
    given = answers(dev)
    made = named(Human(annotations=given, panels=(3,)), dev=dev, train=table(5, 40))
    assert list(made) == ["typical", "best", "panel of 3", "majority"]
    wrong = given["label"] != np.repeat(dev["label"], PEOPLE)
    assert made["typical"].bounds.value == pytest.approx(wrong.mean())
    assert made["typical"].told == "5 people, 120 items"
    assert made["typical"].split == "dev"
    assert made["majority"].error.tolist() == made["majority"].error.round(1).tolist()


def test_an_accuracy_is_one_minus_the_error():
    given = answers(table())
    errors, rights = (named(Human(annotations=given), m) for m in (error_rate, accuracy))
    for name, level in errors.items():
        low, high = level.bounds.interval(0.9)
        assert rights[name].bounds.value == pytest.approx(1 - level.bounds.value)
        assert rights[name].bounds.interval(0.9) == pytest.approx((1 - high, 1 - low))


def test_dev_is_looked_at_first_and_rows_may_stand_in_any_order():
    dev, order = table(), np.random.default_rng(3).permutation(N)
    turned = {name: column[order] for name, column in dev.items()}
    given = {k: v[: 60 * PEOPLE] for k, v in answers(dev).items()}
    level = named(Human(annotations=given), train=turned, dev=turned)["typical"]
    assert level.split == "dev"
    assert turned["id"][level.rows].tolist() == list(range(60))
    (only,) = [x for x in found(Human(annotations=given), train=turned) if x.name == "typical"]
    assert only.split == "train"
    assert only.bounds.value == level.bounds.value


def test_ids_may_be_texts_of_the_numbers():
    given = answers(table())
    texts = given | {"id": given["id"].astype(str)}
    one, two = (named(Human(annotations=g))["typical"] for g in (given, texts))
    assert one.bounds.value == two.bounds.value
    assert two.split == "dev"


def test_counts_are_held_against_the_labels():
    dev = table()
    given = answers(dev)
    counts = {"id": dev["id"]} | {
        f"n_{c}": (given["label"].reshape(N, PEOPLE) == c).sum(axis=1)
        for c in ("cat", "cow", "dog")
    }
    one, two = (named(Human(annotations=g), dev=dev) for g in (given, counts))
    for name in ("typical", "majority"):
        assert one[name].bounds.value == pytest.approx(two[name].bounds.value)
    assert "how people differ is not seen" in two["typical"].told


def test_coded_labels_are_places_of_the_counts():
    names = ["cat", "cow", "dog"]
    dev = table()
    code = np.array([names.index(x) for x in dev["label"]])
    coded = dev | {"label": code, "prediction": code}
    counts = {"id": dev["id"]} | {f"n_{c}": 2 * (dev["label"] == c) for c in names}
    level = named(Human(annotations=counts), dev=coded)["typical"]
    assert level.bounds.value == 0
    assert "labels 0 … 2 are taken for cat … dog, in the order of the columns" in level.note
    assert named(Human(annotations=counts), dev=dev)["typical"].note == ""
    some = {name: column[code < 2] for name, column in coded.items()}
    asked = {name: column[code < 2] for name, column in counts.items()}
    refused(
        Human(annotations=asked | {"n_dog": asked["n_dog"] + 1}),
        "no class of dev",
        "as many classes, 0 … 2",
        dev=some,
    )


def test_names_without_an_order_are_not_matched_to_codes():
    """Model labels 0, 1, 2 for cat, dog, cow, which are sorted otherwise; all answers are right."""
    dev = table()
    code = np.array([["cat", "dog", "cow"].index(x) for x in dev["label"]])
    coded = dev | {"label": code, "prediction": code}
    given = answers(dev, rate=0)
    refused(
        Human(annotations=given),
        "people answered 'cat', 'cow', 'dog'",
        "in which order names are coded is not known",
        "list every class",
        dev=coded,
    )


def test_gold_that_contradicts_the_labels_is_told():
    dev = table()
    gold = dev["label"].copy()
    gold[:20] = np.where(gold[:20] == "cat", "cow", "cat")
    given = answers(dev, gold=np.repeat(gold, PEOPLE))
    level = named(Human(annotations=given), dev=dev)["typical"]
    assert level.split == ""
    assert "of 120 items that have the ids of dev, 20 have another gold" in level.note
    assert "nothing is paired" in level.note
    # Another split has the same ids, and these labels.
    level = named(Human(annotations=given), dev=dev, test=dev | {"label": gold})["typical"]
    assert (level.split, level.note) == ("test", "")
    gold = np.where(dev["label"] == "cat", "cow", "cat")
    given = answers(dev, gold=np.repeat(gold, PEOPLE))
    refused(Human(annotations=given), "120 have another gold than its label", "other ids", dev=dev)


def test_people_who_are_mostly_wrong_are_asked_about():
    dev = table()
    turned = np.array(["cat", "cow", "dog"])[
        (np.searchsorted(["cat", "cow", "dog"], dev["label"]) + 1) % 3
    ]
    wrong = named(Human(annotations=answers(dev | {"label": turned}, rate=0)), dev=dev)["typical"]
    assert "wrong at least as often as right (1); are answers and gold coded alike?" in wrong.note
    label = np.where(np.arange(N) < 12, "cow", "cat")
    rare = dev | {"label": label, "prediction": label}
    said = np.roll(label, 30)  # wrong about 24 of 120; always "cat" is wrong about 12
    worse = named(Human(annotations=answers(rare | {"label": said}, rate=0)), dev=rare)["typical"]
    assert "worse than always answering the commonest label, which is wrong 0.1" in worse.note
    right = named(Human(annotations=answers(rare, rate=0)), dev=rare)["typical"]
    assert right.note == ""


def test_items_weigh_what_their_rows_weigh():
    """People and model err on the same rows, whatever these weigh."""
    weight = np.where(np.arange(N) % 4 == 0, 100.0, 1.0)
    label = np.where(np.arange(N) % 16 < 8, "cat", "cow")
    heavy = weight > 1
    said = np.where(heavy & (np.arange(N) % 8 == 0), "dog", label)
    dev = table() | {"label": label, "prediction": said, "weight": weight}
    truth = weight[said != label].sum() / weight.sum()
    made = named(Human(annotations=answers(dev | {"label": said}, rate=0), panels=(3,)), dev=dev)
    assert list(made) == ["typical", "panel of 3", "majority"]
    for level in made.values():
        assert level.bounds.value == pytest.approx(truth)
        assert level.bounds.lower(0.05) < truth < level.bounds.upper(0.05)
        assert level.split == ""
        assert level.told.endswith("weighted as their rows")
        assert level.note == ""
    alike = dev | {"weight": np.full(N, 7.0)}
    made = named(Human(annotations=answers(alike | {"label": said}, rate=0)), dev=alike)
    assert made["typical"].bounds.value == pytest.approx((said != label).mean())
    assert made["typical"].split == "dev"


def test_rows_of_no_weight_were_not_asked():
    weight = np.where(np.arange(N) < 60, 0.0, 1.0) + (np.arange(N) == 119)
    dev = table(weight=weight)
    level = named(Human(annotations=answers(dev)), dev=dev)["typical"]
    assert level.told == "5 people, 60 items, weighted as their rows"
    some = {name: column[: 60 * PEOPLE] for name, column in answers(dev).items()}
    refused(Human(annotations=some), "a weight of zero", dev=dev)


def test_a_declared_level_beside_weights_is_told():
    dev = table(weight=np.arange(N) + 1.0)
    for human in (Human(expert=(7, 1000)), Human(expert=0.01)):
        (level,) = found(human, dev=dev, test=table())
        assert "rows of dev have weights: human level must have been measured" in level.note
        (level,) = found(human, error_rate.on("test"), dev=dev, test=table())
        assert level.note == ""
    away = answers(table(), gold=np.repeat(table()["label"], PEOPLE))
    level = named(Human(annotations=away | {"id": away["id"] + 1000}), dev=dev)["typical"]
    assert "rows of dev have weights" in level.note


def test_clusters_are_the_units_of_items():
    """Ten items that are one: no surer than one of them alone."""
    cluster = np.arange(N) // 10
    dev = table(cluster=cluster)
    said = np.where(cluster % 4 == 0, "sheep", dev["label"])
    dev = dev | {"prediction": np.where(cluster % 4 == 0, "sheep", dev["label"])}
    given = answers(dev | {"label": said}, rate=0)
    human = Human(annotations=given)
    made = {True: named(human, dev=dev)}
    made[False] = named(human, dev={k: v for k, v in dev.items() if k != "cluster"})
    assert list(made[True]) == ["typical", "majority"]
    width = {}
    for clusters, each in made.items():
        low, high = each["typical"].bounds.interval(0.95)
        width[clusters] = high - low
    assert width[True] > 2.5 * width[False]
    assert made[True]["typical"].told == "5 people, 120 items in 12 clusters"
    assert made[True]["typical"].bounds.n == 12
    assert made[True]["typical"].bounds.unit == "clusters"


def test_gold_of_the_table_needs_no_split():
    other = table(9)
    given = answers(other, gold=np.repeat(other["label"], PEOPLE))
    level = named(Human(annotations=given | {"id": given["id"] + 1_000}))["typical"]
    assert level.split == ""
    assert level.rows is None
    level = named(Human(annotations=given), dev=other)["typical"]
    assert level.split == "dev"


def test_the_others_need_no_labels():
    given = answers(table())
    made = named(Human(annotations=given, gold="others", panels=(2,)))
    assert list(made) == ["typical", "best", "panel of 2"]
    assert made["typical"].split == "dev"
    assert all(level.high for level in made.values())
    assert not any(level.high for level in named(Human(annotations=given)).values())
    assert "look worse than they are" in made["typical"].note
    away = named(Human(annotations=given | {"id": given["id"] + 1_000}, gold="others"))
    assert away["typical"].split == ""
    assert away["typical"].bounds.value == made["typical"].bounds.value


def test_items_may_be_spread_over_dev_and_test():
    whole = table()
    given = answers(whole)
    dev, test = (
        {name: column[part] for name, column in whole.items()}
        for part in (slice(0, 50), slice(50, N))
    )
    one, two = (
        named(Human(annotations=given), dev=whole),
        named(Human(annotations=given), dev=dev, test=test),
    )
    for name, level in one.items():
        assert two[name].bounds.value == level.bounds.value
        assert two[name].bounds.interval(0.9) == level.bounds.interval(0.9)
        assert two[name].split == ""
    # An id of both is not known to be the one or the other.
    refused(
        Human(annotations=given), "dev lacks 70", dev=dev, test=table(5) | {"id": np.arange(N) + 1}
    )
    refused(
        Human(annotations=given),
        "dev lacks 70",
        dev=dev,
        test=test | {"weight": np.arange(N - 50) + 1.0},
    )


def test_one_level_alone():
    human = Human(annotations=answers(table()), panels=(3,))
    assert [level.name for level in found(human["panel of 3"])] == ["panel of 3"]


def test_weights_and_clusters_make_no_pairs():
    for name in ("weight", "cluster"):
        dev = table(**{name: np.arange(N) % 7 + 1})
        assert named(Human(annotations=answers(dev)), dev=dev)["typical"].split == ""


def test_the_gap_is_paired_by_items():
    dev = table()
    given = answers(dev)
    plan = Plan({"model": Outputs(dev=dev)})
    made = {
        level.name: level
        for level in levels(Human(annotations=given), plan, "model", error_rate, ["dev"], 0)
    }
    wrong = (dev["prediction"] != dev["label"]).astype(float)
    for name, kind in (("typical", PairedPeopleBounds), ("best", PairedShareBounds)):
        errors = model_errors(plan, "model", error_rate, made[name])
        gap = paired_gap(made[name], errors)
        assert errors.tolist() == wrong.tolist()
        assert isinstance(gap, kind)
        assert gap.value == pytest.approx(wrong.mean() - made[name].bounds.value)
        low, high = gap.interval(0.95)
        assert low < gap.value < high


def test_where_people_are_held_against_the_others_so_is_the_model():
    """By hand: a, a, b about one item, b, b, a about the next."""
    dev = {"id": [0, 1, 2], "label": ["a", "b", "b"], "prediction": ["a", "a", "c"]}
    given = {
        "id": np.repeat([0, 1, 2], 3),
        "annotator": np.tile(["a", "b", "c"], 3),
        "label": list("aabbbabbb"),
    }
    plan = Plan({"model": Outputs(dev=dev)})
    human = Human(annotations=given, gold="others", panels=(2,))
    metric = error_rate.on("dev")
    made = {x.name: x for x in levels(human, plan, "model", metric, ["dev"], 0)}
    # The first model answer is held against {a, b}, {a, b} and {a, a}.
    errors = model_errors(plan, "model", metric, made["typical"])
    assert errors == pytest.approx([1 / 3, 2 / 3, 1])
    assert made["typical"].error == pytest.approx([2 / 3, 2 / 3, 0])
    assert paired_with(plan, "model", metric, made["typical"]).value == pytest.approx(2 / 9)
    assert paired_with(plan, "model", metric, made["panel of 2"]) is None


def refused(human, *words, **splits):
    with pytest.raises(OutputsError) as caught:
        found(human, **splits)
    says(caught.value, ["annotations (mapping of arrays): ", *words])


def test_what_cannot_be_is_told():
    given = answers(table())
    human = Human(annotations=given)
    refused(human["panel of 3"], "no level 'panel of 3'", "'typical', 'best'", "panels=(3, 5)")
    counts = {"id": [0, 1], "n_cat": [3, 1], "n_cow": [0, 2], "n_dog": [0, 1]}
    refused(Human(annotations=counts)["best"], "no level 'best'", "needs to know who answered")
    refused(
        Human(annotations=given | {"id": given["id"] + 100}),
        "not known what is right",
        "no column `gold`",
        "dev lacks 100 of 120 (first: 120)",
        "test has no column `id`",
        'gold="others"',
        dev=table(),
        test={"label": ["cat"], "prediction": ["cat"]},
    )
    said = given["label"].copy()
    said[7] = "cta"
    refused(
        Human(annotations=given | {"label": said}),
        "people answered 'cta' about 1 item (item 1,",
        "no class of dev",
        "'cat', 'cow', 'dog'",
    )
    refused(Human(annotations={"id": [1]}), "there is no column `annotator`")

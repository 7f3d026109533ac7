"""Human levels as checks ask for them: declared or of annotations, for a metric and a model."""

import numpy as np
import pytest

from evalharness import Human, Outputs, OutputsError
from evalharness.checks.human_level import levels, model_errors, paired_gap
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
    assert named(Human(annotations=counts), dev=coded)["typical"].bounds.value == 0


def test_gold_of_the_table_needs_no_split():
    other = table(9)
    given = answers(other, gold=np.repeat(other["label"], PEOPLE))
    level = named(Human(annotations=given | {"id": given["id"] + 1_000}))["typical"]
    assert level.split == ""
    assert level.rows is None
    # Ids that are those of other examples, with other labels, make no pairs.
    level = named(Human(annotations=given))["typical"]
    assert level.split == ""
    level = named(Human(annotations=given), dev=other)["typical"]
    assert level.split == "dev"


def test_the_others_need_no_labels():
    given = answers(table())
    made = named(Human(annotations=given, gold="others", panels=(2,)))
    assert list(made) == ["typical", "best", "panel of 2"]
    assert made["typical"].split == "dev"
    away = named(Human(annotations=given | {"id": given["id"] + 1_000}, gold="others"))
    assert away["typical"].split == ""
    assert away["typical"].bounds.value == made["typical"].bounds.value


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

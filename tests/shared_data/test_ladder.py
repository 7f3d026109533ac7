"""Diagnoses of real models: CIFAR-10 is dev, CIFAR-10.1 is test, and people answered the first."""

import numpy as np
import pytest

from evalharness import Human, Outputs, bias_variance
from evalharness.metrics import error_rate
from tests.metrics.measure import declare
from tests.shared_data.real import needs_data, rows
from tests.shared_data.test_splits import MODELS, cifar

pytestmark = needs_data


def outputs(model):
    return Outputs(dev=cifar(model, "orig"), test=cifar(model, "v4"))


def people():
    table = rows("cifar10/human_counts.parquet")
    return Human(annotations=table.drop(["label"]))


@pytest.mark.parametrize("model", MODELS)
def test_cifar_10_1_is_harder_and_nobody_calls_it_overfitting_alone(model):
    asked = bias_variance(error_rate, human=people(), limits={"dev_overfitting": 0.02})
    found = declare(diagnosis=asked).run(outputs(model))
    limit = next(c for c in found.checks if c.id == "dev_overfitting")
    assert limit.outcome == "fail"
    assert limit.findings[0].limit > 0.02
    assert "a change of distribution between dev and test looks the same" in limit.told()
    ladder = found[asked].ladder
    assert [g.name for g in ladder.gaps] == ["bias_or_variance", "dev_overfitting"]
    levels = {u.level: u.value for u in ladder.under}
    assert levels["typical"] == pytest.approx(0.0476, abs=5e-5)
    assert levels["majority"] == pytest.approx(0.0079, abs=1e-4)  # ties at random: 0.785 %
    assert ladder.rungs[0].value == min(levels.values())
    # What hangs on the human level that is chosen is said, and nothing else is said to.
    differs = len({(u.state, u.named) for u in ladder.under}) > 1
    assert differs == any("depends on the human level" in text for text in ladder.advice)


@pytest.mark.parametrize("model", MODELS[::4])
def test_people_are_held_against_the_model_class_by_class(model):
    """Of ten classes people together err in .1 % to 2.5 % of the images."""
    asked = bias_variance(error_rate, human=people(), by="label")
    ladder = declare(diagnosis=asked).run(outputs(model))[asked].ladder
    (table,) = [s for s in ladder.sections if s.name == "by label"]
    counts = rows("cifar10/human_counts.parquet")
    names = [c for c in counts.column_names if c.startswith("n_")]
    n = np.stack([counts[c].to_numpy() for c in names], axis=1)
    label = counts["label"].to_numpy()
    most = n == n.max(axis=1, keepdims=True)
    wrong = 1 - most[np.arange(len(n)), label] / most.sum(axis=1)
    floors = {s["slice"]: s["floor"] for s in table.figures["slices"]}
    assert table.figures["own_floors"]
    assert len(floors) == 10
    for k in range(10):
        assert floors[str(k)] == pytest.approx(wrong[label == k].mean())
    assert min(floors.values()) < 0.002
    assert 0.02 < max(floors.values()) < 0.03
    gains = [s["gain"] for s in table.figures["slices"]]
    assert sum(gains) == pytest.approx(ladder.rungs[1].value - wrong.mean())
    assert "people's own error in each slice" in " ".join(table.lines)


@pytest.mark.parametrize("model", MODELS[::4])
def test_a_diagnosis_stays_when_the_examples_are_drawn_again(model):
    tables = [cifar(model, split) for split in ("orig", "v4")]
    people = Human(one=(4_760, 100_000), majority=(79, 10_000))
    asked = bias_variance(error_rate, human=people)
    first = declare(diagnosis=asked).run(outputs(model))[asked].ladder
    rng = np.random.default_rng(0)
    again = []
    for _ in range(20):
        drawn = [
            t.drop(["id"]).take(rng.integers(0, len(t), len(t))) for t in tables
        ]  # an id is there once
        found = declare(diagnosis=asked).run(Outputs(dev=drawn[0], test=drawn[1]))
        again.append(found[asked].ladder.named)
    sure = [g for g in first.gaps if g.name in first.named and g.near > 0.999]
    for gap in sure:
        assert sum(gap.name in named for named in again) >= 19
    gone = [g.name for g in first.gaps if g.near < 0.001]
    assert not any(name in named for named in again for name in gone)

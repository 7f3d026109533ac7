"""What is told beside a ladder: shown where it was asked for, and kept in the result."""

import numpy as np
import pytest

from evalharness import Evaluation, Human, Outputs, OutputsError, Result, bias_variance
from evalharness.metrics import error_rate

REGIONS = np.array(["eu", "us", "asia"])
SPLITS = {"train": 0.02, "train_dev": 0.04, "dev": 0.08, "test": 0.08}
SIZES = {"n500": 500, "n1000": 1_000, "n2000": 2_000}


def part(name, wrong, more=0.0, n=600):
    """Errors of a split; `more` of the answers are wrong beside."""
    rng = np.random.default_rng(sum(map(ord, name)))
    label = rng.integers(0, 3, n)
    bad = rng.random(n) < wrong
    bad |= np.random.default_rng(round(1e6 * more)).random(n) < more
    return {
        "id": [f"{name}-{row}" for row in range(n)],
        "label": label,
        "prediction": np.where(bad, (label + 1) % 3, label),
        "region": REGIONS[rng.integers(0, 3, n)],
    }


def model(more=0.0, **extra):
    return Outputs({name: part(name, wrong, more) for name, wrong in (SPLITS | extra).items()})


def outputs(**extra):
    seeds = {f"seed-{k}": model(0.01 + k / 1000) for k in range(5)}
    sizes = {name: model(20 / n) for name, n in SIZES.items()}
    return {"candidate": model(**extra)} | seeds | sizes


class Asked(Evaluation):
    abstract = True
    models = ["candidate"]
    diagnosis = bias_variance(
        error_rate,
        human=Human(team=(4, 500)),
        human_on_target=Human(team=(10, 500)),
        by="region",
        runs=[f"seed-{k}" for k in range(5)],
        sizes=SIZES,
        target=0.05,
    )


@pytest.fixture(scope="module")
def result():
    return Asked.run(outputs())


def test_all_that_was_asked_for_is_shown_and_kept(result):
    ladder = result[Asked.diagnosis].ladder
    names = ["by region", "two distributions", "training runs", "learning curve"]
    assert [s.name for s in ladder.sections] == names
    printed = str(result)
    for section in ladder.sections:
        assert section.asked
        assert all(line in printed for line in section.lines)
        assert max(map(len, section.lines)) <= 78
        assert section.figures
    again = Result.from_json(result.to_json())
    assert [s.lines for s in again.checks[-1].ladder.sections] == [s.lines for s in ladder.sections]
    assert str(again) == printed


def test_models_that_were_trained_again_are_not_gated(result):
    assert {c.model for c in result.checks} == {"candidate"}


def test_examples_of_the_target_that_were_learnt_from_fill_the_table():
    asked = bias_variance(error_rate, human=Human(team=(4, 500)))
    made = type("Made", (Evaluation,), {"diagnosis": asked, "outputs": classmethod(lambda c: None)})
    (table,) = made.run(model(train_target=0.03))[asked].ladder.sections
    assert table.asked
    cells = {(c["row"], c["column"]) for c in table.figures["cells"]}
    assert ("seen", "target") in cells
    # Without any of that it says no more than the ladder, and is kept only.
    result = made.run(model())
    (table,) = result[asked].ladder.sections
    assert not table.asked
    assert table.lines[0] not in str(result)


def made_by(*people):
    """A class that asks for a ladder, of people who answered every row of dev; each errs on other
    rows."""
    dev = part("dev", SPLITS["dev"])
    answers = {
        "id": np.tile(dev["id"], len(people)),
        "annotator": np.repeat(people, len(dev["id"])),
        "label": np.concatenate(
            [(dev["label"] + (np.arange(600) % 25 == k)) % 3 for k, _ in enumerate(people)]
        ),
    }
    asked = bias_variance(error_rate, human=Human(annotations=answers))
    return type("Made", (Evaluation,), {"diagnosis": asked, "outputs": classmethod(lambda c: None)})


def test_people_who_answered_dev_alone_ask_for_no_table():
    for more, asked in (({}, False), ({"train_target": 0.03}, True)):
        made = made_by("ann", "ben", "cas")
        (table,) = made.run(model(**more))[made.diagnosis].ladder.sections
        assert table.asked == asked
        assert ("human", "target") in {(c["row"], c["column"]) for c in table.figures["cells"]}


@pytest.mark.parametrize("people, told", [(("ann", "ben"), False), (("ann", "ben", "cas"), True)])
def test_the_table_too_decides_nothing_by_fewer_than_three_people(people, told):
    made = made_by(*people)
    (table,) = made.run(model(dev=0.3))[made.diagnosis].ladder.sections
    (pair,) = [p for p in table.figures["pairs"] if p["below"] == ["human", "target"]]
    assert pair["said"] == ("surely harder" if told else "not told: fewer than three people")


def refused(given, words, **options):
    asked = bias_variance(error_rate, **options)
    body = {"diagnosis": asked, "models": ["candidate"], "outputs": classmethod(lambda c: None)}
    with pytest.raises(OutputsError, match=words):
        type("Made", (Evaluation,), body).run(given)


def test_what_cannot_be_told_is_refused_before_any_number():
    refused(outputs(), "no column `regoin`", by="regoin")
    refused(outputs(), "'seed-9'.*which the outputs do not hold", runs=["seed-1", "seed-9"])
    refused(
        outputs(), "'n4'.*which the outputs do not hold", sizes={"n500": 1, "n1000": 2, "n4": 3}
    )
    others = outputs() | {"seed-1": Outputs(dev=part("other", 0.1))}
    refused(others, "the ids differ|no partner|ids", runs=["seed-0", "seed-1"])


def test_no_refusal_hangs_on_what_is_selected():
    others = outputs() | {"seed-1": Outputs(dev=part("other", 0.1))}
    asked = bias_variance(error_rate, runs=["seed-0", "seed-1"], limits={"variance": 0.1})
    body = {"diagnosis": asked, "models": ["candidate"], "outputs": classmethod(lambda c: None)}
    made = type("Made", (Evaluation,), body)
    with pytest.raises(OutputsError):
        made.run(others, select=[c for c in made.checks if c.id == "variance"])

"""Which models are gated, and what `outputs` may hand over."""

import pytest

from evalharness import DeclarationError, Evaluation, Outputs, OutputsError
from evalharness.metrics import accuracy, recall
from tests.metrics.measure import run

TABLE = {"label": [0, 1, 1, 0], "prediction": [0, 1, 0, 0]}
BOUNDS = [recall.on("test") >= 0.1]


def outputs():
    return Outputs(test=TABLE)


def test_the_only_model_needs_no_name():
    for handed in (outputs(), {"candidate": outputs()}):
        (check,) = run(handed, satisficing=BOUNDS).checks
        assert check.model == ""
        assert check.message.startswith("recall on test: ")


def test_gated_models_are_named_in_every_message():
    both = {"a": outputs(), "b": outputs(), "baseline": outputs()}
    result = run(both, models=["a", "b"], satisficing=BOUNDS)
    assert [c.model for c in result.checks] == ["a", "b"]
    assert [c.message.split(":")[0] for c in result.checks] == ["a", "b"]
    assert {v.family for c in result.checks for v in c.verdicts} == {2}


def test_several_models_and_none_is_said_to_be_gated():
    with pytest.raises(OutputsError, match=r"2 models \('a', 'b'\); say which are gated: models ="):
        run({"a": outputs(), "b": outputs()}, satisficing=BOUNDS)


def test_a_model_that_the_outputs_do_not_hold():
    with pytest.raises(OutputsError) as caught:
        run({"candidate": outputs(), "b": outputs()}, models=["candidat", "c"], satisficing=BOUNDS)
    assert "models lists 'candidat', but the outputs hold 'candidate', 'b'" in str(caught.value)
    assert "did you mean `candidate`" in str(caught.value)
    assert "models lists 'c'" in str(caught.value)


@pytest.mark.parametrize(
    "handed", [{}, [], "test.parquet", 3, [outputs()], TABLE, {"a": TABLE}, {"a": "test.parquet"}]
)
def test_what_is_no_outputs(handed):
    with pytest.raises(OutputsError, match=r"write Outputs\(test=|must return Outputs\(test=") as e:
        run(handed, satisficing=BOUNDS)
    assert "Declared: " in str(e.value)


def test_outputs_that_return_nothing():
    made = type(
        "Forgetful",
        (Evaluation,),
        {"satisficing": BOUNDS, "outputs": classmethod(lambda cls: None)},
    )
    with pytest.raises(OutputsError, match="Forgetful: outputs.* returned NoneType"):
        made.run()


def test_outputs_that_raise_say_so_themselves():
    def broken(cls):
        raise OSError("the disk is gone")

    made = type("Broken", (Evaluation,), {"satisficing": BOUNDS, "outputs": classmethod(broken)})
    with pytest.raises(OSError, match="the disk is gone"):
        made.run()


@pytest.mark.parametrize("name", ["checks", "run", "test_satisficing", "__init__"])
def test_names_that_evaluation_itself_uses(name):
    body = {"satisficing": BOUNDS, name: lambda self: None}
    with pytest.raises(DeclarationError, match=f"`{name}`"):
        type("E", (Evaluation,), body)


def test_inherited_declarations_are_evaluated_anew():
    """A subclass may change one declaration, and leaves its base as it was."""

    class Base(Evaluation):
        satisficing = BOUNDS
        confidence = 0.9

        @classmethod
        def outputs(cls):
            return Outputs(test=TABLE)

    class Child(Base):
        satisficing = [*Base.satisficing, accuracy.on("test") >= 0.1]

    assert [c.id for c in Base.checks] == ["recall-test"]
    assert [c.id for c in Child.checks] == ["recall-test", "accuracy-test"]
    result = Child.run()
    assert result.evaluation == "Child"
    assert result.provenance["confidence"] == 0.9


def test_an_abstract_evaluation_says_what_is_missing():
    class Base(Evaluation):
        abstract = True

    class Child(Base):
        satisficing = BOUNDS

    with pytest.raises(DeclarationError, match="Child has no `outputs`"):
        Child.run()
    assert Child.run(outputs=outputs()).checks

"""outputs() runs once for a class, so a class is refused that is parametrized."""

import pytest

from tests.plugin.suites import PAIR, TABLE

AUTOUSE = """
@pytest.fixture(scope="class", params=["good", "bad"], autouse=True)
def which(request):
    request.cls._wrong = {"good": 0, "bad": 90}[request.param]

class TestAutouse(Evaluation):
    satisficing = [recall.on("test") >= 0.90, accuracy.on("test") >= 0.90]

    @classmethod
    def outputs(cls):
        called()
        return Outputs(test=table(wrong=cls._wrong))
"""
CLASSES = """
@pytest.fixture(scope="class", params=[0, 90])
def asked(request):
    return request.param

@pytest.mark.usefixtures("asked")
class TestUsed(Evaluation):
    satisficing = [recall.on("test") >= 0.90]

    @classmethod
    def outputs(cls, asked):
        called()
        return Outputs(test=table(wrong=asked))

@pytest.mark.parametrize("asked", [0, 90], indirect=True)
@pytest.mark.usefixtures("asked")
class TestMarked(TestUsed):
    pass

@pytest.mark.usefixtures("asked")
class TestByHand(Evaluation):
    @classmethod
    def outputs(cls, asked):
        called()
        return Outputs(test=table(wrong=asked))

    def test_by_hand(self, evaluation):
        assert evaluation[recall.on("test")] >= 0.90
"""


@pytest.mark.parametrize("options", [[], ["-n2"], ["-k", "bad or 90"]], ids=["all", "n2", "k"])
def test_a_parametrized_class_is_refused(pytester, calls, options):
    """Its items run once for each value but `outputs` only once: a bad model would pass."""
    imports = TABLE + "import pytest\n"
    pytester.makepyfile(test_autouse=imports + AUTOUSE, test_it=imports + CLASSES)
    result = pytester.runpytest_subprocess("-W", "error", *options)
    total = 5 if "-k" in options else 10
    result.assert_outcomes(errors=total, deselected=10 - total)
    assert calls() == 0
    for name, parameter in {
        "TestAutouse": "which",
        "TestUsed": "asked",
        "TestMarked": "asked",
        "TestByHand": "asked",
    }.items():
        result.stdout.fnmatch_lines_random(
            [
                f"{name}: the class is parametrized by `{parameter}`; outputs() runs once *",
                f"{name} could not be evaluated: the class is parametrized by *(in full at *",
            ][: 2 if total == 10 or name == "TestAutouse" else 1]
        )


def test_tests_by_hand_may_have_parameters_of_their_own(pytester, calls):
    pytester.makepyfile(
        test_it=PAIR
        + """
    @pytest.mark.parametrize("model", ["candidate", "old model"])
    def test_each(self, evaluation, model, seed):
        assert evaluation[model, recall.on("test")] >= 0.5

import pytest

@pytest.fixture(params=[1, 2])
def seed(request):
    return request.param
""".replace("    @pytest", "    import pytest\n\n    @pytest", 1)
    )
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(passed=6)
    assert calls() == 1

"""outputs() runs once for a class, so a class is refused that is parametrized."""

import pytest

from tests.plugin.suites import ASKED, AUTOUSE, CLASSES, PAIR, refused


@pytest.mark.parametrize("options", [[], ["-k", "bad or 90"]], ids=["all", "k"])
def test_a_parametrized_class_is_refused(pytester, calls, options):
    """Its items run once for each value but `outputs` only once: a bad model would pass."""
    pytester.makepyfile(test_autouse=AUTOUSE, test_it=CLASSES)
    result = pytester.runpytest_inprocess("-W", "error", *options)
    total = 5 if "-k" in options else 10
    result.assert_outcomes(errors=total, deselected=10 - total)
    assert calls() == 0
    for name in ASKED:
        several = total == 10 or name == "TestAutouse"
        result.stdout.fnmatch_lines_random(refused(name)[: 2 if several else 1])


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
    result = pytester.runpytest_inprocess("-W", "error")
    result.assert_outcomes(passed=6)
    assert calls() == 1

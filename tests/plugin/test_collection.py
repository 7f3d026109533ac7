"""Which items there are, what they are called and marked, and which of them are left out."""

import pytest

from pytest_evalharness.items import _slugs
from tests.plugin.suites import TABLE

DECLARED = """
import pytest
from evalharness import Evaluation
from evalharness.metrics import accuracy, recall

class Base(Evaluation):
    abstract = True
    satisficing = [recall.on("test") >= 0.9, recall.on("test") <= 0.99]

class Gate(Base):
    satisficing = [
        recall.on("test", region="e u/1") >= 0.9,
        accuracy.on("test").by("device") >= 0.9,
    ]

class TestTwo(Base):
    models = ["candidate", "old model/2"]

    def test_by_hand(self, evaluation):
        pass

class TestOne(Base):
    models = ["candidate"]

class TestByHandOnly(Base):
    satisficing = []

    def test_by_hand(self, evaluation):
        pass

def test_unrelated():
    pass
"""
IDS = [
    "Gate::test_satisficing[recall-test-region-e-u-1]",
    "Gate::test_satisficing[accuracy-test-by-device]",
    "TestTwo::test_by_hand",
    "TestTwo::test_satisficing[candidate-recall-test-min]",
    "TestTwo::test_satisficing[candidate-recall-test-max]",
    "TestTwo::test_satisficing[old-model-2-recall-test-min]",
    "TestTwo::test_satisficing[old-model-2-recall-test-max]",
    "TestOne::test_satisficing[recall-test-min]",
    "TestOne::test_satisficing[recall-test-max]",
    "TestByHandOnly::test_by_hand",
]
CHECKS = [i for i in IDS if "by_hand" not in i]
UNRELATED = ["test_unrelated"]


@pytest.fixture
def collect(pytester):
    pytester.makepyfile(test_it=DECLARED)

    def collected(*options):
        result = pytester.runpytest_inprocess("--co", "-q", "-W", "error", *options)
        return [line[12:] for line in result.outlines if line.startswith("test_it.py::")]

    return collected


@pytest.mark.parametrize(
    "options, expected",
    [
        ([], IDS + UNRELATED),
        (["--strict-markers", "--strict-config", "--import-mode=importlib"], IDS + UNRELATED),
        (["-m", "evaluation"], IDS),
        (["--eval-only"], IDS),
        (["-m", "not evaluation"], UNRELATED),
        (["--eval-disable"], UNRELATED),
        (["-m", "satisficing"], CHECKS),
        (["-k", "candidate and max"], [IDS[4]]),
        (["--eval-only", "-k", "recall and One"], IDS[7:9]),
        # What a project names its tests must not leave a declared check out.
        (["-o", "python_functions=a_*", "-o", "python_classes=A"], CHECKS),
    ],
)  # fmt: skip
def test_collected(collect, options, expected):
    assert collect(*options) == expected


def test_with_strict_ids(collect):
    if pytest.version_tuple < (9,):
        pytest.skip("this pytest has no `strict` setting")
    assert collect("-o", "strict=true") == IDS + UNRELATED


def test_items_stand_at_the_line_of_the_class(pytester):
    pytester.makepyfile(test_it=DECLARED)
    pytester.makeconftest(
        """
        def pytest_collection_finish(session):
            for item in session.items:
                print("at", item.name, *item.location[:2])
        """
    )
    result = pytester.runpytest_inprocess("--co", "-q")
    line = DECLARED.strip().splitlines().index("class TestTwo(Base):")
    place = f"at test_satisficing[[]candidate-recall-test-min] test_it.py {line}"
    result.stdout.fnmatch_lines([place])
    result.stdout.fnmatch_lines([f"at test_by_hand test_it.py {line + 3}"])


def test_names_of_models_become_distinct_slugs():
    slugs = _slugs(["a b", "a/b", "ok", "猫"])
    assert slugs["ok"] == "ok-"
    assert len(set(slugs.values())) == 4
    assert all(s.isascii() and s[-1] == "-" and "/" not in s for s in slugs.values())
    assert _slugs(["a/b"]) == {"a/b": ""}


def test_a_setup_plan_evaluates_nothing(pytester, calls):
    pytester.makepyfile(
        TABLE
        + """
class TestIt(Evaluation):
    satisficing = [recall.on("test") >= 0.9]

    @classmethod
    def outputs(cls):
        called()
"""
    )
    result = pytester.runpytest_inprocess("--setup-plan", "-W", "error")
    result.stdout.fnmatch_lines(["*test_satisficing*recall-test*fixtures used:*evaluation*"])
    assert result.ret == 0
    assert calls() == 0


def test_a_wrong_declaration_is_reported_at_its_line_with_all_its_problems(pytester):
    pytester.makepyfile(
        test_it="""
        from evalharness import Evaluation
        from evalharness.metrics import recall

        class TestIt(Evaluation):
            satisficng = [recall.on("test") >= 0.9]
            confidence = 95

            def __init__(self):
                pass
        """
    )
    result = pytester.runpytest_inprocess()
    result.stdout.fnmatch_lines(
        [
            "test_it.py:4: in <module>",
            "E   *DeclarationError: TestIt: 3 problems in the declaration:",
            "E     1. confidence = 95 *did you mean 0.95?",
            "E     2. `satisficng`*did you mean `satisficing`?*",
            "E     3. `__init__`*use a fixture",
        ]
    )
    assert "evaluation.py" not in result.stdout.str()


def test_a_wrong_bound_is_reported_at_its_line(pytester):
    pytester.makepyfile(
        test_it="""
        from evalharness.metrics import recall

        bounds = [recall.on("test") >= 90]
        """
    )
    result = pytester.runpytest_inprocess()
    result.stdout.fnmatch_lines(["test_it.py:3: in <module>", "E   *did you mean 0.9?"])
    assert "metric.py" not in result.stdout.str()

"""Each class is evaluated once, in whatever order its items run and however often."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pytest_evalharness.items import Planned
from pytest_evalharness.run import Run
from tests.plugin.suites import BY_HAND, PAIR, TABLE


def test_each_class_runs_once_in_any_order(pytester, calls):
    """Also if another plugin takes turns between classes, and if a module imports a class."""
    both = TABLE + "".join(
        f"""
class {name}(Evaluation):
    satisficing = [recall.on("test") >= 0.9, accuracy.on("test") >= 0.9]

    @classmethod
    def outputs(cls, place):
        called(f"{name} at {{place}}")
        return Outputs(test=table())
"""
        for name in ("TestA", "TestB")
    )
    place = """
import pytest

@pytest.fixture(scope="module")
def place(request):
    return request.module.__name__
"""
    pytester.makepyfile(test_it=both + place, test_other="from test_it import TestA\n" + place)
    pytester.makeconftest(
        "def pytest_collection_modifyitems(items): items[:] = items[::2] + items[1::2]"
    )
    result = pytester.runpytest_inprocess("--import-mode=append", "-W", "error")
    result.assert_outcomes(passed=6)
    assert calls() == 3


def test_a_check_finds_its_own_verdict_whatever_its_id():
    namespace = {}
    exec(PAIR.replace("called()", "pass"), namespace)
    cls = namespace["TestPair"]
    cls.checks = tuple(replace(c, id="same") for c in cls.checks)
    run = Run("test_pair.py::Pair", cls, Planned(checks=list(reversed(cls.checks))))
    run.result = SimpleNamespace(
        checks=[SimpleNamespace(**vars(c), metric=str(c.declared.metric)) for c in cls.checks]
    )
    for check in cls.checks:
        assert run.find(check).metric == str(check.declared.metric)
    with pytest.raises(LookupError, match="other was collected after the run was planned"):
        run.find(replace(cls.checks[0], id="other"))


# As plugins that run a failed test again do it: the whole protocol of an item, twice.
AGAIN = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    runtestprotocol(item, nextitem=nextitem, log=False)
    item._initrequest()
    runtestprotocol(item, nextitem=nextitem)
    return True
"""


def test_items_may_be_run_again(pytester, calls):
    second = PAIR.partition("class TestPair")[2]
    pytester.makepyfile(test_pair=PAIR + BY_HAND + "class TestSecond" + second + BY_HAND)
    pytester.makeconftest(AGAIN)
    result = pytester.runpytest_inprocess("-W", "error", "--junitxml=junit.xml")
    result.assert_outcomes(passed=8)
    assert calls() == 2  # also of the last item of a class
    properties = list(ET.parse(pytester.path / "junit.xml").iter("property"))
    assert len([p for p in properties if p.get("name") == "verdict"]) == 4


def test_a_class_that_was_left_for_another_may_be_come_back_to(pytester, calls):
    second = PAIR.partition("class TestPair")[2]
    pytester.makepyfile(test_pair=PAIR + "class TestSecond" + second)
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtestloop(session):
            for item in session.items + session.items[:1]:
                item._initrequest()
                runtestprotocol(item, nextitem=None)
            return True
        """
    )
    result = pytester.runpytest_inprocess("-W", "error")
    result.assert_outcomes(passed=5)
    assert calls() == 3

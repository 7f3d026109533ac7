"""Every metric explains itself, and its example is true."""

import doctest
import sys

import pytest

from evalharness import metrics
from evalharness.declare.metric import Metric
from tests.metrics.reference import NO_METRICS

NAMES = sorted(set(metrics.__all__) - NO_METRICS)


def documented(name: str):
    """What carries the docstring: the function behind a handle, a maker, the class of an object."""
    value = getattr(metrics, name)
    if isinstance(value, Metric):
        return value.definition.function
    return value if callable(value) else type(value)


def examples(name: str) -> list[doctest.DocTest]:
    # doctest's own finder passes over metrics: they are objects, not functions.
    source = documented(name)
    module = sys.modules[source.__module__]
    finder = doctest.DocTestFinder(recurse=False)
    return finder.find(source, name, module=module, globs=dict(vars(module)))


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_says_what_it_is(name):
    first = (documented(name).__doc__ or "").strip().split("\n\n")[0]
    assert len(first.split()) >= 4, "say in one sentence what the metric is"


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_true(name, capsys):
    found = examples(name)
    assert sum(len(test.examples) for test in found), "give an example that runs"
    runner = doctest.DocTestRunner()
    failed = sum(runner.run(test).failed for test in found)
    assert not failed, capsys.readouterr().out


@pytest.mark.parametrize("name", [n for n in NAMES if isinstance(getattr(metrics, n), Metric)])
def test_the_handle_shows_the_docstring(name):
    handle = getattr(metrics, name)
    assert handle.__doc__ == handle.definition.function.__doc__
    assert handle.name == name == str(handle)

"""For all tests: the fixture for testing plugins, and hypothesis without chance or clock."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples in every run and on every machine, however busy it is: a red test is a change.
settings.register_profile("evalharness", derandomize=True, deadline=None)
settings.load_profile("evalharness")

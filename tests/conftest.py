"""For all tests: the fixture for testing plugins, hypothesis without chance or clock, and linear
algebra in one thread."""

import os
import sys

from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples in every run and on every machine, however busy it is: a red test is a change.
settings.register_profile("evalharness", derandomize=True, deadline=None)
settings.load_profile("evalharness")

# Matrices are small here, and a process on each core tests already: threads of both that wait for
# each other make the simulations with matrices four times slower. Read when NumPy is loaded.
if "numpy" not in sys.modules:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

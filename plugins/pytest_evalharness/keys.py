"""Where the plugin keeps what it knows: in stashes of the config and of items, never in globals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_evalharness.items import Planned
    from pytest_evalharness.options import Options
    from pytest_evalharness.report import Reporter
    from pytest_evalharness.run import Run

OPTIONS: pytest.StashKey[Options] = pytest.StashKey()
# By the node id of the class: what was planned for it, and its one run in this process.
PLANS: pytest.StashKey[dict[str, Planned]] = pytest.StashKey()
RUNS: pytest.StashKey[dict[str, Run]] = pytest.StashKey()
# By the node id of the class: the names by which it is parametrized, in order.
PARAMETERS: pytest.StashKey[dict[str, dict[str, None]]] = pytest.StashKey()
# The node ids of the classes of which items were deselected.
DESELECTED: pytest.StashKey[dict[str, None]] = pytest.StashKey()
# In the process that reports.
REPORTER: pytest.StashKey[Reporter] = pytest.StashKey()
# Of an item: what its report carries to the reporter, under xdist from another process.
NOTE: pytest.StashKey[dict[str, Any]] = pytest.StashKey()

"""What several modules of these tests ask for."""

import pytest

from evalharness.outputs import shards as files


@pytest.fixture
def few(monkeypatch):
    """Batches of seven rows."""
    monkeypatch.setattr(files, "BATCH", 7)

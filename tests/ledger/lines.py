"""Looks for tests of the file."""

from evalharness.ledger.history import Look
from evalharness.ledger.look import TestSet


def look(n=0, **more):
    """A look; n tells them apart."""
    given = {
        "evaluation": "TestCats",
        "model": "",
        "sets": {"test": TestSet("f" * 64, 400, ("0" * 16, "1" * 16))},
        "gate": "a" * 64,
        "predictions": f"{n:064d}",
        "commit": "",
        "environment": "local",
        "time": f"2026-01-01T00:{n // 60 % 60:02d}:{n % 60:02d}Z",
        "mode": "audit",
        "policy": "confident",
        "confidence": 0.95,
    }
    return Look(**(given | more))


def entry(n=0, **more):
    return look(n, **more).entry([])

"""Test files that the tests of the plugin run, and what they share."""

# Every second label is positive; the first `wrong` of each kind are answered wrongly.
TABLE = """
import numpy as np
from evalharness import Evaluation, Outputs
from evalharness.metrics import accuracy, f1, precision, recall, specificity

def table(n=400, wrong=10):
    row = np.arange(n)
    label = row % 2
    return {
        "id": row,
        "label": label,
        "prediction": np.where(row < 2 * wrong, 1 - label, label),
        "device": np.where(row % 4 < 2, "phone", "desktop"),
        "region": np.where(row < n - 6, "eu", "us"),
    }

def called(what="outputs"):
    with open("calls.txt", "a") as file:
        file.write(what + "\\n")
"""

# Of 200 positives 190 are found: 0.95, at least 0.917 and at most 0.972 (95 %, one-sided).
GATE = (
    TABLE
    + """
class Gate(Evaluation):
    satisficing = [
        recall.on("test") >= 0.90,
        specificity.on("test") >= 0.94,
        accuracy.on("test") >= 0.99,
        recall.on("test").by("device") >= 0.98,
    ]
    also = [precision.on("test")]

    @classmethod
    def outputs(cls):
        called()
        return Outputs(test=table())

    def test_far(self, evaluation):
        assert evaluation[f1.on("test")] >= 0.99

    def test_near(self, evaluation):
        assert evaluation[f1.on("test")] >= 0.949

    def test_near_refuted(self, evaluation):
        assert not (evaluation[recall.on("test")] >= 0.94)

    def test_reported(self, evaluation):
        assert evaluation[precision.on("test")] >= 0.9
        assert 0.9 <= evaluation[precision.on("test")]
"""
)

# Two models; all that is declared passes.
PAIR = (
    TABLE
    + """
class TestPair(Evaluation):
    models = ["candidate"]
    satisficing = [recall.on("test") >= 0.90, accuracy.on("test") >= 0.90]

    @classmethod
    def outputs(cls):
        called()
        return {"candidate": Outputs(test=table()), "old model": Outputs(test=table(wrong=40))}
"""
)
BY_HAND = """
    def test_better(self, evaluation):
        new, old = (evaluation[m, accuracy.on("test")] for m in ("candidate", "old model"))
        assert new - old > 0.05

    def test_undeclared(self, evaluation):
        assert evaluation["candidate", f1.on("test")] >= 0.9
"""

# Nothing here can be evaluated.
BROKEN = (
    TABLE
    + """
class TestBroken(Evaluation):
    satisficing = [recall.on("test") >= 0.90, f1.on("test") >= 0.90, accuracy.on("dev") >= 0.5]

    @classmethod
    def outputs(cls):
        called()
        raise ValueError("no such bucket")
"""
)

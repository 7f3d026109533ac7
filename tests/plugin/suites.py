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

# Three of four leave Python, or would.
EXITS = (
    TABLE
    + """
import asyncio, sys, pytest

class Base(Evaluation):
    abstract = True
    satisficing = [recall.on("test") >= 0.90, accuracy.on("test") >= 0.90]

class TestExit(Base):
    @classmethod
    def outputs(cls):
        called()
        sys.exit(2)

class TestCancelled(Base):
    @classmethod
    def outputs(cls):
        called()
        raise asyncio.CancelledError("no answer")

@pytest.fixture(scope="module")
def leaving():
    sys.exit()

class TestFixture(Base):
    @classmethod
    def outputs(cls, leaving):
        called()

class TestGood(Base):
    @classmethod
    def outputs(cls):
        called()
        return Outputs(test=table())
"""
)
LEFT = [
    "> *sys.exit(2)",
    "E *Failed: outputs() called sys.exit(2)",
    "TestExit could not be evaluated: outputs() called sys.exit(2) (in full at *",
    "E *Failed: outputs() raised CancelledError: no answer",
    "TestCancelled could not be evaluated: outputs() raised CancelledError: no answer (*",
    "E *Failed: a fixture of outputs() called sys.exit()",
    "TestFixture could not be evaluated: a fixture of outputs() called sys.exit() (in *",
    "ERROR  could not be evaluated: outputs() called sys.exit(2)",
]

# Classes that are parametrized, by a fixture of their module or by themselves.
AUTOUSE = (
    TABLE
    + """
import pytest

@pytest.fixture(scope="class", params=["good", "bad"], autouse=True)
def which(request):
    request.cls._wrong = {"good": 0, "bad": 90}[request.param]

class TestAutouse(Evaluation):
    satisficing = [recall.on("test") >= 0.90, accuracy.on("test") >= 0.90]

    @classmethod
    def outputs(cls):
        called()
        return Outputs(test=table(wrong=cls._wrong))
"""
)
CLASSES = (
    TABLE
    + """
import pytest

@pytest.fixture(scope="class", params=[0, 90])
def asked(request):
    return request.param

@pytest.mark.usefixtures("asked")
class TestUsed(Evaluation):
    satisficing = [recall.on("test") >= 0.90]

    @classmethod
    def outputs(cls, asked):
        called()
        return Outputs(test=table(wrong=asked))

@pytest.mark.parametrize("asked", [0, 90], indirect=True)
@pytest.mark.usefixtures("asked")
class TestMarked(TestUsed):
    pass

@pytest.mark.usefixtures("asked")
class TestByHand(Evaluation):
    @classmethod
    def outputs(cls, asked):
        called()
        return Outputs(test=table(wrong=asked))

    def test_by_hand(self, evaluation):
        assert evaluation[recall.on("test")] >= 0.90
"""
)
ASKED = {"TestAutouse": "which", "TestUsed": "asked", "TestMarked": "asked", "TestByHand": "asked"}


def refused(name):
    """What is told of such a class, in full and then in one line."""
    return [
        f"{name}: the class is parametrized by `{ASKED[name]}`; outputs() runs once *",
        f"{name} could not be evaluated: the class is parametrized by *(in full at *",
    ]


# Checks of splits: two of four fail.
SPLITS = (
    TABLE
    + """
from evalharness import known_difference, large_enough, no_leakage, same_distribution, waive

def shifted(start, phones, n=2000):
    found = table(n, n // 20)
    found["id"] = found["id"] + start
    found["device"] = np.where(np.arange(n) < phones * n, "phone", "desktop")
    return found

class TestSplits(Evaluation):
    satisficing = [recall.on("test") >= 0.8]
    splits = [
        same_distribution("dev", "test", columns={"device": 0.05}),
        known_difference("train", "dev", columns={"device": 0.5}),
        no_leakage("train", "test"),
        large_enough("test", true={recall: 0.85}),
    ]
    waivers = WAIVERS

    @classmethod
    def outputs(cls):
        called()
        return Outputs(train=shifted(0, 0.1), dev=shifted(5000, 0.5), test=shifted(TEST, 0.9))
"""
)


def splits(waivers="[]", start=1999):
    return SPLITS.replace("WAIVERS", waivers).replace("TEST", str(start), 1)


# Two of three gaps have limits, and no gap is within its limit.
SCANS = """
import numpy as np
from evalharness import Evaluation, Human, Outputs, bias_variance, waive
from evalharness.metrics import error_rate

def part(name, wrong, n=4000):
    label = np.arange(n) % 2
    ids = [f"{name}-{row}" for row in range(n)]
    prediction = np.where(np.arange(n) < wrong, 1 - label, label)
    return {"id": ids, "label": label, "prediction": prediction}

class TestScans(Evaluation):
    satisficing = [error_rate.on("test") <= Human(typical=(200, 1000))]
    diagnosis = bias_variance(
        error_rate, human=Human(team=(10, 1000)), limits={"variance": 0.02, "data_mismatch": 0.02}
    )
    waivers = WAIVERS

    @classmethod
    def outputs(cls):
        return Outputs(
            train=part("train", 60), train_dev=part("train_dev", 400), dev=part("dev", 440),
            test=part("test", 440),
        )
"""


def scans(waivers="[]"):
    return SCANS.replace("WAIVERS", waivers)

"""May the digit classifier be released? `pytest examples/digits`, after `train.py`.

Two models stand at the same gate. The one in production would not get through it today (*fail*);
its candidate would, but for one requirement that 97 handwritten eights cannot decide
(*inconclusive*: neither shown to hold nor shown to be broken, and so not good enough).

The candidate was made by what the ladder of the one in production says: it does badly on the images
that it has learnt from already, so what it needs is a bigger model, and not more images.
"""

from pathlib import Path

from evalharness import Evaluation, Human, Outputs, bias_variance
from evalharness.metrics import accuracy, error_rate, f1, latency, precision, recall

OUTPUTS = Path(__file__).parent / "outputs"
SPLITS = ("train", "train_dev", "dev", "test")


class TestDigits(Evaluation):
    """Half of the images, chosen by a hash of their ids, were kept for `test`."""

    models = ["candidate", "production"]
    optimizing = accuracy.on("dev")  # without a baseline: the best that may be released
    satisficing = [
        accuracy.on("test") >= 0.95,
        f1(average="macro").on("test") >= 0.93,  # every digit counts the same
        recall(positive=1).on("test") >= 0.90,  # of the ones, how many are read as a one
        recall(positive=8).on("test") >= 0.92,
        accuracy.on("test", ink="thin") >= 0.92,  # faint handwriting
        accuracy.on("test").by("ink", min_n=100) >= 0.93,  # thin and thick, each
        latency.quantile(0.99).on("test") <= 50,  # ms
    ]
    diagnosis = bias_variance(
        error_rate,
        # Of other digits, those of the U.S. Postal Service; "Human Performance on the USPS
        # Database", Indiana University South Bend. So it is assumed, and printed as such.
        human=Human(reader=0.0237),
        limits={"avoidable_bias": 0.05},
    )
    also = [precision(average="macro").on("test")]  # reported, not gated

    @classmethod
    def outputs(cls):
        return {
            model: Outputs({split: OUTPUTS / model / f"{split}.parquet" for split in SPLITS})
            for model in cls.models
        }

    def test_candidate_is_clearly_better(self, evaluation):
        """The same images, so the difference is paired by id."""
        candidate = evaluation["candidate", accuracy.on("test")]
        assert candidate - evaluation["production", accuracy.on("test")] > 0.05

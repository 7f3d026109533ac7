"""Trains two digit classifiers and writes what they say about each image as Parquet.

The images are the 1,797 handwritten digits that ship with scikit-learn (the test part of the UCI
"Optical Recognition of Handwritten Digits" data: 8 x 8 pixels, ink 0 to 16). Nothing is downloaded.

    production   logistic regression on 4 x 4 pixels: small, old, and rather weak
    candidate    a support vector machine on all 64 pixels: the one that is to replace it

For each model and split, `outputs/MODEL/SPLIT.parquet` has one row an image:

    id          the image's place in scikit-learn's data, "optdigits-0042"
    label       the digit that the writer meant, 0 to 9
    prediction  the digit that the model read
    latency     how long this one prediction took, in milliseconds, measured
    ink         "thin" or "thick" strokes, from the pixels: the slices of the gate
"""

import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

OUTPUTS = Path(__file__).parent / "outputs"

# Upper ends, in hundredths of the hash range. Half of the images are kept for the test: a gate is
# decided by the number of test examples, and these two models learn quickly.
SPLITS = {"train": 30, "train_dev": 40, "dev": 50, "test": 100}

# Total ink of an image (the sum of its 64 pixels) below which its strokes count as thin.
THIN = 300


def split_of(example: str) -> str:
    """The split of an example, by a hash of its id.

    An id always falls into the same split, whatever else is added to the data, and on every
    machine. Python's own `hash` of a string does not do: it changes with every process.
    """
    place = int.from_bytes(hashlib.sha256(example.encode()).digest()[:8]) % 100
    return next(name for name, end in SPLITS.items() if place < end)


def coarse(images: np.ndarray) -> np.ndarray:
    """(n, 64) images of 8 x 8 pixels to (n, 16): the mean of each block of 2 x 2."""
    return images.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16)


MODELS: dict[str, Any] = {
    "production": make_pipeline(
        FunctionTransformer(coarse), LogisticRegression(C=0.005, max_iter=2000)
    ),
    "candidate": SVC(gamma=0.001),
}


def answers(model: Any, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Predictions (n,) and the time of each (n,), in ms: one image a call, as in production."""
    model.predict(images[:1])  # the first call sets things up, and is nobody's latency
    predictions, times = [], []
    for image in images:
        started = time.perf_counter()
        predictions.append(model.predict(image[None])[0])
        times.append((time.perf_counter() - started) * 1000)
    return np.array(predictions), np.array(times)


def main() -> None:
    digits = load_digits()
    ids = np.array([f"optdigits-{row:04d}" for row in range(len(digits.target))])
    splits = np.array([split_of(example) for example in ids])
    ink = np.where(digits.data.sum(axis=1) < THIN, "thin", "thick")
    for name, model in MODELS.items():
        (OUTPUTS / name).mkdir(parents=True, exist_ok=True)
        here = splits == "train"
        model.fit(digits.data[here], digits.target[here])
        shares = []
        for split in SPLITS:
            here = splits == split
            predictions, times = answers(model, digits.data[here])
            table = pa.table(
                {
                    "id": ids[here],
                    "label": digits.target[here],
                    "prediction": predictions,
                    "latency": times,
                    "ink": ink[here],
                }
            )
            pq.write_table(table, OUTPUTS / name / f"{split}.parquet")
            right = np.mean(predictions == digits.target[here])
            shares.append(f"{split} {right:.3f} of {here.sum()}")
        print(f"{name:<11} accuracy: {', '.join(shares)}")
    print(f"wrote {len(MODELS) * len(SPLITS)} tables under examples/digits/{OUTPUTS.name}")


if __name__ == "__main__":
    main()

"""What tests of bad input share."""

GOOD = {"label": [0, 1, 1, 0], "prediction": [0, 1, 0, 0]}
NAN, INF = float("nan"), float("inf")


def says(error, words):
    for word in words:
        assert word in str(error), f"{word!r} is missing from: {error}"

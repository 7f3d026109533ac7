"""The rungs of a ladder, the gaps between them, and their codes."""

from __future__ import annotations

HUMAN, TRAIN, TRAIN_DEV, DEV, TEST = "human", "train", "train_dev", "dev", "test"
# Rows of the data that dev and test are of, which the model has learnt from; no rung.
TRAIN_TARGET = "train_target"
# The rungs, from the bottom to the top.
RUNGS = (HUMAN, TRAIN, TRAIN_DEV, DEV, TEST)

BIAS, VARIANCE, MISMATCH, OVERFITTING = (
    "avoidable_bias",
    "variance",
    "data_mismatch",
    "dev_overfitting",
)
# What cannot be told apart where a rung between is missing.
BIAS_OR_VARIANCE, VARIANCE_OR_MISMATCH = "bias_or_variance", "variance_or_mismatch"

# The gap between two rungs that follow each other, by the rungs.
GAPS = {
    (HUMAN, TRAIN): BIAS,
    (HUMAN, TRAIN_DEV): BIAS_OR_VARIANCE,
    (HUMAN, DEV): BIAS_OR_VARIANCE,
    (HUMAN, TEST): BIAS_OR_VARIANCE,
    (TRAIN, TRAIN_DEV): VARIANCE,
    (TRAIN, DEV): VARIANCE_OR_MISMATCH,
    (TRAIN, TEST): VARIANCE_OR_MISMATCH,
    (TRAIN_DEV, DEV): MISMATCH,
    (TRAIN_DEV, TEST): MISMATCH,
    (DEV, TEST): OVERFITTING,
}
# In the order in which they are to be closed.
CODES = {
    BIAS: "EH-BIAS",
    BIAS_OR_VARIANCE: "EH-BIAS-OR-VARIANCE",
    VARIANCE: "EH-VARIANCE",
    VARIANCE_OR_MISMATCH: "EH-VARIANCE-OR-MISMATCH",
    MISMATCH: "EH-MISMATCH",
    OVERFITTING: "EH-DEV-OVERFITTING",
}
LADDER, UNMEASURED = "ladder", "EH-RUNG"

"""The codes of findings: stable names by which they are looked up in docs/codes.md, and waived."""

from __future__ import annotations

# Code -> what it says, in half a sentence. What it means and what to do stands in docs/codes.md.
CODES = {
    "EH-SHIFT": "a column is distributed otherwise in one split than in the other",
    "EH-SHIFT-JOINT": "a classifier tells the examples of two splits apart",
    "EH-DIFFERENCE": "a declared difference between splits is larger than was declared",
    "EH-LEAK-ID": "ids of one split are also in the other",
    "EH-LEAK-CONTENT": "rows of one split have the content of rows of the other",
    "EH-LEAK-NEAR": "texts of one split are nearly those of the other",
    "EH-LEAK-EMBEDDING": "embeddings of one split lie closer to the other than its own do",
    "EH-LEAK-CLUSTER": "clusters of one split are also in the other",
    "EH-LEAK-TIME": "rows that must come later do not",
    "EH-DUPLICATE": "rows of one split repeat others of it",
    "EH-SIZE": "a split is too small to show what a bound asks for",
    "EH-SIZE-NEVER": "a bound can never pass on a split of this size",
    "EH-RUNG": "a rung of the ladder from human level to test cannot be measured",
    "EH-BIAS": "the model does worse on what it has learnt from than people do",
    "EH-BIAS-OR-VARIANCE": "the model does worse than people do; bias and variance are not apart",
    "EH-VARIANCE": "the model does worse on examples that it has not learnt from",
    "EH-VARIANCE-OR-MISMATCH": "the model does worse on dev than on train; why is not apart",
    "EH-MISMATCH": "the model does worse on dev than on new examples of the training data",
    "EH-DEV-OVERFITTING": "the model does worse on test than on dev",
    "EH-BOUND": "a model is not shown to meet a bound",
    "EH-OBJECTIVE": "a model is not shown to be better than its baseline, or not worse by much",
    "EH-HELD-OUT": "a model is not shown to meet everything that is asked on a held-out split",
    "EH-CHOICE": "of several models none is shown to meet every bound",
    "EH-PREFERENCE": "the optimizing metric ranks two models otherwise than people do",
}

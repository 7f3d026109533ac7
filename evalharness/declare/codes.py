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
}

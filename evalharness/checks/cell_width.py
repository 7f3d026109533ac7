"""Text in the cells of a terminal, of which a wide character (Chinese, Japanese, Korean) takes two
and a combining one none."""

from __future__ import annotations

import textwrap
import unicodedata

# Stands beside each wide character while lines are broken.
FILLER = "\0"
NOTHING = ("Mn", "Me", "Cf")


def cells(text: str) -> int:
    """How many cells a text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in NOTHING:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, most: int) -> str:
    """A text of so many cells at most; what is cut ends in "…"."""
    text = text.replace("\n", "\\n")
    if cells(text) <= most:
        return text
    while cells(text) > most - 1:
        text = text[:-1]
    return f"{text}…"


def padded(text: str, width: int, left: bool = False) -> str:
    """A text with blanks to its right, or to its `left`, up to so many cells."""
    blanks = " " * (width - cells(text))
    return blanks + text if left else text + blanks


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of so many cells at most; those below the first are indented."""
    filled = "".join(c + FILLER * (_width(c) - 1) for c in text)
    lines = textwrap.wrap(filled, width, subsequent_indent=indent)
    return [line.replace(FILLER, "") for line in lines]

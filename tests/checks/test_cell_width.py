"""Texts of wide and of combining characters in the cells of a terminal."""

import pytest

from evalharness.checks.cell_width import cells, cut, padded, wrapped


@pytest.mark.parametrize(
    "text, width",
    [("abc", 3), ("–◄…", 3), ("東京", 4), ("ｆｕｌｌ", 8), ("서울 x", 6), ("e\u0301", 1), ("", 0)],
)
def test_cells(text, width):
    assert cells(text) == width
    assert padded(text, 10) == text + " " * (10 - width)
    assert padded(text, 10, left=True) == " " * (10 - width) + text


@pytest.mark.parametrize(
    "text, most, shown",
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("東京都", 6, "東京都"),
        ("東京都", 5, "東京…"),
        ("東京都", 4, "東…"),
        ("a\nb", 9, "a\\nb"),
    ],
)
def test_what_is_cut_keeps_to_its_cells(text, most, shown):
    assert cut(text, most) == shown
    assert cells(shown) <= most


def test_lines_are_broken_by_cells():
    text = "東京 大阪 横浜 " * 5 + "and the others"
    lines = wrapped(text, 20, "  ")
    assert max(map(cells, lines)) <= 20
    assert all(line.startswith("  ") for line in lines[1:])
    assert " ".join(" ".join(lines).split()) == text
    assert wrapped("東" * 30, 20) == ["東" * 10] * 3

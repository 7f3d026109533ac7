"""The file of a ledger: chained, appended to by many, readable whatever happens to a process."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evalharness.ledger import file, history
from evalharness.ledger.file import LedgerError
from tests.ledger.lines import entry

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evalharness.ledger"


def filled(path, n=5):
    for i in range(n):
        file.append(path, [entry(i)], "cats")
    return path


def keys(path):
    return [x.key for x in history.looks(file.read(path))]


def test_what_was_appended_is_read(path):
    assert not file.read(path).there
    told = [entry(i) for i in range(3)]
    for one in told:
        file.append(path, [one], "cats")
    book = file.read(path)
    assert (book.project, book.notes, book.fresh) == ("cats", (), True)
    assert keys(path) == [e["key"] for e in told]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["schema"] == file.SCHEMA
    assert [b["previous"] for b in lines[1:]] == [a["hash"] for a in lines[:-1]]


def test_looks_and_their_verdicts(path):
    one, other = entry(0), entry(1)
    file.append(path, [one, other], "")
    file.append(path, [{"kind": "verdict", "time": "", "of": one["key"], "verdict": "passed"}], "")
    assert [x.verdict for x in history.looks(file.read(path))] == ["passed", ""]


@pytest.mark.parametrize(
    "edit, says",
    [
        (lambda ls: [*ls[:2], ls[2].replace("local", "ci"), *ls[3:]], "line 3 .* was edited"),
        (lambda ls: [ls[0].replace("cats", "dogs"), *ls[1:]], "line 1 .* was edited"),
        (lambda ls: [*ls[:2], *ls[3:]], "line 3 .* does not follow line 2"),
        (lambda ls: [ls[0], ls[2], ls[1], *ls[3:]], "line 2 .* does not follow line 1"),
        (lambda ls: [*ls[:2], "{}", *ls[3:]], "line 4 .* does not follow line 2"),
        (lambda ls: [*ls[:3], "<<<<<<< HEAD", *ls[3:]], "line 4 .* merge conflict.*--merge"),
        (lambda ls: ["label,prediction", *ls], "is no ledger"),
        (lambda ls: ls[1:], "schema None"),
        (lambda ls: [ls[0].replace("ledger/1", "ledger/2"), *ls[1:]], "'evalharness.ledger/2'"),
    ],
)
def test_what_was_changed_by_hand_is_an_error(path, edit, says):
    lines = filled(path).read_text().splitlines()
    path.write_text("\n".join(edit(lines)) + "\n")
    with pytest.raises(LedgerError, match=says):
        file.read(path)
    before = path.read_bytes()
    with pytest.raises(LedgerError):
        file.append(path, [entry(9)], "cats")
    assert path.read_bytes() == before


def test_a_folder_is_no_ledger(tmp_path):
    with pytest.raises(LedgerError, match="is a folder; name a file in it"):
        file.read(tmp_path)


def test_a_clock_that_goes_backwards_is_said(path):
    for n in (5, 3, 9):
        file.append(path, [entry(n)], "")
    book = file.read(path)
    assert len(book.entries) == 3
    (note,) = book.notes
    assert note.startswith("line 3 is older than the one before: a clock went backwards")


def test_whatever_is_left_of_a_line_the_rest_is_read(path):
    """What a killed process leaves of its line, simulated: the file is cut at each of 200 places
    in its last line, read, and appended to."""
    filled(path, 3)
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    before = keys(path)
    rng = np.random.default_rng(0)
    cuts = {start, len(whole) - 1, *rng.integers(start, len(whole), 200).tolist()}
    for cut in cuts:
        path.write_bytes(whole[:cut])
        book = file.read(path)
        # Without its last byte, the end of the line, it is whole.
        assert len(book.entries) == 2 + (cut == len(whole) - 1)
        torn = start < cut < len(whole) - 1
        assert len(book.notes) == torn
        file.append(path, [entry(7)], "cats")
        book = file.read(path)
        assert len(book.entries) == 3 + (cut == len(whole) - 1)
        assert len(book.notes) == torn
        assert keys(path)[:2] == before[:2]


def test_a_first_line_that_is_not_whole_is_begun_anew(path):
    filled(path, 1)
    head = path.read_bytes().split(b"\n")[0]
    for cut in range(0, len(head), 7):
        path.write_bytes(head[:cut])
        assert not file.read(path).begun
        file.append(path, [entry(1)], "cats")
        assert len(file.read(path).entries) == 1


def crowd(what, path):
    """What a process of its own prints."""
    command = [sys.executable, "-m", "tests.ledger.crowd", what, str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_process_that_is_killed_loses_its_own_line_only(path):
    """Real: forty processes that append without end, each killed at a random time. The lock is free
    again, and what stood there stands there."""
    crowd("killed", path)
    found = history.looks(file.read(path))
    after = [x.predictions for x in found if x.evaluation == "TestAfter"]
    assert after == [f"{n:064d}" for n in range(40)]
    assert len(found) > 40  # some of the lines of those that were killed are there


def test_eight_processes_at_once_lose_nothing(path):
    crowd("writers", path)
    book = file.read(path)
    assert not [note for note in book.notes if "not whole" in note]
    found = history.looks(book)
    assert len({x.key for x in found}) == len(found) == 80
    for child in range(8):
        mine = [x.predictions for x in found if x.evaluation == f"Test{child}"]
        assert mine == [f"{n:064d}" for n in range(10)]


def test_a_full_disk_loses_no_earlier_line(path):
    """A limit on the size of files stands for the disk: the line is cut by it."""
    before = filled(path, 2).read_bytes()
    assert crowd("full", path).strip() == "OSError"
    assert path.read_bytes() == before
    file.append(path, [entry(3)], "cats")
    assert len(file.read(path).entries) == 3

"""Two branches' ledgers: each look counts once, and they add up."""

import shutil

import pytest

from evalharness.cli import main
from evalharness.ledger import file, history
from evalharness.ledger.file import LedgerError
from evalharness.ledger.merge import merge
from tests.ledger.lines import entry


@pytest.fixture
def branches(tmp_path):
    """Three looks in common, then two on the one and one on the other branch."""
    mine, theirs = tmp_path / "mine.ledger", tmp_path / "theirs.ledger"
    for n in (0, 10, 20):
        file.append(mine, [entry(n)], "cats")
    shutil.copy(mine, theirs)
    for path, n in ((mine, 30), (mine, 50), (theirs, 40)):
        file.append(path, [entry(n)], "cats")
    return mine, theirs


def times(path):
    return [int(x.time[-3:-1]) for x in history.looks(file.read(path))]


def test_the_union_is_in_the_order_of_time(branches):
    mine, theirs = branches
    assert merge(mine, [theirs]) == 1
    assert times(mine) == [0, 10, 20, 30, 40, 50]
    assert not file.read(mine).notes
    assert merge(mine, [theirs]) == 0
    assert times(theirs) == [0, 10, 20, 40]
    merge(theirs, [mine])
    assert theirs.read_bytes() == mine.read_bytes()
    assert not list(mine.parent.glob("*.part"))


def test_equal_looks_of_two_branches_are_two_looks(tmp_path):
    """As two developers who judged the same predictions by the same gate at the same second."""
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for path in (mine, theirs):
        file.append(path, [entry(0)], "")
    merge(mine, [theirs])
    assert times(mine) == [0, 0]


def test_a_broken_or_missing_one_changes_nothing(branches, tmp_path):
    mine, theirs = branches
    before = mine.read_bytes()
    theirs.write_text(theirs.read_text().replace("local", "ci", 1))
    with pytest.raises(LedgerError, match="line 2 of the ledger .*theirs.ledger was edited"):
        merge(mine, [theirs])
    with pytest.raises(LedgerError, match="there is no ledger .*absent"):
        merge(mine, [tmp_path / "absent"])
    assert mine.read_bytes() == before


def test_the_command(branches, capsys):
    mine, theirs = branches
    assert main(["ledger", str(mine), "--merge", str(theirs)]) == 0
    assert "1 line of" in capsys.readouterr().out
    assert main(["ledger", str(mine)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("6 looks at test (ffffffffffff, n=400)\n")
    assert "6 of these were only counted" in out
    assert main(["ledger", str(mine), "--new"]) == 2
    assert "never begun anew" in capsys.readouterr().err
    mine.write_text(mine.read_text().replace("local", "ci", 1))
    assert main(["ledger", str(mine)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("evalharness: line 2 of the ledger")
    assert err.count("\n") == 1


def test_a_new_one(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "cats"\n')
    assert main(["ledger"]) == 2
    assert "`evalharness ledger evalharness.ledger --new`" in capsys.readouterr().err
    assert main(["ledger", "--new"]) == 0
    assert "for the project 'cats'" in capsys.readouterr().out
    assert file.read(tmp_path / "evalharness.ledger").project == "cats"
    assert main(["ledger"]) == 0
    assert "no looks so far" in capsys.readouterr().out

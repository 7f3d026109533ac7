"""`evalharness promote`: who made which result the baseline, when, and of which commit."""

import json
import subprocess

import pytest

from evalharness import Outputs
from evalharness.cli import main
from tests.saved_results import TestEvery, table


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository of one commit, by one who has a name."""
    monkeypatch.chdir(tmp_path)
    for key in ("GIT_DIR", "GIT_WORK_TREE"):
        monkeypatch.delenv(key, raising=False)
    (tmp_path / "model.txt").write_text("1")
    for arguments in (
        ["init", "-q"],
        ["config", "user.name", "Ana"],
        ["config", "user.email", "ana@example.org"],
        ["add", "."],
        ["commit", "-q", "-m", "first"],
    ):
        subprocess.run(["git", *arguments], check=True, cwd=tmp_path)
    TestEvery.run().save("v1")
    return tmp_path


def record(project):
    return json.loads((project / ".evalharness" / "baseline.json").read_text())


def promoted(capsys, name):
    code = main(["promote", name])
    found = capsys.readouterr()
    return code, found.out + found.err


def test_what_is_recorded(project, capsys):
    code, told = promoted(capsys, "v1")
    assert code == 0
    assert told.startswith("v1 is the baseline now (.evalharness/baseline.json, sha256 ")
    assert told.endswith("before there was none\n")
    found = record(project)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert found["commit"] == head.stdout.strip()
    assert found["dirty"] is False
    assert found["who"] == "Ana <ana@example.org>"
    assert found["when"].endswith("+00:00")
    assert found["name"] == "v1"
    assert found["data"]["TestEvery"]["model"]["test"].startswith("sha256:")
    before = (project / ".evalharness" / "baseline.json").read_bytes()
    code, told = promoted(capsys, "v1")
    assert (code, "is the baseline already, since" in told) == (0, True)
    assert (project / ".evalharness" / "baseline.json").read_bytes() == before


def test_promoting_over_another_says_what_it_was(project, capsys):
    promoted(capsys, "v1")
    (project / "model.txt").write_text("2")
    TestEvery.run(Outputs(test=table(wrong=3))).save("v2")
    code, told = promoted(capsys, "v2")
    assert code == 0
    assert "before it was v1, promoted by Ana <ana@example.org> on 20" in told
    assert record(project)["dirty"] is True
    TestEvery.run(Outputs(test=table(wrong=4))).save("v2", rewrite=True)
    assert "before it was v2 with other content" in promoted(capsys, "v2")[1]


def test_what_cannot_be_promoted(project, capsys):
    for name, message in [
        ("v9", "no result was saved as 'v9'"),
        ("a/b", "'a/b' is no name of a saved result"),
        ("baseline", "choose another name"),
    ]:
        code, told = promoted(capsys, name)
        assert (code, message in told) == (2, True)
    assert not (project / ".evalharness" / "baseline.json").exists()
    (project / ".evalharness" / "baseline.json").write_text("{")
    code, told = promoted(capsys, "v1")
    assert (code, "only part of one" in told) == (2, True)


def test_without_git_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("USER", "ben")
    monkeypatch.setenv("LOGNAME", "ben")
    TestEvery.run().save("v1")
    assert promoted(capsys, "v1")[0] == 0
    found = record(tmp_path)
    assert (found["commit"], found["dirty"], found["who"]) == (None, None, "ben")


def test_what_cannot_be_read_is_no_baseline(project, capsys):
    torn = {"schema": "evalharness.saved/1", "evaluations": {"x": {}}}
    (project / ".evalharness" / "torn.json").write_text(json.dumps(torn))
    code, told = promoted(capsys, "torn")
    assert code == 2
    assert "cannot be read" in told
    assert not (project / ".evalharness" / "baseline.json").exists()

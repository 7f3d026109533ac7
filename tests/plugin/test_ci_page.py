"""docs/ci.md tells the truth: its commands run, and every exit code is what it says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from evalharness.kernels.backend import cache_folder
from tests.plugin.junit import cases
from tests.plugin.suites import BROKEN, GATE, PAIR

pytestmark = pytest.mark.usefixtures("loaded")

PAGE = Path(__file__).parents[2].joinpath("docs", "ci.md").read_text(encoding="utf-8")
FILES = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
ITEM = re.compile(r"^ +- (?:run: )?((?:python|pytest|evalharness) .*)$", re.MULTILINE)


def listed(file, key):
    """The lines of a list, or of a text, below a key."""
    (indent, below) = re.search(rf"^( *){key}:(?: \|)?\n((?:\1 +.*\n)+)", file, re.M).groups()
    return [line.strip().removeprefix("- ") for line in below.splitlines()]


def test_all_files_are_complete():
    assert len(FILES) == 3
    for file in FILES:
        assert "\t" not in file
        install, *run = ITEM.findall(file)
        assert install == "python -m pip install -r requirements.txt"
        assert run
        assert "EVALHARNESS_CACHE: .cache/evalharness\n" in file
    github, gitlab, held_out = FILES
    assert re.search(r"^permissions:\n  contents: read\n\n", github, re.M)
    assert "pull_request_target" not in github
    assert "path: .cache/evalharness" in github
    assert ".cache/evalharness" in listed(gitlab, "paths")
    assert listed(github, "path") == ["junit.xml", "result.json"]
    assert gitlab.count("- junit.xml\n") == gitlab.count("- result.json\n") == 1
    # A look that is cancelled has spent its level, and two at once would spend it twice.
    assert "  group: held-out\n  cancel-in-progress: false\n" in held_out
    assert "if: ${{ always() }}" in held_out


def test_the_ledger_is_fetched_and_kept(tmp_path, monkeypatch):
    """The steps of the third file with a ledger that grows, in a clone of a repository."""
    hub, clone = tmp_path / "hub", tmp_path / "clone"

    def git(*arguments, cwd=hub):
        name = ("-c", "user.name=ana", "-c", "user.email=ana@localhost")
        done = subprocess.run(["git", *name, *arguments], cwd=cwd, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    hub.mkdir()
    git("init", "-q", "-b", "main")
    for branch, file in (("main", "test_it.py"), ("ledger", "evalharness.ledger")):
        git("checkout", "-q", "-B", branch)
        (hub / file).write_text("one\n")
        git("add", ".")
        git("commit", "-q", "-m", file)
    git("checkout", "-q", "main")
    git("clone", "-q", str(hub), str(clone), cwd=tmp_path)
    fetch, keep = re.findall(r"run: \|\n((?:          .*\n)+)", FILES[2])
    for script in (fetch, "echo two >> evalharness.ledger", keep):
        lines = "\n".join(line.strip() for line in script.splitlines())
        done = subprocess.run(["sh", "-e", "-c", lines], cwd=clone, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert git("show", "ledger:evalharness.ledger") == "one\ntwo\n"


def test_the_cache_is_where_it_is_said_to_be(monkeypatch):
    monkeypatch.setenv("EVALHARNESS_CACHE", ".cache/evalharness")
    assert cache_folder() == Path(".cache/evalharness")


def test_the_commands_leave_what_is_kept(pytester):
    pytester.makepyfile(test_pair=PAIR)
    commands = dict.fromkeys(c for file in FILES for c in ITEM.findall(file)[1:])
    on_github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md"}
    for command in commands:
        program, *arguments = shlex.split(command)
        done = subprocess.run(
            [sys.executable, "-m", program, *arguments],
            env=os.environ | on_github,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "\n::" not in done.stdout
    for name in listed(FILES[0], "path"):
        assert (pytester.path / name).stat().st_size
    assert len(cases(pytester.path / "junit.xml")) == 2
    assert "### TestPair" in (pytester.path / "summary.md").read_text()


SKIPS = BROKEN.replace('raise ValueError("no such bucket")', 'import pytest; pytest.skip("later")')
WRONG = GATE.replace(">= 0.90", ">= 90")
REMOVED = """
import pytest

@pytest.fixture(scope="session", autouse=True)
def folder():
    yield
    import os
    os.rmdir("folder")

def test_it(): pass
"""
WARNS = """
def test_it():
    import warnings
    warnings.warn("old")
"""
ENDS = [
    (0, PAIR, [], "2 passed"),
    (0, GATE, ["-k", "specificity", "--eval-inconclusive=skip"], "the gate guarantees nothing"),
    (0, GATE, ["-k", "specificity", "--eval-inconclusive=pass"], "the gate guarantees nothing"),
    (0, SKIPS, [], "3 skipped"),
    (1, GATE, ["-k", "specificity"], "INCONCLUSIVE: "),
    (1, GATE, ["-k", "accuracy-test"], "FAIL: "),
    (1, BROKEN, [], "no such bucket"),
    (2, WRONG, [], "DeclarationError"),
    (3, REMOVED, ["--eval-json=folder/result.json"], "could not be written"),
    (4, PAIR, ["--eval-json=none/result.json"], "there is no folder"),
    (4, PAIR, ["--eval-inconclusive=perhaps"], "invalid choice"),
    (5, PAIR, ["-k", "nothing"], "2 deselected"),
]
if hasattr(pytest.ExitCode, "MAX_WARNINGS_ERROR"):
    ENDS.append((6, WARNS, ["-W", "default", "--max-warnings=0"], "1 passed, 1 warning"))


@pytest.mark.parametrize(("code", "suite", "options", "words"), ENDS, ids=range(len(ENDS)))
def test_an_exit_code(pytester, code, suite, options, words):
    pytester.mkdir("folder")
    pytester.makepyfile(test_it=suite)
    result = pytester.runpytest_inprocess(*options)
    assert result.ret == code
    assert words in result.stdout.str() + result.stderr.str()


def test_every_exit_code_is_told():
    told = re.findall(r"^\| (\d) \| ([A-Z_]+) \|", PAGE, re.MULTILINE)
    assert {(code.value, code.name) for code in pytest.ExitCode} <= {(int(c), n) for c, n in told}
    assert {code for code, *_ in ENDS} == {code.value for code in pytest.ExitCode}

"""The JSON file of a run: what it holds, and where it may be written. Its page tells the truth."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from evalharness.result import Result
from tests.plugin.junit import cases
from tests.plugin.suites import BROKEN, GATE, TABLE

DOCS = Path(__file__).parents[2] / "docs" / "result.md"

# Infinite bounds, an undefined value and several slices, as JSON has to hold them.
REPORTED = (
    TABLE
    + """
from evalharness.metrics import latency

class TestAll(Evaluation):
    satisficing = [
        recall.on("test") >= 0.90,
        latency.quantile(0.999).on("test") <= 100,
        precision(threshold=9).on("test") >= 0.5,
        accuracy.on("test").by("device") >= 0.9,
    ]
    also = [f1.on("test")]

    @classmethod
    def outputs(cls):
        return Outputs(test=table() | {"score": np.arange(400) / 400, "latency": np.arange(400)})

class TestPoint(TestAll):
    policy = "point"

def test_run():
    TestAll.run().to_json("0.json")
    TestPoint.run().to_json("1.json")
"""
)


def test_results_can_be_read_out_of_the_report(pytester):
    pytester.makepyfile(test_it=REPORTED)
    pytester.runpytest_inprocess("-W", "error", "--eval-json=result.json")
    report = json.loads((pytester.path / "result.json").read_text())
    assert list(report) == ["schema", "results", "errors"]
    assert [r["node"] for r in report["results"]] == [
        "test_it.py::TestAll",
        "test_it.py::TestPoint",
    ]
    for place, held in enumerate(report["results"]):
        read = Result.from_dict(held)
        made = Result.from_json(pytester.path / f"{place}.json")
        assert read.provenance.keys() == made.provenance.keys()
        assert replace(read, provenance={}) == replace(made, provenance={})
        assert str(read) == str(made)


def test_the_report_and_the_properties_are_documented(pytester):
    pytester.makepyfile(test_gate=GATE, test_broken=BROKEN)
    pytester.runpytest_inprocess("--eval-json=result.json", "--junitxml=junit.xml")
    report = json.loads((pytester.path / "result.json").read_text())
    junit = cases(pytester.path / "junit.xml")
    page = DOCS.read_text(encoding="utf-8")
    _, _, page = page.partition("## The report of a pytest run")
    of_report, _, of_junit = page.partition("## Properties in a JUnit file")
    (error,) = report["errors"]
    assert set(report) | set(error) <= set(re.findall(r"`(\w+)`", of_report))
    told = junit["test_satisficing[recall-test]"][2]
    rows = [line.split("|")[1] for line in of_junit.splitlines() if line.startswith("| `")]
    assert set(told) == set(re.findall(r"`(\w+)`", "".join(rows)))


def test_the_limit_is_at_the_level_that_is_documented(pytester):
    pytester.makepyfile(test_gate=GATE)
    pytester.runpytest_inprocess("--eval-json=result.json", "-k", "satisficing")
    report = json.loads((pytester.path / "result.json").read_text())
    for check in report["results"][0]["checks"]:
        for verdict in check["verdicts"]:
            estimate = verdict["estimate"]
            if verdict["outcome"] == "fail":
                assert verdict["level"] == pytest.approx(0.05 / 4)
                assert verdict["limit"] > estimate["at_most"]
            else:
                assert verdict["limit"] == estimate["at_least"]


def test_a_json_file_that_cannot_be_written_is_no_success(pytester):
    pytester.makeconftest(
        """
        import os

        def pytest_runtest_teardown(item):
            os.rmdir("folder")
        """
    )
    pytester.mkdir("folder")
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_inprocess("--eval-json=folder/result.json")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.stdout.fnmatch_lines(["evalharness: --eval-json=*could not be written: *"])


def test_the_json_file_is_written_to_what_a_link_leads_to(pytester):
    pytester.makepyfile("def test_it(): pass")
    folder = pytester.mkdir("folder")
    for name in ("old", "new"):
        (pytester.path / name).symlink_to(folder / f"{name}.json")
    (folder / "old.json").write_text("before")
    for name in ("old", "new"):
        assert pytester.runpytest_inprocess(f"--eval-json={name}").ret == 0
        assert (pytester.path / name).is_symlink()
        report = json.loads((folder / f"{name}.json").read_text())
        assert report == {"schema": "evalharness.report/1", "results": [], "errors": []}
    assert len(list(folder.iterdir())) == 2


def test_what_is_no_regular_file_is_written_to_and_not_replaced(pytester):
    pytester.makepyfile("def test_it(): pass")
    (pytester.path / "null").symlink_to(os.devnull)
    for name in (os.devnull, "null"):
        assert pytester.runpytest_inprocess(f"--eval-json={name}").ret == 0
        assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    assert (pytester.path / "null").is_symlink()

    pipe = pytester.path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert pytester.runpytest_inprocess(f"--eval-json={pipe}").ret == 0
    reader.join(timeout=30)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert json.loads(read[0])["results"] == []


@pytest.mark.parametrize("name", ["/dev/stdout", "log.txt"])
def test_what_a_run_prints_to_is_not_replaced(pytester, name):
    pytester.makepyfile("def test_it(): pass")
    command = [sys.executable, "-m", "pytest", f"--eval-json={name}"]
    with open("log.txt", "w") as log:
        done = subprocess.run(command, stdout=log, stderr=subprocess.PIPE, text=True)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"--eval-json={name}: this is the file that the run itself prints to;" in done.stderr
    done = subprocess.run([*command[:3], "--eval-json=/dev/stdout"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "evalharness.report/1" in done.stdout

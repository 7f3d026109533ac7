"""What the README shows is what happens."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import evalharness
from evalharness import metrics
from evalharness.metrics import listing
from tests.metrics.measure import run

README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
SHOWN = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def names():
    """What the README's passages take as imported."""
    return {n: getattr(evalharness, n) for n in evalharness.__all__} | {
        n: getattr(metrics, n) for n in metrics.__all__
    }


def digits():
    """918 images, 903 read rightly; 97 eights, 91 of them read rightly: as in the README."""
    label = np.repeat(np.arange(10), [91] * 8 + [97, 93])
    prediction = label.copy()
    eights, others = np.flatnonzero(label == 8), np.flatnonzero(label != 8)
    prediction[eights[:6]], prediction[others[:9]] = 3, 9
    return {"label": label, "prediction": prediction, "latency": np.linspace(1, 9, len(label))}


def test_the_first_gate_says_what_is_printed(pytester):
    pq.write_table(pa.table(digits()), pytester.path / "test.parquet")
    pytester.makepyfile(test_release=CODE[0])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=1)
    printed = result.stdout.str()
    shown = [line for line in SHOWN[0].splitlines() if "on test" in line and "latency" not in line]
    assert len(shown) == 3
    for line in shown:
        assert line in printed


def test_six_lines():
    assert len([x for x in CODE[0].splitlines() if x.strip() and not x.startswith("#")]) == 6


def test_everything_that_can_be_declared_can(names):
    exec(CODE[1], names)
    assert [c.declared.metric.name for c in names["TestCats"].checks].count("recall") == 4


def test_the_catalogue_can_be_declared(names):
    def bleu(label, prediction):
        return 0.5

    exec(CODE[2], names | {"bleu": bleu})


def test_a_metric_of_ones_own(names):
    exec(CODE[3], names)
    handle = names["false_discovery_rate"]
    assert handle.value(evalharness.Cells(tp=8, fp=2, fn=0, tn=0)) == 0.2


def test_resampling_works_as_shown(names):
    label = np.tile([0, 1], 60)
    tables = [
        {"id": np.arange(120), "label": label, "prediction": np.where(np.arange(120) % k, label, 1)}
        for k in (7, 4)
    ]
    outputs = {
        m: evalharness.Outputs(test=t)
        for m, t in zip(("candidate", "production"), tables, strict=True)
    }
    place = metrics.f1.on("test")
    names["result"] = run(outputs, models=["candidate", "production"], also=[place])
    exec(CODE[5], names)
    assert names["difference"].value > 0


def test_the_page_of_all_metrics_is_what_the_command_prints():
    page = Path(__file__).parents[1] / "docs" / "metrics.md"
    assert page.read_text(encoding="utf-8") == listing.markdown(), (
        "run: evalharness metrics --markdown > docs/metrics.md"
    )


def test_every_page_that_is_linked_is_there():
    folder = Path(__file__).parents[1]
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (folder / target).exists(), target

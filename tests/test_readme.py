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


def reviews(folder):
    """As in the README: on dev 70 reviews are newly wrong and 150 newly right, on test 90 and 66,
    all of them of books."""
    (folder / "v1").mkdir()
    for start, (name, lost, won) in enumerate((("dev", 70, 150), ("test", 90, 66))):
        row = np.arange(4_000)
        label = row % 2
        new, old = label.copy(), label.copy()
        both = slice(lost + won, lost + won + 330)
        for prediction, wrong in ((new, slice(lost)), (old, slice(lost, lost + won))):
            prediction[wrong], prediction[both] = 1 - label[wrong], 1 - label[both]
        shop = np.where(row < 400, "books", np.where(row < 2_000, "music", "games"))
        common = {"id": row + 10_000 * start, "label": label, "shop": shop}
        for place, prediction in ((folder, new), (folder / "v1", old)):
            table = pa.table(common | {"prediction": prediction})
            pq.write_table(table, place / f"{name}.parquet")


def test_a_better_model_is_told_as_shown(pytester):
    reviews(pytester.path)
    pytester.makepyfile(test_reviews=CODE[2])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=1)
    printed = result.stdout.str()
    (shown,) = [text for text in SHOWN if "recall minus production" in text]
    lines = [line for line in shown.splitlines() if line not in ("", "...")]
    assert len(lines) == 9
    for line in lines:
        assert line in printed


def loans():
    """As in the README: the post codes of test are not those of dev, and 200 of its applications
    are those of train, under other ids, which the model knows by heart."""
    tables = {}
    sizes = {"train": (6000, 0.31), "dev": (4000, 0.31), "test": (4000, 0.04)}
    for place, (name, (n, medium)) in enumerate(sizes.items()):
        rng = np.random.default_rng(place)
        label = (rng.random(n) < (0.5 if name == "train" else 0.3)).astype(int)
        region = rng.random(n) < medium
        code = np.where(region, 945, 941) * 100 + rng.integers(0, 40, n)
        income = np.round(rng.normal(50 - 8 * label - 10 * ~region, 9), 1)
        right = rng.random(n) < np.where(region, 0.9, 0.84)
        amounts = enumerate(rng.integers(1, 90, n))
        tables[name] = {
            "id": np.arange(n) + 10_000 * place,
            "label": label,
            "prediction": np.where(right, label, 1 - label),
            "post_code": code.astype(str),
            "income": income,
            "application": [f"Loan {place}-{k} of {amount}" for k, amount in amounts],
        }
    train, test = tables["train"], tables["test"]
    test["application"][:200] = [text.upper() for text in train["application"][:200]]
    test["prediction"][:200] = test["label"][:200]
    return tables


def test_splits_are_told_as_shown(pytester):
    for name, table in loans().items():
        pq.write_table(pa.table(table), pytester.path / f"{name}.parquet")
    pytester.makepyfile(test_loans=CODE[3])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=4, failed=2)
    printed = result.stdout.str()
    (shown,) = [text for text in SHOWN if "same_distribution" in text]
    lines = [line for line in shown.splitlines() if line not in ("", "...")]
    assert len(lines) == 10
    for line in lines:
        assert line in printed


def test_splits_are_assigned_as_shown(names):
    exec(CODE[4], names | {"patient": 17})


def scans(folder):
    """As in the README: errors on 20,000 rows of train and 4,000 of each other split."""
    start = 0
    for name, n, wrong in (
        ("train", 20_000, 300),
        ("train_dev", 4_000, 360),
        ("dev", 4_000, 404),
        ("test", 4_000, 396),
    ):
        label = np.arange(n) % 2
        prediction = np.where(np.arange(n) < wrong, 1 - label, label)
        ids = [f"scan-{start + row}" for row in range(n)]
        table = {"id": ids, "label": label, "prediction": prediction}
        pq.write_table(pa.table(table), folder / f"{name}.parquet")
        start += n


def test_a_ladder_is_drawn_as_shown(pytester):
    scans(pytester.path)
    pytester.makepyfile(test_scans=CODE[5])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=3)
    printed = result.stdout.str()
    (shown,) = [text for text in SHOWN if "error_rate minus human" in text]
    lines = [line for line in shown.splitlines() if line not in ("", "...")]
    assert len(lines) >= 15
    for line in lines:
        assert line in printed


def test_six_lines():
    assert len([x for x in CODE[0].splitlines() if x.strip() and not x.startswith("#")]) == 6


def test_everything_that_can_be_declared_can(names):
    exec(CODE[1], names)
    written = [str(c.declared) for c in names["TestCats"].checks]
    assert sum(text.startswith("recall") for text in written) == 5
    assert written[0] == 'f1.on("dev").against("production")'
    assert written[-3:] == [
        'same_distribution("dev", "test")',
        "dev_overfitting of f1",
        "ladder of f1",
    ]


def test_the_catalogue_can_be_declared(names):
    def bleu(label, prediction):
        return 0.5

    exec(CODE[6], names | {"bleu": bleu})


def test_a_metric_of_ones_own(names):
    exec(CODE[7], names)
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
    exec(CODE[9], names)
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


def test_the_page_about_diagnoses_can_be_declared(names):
    page = Path(__file__).parents[1] / "docs" / "diagnosis.md"
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    exec(code, names)
    assert [c.id for c in names["TestScans"].checks] == ["ladder"]

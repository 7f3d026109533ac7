"""What makes a look the same look."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalharness import Outputs
from evalharness.declare.errors import OutputsError
from evalharness.kernels.plan import Plan
from evalharness.ledger import history, surroundings
from evalharness.ledger.look import K, sets
from tests.ledger.lines import look


def of(rows, strict=True):
    return sets(Plan({"m": Outputs(test=rows)}), "m", ["test"], strict)["test"]


def table(ids, **more):
    ids = np.asarray(ids)
    return {"id": ids, "label": ids % 2, "prediction": ids % 3 % 2} | more


def test_the_fingerprint_is_of_ids_and_labels_in_any_order():
    rows = np.random.default_rng(0).permutation(1000)
    one = of(table(np.arange(1000)))
    assert of(table(rows)) == one
    assert of(table(np.arange(1000), prediction=np.ones(1000, int))) == one
    text = table(np.arange(1000)) | {"id": [f"{i}" for i in range(1000)]}
    assert of(text) == one  # as a CSV file has them
    assert of(table(np.arange(1000.0))) == one  # as pandas has integers beside nulls
    flipped = table(np.arange(1000), label=1 - np.arange(1000) % 2)
    assert of(flipped).fingerprint != one.fingerprint
    assert of(flipped).overlap(one) == 1.0


def test_the_sketch_is_of_ids_alone():
    """A label could be guessed from a hash of both."""
    flipped = table(np.arange(50), label=1 - np.arange(50) % 2)
    assert of(table(np.arange(50))).sketch == of(flipped).sketch


@pytest.mark.parametrize("n", [100, 2000])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_growth_and_overlap_are_seen(n, share):
    """Exact up to K examples; about so beyond."""
    common = int(share * n)
    old = of(table(np.arange(n)))
    new = of(table([*range(common), *range(10**6, 10**6 + n)]))
    expected = common / (common + n)
    tolerance = 0 if 2 * n <= K else 4 * np.sqrt(0.25 / K)
    assert new.overlap(old) == pytest.approx(expected, abs=tolerance + 1e-12)
    assert (new.overlap(old) > 0) == (share > 0)


def test_without_ids_a_set_is_known_by_its_labels():
    rows = {k: v for k, v in table(np.arange(100)).items() if k != "id"}
    one = of(rows, strict=False)
    assert one.sketch == ()
    assert of(rows, strict=False).overlap(one) == 1.0
    longer = {k: np.append(v, 1) for k, v in rows.items()}
    assert of(longer, strict=False).overlap(one) == 0.0
    with pytest.raises(OutputsError, match="no column `id`.* must know the examples again"):
        of(rows)


def test_looks_at_a_test_set_are_those_that_share_examples():
    first, grown, other = (
        of(table(ids)) for ids in (np.arange(200), np.arange(300), np.arange(900, 1000))
    )
    every = [look(1, sets={"test": s}) for s in (first, grown, other)]
    assert history.at([first], every) == every[:2]
    assert history.at([other], every) == every[2:]
    assert [len(g) for g in history.groups(every)] == [2, 1]
    assert history.overlaps([grown], every[:1])[grown.fingerprint] == pytest.approx(2 / 3, abs=0.2)


def test_a_sketch_stands_in_the_ledger_once():
    one = look(0)
    assert "sketch" in one.entry([])["sets"]["test"]
    assert "sketch" not in one.entry(history.known([one]))["sets"]["test"]


def test_the_project_is_named_by_pyproject_or_by_the_clone(tmp_path, monkeypatch):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert surroundings.commit(inner) == surroundings.project(inner) == ""
    (tmp_path / "a" / ".git").mkdir()
    monkeypatch.setattr(surroundings, "_git", lambda *_: "git@host:team/dogs.git")
    assert surroundings.project(inner) == "dogs"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "cats"\n')
    assert surroundings.project(inner) == "dogs"  # what lies above the repository is another's
    (tmp_path / "a" / "pyproject.toml").write_text('[project]\nname = "cats"\n')
    assert surroundings.project(inner) == "cats"


@pytest.mark.parametrize("value, found", [("true", "ci"), ("1", "ci"), ("", "local")])
def test_ci_is_told_by_its_variable(monkeypatch, value, found):
    monkeypatch.setenv("CI", value)
    assert surroundings.environment() == found
    monkeypatch.delenv("CI")
    assert surroundings.environment() == "local"


def test_a_set_that_is_read_in_batches_is_the_same_set(tmp_path):
    rows = pa.table(table(np.arange(1000)))
    pq.write_table(rows[:600], tmp_path / "a.parquet")
    pq.write_table(rows[600:], tmp_path / "b.parquet")
    assert of(str(tmp_path)) == of(table(np.arange(1000)))

"""Every code is explained, and every code that is explained is there."""

import re
from pathlib import Path

from evalharness.declare import rungs
from evalharness.declare import split_checks as splits
from evalharness.declare.bound import Bound
from evalharness.declare.codes import CODES
from evalharness.declare.objective import Against, Choice
from evalharness.declare.preference import Preference

PAGE = Path(__file__).parents[1].joinpath("docs", "codes.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (EH-\S+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
CHECKS = (
    splits.SameDistribution,
    splits.KnownDifference,
    splits.NoLeakage,
    splits.LargeEnough,
)
KINDS = (
    ("satisficing", Bound),
    ("optimizing", Against),
    ("optimizing", Choice),
    ("preferences", Preference),
)


def test_every_code_is_explained_and_has_a_remedy():
    assert set(SECTIONS) == set(CODES)
    for name, text in SECTIONS.items():
        said, done = (
            re.search(rf"\*\*{head}\*\* (.+)", text) for head in ("What it says.", "What to do.")
        )
        assert said, name
        assert done, name


def test_every_code_is_of_one_check_that_its_page_names():
    owners = {code: check.name for check in CHECKS for code in check.codes}
    for kind, declared in KINDS:
        owners |= dict.fromkeys(declared.finds, kind)
    owners |= dict.fromkeys([*rungs.CODES.values(), rungs.UNMEASURED], "bias_variance")
    owners["EH-HELD-OUT"] = "ledger"
    assert set(owners) == set(CODES)
    for code, check in owners.items():
        assert f"Of `{check}" in SECTIONS[code]


def test_codes_in_the_source_are_known():
    source = Path(splits.__file__).parents[1]
    used = {
        code
        for path in source.rglob("*.py")
        for code in re.findall(r"EH-[A-Z]+(?:-[A-Z]+)*", path.read_text(encoding="utf-8"))
    }
    assert used <= set(CODES)

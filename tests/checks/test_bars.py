"""A ladder is at most 15 lines of 80 columns, whatever its numbers."""

import math

from hypothesis import given
from hypothesis import strategies as st

from evalharness import Human
from evalharness.checks.advice import KNOBS, headline
from evalharness.checks.bars import LINES, WIDTH, lines, more
from evalharness.checks.diagnosed import Diagnosis, Gap, Rung
from evalharness.declare.rungs import GAPS, RUNGS
from tests.checks.rungs import ladder

NUMBERS = st.floats(-1e7, 1e7) | st.just(math.nan)
ENDS = NUMBERS | st.sampled_from([math.inf, -math.inf])
SIZES = st.integers(0, 10**10)


@st.composite
def diagnoses(draw):
    names = [n for n in RUNGS if draw(st.booleans())] or ["dev"]
    rungs = tuple(
        Rung(n, draw(NUMBERS), draw(ENDS), draw(ENDS), draw(SIZES), f"{'x' * 40}: told", "Wilson")
        for n in names
    )
    gaps = tuple(
        Gap(GAPS[a, b], a, b, *(draw(ENDS) for _ in range(5)), "MOVER", draw(st.floats(0, 1)), 0.5)
        for a, b in zip(names, names[1:], strict=False)
    )
    named = tuple(g.name for g in gaps if draw(st.booleans()))
    state = "both" if len(named) > 1 else "dominant" if named else "cannot tell"
    advice = tuple(KNOBS[name] for name in named) + ("word " * 60,)
    return Diagnosis(
        "m" * draw(st.integers(1, 60)),
        "lower",
        0.95,
        rungs,
        gaps,
        0.01,
        "half a point",
        state,
        named,
        advice,
    )


@given(diagnoses())
def test_at_most_fifteen_lines_of_eighty_columns(found):
    told = lines(found)
    assert len(told) <= LINES
    assert max(map(len, told)) <= WIDTH
    assert headline(found.state, found.named) in " ".join(told)


def test_bars_grow_with_the_errors_and_show_their_intervals():
    found = ladder(Human(people=(10, 1000)), train=(300, 10_000), dev=(60, 1000))
    drawn = {line.split()[0]: line for line in lines(found) if "█" in line or "░" in line}
    solid = [drawn[name].count("█") for name in ("human", "train", "dev")]
    shaded = [drawn[name].count("░") for name in ("human", "train", "dev")]
    assert solid[0] < solid[1] < solid[2]
    assert shaded[1] < min(shaded[0], shaded[2])  # of 10,000 examples less is open


def test_what_does_not_fit_is_in_the_report():
    found = ladder(
        Human(one=(900, 10_000), team=0.001),
        train=(1_000, 10_000),
        train_dev=(1_100, 10_000),
        dev=(2_000, 10_000),
        test=(1_000, 10_000),
    )
    assert len(lines(found)) <= LINES
    told = " ".join(more(found))
    assert all(" ".join(text.split()) in " ".join(told.split()) for text in found.advice)
    assert "under one 0.0900" in told
    assert "under team 0.0010" in told


def test_losses_far_from_zero_are_drawn_from_below_their_least():
    rungs = tuple(
        Rung(name, x, x - 1, x + 1, 100, "", "t") for name, x in (("train", 101.0), ("dev", 109.0))
    )
    found = Diagnosis("loss", "lower", 0.95, rungs, (), 0.1, "declared", "nothing", (), ())
    train, dev = (line for line in lines(found) if "█" in line)
    assert 0 < train.count("█") < dev.count("█") / 3

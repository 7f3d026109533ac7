"""What a team declares of its splits: `splits = [same_distribution("dev", "test"), …]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evalharness.declare.arithmetic import is_number
from evalharness.declare.errors import DeclarationError, numbered
from evalharness.declare.metric import Metric
from evalharness.declare.objective import Against
from evalharness.declare.split_checks import (
    NEAR,
    KnownDifference,
    LargeEnough,
    NoLeakage,
    SameDistribution,
)

# A wrong declaration is reported at the line of who wrote it, not at a line of this module.
__tracebackhide__ = True

# The AUC up to which a classifier may tell two splits apart, where none is declared.
AUC = 0.60


def same_distribution(
    first: str,
    second: str,
    /,
    *,
    columns: Mapping[str, float] | Iterable[str] = (),
    classifier: bool | float = False,
    embeddings: Iterable[str] = (),
) -> SameDistribution:
    """The two splits must be shown to come from one distribution, up to a tolerance.

    Gated are `label`, `prediction` and the model's scores, where both splits have them, and every
    column that is named here; the other shared columns are compared and reported.

    columns:    the tolerance of a column, `{"post_code": 0.05}`, or names alone. Of numbers (also
                of times, and of free text by its length) it is the largest distance between the two
                distribution functions (Kolmogorov-Smirnov; 0.10 where none is given), of categories
                the largest difference of any one share (0.05). `correct` stands for whether the
                prediction is the label.
    classifier: True, or the AUC (0.60) up to which a classifier that has learnt from these rows,
                of all shared columns, may tell others apart; more rows might teach it more, and
                with fewer than 1,000 of each it does not pass; needs scikit-learn.
    embeddings: list columns, which are compared by MMD and energy distance with permutations, and
                reported.

    Rows count alike, whatever their `weight`; rows of one `cluster` are taken as drawn together.
    """
    problems = _two(first, second)
    gated = _tolerances(columns, "columns", problems, optional=True)
    limit = AUC if classifier is True else None if classifier is False else classifier
    if limit is not None and not (is_number(limit) and 0.5 < limit < 1):
        problems.append(
            f"classifier={classifier!r} must be an AUC between 0.5 and 1, or True for {AUC}"
        )
    lists = _names(embeddings, "embeddings", problems)
    _raise("same_distribution", problems)
    return SameDistribution((first, second), gated, limit, lists)


def known_difference(
    first: str, second: str, /, *, columns: Mapping[str, float]
) -> KnownDifference:
    """The two splits may differ, by what is declared and no more: `columns={"source": 0.9}`.

    Fails only where a column surely differs by more than its declared amount, which is measured as
    by `same_distribution`; how much each does differ is reported.
    """
    problems = _two(first, second)
    gated = _tolerances(columns, "columns", problems, optional=False)
    if not gated and not problems:
        problems.append('say by how much: known_difference("train", "dev", columns={"label": 0.3})')
    _raise("known_difference", problems)
    return KnownDifference((first, second), gated)  # type: ignore[arg-type]


def no_leakage(
    first: str,
    second: str,
    /,
    *,
    content: str | Iterable[str] = (),
    near: str | Iterable[str] = (),
    embeddings: str | Iterable[str] = (),
    time: str = "",
    tolerance: float = NEAR,
) -> NoLeakage:
    """No example of the first split, which a model has learnt from, may be in the second.

    Ids and clusters are compared where both splits have them; a single shared one fails.

    content:    columns that make up an example's content; rows with the same content fail, whatever
                the case, the width and the spaces of their text.
    near:       text columns in which near-duplicates are looked for (MinHash, then exact: Jaccard
                0.8 of their shingles).
    embeddings: list columns in which near-duplicates are looked for: rows nearer to the first split
                than all but 0.1 % of its own rows are to each other.
    time:       a column by which every row of the second split must come after all of the first.
    tolerance:  the share of near-duplicates that is let through (0.01), since a few are chance.
    """
    problems = _two(first, second)
    contents = _names(content, "content", problems)
    texts = _names(near, "near", problems)
    lists = _names(embeddings, "embeddings", problems)
    if not isinstance(time, str):
        problems.append(f'time={time!r} must be the name of a column, such as time="created"')
    if not (is_number(tolerance) and 0 < tolerance < 1):
        problems.append(
            f"tolerance={tolerance!r} must lie between 0 and 1: no number of rows shows that there "
            "are none"
        )
    _raise("no_leakage", problems)
    return NoLeakage((first, second), contents, texts, lists, time, float(tolerance))


def large_enough(
    split: str,
    /,
    *,
    true: Mapping[Metric | Against, float] | None = None,
    power: float = 0.8,
    icc: float | None = None,
) -> LargeEnough:
    """The split must be large enough to show what the bounds and the objective on it ask for.

    Each bound on the split must pass with a chance of `power` if its metric has the true value that
    is declared, `true={recall: 0.93}`; where none is, halfway between the threshold and the best
    value is assumed, and said. Neither the predictions' quality nor any metric is looked at.

    Of a difference from a baseline, `true={recall.against("production"): 0.02}`; where none is
    declared and it may be a little worse, none is assumed. How many examples only one of the two
    models has right is looked at, and not which.

    icc: how alike the rows of one `cluster` are (0: as if by themselves; 1: as if one row).
    """
    problems = _name(split)
    pairs = []
    for metric, value in (true or {}).items() if isinstance(true, Mapping | None) else ():
        if not isinstance(metric, Metric | Against) or not is_number(value):
            problems.append(
                f"true={{{metric!r}: {value!r}}} must map metrics to numbers: {{recall: 0.93}}"
            )
            continue
        pairs.append((metric, float(value)))
    if not isinstance(true, Mapping | None):
        problems.append(f"true={true!r} must map metrics to numbers: {{recall: 0.93}}")
    if not (is_number(power) and 0 < power < 1):
        problems.append(f"power={power!r} must lie between 0 and 1")
    if icc is not None and not (is_number(icc) and 0 <= icc <= 1):
        problems.append(f"icc={icc!r} must lie between 0 and 1")
    _raise("large_enough", problems)
    return LargeEnough((split,), tuple(pairs), float(power), icc)


def _name(split: Any) -> list[str]:
    if isinstance(split, str) and split:
        return []
    return [f'a split is named by a text, such as "test"; got {split!r}']


def _two(first: Any, second: Any) -> list[str]:
    problems = _name(first) + _name(second)
    if not problems and first == second:
        problems.append(f"{first!r} is named twice; a split is compared with another one")
    return problems


def _names(given: Any, what: str, problems: list[str]) -> tuple[str, ...]:
    listed = (given,) if isinstance(given, str) else given
    if not isinstance(listed, Iterable) or isinstance(listed, Mapping):
        problems.append(f'{what}={given!r} must list names of columns, such as {what}=["text"]')
        return ()
    found = tuple(listed)
    problems += [
        f"{what}: {name!r} is no name of a column"
        for name in found
        if not isinstance(name, str) or not name
    ]
    problems += [
        f"{what}: {n!r} is named twice" for n in dict.fromkeys(found) if found.count(n) > 1
    ]
    return found


def _tolerances(
    given: Any, what: str, problems: list[str], optional: bool
) -> tuple[tuple[str, float | None], ...]:
    if not isinstance(given, Mapping):
        if optional:
            return tuple((name, None) for name in _names(given, what, problems))
        problems.append(f'{what}={given!r} must say by how much: {what}={{"label": 0.3}}')
        return ()
    found = []
    for name, tolerance in given.items():
        if not isinstance(name, str) or not name:
            problems.append(f"{what}: {name!r} is no name of a column")
        elif tolerance == 0:
            problems.append(
                f"{what}: a tolerance of 0 for {name!r} can never be met: no number of examples "
                "shows that two distributions are exactly alike; give the smallest difference that "
                f"matters, such as {{{name!r}: 0.05}}"
            )
        elif not is_number(tolerance) or not 0 < tolerance < 1:
            hint = (
                f"; did you mean {tolerance / 100:g}?"
                if is_number(tolerance) and 1 <= tolerance < 100
                else ""
            )
            problems.append(
                f"{what}: the tolerance {tolerance!r} of {name!r} must lie between 0 and 1: it is "
                f"a difference of shares{hint}"
            )
        else:
            found.append((name, float(tolerance)))
    return tuple(found)


def _raise(name: str, problems: list[str]) -> None:
    if problems:
        raise DeclarationError(f"{name}: {numbered('problems', tuple(problems))}")

"""The errors a user meets; each message says what was found, what was expected and what to do."""

import difflib
from collections.abc import Iterable


class EvalharnessError(Exception):
    """Base of every error that evalharness raises on purpose."""


class DeclarationError(EvalharnessError, TypeError):
    """A declaration that cannot mean what its author wants."""


class OutputsError(EvalharnessError, ValueError):
    """Outputs that cannot be evaluated; `problems` lists everything found, not only the first."""

    def __init__(self, problems: Iterable[str]):
        # Two metrics that need one broken column find the same problem: say it once.
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__(numbered("problems in the outputs", self.problems))

    def __reduce__(self) -> tuple[type, tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


class InconclusiveError(EvalharnessError, AssertionError):
    """An inconclusive verdict was used as a truth value; it is neither true nor false."""


def numbered(what: str, problems: tuple[str, ...]) -> str:
    """One message for all problems: a lone one stands alone, several are counted and numbered."""
    if len(problems) == 1:
        return problems[0]
    lines = "\n".join(f"  {i}. {problem}" for i, problem in enumerate(problems, 1))
    return f"{len(problems)} {what}:\n{lines}"


def did_you_mean(word: object, known: Iterable[object], cutoff: float = 0.6) -> str:
    """A hint like " (did you mean `recall`?)", or "" when nothing known is close.

    cutoff: how close, from 0 to 1; stricter where the word may well be right.
    """
    close = difflib.get_close_matches(str(word), [str(k) for k in known], n=1, cutoff=cutoff)
    return f" (did you mean `{close[0]}`?)" if close else ""

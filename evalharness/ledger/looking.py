"""An evaluation that has a ledger: what is asked, and what the ledger says to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalharness.declare.errors import DeclarationError
from evalharness.declare.looks import ENFORCE, Ledger, expanded
from evalharness.ledger import file, history, look, surroundings
from evalharness.ledger.file import Book, LedgerError
from evalharness.ledger.history import Look

if TYPE_CHECKING:
    from evalharness.checks.deciding import Declared
    from evalharness.declare.metric import Metric


@dataclass
class Asked:
    """An evaluation's name, its ledger, the folder to which its path is relative, and everything
    that is declared; `evalharness.checks.deciding` decides it."""

    evaluation: str
    ledger: Ledger
    root: Path | None
    plan: Any
    declared: Declared
    settings: Any

    @property
    def path(self) -> Path:
        return Path(self.root or Path.cwd(), self.ledger.path)

    @property
    def shown(self) -> str:
        """The file as messages name it: as it was declared."""
        return self.ledger.path

    @property
    def held(self) -> tuple[str, ...]:
        return self.ledger.splits

    def project(self) -> str:
        return _project(self.path.parent)

    def read(self) -> tuple[Book, list[Look]]:
        """What the ledger holds, and its looks. Raises LedgerError for another project's."""
        book = file.read(self.path, self.shown)
        here = self.project()
        if book.project and here and book.project != here:
            raise LedgerError(
                f"the ledger {self.shown} is of the project {book.project!r}, and this is "
                f"{here!r}; take this project's ledger, or begin one by `evalharness ledger PATH "
                "--new`, to which `--merge OTHER` adds looks at the same test set"
            )
        return book, history.looks(book)

    def look(self, model: str, *, strict: bool) -> Look:
        """The look that judging a model is; strict: refuse a test set that cannot be known again.

        All that is declared makes the gate, whatever is selected."""
        of = [c for c in expanded(self.declared.checks) if c.model in ("", model)]
        return Look(
            evaluation=self.evaluation,
            model=model if len(self.plan.outputs) > 1 else "",
            sets=look.sets(self.plan, model, self.held, strict),
            gate=look.gate(
                of, self.held, self.declared.optimized, self.settings, self.declared.waivers
            ),
            predictions=look.predictions(self.plan, model, of, self.held),
            commit=surroundings.commit(self.path.parent),
            environment=surroundings.environment(),
            time=surroundings.now(),
            mode=self.ledger.mode,
            policy=self.settings.policy,
            confidence=self.settings.confidence,
            looks=self.ledger.looks,
        )

    def told(
        self, one: Look, before: Sequence[Look], more: dict[str, Any], lines: Sequence[str]
    ) -> dict[str, Any]:
        """What a result keeps of a look, by the name of its model."""
        overlap = history.overlaps(one.sets.values(), before)
        sets = {
            name: {"fingerprint": s.fingerprint, "n": s.n, "overlap": overlap[s.fingerprint]}
            for name, s in one.sets.items()
        }
        kept = {"sets": sets, "gate": one.gate, "predictions": one.predictions}
        return {one.model: {**more, **kept, "told": list(lines)}}

    def ask(self, metric: Metric) -> None:
        """Of a metric that is asked for when all is decided: count the look, or refuse it."""
        if metric.split not in self.held:
            return
        if self.ledger.mode == ENFORCE:
            raise DeclarationError(
                f"{metric} is withheld: the ledger {self.shown} enforces that "
                f"{metric.split!r} lets one bit out at each look; assert on dev, or list a bound "
                "on it in `satisficing`"
            )
        from evalharness.ledger import audit

        for model in self.declared.gated:
            audit.record(self, model, "")

    def decided(self) -> tuple[list[Any], Any, dict[str, Any]]:
        """The chosen checks, decided, the estimates, and what the ledger has to say."""
        if self.ledger.mode == ENFORCE:
            from evalharness.ledger.enforce import decided
        else:
            from evalharness.ledger.audit import decided
        made, found, told = decided(self)
        lines = [
            (f"{model}: " if model and len(told) > 1 else "") + line
            for model, one in told.items()
            for line in one.pop("told")
        ]
        where = {"path": self.shown, "mode": self.ledger.mode, "looks": told}
        # What is about the file and no model in particular is said once.
        return made, found, where | {"told": list(dict.fromkeys(lines))}


@cache
def _project(folder: Path) -> str:
    return surroundings.project(folder)

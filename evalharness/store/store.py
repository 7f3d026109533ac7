"""The folder of saved results: read, written, and one of them promoted to be the baseline."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalharness.declare.errors import OutputsError, did_you_mean
from evalharness.declare.objective import NAME, Saved
from evalharness.store import layout
from evalharness.store.commit import commit, who
from evalharness.store.differences import differences
from evalharness.store.files import PROMOTED, SCHEMA, digest_of, near, read, replace

if TYPE_CHECKING:
    from evalharness.checks.saved_result import SavedResult

FOLDER = ".evalharness"
# The file that says which saved result is the baseline.
BASELINE = "baseline"
SHOWN = 6


@dataclass(frozen=True)
class Store:
    """Where saved results are.

    folder:   `.evalharness` of the project.
    baseline: the name that `saved()` means; "" for the one that was promoted.
    node:     the node id of the evaluation that asks, which tells it from others of one name.
    """

    folder: Path
    baseline: str = ""
    node: str = ""

    def path(self, name: str) -> Path:
        """The file of a name. Raises OutputsError for what is no name."""
        if not NAME.fullmatch(name):
            raise OutputsError(
                [
                    f"{name!r} is no name of a saved result: take letters, digits, `-`, `_` and "
                    f"`.`; it is saved in {near(self.folder)}, so that no folder is part of it"
                ]
            )
        if name.lower() == BASELINE:
            raise OutputsError(
                [
                    f"{name!r} is the file that says which result is the baseline; choose another "
                    "name, and make it the baseline with `evalharness promote`"
                ]
            )
        return self.folder / f"{name}.json"

    def names(self) -> list[str]:
        """Of everything that is saved."""
        found = sorted(p.stem for p in self.folder.glob("*.json"))
        return [name for name in found if name != BASELINE]

    def read(self, name: str) -> dict[str, Any]:
        """What a saved result holds. Raises OutputsError where it is missing or cannot be read."""
        path = self.path(name)
        if not path.exists():
            known = self.names()
            there = f"there is {', '.join(known)}" if known else "there is none"
            raise OutputsError(
                [
                    f"no result was saved as {name!r}{did_you_mean(name, known)} in "
                    f"{near(self.folder)}, {there}; run pytest --eval-save={name} on the "
                    "baseline, and commit the file"
                ]
            )
        return read(path)

    def held(self, saved: Saved, evaluation: str) -> SavedResult:
        """An evaluation of a saved result, by its node id or else by its name."""
        from evalharness.checks.saved_result import SavedResult

        name = saved.name or self.baseline or self.promoted()
        kept = self.read(name)["evaluations"]
        if self.node in kept:
            return SavedResult(name, evaluation, kept[self.node])
        alike = [k for k, v in kept.items() if v.get("name") == evaluation]
        if len(alike) == 1:
            return SavedResult(name, evaluation, kept[alike[0]])
        if alike:
            raise OutputsError(
                [
                    f"saved({name!r}) holds {len(alike)} evaluations that are called "
                    f"{evaluation} ({', '.join(alike)}), and none of them is "
                    f"{self.node or 'known by its node id here'}; rename one"
                ]
            )
        there = ", ".join(str(v.get("name")) for v in kept.values())
        raise OutputsError(
            [
                f"saved({name!r}) is of another evaluation: it holds {there or 'none'}, not "
                f"{evaluation}; save it again with this one in the run"
            ]
        )

    def write(self, name: str, evaluations: Mapping[str, Any], rewrite: bool = False) -> str:
        """Save evaluations by node id (or name), and say what was done.

        Raises OutputsError where another result has that name, unless it may be rewritten; OSError
        where the folder cannot be written.
        """
        path = self.path(name)
        twin = [n for n in self.names() if n != name and n.lower() == name.lower()]
        if twin:
            raise OutputsError(
                [
                    f"{twin[0]!r} is saved already, and {name!r} would be the same file on systems "
                    "that do not tell upper from lower case; choose another name"
                ]
            )
        new = json.loads(layout.text(evaluations))
        told, changed = f"saved as {near(path)}", list[str]()
        if path.exists():
            try:
                changed = differences(read(path)["evaluations"], new)
            except OutputsError as error:
                changed = [f"what is there cannot be read: {error}"]
            if not changed:
                return f"{near(path)} holds exactly this already"
            if not rewrite:
                raise OutputsError(
                    [
                        f"{near(path)} holds another result, and was left as it is; save under "
                        f"another name, or rewrite it with --eval-rewrite. What differs:"
                        f"{shown(changed)}"
                    ]
                )
            told = f"{near(path)} was REWRITTEN. What differs:{shown(changed)}"
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        provenance = {"time": now, **commit(self._root)}
        content = {"schema": SCHEMA, "provenance": provenance, "evaluations": new}
        replace(path, layout.text(content) + "\n")
        return told

    def promote(self, name: str) -> str:
        """Make a saved result the baseline, and say so. It holds until its content changes."""
        from evalharness.checks.saved_result import SavedResult

        kept, digest = self.read(name), digest_of(self.path(name))
        for key, one in kept["evaluations"].items():  # what cannot be read is no baseline
            SavedResult(name, str(key), one)
        path = self.folder / f"{BASELINE}.json"
        before = read(path, PROMOTED) if path.exists() else None
        if before is not None and (before.get("name"), before.get("sha256")) == (name, digest):
            return f"{name} is the baseline already, since {before.get('when')}"
        data = {
            key: {
                m: {s: d.get("digest") for s, d in by.items()}
                for m, by in e.get("data", {}).items()
            }
            for key, e in kept["evaluations"].items()
        }
        record = {
            "schema": PROMOTED,
            "name": name,
            "sha256": digest,
            "who": who(self._root),
            "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            **commit(self._root),
            "data": data,
        }
        replace(path, layout.text(record) + "\n")
        told = f"{name} is the baseline now ({near(path)}, sha256 {digest[:12]}…)"
        if before is None:
            return f"{told}; before there was none"
        again = " with other content" if before.get("name") == name else ""
        return (
            f"{told}; before it was {before.get('name')}{again}, promoted by {before.get('who')} "
            f"on {before.get('when')}"
        )

    def promoted(self) -> str:
        """The name of the baseline. Raises OutputsError where none was promoted, or where it was
        changed since."""
        path = self.folder / f"{BASELINE}.json"
        if not path.exists():
            raise OutputsError(
                [
                    "saved() means the baseline, and none was promoted in "
                    f"{near(self.folder)}; make one with `evalharness promote NAME`, or name it: "
                    'saved("NAME")'
                ]
            )
        record = read(path, PROMOTED)
        name = str(record.get("name"))
        self.read(name)
        if digest_of(self.path(name)) != record.get("sha256"):
            raise OutputsError(
                [
                    f"{near(self.path(name))} was changed after {record.get('who')} promoted it on "
                    f"{record.get('when')}; restore it, or promote what it holds now with "
                    f"`evalharness promote {name}`"
                ]
            )
        return name

    @property
    def _root(self) -> Path:
        return self.folder.resolve().parent


def shown(changed: list[str]) -> str:
    """What differs, line by line, as far as one reads on."""
    more = [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
    return "".join(f"\n  {line}" for line in [*changed[:SHOWN], *more])

"""Command-line options and ini settings, checked before anything is collected."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_evalharness import files

POLICIES = ("fail", "skip", "pass")
DEVICES = ("cpu", "gpu")


@dataclass(frozen=True)
class Options:
    """inconclusive: "fail", "skip" or "pass"; source: what set it, as messages name it;
    json: where the report goes; disable: deselect evaluations; only: deselect all else; device:
    "cpu" or "gpu", or None for JAX's default; save: the name of the result that is saved, or "";
    rewrite: whether another of that name may be replaced; baseline: the saved result that models
    are compared with, or ""."""

    inconclusive: str
    source: str
    json: Path | None
    disable: bool
    only: bool
    device: str | None
    save: str = ""
    rewrite: bool = False
    baseline: str = ""


def add(parser: pytest.Parser) -> None:
    group = parser.getgroup("evalharness", "release gates (evalharness)")
    group.addoption(
        "--eval-inconclusive",
        choices=POLICIES,
        default=None,
        help="what a check that the data cannot decide becomes: fail (default), or skip or pass, "
        "which let it through as INCONCLUSIVE: then the gate guarantees nothing",
    )
    group.addoption(
        "--eval-json",
        metavar="PATH",
        default=None,
        help="write the results of all evaluations to this file",
    )
    group.addoption(
        "--eval-save",
        metavar="NAME",
        action="append",
        default=[],
        help="save the results of all evaluations as .evalharness/NAME.json, to be committed: a "
        "baseline for saved(NAME), and for `evalharness judge` and `promote`",
    )
    group.addoption(
        "--eval-rewrite",
        action="store_true",
        help="let --eval-save replace another result of that name",
    )
    group.addoption(
        "--eval-baseline",
        metavar="NAME",
        default="",
        help="what saved() means in this run; and report the change of every declared metric "
        "against that saved result",
    )
    group.addoption(
        "--eval-device",
        choices=DEVICES,
        default=None,
        help="where to compute; by default on JAX's default device",
    )
    group.addoption(
        "--eval-disable", action="store_true", help="deselect every test of an evaluation"
    )
    group.addoption(
        "--eval-only", action="store_true", help="deselect every test outside of an evaluation"
    )
    parser.addini(
        "eval_inconclusive",
        help="default of --eval-inconclusive: fail, skip or pass",
        default="fail",
    )


def read(config: pytest.Config) -> Options:
    """The options; UsageError, in one line, when they make no sense."""
    given = config.getoption("eval_inconclusive")
    policy, source = given, f"--eval-inconclusive={given}"
    if given is None:
        policy = config.getini("eval_inconclusive")
        source = f"the setting eval_inconclusive = {policy}"
        if config.inipath is not None:
            source += f" in {config.inipath.name}"
    if policy not in POLICIES:
        raise pytest.UsageError(f"{source}: it must be one of {', '.join(POLICIES)}")
    disable, only = config.getoption("eval_disable"), config.getoption("eval_only")
    if disable and only:
        raise pytest.UsageError(
            "--eval-disable and --eval-only together deselect every test; give one of them"
        )
    device = config.getoption("eval_device")
    return Options(policy, source, _json(config), disable, only, device, *_saved(config))


def _saved(config: pytest.Config) -> tuple[str, bool, str]:
    """--eval-save, --eval-rewrite and --eval-baseline, checked before anything runs."""
    save, baseline = config.getoption("eval_save"), config.getoption("eval_baseline")
    rewrite = config.getoption("eval_rewrite")
    if len(save) > 1:
        raise pytest.UsageError(
            f"--eval-save is given {len(save)} times ({', '.join(save)}); a run is saved once"
        )
    if rewrite and not save:
        raise pytest.UsageError("--eval-rewrite says nothing without --eval-save=NAME")
    if save or baseline:
        from pytest_evalharness.saving import refused

        if problem := refused(config, *save, baseline=baseline):
            raise pytest.UsageError(problem)
    return save[0] if save else "", rewrite, baseline


def _json(config: pytest.Config) -> Path | None:
    given = config.getoption("eval_json")
    if given is None or hasattr(config, "workerinput"):  # only the controller writes
        return None
    if not given.strip():
        raise pytest.UsageError(
            "--eval-json= is given without the name of a file; write --eval-json=result.json"
        )
    path = Path(config.invocation_params.dir, given)
    if path.is_dir():
        raise pytest.UsageError(f"--eval-json={given}: this is a folder; give the name of a file")
    touched = [path]  # what writing changes
    if files.replaceable(path):
        folder = files.target(path).parent
        if files.target(path).is_symlink():
            raise pytest.UsageError(f"--eval-json={given}: this link leads back to itself")
        if files.printed_to(path):
            raise pytest.UsageError(
                f"--eval-json={given}: this is the file that the run itself prints to; give the "
                "name of another"
            )
        if not folder.is_dir():
            raise pytest.UsageError(f"--eval-json={given}: there is no folder {folder}; make it")
        touched = [p for p in (path, folder) if p.exists()]
    if not all(os.access(p, os.W_OK) for p in touched):
        raise pytest.UsageError(f"--eval-json={given}: no permission to write there")
    return path

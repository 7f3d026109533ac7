"""How an evaluation decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalharness.declare.bound import Bound
    from evalharness.declare.metric import Metric
    from evalharness.kernels.plan import Plan


@dataclass(frozen=True)
class Settings:
    """How an evaluation decides. `family`: bounds declared × gated models, over which the level of
    a fail is shared; `device`: where it computes, None for JAX's default."""

    confidence: float = 0.95
    policy: str = "confident"
    seed: int = 0
    family: int = 1
    device: str | None = None


@dataclass(frozen=True)
class Around:
    """What a check of splits may ask of the evaluation that it stands in.

    model: the name of the gated model; bounds, also: what is declared on the check's last split.
    """

    plan: Plan
    model: str
    bounds: Sequence[Bound]
    also: Sequence[Metric]
    seed: int

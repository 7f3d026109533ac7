"""How an evaluation decides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How an evaluation decides. `family`: bounds declared × gated models, over which the level of
    a fail is shared; `device`: where it computes, None for JAX's default."""

    confidence: float = 0.95
    policy: str = "confident"
    seed: int = 0
    family: int = 1
    device: str | None = None

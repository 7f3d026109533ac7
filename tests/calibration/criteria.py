"""When a measured coverage is good enough, exact or simulated."""

from __future__ import annotations

import math

from tests.calibration.simulate import Coverage, Setting

# Either side may be the one that passes: ``>=`` passes on the lower bound, ``<=`` on the upper one.
# So both are held to what the passing side must keep.
PASSING = 0.94


def tolerance(runs: int | None) -> float:
    """Three binomial standard errors at the limit; none where coverage is exact."""
    return 0.0 if runs is None else 3 * math.sqrt(PASSING * (1 - PASSING) / runs)


def complaints(setting: Setting, found: Coverage) -> list[str]:
    """What is wrong with the coverage of the deciding bounds; empty if nothing is."""
    least = PASSING - tolerance(found.runs)
    return [
        f"{setting.name}: the {side} bound covers {share:.4f}, required {least:.4f}"
        for side, share in (("lower", found.lower), ("upper", found.upper))
        if share < least
    ]

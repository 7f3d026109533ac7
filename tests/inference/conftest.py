"""Hypothesis, for a gate: the same examples in every run, and no time limit on a busy machine."""

from hypothesis import settings

settings.register_profile("gate", deadline=None, derandomize=True)
settings.load_profile("gate")

"""Estimates, intervals, power, multiplicity and verdicts."""

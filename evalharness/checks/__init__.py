"""Checks: what yields a verdict."""

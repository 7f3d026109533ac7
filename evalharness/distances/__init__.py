"""Distances: how far apart two samples, or two of their rows, are."""

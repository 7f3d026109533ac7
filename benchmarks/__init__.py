"""How fast evalharness is, against what users would write: `python -m benchmarks`."""

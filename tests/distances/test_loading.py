"""Loading the distances is cheap: what needs SciPy or scikit-learn loads them when it is called."""

import json
import subprocess
import sys


def test_no_framework_is_loaded():
    code = "import evalharness.distances, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    held = set(json.loads(done.stdout))
    assert "evalharness.distances.ks" in held
    assert not {"scipy", "sklearn", "jax"} & held

"""Many metrics on one table through the public API: what most tests of this folder start from."""

from collections.abc import Iterable, Mapping
from typing import Any

from evalharness import Evaluation, Outputs, Result
from evalharness.declare.metric import Metric


def measure(metrics: Iterable[Metric], table: Mapping[str, Any], **options: Any) -> Result:
    """The result of one run in which every metric is measured on the split `test`."""
    return run(Outputs(test=table, **options), also=[m.on("test") for m in metrics])


def run(outputs: Any, **declarations: Any) -> Result:
    """Declare an evaluation with these attributes and run it on these outputs."""
    return declare(**declarations).run(outputs=outputs)


def declare(**declarations: Any) -> type[Evaluation]:
    """An evaluation, made inside a test so that no collection finds it."""
    body = {
        "outputs": classmethod(lambda cls: None),
        "test_by_hand": lambda self: None,  # so that it may do without a bound
    }
    return type("Declared", (Evaluation,), body | declarations)

"""A bound as it is written in Python, `f1(average="macro") >= 0.8`, or a metric, read without
running it.

Only names of the catalogue, calls with literal arguments, and + - * / are understood.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from evalharness import metrics
from evalharness.declare.bound import Bound
from evalharness.declare.errors import DeclarationError, did_you_mean
from evalharness.declare.metric import Metric
from evalharness.declare.objective import Against

COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
}
ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
# What may be asked of a metric or of a column.
METHODS = ("mean", "quantile", "on", "at", "by", "gap", "against")
NAMES = [name for name in metrics.__all__ if name not in ("metric", "Metric", "custom")]
EXAMPLE = 'such as "recall >= 0.9"'


def bound_of(text: str) -> Bound:
    """The bound that a text declares, or that an objective asks for. Raises DeclarationError with
    what is wrong with it."""
    tree = _parsed(text, f"write METRIC >= NUMBER, {EXAMPLE}")
    if isinstance(tree, ast.Compare) and len(tree.ops) > 1:
        raise DeclarationError(
            f"{text!r} is two bounds: ask for each by itself, METRIC >= NUMBER, METRIC <= NUMBER"
        )
    if not isinstance(tree, ast.Compare):
        found = _value(tree) if isinstance(tree, ast.Call) else None
        if isinstance(found, Against):
            return found.bound
        raise DeclarationError(f"{text!r} is no bound: write METRIC >= NUMBER, {EXAMPLE}")
    compare = COMPARE.get(type(tree.ops[0]))
    if compare is None:
        raise DeclarationError(
            f"{text!r}: compare with >=, >, <= or <; of a fixed list (== 0) every row counts"
            ", so no number of them is too small"
        )
    bound = compare(_read(tree.left), _read(tree.comparators[0]))
    if not isinstance(bound, Bound):
        raise DeclarationError(f"{text!r} compares no metric with a number: {EXAMPLE}")
    return bound


def metric_of(text: str) -> Metric:
    """The metric that a text names. Raises DeclarationError with what is wrong with it."""
    tree = _parsed(text, 'write METRIC, such as "f1"')
    if isinstance(tree, ast.Compare):
        raise DeclarationError(f"{text!r} is a bound; a metric has no threshold, such as f1")
    found = _read(tree)
    if not isinstance(found, Metric):
        raise DeclarationError(f"{text!r} is a number and no metric, such as f1")
    return found


def _parsed(text: str, hint: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise DeclarationError(f"{text!r} cannot be read: {hint}") from error


def _read(node: ast.expr) -> Any:
    """The metric, or the number, that an expression makes."""
    found = _value(node)
    if isinstance(found, (Metric, Against, int, float)) and not isinstance(found, bool):
        return found
    written = ast.unparse(node)
    if hasattr(found, "quantile"):
        raise DeclarationError(
            f"{written} is a column: write {written}.quantile(0.99) or {written}.mean()"
        )
    if callable(found):
        raise DeclarationError(
            f'{written} makes a metric of arguments, such as the name of a column: {written}("…")'
        )
    raise DeclarationError(f"{written} is neither a metric nor a number")


def _value(node: ast.expr) -> Any:
    written = ast.unparse(node)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id not in NAMES:
            hint = did_you_mean(node.id, NAMES) or "; `evalharness metrics` lists all"
            raise DeclarationError(f"there is no metric `{node.id}`{hint}")
        return getattr(metrics, node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _read(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        return _tried(written, ARITHMETIC[type(node.op)], _read(node.left), _read(node.right))
    if isinstance(node, ast.Attribute):
        owner = _value(node.value)
        if node.attr in METHODS and hasattr(owner, node.attr):
            return getattr(owner, node.attr)
        offered = ", ".join(m for m in METHODS if hasattr(owner, m)) or "nothing"
        raise DeclarationError(f"{written}: of {ast.unparse(node.value)} there is {offered}")
    if isinstance(node, ast.Call):
        function = _value(node.func)
        if not callable(function):
            raise DeclarationError(f"{written}: {ast.unparse(node.func)} takes no arguments")
        if any(isinstance(x, ast.Starred) for x in node.args) or not all(
            k.arg for k in node.keywords
        ):
            raise DeclarationError(f"{written}: write the arguments out, without *")
        named = {str(k.arg): _value(k.value) for k in node.keywords}
        return _tried(written, function, *map(_value, node.args), **named)
    raise DeclarationError(
        f"`{written}` is not understood here: a metric, its arguments, numbers and + - * / are"
    )


def _tried(written: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    try:
        return function(*args, **named)
    except DeclarationError:
        raise
    except (ArithmeticError, TypeError, ValueError) as error:
        raise DeclarationError(f"{written}: {error}") from error

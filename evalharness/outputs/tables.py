"""Tables that are already in memory: anything that narwhals knows, or a mapping of arrays."""

from collections.abc import Mapping
from typing import Any

from evalharness.outputs.arrays import is_array, to_arrow
from evalharness.outputs.words import Refused, names, reason

READABLE = (
    "a path, a table (pandas, polars, pyarrow, DuckDB or another that narwhals knows) or a "
    "mapping of column names to arrays"
)


def describe(given: Any) -> str:
    """What a message calls a table that has no file name."""
    if isinstance(given, Mapping):
        return "mapping of arrays"
    found = type(given)
    return f"{found.__module__.partition('.')[0].lstrip('_')} {found.__name__}"


def read_table(given: Any) -> Any:
    """A pyarrow Table; Refused when the value is no table or cannot be one."""
    import pyarrow as pa

    if isinstance(given, Mapping):
        return _from_mapping(given)
    if isinstance(given, pa.Table):
        return given
    if isinstance(given, pa.RecordBatch):
        return pa.Table.from_batches([given])
    return _from_narwhals(given)


def _from_mapping(given: Mapping[Any, Any]) -> Any:
    import pyarrow as pa

    problems = [
        f"column names must be text, found {name!r}" for name in given if not isinstance(name, str)
    ]
    columns = {}
    for name, value in given.items():
        try:
            columns[str(name)] = to_arrow(value, str(name))
        except Refused as refused:
            problems.extend(refused.problems)
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"`{name}` {len(column):,}" for name, column in columns.items())
        problems.append(
            f"the arrays have different lengths: {lengths}; each needs one value for each row"
        )
    if problems:
        raise Refused(*problems)
    return pa.table(columns)


def _from_narwhals(given: Any) -> Any:
    import narwhals as nw
    import pyarrow as pa

    if not _is_known(given):
        raise Refused(_no_table(given))
    try:
        frame: Any = nw.from_native(given)
        if isinstance(frame, nw.LazyFrame):
            frame = frame.collect(backend="pyarrow")
        odd = [name for name in frame.columns if not isinstance(name, str)]
        if not odd:
            # pandas hands its index over as one more column; narwhals does not count it.
            return frame.to_arrow().select(frame.columns)
        said = f"column names must be text, found {names(odd)}; rename them"
    except Exception as error:  # each library that narwhals adapts raises errors of its own
        said = f"the table cannot be read: {reason(error)}; each column needs one type"
        if isinstance(error, pa.ArrowException) and len(error.args) > 1:
            said = f"the table cannot be read: {'; '.join(map(str, error.args))}"
    raise Refused(said)


def _is_known(given: Any) -> bool:
    import narwhals as nw

    try:
        nw.from_native(given)
    except TypeError:
        return False
    except Exception:  # known, but not as it should be: the reading itself says why
        return True
    return True


def _no_table(given: Any) -> str:
    if is_array(given):
        return (
            f"it is one {describe(given)}, but a split needs {READABLE}: "
            "such as {'label': …, 'prediction': …}"
        )
    return f"it is of type {type(given).__name__}, but a split needs {READABLE}"

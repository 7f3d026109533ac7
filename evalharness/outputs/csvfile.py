"""CSV: comma-separated, a header line, UTF-8; an empty field that is not quoted is null."""

import csv
import io
from typing import Any

from evalharness.outputs.words import Refused

SHOWN_LINES = 3


def read_csv(data: bytes) -> Any:
    """A pyarrow Table; Refused with the line numbers when lines are ragged."""
    import pyarrow as pa
    import pyarrow.csv as pc

    try:
        data.decode()
    except UnicodeDecodeError as error:
        bad = error.start
    else:
        bad = -1
    if bad >= 0:
        line = data[:bad].count(b"\n") + 1
        raise Refused(f"the CSV is not UTF-8 (first in line {line}); write it as UTF-8")

    ragged: list[tuple[int | None, int, int]] = []

    def note(row: Any) -> str:
        ragged.append((row.number, row.actual_columns, row.expected_columns))
        return "skip"  # go on to find them all; nothing is kept when there is one

    table = pc.read_csv(
        pa.BufferReader(data),
        # One thread numbers the rows; one block lets types be inferred from all of them.
        pc.ReadOptions(use_threads=False, block_size=min(len(data) + 1, 2**31 - 1)),
        pc.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        # "NA" and "null" are honest values of a text column; only nothing at all is null.
        pc.ConvertOptions(
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    if ragged:
        raise Refused(_name_lines(_lines(data) or ragged))
    return table


def _lines(data: bytes) -> list[tuple[int | None, int, int]]:
    """Line numbers as an editor counts them, which Arrow does not know after a quoted newline."""
    found: list[tuple[int | None, int, int]] = []
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        width = len(next(reader))
        for fields in reader:
            if fields and len(fields) != width:
                found.append((reader.line_num, len(fields), width))
    except (csv.Error, StopIteration):
        return []
    return found


def _name_lines(found: list[tuple[int | None, int, int]]) -> str:
    shown = "; ".join(
        f"line {line if line is not None else '?'} has {actual} fields, expected {expected}"
        for line, actual, expected in found[:SHOWN_LINES]
    )
    more = f"; and {len(found) - SHOWN_LINES:,} more lines" if len(found) > SHOWN_LINES else ""
    return (
        f"the CSV is ragged: {shown}{more}; quote fields that hold a comma, and give every line "
        "the same number of fields"
    )

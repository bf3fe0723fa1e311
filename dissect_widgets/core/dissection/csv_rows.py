"""Rows of a CSV file, all of them whole: nothing is guessed where a file may be cut off or damaged."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from dissect_widgets.core.files.target import input_file
from dissect_widgets.errors import DataError, shortened, shown

_MOST_BYTES = 256 << 20


def read_rows(path: str | Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV file in UTF-8, with commas.

    Raises
    ------
    DataError
        If the file cannot be read, is empty, in another encoding or not whole: if its last line has no end, a
        quote is not closed, or a row has more or fewer cells than the header.
    """
    try:
        found = input_file(path, error=DataError)
        with open(found, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
        return _parsed(content)
    except (OSError, ValueError, csv.Error) as error:  # with those of bad UTF-8, and DataErrors
        raise DataError(f"{shortened(path)} cannot be read as CSV: {shortened(error, 400)}") from error


def _parsed(content: bytes) -> tuple[list[str], list[list[str]]]:
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it has more than {_MOST_BYTES} bytes.")
    text = content.decode("utf-8-sig")
    if "\0" in text:
        raise ValueError("there are zero bytes in it.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(reader, [])
    if not header:
        raise ValueError("its first line is empty.")
    if len(header) == 1 and (other := next((d for d in ";\t|" if d in header[0]), "")):
        raise ValueError(f"its cells are separated by {shown(other)}, not by commas.")
    twice = [name for place, name in enumerate(header) if name in header[:place]]
    if twice:
        raise ValueError(f"the column {shown(twice[0])} is there twice.")
    rows = []
    for row in reader:
        if row and len(row) != len(header):
            raise ValueError(f"line {reader.line_num} has {len(row)} cells, the header {len(header)}.")
        rows += [row] if row else []
    if not text.endswith(("\n", "\r")):
        raise ValueError("its last line does not end; the file may be cut off.")
    if not rows:
        raise ValueError("there is nothing below its header.")
    return header, rows

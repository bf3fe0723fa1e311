"""Rows of CSV tables, with their lines; what is not certain is an error that names the line."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from pathlib import Path
from typing import NamedTuple

from dissect_widgets.datasets.files import normal
from dissect_widgets.errors import DataError, shortened, shown

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before that of UTF-16, which it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}


class Table(NamedTuple):
    """A table that was read."""

    columns: list[str]
    """Names of the columns, in lower case."""
    rows: list[tuple[int, dict[str, str]]]
    """Line and stripped cells of each row that is not empty."""


def read_table(path: Path, *needed: Sequence[str]) -> Table:
    """Read a table whose first line names its columns.

    Cells are separated by commas, or by semicolons or tabs where the first line is; those with a comma in
    them stand in quotes. Upper and lower case of the columns' names are the same.

    Parameters
    ----------
    path
        The file, in UTF-8; or in UTF-16 with a byte order mark, as spreadsheets write it.
    needed
        Columns that it needs; if there are several lists of them, then those of one.

    Raises
    ------
    DataError
        If it lacks columns, or a row has too many or too few cells.
    """
    text, name = _read_text(path), shortened(path, 400)
    try:
        separator = max(_SEPARATORS, key=lambda character: _fit(text, character, needed))
        lines = list(dropwhile(lambda one: not any(one[1]), _lines(text, separator)))
    except csv.Error as error:
        raise DataError(f"{name} is not a CSV file in UTF-8: {error}.") from error
    columns = _columns(lines, path, needed)
    rows = []
    for line, cells in lines[1:]:
        where = f"{name}, line {line}: there are {len(cells)} cells, but {len(columns)} columns"
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            raise DataError(
                f"{where}. A name with a {_SEPARATORS[separator]} in it stands in quotes, such as "
                f'"building{separator} edifice".'
            )
        if len(cells) >= len(columns) and not any(cells):
            continue
        if len(cells) < len(columns):
            raise DataError(f"{where}; an empty cell has its {_SEPARATORS[separator]}, too.")
        if any("\n" in cell or "\r" in cell for cell in cells):
            raise DataError(f"{name}, line {line}: a cell goes over several lines; is a quote not closed?")
        rows.append((line, dict(zip(columns, cells, strict=False))))
    return Table(columns, rows)


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{shortened(path, 400)} cannot be read: {error.strerror or error}.") from error
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{shortened(path, 400)} is not a CSV file in UTF-8: {error}. Save it in UTF-8."
        ) from error
    if "\0" in text:
        raise DataError(
            f"{shortened(path, 400)} is not a CSV file in UTF-8: it has NUL characters. Save it in UTF-8."
        )
    return normal(text)


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Last line and stripped cells of each row that has any."""
    file = io.StringIO(text, newline="")
    reader = csv.reader(file, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) or len(stripped) > 1:
                yield reader.line_num, stripped
    except csv.Error as error:
        raise csv.Error(f"line {reader.line_num}: {error}") from error


def _fit(text: str, separator: str, needed: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many needed columns the first line has if it is separated so, and how many in all."""
    try:
        cells = next((cells for _, cells in _lines(text, separator) if any(cells)), [])
    except csv.Error:  # quotes that this separator does not follow
        return -1, 0
    names = [cell.lower() for cell in cells]
    return max(sum(name in names for name in columns) for columns in needed), len(names)


def _columns(lines: list[tuple[int, list[str]]], path: Path, needed: Sequence[Sequence[str]]) -> list[str]:
    """Names of the columns; DataError if one is missing or is there twice."""
    found = lines[0][1] if lines else []
    names = [name.lower() for name in found]
    while names and not names[-1]:
        names.pop()
    lacking = [[name for name in columns if name not in names] for columns in needed]
    if all(lacking):
        least = min(lacking, key=lambda names: len(names))
        ways = " or ".join(", ".join(columns) for columns in needed)
        raise DataError(
            f"{shortened(path, 400)} has the columns {shown(found)}; it needs {ways}, and lacks "
            f"{', '.join(least)}."
        )
    twice = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if twice:
        raise DataError(f"{shortened(path, 400)} has several columns with the name {shown(twice[0])}.")
    return names

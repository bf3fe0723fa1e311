"""Tables of classes and of labels of images: right, or refused with the file and the line."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from random import Random

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.datasets.tables import read_class_table, read_image_labels
from dissect_widgets.errors import DataError
from tests.fuzz.harness import Wrong, main

ROWS = {
    "values": [["value", "name", "category"], ["0", "", ""], ["1", "car", "object"], ["7", "tree", "object"]],
    "colors": [["color", "name", "category"], ["#804020", "car", "object"], ["#000000", "", ""]],
    "labels": [["image", "name", "category"], ["a.jpg", "sea", "scene"], ["b.jpg", "street", "scene"]],
}
ODD = ["\0", '"', ",", ";", "\t", "\r", "\n", "\ufeff", "1e400", "-1", "1.5", "x" * 200_000, "\u2028", "\x85"]
ODD += [
    "\x1c",
    "\x0b",
    "é",
    "٣",
    "0001",
    "+1",
    " ",
    "0x10",
    "1_0",
    "nan",
    "9" * 5_000,
    "name",
    '""',
    "#",
    "𝟙",
]


def text_of(rows: list[list[str]], separator: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator="\n").writerows(rows)
    return file.getvalue()


def read(path: Path, kind: str) -> object:
    """What a table says; an error must name the file in short."""
    try:
        if kind == "labels":
            return read_image_labels(path, ["a.jpg", "b.jpg"])
        table = read_class_table(path)
        return table.values if kind == "values" else table.colors
    except DataError as error:
        if path.name not in str(error) or len(str(error)) > 1_100:
            raise Wrong(f"the message is no help: {str(error)[:100]}, {len(str(error))} characters") from None
        raise


def odd_characters(random: Random, folder: Path) -> None:
    kind = random.choice(list(ROWS))
    text = text_of(ROWS[kind])
    for _ in range(random.choice([1, 1, 2, 4])):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(ODD) + text[at + random.choice([0, 0, 1, 5]) :]
    (folder / "t.csv").write_text(text, "utf-8", newline="")
    read(folder / "t.csv", kind)


def odd_bytes(random: Random, folder: Path) -> None:
    kind = random.choice(list(ROWS))
    content = bytearray(text_of(ROWS[kind]).encode(random.choice(["utf-8", "utf-8-sig", "utf-16", "utf-32"])))
    for _ in range(random.choice([1, 2, 8])):
        content[random.randrange(len(content))] = random.randrange(256)
    (folder / "t.csv").write_bytes(content[: random.choice([len(content), random.randrange(len(content))])])
    read(folder / "t.csv", kind)


def other_cells(random: Random, folder: Path) -> None:
    """A cell more or less in a row, a column or a row twice: refused, or as it was."""
    kind = random.choice(list(ROWS))
    rows = [list(row) for row in ROWS[kind]]
    (folder / "t.csv").write_text(text_of(rows))
    expected, row = read(folder / "t.csv", kind), random.choice(rows)
    way = random.randrange(5)
    if way == 0:
        row.insert(random.randrange(len(row) + 1), random.choice(["x", "", " "]))
    elif way == 1:
        row.pop(random.randrange(len(row)))
    elif way == 2:
        rows.append(list(random.choice(rows[1:])))
    elif way == 3:
        column = random.randrange(3)
        rows = [[*cells, cells[column]] for cells in rows]
    else:
        rows.insert(random.randrange(1, len(rows)), [])
    (folder / "t.csv").write_text(text_of(rows))
    if read(folder / "t.csv", kind) != expected:
        raise Wrong(f"other cells are read in silence: {rows}")


def written_by_others(random: Random, folder: Path) -> None:
    """What a writer of tables wrote is read as it was meant."""
    separator = random.choice(",;\t")
    alphabet = "abc é木\"',;\t.#-1"
    names = {n: "".join(random.choices(alphabet, k=random.randrange(1, 9))).strip() or "x" for n in range(5)}
    rows = [["value", "name", "category"], *([str(n), name, "object"] for n, name in names.items())]
    (folder / "t.csv").write_text(text_of(rows, separator), random.choice(["utf-8", "utf-8-sig", "utf-16"]))
    if read(folder / "t.csv", "values") != {n: Concept(name, "object") for n, name in names.items()}:
        raise Wrong(f"{names} is read as {read(folder / 't.csv', 'values')}")


KINDS = {
    "odd characters": odd_characters,
    "odd bytes": odd_bytes,
    "cells, columns and rows": other_cells,
    "written by others": written_by_others,
}

if __name__ == "__main__":
    main("tables", KINDS, count=500, seconds=10)

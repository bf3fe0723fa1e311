"""NetDissect CSVs that something has happened to: refused by name, or read as they were written.

    python -m tests.fuzz.csv --count 400 --seed 1

A change cannot be told that leaves a file which says something else that could be so: another name everywhere
in a row, another area where nothing is common. Nothing here does that. A file that is cut off between two
rows is told by its units, unless just the last ones are missing; for these the number of units is needed, and
given where the reader takes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from random import Random

import pandas as pd

import dissect_widgets as dw
from dissect_widgets.core.dissection.netdissect_csv import read_netdissect_csv, write_netdissect_csv
from tests.fuzz.harness import Lost, Wrong, main
from tests.real_data import REAL
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded

FILES: dict[str, bytes] = {}
FRAMES: dict[str, pd.DataFrame] = {}
FIELDS = ("truth", "activation", "intersect", "iou")


def prepare() -> None:
    """An export of ours, and, where they are, a published file."""
    net = TinyNet()
    seeded(net)
    layer = dw.dissect(net, ["mix"], ArrayImages(), level=0.2, progress=False)["mix"]
    path = Path(dw.__file__).parents[1] / "fuzz-export.csv"
    try:
        write_netdissect_csv(layer, path)
        FILES["ours"] = path.read_bytes()
        FRAMES["ours"] = read_netdissect_csv(path).frame
    finally:
        path.unlink(missing_ok=True)
    published = REAL / "netdissect" / "caffe_reference_places205.csv"
    if published.is_file():
        FILES["published"] = published.read_bytes()
        FRAMES["published"] = read_netdissect_csv(published).frame


def check(content: bytes, kind: str, folder: Path) -> None:
    """Read it, with the number of units where the reader takes one; it must be what was written."""
    path = folder / "table.csv"
    path.write_bytes(content)
    takes_units = "units" in inspect.signature(read_netdissect_csv).parameters
    options = {"units": len(FRAMES[kind])} if takes_units else {}
    table = read_netdissect_csv(path, **options)
    for convention in ("top", "category"):
        table.count_detectors(convention=convention)  # type: ignore[arg-type]
    frame, whole = table.frame, FRAMES[kind]
    if set(frame) != set(whole) or not frame[list(whole)].equals(whole):
        raise Wrong("something else than what was written is read in silence")


def table_of(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Header and rows, of files whose names need no quotes."""
    header, *rows = [
        line.split(",") for line in content.decode().split("\r\n" if b"\r\n" in content else "\n")
    ]
    return header, [row for row in rows if row != [""]]


def text_of(header: list[str], rows: list[list[str]]) -> bytes:
    return "".join(",".join(row) + "\r\n" for row in [header, *rows]).encode()


def on_bytes(change: Callable[[bytes, Random], bytes]) -> Callable[[Random, Path], None]:
    def attempt(random: Random, folder: Path) -> None:
        kind = random.choice(sorted(FILES))
        check(change(FILES[kind], random), kind, folder)

    return attempt


def on_rows(
    change: Callable[[list[str], list[list[str]], Random], object],
) -> Callable[[Random, Path], None]:
    def attempt(random: Random, folder: Path) -> None:
        kind = random.choice(sorted(FILES))
        header, rows = table_of(FILES[kind])
        change(header, rows, random)
        check(text_of(header, rows), kind, folder)

    return attempt


def cut_between_rows(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[: random.randrange(1, len(lines))])


def flipped(header: list[str], rows: list[list[str]], random: Random) -> None:
    """Flip a bit of a number; not of areas where nothing is common, which nothing in the file depends on."""
    while True:
        row, column = random.choice(rows), random.choice(header)
        category, _, field = column.rpartition("-")
        if column not in ("unit", "score") and field not in FIELDS:
            continue
        if field in ("truth", "activation") and not float(row[header.index(f"{category}-intersect")]):
            continue
        break
    place = header.index(column)
    cell = bytearray(row[place].encode())
    cell[random.randrange(len(cell))] ^= 1 << random.randrange(7)
    row[place] = cell.decode()


def units_edited(header: list[str], rows: list[list[str]], random: Random) -> None:
    place = header.index("unit")
    row, other = random.sample(rows, 2)
    row[place] = random.choice(
        [
            other[place],
            "0",
            "-1",
            "1.5",
            "",
            "x",
            "1e9",
            "nan",
            "inf",
            "99999",
            "٣",
            " 3x",
            "0x1",
            "1_0",
            "9" * 400,
        ]
    )


def unit_missing(header: list[str], rows: list[list[str]], random: Random) -> None:
    del rows[random.randrange(len(rows))]


def number_edited(header: list[str], rows: list[list[str]], random: Random) -> None:
    columns = [c for c in header if c == "score" or c.rpartition("-")[2] in FIELDS]
    row, column = random.choice(rows), header.index(random.choice(columns))
    odd = [
        "7",
        "-0.5",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "x",
        "",
        "1,5",
        "0.1.2",
        "١",
        "1e-3",
        "123456789012",
        "NaN",
    ]
    old = row[column]
    row[column] = random.choice(odd)
    if "," in row[column]:
        row[column] = f'"{row[column]}"'
    if old == row[column] or (float(old) == 0 and row[column] == ""):
        row[column] = "7x"


def words_edited(header: list[str], rows: list[list[str]], random: Random) -> None:
    column = header.index(random.choice(["category", "label"]))
    row = random.choice(rows)
    row[column] += random.choice(["x", "é", " ", "\t", "x" * 5000, "<script>"])


def header_edited(header: list[str], rows: list[list[str]], random: Random) -> None:
    place = random.randrange(len(header))
    match random.randrange(4):
        case 0:
            header[place] = header[place - 1]
        case 1:
            header[place] += "x"
        case 2:
            header[place] = ""
        case _:
            del header[place]


def cells_edited(header: list[str], rows: list[list[str]], random: Random) -> None:
    row = random.choice(rows)
    if random.random() < 0.5:
        row.insert(random.randrange(len(row)), random.choice(["", "x", "0"]))
    else:
        del row[random.randrange(len(row))]


def rows_exchanged(header: list[str], rows: list[list[str]], random: Random) -> None:
    """Parts of two rows are exchanged."""
    one, two = random.sample(rows, 2)
    column = random.randrange(4, len(header))
    if one[column:] != two[column:]:
        one[column:], two[column:] = two[column:], one[column:]


def reordered(header: list[str], rows: list[list[str]], random: Random) -> None:
    random.shuffle(rows)


def other_file(content: bytes, random: Random) -> bytes:
    header = content.splitlines(keepends=True)[0]
    return random.choice(
        [b"", header, header * 2, b"\x00" * 500, content.decode().encode("utf-16"), b"\n\n" + header,
         content.replace(b",", b";"), content.replace(b",", b"\t"), b"unit\n1\n", b'"' + content, content * 2,
         content + b'"x', content.replace(b",", b"\x00", 3), content.replace(b"0", b"\xe4", 3), content[::-1],
         b"PK\x03\x04" + content, content.replace(b"\n", b"\n,,\n", 1), b"{}"]
    )  # fmt: skip


def same_otherwise(content: bytes, random: Random) -> bytes:
    """Files that say the same: they should be read."""
    return random.choice(
        [b"\xef\xbb\xbf" + content, content.replace(b"\r\n", b"\n"), content + b"\r\n",
         content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")]
    )  # fmt: skip


def exported_anywhere(random: Random, folder: Path) -> None:
    """An export over another file, or where none can be."""
    net = TinyNet()
    seeded(net)
    layer = dw.dissect(net, ["mix"], ArrayImages(), level=0.2, progress=False)["mix"]
    (folder / "mine.csv").write_text("mine")
    target = random.choice(
        ["new.csv", "a/b.csv", "mine.csv/x.csv", ".", "x" * 300, "\x00", "", "../case", "mine.csv"]
    )
    path = str(folder / target) if target else ""
    write_netdissect_csv(layer, path)
    if not read_netdissect_csv(path).frame.equals(FRAMES["ours"]):
        raise Lost("what was exported is not read back")


KINDS = {
    "cut off anywhere": on_bytes(lambda content, random: content[: random.randrange(len(content) - 1)]),
    "cut off between rows": on_bytes(cut_between_rows),
    "bits of numbers": on_rows(flipped),
    "units": on_rows(units_edited),
    "a unit missing": on_rows(unit_missing),
    "numbers": on_rows(number_edited),
    "labels, categories": on_rows(words_edited),
    "header": on_rows(header_edited),
    "cells": on_rows(cells_edited),
    "rows mixed up": on_rows(rows_exchanged),
    "other files": on_bytes(other_file),
    "rows in another order": on_rows(reordered),
    "other line ends": on_bytes(same_otherwise),
    "exports": exported_anywhere,
}

if __name__ == "__main__":
    main("NetDissect CSVs", KINDS, warm=prepare)

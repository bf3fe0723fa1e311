"""Tables of labels: classes.csv for the values or colors of masks, and labels of whole images."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.datasets.files import normal
from dissect_widgets.datasets.rows import Table, read_table
from dissect_widgets.errors import DataError, nearest, shortened, shown

MAX_VALUE = 2**16 - 1
_MOST_DIGITS = 30
_VALUES = ("value", "name", "category")
_COLORS = [("color", "name", "category"), ("red", "green", "blue", "name", "category")]
_COLORS += [("r", "g", "b", "name", "category")]
Classes = dict[int, Concept | None]


class ClassTable(NamedTuple):
    """What the values and the colors of masks mean; None means unlabeled."""

    values: Classes | None
    """By value; None if the table has no values."""
    colors: Classes | None
    """By color, 0xRRGGBB; None if the table has no colors, or they cannot be read."""
    no_colors: str
    """Why it has no colors."""

    @property
    def concepts(self) -> list[Concept]:
        """Its concepts, in the order of the rows."""
        classes = self.values if self.values is not None else self.colors
        return [concept for concept in (classes or {}).values() if concept]


def read_class_table(path: Path) -> ClassTable:
    """Read the meaning of each value or color of a mask.

    Parameters
    ----------
    path
        CSV file with the columns name, category, and value or a color: color, as "#804020", or red, green,
        blue. Other columns are ignored. A row without a name means that its value is unlabeled.

    Raises
    ------
    DataError
        If it lacks a column, or a row is wrong; the message names the line.
    """
    table = read_table(path, _VALUES, *_COLORS)
    by_value = "value" in table.columns
    try:
        colors, no_colors = _read_colors(table, path), ""
    except DataError as error:  # a column of another meaning, unless it is all there is
        if not by_value:
            raise
        colors, no_colors = None, str(error)
    return ClassTable(_read_values(table, path) if by_value else None, colors, no_colors)


def read_classes(path: Path) -> Classes:
    """Read the meaning of each value of a mask.

    Parameters
    ----------
    path
        CSV file with the columns value, name, category; others are ignored. A row without a name
        means that its value is unlabeled.

    Returns
    -------
    dict
        Value -> concept, or None where it is unlabeled.
    """
    return _read_values(read_table(path, _VALUES), path)


def value_table(classes: Classes, numbers: dict[Concept, int]) -> NDArray[np.int32]:
    """Label of each value a mask can have, int32 (65537,); -1 for values without a class, and at the end."""
    table = np.full(MAX_VALUE + 2, -1, np.int32)
    for value, concept in classes.items():
        table[value] = numbers[concept] if concept is not None else 0
    return table


def read_image_labels(path: Path, images: Iterable[str]) -> dict[str, list[Concept]]:
    """Read labels of whole images: scenes, textures.

    Parameters
    ----------
    path
        CSV file with the columns image, name, category; a row for each label, several for an image.
    images
        Names of the images, such as `beach/17.jpg`; the table may omit the ending.

    Returns
    -------
    dict
        Image -> its labels.
    """
    names = list(images)
    by_name: dict[str, list[str]] = {}
    for image in names:
        by_name.setdefault(normal(PurePath(image).with_suffix("").as_posix()), []).append(image)
    by_name |= {normal(image): [image] for image in names}  # a name with its ending has precedence
    labels: dict[str, list[Concept]] = {image: [] for image in names}
    for line, row in read_table(path, ("image", "name", "category")).rows:
        found = by_name.get(row["image"], [])
        if not found:
            raise DataError(
                f"{_at(path, line)}: there is no image {shown(row['image'])}.{nearest(row['image'], labels)}"
            )
        if len(found) > 1:
            which = " or ".join(shortened(name, 60) for name in found[:4])
            raise DataError(f"{_at(path, line)}: {shown(row['image'])} may be {which}.")
        if not row["name"] or not row["category"]:
            raise DataError(
                f"{_at(path, line)}: the label of {shown(row['image'])} needs a name and a category."
            )
        concept = Concept(row["name"], row["category"])
        if concept not in labels[found[0]]:
            labels[found[0]].append(concept)
    return labels


def _at(path: Path, line: int) -> str:
    """Where something is wrong."""
    return f"{shortened(path, 400)}, line {line}"


def _read_values(table: Table, path: Path) -> Classes:
    classes: Classes = {}
    for line, row in table.rows:
        if not re.fullmatch(r"[+-]?[0-9]+", row["value"]):
            raise DataError(f"{_at(path, line)}: the value {shown(row['value'])} is not a whole number.")
        sign, digits = re.fullmatch(r"([+-]?)0*([0-9]*)", row["value"]).groups()  # type: ignore[union-attr]
        value = int(sign + (digits[:_MOST_DIGITS] or "0"))  # of more digits it is too large anyway
        if value in classes or not 0 <= value <= MAX_VALUE:
            why = "is duplicated" if value in classes else f"is not within 0 to {MAX_VALUE}"
            raise DataError(f"{_at(path, line)}: the value {value} {why}.")
        classes[value] = _concept(row, line, path)
    return _named(classes, path)


def _read_colors(table: Table, path: Path) -> Classes:
    columns = next((c[:-2] for c in _COLORS if all(name in table.columns for name in c)), None)
    if columns is None:
        raise DataError(f"{shortened(path, 400)} has no column color, nor red, green, blue.")
    classes: Classes = {}
    for line, row in table.rows:
        cell = " ".join(row[column] for column in columns)
        parts = re.fullmatch(r"[(\[]?\s*(\d{1,9})[\s,]+(\d{1,9})[\s,]+(\d{1,9})\s*[)\]]?", cell, re.ASCII)
        if parts and max(map(int, parts.groups())) < 256:
            red, green, blue = map(int, parts.groups())
            color = red << 16 | green << 8 | blue
        elif re.fullmatch(r"#[0-9a-fA-F]{6}", cell):
            color = int(cell[1:], 16)
        else:
            raise DataError(
                f"{_at(path, line)}: {shown(cell)} is not a color, such as #804020, or 128, 64, 32 of 0 to "
                "255."
            )
        if color in classes:
            raise DataError(f"{_at(path, line)}: the color #{color:06X} is duplicated.")
        classes[color] = _concept(row, line, path)
    return _named(classes, path)


def _concept(row: dict[str, str], line: int, path: Path) -> Concept | None:
    if row["name"] and not row["category"]:
        raise DataError(f"{_at(path, line)}: {shown(row['name'])} has no category, such as object or part.")
    return Concept(row["name"], row["category"]) if row["name"] else None


def _named(classes: Classes, path: Path) -> Classes:
    if not any(classes.values()):
        raise DataError(f"{shortened(path, 400)} names no class.")
    return classes

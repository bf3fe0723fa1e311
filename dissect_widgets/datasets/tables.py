"""Tables of labels: classes.csv for the values of masks, and labels of whole images."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.errors import DataError, nearest


def read_classes(path: Path) -> dict[int, Concept | None]:
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
    classes: dict[int, Concept | None] = {}
    for line, row in _rows(path, ("value", "name", "category")):
        try:
            value = int(row["value"])
        except ValueError:
            raise DataError(
                f"{path}, line {line}: the value {row['value']!r} is not a whole number."
            ) from None
        if value in classes or not 0 <= value < 2**16:
            why = "is duplicated" if value in classes else "is not within 0 to 65535"
            raise DataError(f"{path}, line {line}: the value {value} {why}.")
        if row["name"] and not row["category"]:
            raise DataError(f"{path}, line {line}: {row['name']!r} has no category, such as object or part.")
        classes[value] = Concept(row["name"], row["category"]) if row["name"] else None
    if not any(classes.values()):
        raise DataError(f"{path} names no class.")
    return classes


def value_table(classes: dict[int, Concept | None], numbers: dict[Concept, int]) -> NDArray[np.int32]:
    """Label of each value a mask can have, int32 (65537,); -1 for values without a class, and at the end."""
    table = np.full(2**16 + 1, -1, np.int32)
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
    by_name = {Path(image).with_suffix("").as_posix(): image for image in names}
    by_name |= {image: image for image in names}  # a name with its ending has precedence
    labels: dict[str, list[Concept]] = {image: [] for image in names}
    for line, row in _rows(path, ("image", "name", "category")):
        if row["image"] not in by_name:
            raise DataError(
                f"{path}, line {line}: there is no image {row['image']!r}.{nearest(row['image'], labels)}"
            )
        if not row["name"] or not row["category"]:
            raise DataError(
                f"{path}, line {line}: the label of {row['image']!r} needs a name and a category."
            )
        concept = Concept(row["name"], row["category"])
        if concept not in labels[by_name[row["image"]]]:
            labels[by_name[row["image"]]].append(concept)
    return labels


def _rows(path: Path, columns: tuple[str, ...]) -> Iterable[tuple[int, dict[str, str]]]:
    """Line number and stripped cells of each row that is not empty."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = [name.strip() for name in reader.fieldnames or []]
            missing = [column for column in columns if column not in header]
            if missing:
                raise DataError(
                    f"{path} has the columns {header}; it needs {', '.join(columns)}, and lacks "
                    f"{', '.join(missing)}."
                )
            by_column = {name.strip(): name for name in reader.fieldnames or []}
            for row in reader:
                cells = {column: (row[name] or "").strip() for column, name in by_column.items()}
                if any(cells.values()):
                    yield reader.line_num, cells
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV file in UTF-8: {error}.") from error

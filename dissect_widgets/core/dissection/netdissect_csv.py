"""The result CSV of NetDissect: a row for each unit, with the best concept of each category.

>>> table = read_netdissect_csv("caffe_reference_places205.csv")
>>> table.count_detectors(convention="category")["object"]
DetectorCount(detectors=78, unique=36)

Columns are unit (from 1), category, label, score, and for each category {c}-label, {c}-truth,
{c}-activation, {c}-intersect, {c}-iou; areas and IoU are over the images that carry any label of the
category (TPAMI 2018, sec. 2.2). Files differ in the order of the categories.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dissect_widgets.core.dissection.csv_rows import read_rows
from dissect_widgets.core.dissection.layer_result import MIN_IOU, Convention, DetectorCount, LayerDissection
from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.target import output_file
from dissect_widgets.errors import DataError, SettingError, nearest, shortened, shown

_FIELDS = ("label", "truth", "activation", "intersect", "iou")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
_ROUNDING = (0.0, 1e-12, 1e-9, 1e-6, 1e-4)
"""How far the IoU of a file may be from that of its counts: they are written with more or fewer digits."""


@dataclass(frozen=True, slots=True)
class NetDissectTable:
    """The content of a NetDissect result CSV."""

    frame: pd.DataFrame
    """A row for each unit in their order; the columns of the file, `unit` counted from 0. Labels that
    are missing are empty, with the score 0."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories, in the order of the file."""
        return tuple(name.removesuffix("-iou") for name in self.frame.columns if name.endswith("-iou"))

    def count_detectors(
        self, *, convention: Convention = "top", min_iou: float = MIN_IOU
    ) -> dict[str, DetectorCount]:
        """Detectors and unique detectors of each category; see `LayerDissection.count_detectors`."""
        if convention not in ("top", "category"):
            raise SettingError(
                f"convention is {shown(convention)}.{nearest(convention, ['top', 'category'])}"
            )
        counts = {}
        for category in self.categories:
            if convention == "top":
                in_category = self.frame["category"] == category
                labels = self.frame.loc[in_category & (self.frame["score"] > min_iou), "label"]
            else:
                above = self.frame[f"{category}-iou"] > min_iou
                labels = self.frame.loc[above, f"{category}-label"]
            counts[category] = DetectorCount(len(labels), labels.nunique())
        unique = sum(count.unique for count in counts.values())
        counts["all"] = DetectorCount(int((self.frame["score"] > min_iou).sum()), unique)
        return counts


def read_netdissect_csv(path: str | Path, *, units: int | None = None) -> NetDissectTable:
    """Read a result CSV of NetDissect or NetDissect-Lite.

    Parameters
    ----------
    path
        The file.
    units
        How many units the layer has, if that is known. A file that was cut off within a row, or whose units
        are not 1 to their number, is always noticed; one that was cut off between two rows and lacks just the
        last units, only if this is given.

    Raises
    ------
    DataError
        If it is not such a file, not whole, or says what cannot be: units twice or missing, an IoU outside of
        [0, 1], a score that is not the highest IoU of its row, counts that contradict one another.
    """
    header, rows = read_rows(path)
    name = shortened(path)
    categories = list(
        dict.fromkeys(c.removesuffix(f"-{f}") for c in header for f in _FIELDS if c.endswith(f"-{f}"))
    )
    wanted = ["unit", "category", "label", "score", *(f"{c}-{f}" for c in categories for f in _FIELDS)]
    missing = [column for column in wanted if column not in header]
    if missing or not categories:
        lacks = shown(missing) if missing else "{category}-iou"
        raise DataError(f"{name} is not a result of NetDissect: it lacks the columns {lacks}.")
    cells = {column: [row[place] for row in rows] for place, column in enumerate(header)}
    try:
        frame = pd.DataFrame(cells | _numbers(cells, categories))
        _check_units(frame["unit"], units)
        _check_scores(frame, categories)
        _check_counts(frame, categories)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    frame["unit"] = frame["unit"].astype(np.int64) - 1
    frame = frame.sort_values("unit", kind="stable", ignore_index=True)
    for label, score in [("label", "score"), *((f"{c}-label", f"{c}-iou") for c in categories)]:
        # pixels without a label were counted as a nameless texture; such a match means nothing
        frame[score] = frame[score].where(frame[label] != "", 0.0)
    return NetDissectTable(frame)


def _numbers(cells: dict[str, list[str]], categories: list[str]) -> dict[str, list[float]]:
    """Columns of numbers; those of a category may be empty, for 0, where it has no label."""
    numbers = {column: [_number(cell, column) for cell in cells[column]] for column in ("unit", "score")}
    for category in categories:
        labels = cells[f"{category}-label"]
        for field in _FIELDS[1:]:
            column = f"{category}-{field}"
            numbers[column] = [
                0.0 if cell == label == "" else _number(cell, column)
                for cell, label in zip(cells[column], labels, strict=True)
            ]
    return numbers


def _number(cell: str, column: str) -> float:
    if not _NUMBER.fullmatch(cell) or not math.isfinite(number := float(cell)):
        raise DataError(f"the column {shown(column)} has {shown(cell)}, which is not a number of at least 0.")
    if number > 1 and (column == "score" or column.endswith("-iou")):
        raise DataError(f"the column {shown(column)} has {cell}; it must be in [0, 1].")
    return number


def _check_units(column: pd.Series, units: int | None) -> None:
    """Raise a DataError unless the units are 1 to their number, each once."""
    count = len(column)
    whole = column[(column >= 1) & (column % 1 == 0)]
    if len(whole) < count:
        bad = column.drop(whole.index).iloc[0]
        raise DataError(f"the column 'unit' has {bad:g}; units are counted from 1.")
    if column.duplicated().any():
        raise DataError(f"unit {column[column.duplicated()].iloc[0]:.0f} has two rows.")
    if units is not None and units != count:
        raise DataError(f"it has rows of {count} units, not of {units}; it may be cut off.")
    if column.max() > count:
        absent = min(set(range(1, count + 1)) - set(column.astype(int)))
        raise DataError(
            f"unit {absent} has no row, but unit {column.max():.0f} has; the file may be cut off."
        )


def _check_scores(frame: pd.DataFrame, categories: list[str]) -> None:
    """Raise a DataError unless category, label and score of each row are those of its highest IoU."""
    for row in frame.to_dict("records"):
        unit, category = f"unit {row['unit']:.0f}", row["category"]
        if category not in categories:
            raise DataError(f"{unit} has the category {shown(category)}.{nearest(category, categories)}")
        if row["label"] != row[f"{category}-label"]:
            label = row[f"{category}-label"]
            raise DataError(
                f"{unit} has the label {shown(row['label'])}, but {shown(category)} {shown(label)}."
            )
        best = max(row[f"{c}-iou"] for c in categories)
        if not row["score"] == row[f"{category}-iou"] == best:
            raise DataError(f"{unit} has the score {row['score']}, but the highest IoU {best}.")


def _check_counts(frame: pd.DataFrame, categories: list[str]) -> None:
    """Raise a DataError if an intersection exceeds an area, or an IoU is not that of its counts.

    The latter as exactly as most are in this file; not at all if most differ, for they follow another rule.
    """
    differences = []
    for category in categories:
        truth, area, both, iou = (frame[f"{category}-{field}"] for field in _FIELDS[1:])
        excess = (both > truth) | (both > area)
        if excess.any():
            unit = frame["unit"].iloc[int(np.argmax(excess))]
            raise DataError(f"unit {unit:.0f}: the column '{category}-intersect' exceeds an area.")
        differences.append((both / (truth + area - both).clip(lower=1) - iou).abs())
    difference = np.stack(differences)
    limit = next((t for t in _ROUNDING if (difference <= t).mean() > 0.5), math.inf)
    for place, row in np.argwhere(difference > limit)[:1].tolist():
        column, unit = f"{categories[place]}-iou", frame["unit"].iloc[row]
        raise DataError(f"unit {unit:.0f}: the column {shown(column)} contradicts the counts beside it.")


def write_netdissect_csv(layer: LayerDissection, path: str | Path, *, level: float | None = None) -> None:
    """Write one layer as a NetDissect result CSV, the highest score first.

    Parameters
    ----------
    layer
        A dissected layer.
    path
        Where to.
    level
        One of the layer's levels; the first by default.

    Raises
    ------
    SettingError
        If there is no such level, or there are no concepts.
    SavedError, StorageError
        If nothing can be written there; a file that was there is intact.
    """
    target, at = output_file(path), layer.level_index(level)
    if not layer.vocabulary.categories:
        raise SettingError(f"{shown(layer.name)} was dissected without concepts; there is nothing to write.")
    names = np.array([concept.name for concept in layer.vocabulary], object)
    units = np.arange(layer.units)
    columns: dict[str, object] = {}
    ious = []
    for number, category in enumerate(layer.vocabulary.categories):
        best = layer.best_in_category(category, level=level, denominator="category")
        columns |= {
            f"{category}-label": np.where(best.concept > 0, names[best.concept], ""),
            f"{category}-truth": layer.concept_area[best.concept],
            f"{category}-activation": layer.area_in_category[at][:, number],
            f"{category}-intersect": layer.intersection[at][units, best.concept],
            f"{category}-iou": best.iou,
        }
        ious.append(best.iou)
    top = np.stack(ious).argmax(0)
    categories = np.array(layer.vocabulary.categories, object)[top]
    labels = np.stack([np.asarray(columns[f"{c}-label"]) for c in layer.vocabulary.categories])[top, units]
    frame = pd.DataFrame(
        {"unit": units + 1, "category": categories, "label": labels, "score": np.stack(ious)[top, units]}
        | columns
    )
    text = frame.sort_values("score", ascending=False, kind="stable").to_csv(
        index=False, lineterminator="\r\n"
    )
    with replacing(target) as new:
        new.write_bytes(text.encode("utf-8", "backslashreplace"))

"""The result CSV of NetDissect: a row for each unit, with the best concept of each category.

>>> table = read_netdissect_csv("caffe_reference_places205.csv")
>>> table.count_detectors(convention="category")["object"]
DetectorCount(detectors=78, unique=36)

Columns are unit (from 1), category, label, score, and for each category {c}-label, {c}-truth,
{c}-activation, {c}-intersect, {c}-iou; areas and IoU are over the images that carry any label of the
category (TPAMI 2018, sec. 2.2). Files differ in the order of the categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dissect_widgets.core.dissection.layer_result import MIN_IOU, Convention, DetectorCount, LayerDissection
from dissect_widgets.errors import DataError, SettingError, nearest

_FIELDS = ("label", "truth", "activation", "intersect", "iou")


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
            raise SettingError(f"convention is {convention!r}.{nearest(convention, ['top', 'category'])}")
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


def read_netdissect_csv(path: str | Path) -> NetDissectTable:
    """Read a result CSV of NetDissect or NetDissect-Lite.

    Raises
    ------
    DataError
        If it is not such a file.
    """
    path = Path(path)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)  # names stay as they are: "007", "NA"
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}.") from error
    categories = [name.removesuffix("-iou") for name in frame.columns if name.endswith("-iou")]
    wanted = ["unit", "category", "label", "score", *(f"{c}-{f}" for c in categories for f in _FIELDS)]
    missing = [name for name in wanted if name not in frame.columns]
    if missing or not categories:
        raise DataError(
            f"{path} is not a result of NetDissect: it lacks the columns {missing or '{category}-iou'}."
        )
    frame["unit"] = _numbers(frame["unit"], path).astype(np.int64) - 1
    frame = frame.sort_values("unit", kind="stable", ignore_index=True)
    for category in categories:
        for field in ("truth", "activation", "intersect"):
            frame[f"{category}-{field}"] = _numbers(frame[f"{category}-{field}"], path)
    for label, score in [("label", "score"), *((f"{c}-label", f"{c}-iou") for c in categories)]:
        # pixels without a label were counted as a nameless texture; such a match means nothing
        frame[score] = _numbers(frame[score], path).where(frame[label] != "", 0.0)
    return NetDissectTable(frame)


def _numbers(column: pd.Series, path: Path) -> pd.Series:
    """Column as numbers; an empty cell is 0, but for the number of the unit."""
    filled = column if column.name == "unit" else column.where(column != "", "0")
    numbers = pd.to_numeric(filled, errors="coerce")
    bad = column[~np.isfinite(numbers)]
    if len(bad):
        raise DataError(f"{path}: the column {column.name!r} has {bad.iloc[0]!r}, which is not a number.")
    return numbers


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
    """
    at = layer.level_index(level)
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
    frame.sort_values("score", ascending=False, kind="stable").to_csv(path, index=False)

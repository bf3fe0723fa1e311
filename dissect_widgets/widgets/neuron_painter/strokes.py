"""Strokes of a brush that paints with units: the cells of a map that they cover, and their files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.errors import SavedError, SettingError, nearest

MODES: Final = ("draw", "erase")
_FINE: Final = 8
"""Points along each side of a cell of the map at which coverage is sampled."""
LARGEST_SEED: Final = 2**32 - 1
_KIND: Final = "dissect_widgets strokes"


class Stroke(NamedTuple):
    """One stroke: units of a concept, set to levels where the brush went."""

    mode: str
    """"draw" or "erase"."""
    concept: str
    units: tuple[int, ...]
    level: tuple[float, ...]
    """What each unit is set to; 0 for all in a stroke that erases."""
    share: float
    """Weight of the level against the activation before, in (0, 1]."""
    brush: float
    """Diameter of the brush, as a share of the image's width."""
    points: tuple[tuple[float, float], ...]
    """Where the brush went, (x, y) as shares of the image's width and height."""
    on: bool = True
    """Whether it is applied."""

    def edit(self, layer: str, coverage: Coverage) -> Edit:
        """The stroke as an edit of a layer."""
        return Edit(layer, self.units, self.level, coverage.mask() * np.float32(self.share))

    def plain(self) -> dict[str, Any]:
        """The stroke as JSON holds it."""
        return {
            **self._asdict(),
            "units": list(self.units),
            "level": list(self.level),
            "points": [list(point) for point in self.points],
        }


class Coverage:
    """How much of each cell of a map a brush covers as it moves.

    Parameters
    ----------
    grid
        Rows and columns of the map, which spans the image.
    image_size
        Height and width of the image, whose proportions count.
    brush
        Diameter, as a share of the image's width.
    """

    def __init__(self, grid: tuple[int, int], image_size: tuple[int, int], brush: float) -> None:
        rows, columns = (side * _FINE for side in grid)
        self._grid, self._aspect = grid, image_size[0] / image_size[1]
        self._x = ((np.arange(columns) + 0.5) / columns)[None, :]
        self._y = ((np.arange(rows) + 0.5) / rows)[:, None] * self._aspect
        # the smallest brush still covers a point, wherever it is
        self._radius = max(brush / 2, math.hypot(1 / columns, self._aspect / rows) / 2)
        self._covered = np.zeros((rows, columns), bool)
        self._last: tuple[float, float] | None = None

    def add(self, points: Sequence[tuple[float, float]]) -> Coverage:
        """Move the brush to more points, in straight lines."""
        for x, y in points:
            start, end = self._last or (x, y * self._aspect), (x, y * self._aspect)
            self._covered |= _distance(self._x, self._y, start, end) <= self._radius
            self._last = end
        return self

    def mask(self) -> NDArray[np.float32]:
        """Share of each cell that is covered, float32 (rows, columns) in [0, 1]."""
        rows, columns = self._grid
        fine = self._covered.reshape(rows, _FINE, columns, _FINE)
        return np.asarray(fine.mean((1, 3)), np.float32)


def _distance(
    x: NDArray[np.float64], y: NDArray[np.float64], start: tuple[float, float], end: tuple[float, float]
) -> NDArray[np.float64]:
    """Distance of points to a line from one point to another."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = across**2 + down**2
    along = ((x - start[0]) * across + (y - start[1]) * down) / length if length else np.zeros(())
    along = np.clip(along, 0, 1)
    return np.hypot(x - start[0] - along * across, y - start[1] - along * down)


def checked_stroke(value: Any, units: int) -> Stroke:
    """Read a stroke of a layer with `units` units; SettingError if it is not valid."""
    if not isinstance(value, Mapping):
        raise SettingError(f"A stroke is {type(value).__name__}; it must be a mapping.")
    missing = [name for name in Stroke._fields if name not in value and name != "on"]
    unknown = [name for name in value if name not in Stroke._fields]
    if missing or unknown:
        which = f"has no {missing[0]!r}" if missing else f"has {unknown[0]!r}"
        raise SettingError(f"A stroke {which}; it has {', '.join(Stroke._fields)}.")
    try:
        stroke = Stroke(
            str(value["mode"]),
            str(value["concept"]),
            tuple(int(unit) for unit in value["units"]),
            tuple(float(level) for level in value["level"]),
            float(value["share"]),
            float(value["brush"]),
            tuple((float(x), float(y)) for x, y in value["points"]),
            bool(value.get("on", True)),
        )
    except (TypeError, ValueError) as error:
        raise SettingError(f"A stroke cannot be read: {error}.") from None
    if stroke.mode not in MODES:
        raise SettingError(f"A stroke's mode is {stroke.mode!r}.{nearest(stroke.mode, MODES)}")
    if len(stroke.level) != len(stroke.units) or not stroke.units:
        raise SettingError(f"A stroke has {len(stroke.units)} units and {len(stroke.level)} levels.")
    bad = [unit for unit in stroke.units if not 0 <= unit < units]
    if bad or len(set(stroke.units)) < len(stroke.units):
        which = f"of unit {bad[0]}" if bad else "with a duplicated unit"
        raise SettingError(f"There is a stroke {which}; the layer has units 0 to {units - 1}.")
    numbers = [*stroke.level, *(part for point in stroke.points for part in point)]
    if not all(map(math.isfinite, numbers)) or not 0 < stroke.share <= 1 or not 0 < stroke.brush <= 2:
        raise SettingError("A stroke has numbers that are not finite, or a share or brush out of bounds.")
    return stroke


def write_strokes(strokes: Sequence[Stroke], about: Mapping[str, Any]) -> str:
    """Strokes as text, with the generator and layer that they are of."""
    content = {"kind": _KIND, **about, "edits": [stroke.plain() for stroke in strokes]}
    return json.dumps(content, indent=1) + "\n"


def read_strokes(
    text: str, about: Mapping[str, Any], units: int, origin: str | Path
) -> tuple[list[Stroke], int]:
    """Read what `write_strokes` wrote: strokes, and the seed of their sample.

    Raises
    ------
    SavedError
        If the text is damaged, or of another generator or layer than `about` says.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise SavedError(f"{origin} is damaged: it is not JSON ({error}).") from None
    if (
        not isinstance(content, dict)
        or content.get("kind") != _KIND
        or not isinstance(content.get("edits"), list)
    ):
        raise SavedError(f"{origin} does not hold edits of a painter.")
    for name in ("generator", "layer"):
        if content.get(name) != about[name]:
            raise SavedError(
                f"{origin} is of another {name}: of {content.get(name)}; this one is {about[name]}."
            )
    seed = content.get("seed")
    if not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED:
        raise SavedError(f"{origin} is damaged: its seed is {seed!r}; allowed is 0 to {LARGEST_SEED}.")
    try:
        return [checked_stroke(one, units) for one in content["edits"]], seed
    except SettingError as error:
        raise SavedError(f"{origin} is damaged: {error}") from None

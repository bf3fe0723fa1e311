"""The box of an image that a network's input shows; or what else has been done to the image."""

from __future__ import annotations

from typing import Final, NoReturn

import numpy as np

from dissect_widgets.core.data.arrays import Bools, Float64s
from dissect_widgets.core.data.preprocess_forms import PreprocessError
from dissect_widgets.core.data.preprocessing import Preprocessing
from dissect_widgets.core.proofs.positions import Positions, changes_values_alone, find_positions

CLAIM: Final = "the network's input is a part of the image, upright, at most cropped and resized"
_ADVICE: Final = (
    "Leave it values, size and crop; pad, flip, turn or bend the data instead, with their labels."
)
_TURNS: Final = {
    (1, -1): "mirrored left to right",
    (-1, 1): "upside down",
    (-1, -1): "turned by 180 degrees",
}
"""Signs of down and right -> what is seen."""
_TRANSPOSED: Final = {  # signs of x with rows, of y with columns
    (1, 1): "with rows and columns exchanged",
    (-1, 1): "turned by 90 degrees counterclockwise",
    (1, -1): "turned by 90 degrees clockwise",
    (-1, -1): "with rows and columns exchanged, turned by 180 degrees",
}
Box = tuple[float, float, float, float]


def find_box(preprocessing: Preprocessing, image_size: tuple[int, int], input_size: tuple[int, int]) -> Box:
    """Top, left, bottom and right of the part of images (H, W) that an input (h, w) shows, in pixels.

    Raises
    ------
    PreprocessError
        If it shows something else than a part of the image.
    """
    height, width = image_size
    if preprocessing.function is None or (
        input_size == image_size and changes_values_alone(preprocessing, image_size)
    ):
        return (0, 0, height, width)
    positions = find_positions(preprocessing, image_size)
    if positions is None:
        _refuse(
            "its values do not tell where in the image they come from", "Resize before values are changed."
        )
    if not positions.shown.all():
        _refuse(_border(positions.shown))
    x, y = _Plane(positions.x * width, 2), _Plane(positions.y * height, 1)
    if not (x.fits and y.fits):
        _refuse(_unfit(positions))
    seen = _turn(x, y)
    if seen is not None:
        _refuse(f"the image comes out {seen}")
    left, right = x.edges(width)
    top, bottom = y.edges(height)
    return (top, left, bottom, right)


class _Plane:
    """Places float64 (channels, h, w), in pixels of the image, as a linear function of row and column.

    Parameters
    ----------
    places
        Of the pixels of the input.
    axis
        Of the input, 1 or 2, along which they are to change.
    """

    def __init__(self, places: Float64s, axis: int) -> None:
        self.axis, self.size = axis, places.shape[1:]
        bends = [np.diff(places, 2, axis=along) for along in (1, 2) if places.shape[along] > 2]
        self.noise = min((float(np.sqrt((bend**2).mean() / 6)) for bend in bends), default=0.0)
        rows, columns = (np.arange(count) - (count - 1) / 2 for count in self.size)
        down, right = _inner(rows), _inner(columns)
        inner = places.mean(0)[np.ix_(down, right)]
        self.middle = float(inner.mean())
        self.down = float(rows[down] @ inner.mean(1) / max(1e-9, rows[down] @ rows[down]))
        self.right = float(columns[right] @ inner.mean(0) / max(1e-9, columns[right] @ columns[right]))
        self.unit = max(1.0, abs(self.down) + abs(self.right))
        wrong = places - (self.middle + self.down * rows[:, None] + self.right * columns)
        lines = np.abs(wrong.mean(3 - axis))  # over what does not change
        few = 1 / np.sqrt(self.size[2 - axis])
        self.fits = bool(
            np.abs(wrong).max() <= self.unit + 7 * self.noise
            and lines.max() <= self.unit + 5 * self.noise * few
        )

    @property
    def along(self) -> float:
        """How far it goes along its axis of the input, in pixels of the image."""
        return float(self.down * self.size[0] if self.axis == 1 else self.right * self.size[1])

    @property
    def across(self) -> float:
        """How far it goes along the other axis."""
        return float(self.right * self.size[1] if self.axis == 1 else self.down * self.size[0])

    def edges(self, full: int) -> tuple[float, float]:
        """Both edges of the input, in pixels of an image with `full` pixels."""
        count = self.size[self.axis - 1]
        step = self.along / count
        low, high = self.middle - self.along / 2, self.middle + self.along / 2
        near = 0.6 * max(1.0, step)  # nearest neighbors lie up to half a pixel of the input aside
        if abs(low) <= near and abs(high - full) <= near:
            return 0.0, float(full)
        if low < -near or high > full + near:
            _refuse(f"the input reaches from {low:.1f} to {high:.1f}, beyond the image's {full} pixels")
        tolerance = 0.03 + 2e-4 * full + min(0.25, 0.6 * self.noise)
        return _snapped(max(low, 0.0), min(high, float(full)), full, count, tolerance)


def _snapped(low: float, high: float, full: int, count: int, tolerance: float) -> tuple[float, float]:
    """The edges that were meant: whole pixels of the image, or whole pixels after it was resized."""
    step = full / round(full * count / (high - low))
    first = round(low / step) * step
    candidates = (float(round(low)), float(round(high))), (first, first + count * step)
    best = min(candidates, key=lambda edges: max(abs(edges[0] - low), abs(edges[1] - high)))
    return best if max(abs(best[0] - low), abs(best[1] - high)) <= tolerance else (low, high)


def _inner(line: Float64s) -> Bools:
    """Which of the pixels of a line are not at an edge of the image, which is resized in other ways."""
    margin = max(2, len(line) // 12) if len(line) > 12 else 0
    return np.abs(line) <= len(line) / 2 - margin


def _turn(x: _Plane, y: _Plane) -> str | None:
    """How an image is turned; None if it is upright."""
    upright = abs(x.along) > abs(x.across) and abs(y.along) > abs(y.across)
    transposed = abs(x.along) < abs(x.across) and abs(y.along) < abs(y.across)
    if not upright and not transposed:
        return "with rows and columns mixed"
    sides = [(x.across, x.unit), (y.across, y.unit)] if upright else [(x.along, x.unit), (y.along, y.unit)]
    if any(abs(side) > 1.5 * unit for side, unit in sides):
        return "turned or sheared"
    if transposed:
        return _TRANSPOSED[_sign(x.across), _sign(y.across)]
    return _TURNS.get((_sign(y.along), _sign(x.along)))


def _sign(value: float) -> int:
    return 1 if value > 0 else -1


def _border(shown: Bools) -> str:
    """What is seen of pixels that do not change with the image."""
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    height, width = shown.shape
    if len(rows) and shown[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all():
        sides = {
            "rows above": rows[0],
            "rows below": height - 1 - rows[-1],
            "columns left": columns[0],
            "columns right": width - 1 - columns[-1],
        }
        border = ", ".join(f"{count} {side}" for side, count in sides.items() if count)
        return f"a border that is not of the image is put around it (padding): {border}"
    if shown.mean() < 0.5:
        return "most of its values do not follow the brightness of the image (edges, differences, a mask)"
    return f"{(~shown).mean():.1%} of the input are not of the image (padding, a mask, or turning)"


def _unfit(positions: Positions) -> str:
    """What is seen where places do not lie on a plane."""
    for places, axis in ((positions.x.mean(0), 1), (positions.y.mean(0), 0)):
        line = np.median(places, axis=1 - axis)
        steps = np.diff(line)
        middle = np.median(steps)
        if (np.abs(steps) > 0.2).any():
            return "parts of the image come out more than once, or in another order"
        if min(steps[0] * middle, steps[-1] * middle) < 0.2 * middle**2:
            return "a border repeats or mirrors the edge of the image (padding)"
    return "straight lines come out bent (a warp)"


def _refuse(seen: str, advice: str = _ADVICE) -> NoReturn:
    raise PreprocessError(CLAIM, seen, advice)

"""A second look at a drawn scene: from another place, with the true motion of every pixel.

>>> canvas = scene_canvas("village street", seed=7)
>>> space, window = Space(canvas), Window(0.1, 0.1, 0.8)
>>> first = space.seen(window=window)
>>> second = space.seen(Pose.of(pan=4, right=0.2), window=window)    # the camera turns and steps aside
>>> flow, visible = correspondences(first, look(first, 96), second, look(second, 96))

A plane's matrix M takes (u, v, 1) to what the camera K sees. A camera turned by R and moved by t sees
K (R K^-1 M + t e3^T), so outlines and labels of the second look are as exact as those of the first. What is
at infinity only turns. The order of drawing stays, so moves are to be small; and nothing was drawn beyond the
borders of the picture, so all looks are to go through a window somewhat smaller than it.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.world.scenery.drawing.canvas import MATRIX, Canvas, Region
from dissect_widgets.world.scenery.drawing.planes import NEAR, Camera, Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shading import COLUMNS, shade
from dissect_widgets.world.scenery.names import number_of
from dissect_widgets.world.scenery.registry import SCENE_FUNCTIONS

Doubles = NDArray[np.float64]

FLIGHT: Final = 25.0
"""Distance of flying birds, in meters: they are drawn on the picture itself."""

FARTHEST: Final = 1e6
"""Distance of what is at infinity, in meters, where a number is needed."""

_AT_INFINITY: Final = frozenset(number_of(name, "object") for name in ("sky", "cloud"))
_BIRD: Final = number_of("bird", "object")
_MIDDLE: Final = slice(COLUMNS.index("middle_u"), COLUMNS.index("middle_v") + 1)
_EDGE_ON: Final = 1e8  # determinant of an inverse matrix above which a plane is seen edge on
_NOWHERE: Final = [(-2.0, -2.0), (-2.1, -2.0), (-2.0, -2.1)]  # outline of what is not seen


class Pose(NamedTuple):
    """Where a camera has gone: a point P of its first axes (right, up, away) is seen at R P + t."""

    rotation: Doubles
    """float64 (3, 3)"""
    shift: Doubles
    """float64 (3,), in meters."""

    @classmethod
    def of(
        cls,
        *,
        pan: float = 0.0,
        tilt: float = 0.0,
        roll: float = 0.0,
        right: float = 0.0,
        up: float = 0.0,
        forward: float = 0.0,
    ) -> Pose:
        """A camera that steps by meters along its axes, and turns by degrees: right, up, clockwise."""
        rotation = _turn(1, 0, roll) @ _turn(2, 1, tilt) @ _turn(2, 0, pan)
        return cls(rotation, -rotation @ np.array([right, up, forward]))


def _turn(first: int, second: int, degrees: float) -> Doubles:
    """Rotation of what a camera sees that turns by some degrees from axis `first` towards `second`."""
    matrix, angle = np.eye(3), math.radians(degrees)
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[first, second], matrix[second, first] = math.sin(angle), -math.sin(angle)
    return matrix


class Window(NamedTuple):
    """A square of the picture, which is seen as if it were the whole."""

    left: float = 0.0
    top: float = 0.0
    side: float = 1.0

    def matrix(self) -> Doubles:
        """LabeledImage coordinates (x, y, 1) to those of the window: float64 (3, 3)."""
        return np.array([[1, 0, -self.left], [0, 1, -self.top], [0, 0, self.side]], np.float64) / np.float64(
            self.side
        )


class Look(NamedTuple):
    """A picture with all that is known of its pixels."""

    image: NDArray[np.uint8]
    """uint8 (size, size, 3)"""
    labels: NDArray[np.int16]
    """int16 (4, size, size): object, part, material and texture."""
    regions: NDArray[np.int16]
    """int16 (size, size): which region of the canvas covers most of a pixel."""


def scene_canvas(scene: str, seed: int) -> Canvas:
    """The canvas of which `rendering.render` makes the picture of a scene."""
    return SCENE_FUNCTIONS[scene](Rng(f"{scene}:{seed}"))


def look(canvas: Canvas, size: int) -> Look:
    """Draw a canvas, and note which region is seen where."""
    numbered = Canvas(canvas.camera, canvas.light)
    numbered.regions = [
        region._replace(labels=(region.labels[0], number, *region.labels[2:]))
        for number, region in enumerate(canvas.regions)
    ]
    image, labels = shade(numbered, size)
    regions = labels[1].copy()
    labels[1] = np.array([region.labels[1] for region in canvas.regions], np.int16)[regions]
    return Look(image, labels, regions)


class Space:
    """The space that a canvas shows, to be seen from other places.

    Parameters
    ----------
    canvas
        As a scene draws it: not cropped.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.lens = canvas, lens_matrix(canvas.camera)
        regions = canvas.regions
        self.inverses = _inverses(canvas)
        self.nearness = _nearness(regions, self.inverses[:, 2])
        self._hidden = np.abs(np.linalg.det(self.inverses)) > _EDGE_ON
        lengths = [len(region.outline) for region in regions]
        flat = np.fromiter(chain.from_iterable(chain(*(r.outline for r in regions))), np.float64)
        self._points = np.column_stack([flat.reshape(-1, 2), np.ones(len(flat) // 2)])
        self._of = np.repeat(np.arange(len(regions)), lengths)
        self._ends = np.cumsum([0, *lengths]).tolist()
        near = np.einsum("nj,nj->n", self.nearness[self._of], self._points)
        self._depths = 1 / np.maximum(near, 1 / FARTHEST)

    def seen(
        self,
        pose: Pose | None = None,
        *,
        window: Window | None = None,
        moves: Doubles | None = None,
        shadows: NDArray[np.bool_] | None = None,
    ) -> Canvas:
        """What a camera sees that has gone somewhere, while things may have moved by themselves.

        Parameters
        ----------
        pose
            Where the camera is; by default where it was.
        window
            Through which it looks.
        moves
            float64 (regions, 3): by how many meters each region has moved (right, up, away).
        shadows
            bool (regions,): which of them are shadows, that leave the texture of the ground where it is.

        Returns
        -------
        Canvas
            With the same regions in the same order; those that are no longer seen lie outside the picture.
        """
        pose, window = pose or Pose.of(), window or Window()
        camera = self._matrices(pose, window, np.zeros((1, 3)))
        matrices = camera if moves is None else self._matrices(pose, window, moves)
        inverses = self.inverses @ np.linalg.inv(matrices)
        taken = np.einsum("nij,nj->ni", matrices[self._of], self._points)
        places = list(map(tuple, (taken[:, :2] / taken[:, 2:]).tolist()))
        depths = taken[:, 2] * self._depths
        too_near = set(self._of[depths < NEAR * (1 - 1e-6)].tolist())
        middles = {}
        if moves is not None and shadows is not None:
            for number in np.flatnonzero(shadows & moves.any(1)).tolist():
                middles[number] = self._moved_middle(number, moves[number])
                inverses[number] = self.inverses[number] @ np.linalg.inv(camera[number])
        canvas = Canvas(self.canvas.camera, self.canvas.light)
        flat_inverses = inverses.reshape(-1, 9).tolist()
        for number, region in enumerate(self.canvas.regions):
            outline = places[self._ends[number] : self._ends[number + 1]]
            if number in too_near:
                outline = self._cut_off(number, matrices[number])
            if self._hidden[number] or len(outline) < 3:
                outline = _NOWHERE
            after = region.numbers[MATRIX + 9 :]
            if number in middles:
                after = (*middles[number], *region.numbers[_MIDDLE.stop :])
            numbers = (*region.numbers[:MATRIX], *flat_inverses[number], *after)
            canvas.regions.append(Region(outline, numbers, region.labels))
        return canvas

    def _matrices(self, pose: Pose, window: Window, moves: Doubles) -> Doubles:
        """LabeledImage coordinates (x, y, 1) of each region to those it now has: float64 (regions, 3, 3)."""
        frame = window.matrix() @ self.lens
        turned = frame @ pose.rotation @ np.linalg.inv(self.lens)
        shifts = (moves @ pose.rotation.T + pose.shift) @ frame.T
        return turned + shifts[:, :, None] * self.nearness[:, None, :]

    def _cut_off(self, number: int, matrix: Doubles) -> list[Point]:
        """New outline of a region of which some comes too near to the camera."""
        inverse, start, end = self.inverses[number], self._ends[number], self._ends[number + 1]
        plane = self._points[start:end] @ inverse.T
        a, b, c, d, e, f, g, h, i = (matrix @ np.linalg.inv(inverse)).ravel().tolist()
        outline = [(u / scale, v / scale) for u, v, scale in plane.tolist()]
        return Plane((a, b, c, d, e, f, g, h, i)).project(outline)

    def _moved_middle(self, number: int, move: Doubles) -> tuple[float, float]:
        """Middle of a shadow in coordinates of its plane, after a move."""
        axes = np.linalg.inv(self.lens) @ np.linalg.inv(self.inverses[number])[:, :2]
        (du, dv), *_ = np.linalg.lstsq(axes, move, rcond=None)
        u, v = self.canvas.regions[number].numbers[_MIDDLE]
        return u + float(du), v + float(dv)


def lens_matrix(camera: Camera) -> Doubles:
    """K, float64 (3, 3): (right, up, away) to (x depth, y depth, depth) of the picture."""
    zoom, middle, horizon = camera.zoom, camera.middle, camera.horizon
    return np.array([[zoom, 0.0, middle], [0.0, -zoom, horizon], [0.0, 0.0, 1.0]])


def _inverses(canvas: Canvas) -> Doubles:
    """Inverse matrices of the planes of all regions: float64 (regions, 3, 3)."""
    return np.array([region.numbers[MATRIX : MATRIX + 9] for region in canvas.regions]).reshape(-1, 3, 3)


def _nearness(regions: list[Region], rows: Doubles) -> Doubles:
    """For each region, the row that takes (x, y, 1) of the picture to 1 / depth: float64 (regions, 3).

    What is at infinity has zeros. What was drawn on the picture itself though it is near, such as the sides
    of cushions, lies where the next region of the same object lies; cables where their pylons do.
    """
    result, objects = rows.copy(), np.array([region.labels[0] for region in regions])
    flat = (rows == (0.0, 0.0, 1.0)).all(1)
    for number in np.flatnonzero(flat):
        if objects[number] in _AT_INFINITY:
            result[number] = 0.0
        elif objects[number] == _BIRD:
            result[number] = 0.0, 0.0, 1 / FLIGHT
        else:
            others = np.flatnonzero(~flat & (objects == objects[number]))
            result[number] = _row_like_others(regions, rows, others, int(number))
    return result


def _row_like_others(regions: list[Region], rows: Doubles, others: NDArray[np.int64], number: int) -> Doubles:
    """Row of a region that was drawn on the picture, from others of the same object."""
    if not len(others):
        return np.zeros(3)
    following = others[others > number]
    if len(following) and following[0] - number <= 2:
        return np.asarray(rows[following[0]])
    middles = np.array([np.mean(regions[other].outline, 0) for other in others])
    places = np.column_stack([middles, np.ones(len(middles))])
    return np.asarray(np.linalg.lstsq(places, (places * rows[others]).sum(1), rcond=1e-6)[0])


def correspondences(
    before: Canvas, first: Look, after: Canvas, second: Look
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where each pixel of a look is in a second one.

    Parameters
    ----------
    before, after
        What `Space.seen` gave twice.
    first, second
        How they look, in equal size.

    Returns
    -------
    tuple
        float32 (2, size, size), by how many pixels (across, down) it has moved; bool (size, size), whether it
        is seen there, and not hidden by something else or outside.
    """
    size = len(first.regions)
    homographies = np.linalg.inv(_inverses(after)) @ _inverses(before)
    ys, xs = np.indices((size, size))
    places = np.stack([(xs + 0.5) / size, (ys + 0.5) / size, np.ones((size, size))], -1)
    taken = np.einsum("yxij,yxj->yxi", homographies[first.regions], places)
    targets = taken[..., :2] / taken[..., 2:] * size - 0.5
    column, row = np.rint(targets[..., 0]).astype(int), np.rint(targets[..., 1]).astype(int)
    inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
    column, row = column.clip(0, size - 1), row.clip(0, size - 1)
    flow = np.stack([targets[..., 0] - xs, targets[..., 1] - ys]).astype(np.float32)
    return flow, inside & (second.regions[row, column] == first.regions)

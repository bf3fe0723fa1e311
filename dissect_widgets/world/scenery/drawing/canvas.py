"""The canvas: a list of outlines on planes, from far to near, that `shading` turns into an image.

>>> canvas = Canvas(camera, light)
>>> canvas.draw(plane, box(-1, 0, 1, 2), surface, "door")                     # an object
>>> canvas.draw(plane, ellipse(0.8, 1, 0.06), metal(rng), "door", "handle")  # a part of it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.light import Light
from dissect_widgets.world.scenery.drawing.planes import SCREEN, Camera, Plane, Point, turned
from dissect_widgets.world.scenery.drawing.shapes import ellipse
from dissect_widgets.world.scenery.drawing.surfaces import Surface
from dissect_widgets.world.scenery.names import number_of


class Shade(NamedTuple):
    """Brightness over an outline whose bounding box is [-1, 1] x [-1, 1]: a quadratic in u and v."""

    level: float = 1.0
    u: float = 0.0
    v: float = 0.0
    uu: float = 0.0
    vv: float = 0.0
    sided: float = 0.0
    """Times the side the light comes from, added to `u`."""


FLAT = Shade()
CYLINDER = Shade(1.08, uu=-0.32, sided=0.22)
"""Trunks, poles, chimneys: dark at the sides, and more so at that away from the light."""
BALL = Shade(1.12, v=0.16, uu=-0.22, vv=-0.16, sided=0.2)
"""Crowns, heads, domes: also lighter above."""
TOP = Shade(1.0, v=0.16)
"""Lighter above."""
SOFT = Shade(1.04, v=0.08, uu=-0.1, vv=-0.08, sided=0.06)
"""Cushions: a little round."""
_SHADOW = Shade(0.56, uu=0.43, vv=0.43)
"""Dark in the middle, and as light as the floor at the rim."""


MATRIX = 6
"""Index, in the numbers of a region, of the first entry of its plane's inverse matrix."""


class Region(NamedTuple):
    """An outline in the image, and what it shows."""

    outline: list[Point]
    """In image coordinates."""
    numbers: tuple[float, ...]
    """Columns of `shading.COLUMNS`."""
    labels: tuple[int, int, int, int]
    """Object, part, material and texture, as indices into the world's vocabulary."""


Floor = tuple[Surface, str]
"""What shadows fall on: a surface, and the name of its object."""


class Mat(NamedTuple):
    """Something flat on the ground that shadows fall on, such as a carpet."""

    surface: Surface
    name: str
    """Of the object."""
    x: float = 0.0
    z: float = 0.0
    across: float = 0.0
    """Half its width."""
    away: float = 0.0
    """Half its depth."""
    turn: float = 0.0

    def holds(self, x: float, z: float) -> bool:
        """Whether it lies under a point of the ground."""
        u, v = turned(x - self.x, z - self.z, -self.turn)
        return abs(u) < self.across and abs(v) < self.away


class Canvas:
    """Outlines of an image, in the order of drawing.

    Parameters
    ----------
    camera
        Camera of the image, which makes the planes to draw on.
    light
        Light of the whole image.
    """

    def __init__(self, camera: Camera, light: Light) -> None:
        self.camera, self.light = camera, light
        self.floor: Floor | None = None
        """The ground; scenes set it."""
        self.floor_turn = 0.0
        """Rotation of the floor's plane, and so of its texture, in degrees."""
        self.mats: list[Mat] = []
        """Flat things on the ground, the topmost last; shadows fall on them, too."""
        self.regions: list[Region] = []

    def draw(
        self,
        plane: Plane,
        outline: Sequence[Point],
        surface: Surface,
        object_name: str,
        part: str | None = None,
        *,
        light: float = 1.0,
        shade: Shade = FLAT,
    ) -> None:
        """Draw an outline over all that was drawn before.

        Parameters
        ----------
        plane
            Plane in space.
        outline
            Polygon of (u, v) on that plane; see `shapes`.
        surface
            Material, color and texture; see `surfaces`.
        object_name, part
            Names of its object and, perhaps, of its part; see `names`.
        light
            Factor on its colors: faces of a thing that look away from the light are darker.
        shade
            Brightness over the outline.
        """
        points = plane.project(outline)
        if len(points) < 3:
            return
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        top, bottom = min(y for _, y in points), max(y for _, y in points)
        if right <= 0 or left >= 1 or bottom <= 0 or top >= 1:
            return
        labels = (
            number_of(object_name, "object"),
            number_of(part, "part"),
            number_of(surface.material, "material"),
            number_of(surface.texture, "texture"),
        )
        numbers = self._numbers(plane, outline, surface, light, shade)
        self.regions.append(Region(points, numbers, labels))

    def shadow(
        self, x: float, z: float, across: float, away: float, *, y: float = 0.0, turn: float = 0.0
    ) -> None:
        """Draw the soft shadow of a thing at (x, z): an ellipse with two radii on `floor`."""
        if self.floor is None:
            return
        mat = next((mat for mat in reversed(self.mats) if mat.holds(x, z)), None)
        mat = mat or Mat(*self.floor, turn=self.floor_turn)
        lie = turn if (turn - mat.turn) % 90 else mat.turn  # its texture goes on in the shadow
        u, v = turned(x - mat.x - 0.25 * self.light.side * across, z - mat.z, -lie)
        if (turn - lie) % 180:
            across, away = away, across
        self.draw(
            self.camera.ground(mat.x, mat.z, y=y, turn=lie),
            ellipse(u, v, across, away),
            mat.surface,
            mat.name,
            shade=_SHADOW,
        )

    def crop(self, left: float, top: float, side: float) -> None:
        """Crop to a square, given in image coordinates."""
        for number, region in enumerate(self.regions):
            outline = [((x - left) / side, (y - top) / side) for x, y in region.outline]
            moved = list(region.numbers)
            for row in range(MATRIX, MATRIX + 9, 3):
                a, b, c = moved[row : row + 3]
                moved[row : row + 3] = a * side, b * side, a * left + b * top + c
            self.regions[number] = Region(outline, tuple(moved), region.labels)

    def extent(self, object_name: str) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of an object; those of the image if it is not drawn."""
        number = number_of(object_name, "object")
        points = [point for region in self.regions if region.labels[0] == number for point in region.outline]
        if not points:
            return 0.0, 0.0, 1.0, 1.0
        xs, ys = zip(*points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def _numbers(
        self, plane: Plane, outline: Sequence[Point], surface: Surface, light: float, shade: Shade
    ) -> tuple[float, ...]:
        us, vs = [u for u, _ in outline], [v for _, v in outline]
        wide, high = max(us) - min(us), max(vs) - min(vs)
        tint = [light * t * (1 - surface.glow) + surface.glow for t in self.light.tint]
        first = [c * t for c, t in zip(surface.color, tint, strict=True)]
        second = [c * t for c, t in zip(surface.second, tint, strict=True)]
        seed = len(self.regions) * 37  # so that no two surfaces are irregular in the same way
        return (
            *first,
            *second,
            *plane.inverse(),
            (max(us) + min(us)) / 2,
            (max(vs) + min(vs)) / 2,
            2 / max(wide, 1e-6),
            2 / max(high, 1e-6),
            shade.level,
            shade.u + shade.sided * self.light.side,
            shade.v,
            shade.uu,
            shade.vv,
            surface.rough,
            1 / surface.grain[0],
            1 / surface.grain[1],
            seed % 101,
            seed % 103,
            1 / surface.period[0],
            1 / surface.period[1],
            surface.blend,
            0.0 if plane is SCREEN else 1.0 / self.light.visibility,
        )

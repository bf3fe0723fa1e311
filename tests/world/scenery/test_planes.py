"""The camera against plain vector algebra, and the edge of what is too near."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dissect_widgets.world.scenery.drawing.planes import NEAR, SCREEN, Camera, Plane
from dissect_widgets.world.scenery.drawing.shapes import box

CAMERAS = [
    Camera(),
    Camera(height=2.5, horizon=0.3, zoom=1.2, middle=0.6),
    Camera(height=1.1, horizon=0.5, zoom=0.8, middle=0.4, x=0.7, turn=-25.0),
]


def seen(camera: Camera, point: tuple[float, float, float]) -> tuple[float, float, float]:
    """Where a point of space lies in the picture, and how deep: rotate, then divide by depth."""
    x, y, z = point
    angle = math.radians(camera.turn)
    right = np.array([math.cos(angle), 0, -math.sin(angle)])
    ahead = np.array([math.sin(angle), 0, math.cos(angle)])
    relative = np.array([x - camera.x, y - camera.height, z])
    across, up, depth = right @ relative, relative[1], ahead @ relative
    return camera.middle + camera.zoom * across / depth, camera.horizon - camera.zoom * up / depth, depth


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_plane_projects_as_space_does(camera: Camera) -> None:
    origin, across, up = (1.0, 0.4, 9.0), (0.8, 0.1, 0.6), (-0.2, 0.9, 0.3)
    plane = camera.plane(origin, across, up)
    for u, v in [(0, 0), (1, 0), (0, 1), (-1.5, 2.5)]:
        point = tuple(o + u * a + v * b for o, a, b in zip(origin, across, up, strict=True))
        ((x, y),) = plane.project([(u, v)])
        assert (x, y) == pytest.approx(seen(camera, point)[:2])
    assert camera.locate(1.0, 0.4, 9.0) == pytest.approx(seen(camera, origin)[:2])


@pytest.mark.parametrize("camera", CAMERAS)
def test_the_inverse_finds_the_place_and_its_depth(camera: Camera) -> None:
    for plane in (camera.upright(1.5, 8, turn=35), camera.ground(0.5, 6, turn=-20), SCREEN):
        inverse = np.array(plane.inverse()).reshape(3, 3)
        matrix = np.array(plane.matrix).reshape(3, 3)
        for u, v in [(0.2, 0.1), (-0.7, 0.9)]:
            depth = matrix[2] @ [u, v, 1]
            ((x, y),) = plane.project([(u, v)])
            assert inverse @ [x, y, 1] == pytest.approx(np.array([u, v, 1]) / depth)


def test_planes_move_scale_and_lean() -> None:
    plane = CAMERAS[1].upright(1, 7, turn=20)
    assert plane.moved(0.5, 2).project([(0.1, 0.2)]) == plane.project([(0.6, 2.2)])
    assert plane.scaled(-2, 3).project([(0.1, 0.2)]) == [
        pytest.approx(p) for p in plane.project([(-0.2, 0.6)])
    ]
    sine, cosine = math.sin(math.radians(30)), math.cos(math.radians(30))
    turned = [(0.4 * cosine - 0.2 * sine, 0.4 * sine + 0.2 * cosine)]
    assert plane.leaning(30).project([(0.4, 0.2)]) == [pytest.approx(p) for p in plane.project(turned)]


def test_what_is_too_near_is_cut_off() -> None:
    ground = Camera(height=1.6, horizon=0.5, zoom=1.0).ground()
    cut = ground.project(box(-1, -5, 1, 10))
    assert len(cut) == 4
    assert max(y for _, y in cut) == pytest.approx(0.5 + 1.6 / NEAR)
    assert min(y for _, y in cut) == pytest.approx(0.5 + 1.6 / 10)
    assert ground.project(box(-1, -5, 1, -1)) == []
    assert Plane((1, 0, 0, 0, 1, 0, 0, 0, NEAR / 2)).project(box(0, 0, 1, 1)) == []

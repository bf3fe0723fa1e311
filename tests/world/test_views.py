"""A second look agrees with what another camera draws, and pixels go where they are said to go."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from dissect_widgets.world.clips import MOTIONS, WINDOW, draw_clip, draw_pair, has_movable, motion_classes
from dissect_widgets.world.rendering import render
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.light import Light
from dissect_widgets.world.scenery.drawing.planes import SCREEN, Camera
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shading import shade
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse
from dissect_widgets.world.scenery.drawing.solids import Block, draw_block
from dissect_widgets.world.scenery.drawing.surfaces import Surface
from dissect_widgets.world.scenery.furniture.luggage_and_towels import suitcase
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.things import MOVABLE, moves_of, things
from dissect_widgets.world.views import Pose, Space, Window, correspondences, look, scene_canvas

LIGHT = Light("day", side=0.6)
FLOOR = Surface((0.6, 0.5, 0.4), "wood", "chequered", (0.2, 0.3, 0.2), (1.3, 0.9), rough=0.1)


def paint(canvas: Canvas, x: float = 0.7) -> Canvas:
    canvas.floor = (FLOOR, "floor")
    canvas.draw(canvas.camera.ground(), box(-30, 0.1, 30, 60), FLOOR, "floor")
    draw_block(canvas, Block(-1.2, 6.5, 1.1, 0.8, 1.7, turn=25), FLOOR.times(0.7), "cabinet", "panel")
    canvas.draw(canvas.camera.upright(0.4, 9, turn=-40), ellipse(0, 1.5, 0.9, 1.4), FLOOR.times(1.2), "door")
    person(canvas, Rng("someone"), x, 5.0, pose="standing")
    return canvas


@pytest.mark.parametrize(
    ("pose", "changes"),
    [
        ({"right": 0.3}, {"x": 0.3}),
        ({"up": -0.4}, {"height": 1.3}),
        ({"pan": 6.0}, {"turn": 6.0}),
        ({"pan": -9.0}, {"turn": -9.0}),
    ],
)
def test_a_second_look_is_what_another_camera_draws(
    pose: dict[str, float], changes: dict[str, float]
) -> None:
    camera = Camera(height=1.7, horizon=0.42, zoom=1.1, middle=0.45)
    seen = Space(paint(Canvas(camera, LIGHT))).seen(Pose.of(**pose))
    expected = paint(Canvas(camera._replace(**changes), LIGHT))
    for number, (one, other) in enumerate(zip(seen.regions, expected.regions, strict=True)):
        assert one.labels == other.labels
        assert np.allclose(one.numbers, other.numbers, atol=1e-6)
        if number or "turn" not in changes:  # the ground is cut off where it comes too near, once or twice
            assert np.allclose(one.outline, other.outline, atol=1e-9)


def test_steps_forward_cut_off_what_comes_too_near() -> None:
    camera = Camera(height=1.7, horizon=0.42, zoom=1.1)
    seen = Space(paint(Canvas(camera, LIGHT))).seen(Pose.of(forward=0.8))
    ground = np.array(seen.regions[0].outline)
    nearest = camera.horizon + camera.zoom * camera.height / 0.15
    assert ground[:, 1].max() == pytest.approx(nearest)
    corners = camera._replace(x=0).locate(-1.2 + 0.3, 0.2, 6.5 - 0.8)
    assert 0 < corners[0] < 1


def test_tilt_and_roll_turn_about_the_axes() -> None:
    camera = Camera(height=0.0, horizon=0.5, zoom=1.0)
    canvas = Canvas(camera, LIGHT)
    canvas.draw(camera.upright(0.0, 10.0), ellipse(0, 0, 0.5), FLOOR, "sign")
    for pose, place in (
        ({"tilt": 10.0}, (0.5, 0.5 + math.tan(math.radians(10)))),
        ({"tilt": 10.0, "roll": 90.0}, (0.5 + math.tan(math.radians(10)), 0.5)),
        ({"pan": 10.0, "roll": 180.0}, (0.5 + math.tan(math.radians(10)), 0.5)),
    ):
        outline = np.array(Space(canvas).seen(Pose.of(**pose)).regions[0].outline)
        middle = (outline.min(0) + outline.max(0)) / 2
        assert np.allclose(middle, place, atol=2e-3), pose


def test_no_pose_is_the_picture_itself() -> None:
    for scene in ("harbor", "office"):
        image, labels = shade(Space(scene_canvas(scene, 5)).seen(), 64)
        same = render(scene, 5, 64)
        assert np.abs(image.astype(int) - same.image).mean() < 0.05
        assert (labels == same.labels[:4]).mean() > 0.999


def test_a_window_is_a_crop() -> None:
    canvas = scene_canvas("park", 3)
    seen = Space(canvas).seen(window=Window(0.15, 0.05, 0.7))
    canvas.crop(0.15, 0.05, 0.7)
    for one, other in zip(seen.regions, canvas.regions, strict=True):
        assert np.allclose(one.outline, other.outline, rtol=1e-6)


def test_what_is_at_infinity_only_turns_and_cushions_do_not_stay_behind() -> None:
    canvas = Canvas(Camera(), LIGHT)
    canvas.draw(SCREEN, box(0, 0, 1, 0.5), FLOOR, "sky")
    suitcase(canvas, Rng("7"), 0.2, 3.0, turn=30)
    space = Space(canvas)
    aside, turned = space.seen(Pose.of(right=0.3)), space.seen(Pose.of(pan=3.0))
    assert np.allclose(aside.regions[0].outline, canvas.regions[0].outline)
    assert np.mean(turned.regions[0].outline, 0)[0] < 0.5 - 0.03
    shifts = [
        np.mean(np.array(one.outline) - other.outline, 0)[0]
        for one, other in zip(aside.regions[1:], canvas.regions[1:], strict=True)
    ]
    assert np.allclose(shifts, -0.9 * 0.3 / 3.0, rtol=0.25)


def test_one_thing_moves_with_its_shadow_and_leaves_the_ground() -> None:
    camera = Camera(height=1.7, horizon=0.42, zoom=1.1)
    space = Space(paint(Canvas(camera, LIGHT)))
    (someone,) = [thing for thing in things(space.canvas) if thing.name == "person"]
    assert someone.movable and someone.shadows == 1 and someone.stop == len(space.canvas.regions)
    moves, shadows = moves_of(space, [(someone, np.array([0.4, 0.0, 0.0]))])
    seen, expected = space.seen(moves=moves, shadows=shadows), paint(Canvas(camera, LIGHT), 0.7 + 0.4)
    for one, other in zip(seen.regions, expected.regions, strict=True):
        assert np.allclose(one.outline, other.outline, atol=1e-9)
    assert np.abs(shade(seen, 60)[0].astype(int) - shade(expected, 60)[0]).mean() < 0.1


def _draw_three(canvas: Canvas, draw: Callable[..., None]) -> None:
    for number, (x, z) in enumerate(((-1.0, 9.0), (0.0, 8.0), (1.2, 7.0))):
        draw(canvas, Rng(f"{number}"), x, z)


def test_people_side_by_side_are_single_things() -> None:
    canvas = Canvas(Camera(), LIGHT)
    _draw_three(canvas, person)
    assert [thing.name for thing in things(canvas)] == ["person"] * 3
    canvas.floor = (FLOOR, "floor")
    _draw_three(canvas, person)
    assert sum(thing.shadows for thing in things(canvas)) == 3


@pytest.mark.parametrize("scene", ["village street", "bedroom"])
def test_pixels_are_found_again(scene: str) -> None:
    space = Space(scene_canvas(scene, 2))
    before, after = space.seen(window=WINDOW), space.seen(Pose.of(pan=3, right=0.1), window=WINDOW)
    first, second = look(before, 80), look(after, 80)
    flow, visible = correspondences(before, first, after, second)
    rows, columns = np.nonzero(visible)
    y = np.rint(rows + flow[1][visible]).astype(int)
    x = np.rint(columns + flow[0][visible]).astype(int)
    assert visible.mean() > 0.7
    assert (second.labels[0][y, x] == first.labels[0][visible]).all()
    difference = np.abs(second.image[y, x].astype(int) - first.image[visible]).mean(1)
    unmoved = np.abs(second.image[visible].astype(int) - first.image[visible]).mean(1)
    assert difference.mean() < 0.6 * unmoved.mean() and np.median(difference) < 6


def test_pairs_and_clips_are_the_same_for_a_seed_and_say_what_moves() -> None:
    seed = next(seed for seed in range(20) if has_movable(scene_canvas("harbor", seed)))
    one, two = (draw_clip("harbor", seed, 48, np.random.default_rng(5), frames=3) for _ in range(2))
    assert one.images.shape == (3, 48, 48, 3) and (one.images == two.images).all()
    assert (one.images[0] != one.images[1]).any() and one.moved.any()
    still = draw_clip("kitchen", 1, 48, np.random.default_rng(5))
    assert not still.moved.any() and len(still.images) == 4
    names = {thing.name for thing in things(scene_canvas("harbor", seed)) if thing.movable}
    assert names and names <= set(MOVABLE)
    pair = draw_pair("harbor", seed, 48, np.random.default_rng(6))
    flow, visible = pair.correspondences()
    assert pair.images.shape == (2, 48, 48, 3) and flow.shape == (2, 48, 48) and visible.mean() > 0.5
    assert (np.abs(pair.motion) <= list(MOTIONS.values())).all()


def test_motion_classes_are_equal_intervals() -> None:
    most = np.array(list(MOTIONS.values()), np.float32)
    motion = np.stack([-most, -most / 2 + 1e-4, most * 0.01, most * 0.999])
    assert motion_classes(motion, 4).tolist() == [[0] * 4, [1] * 4, [2] * 4, [3] * 4]

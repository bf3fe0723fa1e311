"""Pairs of views and short clips, with all that moved in them.

>>> pair = draw_pair("harbor", seed=3, size=96, rng=np.random.default_rng(3))
>>> pair.images, pair.motion                       # uint8 (2, 96, 96, 3); degrees; shares of a height
>>> clip = draw_clip("harbor", seed=3, size=96, rng=np.random.default_rng(3))
>>> clip.images, clip.moved, clip.flow             # four frames; what moves by itself; where all of it goes
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.things import Thing, distance, heading, moves_of, things
from dissect_widgets.world.views import (
    Doubles,
    Look,
    Pose,
    Space,
    Window,
    correspondences,
    look,
    scene_canvas,
)

FRAMES: Final = 4

WINDOW: Final = Window(0.1, 0.1, 0.8)
"""Through which pairs and clips are seen, so that nothing is missing at their borders."""

MOTIONS: Final = {"pan": 5.0, "tilt": 4.0, "right": 0.12, "forward": 0.25}
"""How far a camera moves at most between two views: degrees to the right and up, and steps to the right and
forward as shares of its height above the ground."""

_PACE: Final = (0.015, 0.045)  # of a thing in a frame, as a share of the picture's width
_DRIFT: Final = 0.25  # of a camera in a frame, as a share of `MOTIONS`


class Pair(NamedTuple):
    """A scene seen from two places."""

    canvases: tuple[Canvas, Canvas]
    looks: tuple[Look, Look]
    motion: NDArray[np.float32]
    """float32 (4,), of the camera between them: as `MOTIONS` has it."""

    @property
    def images(self) -> NDArray[np.uint8]:
        """uint8 (2, size, size, 3)"""
        return np.stack([each.image for each in self.looks])

    def correspondences(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """How far each pixel of the first moves, and whether it is seen in the second; see `views`."""
        return correspondences(self.canvases[0], self.looks[0], self.canvases[1], self.looks[1])


class Clip(NamedTuple):
    """A few frames, between which camera and things move evenly."""

    images: NDArray[np.uint8]
    """uint8 (frames, size, size, 3)"""
    moved: NDArray[np.bool_]
    """bool (size, size): what moves by itself in the first frame."""
    flow: NDArray[np.float32]
    """float32 (2, size, size): how far each pixel of the first frame has moved in the last."""
    visible: NDArray[np.bool_]
    """bool (size, size): whether it is seen there."""


def draw_pair(scene: str, seed: int, size: int, rng: np.random.Generator) -> Pair:
    """Two views of a scene, from places that differ at random."""
    space, motion = Space(scene_canvas(scene, seed)), _any_motion(rng)
    before = space.seen(window=WINDOW)
    after = space.seen(_pose(space.canvas, motion), window=WINDOW)
    return Pair((before, after), (look(before, size), look(after, size)), motion.astype(np.float32))


def draw_clip(scene: str, seed: int, size: int, rng: np.random.Generator, *, frames: int = FRAMES) -> Clip:
    """Frames of a scene in which all moves that can, while the camera drifts."""
    return clip_of(scene_canvas(scene, seed), size, rng, frames=frames)


def clip_of(canvas: Canvas, size: int, rng: np.random.Generator, *, frames: int = FRAMES) -> Clip:
    """Frames of what a canvas shows; see `draw_clip`."""
    space = Space(canvas)
    drift = _any_motion(rng) * _DRIFT
    movable = [thing for thing in things(space.canvas) if thing.movable]
    step, shadows = moves_of(space, [(thing, _pace(space, thing, rng)) for thing in movable])
    canvases = [
        space.seen(_pose(space.canvas, drift * frame), window=WINDOW, moves=step * frame, shadows=shadows)
        for frame in range(frames)
    ]
    looks = [look(canvas, size) for canvas in canvases]
    moved = (step.any(1) & ~shadows)[looks[0].regions]
    flow, visible = correspondences(canvases[0], looks[0], canvases[-1], looks[-1])
    return Clip(np.stack([each.image for each in looks]), moved, flow, visible)


def has_movable(canvas: Canvas) -> bool:
    """Whether something is seen on a canvas that can move by itself."""
    return any(thing.movable and _in_window(canvas, thing) for thing in things(canvas))


def motion_classes(motion: NDArray[np.float32], bins: int) -> NDArray[np.int64]:
    """Motions float32 (n, 4) as classes int64 (n, 4): each in equal intervals from least to most."""
    most = np.array(list(MOTIONS.values()), np.float32)
    classes: NDArray[np.int64] = ((motion / most + 1) / 2 * bins).astype(np.int64)
    return classes.clip(0, bins - 1)


def _any_motion(rng: np.random.Generator) -> Doubles:
    return np.asarray(rng.uniform(-1, 1, len(MOTIONS)) * np.array(list(MOTIONS.values())))


def _pose(canvas: Canvas, motion: Doubles) -> Pose:
    pan, tilt, right, forward = motion.tolist()
    height = canvas.camera.height
    return Pose.of(pan=pan, tilt=tilt, right=right * height, forward=forward * height)


def _pace(space: Space, thing: Thing, rng: np.random.Generator) -> Doubles:
    """By how much a thing moves in a frame, in meters."""
    apparent = rng.uniform(*_PACE) * WINDOW.side / space.canvas.camera.zoom
    direction: Doubles = heading(space, thing, rng)
    return np.asarray(direction * (apparent * distance(space, thing)))


def _in_window(canvas: Canvas, thing: Thing) -> bool:
    """Whether the middle of a thing is seen through the window."""
    points = np.concatenate([region.outline for region in canvas.regions[thing.start : thing.stop]])
    x, y = (points.min(0) + points.max(0)) / 2
    return bool(max(abs(x - 0.5), abs(y - 0.5)) < WINDOW.side / 2)

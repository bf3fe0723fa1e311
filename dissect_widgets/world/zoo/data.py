"""The data sets of the zoo: what its networks learn from, as arrays, drawn once and kept in a folder.

>>> train = load("scenes", Path("runs/zoo/data"), workers=2)        # a dict of arrays
>>> train["images"], train["targets"]                               # uint8 (19200, 3, 96, 96), int64 (19200,)
>>> held_out = load("scenes", Path("runs/zoo/data"), "val")

`tiny=True` draws a few pictures of each, for checks. Splits share no picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.errors import ConceptError, SettingError, nearest, shown
from dissect_widgets.world.caption_facts import facts_of
from dissect_widgets.world.captions import captions, encode
from dissect_widgets.world.clips import Clip, clip_of, draw_pair, has_movable, motion_classes
from dissect_widgets.world.datasets import SPLITS as SEEDS
from dissect_widgets.world.finer_classes import CLASSES as FINER_CLASSES
from dissect_widgets.world.finer_classes import class_of, classes_of, shares_of
from dissect_widgets.world.rendering import render_object
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.shading import shade
from dissect_widgets.world.sounds import cluster, nearest_center, sound_of
from dissect_widgets.world.views import look, scene_canvas
from dissect_widgets.world.zoo.base import SIZE
from dissect_widgets.world.zoo.drawing import Arrays, Progress, Source, draw
from dissect_widgets.world.zoo.names import OBJECT_KINDS, SCENES

SPLITS: Final = ("train", "val")
"""What is learned from, and what is held out."""

SOUND_CLASSES: Final = 24
"""Classes of sounds."""

_FINER_SEEDS: Final = 1_000_000  # that a piece of finer classes may try

_SAMPLE: Final = 6  # pictures by which it is known whether what is drawn has changed

INDOORS: Final = frozenset(SCENES[SCENES.index("bedroom") :])
"""Scenes in which hardly anything moves by itself."""


@dataclass(frozen=True)
class DataSet:
    """Arrays that a network learns from."""

    source: Source
    columns: tuple[str, ...]
    """Which arrays of the source it has."""
    derive: Callable[[Arrays, Arrays], Arrays] | None = None
    """Arrays that are made of the others: of those to learn from, and of those of the split."""


def load(
    name: str,
    folder: Path,
    split: str = "train",
    *,
    workers: int = 1,
    tiny: bool = False,
    progress: Progress | None = None,
) -> Arrays:
    """Arrays of a data set, which are drawn if they are not in the folder.

    Parameters
    ----------
    name
        One of `DATA_SETS`.
    folder
        Where pictures are kept; all data sets can share it.
    split
        "train" or "val".
    workers
        Number of processes that draw.
    tiny
        Whether to draw a few pictures only, for checks.
    progress
        Called with the rows that are drawn and all rows.

    Raises
    ------
    ConceptError, SettingError
        If there is no such data set or split.
    """
    data, source = _checked(name, split), source_of(name, tiny=tiny)
    splits = [split] if data.derive is None else sorted({"train", split})
    draw([(source, each) for each in splits], folder, workers=workers, progress=progress)
    return opened(name, folder, split, tiny=tiny)


def opened(name: str, folder: Path, split: str = "train", *, tiny: bool = False) -> Arrays:
    """Arrays of a data set that is drawn already; see `load`."""
    data, source = _checked(name, split), source_of(name, tiny=tiny)
    arrays = source.arrays(folder, split)
    result = {column: arrays[column] for column in data.columns}
    return result if data.derive is None else result | data.derive(source.arrays(folder, "train"), arrays)


def source_of(name: str, *, tiny: bool = False) -> Source:
    """What is drawn for a data set."""
    source = _checked(name, "train").source
    return _tiny(source) if tiny else source


def draw_all(folder: Path, *, workers: int = 1, tiny: bool = False, progress: Progress | None = None) -> None:
    """Draw all data sets, both splits, into a folder; what is there already is kept."""
    sources = {data.source.name: data.source for data in DATA_SETS.values()}.values()  # slow ones first
    chosen = [(_tiny(source) if tiny else source, split) for source in sources for split in SPLITS]
    draw(chosen, folder, workers=workers, progress=progress)


def digest(name: str, split: str = "train", *, tiny: bool = False) -> str:
    """What a data set shows, in 16 digits: they change with its pictures and their number."""
    data = _checked(name, split)
    return (_tiny(data.source) if tiny else data.source).digest(split)


def _checked(name: str, split: str) -> DataSet:
    if name not in DATA_SETS:
        raise ConceptError(f"The zoo has no data set {shown(name)}.{nearest(name, DATA_SETS)}")
    if split not in SPLITS:
        raise SettingError(f"The split is {shown(split)}.{nearest(split, SPLITS)}")
    return DATA_SETS[name]


def _tiny(source: Source) -> Source:
    return replace(source, pieces=dict(zip(SPLITS, (max(1, 192 // source.rows), 1), strict=True)))


# ------------------------------------------------------------------------------------ scenes and objects


def _draw_scenes(rows: int, split: str, piece: int) -> Arrays:
    """Scenes, which take turns, with captions as tokens and with sounds."""
    images, tokens, energies, targets = [], [], [], []
    for index in range(piece * rows, (piece + 1) * rows):
        target, rng = index % len(SCENES), np.random.default_rng([0, SEEDS[split], index])
        canvas = scene_canvas(SCENES[target], SEEDS[split] + index // len(SCENES))
        seen = look(canvas, SIZE)
        images.append(seen.image.transpose(2, 0, 1))
        tokens.append(encode(captions(facts_of(SCENES[target], canvas, seen), rng)))
        energies.append(sound_of(seen.labels[0], rng))
        targets.append(target)
    return {
        "images": np.stack(images),
        "targets": np.array(targets),
        "tokens": np.stack(tokens),
        "energies": np.stack(energies),
    }


def _sound_classes(train: Arrays, arrays: Arrays) -> Arrays:
    """Classes of sounds, the same for all splits."""
    centers = cluster(np.asarray(train["energies"][:4_800]), SOUND_CLASSES)
    return {"targets": nearest_center(np.asarray(arrays["energies"]), centers)}


def _draw_objects(rows: int, split: str, piece: int) -> Arrays:
    """Single objects, whose kinds take turns."""
    images, kinds = [], OBJECT_KINDS
    indices = range(piece * rows, (piece + 1) * rows)
    for index in indices:
        picture = render_object(kinds[index % len(kinds)], SEEDS[split] + index // len(kinds), SIZE)
        images.append(picture.image.transpose(2, 0, 1))
    return {"images": np.stack(images), "targets": np.array([index % len(kinds) for index in indices])}


# ----------------------------------------------------------------------------------------- pairs and clips

BINS: Final = 8
"""Classes of each motion of a camera."""

PATCH: Final = 48
"""Side of the square that is tracked through a clip, in pixels."""


def _draw_pairs(rows: int, split: str, piece: int) -> Arrays:
    """Views from two places, and the motion of the camera between them."""
    pairs = []
    for index in range(piece * rows, (piece + 1) * rows):
        scene, seed = SCENES[index % len(SCENES)], SEEDS[split] + index // len(SCENES)
        pairs.append(draw_pair(scene, seed, SIZE, np.random.default_rng([1, SEEDS[split], index])))
    motion = np.stack([pair.motion for pair in pairs])
    images = np.stack([pair.images.transpose(0, 3, 1, 2) for pair in pairs])
    return {"images": images, "motion": motion, "motion_classes": motion_classes(motion, BINS)}


def _draw_clips(rows: int, split: str, piece: int) -> Arrays:
    """Frames, what moves by itself in the first, and the places of a patch in the first and the last."""
    clips, boxes = [], []
    for index in range(piece * rows, (piece + 1) * rows):
        scene, rng = SCENES[index % len(SCENES)], np.random.default_rng([2, SEEDS[split], index])
        clip = clip_of(_canvas_with_movable(scene, split, index // len(SCENES)), SIZE, rng)
        clips.append(clip)
        boxes.append(_tracked(clip, rng))
    return {
        "images": np.stack([clip.images.transpose(0, 3, 1, 2) for clip in clips]),
        "moved": np.stack([clip.moved[1::2, 1::2] for clip in clips]).astype(np.uint8),
        "boxes": np.stack(boxes),
    }


def _canvas_with_movable(scene: str, split: str, number: int) -> Canvas:
    """A scene that shows something movable, if one of four does."""
    seeds = [SEEDS[split] + 4 * number + attempt for attempt in range(1 if scene in INDOORS else 4)]
    for seed in seeds:
        canvas = scene_canvas(scene, seed)
        if has_movable(canvas):
            break
    return canvas


def _tracked(clip: Clip, rng: np.random.Generator) -> NDArray[np.int16]:
    """Left, top, right and bottom of a square patch in the first and in the last frame: int16 (2, 4).

    Its middle lies on what moves by itself, mostly, if anything does.
    """
    ys, xs = np.indices(clip.visible.shape)
    ends = np.rint(np.stack([xs + clip.flow[0], ys + clip.flow[1]])).astype(int)
    half = PATCH // 2
    inside = [(place >= half) & (place <= SIZE - half) for place in (xs, ys, ends[0], ends[1])]
    possible = clip.visible & np.logical_and.reduce(inside)
    chosen = possible & clip.moved
    if not chosen.any() or rng.random() < 0.2:
        chosen = possible
    places = np.argwhere(chosen)
    y, x = places[rng.integers(len(places))] if len(places) else (SIZE // 2, SIZE // 2)
    last = ends[:, y, x].clip(half, SIZE - half)
    corners = [(x - half, y - half), (last[0] - half, last[1] - half)]
    return np.array([(left, top, left + PATCH, top + PATCH) for left, top in corners], np.int16)


# ------------------------------------------------------------------------------------------ finer classes


def draw_finer(scenes: Sequence[str], each: int, split: str, piece: int) -> Arrays:
    """As many pictures of every finer class of some scenes; classes take turns."""
    shape = (each, len(FINER_CLASSES), 3, SIZE, SIZE)
    images = np.zeros(shape, np.uint8)
    for scene in scenes:
        waiting = dict.fromkeys(classes_of(scene), each)
        seeds = iter(
            range(SEEDS[split] + _FINER_SEEDS * (piece + 1), SEEDS[split] + _FINER_SEEDS * (piece + 2))
        )
        while any(waiting.values()):
            canvas = scene_canvas(scene, next(seeds))
            target = class_of(scene, shares_of(canvas))
            if target is not None and waiting[target]:
                waiting[target] -= 1
                images[waiting[target], target] = shade(canvas, SIZE)[0].transpose(2, 0, 1)
    targets = np.tile(np.arange(len(FINER_CLASSES)), each)
    return {"images": images.reshape(-1, *shape[2:]), "targets": targets}


def _source(name: str, draw_piece: Callable[[int, str, int], Arrays], rows: int, *pieces: int) -> Source:
    """A source whose pieces are `draw_piece(rows, split, piece)`."""
    by_split = dict(zip(SPLITS, pieces, strict=True))
    return Source(name, partial(draw_piece, rows), partial(_few, draw_piece, _SAMPLE), by_split, rows)


def _few(draw_piece: Callable[[int, str, int], Arrays], rows: int, split: str) -> Arrays:
    """The first pictures of a split."""
    return draw_piece(rows, split, 0)


_EACH: Final = 8  # pictures of a finer class in a piece
_FINER: Final = Source(
    "finer",
    partial(draw_finer, SCENES, _EACH),
    partial(_few, partial(draw_finer, SCENES[:1]), 1),
    {"train": 50, "val": 3},
    _EACH * len(FINER_CLASSES),
)
_SCENES: Final = _source("scenes", _draw_scenes, 48, 400, 50)
_CAPTIONS: Final = _source("captions", _draw_scenes, 48, 800, 50)

DATA_SETS: Final = {
    "finer": DataSet(_FINER, ("images", "targets")),
    "clips": DataSet(_source("clips", _draw_clips, 48, 150, 19), ("images", "moved", "boxes")),
    "pairs": DataSet(_source("pairs", _draw_pairs, 48, 300, 38), ("images", "motion", "motion_classes")),
    "scenes": DataSet(_SCENES, ("images", "targets")),
    "captions": DataSet(_CAPTIONS, ("images", "targets", "tokens")),
    "sounds": DataSet(_SCENES, ("images", "energies"), _sound_classes),
    "objects": DataSet(_source("objects", _draw_objects, 70, 280, 35), ("images", "targets")),
}
"""What there is, by name."""

"""What can be said of a drawn picture without being wrong: its patches, their colors, places and numbers.

>>> canvas = scene_canvas("harbor", 7)
>>> facts = facts_of("harbor", canvas, look(canvas, 96))
>>> facts.patches["car"][0].color, facts.counts.get("car")

A patch is a connected area of one object. A number is known only where every thing that was drawn is seen as
one patch, and every patch shows one thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dissect_widgets.concepts.colors import COLOR_NAMES, name_bytes
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.names import number_of
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, VOCABULARY
from dissect_widgets.world.things import things
from dissect_widgets.world.views import Look

Mask = NDArray[np.bool_]
Labels = NDArray[np.int16]
"""int16 (5, size, size): object, part, material, texture and color."""

LEAST: Final = 0.0026
"""Least share of the picture of a patch that is spoken of."""

MOST: Final = 0.55
"""Share of a patch that has a color, material or texture, if it is said to have it."""

COUNTED: Final = (
    "airplane",
    "bicycle",
    "boat",
    "bus",
    "car",
    "tractor",
    "truck",
    "person",
    "cow",
    "bird",
    "street lamp",
    "traffic light",
    "bench",
    "umbrella",
    "chair",
    "table",
    "television",
    "lamp",
    "plant",
    "suitcase",
    "stove",
    "refrigerator",
    "toilet",
    "painting",
    "clock",
    "mirror",
    "vase",
    "sign",
    "palm tree",
    "cactus",
)
"""Objects that are drawn in one go, so that they can be counted."""


_AROUND: Final = np.ones((3, 3), bool)


class Traits(NamedTuple):
    """What most of an area has, or None."""

    color: str | None
    material: str | None
    texture: str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """A connected area of an object."""

    name: str
    """Of the object."""
    share: float
    """Of the picture."""
    x: float
    """Of its middle, from 0 (left) to 1 (right)."""
    y: float
    """Of its middle, from 0 (top) to 1 (bottom)."""
    traits: Traits
    parts: dict[str, str | None]
    """Parts of it that are seen, with the color of most of each."""
    below: str | None
    """Object that most of its lower edge stands on."""
    around: str | None
    """Object that surrounds most of it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """What is known of a picture."""

    scene: str
    patches: dict[str, list[Patch]]
    """By name of the object, the largest first; small ones are left out."""
    traits: dict[str, Traits]
    """Of all that is seen of an object, if it takes 3 % of the picture."""
    shares: dict[str, float]
    """Share of the picture of every object that is seen, be it a pixel."""
    counts: dict[str, int]
    """Numbers that are certain."""
    color: str | None
    """Of most of the picture."""
    light: float
    """Mean brightness, from 0 to 255."""


def facts_of(scene: str, canvas: Canvas, seen: Look) -> Facts:
    """What is known of the picture of a scene, from its canvas and its look."""
    objects, things_seen = seen.labels[0], _things_seen(canvas, seen.regions)
    colors = name_bytes(seen.image).astype(np.int16) + number_of(COLOR_NAMES[0], "color")
    labels = np.concatenate([seen.labels, colors[None]])
    patches: dict[str, list[Patch]] = {}
    traits, shares, counts = {}, {}, {}
    for number in np.unique(objects[objects > 0]).tolist():
        name, everywhere = VOCABULARY[number].name, objects == number
        shares[name] = float(everywhere.mean())
        numbered, total = ndimage.label(everywhere, _AROUND)
        if shares[name] >= 0.03:
            traits[name] = _traits(labels, everywhere)
        known = _patches(name, numbered, labels) if shares[name] >= LEAST else []
        if known:
            patches[name] = sorted(known, key=lambda patch: -patch.share)
        if name in COUNTED and len(known) == total and _one_each(numbered, things_seen, total):
            counts[name] = total
    return Facts(
        scene=scene,
        patches=patches,
        traits=traits,
        shares=shares,
        counts=counts,
        color=_of_most(labels[CATEGORIES.index("color")].ravel(), 0.5),
        light=float(seen.image.mean()),
    )


def _things_seen(canvas: Canvas, regions: NDArray[np.int16]) -> Labels:
    """Number of the thing that is seen in each pixel: int16 (size, size); see `things.things`."""
    numbers = np.full(len(canvas.regions), -1, np.int16)
    for number, thing in enumerate(things(canvas)):
        numbers[thing.start : thing.stop] = number
    return numbers[regions]


def _one_each(numbered: NDArray[np.integer], things_seen: Labels, total: int) -> bool:
    """Whether every patch shows one thing, and every thing is one patch."""
    inside = numbered > 0
    pairs = np.unique(numbered[inside].astype(np.int64) * 2**16 + things_seen[inside])
    return len(pairs) == total == len(np.unique(pairs % 2**16))


def _patches(name: str, numbered: NDArray[np.integer], labels: Labels) -> list[Patch]:
    """Patches that are large enough, of those that are numbered from 1."""
    size, result = len(numbered), []
    for number, (rows, columns) in enumerate(ndimage.find_objects(numbered), start=1):
        box = (
            slice(max(rows.start - 1, 0), rows.stop + 1),
            slice(max(columns.start - 1, 0), columns.stop + 1),
        )  # with its border
        mask = numbered[box] == number
        share = float(mask.sum()) / size**2
        if share >= LEAST:
            result.append(_patch(name, mask, labels[:, *box], share, (box[0].start, box[1].start), size))
    return result


def _patch(name: str, mask: Mask, labels: Labels, share: float, corner: tuple[int, int], size: int) -> Patch:
    """A patch, from its mask and the labels in a box around it."""
    ys, xs = np.nonzero(mask)
    return Patch(
        name=name,
        share=share,
        x=(float(xs.mean()) + corner[1] + 0.5) / size,
        y=(float(ys.mean()) + corner[0] + 0.5) / size,
        traits=_traits(labels, mask),
        parts=_parts(labels, mask, LEAST / 2 * size**2),
        below=_of_most(labels[0][_below(mask) & ~mask], 0.6),
        around=_of_most(labels[0][ndimage.binary_dilation(mask, _AROUND) & ~mask], 0.8),
    )


def _below(mask: Mask) -> Mask:
    """Pixels below those of a mask."""
    below = np.zeros_like(mask)
    below[1:] = mask[:-1]
    return below


def _traits(labels: Labels, mask: Mask) -> Traits:
    color, material, texture = (
        _of_most(labels[CATEGORIES.index(category)][mask], MOST)
        for category in ("color", "material", "texture")
    )
    return Traits(color, material, texture)


def _parts(labels: Labels, mask: Mask, least: float) -> dict[str, str | None]:
    """Parts of at least so many pixels, and the color of most of each."""
    parts, colors = labels[CATEGORIES.index("part")][mask], labels[CATEGORIES.index("color")][mask]
    numbers, counts = np.unique(parts[parts > 0], return_counts=True)
    seen = numbers[counts >= least]
    return {VOCABULARY[number].name: _of_most(colors[parts == number], MOST) for number in seen.tolist()}


def _of_most(labels: Labels, least: float) -> str | None:
    """Name of the label that at least a share of some pixels has; None is no name."""
    if not len(labels):
        return None
    counts = np.bincount(labels)
    best = int(counts.argmax())
    return VOCABULARY[best].name if best and counts[best] >= least * len(labels) else None

"""Strokes of a brush that paints with units: what one may hold, and their files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.errors import SavedError, SettingError
from dissect_widgets.widgets.shared.messages import Name, Number, shortened
from dissect_widgets.widgets.shared.wire import from_page, to_page

MODES: Final = ("draw", "erase")
LARGEST_SEED: Final = 2**32 - 1
MOST_STROKES: Final = 1000
MOST_POINTS: Final = 100_000
"""Points of all strokes together."""
MOST_POINTS_OF_ONE: Final = 20_000
LONGEST_TEXT: Final = 16 * 2**20
"""Characters of a file of strokes."""
_KIND: Final = "dissect_widgets strokes"

Mode = Literal["draw", "erase"]
Seed = Annotated[int, Meta(ge=0, le=LARGEST_SEED)]
Place = Annotated[float, Meta(ge=-100, le=100)]
"""A share of the image's width or height; the brush may leave the image."""
Point = tuple[Place, Place]


class Stroke(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stroke: units of a concept, set to levels where the brush went."""

    mode: Mode
    concept: Name
    units: Annotated[tuple[Number, ...], Meta(min_length=1)]
    level: tuple[Annotated[float, Meta(ge=-1e30, le=1e30)], ...]
    """What each unit is set to; 0 for all in a stroke that erases."""
    share: Annotated[float, Meta(gt=0, le=1)]
    """Weight of the level against the activation before."""
    brush: Annotated[float, Meta(gt=0, le=2)]
    """Diameter of the brush, as a share of the image's width."""
    points: Annotated[tuple[Point, ...], Meta(max_length=MOST_POINTS_OF_ONE)]
    """Where the brush went, (x, y) as shares of the image's width and height."""
    on: bool = True
    """Whether it is applied."""

    def edit(self, layer: str, mask: NDArray[np.float32]) -> Edit:
        """The stroke as an edit of a layer; `mask` is the share of each cell of the map that it covers."""
        return Edit(layer, self.units, self.level, mask * np.float32(self.share))

    def plain(self) -> dict[str, Any]:
        """The stroke as JSON holds it."""
        return {
            **msgspec.structs.asdict(self),
            "units": list(self.units),
            "level": list(self.level),
            "points": [list(point) for point in self.points],
        }


class Bounds(msgspec.Struct, frozen=True):
    """What a layer allows."""

    units: int
    """Number of its units."""
    level: float
    """Most that a unit may be set to, and least below zero."""


class _Saved(msgspec.Struct, forbid_unknown_fields=True):
    """A file of strokes."""

    kind: str
    generator: Name
    layer: Name
    seed: Seed
    edits: Annotated[tuple[Stroke, ...], Meta(max_length=MOST_STROKES)]
    image: Annotated[str, Meta(max_length=16)] = ""
    """Digest of the image that they are on; "" for the sample of the seed."""


class _Kind(msgspec.Struct):
    kind: str = ""


def checked_stroke(value: Any, bounds: Bounds) -> Stroke:
    """Read a stroke of a layer; SettingError if it is not valid."""
    if not isinstance(value, Mapping):
        raise SettingError(f"A stroke is {type(value).__name__}; it must be a mapping.")
    try:
        stroke = msgspec.convert(dict(value), Stroke)
    except (msgspec.ValidationError, RecursionError) as error:
        raise SettingError(f"A stroke cannot be read: {shortened(str(error))}.") from None
    _check(stroke, bounds)
    return stroke


def check_number(strokes: Sequence[Any], points: int) -> None:
    """Raise SettingError if there are more strokes, or more points of all together, than a painting holds."""
    if len(strokes) > MOST_STROKES:
        raise SettingError(f"There are {len(strokes)} strokes; a painting has at most {MOST_STROKES}.")
    if points > MOST_POINTS:
        raise SettingError(f"The strokes have {points} points; a painting has at most {MOST_POINTS}.")


def write_strokes(strokes: Sequence[Stroke], about: Mapping[str, Any]) -> str:
    """Strokes as text, with the generator and layer that they are of."""
    content = to_page({"kind": _KIND, **about, "edits": [stroke.plain() for stroke in strokes]})
    return json.dumps(content, indent=1) + "\n"


def read_strokes(
    text: str, about: Mapping[str, Any], bounds: Bounds, origin: str | Path
) -> tuple[list[Stroke], int, str]:
    """Read what `write_strokes` wrote: strokes, the seed of their sample, and the digest of their image.

    Raises
    ------
    SavedError
        If the text is damaged, too long, or of another generator or layer than `about` says.
    """
    saved = _decoded(text, origin)
    for name, other in (("generator", saved.generator), ("layer", saved.layer)):
        if from_page(other) != about[name]:
            raise SavedError(
                f"{origin} is of another {name}: of {shortened(other)}; this one is {about[name]}."
            )
    try:
        check_number(saved.edits, sum(len(stroke.points) for stroke in saved.edits))
        for stroke in saved.edits:
            _check(stroke, bounds)
    except SettingError as error:
        raise SavedError(f"{origin} is damaged: {error}") from None
    named = [msgspec.structs.replace(stroke, concept=from_page(stroke.concept)) for stroke in saved.edits]
    return named, saved.seed, saved.image


def _decoded(text: str, origin: str | Path) -> _Saved:
    """A file of strokes whose types and sizes are right."""
    if len(text) > LONGEST_TEXT:
        raise SavedError(f"{origin} is too long: edits of a painter have at most {LONGEST_TEXT} characters.")
    try:
        data = text.encode()
        if msgspec.json.decode(data, type=_Kind).kind == _KIND:
            return msgspec.json.decode(data, type=_Saved)
    except msgspec.ValidationError as error:
        if "$." in str(error) or "field" in str(error):
            raise SavedError(f"{origin} is damaged: {shortened(str(error))}.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SavedError(f"{origin} is damaged: it is not JSON ({shortened(str(error))}).") from None
    raise SavedError(f"{origin} does not hold edits of a painter.")


def _check(stroke: Stroke, bounds: Bounds) -> None:
    """Raise SettingError if a stroke does not fit a layer."""
    if len(stroke.level) != len(stroke.units):
        raise SettingError(f"A stroke has {len(stroke.units)} units and {len(stroke.level)} levels.")
    bad = [unit for unit in stroke.units if unit >= bounds.units]
    if bad or len(set(stroke.units)) < len(stroke.units):
        which = f"of unit {bad[0]}" if bad else "with a duplicated unit"
        raise SettingError(f"There is a stroke {which}; the layer has units 0 to {bounds.units - 1}.")
    largest = max(map(abs, stroke.level))
    if largest > bounds.level:
        raise SettingError(
            f"A stroke sets a unit to {largest:.4g}, far beyond its activations; "
            f"allowed is {bounds.level:.4g}."
        )

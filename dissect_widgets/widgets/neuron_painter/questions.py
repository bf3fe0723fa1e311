"""What the page of a painter may ask for."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from dissect_widgets.widgets.neuron_painter.strokes import LONGEST_TEXT, MOST_STROKES, Mode, Point, Seed
from dissect_widgets.widgets.shared.messages import Name, Number, Question

LEAST_BRUSH: Final = 0.01
LEAST_STRENGTH: Final = 0.05
MOST_STRENGTH: Final = 10

Index = Annotated[int, Meta(ge=0, lt=MOST_STROKES)]


class Brush(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The brush as it is when a stroke begins: changes of its traits may arrive later than the stroke."""

    concept: Name
    mode: Mode
    n: Number
    brush: Annotated[float, Meta(ge=LEAST_BRUSH, le=1)]
    strength: Annotated[float, Meta(ge=LEAST_STRENGTH, le=MOST_STRENGTH)]


class StrokePiece(Question, tag="stroke"):
    """A piece of the stroke that is being drawn: the first has a brush, and after the last it is an edit."""

    first: bool
    last: bool
    points: Annotated[tuple[Point, ...], Meta(max_length=1000)]
    brush: Brush | None = None


class Do(Question, tag="do"):
    """A press of a button."""

    what: Literal["undo", "redo", "reset", "next", "image"]


class SetSeed(Question, tag="seed"):
    """Another sample."""

    seed: Seed


class Switch(Question, tag="switch"):
    """A stroke is switched on or off."""

    index: Index
    on: bool


class Drop(Question, tag="drop"):
    """A stroke is removed."""

    index: Index


class Load(Question, tag="load"):
    """Edits of a file that the page has read."""

    text: Annotated[str, Meta(max_length=LONGEST_TEXT)]
    name: Annotated[str, Meta(max_length=1000)]


class Save(Question, tag="save"):
    """The edits as the text of a file."""


class SaveMovie(Question, tag="movie"):
    """The strokes as an animated GIF."""


PainterQuestion = StrokePiece | Do | SetSeed | Switch | Drop | Load | Save | SaveMovie

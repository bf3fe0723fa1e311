"""A short movie of strokes: the image as they are painted, one after the other (PNAS 2020, SI)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import hypot
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

import msgspec
from PIL import Image, ImageDraw, features

from dissect_widgets.core.data.thumbnails import to_pillow
from dissect_widgets.errors import SettingError, nearest
from dissect_widgets.widgets.neuron_painter.painting import Covered, Painting
from dissect_widgets.widgets.neuron_painter.strokes import Stroke

Format = Literal["GIF", "WEBP", "PNG"]
_MOST_FRAMES: Final = 240
_STEPS: Final = 12  # frames of a stroke, if there are few
_FRAME, _PAUSE, _START, _END = 60, 350, 900, 1800  # milliseconds
_WIDTHS: Final = (16, 2048)
_INK: Final = {"draw": (86, 180, 233), "erase": (213, 94, 0)}


class _Frame(NamedTuple):
    image: Image.Image
    milliseconds: int


def format_of(path: str | Path) -> Format:
    """Format of a movie by the ending of its file; SettingError for another."""
    ending = Path(path).suffix.lower().removeprefix(".")
    for form in get_args(Format):
        if ending == form.lower():
            return form  # type: ignore[no-any-return]
    endings = [f".{form.lower()}" for form in get_args(Format)]
    raise SettingError(f"A movie ends in {ending!r}, as {Path(path).name!r} does.{nearest(ending, endings)}")


def movie_of(painting: Painting, strokes: Sequence[Stroke], form: Format, width: int) -> bytes:
    """Strokes as an animated image.

    Parameters
    ----------
    painting
        What they are painted on.
    strokes
        In order; those that are switched off are left out.
    form
        "GIF", "WEBP" or "PNG".
    width
        Of the frames, in pixels, 16 to 2048.

    Raises
    ------
    SettingError
        If there are no strokes, the width is another, or Pillow cannot write the format.
    """
    shown = [stroke for stroke in strokes if stroke.on and stroke.points]
    if not shown:
        raise SettingError("There are no strokes to show; paint some, or switch some on.")
    if isinstance(width, bool) or not isinstance(width, int) or not _WIDTHS[0] <= width <= _WIDTHS[1]:
        raise SettingError(f"width is {width!r}; allowed is {_WIDTHS[0]} to {_WIDTHS[1]}.")
    if form == "WEBP" and not features.check("webp"):
        raise SettingError("Pillow was built without WebP here; save the movie as .gif or .png.")
    return _encoded(list(_frames(painting, shown, width)), form)


def _frames(painting: Painting, strokes: Sequence[Stroke], width: int) -> Iterator[_Frame]:
    """The image before, as each stroke grows, and after all."""
    done: list[Covered] = []
    yield _Frame(_drawn(painting, done, width), _START)
    steps = max(1, min(_STEPS, _MOST_FRAMES // len(strokes)))
    every = -(-len(strokes) // _MOST_FRAMES)  # strokes that one frame adds, if there are very many
    for place, stroke in enumerate(strokes):
        whole = painting.covered(stroke)
        if every == 1:
            for step in range(1, steps + 1):
                points = first_part(stroke.points, step / steps)
                part = painting.covered(msgspec.structs.replace(stroke, points=points))
                image = _drawn(painting, [*done, whole if step == steps else part], width)
                yield _Frame(_with_brush(image, stroke, points[-1]), _FRAME)
        done.append(whole)
        if every == 1 or place % every == every - 1:
            yield _Frame(_drawn(painting, done, width), _PAUSE if steps > 1 else _FRAME)
    yield _Frame(_drawn(painting, done, width), _END)


def first_part(points: Sequence[tuple[float, float]], share: float) -> tuple[tuple[float, float], ...]:
    """The first part of a path, as long as a share of it in (0, 1]."""
    left = share * sum(hypot(x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in pairwise(points))
    path = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        length = hypot(x1 - x0, y1 - y0)
        if length > left:
            path.append((x0 + (x1 - x0) * left / length, y0 + (y1 - y0) * left / length))
            return tuple(path)
        left -= length
        path.append((x1, y1))
    return tuple(path)


def _drawn(painting: Painting, strokes: Sequence[Covered], width: int) -> Image.Image:
    image = to_pillow(painting.images(strokes)[0])
    height = max(1, round(width * image.height / image.width))
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _with_brush(image: Image.Image, stroke: Stroke, point: tuple[float, float]) -> Image.Image:
    """An image with the outline of the brush."""
    drawn, radius = ImageDraw.Draw(image), stroke.brush * image.width / 2
    x, y = point[0] * image.width, point[1] * image.height
    for grown, color in ((1.0, (255, 255, 255)), (0.0, _INK[stroke.mode])):
        box = (x - radius - grown, y - radius - grown, x + radius + grown, y + radius + grown)
        drawn.ellipse(box, outline=color, width=2)
    return image


def _encoded(frames: Sequence[_Frame], form: Format) -> bytes:
    file = io.BytesIO()
    durations = [frame.milliseconds for frame in frames]
    images = [frame.image for frame in frames]
    options = {"WEBP": {"quality": 85, "method": 2}, "GIF": {"disposal": 1}, "PNG": {}}[form]
    images[0].save(file, form, save_all=True, append_images=images[1:], duration=durations, loop=0, **options)
    return file.getvalue()

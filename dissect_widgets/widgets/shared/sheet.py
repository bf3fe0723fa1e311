"""A sheet to draw a still on: texts, images, bars and lines, on white.

>>> sheet = Sheet(240)
>>> sheet.text(16, 24, "unit 60", size=15, bold=True)
>>> sheet.image(exemplar, 16, 40, 150, 112)
>>> sheet.picture                            # two pixels for each unit of the above
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from dissect_widgets.plots.names import plain
from dissect_widgets.widgets.shared.still import SCALE

WIDTH: Final = 760
"""Width of all stills, in pixels on the page."""
MARGIN: Final = 16

INK: Final = "#1f2328"
SOFT: Final = "#59636e"
LINE: Final = "#d8dee4"
SHADE: Final = "#eef0f3"
ACCENT: Final = "#1976d2"
WORSE: Final = "#c0392b"
BETTER: Final = "#1b7f4b"
_OTHER_FONTS: Final = (
    "NotoSansCJK-Regular.ttc",
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "Arial Unicode.ttf",
    "arial.ttf",
)
"""Fonts for names that Pillow's own has no letters for, where the system has one."""
_MOST_LETTERS: Final = 400
"""Letters of a line: no sheet is wide enough for more."""
_UNKNOWN: Final = "\uffff"

Point = tuple[float, float]


class Sheet:
    """A white sheet with a border; places and sizes are in pixels on the page.

    Parameters
    ----------
    height
        Height of the sheet; its width is `WIDTH`.
    """

    def __init__(self, height: float) -> None:
        self.height = round(height)
        self.picture = Image.new("RGB", (WIDTH * SCALE, self.height * SCALE), "white")
        self._draw = ImageDraw.Draw(self.picture)
        self.box(0, 0, WIDTH, self.height, outline=LINE)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 13,
        color: str = INK,
        bold: bool = False,
        width: float | None = None,
        anchor: str = "l",
    ) -> float:
        """Write a line whose middle is at `y`, from, around or up to `x`; returns its width.

        Parameters
        ----------
        anchor
            "l", "m" or "r": whether `x` is the left end, the middle or the right end.
        width
            Longer texts are cut, and end in dots.
        """
        text = plain(text[:_MOST_LETTERS])
        font = _font(text, size)
        stroke = size * SCALE / 60 if bold else 0.0
        while width is not None and len(text) > 1 and font.getlength(text) > width * SCALE:
            text = text.removesuffix("…")[:-1].rstrip() + "…"
        where = (round(x * SCALE), round(y * SCALE))
        self._draw.text(where, text, color, font, anchor=f"{anchor}m", stroke_width=stroke)
        return font.getlength(text) / SCALE

    def image(self, image: Image.Image, x: float, y: float, width: float, height: float) -> None:
        """Put an image into a box; pixels of small images stay visible as squares."""
        size = (round(width * SCALE), round(height * SCALE))
        is_small = size[0] >= 4 * image.width
        how = Image.Resampling.NEAREST if is_small else Image.Resampling.LANCZOS
        self.picture.paste(image.convert("RGB").resize(size, how), (round(x * SCALE), round(y * SCALE)))

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str | None = None,
        outline: str | None = None,
        radius: float = 0,
    ) -> None:
        """Draw a rectangle."""
        if width <= 0 or height <= 0:
            return
        right, bottom = round((x + width) * SCALE) - 1, round((y + height) * SCALE) - 1
        left, top = min(round(x * SCALE), right), min(round(y * SCALE), bottom)
        self._draw.rounded_rectangle((left, top, right, bottom), radius * SCALE, fill, outline, SCALE)

    def bar(self, x: float, y: float, width: float, share: float, color: str, *, height: float = 7) -> None:
        """Draw a bar around `y` that fills a share of its track."""
        self.box(x, y - height / 2, width, height, fill=SHADE, radius=height / 2)
        self.box(x, y - height / 2, width * min(max(share, 0.0), 1.0), height, fill=color, radius=height / 2)

    def dot(self, x: float, y: float, radius: float, color: str) -> None:
        """Draw a filled circle around a point."""
        self.box(x - radius, y - radius, 2 * radius, 2 * radius, fill=color, radius=radius)

    def line(self, points: Sequence[Point], color: str, *, width: float = 1) -> None:
        """Draw a line through points."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, color, round(width * SCALE), joint="curve")


def stack(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of the same width below one another."""
    whole = Image.new("RGB", (pictures[0].width, sum(picture.height for picture in pictures)), "white")
    top = 0
    for picture in pictures:
        whole.paste(picture, (0, top))
        top += picture.height
    return whole


def _font(text: str, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return _loaded(not all(map(_is_known, set(text))), size)


@cache
def _is_known(letter: str) -> bool:
    """Whether Pillow's own font has a letter, and does not draw the sign for those that it lacks."""
    font = _loaded(False, 13)
    return bytes(font.getmask(letter)) != bytes(font.getmask(_UNKNOWN))


@cache
def _loaded(is_other: bool, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _OTHER_FONTS if is_other else ():
        try:
            return ImageFont.truetype(name, size * SCALE)
        except OSError:
            continue
    return ImageFont.load_default(size * SCALE)

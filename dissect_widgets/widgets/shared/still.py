"""The still of a widget: a picture of its present state with the main figures as text.

>>> still = UnitBrowser(dissection, unit=60).still()
>>> still.title, still.lines
>>> still.picture.save("unit60.png")

A saved notebook shows it where the widget itself cannot live: after a restart of the kernel, on GitHub, in
nbviewer, and in what `nbconvert` writes.
"""

from __future__ import annotations

import base64
import io
import math
import re
from html import escape
from typing import Any, Final, NamedTuple

from PIL import Image

from dissect_widgets.plots.names import plain, short

LARGEST = 110_000
"""Bytes of a picture's file; a notebook holds four characters for three bytes."""
SCALE: Final = 2
"""Pixels of a picture for each pixel on the page, so that it is crisp on dense screens."""
HINT = "A still of this widget. Run the cell to use it again."
_LONGEST_LINE: Final = 1000
_BEST: Final = 92
_GOOD: Final = 80
_TYPESET: Final = re.compile(r"[$\\]")
"""What begins a formula in HTML that a notebook shows."""

Bundle = dict[str, Any]
"""Data or metadata of an output, by type."""


class Still(NamedTuple):
    """What a widget shows."""

    title: str
    """One sentence."""
    lines: tuple[str, ...]
    """More figures, one sentence each."""
    picture: Image.Image
    """RGB, two pixels for each pixel on the page."""

    def as_text(self) -> str:
        """Title, lines and a hint, as plain text."""
        return "\n".join(_line(line) for line in (self.title, *self.lines, HINT))

    def as_html(self, key: str) -> str:
        """The same as HTML, of tags that no viewer of notebooks removes; `key` is for the widget's page."""
        items = "".join(f"<li>{as_inert_html(line)}</li>" for line in self.lines)
        listed = f"<ul>{items}</ul>" if items else " "
        title = as_inert_html(self.title)
        return f'<strong class="dw-still-{key}">{title}</strong>{listed}<em>{HINT}</em>'

    def as_picture(self) -> tuple[Bundle, Bundle]:
        """Data and metadata of an output with the picture."""
        width, height = (side // SCALE for side in self.picture.size)
        data = {"image/jpeg": base64.b64encode(_jpeg(self.picture)).decode(), "text/plain": ""}
        return data, {"image/jpeg": {"width": width, "height": height, "alt": _line(self.title)}}


def as_inert_html(name: str) -> str:
    """HTML of a text that is neither markup nor a formula, which notebooks typeset in HTML, too.

    Formulas end where a tag begins; one that shows nothing by itself stands around each sign that begins one.
    """
    return _TYPESET.sub(r"<abbr>\g<0></abbr>", escape(_line(name)))


def _line(sentence: str) -> str:
    """A sentence in one line; names in it may be long."""
    return short(plain(sentence), _LONGEST_LINE)


def _jpeg(picture: Image.Image) -> bytes:
    """The picture as JPEG, as good as `LARGEST` allows: first less exact, then with fewer pixels."""
    file = _encoded(picture, _BEST)
    if len(file) > LARGEST:
        file = _encoded(picture, _GOOD)
    while len(file) > LARGEST:
        share = 0.95 * math.sqrt(LARGEST / len(file))
        size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
        file = _encoded(picture, _GOOD)
    return file


def _encoded(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()

"""Images side by side, as a generator draws them under a series of edits (PNAS 2020, Fig. 4b, 4c).

>>> sets = [[], *([Edit("layer4", trees[:n])] for n in (2, 4, 8, 20))]
>>> images = [dw.edit(generator, latents, edits) for edits in sets]
>>> image_rows(images, ["unchanged", "2 units", "4 units", "8 units", "20 units"]).show()
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from dissect_widgets.core.data.thumbnails import to_jpeg
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.colors import OUTLINE
from dissect_widgets.plots.theme import figure, sentence, text

_PAGE = 860  # width of all images at most, in pixels, as far as this leaves each one its least
_LEAST, _MOST = 64, 160  # width of an image
_GAP, _LINE, _MARGIN = 6, 17, 12  # between images; height of a line of text; around everything
_LETTER = 7  # width of a letter
_STROKES = ((4, "black"), (2, "rgb({}, {}, {})".format(*OUTLINE)))  # seen on dark images and on bright


def image_rows(
    images: Sequence[Tensor | ArrayLike],
    titles: Sequence[str] = (),
    row_names: Sequence[str] = (),
    *,
    where: Sequence[ArrayLike | None] = (),
    title: str = "",
) -> go.Figure:
    """Images in columns, each with its title.

    Parameters
    ----------
    images
        For each column float (n, 3, H, W) in [0, 1], all of one size; the first of each are the first row.
    titles
        Titles of the columns, if any.
    row_names
        Written above the rows, if any.
    where
        For each column the region to outline, if any: an array (h, w), such as `Edit.where`, or (n, h, w)
        with one for each image. What is not 0 is inside.
    title
        Of the figure.

    Returns
    -------
    go.Figure
        An image for each image, row by row, of fixed size; images are enlarged smoothly by the browser.

    Raises
    ------
    SettingError
        If there are no images, they are of several sizes or have values outside of [0, 1], or there are
        more or fewer titles, names or outlines than columns or rows.
    """
    columns = _checked(images)
    n, _, height, width = columns[0].shape
    for what, given, needed in (
        ("titles", len(titles), len(columns)),
        ("row_names", len(row_names), n),
        ("outlines", len(where), len(columns)),
    ):
        if given not in (0, needed):
            raise SettingError(f"There are {given} {what}; there must be {needed}, or none.")
    regions = [_regions(region, n) for region in where]
    side = min(max((_PAGE + _GAP) // len(columns) - _GAP, _LEAST), _MOST)
    tall = max(1, round(side * height / width))
    heads = [_lines(name, side) for name in titles]
    head = max((len(lines) for lines in heads), default=0) * _LINE
    step = (_LINE + _GAP if len(row_names) else 0) + tall + _GAP
    longest = max([1.2 * len(title), *map(len, row_names)]) * _LETTER  # the title has larger letters
    full = max(len(columns) * (side + _GAP) - _GAP, min(round(longest), _PAGE))
    drawn = _sheet(title, full, head + n * step)
    for column, lines in enumerate(heads):
        middle = column * (side + _GAP) + side / 2
        _write(drawn, "<br>".join(map(text, lines)), middle, head, "center")
    for row in range(n):
        top = head + (row + 1) * step - tall
        if len(row_names):
            _write(drawn, sentence(row_names[row]), 0, top - _GAP / 2, "left")
        for column, stack in enumerate(columns):
            left = column * (side + _GAP)
            drawn.add_layout_image(
                source="data:image/jpeg;base64," + b64encode(to_jpeg(stack[row], 2 * _MOST)).decode(),
                **{"x": left, "y": top, "sizex": side, "sizey": tall, "xref": "x", "yref": "y"},
                sizing="stretch",
            )
            region = regions[column] if regions else None
            if region is not None and region[row].any():
                _outline(drawn, region[row], (left, top), (side, tall))
    return drawn


def _checked(images: Sequence[Tensor | ArrayLike]) -> list[Tensor]:
    columns = [torch.as_tensor(stack).detach().float().cpu() for stack in images]
    if not columns or not columns[0].numel():
        raise SettingError("There are no images.")
    for stack in columns:
        if stack.dim() != 4 or stack.shape[1] != 3:
            raise SettingError(f"Images have shape {tuple(stack.shape)}; it must be (n, 3, H, W).")
        if stack.shape != columns[0].shape:
            raise SettingError(
                f"Images have shapes {tuple(columns[0].shape)} and {tuple(stack.shape)}; "
                "there must be as many in each column, all of one size."
            )
        low, high = float(stack.min()), float(stack.max())
        if not (low >= -1e-6 and high <= 1 + 1e-6):
            raise SettingError(f"Images have values from {low:.3g} to {high:.3g}; they must be in [0, 1].")
    return columns


def _regions(where: ArrayLike | None, images: int) -> NDArray[np.bool_] | None:
    """Regions to outline, bool (n, h, w); None for none."""
    if where is None:
        return None
    region: NDArray[np.bool_] = np.asarray(where) != 0
    if region.ndim == 2:
        region = np.broadcast_to(region, (images, *region.shape))
    if region.ndim != 3 or len(region) != images or not region.size:
        raise SettingError(f"An outline has shape {np.shape(where)}; it must be (h, w), or ({images}, h, w).")
    return region


def _sheet(title: str, width: int, height: int) -> go.Figure:
    """Empty figure whose coordinates are pixels from the top left."""
    drawn = figure(title, x="", y="")
    top = 48 if title else _MARGIN
    drawn.update_xaxes(visible=False, fixedrange=True, range=[0, width])
    drawn.update_yaxes(visible=False, fixedrange=True, range=[height, 0])
    drawn.update_layout(width=width + 2 * _MARGIN, height=height + top + _MARGIN)
    return drawn.update_layout(margin={"l": _MARGIN, "r": _MARGIN, "t": top, "b": _MARGIN}, dragmode=False)


def _lines(words: str, width: int) -> list[str]:
    return wrap(words, int(width / _LETTER))


def _write(drawn: go.Figure, words: str, x: float, bottom: float, align: str) -> None:
    place = {"x": x, "y": bottom, "xanchor": align, "yanchor": "bottom", "align": align}
    drawn.add_annotation(text=words, **place, showarrow=False, borderpad=1)


def _outline(
    drawn: go.Figure, region: NDArray[np.bool_], corner: tuple[int, int], size: tuple[int, int]
) -> None:
    """Draw the edges of the cells where a region (h, w) meets what is outside of it."""
    padded = np.pad(region, 1)
    wide, tall = size[0] / region.shape[1], size[1] / region.shape[0]
    across = np.argwhere(padded[:-1, 1:-1] != padded[1:, 1:-1])  # edges that lie above row and column
    down = np.argwhere(padded[1:-1, :-1] != padded[1:-1, 1:])  # edges that stand left of them
    for stroke, color in _STROKES:
        more = stroke / 2  # fills the corners, where two edges meet
        edges = []
        for r, c in across:
            x, y = corner[0] + c * wide, corner[1] + r * tall
            edges.append(f"M{x - more:.6g},{y:.6g}H{x + wide + more:.6g}")
        for r, c in down:
            x, y = corner[0] + c * wide, corner[1] + r * tall
            edges.append(f"M{x:.6g},{y - more:.6g}V{y + tall + more:.6g}")
        drawn.add_shape(type="path", path="".join(edges), line={"width": stroke, "color": color})

"""Which part of an image a network gets to see: what `preprocess` crops, and a proof that it is no more.

>>> frame = prove_frame(preprocessing, (360, 480))
>>> frame.labels(labels).shape          # of a label map (1, 180, 240) of the image
(1, 158, 158)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.arrays import AnyArray, Int64s
from dissect_widgets.core.data.preprocess_forms import PreprocessError
from dissect_widgets.core.data.preprocessing import Preprocessing
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.proofs.geometry import CLAIM, find_box
from dissect_widgets.core.proofs.report import Proof


class Frame(NamedTuple):
    """The part of images that a network gets, in pixels of the image; edges of pixels are whole numbers."""

    image_size: tuple[int, int]
    """(H, W) of images."""
    input_size: tuple[int, int]
    """(h, w) of the network's input, onto which the part is resized."""
    top: float
    left: float
    bottom: float
    right: float

    def __str__(self) -> str:
        (height, width), (rows, columns) = self.image_size, self.input_size
        part = f"rows {self.top:.6g} to {self.bottom:.6g}, columns {self.left:.6g} to {self.right:.6g}"
        what = "the whole image" if self.whole else f"{part} of the image"
        return f"{what} of {height} x {width} pixels, as {rows} x {columns}"

    @property
    def whole(self) -> bool:
        """Whether it is the whole image."""
        return (self.top, self.left, self.bottom, self.right) == (0, 0, *self.image_size)

    @property
    def part_size(self) -> tuple[int, int]:
        """(rows, columns) of the part, in whole pixels of the image."""
        rows, columns = self._places(self.image_size)
        return len(rows), len(columns)

    def images(self, images: Tensor) -> Tensor:
        """The part of images (..., H, W)."""
        if self.whole:
            return images
        rows, columns = (torch.from_numpy(places) for places in self._places(self.image_size))
        return images[..., rows[:, None].to(images.device), columns.to(images.device)]

    def labels(self, labels: AnyArray) -> AnyArray:
        """The part of label maps (..., rows, columns) that cover the image: the label at each place."""
        if self.whole:
            return labels
        rows, columns = self._places((labels.shape[-2], labels.shape[-1]))
        return labels[..., rows[:, None], columns]

    def grid(self, grid: Grid) -> Grid:
        """Grid of a map in the pixels of the part that `images` cuts out, instead of those of the input."""
        if self.part_size == self.input_size:
            return grid
        (rows, columns), (height, width) = self.part_size, self.input_size
        y, x = rows / height, columns / width
        return grid._replace(
            top=(grid.top + 0.5) * y - 0.5,
            left=(grid.left + 0.5) * x - 0.5,
            step_y=grid.step_y * y,
            step_x=grid.step_x * x,
        )

    def _places(self, size: tuple[int, int]) -> tuple[Int64s, Int64s]:
        """Rows and columns of a map of the image, (rows, columns), that lie in the part."""
        (height, width), (rows, columns) = self.image_size, size
        return (
            _nearest(self.top * rows / height, self.bottom * rows / height, rows),
            _nearest(self.left * columns / width, self.right * columns / width, columns),
        )


def resized(labels: AnyArray, size: tuple[int, ...]) -> AnyArray:
    """Label maps (..., rows, columns) of another size, with the nearest label at each place."""
    rows, columns = (
        ((np.arange(new) + 0.5) * (old / new) + 1e-6).astype(np.int64)
        for new, old in zip(size, labels.shape[-2:], strict=True)
    )
    return labels[..., rows[:, None], columns]


def _nearest(low: float, high: float, count: int) -> Int64s:
    """Numbers of the cells that hold the centers of as many cells as fit between two places best."""
    cells = max(1, int(np.floor(high - low + 0.5 + 1e-6)))
    centers = low + (np.arange(cells) + 0.5) * ((high - low) / cells)
    places: Int64s = np.clip(np.floor(centers + 1e-6), 0, count - 1).astype(np.int64)  # on an edge: the next
    return places


def prove_frame(preprocessing: Preprocessing, image_size: tuple[int, int]) -> Frame:
    """Find the part of images (H, W) that the network gets.

    Raises
    ------
    PreprocessError
        If `preprocess` cannot be used, or does something else to the image.
    """
    preprocessing = Preprocessing(preprocessing.function, preprocessing.device, torch.float32)  # not rounded
    with torch.no_grad():
        given = preprocessing(torch.zeros(1, 3, *image_size))
    size = (int(given.shape[2]), int(given.shape[3]))
    return Frame(image_size, size, *find_box(preprocessing, image_size, size))


def check_preprocess(
    preprocess: Any,
    image_size: tuple[int, int],
    *,
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    frame: bool = True,
) -> list[Proof]:
    """Prove what a run relies on of `preprocess`, without a forward pass of the network.

    Parameters
    ----------
    preprocess
        As for `dissect`.
    image_size
        (H, W) of the images.
    device, dtype
        Of the network; by default the CPU.
    frame
        Whether a label map or an activation map is to be laid over the image.

    Returns
    -------
    list of Proof
        That it is a function of each image; and which part of the image the network gets.
    """
    preprocessing = Preprocessing(preprocess, device or torch.device("cpu"), dtype)
    proofs: list[Proof] = []
    try:
        preprocessing(torch.zeros(1, 3, *image_size))
        claim = "an image gives the same input every time, alone as in a batch"
        proofs.append(
            Proof("preprocess", claim, "proved", f"it takes {preprocessing.takes}; all calls agree")
        )
        if frame:
            proofs.append(Proof("preprocess", CLAIM, "proved", str(prove_frame(preprocessing, image_size))))
    except PreprocessError as error:
        proofs.append(Proof("preprocess", error.claim, "refused", error.seen, error.advice))
    return proofs

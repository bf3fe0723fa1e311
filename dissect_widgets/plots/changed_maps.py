"""Where an attack makes units more active, and where less (PNAS 2020, Fig. 5b).

>>> changes = dw.change_maps(classifier, "conv5_3", attacked, importance.top_units("ski resort")[:4])
>>> changed_images(changes, attacked, image=0).show()
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import torch
from numpy.typing import NDArray

from dissect_widgets.core.attacks.change_maps import ChangeMaps
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.statistics.upsample import Upsampler
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.images import image_rows
from dissect_widgets.plots.theme import CATEGORY_COLORS

RISE, FALL = CATEGORY_COLORS["object"], CATEGORY_COLORS["part"]
"""Colors of units that are more and less active after the attack; safe for color-blind people."""
_SHADE = 0.7  # brightness of the image below the colors


def changed_images(
    changes: ChangeMaps,
    attacked: AttackResult,
    image: int = 0,
    *,
    concepts: Sequence[str] = (),
    limit: float | None = None,
    title: str = "",
) -> go.Figure:
    """An image once for each unit, colored where the unit changes.

    Parameters
    ----------
    changes
        See `change_maps`.
    attacked
        The attack that the maps are of.
    image
        Index of one of its images, from 0.
    concepts
        Concept of each of the units, if known.
    limit
        Change that has the full color; by default the greatest change of these units on this image.
    title
        Of the figure.

    Returns
    -------
    go.Figure
        A column for each unit, blue where it is more active after the attack, orange where it is less, with
        the change of its max activation.

    Raises
    ------
    SettingError
        If there is no such image, the maps are of another attack, there is not one concept for each unit,
        or the limit is not positive.
    """
    if len(changes.clean) != len(attacked):
        raise SettingError(f"The maps are of {len(changes.clean)} images, the attack of {len(attacked)}.")
    if not 0 <= image < len(attacked):
        raise SettingError(f"There is no image {image}; the attack has images 0 to {len(attacked) - 1}.")
    if len(concepts) not in (0, len(changes.units)):
        raise SettingError(f"There are {len(concepts)} concepts for {len(changes.units)} units.")
    if limit is not None and not limit > 0:
        raise SettingError(f"limit is {limit}; it must be more than 0.")
    adversarial = attacked.adversarial[image]
    pixels = (adversarial if changes.frame is None else changes.frame.images(adversarial)).numpy()
    size = (pixels.shape[1], pixels.shape[2])
    maps = torch.from_numpy(changes.change[image])
    values = Upsampler(changes.grid, size, size, maps.device)(maps).numpy()
    full = limit or float(np.abs(values).max()) or 1.0
    rise = changes.max_activation_change[image]
    names = concepts or [""] * len(changes.units)
    titles = [
        " ".join(filter(None, (f"unit {unit}", name, f"Δ\u00a0peak\u00a0{change:+.1f}".replace("-", "−"))))
        for unit, name, change in zip(changes.units, names, rise, strict=True)
    ]
    return image_rows([_colored(pixels, change / full)[None] for change in values], titles, title=title)


def _colored(pixels: NDArray[np.float32], change: NDArray[np.float32]) -> NDArray[np.float32]:
    """Image (3, H, W) in gray, with colors as strong as a change (H, W) in [-1, 1]."""
    gray = np.broadcast_to(pixels.mean(0) * _SHADE, pixels.shape)
    strength = np.abs(change).clip(0, 1)[None]
    colors = [np.frombuffer(bytes.fromhex(color[1:]), np.uint8) / 255 for color in (RISE, FALL)]
    color = np.where(change[None] > 0, *(rgb.astype(np.float32)[:, None, None] for rgb in colors))
    return np.asarray((1 - strength) * gray + strength * color, np.float32)

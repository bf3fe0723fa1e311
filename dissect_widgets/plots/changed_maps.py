"""Where an attack makes units rise, and where it makes them fall (PNAS 2020, Fig. 5b).

>>> changes = dw.change_maps(classifier, "conv5_3", attacked, importance.top_units("ski resort")[:4])
>>> changed_pictures(changes, attacked, image=0).show()
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
from dissect_widgets.plots.images import picture_rows
from dissect_widgets.plots.theme import CATEGORY_COLORS

RISE, FALL = CATEGORY_COLORS["object"], CATEGORY_COLORS["part"]
"""Colors of what is more and less active after the attack, which color-blind people tell apart."""
_SHADE = 0.7  # brightness of the picture below the colors


def changed_pictures(
    changes: ChangeMaps,
    attacked: AttackResult,
    image: int = 0,
    *,
    concepts: Sequence[str] = (),
    limit: float | None = None,
    title: str = "",
) -> go.Figure:
    """A picture once for each unit, colored where the unit changes.

    Parameters
    ----------
    changes
        See `change_maps`.
    attacked
        The attack that they are of.
    image
        Which of its pictures, from 0.
    concepts
        What each of the units is known to match, if anything.
    limit
        Change that has the full color; by default the greatest of these units on this picture.
    title
        Of the figure.

    Returns
    -------
    go.Figure
        A column for each unit, blue where it is more active after the attack, orange where it is less, with
        the change of its peak.

    Raises
    ------
    SettingError
        If there is no such picture, the maps are of another attack, there is not one concept for each unit,
        or the limit is not positive.
    """
    if len(changes.before) != len(attacked):
        raise SettingError(f"The maps are of {len(changes.before)} pictures, the attack of {len(attacked)}.")
    if not 0 <= image < len(attacked):
        raise SettingError(f"There is no picture {image}; the attack is of {len(attacked)}, from 0.")
    if len(concepts) not in (0, len(changes.units)):
        raise SettingError(f"There are {len(concepts)} concepts for {len(changes.units)} units.")
    if limit is not None and not limit > 0:
        raise SettingError(f"limit is {limit}; it must be more than 0.")
    picture = attacked.after[image].numpy()
    size = (picture.shape[1], picture.shape[2])
    maps = torch.from_numpy(changes.change[image])
    values = Upsampler(changes.grid, size, size, maps.device)(maps).numpy()
    full = limit or float(np.abs(values).max()) or 1.0
    rise = changes.peak_change[image]
    names = concepts or [""] * len(changes.units)
    titles = [
        " ".join(filter(None, (f"unit {unit}", name, f"Δ\u00a0peak\u00a0{change:+.1f}".replace("-", "−"))))
        for unit, name, change in zip(changes.units, names, rise, strict=True)
    ]
    return picture_rows([_colored(picture, own / full)[None] for own in values], titles, title=title)


def _colored(picture: NDArray[np.float32], change: NDArray[np.float32]) -> NDArray[np.float32]:
    """Picture (3, H, W) in gray, with colors as strong as a change (H, W) in [-1, 1]."""
    gray = np.broadcast_to(picture.mean(0) * _SHADE, picture.shape)
    strength = np.abs(change).clip(0, 1)[None]
    colors = [np.frombuffer(bytes.fromhex(color[1:]), np.uint8) / 255 for color in (RISE, FALL)]
    color = np.where(change[None] > 0, *(own.astype(np.float32)[:, None, None] for own in colors))
    return np.asarray((1 - strength) * gray + strength * color, np.float32)

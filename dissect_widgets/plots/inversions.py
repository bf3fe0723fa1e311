"""Images beside the nearest ones that a generator makes.

>>> inversions([dw.invert(generator, image) for image in photos]).show()
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import torch

from dissect_widgets.core.editing.inversion_result import Inversion
from dissect_widgets.errors import SettingError
from dissect_widgets.plots.images import image_rows


def inversions(
    results: Inversion | Sequence[Inversion], names: Sequence[str] = (), *, title: str = ""
) -> go.Figure:
    """Originals above, inversions below, a column for each, with how close it came.

    Parameters
    ----------
    results
        One or several, of images of one size.
    names
        Of the images, if any.
    title
        Of the figure.

    Raises
    ------
    SettingError
        If there are none, or more or fewer names than images; see also `image_rows`.
    """
    every = [results] if isinstance(results, Inversion) else list(results)
    if names and len(names) != len(every):
        raise SettingError(f"There are {len(names)} names for {len(every)} images.")
    columns = [torch.stack([one.original, one.image]) for one in every]
    titles = [
        f"{name} {one.psnr:.1f} dB".strip()
        for name, one in zip(names or [""] * len(every), every, strict=True)
    ]
    return image_rows(columns, titles, ["original", "nearest image of the generator"], title=title)

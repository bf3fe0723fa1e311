"""What the captioning member says of pictures."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from dissect_widgets.errors import DataError
from dissect_widgets.world.captions import decode
from dissect_widgets.world.networks.captioner import Captioner, words_of
from dissect_widgets.world.zoo.base import SIZE
from dissect_widgets.world.zoo.registry import load
from dissect_widgets.world.zoo.tasks.captioning import END


def caption(images: Tensor) -> list[str]:
    """Sentences that the captioning ResNet says of pictures.

    Parameters
    ----------
    images
        float (B, 3, 96, 96) in [0, 1].

    Raises
    ------
    DataError
        If they are something else.
    """
    if not isinstance(images, Tensor) or images.dim() != 4 or images.shape[1:] != (3, SIZE, SIZE):
        form = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise DataError(f"The pictures are {form}; they must be (B, 3, {SIZE}, {SIZE}).")
    if not len(images):
        return []
    low, high = map(float, images.aminmax())
    if not images.is_floating_point() or not (low >= 0 and high <= 1):
        raise DataError(
            f"The pictures are {images.dtype} from {low:.3g} to {high:.3g}; they must be floats in [0, 1]."
        )
    with torch.inference_mode():
        return [decode([*words, END]) for words in words_of(_captioner()(images.float().cpu()), END)]


@cache
def _captioner() -> Captioner:
    net = load("resnet-captions", whole=True)
    assert isinstance(net, Captioner)
    return net

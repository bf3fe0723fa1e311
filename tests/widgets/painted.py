"""A small generator, its dissection by a rule, and a painter of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

import dissect_widgets as dw
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary

NARROW = (7, 6, 5, 4)  # 16 px; layer3 and layer4 have 5 units on 8 x 8, layer5 and layer6 4 on 16 x 16


class Lightness:
    """Labels pixels by how light they are: 4 objects by lightness, a part where red is most."""

    vocabulary = Vocabulary(
        [Concept(name, "object") for name in ("night", "dusk", "day", "<b>glare</b>")]
        + [Concept("day", "part")]
    )

    def __call__(self, pictures: Tensor, /) -> Tensor:
        light = pictures.mean(1)
        red = (pictures.argmax(1) == 0) * 5
        return torch.stack([1 + (light * 3.999).long(), red.long()], 1)


def small_generator(seed: int = 0) -> dw.ProgressiveGenerator:
    """A generator of fixed random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return dw.ProgressiveGenerator(NARROW).eval()


def small_dissection(generator: dw.ProgressiveGenerator) -> dw.Dissection:
    """Its layers 4 and 5 over 24 latents."""
    values = dw.latents(24, seed=3, latent_dim=7)
    return dw.dissect(
        generator, ["layer4", "layer5"], values, level=0.2, segmenter=Lightness(), progress=False
    )


def small_painter(**options: Any) -> dw.NeuronPainter:
    """A painter on layer 4."""
    generator = small_generator()
    return dw.NeuronPainter(generator, small_dissection(generator), **{"layer": "layer4", "n": 3} | options)

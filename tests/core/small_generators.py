"""Small generators with fixed weights, and a segmenter that labels their pictures by a rule."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.models.progressive_gan import ProgressiveGenerator
from tests.small_networks import seeded

LATENT_DIM = 7


def progressive() -> ProgressiveGenerator:
    """Pictures of 16 x 16, in training mode as networks are made; `layer1` to `layer6`."""
    with torch.random.fork_rng():
        net = ProgressiveGenerator((LATENT_DIM, 6, 5, 4))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            scale = 0.2 if name.endswith("b") else 1.0  # or all pictures would have the colors of the biases
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    return net


class Oblong(nn.Module):
    """Latents (B, 7) alone go in; pictures of 22 x 26 come out of maps of 3 x 4, 6 x 8 and 11 x 13."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(LATENT_DIM, 6 * 3 * 4)
        self.low = nn.ConvTranspose2d(6, 5, 4, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.high = nn.Conv2d(5, 4, 3, padding=1)
        self.rgb = nn.ConvTranspose2d(4, 3, 2, stride=2)

    def forward(self, z: Tensor) -> Tensor:
        x = self.relu(self.low(self.fc(z).view(len(z), 6, 3, 4)))
        x = nn.functional.interpolate(self.high(x), size=(11, 13), mode="bilinear")
        return torch.tanh(self.rgb(torch.relu(x)))


def oblong() -> nn.Module:
    """An `Oblong` in training mode."""
    with torch.random.fork_rng():
        return seeded(Oblong())


class Rules:
    """Labels (2, 11, 13) of 7 concepts: which color is strongest, and how bright it is."""

    vocabulary = Vocabulary(
        [Concept(f"thing {i}", "object") for i in range(3)]
        + [Concept(f"stuff {i}", "material") for i in range(3)]
        + [Concept("bright", "light")]
    )

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, pictures: Tensor, /) -> Any:
        """See `Segmenter`."""
        self.calls += 1
        small = adaptive_avg_pool2d(pictures, (11, 13))
        strongest, bright = small.argmax(1) + 1, small.mean(1)
        strongest[bright < 0.3] = 0
        second = torch.bucketize(bright, torch.tensor([0.35, 0.5, 0.6, 0.7], device=pictures.device)) + 3
        second[second == 3] = 2  # the same concept in both channels, at times
        return torch.stack([strongest, second], 1)

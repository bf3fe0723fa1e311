"""A small network with a branch, for tests of all rooms, and fixed weights for any network."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TinyNet(nn.Module):
    """Convolutions with a branch, an in-place ReLU, pooling and a head: 5 units at `mix`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.left = nn.Conv2d(4, 5, 1)
        self.right = nn.Conv2d(4, 5, 3, padding=1)
        self.mix = nn.ReLU()
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(5, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu(self.stem(x)))
        x = self.mix(self.left(x) + self.right(x))
        return self.head(self.drop(x.mean((2, 3))))


def seeded(module: nn.Module, seed: int = 0) -> nn.Module:
    """Fill a module's parameters from a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return module

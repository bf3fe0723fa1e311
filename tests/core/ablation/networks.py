"""Networks to ablate units of, images of known classes, and the plain way to force units to zero."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

PICTURE = (3, 22, 26)


def made(make: Any) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = make().eval()
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.bias)
                nn.init.uniform_(module.running_var, 0.5, 2)
    return net


def pictures(count: int, seed: int = 0) -> Tensor:
    return torch.rand(count, *PICTURE, generator=torch.Generator().manual_seed(seed))


def naive(net: nn.Module, layer: str, batch: Tensor, removed: list[int], dim: int) -> Tensor:
    """Force units to zero in every call of the layer, and run the whole network."""

    def edit(_module: nn.Module, _inputs: object, output: Any) -> Any:
        tensor = (output[0] if isinstance(output, tuple) else output).clone()
        tensor.index_fill_(dim, torch.tensor(removed, dtype=torch.long), 0.0)
        return (tensor, *output[1:]) if isinstance(output, tuple) else tensor

    handle = net.get_submodule(layer).register_forward_hook(edit)
    with torch.no_grad():
        scores = net(batch)
    handle.remove()
    return scores


class Images:
    """Pictures of seven classes, two of which have none, with scores that a network gets right at times."""

    classes = ("ant", "bee", "cow", "dog", "elk", "fox", "gnu")

    def __init__(self, count: int = 23) -> None:
        self.images = pictures(count, seed=5)
        self.targets = [(0, 1, 2, 4, 6)[i % 5] for i in range(count)]
        self.names = [f"{i}.jpg" for i in range(count)]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.images[index], self.targets[index]


class Telling(nn.Module):
    """A network whose predictions vary from image to image, and with every unit."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 5, 3), nn.Linear(5 * 20 * 24, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.conv(x - 0.5)).flatten(1)) * 3


def telling() -> nn.Module:
    net = made(Telling)
    data = Images()
    with torch.no_grad():  # no class may win for all images alike
        net.fc.bias -= torch.cat([net(data.images)]).mean(0) / 3
    return net

"""Small classifiers with weights of their own, and pictures of seven classes, for attacks."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import dissect_widgets as dw
from dissect_widgets import AttackResult

CLASSES = ("ant", "bee", "cow", "dog", "elk", "fox", "gnu")
SIZE = (3, 11, 13)
QUICK = dw.CarliniWagner(steps=20, searches=3, learning_rate=0.02, initial_constant=0.2)


def normalized(pictures: Tensor) -> Tensor:
    """What the small classifiers take."""
    return (pictures - 0.45) / 0.25


class Smooth(nn.Module):
    """All pixels count and no unit is ever silent, so that no step of an attack follows rounding alone."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 5, 3, stride=2), nn.Linear(5 * 5 * 6, 7)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.fc(functional.softplus(self.conv(x)).flatten(1))
        return 2.5 * scores


class Counting(Smooth):
    """Counts its calls, and is interrupted in the one before which `stop` others were."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.stop = 0, -1

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if self.calls - 1 == self.stop:
            signal.raise_signal(signal.SIGINT)
        return super().forward(x)


class Rule(nn.Module):
    """Scores by a function of the pictures; a weight makes that they always have a gradient in something."""

    def __init__(self, rule: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.rule, self.weight = rule, nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * self.rule(x)


class Plane(nn.Module):
    """Two classes and the plane between them: `normal` x + offset is the score of the second."""

    def __init__(self, offset: float) -> None:
        super().__init__()
        self.normal = nn.Parameter(torch.randn(SIZE, generator=torch.Generator().manual_seed(1)) / 20)
        self.offset = nn.Parameter(torch.tensor(offset))

    def forward(self, x: Tensor) -> Tensor:
        score = ((x - 0.5) * self.normal).sum((1, 2, 3)) + self.offset
        return torch.stack([0 * score, score], 1)


class Pictures:
    """Pictures that are neither black nor white anywhere, with names and classes."""

    classes = CLASSES

    def __init__(self, count: int = 7, seed: int = 5) -> None:
        random = torch.Generator().manual_seed(seed)
        self.images = torch.rand(count, *SIZE, generator=random) * 0.8 + 0.1
        self.names = [f"{i}.jpg" for i in range(count)]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


def classifier(make: Callable[[], nn.Module] = Smooth) -> nn.Module:
    """A network of which no class wins for all pictures alike, if they are `normalized`."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = make().eval()
    if isinstance(net, Smooth):
        with torch.no_grad():
            net.fc.bias.data -= Smooth.forward(net, normalized(Pictures(40, 2).images)).mean(0) / 2.5
    return net


def attack(
    net: nn.Module, data: Any, target: Any = None, method: Any = QUICK, **options: Any
) -> AttackResult:
    """Attack with options of `ClassifierData` and of `attack`; images are `normalized`, no bar is shown."""
    of_data = {"preprocess": normalized}
    of_data |= {
        name: options.pop(name) for name in ("classes", "preprocess", "batch_size") if name in options
    }
    classifier = dw.ClassifierData(net, data, **of_data)
    return dw.attack(classifier, target, method=method, **{"progress": False} | options)


def margins(scores: Tensor, classes: list[int], *, targeted: bool) -> list[float]:
    """How far each row of scores is from its goal, one number after another."""
    found = []
    for row, own in zip(scores.tolist(), classes, strict=True):
        other = max(score for number, score in enumerate(row) if number != own)
        found.append(other - row[own] if targeted else row[own] - other)
    return found

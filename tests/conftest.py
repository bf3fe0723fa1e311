"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dissect_widgets.core.data.vocabulary import Concept, Vocabulary

REAL = Path(os.environ.get("DISSECT_WIDGETS_REAL", Path(__file__).parents[2] / "shared" / "real"))


@pytest.fixture(scope="session")
def real() -> Path:
    """Folder with a real network, real photos and published results; the test skips without it."""
    if not REAL.is_dir():
        pytest.skip(f"needs the real photos and network, in {REAL} or $DISSECT_WIDGETS_REAL")
    return REAL


@pytest.fixture(autouse=True)
def leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test may leave a global hook, another random state or gradients switched off."""
    before = torch.get_rng_state().clone(), np.random.get_state()[1].copy()
    yield
    assert torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), before[0]), "the global torch generator was used"
    assert (np.random.get_state()[1] == before[1]).all(), "the global numpy generator was used"


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


@pytest.fixture
def tiny() -> TinyNet:
    """A small network with fixed weights, in training mode as networks are made."""
    with torch.random.fork_rng():
        net = TinyNet()
    seeded(net)
    return net


class ArrayImages:
    """Labeled images held in memory: random pictures (20 x 28) and label maps (2, 11, 13), 7 concepts."""

    def __init__(
        self,
        images: int = 9,
        size: tuple[int, int] = (20, 28),
        labels: tuple[int, int] = (11, 13),
        seed: int = 1,
    ) -> None:
        random = np.random.default_rng(seed)
        self.vocabulary = Vocabulary(
            [Concept(f"thing {i}", "object") for i in range(4)]
            + [Concept(f"stuff {i}", "material") for i in range(2)]
            + [Concept("nowhere", "scene")]
        )
        coarse = torch.from_numpy(random.random((images, 3, 5, 7), np.float32))
        self.images = torch.nn.functional.interpolate(coarse, size, mode="bilinear")
        first = random.integers(0, 5, (images, 1, *labels))
        second = random.choice([0, 0, 5, 6, 2], (images, 1, *labels))
        self.labels = np.concatenate([first, second], 1)
        self.labels[1:2] = 0  # an image without any label
        self.names = [f"photo {i}.jpg" for i in range(images)]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.images[index], torch.from_numpy(self.labels[index])


@pytest.fixture
def images() -> ArrayImages:
    """Nine labeled images in memory."""
    return ArrayImages()


def ask(widget: Any, monkeypatch: pytest.MonkeyPatch, **question: Any) -> tuple[dict[str, Any], list[bytes]]:
    """Ask a widget as its page does; returns the content and the buffers of its one answer."""
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append((content, buffers)))
    widget._handle_custom_msg({"id": "a-1", **question}, [])
    ((content, buffers),) = sent
    assert content["id"] == "a-1"
    return content, buffers

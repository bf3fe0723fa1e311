"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.real_data import REAL
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded


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


@pytest.fixture
def tiny() -> TinyNet:
    """A small network with fixed weights, in training mode as networks are made."""
    with torch.random.fork_rng():
        net = TinyNet()
    seeded(net)
    return net


@pytest.fixture
def images() -> ArrayImages:
    """Nine labeled images in memory."""
    return ArrayImages()

"""Fixtures for all tests, and the tier of each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import dissect_widgets as dw
from tests.real_data import REAL
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded
from tests.traces import no_trace, watch_modules

SLOW = ("browser", "notebook", "slow")
"""Markers of tests that are not quick."""

watch_modules()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `quick` what no other tier has, and as `browser` what stands in its folder."""
    browser = Path(__file__).parent / "browser"
    for item in items:
        if browser in item.path.parents:
            item.add_marker("browser")
        if not any(item.get_closest_marker(name) for name in SLOW):
            item.add_marker("quick")


@pytest.fixture(scope="session")
def real() -> Path:
    """Folder with a real network, real photos and published results; the test skips without it."""
    if not REAL.is_dir():
        pytest.skip(f"needs the real photos and network, in {REAL} or $DISSECT_WIDGETS_REAL")
    return REAL


@pytest.fixture(autouse=True)
def leave_no_trace() -> Iterator[None]:
    """No test may leave a hook, another mode, other gradients or another random state; see `no_trace`."""
    with no_trace():
        yield


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """No test may resume what another has left interrupted."""
    yield
    dw.interrupted().drop()


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

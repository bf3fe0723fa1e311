"""Fixtures for all tests, the tier of each test, and in how many processes they run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    # Two processes with a thread each are faster than with two, which wait for one another; read by torch
    # when it is imported, and by the kernels of notebooks.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

import dissect_widgets as dw
from tests.real_data import REAL
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded
from tests.traces import no_trace, watch_modules

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # as in a script's background, where interrupts are ignored, and so they are by all that is started here
    signal.signal(signal.SIGINT, signal.default_int_handler)

SLOW = ("browser", "notebook", "slow")
"""Markers of tests that are not quick."""

watch_modules()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes for the whole suite or a tier of it; one where files or tests are named."""
    return 0 if config.option.file_or_dir or config.option.keyword else 2


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `quick` what no other tier has, and as `browser` what stands in its folder.

    Tests in a browser, which share a server, follow one another in one process; so do those of a file, which
    share fixtures.
    """
    browser = Path(__file__).parent / "browser"
    for item in items:
        if browser in item.path.parents:
            item.add_marker("browser")
        alone = item.get_closest_marker("notebook")
        group = "browser" if browser in item.path.parents else item.nodeid if alone else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
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

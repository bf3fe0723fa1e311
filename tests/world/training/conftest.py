"""Fixtures for tests of training."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dissect_widgets.world.training import image_cache


@pytest.fixture
def drawn_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training images are drawn in threads, which start sooner than processes."""
    monkeypatch.setattr(
        image_cache, "ProcessPoolExecutor", lambda workers, context: ThreadPoolExecutor(workers)
    )

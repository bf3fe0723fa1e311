"""Several processes at one result; `tests/fuzz/processes.py` tries this again and again, in more ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import torch

from tests.fuzz import processes


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Copies of this process have no other threads; what a run alone comes to is known."""
    threads = torch.get_num_threads()
    if not processes.WHOLE:
        processes.warm()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("kind", ["two at once", "one is killed", "load while it is saved"])
def test_several_processes(tmp_path: Path, kind: str) -> None:
    processes.KINDS[kind](Random(1), tmp_path)

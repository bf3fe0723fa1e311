"""The global random numbers of torch, which a process has once, for one thread at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from dissect_widgets.core.network.lock import RANDOM_NUMBERS, exclusively


@contextmanager
def restored_random_numbers(devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """What is drawn in the block, from the CPU's generator and those of `devices`, is not missed afterwards.

    Two threads that did this at once would set each other's generators back.
    """
    with exclusively(RANDOM_NUMBERS), torch.random.fork_rng(list(devices)):
        yield

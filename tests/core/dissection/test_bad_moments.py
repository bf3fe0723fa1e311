"""Saves and runs that are killed, interrupted or out of disk at bad moments; `tests/fuzz` tries all."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import torch

from dissect_widgets.errors import StorageError
from tests.fuzz.full_disk import failing, interrupted
from tests.fuzz.harness import Attempt
from tests.fuzz.kills import at_operation
from tests.fuzz.prepared import Prepared, prepared

SAVE, RUN = "save beside a person's files", "dissect over an earlier one"


@pytest.fixture(scope="module", params=[SAVE, RUN])
def scenario(request: pytest.FixtureRequest) -> Iterator[Prepared]:
    """A scenario that was run once, undisturbed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    ready = prepared(request.param)
    gc.collect()
    gc.freeze()  # each case looks for what is left behind; not among all modules
    yield ready
    gc.unfreeze()
    torch.set_num_threads(threads)


def moments(scenario: Prepared, count: int, seed: int) -> list[int]:
    """Some operations: those that put something in its place or remove something, and others at random."""
    writing = [one for one in scenario.operations if one.writes and one.name != "flock"]
    placing = [one.number for one in writing if one.name in ("rename", "replace")]
    removing = [one.number for one in writing if one.name in ("unlink", "rmdir")]
    chosen = {*placing[-2:], *removing[:1], *removing[-1:], writing[0].number, writing[-1].number}
    rest = [one.number for one in writing if one.number not in chosen]
    return sorted([*chosen, *Random(seed).sample(rest, max(count - len(chosen), 0))])


def try_each(attempts: list[Attempt], folder: Path) -> None:
    """Each in a folder of its own; a full disk may be refused."""
    for number, attempt in enumerate(attempts):
        own = folder / str(number)
        own.mkdir()
        try:
            attempt(Random(number), own)
        except StorageError:
            continue


def test_a_process_that_is_killed_loses_nothing(scenario: Prepared, tmp_path: Path) -> None:
    phases = ("before", "after")
    try_each(
        [at_operation(scenario, n, phase) for n in moments(scenario, 7, 1) for phase in phases], tmp_path
    )


def test_an_operation_that_fails_loses_nothing(scenario: Prepared, tmp_path: Path) -> None:
    try_each([failing(scenario, n) for n in moments(scenario, 7, 2)], tmp_path)


def test_an_interrupt_loses_nothing(scenario: Prepared, tmp_path: Path) -> None:
    try_each([interrupted(scenario, n) for n in moments(scenario, 7, 3)], tmp_path)

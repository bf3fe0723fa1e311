"""A process that trains one member after another, as it is asked to."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from dissect_widgets.errors import DissectError
from dissect_widgets.world.zoo.base import Member
from dissect_widgets.world.zoo.files import read, read_note
from dissect_widgets.world.zoo.library import Library
from dissect_widgets.world.zoo.training import DRAFT, NETWORK, Progress, Run, check_recipe, recipe_of

_FIGURES: Final = 8.0  # seconds before the end in which figures of a draft are found


@dataclass(frozen=True)
class Job:
    """A member to be trained, and all that is needed for it."""

    member: Member
    folder: Path
    """Of all runs."""
    data_digest: str
    ends: float = float("inf")
    """Time (of `time.time`) at which it must have come to an end, finished or not."""

    @property
    def place(self) -> Path:
        """Folder of the run."""
        return self.folder / self.member.name


@dataclass(frozen=True)
class Report:
    """What became of a job."""

    name: str
    figures: Mapping[str, float]
    step: int
    finished: bool
    error: str = ""
    pace: float = 0.0
    """Seconds that a step took, without the first ones."""


def train(job: Job, library: Library, device: torch.device, progress: Progress) -> Report:
    """Train a member, or go on with it, and find its figures."""
    member = job.member
    begin, begin_digest = _begin(job)
    if (note := read_note(job.place / NETWORK)) and _same(job, note, begin_digest):
        return Report(member.name, note["figures"], note["step"], True)
    data = library.tensors(member.task.data, "train", device)
    run = Run(member, data, job.place, data_digest=job.data_digest, begin=begin, begin_digest=begin_digest)
    seen: list[tuple[int, float]] = []

    def watch(step: int, loss: float) -> None:
        seen.append((step, time.monotonic()))
        progress(step, loss)

    finished = run.run(watch, seconds=job.ends - time.time() - _FIGURES)
    figures = run.finish(library.tensors(member.task.data, "val", device))
    (first, begun), (last, ended) = (seen[0], seen[-1]) if seen else ((0, 0.0), (0, 0.0))
    pace = (ended - begun) / (last - first) if last > first else 0.0
    return Report(member.name, figures, run.step, finished, pace=pace)


def work(pipe: Connection, library: Library, device: str, threads: int) -> None:
    """Train what comes through a pipe, until None comes; see `schedule`."""
    torch.set_num_threads(threads)
    while (job := pipe.recv()) is not None:

        def progress(step: int, loss: float) -> None:
            pipe.send((step, loss))

        try:
            report = train(job, library, torch.device(device), progress)
        except Exception as error:
            text = str(error) if isinstance(error, DissectError) else traceback.format_exc(limit=-6)
            report = Report(job.member.name, {}, 0, False, text)
        pipe.send(report)
    pipe.close()
    os._exit(0)  # a process that holds a GPU can take seconds to end


def _begin(job: Job) -> tuple[dict[str, Tensor] | None, str]:
    """Weights that a member begins with, and a text that knows them."""
    if not job.member.begins:
        return None, ""
    folder = job.folder / job.member.begins
    path = folder / NETWORK if (folder / NETWORK).exists() else folder / DRAFT
    weights, note = read(path)
    total = sum(float(value.double().sum()) for value in weights.values())
    return weights, f"{job.member.begins} after {note['step']} steps, {total!r}"


def _same(job: Job, note: Mapping[str, Any], begin_digest: str) -> bool:
    net = job.member.task.build(job.member.budget.seed)
    now = recipe_of(job.member, net, job.data_digest, begin_digest)
    check_recipe(job.member.name, note["recipe"], now, job.place / NETWORK)
    return True

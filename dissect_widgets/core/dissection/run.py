"""The run: images through the network once, all layers and statistics fed on the way.

This is PNAS 2020, "Emergence of Object Detectors in a Scene Classifier", and TPAMI 2018, sec. 2, for
any network and any labeled images. `dissect_widgets.dissect` is the same with a progress bar.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch

from dissect_widgets.core.data.batches import load_batches
from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun, deferred_interrupt
from dissect_widgets.core.data.provenance import data_digest, weights_digest
from dissect_widgets.core.data.storage import Workspace
from dissect_widgets.core.data.types import Skipped
from dissect_widgets.core.dissection.checkpoint import (
    Position,
    close_workspace,
    has_checkpoint,
    open_workspace,
    read_checkpoint,
    write_checkpoint,
)
from dissect_widgets.core.dissection.io import check_target
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.settings import Resources
from dissect_widgets.core.dissection.source import Source
from dissect_widgets.core.dissection.state import Probe, ProbeSpec
from dissect_widgets.core.files.lock import locked
from dissect_widgets.core.files.target import beside, output_folder
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.errors import DataError, SavedError, StorageError

_DISK_FACTOR = 3  # the old and the new part of a consolidation, and what a checkpoint still names


class _Collected(NamedTuple):
    """What an interrupted run has come to."""

    probe: Probe
    done: int
    workspace: Workspace | None


Progress = Callable[[int, int], None]
Notify = Callable[[str], None]


def _silent(*report: object) -> None:
    """Report nothing."""


def dissect(
    source: Source,
    resources: Resources | None = None,
    *,
    out: Path | None = None,
    begun: InterruptedRun | None = None,
    progress: Progress = _silent,
    notify: Notify = _silent,
) -> Dissection:
    """Dissect the layers of a network over a probe set.

    Parameters
    ----------
    source
        What to dissect.
    resources
        What the run may use.
    out
        Folder to save the result in. Until it is there, checkpoints are kept beside it, in
        `<out>.partial`; the same call after a kill resumes from the last one.
    begun
        An interrupted run; it is resumed if it is of the same source, else left alone.
    progress
        Called with the number of images done, and of all.
    notify
        Called with what a user should know: the disk space that will be needed, a run that is resumed.

    Raises
    ------
    Interrupted
        On Ctrl-C or the interrupt button; `begun` takes its `run`.
    SavedError
        If `out` holds something else, or another run writes to it: the message says which process.
    """
    if out is None:
        return _dissect(source, resources, None, begun, progress, notify)
    folder = output_folder(out, what="out")
    with locked(folder):
        check_target(folder)
        return _dissect(source, resources, folder, begun, progress, notify)


def _dissect(
    source: Source,
    resources: Resources | None,
    out: Path | None,
    begun: InterruptedRun | None,
    progress: Progress,
    notify: Notify,
) -> Dissection:
    resources, started = resources or Resources(), time.monotonic()
    spec = look(source, skip_errors=resources.skip_errors)
    key = run_key(source, spec, resources)
    collected: _Collected | None = None if begun is None else begun.take(key)
    workspace = collected.workspace if collected else _workspace(spec, resources, out, notify)
    try:
        probe = collect(
            source,
            spec,
            key,
            resources,
            workspace=workspace,
            begun=collected,
            progress=progress,
            notify=notify,
        )
        provenance = key | {
            "device": str(source.device),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - started, 3),
        }
        names = [source.name_of(image) for image in range(len(source.data))]
        try:
            dissection = probe.result(model=key["model"], names=names, provenance=provenance)
        except KeyboardInterrupt:
            total = len(source.data)
            raise _interrupted(source, key, _Collected(probe, total, workspace), total) from None
        if out is not None:
            dissection.save(out)
    except BaseException as error:
        if workspace is not None and not _can_go_on(workspace, error):
            close_workspace(workspace)
        raise
    if workspace is not None:
        close_workspace(workspace)
    return dissection


def look(source: Source, *, skip_errors: bool = False) -> ProbeSpec:
    """Find out the sizes of everything from the first image that can be read."""
    every = range(len(source.data))
    for batch in load_batches(source.data, every, 1, skip_errors=skip_errors, again=False):
        if batch.indices:
            return source.plan(batch)
    raise DataError(
        "No image of the data can be used; without skip_errors, the error of the first is raised."
    )


def collect(
    source: Source,
    spec: ProbeSpec,
    key: dict[str, Any],
    resources: Resources,
    *,
    indices: Sequence[int] | None = None,
    workspace: Workspace | None = None,
    begun: _Collected | None = None,
    progress: Progress = _silent,
    notify: Notify = _silent,
) -> Probe:
    """Run images through the network and count.

    Shards of one probe set, collected anywhere in any order, `merge` to the same bits.

    Parameters
    ----------
    source, spec, resources
        What to dissect, its sizes (see `look`), and what the run may use.
    key
        What the run is; a checkpoint with another key is refused.
    indices
        Which images; all by default.
    workspace
        Where large arrays go, and, unless it is temporary, checkpoints. If it holds one of this run,
        that is resumed.
    begun
        What an interrupted run of the same source has come to.
    progress, notify
        See `dissect`.

    Raises
    ------
    Interrupted
        On Ctrl-C or the interrupt button, between two batches and after a checkpoint.
    """
    chosen: Sequence[int] = range(len(source.data)) if indices is None else list(indices)
    size = batch_size(source, resources)
    probe = (
        begun.probe if begun else Probe(spec, source.name_of, workspace=workspace, memory=resources.memory)
    )
    saver = _Saver(probe, key, resources.checkpoint_seconds, workspace)
    done = begun.done if begun else saver.restore()
    if done and not begun:
        notify(f"Resuming after {done} images of an earlier run.")
    progress(done, len(chosen))
    with evaluation(source.model), deferred_interrupt() as interrupt_waits:
        try:
            for batch in load_batches(
                source.data,
                chosen,
                size,
                start=done,
                workers=resources.workers,
                skip_errors=resources.skip_errors,
            ):
                if batch.indices:
                    probe.add(batch.indices, *source.read(batch, size, spec))
                probe.skipped += batch.skipped
                done = batch.done
                progress(done, len(chosen))
                if interrupt_waits():
                    raise KeyboardInterrupt
                saver.save_if_due(done)
            saver.save(done)
        except BaseException as error:
            if probe.whole and not isinstance(error, StorageError):
                saver.save(done)
            if probe.whole and isinstance(error, KeyboardInterrupt):
                raise _interrupted(source, key, _Collected(probe, done, workspace), len(chosen)) from None
            raise
    return probe


def _interrupted(source: Source, key: dict[str, Any], collected: _Collected, total: int) -> Interrupted:
    """The error that carries a run; one that has written checkpoints is resumed from these."""
    workspace = collected.workspace
    return Interrupted(
        InterruptedRun(
            of=f"{', '.join(source.layers)} of {key['model']}",
            done=collected.done,
            total=total,
            key=key,
            state=collected if workspace is None or workspace.temporary else None,
            folder=None if workspace is None else workspace.folder,
            _close=workspace.close if workspace is not None and workspace.temporary else None,
        )
    )


def _can_go_on(workspace: Workspace, error: BaseException) -> bool:
    """Whether what is in a workspace is of use after an error."""
    return isinstance(error, Interrupted) if workspace.temporary else has_checkpoint(workspace)


def batch_size(source: Source, resources: Resources) -> int:
    """Images that go through the network together."""
    return resources.batch_size or (4 if source.device.type == "cpu" else 32)


def run_key(source: Source, spec: ProbeSpec, resources: Resources) -> dict[str, Any]:
    """All that decides the bits of a result, as JSON can hold it."""
    concepts = "\n".join("\t".join(concept) for concept in source.vocabulary)
    return {
        "dissect_widgets": version("dissect-widgets"),
        "torch": torch.__version__,
        "model": type(source.model).__name__,
        "weights": weights_digest(source.model),
        "layers": source.layers,
        "images": len(source.data),
        "data": data_digest(source.data),
        "picture": list(spec.image_size),
        **({} if spec.frame is None or spec.frame.whole else {"frame": list(spec.frame[2:])}),
        "labels": [spec.channels, *spec.label_size],
        "vocabulary": hashlib.sha256(concepts.encode("utf-8", "surrogatepass")).hexdigest(),
        "settings": {"levels": list(source.levels), **source.settings.plain()},
        **source.callables(),
        "batch_size": batch_size(source, resources),
    }


def _workspace(spec: ProbeSpec, resources: Resources, out: Path | None, notify: Notify) -> Workspace | None:
    """Make room for what does not fit into memory, and announce how much it will be."""
    needed = spec.bytes_needed()
    if out is None and needed <= resources.memory:
        return None
    workspace = Workspace.scratch() if out is None else open_workspace(output_folder(beside(out, ".partial")))
    if needed > resources.memory:
        disk, free = _DISK_FACTOR * needed, shutil.disk_usage(workspace.folder).free
        text = f"up to {disk / 1e9:.1f} GB of temporary files in {workspace.folder}"
        if disk > free:
            if not has_checkpoint(workspace):
                close_workspace(workspace)
            raise StorageError(
                f"This dissection needs {text}, where {free / 1e9:.1f} GB are free. Dissect fewer layers "
                "at a time, on smaller label maps or at a lower level, or allow more `memory`."
            )
        notify(f"Statistics exceed {resources.memory / 1e9:.1f} GB of memory; they take {text}.")
    return workspace


class _Saver:
    """Checkpoints of one run."""

    def __init__(
        self, probe: Probe, key: dict[str, Any], seconds: float, workspace: Workspace | None
    ) -> None:
        self.probe, self.key, self.seconds = probe, key, seconds
        self.workspace = None if workspace is None or workspace.temporary else workspace
        self._next = time.monotonic() + seconds
        self._saved = 0

    def restore(self) -> int:
        """Resume from a checkpoint; returns how many images were done."""
        checkpoint = read_checkpoint(self.workspace, self.key) if self.workspace is not None else None
        if self.workspace is None or checkpoint is None:
            return 0
        about, state = checkpoint
        try:
            self.probe.load_state(state)
        except KeyError as error:
            raise SavedError(
                f"The checkpoint in {self.workspace.folder} lacks {error}, which this version computes. "
                "Remove the folder and start again."
            ) from error
        self.probe.skipped = [Skipped(*skipped) for skipped in about.skipped]
        found = self.probe.labels.images + len(about.skipped)
        if found != about.done:
            raise SavedError(
                f"The checkpoint in {self.workspace.folder} is damaged: it is of {found} images, and says "
                f"{about.done}. Remove the folder and start again."
            )
        self._saved = about.done
        return self._saved

    def save_if_due(self, done: int) -> None:
        """Save, if the last time is long enough ago."""
        if time.monotonic() >= self._next:
            self.save(done)

    def save(self, done: int) -> None:
        """Write a checkpoint."""
        if self.workspace is None or done == self._saved:
            return
        started = time.monotonic()
        self.probe.flush()
        skipped = tuple((name, reason) for name, reason in self.probe.skipped)
        about = Position(key=self.key, done=done, skipped=skipped)
        write_checkpoint(self.workspace, about, self.probe.state())
        self._saved = done
        took = time.monotonic() - started
        self._next = time.monotonic() + max(self.seconds, 20 * took)

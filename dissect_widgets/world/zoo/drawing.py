"""Arrays that are drawn once, by several processes, and kept in a folder.

>>> scenes = Source("scenes", draw_scenes, sample_scenes, {"train": 400, "val": 50}, rows=48)
>>> draw([(scenes, "train"), (scenes, "val")], Path("runs/zoo/data"), workers=2)
>>> scenes.arrays(Path("runs/zoo/data"), "train")["images"]        # uint8 (19200, 3, 96, 96)

A source is drawn piece by piece. Its folder holds a file for each array and a note of the pieces that are
done, so drawing resumes where it was stopped. A folder is drawn anew if a sample of its pictures is not what
would be drawn today.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.data.storage import new_array
from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.core.files.json_files import read_dict

Arrays = dict[str, NDArray[Any]]
"""Arrays by name; the first axis of each is that of the pictures."""

Progress = Callable[[int, int], None]
"""Called with the number of rows that are drawn and of all rows."""

Ended = Callable[[str, str, Exception | None], None]
"""Called with a source, a split, and the error if it failed."""

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SECONDS: Final = 2.0  # between two notes of the pieces that are done


@dataclass(frozen=True)
class Source:
    """Pictures that are drawn together."""

    name: str
    draw: Callable[[str, int], Arrays]
    """Split and number of a piece to its arrays; a function that other processes can import."""
    sample: Callable[[str], Arrays]
    """Split to the same arrays of a few pictures, by which it is known whether what is drawn has changed."""
    pieces: Mapping[str, int]
    """Number of pieces, by split."""
    rows: int
    """Pictures in a piece."""

    def digest(self, split: str) -> str:
        """What is drawn, in 16 digits: they change with the pictures and their number."""
        return _digest(self, split, self.sample(split))

    def arrays(self, folder: Path, split: str) -> Arrays:
        """What was drawn into a folder, unchangeable, and read from the disk as it is needed."""
        place = self.place(folder, split)
        return {path.stem: np.load(path, mmap_mode="r") for path in sorted(place.glob("*.npy"))}

    def place(self, folder: Path, split: str) -> Path:
        """Folder of a split; splits of different sizes have different ones."""
        return folder / f"{self.name}-{split}-{self.pieces[split] * self.rows}"


_Task = tuple["Source", str, Path, int]


def draw(
    sources: Sequence[tuple[Source, str]],
    folder: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    ended: Ended | None = None,
) -> None:
    """Draw what is missing of some sources and splits, in order; one pool of processes draws all of it.

    Parameters
    ----------
    sources
        Sources, each with a split.
    folder
        Where all of them are kept.
    workers
        Number of processes; with 1 this process draws.
    progress
        Called after each piece.
    ended
        Called with each source and split when it is complete, or failed; by default an error is raised.
    """
    with _pool(workers) as pool:
        samples = [(key, pool.submit(key[0].sample, key[1])) for key in sources]
        notes: dict[tuple[str, str], _Note] = {}
        for (source, split), sample in samples:
            with _failing(source, split, ended):
                notes[source.name, split] = _Note(source, split, folder, sample.result())
        tasks = []
        for source, split in sources:
            note = notes.get((source.name, split))
            tasks += [(source, split, folder, piece) for piece in note.missing()] if note else []
            if note and not note.missing() and ended is not None:
                ended(source.name, split, None)
        total = sum(source.pieces[split] * source.rows for source, split in sources)
        done = total - sum(source.rows for source, *_ in tasks)
        for (source, split, _, piece), future in _finished(pool, tasks):
            note = notes[source.name, split]
            with _failing(source, split, ended):
                future.result()
                note.add(piece)
                done += source.rows
                if progress is not None:
                    progress(done, total)
                if not note.missing() and ended is not None:
                    ended(source.name, split, None)


@contextmanager
def _failing(source: Source, split: str, ended: Ended | None) -> Iterator[None]:
    """Hand an error over, if there is who takes it."""
    try:
        yield
    except Exception as error:
        if ended is None:
            raise
        ended(source.name, split, error)


class _Note:
    """Which pieces of a split are done, in a file beside them."""

    def __init__(self, source: Source, split: str, folder: Path, sample: Arrays) -> None:
        place = source.place(folder, split)
        self.path, self.total = place / "about.json", source.pieces[split]
        self.digest = _digest(source, split, sample)
        kept = read_dict(self.path) if self.path.exists() else {}
        self.done: set[int] = set(kept["done"]) if kept.get("digest") == self.digest else set()
        self.saved = time.monotonic()
        if not self.done:
            _make_files(place, sample, source.rows * self.total)
            self.save()

    def missing(self) -> list[int]:
        """Pieces to draw."""
        return [piece for piece in range(self.total) if piece not in self.done]

    def add(self, piece: int) -> None:
        """Note a piece, now or soon, in the file."""
        self.done.add(piece)
        if time.monotonic() - self.saved > _SECONDS or not self.missing():
            self.save()

    def save(self) -> None:
        """Write the file."""
        with replacing(self.path) as new:
            new.write_text(json.dumps({"digest": self.digest, "done": sorted(self.done)}))
        self.saved = time.monotonic()


def _make_files(place: Path, sample: Arrays, rows: int) -> None:
    """Files for all pieces, with nothing in them."""
    with full_disk(place):
        place.mkdir(parents=True, exist_ok=True)
    for name, some in sample.items():
        (place / f"{name}.npy").unlink(missing_ok=True)
        new_array(place / f"{name}.npy", some.dtype, (rows, *some.shape[1:]))


def _finished(pool: Executor, tasks: Sequence[_Task]) -> Iterator[tuple[_Task, Future[None]]]:
    """Each piece as it is done, or has failed."""
    if isinstance(pool, _Here):
        for task in tasks:
            yield task, pool.submit(_draw_piece, *task)
        return
    futures = {pool.submit(_draw_piece, *task): task for task in tasks}
    for future in as_completed(futures):
        yield futures[future], future


class _Here(Executor):
    """Does all in this process, at once."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def _pool(workers: int) -> Iterator[Executor]:
    """Processes of one thread each, or this process."""
    if workers <= 1:
        yield _Here()
        return
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            yield pool
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _draw_piece(source: Source, split: str, folder: Path, piece: int) -> None:
    """Draw a piece into the files."""
    start = piece * source.rows
    for name, rows in source.draw(split, piece).items():
        file = np.lib.format.open_memmap(source.place(folder, split) / f"{name}.npy", "r+")
        file[start : start + len(rows)] = rows


def _digest(source: Source, split: str, sample: Arrays) -> str:
    digest = hashlib.sha256(repr((source.name, split, source.pieces[split], source.rows)).encode())
    for name, rows in sorted(sample.items()):
        digest.update(repr((name, rows.shape, rows.dtype.str)).encode() + rows.tobytes())
    return digest.hexdigest()[:16]

"""Scenarios that are ready to be disturbed: what was there before, and what an undisturbed run leaves."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from dissect_widgets.errors import DissectError
from tests.fuzz.file_operations import Operation, watched
from tests.fuzz.harness import LeftBehind, Lost, Wrong, check_foreign, foreign_digest
from tests.fuzz.scenarios import Scenario, scenarios

PREPARED: list[Prepared] = []
"""All scenarios, once `prepare` was called."""


class Prepared:
    """A scenario that was run once undisturbed."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.template = Path(tempfile.mkdtemp(prefix="fuzz-template-"))
        atexit.register(shutil.rmtree, self.template, ignore_errors=True)
        (self.template / "tmp").mkdir()
        scenario.prepare(self.template)
        self.before = scenario.state(self.template)
        found = foreign_digest(self.template)
        self.persons = {name: digest for name, digest in found.items() if self._is_of_a_person(name)}
        self.operations: list[Operation] = []
        with tempfile.TemporaryDirectory() as folder:
            work = self.copy(Path(folder))
            started = time.monotonic()
            with watched(work, self._note), temporary_files_in(work):
                self.result = scenario.act(work)
            self.seconds = time.monotonic() - started
            self.after, self.names = scenario.state(work), names(work)
            self.bytes = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())

    def _note(self, one: Operation, phase: str) -> None:
        if phase == "before":
            self.operations.append(one)

    def _is_of_a_person(self, name: str) -> bool:
        path = self.template / name
        return path.is_file() and path.read_bytes().strip().endswith(b"of a person")

    def copy(self, folder: Path) -> Path:
        """A folder with what was there before."""
        return Path(shutil.copytree(self.template, folder / "work", symlinks=True, dirs_exist_ok=True))

    def check_state(self, work: Path, moment: str) -> None:
        """Whether the earlier or the new result is at its place, and a person's files as they were."""
        left = f"{moment}, which left {sorted(names(work) - names(self.template))}"
        try:
            state = self.scenario.state(work)
        except Exception as error:
            raise Lost(f"{left}: what is at its place cannot be read: {error!r}") from error
        if state is None and self.before is not None:
            raise Lost(f"{left}: the earlier result is gone")
        if state not in (self.before, self.after):
            raise Wrong(f"{left}: what is at its place is neither the earlier nor the new result")
        check_foreign(work, self.persons, added=False)

    def check_again(self, work: Path, moment: str) -> None:
        """Whether the same call ends in the same bits, and leaves nothing that does not belong there."""
        left = f"{moment}, which left {sorted(names(work) - names(self.template))}"
        try:
            with temporary_files_in(work):
                result = self.scenario.act(work)
        except DissectError as error:
            raise Lost(f"{left}: the same call again ends in {error!r}") from error
        if result != self.result or self.scenario.state(work) != self.after:
            raise Wrong(f"{left}: the same call again ends in other bits")
        check_foreign(work, self.persons, added=False)
        more = names(work) - self.names
        if more:
            raise LeftBehind(f"{moment}: {sorted(more)} stay after the next run")


def prepare() -> None:
    """Run all scenarios once."""
    torch.set_num_threads(1)
    PREPARED.extend(map(Prepared, scenarios()))


def prepared(name: str) -> Prepared:
    """One scenario, run once."""
    return next(Prepared(one) for one in scenarios() if one.name == name)


def names(folder: Path) -> set[str]:
    """Names of all files, but for what Python makes for processes that read ahead."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return {name for name in found if not name.startswith("tmp/pymp-")}


def temporary_files_in(work: Path) -> Any:
    """Temporary files go to a folder that is watched, too."""
    return patch.object(tempfile, "tempdir", str(work / "tmp"))

"""Workspaces: what killed processes left is removed, and files that are cut off are noticed."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from dissect_widgets.core.data.storage import Workspace
from dissect_widgets.errors import SavedError


def test_temporary_folders_of_killed_processes_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "dissect-widgets-demo").mkdir()  # a person's, or another program's
    (tmp_path / "dissect-widgets-1f2e3d4c-1-2-x").mkdir()  # of another machine
    child = os.fork()
    if child == 0:
        killed = Workspace.scratch()
        killed.mapped(np.dtype(np.int8), (5, 7))
        os._exit(0)
    os.waitpid(child, 0)
    before = {path.name for path in tmp_path.iterdir()}
    living = Workspace.scratch()
    again = Workspace.scratch()
    left = {path.name for path in tmp_path.iterdir()}
    assert len(before) == 3
    assert left == {
        "dissect-widgets-demo",
        "dissect-widgets-1f2e3d4c-1-2-x",
        living.folder.name,
        again.folder.name,
    }
    living.close()
    again.close()


def test_an_array_that_is_cut_off_while_it_is_in_use_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w", temporary=False)
    writer = workspace.writer(np.dtype(np.float32))
    writer.append(np.arange(5, dtype=np.float32))
    array = writer.finish()
    assert (array[1:4] == [1, 2, 3]).all()
    os.truncate(array.path, 12)
    assert (array[1:3] == [1, 2]).all()
    with pytest.raises(SavedError, match="has been cut off"):
        array[1:4]


def test_a_copy_of_the_process_does_not_remove_the_scratch_folder() -> None:
    workspace = Workspace.scratch()
    child = os.fork()
    if child == 0:
        del workspace  # its finalizer runs
        gc.collect()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert workspace.folder.is_dir()
    workspace.close()
    assert not workspace.folder.exists()

"""A full disk is told as one, whichever library met it."""

from __future__ import annotations

import errno
import shutil
import zipfile
from pathlib import Path

import pytest
from safetensors import SafetensorError

from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.errors import DataError, StorageError


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError(errno.EFBIG, "File too large"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
        SafetensorError("I/O error: Disk quota exceeded (os error 122)"),
        RuntimeError("[Errno 28] No space left on device"),
        OSError("100000 requested and 37872 written"),
        caused(RuntimeError("could not save"), OSError(errno.ENOSPC, "")),
        caused(zipfile.BadZipFile("x"), caused(ValueError("y"), OSError(errno.ENOSPC, ""))),
    ],
    ids=range(9),
)
def test_forms_of_a_full_disk(tmp_path: Path, error: Exception) -> None:
    with (
        pytest.raises(StorageError, match=r"disk is full: .*new/x\.json") as raised,
        full_disk(tmp_path / "new/x.json"),
    ):
        raise error
    assert str(tmp_path) in str(raised.value) and raised.value.__cause__ is error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("encoder error -2 when writing image file"), True),
        (RuntimeError("PytorchStreamWriter failed writing file data/1: file write failed"), True),
        (SafetensorError("Error while serializing"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (ValueError("no"), False),
        (KeyError("no"), False),
    ],
)
def test_errors_without_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: bool
) -> None:
    """They count only while there is no room left."""
    with pytest.raises(type(error)) as raised, full_disk(tmp_path / "x"):
        raise error
    assert raised.value is error
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1000, 1000, 0))
    with pytest.raises(StorageError if told else type(error)), full_disk(tmp_path / "x"):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, "Input/output error"),
        OSError(errno.EROFS, "Read-only file system"),
        SafetensorError("Error while serializing: I/O error: Input/output error (os error 5)"),
    ],
    ids=range(3),
)
def test_other_errors_of_the_system_name_the_file(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(OSError, match=r"x\.json") as raised, full_disk(tmp_path / "x.json"):
        raise error
    assert raised.value.errno in (errno.EIO, errno.EROFS)


def test_an_error_that_names_a_file_keeps_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="other"), full_disk(tmp_path / "x.json"):
        raise OSError(errno.EIO, "Input/output error", "other")


def test_our_own_errors_pass(tmp_path: Path) -> None:
    for error in (StorageError("The disk is full: x."), DataError("No space left on device")):
        with pytest.raises(type(error)) as raised, full_disk(tmp_path):
            raise error
        assert raised.value is error

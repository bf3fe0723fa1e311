"""Files of weights looked at before they are read: sizes, names that stand twice, checksums.

Of what `torch.save` writes today (a zip archive) every part has a checksum, which torch does not compare; of
safetensors files and of older files of torch no part has, so that a changed bit among their numbers cannot be
told from another number. Compare their SHA-256 with a published one.
"""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO, Final

from dissect_widgets.errors import WeightsError, shown

_MIB: Final = 2**20
_MOST_UNPACKED: Final = 64 * _MIB
_MOST_RATIO: Final = 20
"""A zip archive may unpack to 64 MiB, or to 20 times its size."""
_LONGEST_HEADER: Final = 100 * _MIB  # as the library of safetensors has it


def check_zip(file: BinaryIO, path: Path) -> None:
    """Raise WeightsError unless every part of a zip archive is whole and there once.

    The file is read from its start to its end; where it stands after that is not said.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            twice = [name for name, count in Counter(archive.namelist()).items() if count > 1]
            if twice:
                raise WeightsError(f"{path} is damaged: it has the part {shown(twice[0])} several times.")
            size = file.seek(0, os.SEEK_END)
            unpacked = sum(part.file_size for part in parts)
            if unpacked > max(_MOST_UNPACKED, _MOST_RATIO * size):
                raise WeightsError(
                    f"{path} has {size:,} bytes and would unpack to {unpacked:,}; torch.save does not pack."
                )
            for part in parts:
                with archive.open(part) as stream:  # compares the checksum at the end
                    while stream.read(_MIB):
                        pass
    except WeightsError:
        raise
    except Exception as error:  # what a damaged archive raises has no limits
        raise WeightsError(f"{path} is not a file of weights: {shown(str(error), 300)[1:-1]}") from error
    file.seek(0)


def check_safetensors(file: BinaryIO, path: Path) -> None:
    """Raise WeightsError if the head of a safetensors file names a tensor twice, or is no head."""
    (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
    if length > min(_LONGEST_HEADER, os.fstat(file.fileno()).st_size):
        raise WeightsError(f"{path} is not a file of weights: its header has {length:,} bytes.")
    try:
        json.loads(file.read(length), object_pairs_hook=_once)
    except WeightsError as error:
        raise WeightsError(f"{path} is damaged: its header has {error} several times.") from None
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is not a file of weights: its header is no JSON: {error}.") from error
    file.seek(0)


def check_memory(file: BinaryIO, path: Path) -> None:
    """Raise WeightsError if a file is larger than the memory of this machine."""
    size = os.fstat(file.fileno()).st_size
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else size
    if size > memory:
        raise WeightsError(
            f"{path} has {size / 2**30:,.1f} GiB, more than the memory here, {memory / 2**30:,.1f} GiB."
        )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise WeightsError(shown(next(name for name, count in counts.items() if count > 1)))
    return content

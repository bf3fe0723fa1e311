"""Writing files so that each exists in full or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Path to write to, which takes the place of `path` in one step when the block ends without an error.

    It has a name of its own in the same folder. After any error nothing is left there, and what was
    at `path` before is intact.

    >>> with replacing(path) as new:
    ...     new.write_text("all of it")
    """
    new = temporary_path(path)
    try:
        yield new
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def temporary_path(path: Path) -> Path:
    """Unique hidden path beside `path`; not created yet."""
    return path.with_name(f".{uuid.uuid4().hex}.new")

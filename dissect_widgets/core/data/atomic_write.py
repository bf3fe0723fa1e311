"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Path to write to, which takes the place of `path` in one step when the block ends without error.

    >>> with replacing(path) as new:
    ...     new.write_text("all of it")
    """
    new = path.with_suffix(".new")
    yield new
    os.replace(new, path)

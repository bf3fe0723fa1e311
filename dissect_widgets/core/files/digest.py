"""Digests by which content is known again: SHA-256, as `sha256sum` prints it."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest_of(content: bytes | memoryview) -> str:
    """64 hexadecimal digits of bytes."""
    return hashlib.sha256(content).hexdigest()


def digest_of_file(path: Path) -> str:
    """64 hexadecimal digits of a file's content, which is read in pieces; OSError if it cannot be read."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

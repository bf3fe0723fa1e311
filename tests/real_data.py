"""Where the real photos, the real network and the published results are."""

from __future__ import annotations

import os
from pathlib import Path

REAL = Path(os.environ.get("DISSECT_WIDGETS_REAL", Path(__file__).parents[2] / "shared" / "real"))
"""Folder of them; it may be missing, and tests that need it then skip."""

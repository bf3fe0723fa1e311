"""Say which notebooks have stored outputs: `python -m tests.notebooks.check_outputs FILE...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path


def with_outputs(paths: Sequence[str | Path]) -> list[str]:
    """Notebooks that hold outputs or counts of executions."""
    found = []
    for path in paths:
        cells = json.loads(Path(path).read_text("utf-8"))["cells"]
        if any(cell.get("outputs") or cell.get("execution_count") for cell in cells):
            found.append(str(path))
    return found


if __name__ == "__main__":
    bad = with_outputs(sys.argv[1:])
    for name in bad:
        print(f"{name} has stored outputs; clear them before you commit.")
    sys.exit(bool(bad))

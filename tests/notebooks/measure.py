"""Time and memory of notebooks, as on a small machine: `python -m tests.notebooks.measure --cores 1`.

Each runs in its own kernel, from an empty folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).parents[2] / "notebooks"
PEAK = "import resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def measure(path: Path) -> tuple[float, float]:
    """Seconds, and the kernel's greatest memory in GB, of a notebook."""
    notebook = nbformat.read(path, 4)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": folder}}).execute()
    kilobytes = int(notebook.cells[-1].outputs[0].text)
    return time.monotonic() - started, kilobytes * 1024 / 1e9


def main() -> None:
    """Print a row for each notebook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="names, without ending; by default all")
    parser.add_argument("--cores", type=int, help="how many to use")
    parser.add_argument("--memory", type=float, help="most GB that a kernel may use")
    options = parser.parse_args()
    if options.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    if options.memory:
        limit = int(options.memory * 1e9)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))  # kernels inherit it
    print("| notebook | seconds | peak memory (GB) |\n|---|---|---|")
    failed = False
    for path in sorted(FOLDER.rglob("*.ipynb")):
        if options.notebooks and path.stem not in options.notebooks:
            continue
        try:
            seconds, peak = measure(path)
            print(f"| {path.relative_to(FOLDER)} | {seconds:.0f} | {peak:.2f} |", flush=True)
        except CellExecutionError as error:
            failed = True
            print(f"| {path.relative_to(FOLDER)} | failed | |\n\n{error}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()

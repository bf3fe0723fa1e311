"""Run every script of this folder with a few cases: `python -m tests.fuzz --count 40 --seed 2`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

SHARED = ("__init__", "__main__", "harness", "file_operations", "scenarios", "prepared", "pages", "widgets")
"""Files that are no scripts."""


def main() -> None:
    """Run them one after another; exits with 1 if one of them finds something bad."""
    parser = argparse.ArgumentParser(description="Run all scripts.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=30, help="cases of each script")
    options = parser.parse_args()
    folder = Path(__file__).parent
    failed = []
    for script in sorted(path.stem for path in folder.glob("*.py") if path.stem not in SHARED):
        command = [sys.executable, "-m", f"tests.fuzz.{script}"]
        command += ["--seed", str(options.seed), "--count", str(options.count)]
        if subprocess.run(command, check=False).returncode:
            failed.append(script)
    print(f"failed: {', '.join(failed)}" if failed else "all scripts found nothing bad")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()

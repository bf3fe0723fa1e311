"""Run the scripts of this folder with a few cases: `python -m tests.fuzz --count 40 --seed 2`.

Those that need a browser are run by themselves.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

BROWSER = ("names", "visitors")
"""Scripts that drive a real browser, and have options of their own."""


def scripts() -> list[str]:
    """Names of all scripts: what can be run by itself."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        runs = '\nif __name__ == "__main__":' in path.read_text("utf-8")
        if runs and path.stem not in ("__main__", "harness", *BROWSER):
            found.append(path.stem)
    return found


def main() -> None:
    """Run them one after another; exits with 1 if one of them finds something bad."""
    parser = argparse.ArgumentParser(description="Run all scripts.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=30, help="cases of each script")
    options = parser.parse_args()
    failed = []
    for script in scripts():
        command = [sys.executable, "-m", f"tests.fuzz.{script}"]
        command += ["--seed", str(options.seed), "--count", str(options.count)]
        if subprocess.run(command, check=False).returncode:
            failed.append(script)
    print(f"failed: {', '.join(failed)}" if failed else "all scripts found nothing bad")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()

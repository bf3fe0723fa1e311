"""The Binder environment: CPU builds, the package, and JupyterLab on the menu of notebooks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_lab_opens_on_the_menu(tmp_path: Path) -> None:
    subprocess.run(
        [ROOT / "binder" / "postBuild"], env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, check=True
    )
    config = json.loads((tmp_path / ".jupyter" / "jupyter_server_config.json").read_text())
    for app in ("ServerApp", "LabApp"):
        path = config[app]["default_url"].removeprefix("/lab/tree/")
        assert (ROOT / path).is_file()
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"urlpath=lab/tree/{path}" in readme


def test_the_environment_has_cpu_builds_and_the_package() -> None:
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted[0].endswith("/whl/cpu") and {"torch", "torchvision", "."} <= set(wanted)
    assert (ROOT / "binder" / "runtime.txt").read_text().startswith("python-3.1")

"""Runs that die: at any moment by SIGKILL, or on a disk that is full."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.files.full_disk import full_disk
from dissect_widgets.datasets.sample import write_sample

SCRIPT = """
import resource, sys, torch
from pathlib import Path
import dissect_widgets as dw
from dissect_widgets.core.dissection.run import dissect
from dissect_widgets.core.dissection.settings import Resources, Settings
from dissect_widgets.core.dissection.source import Source
folder, out, memory, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.manual_seed(0)
torch.set_num_threads(1)
model = dw.load_model("squeezenet1_1")
data = dw.MaskFolder(folder / "images", folder / "masks", folder / "classes.csv", size=96, label_size=40)
settings = Settings(exemplars=3)
source = Source(model, ["features.3", "features.12"], data, levels=(0.02, 0.005), settings=settings)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
def report(done, total):
    print(done, flush=True)
resources = Resources(checkpoint_seconds=0, memory=memory)
dissect(source, resources, out=out, progress=report, notify=print)
"""


def command(folder: Path, out: Path, memory: int, limit: int = 0) -> list[str]:
    return [sys.executable, "-c", SCRIPT, str(folder), str(out), str(memory), str(limit)]


def same(one: Path, other: Path) -> None:
    a, b = Dissection.load(one), Dissection.load(other)
    assert dict(a.thumbnails) == dict(b.thumbnails) and a.images == b.images
    for layer, like in zip(a.layers, b.layers, strict=True):
        for name in LayerDissection.__slots__:
            value, expected = getattr(layer, name), getattr(like, name)
            if hasattr(value, "tobytes"):
                assert value.tobytes() == expected.tobytes(), name


@pytest.mark.slow
@pytest.mark.parametrize("memory", [2**30, 2**16])
def test_killed_again_and_again_it_ends_in_the_same_bits(tmp_path: Path, memory: int) -> None:
    photos = write_sample(tmp_path / "photos", images=48)
    subprocess.run(command(photos, tmp_path / "whole", memory), check=True, capture_output=True)
    chance, kills, beginnings = random.Random(memory), 0, []
    while kills < 4:
        run = subprocess.Popen(command(photos, tmp_path / "out", memory), stdout=subprocess.PIPE, text=True)
        assert run.stdout is not None
        lines = (line.strip() for line in run.stdout)
        beginnings.append(next(int(line) for line in lines if line.isdigit()))
        for line in lines:
            if line.isdigit() and int(line) >= beginnings[-1] + 8:
                break
        time.sleep(chance.random() * 0.15)  # into the middle of whatever it is doing
        run.kill()
        run.wait()
        kills += 1
    subprocess.run(command(photos, tmp_path / "out", memory), check=True, capture_output=True)
    assert beginnings[-1] >= 8 and beginnings == sorted(set(beginnings))  # each went on from the last
    same(tmp_path / "out", tmp_path / "whole")
    assert not (tmp_path / "out.partial").exists()


@pytest.mark.slow
def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    photos = write_sample(tmp_path / "photos", images=24)
    subprocess.run(command(photos, tmp_path / "whole", 2**16), check=True, capture_output=True)
    failed = subprocess.run(
        command(photos, tmp_path / "out", 2**16, limit=600_000), capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert "StorageError: The disk is full:" in failed.stderr
    assert "free some space and start again" in failed.stderr
    assert not (tmp_path / "out").exists()
    again = subprocess.run(
        command(photos, tmp_path / "out", 2**16), check=True, capture_output=True, text=True
    )
    same(tmp_path / "out", tmp_path / "whole")
    assert "Traceback" not in again.stderr


def test_other_errors_of_the_system_pass(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), full_disk(tmp_path):
        raise PermissionError(13, "Permission denied")

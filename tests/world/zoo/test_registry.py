"""The members of the zoo: which there are, how they come into the package, and out of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from dissect_widgets.errors import SettingError, WeightsError
from dissect_widgets.world import zoo
from dissect_widgets.world.zoo import registry
from dissect_widgets.world.zoo.base import Batch, Task
from dissect_widgets.world.zoo.cli import main, shortened
from dissect_widgets.world.zoo.harvest import harvest
from dissect_widgets.world.zoo.recipes import log_steps
from dissect_widgets.world.zoo.training import Run

TRANSFER = "alexnet-scenes-to-objects"


def pictures(n: int, classes: int) -> Batch:
    rng = torch.Generator().manual_seed(n)
    images = torch.randint(256, (n, 3, 96, 96), generator=rng, dtype=torch.uint8)
    return {"images": images, "targets": torch.arange(n) % classes}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A member that is finished, with snapshots, and one that is not."""
    folder = tmp_path_factory.mktemp("runs")
    done = shortened(registry.member(TRANSFER), 6)
    run = Run(done, pictures(70, 35), folder / done.name)
    assert run.run()
    run.finish(pictures(40, 35))
    draft = Run(registry.member("resnet-scenes"), pictures(30, 24), folder / "resnet-scenes")
    draft.finish(pictures(9, 24))
    return folder


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Path) -> Iterator[Path]:
    """A package whose weights are those of the runs."""
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    monkeypatch.setattr(registry, "DIGESTS", tmp_path / "digests.json")
    monkeypatch.setitem(registry.ALL, TRANSFER, shortened(registry.member(TRANSFER), 6))  # type: ignore[arg-type]
    assert harvest(runs) == [f"{TRANSFER}.safetensors", f"{TRANSFER}.snapshots.safetensors"]
    yield tmp_path


def test_every_member_is_a_task_with_a_network() -> None:
    assert len(set(registry.NAMES)) == len(registry.NAMES) >= 37
    for name, member in registry.ALL.items():
        assert isinstance(member.task, Task) and member.name == name and member.differs
        assert member.begins in ("", *registry.NAMES)
        assert all(0 <= step <= member.budget.steps for step in member.snapshots)
        assert member.snapshots == tuple(sorted(set(member.snapshots)))


def test_what_the_issue_asks_for_is_there() -> None:
    families = {
        f"{net}-{data}"
        for net in ("alexnet", "resnet", "vgg", "googlenet", "densenet")
        for data in ("scenes", "objects")
    }
    assert families <= set(registry.NAMES)
    assert len(registry.steps("alexnet-scenes")) >= 12
    for name in (TRANSFER, "alexnet-objects-to-scenes"):
        assert len(registry.steps(name)) >= 8 and registry.member(name).begins
    fine, coarse = (registry.member(name) for name in ("vgg-finer", "vgg-coarser"))
    assert fine.task.chance["top-1"] <= 1 / 120 and coarse.task.chance["top-1"] == 1 / 24


def test_steps_are_even_in_the_logarithm() -> None:
    steps = log_steps(5000, 14)
    assert steps[0] == 0 and steps[1] == 4 and steps[-1] == 5000 and len(steps) == 15
    ratios = [after / before for before, after in pairwise(steps[5:])]
    assert max(ratios) / min(ratios) < 1.05


def test_unknown_names_and_steps_are_refused(package: Path) -> None:
    with pytest.raises(WeightsError, match=r"no 'alexnet-scene'.*Did you mean 'alexnet-scenes'"):
        registry.load("alexnet-scene")
    with pytest.raises(WeightsError, match="No weights of 'vgg-scenes' are shipped"):
        registry.load("vgg-scenes")
    with pytest.raises(SettingError, match="no snapshot after 7 steps"):
        registry.load(TRANSFER, 7)
    with pytest.raises(SettingError, match=r"no snapshot after 3 steps\. It has none"):
        registry.load("vgg-scenes", 3)


def test_what_is_harvested_is_loaded(package: Path) -> None:
    net = registry.load(TRANSFER)
    assert not net.training
    images = pictures(40, 35)["images"].float() / 255
    with torch.inference_mode():
        right = net(images).argmax(1) == pictures(40, 35)["targets"]
        last, first = (registry.load(TRANSFER, step)(images) for step in (6, 0))
        kept = images
        for name, layer in net.named_children():
            kept = layer(kept)
            if name == "pool5":
                break
        assert torch.equal(last, kept) and not torch.equal(first, last)
    row = registry.table().loc[TRANSFER]
    assert row["figure"] == round(float(right.float().mean()), 4) and row["chance"] == 1 / 35
    assert row["steps"] == 6 and len(row["digest"]) == 12 and row["device"] == "cpu" and row["seconds"] > 0
    assert list(registry.snapshot_figures(TRANSFER).index) == [0, 4, 6]


def test_drafts_are_harvested_where_it_is_asked_for(package: Path, runs: Path) -> None:
    assert "resnet-scenes.safetensors" in harvest(runs, drafts=True)
    assert registry.table().loc["resnet-scenes", "steps"] == 0


def test_a_damaged_file_is_refused(package: Path) -> None:
    path = package / f"{TRANSFER}.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="damaged or another's"):
        registry.load(TRANSFER)


def test_the_command_names_what_is_close(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alexnet-gapp"]) == 1
    assert "Did you mean 'alexnet-gap'" in capsys.readouterr().err


@pytest.mark.slow
def test_two_processes_train_in_order_and_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        *("alexnet-objects-to-scenes", "--folder", str(tmp_path), "--tiny", "--steps", "2"),
        *("--jobs", "2", "--workers", "2", "--device", "cpu"),
    ]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert said.index("alexnet-objects:") < said.index("alexnet-objects-to-scenes:")
    assert "(chance 0.04167)" in said and "FAILED" not in said
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("network.safetensors")}
    assert len(before) == 2 and main(command) == 0
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("network.safetensors")}
    assert main([*command, "--steps", "3"]) == 1
    assert "recipe of 'alexnet-objects' has changed" in capsys.readouterr().out


def test_the_registry_is_loaded_when_it_is_asked_for() -> None:
    code = (
        "import sys, dissect_widgets.world.zoo.data\n"
        "assert 'dissect_widgets.world.zoo.registry' not in sys.modules\n"
        "from dissect_widgets.world import zoo\n"
        "assert 'alexnet-scenes' in zoo.NAMES and zoo.steps('alexnet-scenes')[0] == 0\n"
        "assert not set(sys.modules) & {'plotly', 'anywidget', 'ipywidgets', 'torchvision'}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'NAME'"):
        zoo.NAME  # noqa: B018

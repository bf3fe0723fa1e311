"""What is killed, interrupted and run out of disk: all of this package that writes files, on tiny data.

A scenario acts in a folder. `state` is a fingerprint of what can be read at its place afterwards: it must be
of the earlier or of the new result, whatever happens while it acts.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import torch

import dissect_widgets as dw
from dissect_widgets.replication.findings import Finding, write_findings
from dissect_widgets.world import Scenes
from dissect_widgets.world.networks.alexnet import AlexNet
from dissect_widgets.world.pretrained import write_network
from dissect_widgets.world.training import image_cache
from dissect_widgets.world.training.trainer import Run as SceneRun
from dissect_widgets.world.zoo.base import Budget, Member
from dissect_widgets.world.zoo.files import read
from dissect_widgets.world.zoo.tasks.classes import Classes
from dissect_widgets.world.zoo.training import NETWORK
from dissect_widgets.world.zoo.training import Run as ZooRun
from tests.fuzz.harness import foreign_digest, person_files
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded
from tests.widgets.painted import small_painter


class Scenario(NamedTuple):
    """Something that writes files."""

    name: str
    act: Callable[[Path], str]
    """Does it in a folder; returns a fingerprint of its result, which is the same every time."""
    state: Callable[[Path], str | None]
    """Fingerprint of what is at its place in the folder; None for nothing; what cannot be read fails."""
    prepare: Callable[[Path], None] = lambda folder: None
    """Makes what is there before."""
    workers: int = 0
    """Processes that it starts."""


def bits(value: Any) -> str:
    """Fingerprint of a result: all its arrays, numbers and texts, but not when and how fast it was made."""
    digest = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, torch.Tensor):
            value = value.detach().numpy()
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype}{value.shape}".encode() + value.tobytes())
        elif dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                digest.update(field.name.encode())
                add(getattr(value, field.name))
        elif isinstance(value, Mapping):
            for key in sorted(value.keys() - {"date", "seconds"}, key=str):
                add(key)
                add(value[key])
        elif isinstance(value, (list, tuple)):
            digest.update(f"[{len(value)}]".encode())
            for item in value:
                add(item)
        elif hasattr(value, "categories"):  # a vocabulary
            add(list(value))
        else:
            digest.update(repr(value).encode())

    add(value)
    return digest.hexdigest()[:16]


NET = seeded(TinyNet()).eval()
DATA = ArrayImages(6)


def dissect(folder: Path | None, *, level: float = 0.2, **resources: Any) -> dw.Dissection:
    """Dissect six images, with a checkpoint after each batch of two."""
    options: dict[str, Any] = {"checkpoint_seconds": 0, "batch_size": 2} | resources
    return dw.dissect(
        NET, "mix", DATA, level=level, out=folder, progress=False, resources=dw.Resources(**options)
    )


def _dissection_at(name: str = "out") -> Callable[[Path], str | None]:
    def state(folder: Path) -> str | None:
        return bits(dw.load(folder / name)) if (folder / name / "dissection.json").exists() else None

    return state


def _file_at(name: str) -> Callable[[Path], str | None]:
    def state(folder: Path) -> str | None:
        path = folder / name
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None

    return state


class _Things:
    """Results that scenarios write, each made once, when it is needed."""

    finding = Finding("1a", "units", "Units detect.", "they do", "5 of 5", True, {"units": 5}, 0.1)

    @cached_property
    def earlier(self) -> dw.Dissection:
        return dissect(None, level=0.1)

    @cached_property
    def later(self) -> dw.Dissection:
        return dissect(None)

    @cached_property
    def painter(self) -> dw.NeuronPainter:
        painter = small_painter()
        painter.paint([(0.3, 0.3), (0.6, 0.5)])
        return painter


class SmallRun(SceneRun):
    """Counts in a tensor instead of training."""

    def __init__(self, folder: Path) -> None:
        super().__init__(4, folder, "key", torch.device("cpu"))
        self.total = torch.zeros(5)
        self.restore()

    def averaged(self) -> torch.nn.Module:
        return torch.nn.Identity()

    def _take_step(self) -> dict[str, float]:
        self.step += 1
        self.total += self.step * torch.arange(5.0)
        return {"loss": 0.0}

    def _state(self) -> dict[str, Any]:
        return {"total": self.total}

    def _load(self, state: dict[str, Any]) -> None:
        self.total = state["total"]


def _train_scenes(folder: Path) -> str:
    run = SmallRun(folder)
    run.run(save_every=-1)
    return bits(run.total)


def _scene_checkpoint(folder: Path) -> str | None:
    run = SmallRun(folder)
    return bits(run.total) if run.step == run.steps else None


def _narrow() -> torch.nn.Module:
    return AlexNet(3, widths=(2, 2, 2, 2, 2), units=3)


MEMBER = Member(
    name="tiny",
    family="supervised",
    network="AlexNet",
    task=Classes("pictures", _narrow, (3,)),
    budget=Budget(steps=2, batch=2),
    differs="its size",
    snapshots=(0, 2),
)


def _train_member(folder: Path) -> str:
    images = torch.randint(256, (4, 3, 96, 96), generator=torch.Generator().manual_seed(4), dtype=torch.uint8)
    batch = {"images": images, "targets": torch.arange(4) % 3}
    run = ZooRun(MEMBER, batch, folder / "tiny", data_digest="d")
    run.run(save_every=-1)
    run.finish(batch)
    return bits(run.averaged())


def _member(folder: Path) -> str | None:
    path = folder / "tiny" / NETWORK
    return bits(read(path)) if path.exists() else None


def _draw_images(folder: Path) -> str:
    with patch.object(image_cache, "ProcessPoolExecutor", lambda workers, context: ThreadPoolExecutor(1)):
        cache = image_cache.ImageCache(folder / "images", Scenes("train", 2, size=64))
        cache.draw(1)
    return bits(np.array(cache.images))


def _images(folder: Path) -> str | None:
    about = folder / "images" / "about.json"
    if not about.exists() or json.loads(about.read_text())["drawn"] < 2:
        return None
    return bits(np.load(folder / "images" / "images.npy"))


def scenarios() -> list[Scenario]:
    """All of them."""
    things = _Things()

    def save(folder: Path) -> str:
        things.later.save(folder / "out")
        return ""

    def earlier(folder: Path) -> None:
        things.earlier.save(folder / "out")

    def earlier_beside_files(folder: Path) -> None:
        earlier(folder)
        person_files(folder / "out")
        person_files(folder)
        (folder / "out" / "pictures" / "mine.jpg").write_bytes(b"of a person")

    def checkpoints(folder: Path) -> str:
        return bits(dissect(folder / "out"))

    def large(folder: Path) -> str:
        return bits(dissect(folder / "out", memory=64))

    def scratch(folder: Path) -> str:
        return bits(dissect(None, memory=64))

    def with_workers(folder: Path) -> str:
        return bits(dissect(folder / "out", workers=2))

    def write(name: str, what: Callable[[Path], Any]) -> tuple[Callable[[Path], str], Callable[[Path], None]]:
        def act(folder: Path) -> str:
            what(folder / name)
            return ""

        def before(folder: Path) -> None:
            (folder / name).write_text("of a person, or earlier")

        return act, before

    def findings(folder: Path) -> str:
        write_findings([things.finding], folder / "findings")
        return ""

    def network(folder: Path) -> str:
        write_network(NET, folder / "net.safetensors", {"top-1": 0.5})
        return ""

    def sample(folder: Path) -> str:
        dw.write_sample(folder / "sample", images=2)
        return ""

    def sample_state(folder: Path) -> str | None:
        return (
            bits(foreign_digest(folder / "sample")) if (folder / "sample" / "scenes.csv").exists() else None
        )

    report, before_report = write(
        "report.html", lambda path: dw.write_report(things.later, path, exemplars=1)
    )
    table, before_table = write("mix.csv", lambda path: dw.write_netdissect_csv(things.later["mix"], path))
    image, before_image = write("mine.png", lambda path: things.painter.save_image(path))
    edits, before_edits = write("mine.json", lambda path: things.painter.save_edits(path))
    return [
        Scenario("save", save, _dissection_at()),
        Scenario("save over an earlier one", save, _dissection_at(), earlier),
        Scenario("save beside a person's files", save, _dissection_at(), earlier_beside_files),
        Scenario("dissect with checkpoints", checkpoints, _dissection_at()),
        Scenario("dissect over an earlier one", checkpoints, _dissection_at(), earlier_beside_files),
        Scenario("dissect with arrays in files", large, _dissection_at()),
        Scenario("dissect in temporary files", scratch, lambda folder: None),
        Scenario("dissect with workers", with_workers, _dissection_at(), workers=2),
        Scenario("report", report, _file_at("report.html"), before_report),
        Scenario("CSV", table, _file_at("mix.csv"), before_table),
        Scenario("painter's image", image, _file_at("mine.png"), before_image),
        Scenario("painter's edits", edits, _file_at("mine.json"), before_edits),
        Scenario("findings", findings, _file_at("findings/findings.html")),
        Scenario("trained network", network, _file_at("net.safetensors")),
        Scenario("checkpoints of training", _train_scenes, _scene_checkpoint),
        Scenario("training of the zoo", _train_member, _member),
        Scenario("cache of images", _draw_images, _images),
        Scenario("sample", sample, sample_state),
    ]

"""New scenes and objects do not change what the networks in the package do, wherever their names are put."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dissect_widgets

PROBE = """
import hashlib, json, torch
from dissect_widgets import world
from dissect_widgets.world import zoo
generator = torch.Generator().manual_seed(0)
images = torch.stack([world.Scenes("val", 1, classes=[scene])[0][0] for scene in ("church", "bedroom")])
net, segmenter = world.load_classifier(), world.load_segmenter()
labels = segmenter(images)
small = torch.stack(
    [world.Scenes("val", 1, size=96, classes=[scene])[0][0] for scene in ("church", "bedroom")]
)
with torch.inference_mode():
    scores = net(images)
    of_zoo = zoo.load("alexnet-scenes")(small)
    captions = zoo.load("resnet-captions", whole=True)(small)
names = [tuple(world.VOCABULARY[int(number)]) for number in labels.unique()]
print(json.dumps({
    "scenes": len(world.SCENES), "kinds": len(world.OBJECT_KINDS), "classes": net.classes,
    "scores": scores.tolist(), "names": sorted(names), "first": int(labels.unique()[1]),
    "places": [[tuple(world.VOCABULARY[int(n)]) for n in row] for row in labels[:, 0, 40]],
    "of_zoo": of_zoo.tolist(), "captions": captions.tolist(), "zoo": zoo.classes("alexnet-hybrid"),
    "targets": world.Scenes("val", 3, classes=net.classes[:3]).targets,
}))
"""


def probe(root: Path) -> dict[str, object]:
    command = [sys.executable, "-c", "import sys; sys.path.insert(0, sys.argv[1])\n" + PROBE, str(root)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    return dict(json.loads(run.stdout))


def insert(path: Path, before: str, text: str) -> None:
    source = path.read_text("utf-8")
    assert source.count(before) == 1
    path.write_text(source.replace(before, before + text), "utf-8")


@pytest.mark.slow
def test_new_names_leave_the_networks_alone(tmp_path: Path) -> None:
    package = Path(dissect_widgets.__file__).parent
    shutil.copytree(
        package, tmp_path / "dissect_widgets", ignore=shutil.ignore_patterns("*.safetensors", "__pycache__")
    )
    for weights in package.rglob("*.safetensors"):
        (tmp_path / "dissect_widgets" / weights.relative_to(package)).symlink_to(weights)
    scenery = tmp_path / "dissect_widgets" / "world" / "scenery"
    insert(scenery / "names.py", "OBJECTS: Final = (\n", '    "kite",\n')
    insert(scenery / "names.py", "PARTS: Final = (\n", '    "string",\n')
    insert(scenery / "registry.py", "Callable[[Rng], Canvas]]] = {\n", '    "meadow with kites": park,\n')
    insert(
        scenery / "registry.py",
        "SINGLE_OBJECTS: Final = {\n",
        '    "cloud": SingleObject(tree, "land", 5, 7),\n',
    )
    before, after = probe(package.parent), probe(tmp_path)
    for counted in ("scenes", "kinds", "first"):
        assert after.pop(counted) == before.pop(counted) + 1, counted  # type: ignore[operator]
    assert after == before
    assert len(before["classes"]) == 24  # type: ignore[arg-type]

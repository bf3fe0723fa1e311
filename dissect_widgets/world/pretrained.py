"""The trained networks that come with the package, and the files they are stored in.

>>> classifier = load_classifier()          # SceneNet, in evaluation mode
>>> segmenter = load_segmenter()            # a Segmenter, for `dissect`
>>> generator = load_generator()            # ProgressiveGenerator of churches, 64 px
>>> generator = load_generator(size=128)    # the same of 128 px

The weights `NAME.safetensors` come with a note, `NAME.json`: their SHA-256, the figures of the network on
held-out images, and the names of its outputs. So a network keeps its vocabulary when the world gets new
scenes and objects.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn.functional import interpolate

from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.json_files import read_dict
from dissect_widgets.core.files.target import input_file
from dissect_widgets.core.network.random_numbers import restored_random_numbers
from dissect_widgets.errors import ConceptError, SettingError, WeightsError, shown
from dissect_widgets.models.progressive_gan import ProgressiveGenerator, generator_of
from dissect_widgets.models.weights import load_weights
from dissect_widgets.world.networks import SceneNet, SegmentNet
from dissect_widgets.world.scenery.vocabulary import NAMES, SCENES, VOCABULARY
from dissect_widgets.world.training.tasks import PIXEL_CATEGORIES

FOLDER: Final = Path(__file__).parent / "weights"
TRAINED_SIZE: Final = 128
"""Width and height of the images that the networks were trained on."""

GENERATOR_SIZES: Final = (64, 128)
"""Width and height of the images of the generators in the package."""

Names = Mapping[str, Sequence[str]]
"""Names of a network's outputs, in order: its classes under "class", or its labels by category."""


def load_classifier(path: str | Path | None = None) -> SceneNet:
    """Load the scene classifier; `classes` of the network names its scores.

    Parameters
    ----------
    path
        A file that `python -m dissect_widgets.world.train` wrote; by default the one in the package.

    Raises
    ------
    WeightsError
        If the file is missing or damaged, or is of another network.

    Examples
    --------
    >>> net = load_classifier()
    >>> data = Scenes("val", 240, classes=net.classes)    # the scenes that it knows, in its order
    """
    weights, note, file = _read("classifier", path)
    with restored_random_numbers():  # the initial weights of a network are random, and replaced here
        net = SceneNet(note.get("names", {}).get("class", SCENES))
    load_weights(net, weights, origin=file)
    return net.eval()


class WorldSegmenter:
    """Labels images by a network; see `core.data.types.Segmenter`.

    Parameters
    ----------
    net
        Network whose scores are, for each category in turn, those of no concept and of each of its names.
    names
        Names of each category, in the order of the scores; by default those of the world today.

    Raises
    ------
    ConceptError
        If the world has no such name.
    """

    vocabulary = VOCABULARY

    def __init__(self, net: SegmentNet, names: Names | None = None) -> None:
        names = names or {category: NAMES[category] for category in PIXEL_CATEGORIES}
        self.net = net.eval()
        self._concepts = [torch.tensor([0, *_indices(category, names[category])]) for category in names]
        self._sizes = [len(concepts) for concepts in self._concepts]

    def __call__(self, images: Tensor, /) -> Tensor:
        """Label images float (B, 3, H, W) in [0, 1]: int64 (B, 3, h, w), object, part, material.

        Label maps are half as large as the images; images of less than 128 pixels, the size that the
        network was trained on, are enlarged to it first.
        """
        self.net.to(images.device)
        with torch.inference_mode():
            scores = self.net(enlarged(images)).split(self._sizes, 1)
            labels = [
                concepts.to(images.device)[category_scores.argmax(1)]
                for concepts, category_scores in zip(self._concepts, scores, strict=True)
            ]
        return torch.stack(labels, 1)


def enlarged(images: Tensor) -> Tensor:
    """Images (B, 3, H, W) with sides of at least `TRAINED_SIZE`."""
    least = min(images.shape[2:])
    if least >= TRAINED_SIZE:
        return images
    size = [round(side * TRAINED_SIZE / least / 16) * 16 for side in images.shape[2:]]
    return interpolate(images, size, mode="bilinear", align_corners=False)


def load_segmenter(path: str | Path | None = None) -> WorldSegmenter:
    """Load the segmenter of objects, parts and materials; see `load_classifier`."""
    weights, note, file = _read("segmenter", path)
    names: Names = note.get("names") or {category: NAMES[category] for category in PIXEL_CATEGORIES}
    with restored_random_numbers():
        net = SegmentNet(sum(1 + len(of_category) for of_category in names.values()))
    load_weights(net, weights, origin=file)
    try:
        return WorldSegmenter(net, names)
    except ConceptError as error:
        raise WeightsError(f"{file} has a label that the world no longer has: {error}") from error


def load_generator(
    path: str | Path | None = None, *, name: str = "church", size: int | None = None
) -> ProgressiveGenerator:
    """Load the generator of images of a scene.

    Parameters
    ----------
    path
        A file that `python -m dissect_widgets.world.train` wrote; by default the one in the package.
    name
        Scene of the generator in the package.
    size
        Width and height of the images of the generator in the package: 64, which is the default, or 128, on
        which doors and windows are told apart at a glance; that one takes three to five times as long.

    Raises
    ------
    WeightsError
        If the file is missing or damaged, or is of another network.
    SettingError
        If there is no generator of the size, or both a file and a size are given.

    Examples
    --------
    >>> generator = load_generator(size=128)
    """
    if path is not None and size is not None:
        raise SettingError(f"Give a file or a size: the generator of {shown(str(path))} has its own.")
    if size is not None and (isinstance(size, bool) or size not in GENERATOR_SIZES):
        allowed = " or ".join(map(str, GENERATOR_SIZES))
        raise SettingError(f"The size is {shown(size)}; the package has generators of {allowed} pixels.")
    suffix = "" if size in (None, GENERATOR_SIZES[0]) else f"-{size}"
    weights, _, file = _read(f"{name}-generator{suffix}", path)
    return generator_of(weights, file)


def write_network(
    net: nn.Module, path: Path, figures: Mapping[str, float], names: Names | None = None
) -> None:
    """Write weights as fp16 and the note about them, each as a whole or not at all.

    Parameters
    ----------
    net
        The trained network.
    path
        Where the weights go; the note gets the same name, ending in `.json`.
    figures
        Figures on held-out images, by name; four digits of them are kept.
    names
        Names of the network's outputs, if they have any.
    """
    weights = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in net.state_dict().items()
    }
    rounded = {name: round(value, 4) for name, value in figures.items()}
    # One entry of metadata: the order of several is random, and so would be the bytes of the file.
    content = save(weights, {"figures": json.dumps(rounded)})
    note: dict[str, Any] = {"sha256": hashlib.sha256(content).hexdigest(), "figures": rounded}
    if names:
        note["names"] = {category: list(of_category) for category, of_category in names.items()}
    _write(path, content, note)


def add_to_package(name: str, path: Path) -> Path:
    """Make a trained network, with its note, the one of this name in the package; returns its new path."""
    content, note = path.read_bytes(), json.loads(_note_path(path).read_text("utf-8"))
    FOLDER.mkdir(exist_ok=True)
    target = FOLDER / f"{name}.safetensors"
    _write(target, content, note)
    return target


def read_note(path: Path) -> dict[str, Any]:
    """The note beside a file of weights: "sha256", "figures" and perhaps "names"; {} if there is none."""
    note_path = _note_path(path)
    note = read_dict(note_path, error=WeightsError) if note_path.exists() else {}
    return note if "sha256" in note else {}


def _note_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _write(path: Path, content: bytes, note: Mapping[str, Any]) -> None:
    text = json.dumps(note, indent=1, ensure_ascii=False) + "\n"
    for target, data in ((_note_path(path), text.encode()), (path, content)):
        with replacing(target) as new:
            new.write_bytes(data)


def _indices(category: str, names: Sequence[str]) -> list[int]:
    """Indices in `VOCABULARY` of names of a category."""
    return [VOCABULARY.index(name, category) for name in names]


def _read(name: str, path: str | Path | None) -> tuple[dict[str, Tensor], dict[str, Any], Path]:
    """Weights float32 by name, the note about them, and the file they are from."""
    given = path if path is not None else FOLDER / f"{name}.safetensors"
    file = input_file(given, what="The file of weights", error=WeightsError)
    content, note = file.read_bytes(), read_note(file)
    if path is None and not note:
        raise WeightsError(f"There is no note {_note_path(file)}. Install the package again.")
    digest = hashlib.sha256(content).hexdigest()
    if note and note["sha256"] != digest:
        raise WeightsError(
            f"{file} is damaged, or not the file of its note: its SHA-256 is {digest}, and should be "
            f"{note['sha256']}. " + ("Install the package again." if path is None else "Train it again.")
        )
    try:
        weights = load(content)
    except Exception as error:
        raise WeightsError(f"{file} is not a file of weights: {error}") from error
    floats = {key: value.float() if value.is_floating_point() else value for key, value in weights.items()}
    return floats, note, file

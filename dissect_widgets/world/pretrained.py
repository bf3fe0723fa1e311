"""The trained networks that come with the package, and the files they are kept in.

>>> classifier = load_classifier()          # SceneNet, in evaluation mode
>>> segmenter = load_segmenter()            # a Segmenter, for `dissect`
>>> generator = load_generator()            # ProgressiveGenerator of churches, 64 px
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors import safe_open
from safetensors.torch import load, save_file
from torch import Tensor, nn
from torch.nn.functional import interpolate

from dissect_widgets.core.data.atomic_write import replacing
from dissect_widgets.errors import WeightsError, nearest
from dissect_widgets.models.progressive_gan import ProgressiveGenerator, generator_of
from dissect_widgets.models.weights import load_weights
from dissect_widgets.world.networks.nets import SceneNet, SegmentNet
from dissect_widgets.world.scenery.vocabulary import NAMES, SCENES, VOCABULARY
from dissect_widgets.world.training.tasks import PIXEL_CATEGORIES, PIXEL_SIZES

FOLDER: Final = Path(__file__).parent / "weights"
KNOWN_SIZE: Final = 128
"""Width and height of the pictures that the networks learned from."""
DIGESTS: Final = FOLDER / "digests.json"
"""SHA-256 of each file, and the figures its network reached on held-out pictures."""


def load_classifier(path: str | Path | None = None) -> SceneNet:
    """Load the scene classifier; its scores are of `SCENES`.

    Parameters
    ----------
    path
        A file that `python -m dissect_widgets.world.train` wrote; by default the one in the package.

    Raises
    ------
    WeightsError
        If the file is damaged, or is of another network.
    """
    with torch.random.fork_rng(devices=[]):  # a new network draws weights, which are not wanted
        net = SceneNet(len(SCENES))
    weights, file = _read("classifier", path)
    load_weights(net, weights, origin=file)
    return net.eval()


class WorldSegmenter:
    """Labels pictures by a network; see `core.types.Segmenter`.

    Parameters
    ----------
    net
        `SegmentNet` of the world's labels.
    """

    vocabulary = VOCABULARY

    def __init__(self, net: SegmentNet) -> None:
        self.net = net.eval()
        first = [VOCABULARY.index(NAMES[category][0], category) for category in PIXEL_CATEGORIES]
        self._first = torch.tensor(first)

    def __call__(self, pictures: Tensor, /) -> Tensor:
        """Label pictures float (B, 3, H, W) in [0, 1]: int64 (B, 3, h, w), object, part, material.

        Label maps are half as large as the pictures; pictures of less than 128 pixels, the size that the
        network knows things in, are enlarged to it before.
        """
        self.net.to(pictures.device)
        with torch.inference_mode():
            scores = self.net(enlarged(pictures)).split(PIXEL_SIZES, 1)
        found = torch.stack([own.argmax(1) for own in scores], 1)
        shift = (self._first.to(found.device) - 1)[:, None, None]
        return torch.where(found > 0, found + shift, 0)


def enlarged(pictures: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) of at least the size that the networks know things in."""
    least = min(pictures.shape[2:])
    if least >= KNOWN_SIZE:
        return pictures
    size = [round(side * KNOWN_SIZE / least / 16) * 16 for side in pictures.shape[2:]]
    return interpolate(pictures, size, mode="bilinear", align_corners=False)


def load_segmenter(path: str | Path | None = None) -> WorldSegmenter:
    """Load the segmenter of objects, parts and materials; see `load_classifier`."""
    with torch.random.fork_rng(devices=[]):
        net = SegmentNet(sum(PIXEL_SIZES))
    weights, file = _read("segmenter", path)
    load_weights(net, weights, origin=file)
    return WorldSegmenter(net)


def load_generator(path: str | Path | None = None, *, name: str = "church") -> ProgressiveGenerator:
    """Load the generator of pictures of a scene.

    Parameters
    ----------
    path
        A file that `python -m dissect_widgets.world.train` wrote; by default the one in the package.
    name
        Which scene's generator of the package.

    Raises
    ------
    WeightsError
        If there is none, or the file is damaged, or is of another network.
    """
    return generator_of(*_read(f"{name}-generator", path))


def write_network(net: nn.Module, path: Path, figures: Mapping[str, float]) -> None:
    """Write weights as fp16, with figures, whole or not at all."""
    weights = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in net.state_dict().items()
    }
    with replacing(path) as new:
        # One entry: several would stand in an order by chance, and the bytes of the file with them.
        save_file(weights, new, {"figures": json.dumps({k: round(v, 4) for k, v in figures.items()})})


def ship(name: str, path: Path) -> Path:
    """Make a trained network the one that comes with the package, and note its digest and figures."""
    with safe_open(path, "pt") as file:
        figures = json.loads(file.metadata()["figures"])
    content = path.read_bytes()
    told = json.loads(DIGESTS.read_text("utf-8")) if DIGESTS.exists() else {}
    told[name] = {"sha256": hashlib.sha256(content).hexdigest(), "figures": figures}
    FOLDER.mkdir(exist_ok=True)
    target = FOLDER / f"{name}.safetensors"
    for place, data in ((target, content), (DIGESTS, (json.dumps(told, indent=1) + "\n").encode())):
        with replacing(place) as new:
            new.write_bytes(data)
    return target


def _read(name: str, path: str | Path | None) -> tuple[dict[str, Tensor], Path]:
    """Weights float32 by name, and the file they are from."""
    file = Path(path) if path is not None else FOLDER / f"{name}.safetensors"
    if not file.is_file():
        others = sorted(other.stem for other in file.parent.glob("*.safetensors"))
        raise WeightsError(f"There is no file {file}.{nearest(file.stem, others)}")
    content = file.read_bytes()
    if path is None:
        _check(name, content, file)
    try:
        weights = load(content)
    except Exception as error:
        raise WeightsError(f"{file} is no file of weights: {error}") from error
    floats = {key: value.float() if value.is_floating_point() else value for key, value in weights.items()}
    return floats, file


def _check(name: str, content: bytes, file: Path) -> None:
    told = json.loads(DIGESTS.read_text("utf-8"))
    if name not in told:
        raise WeightsError(f"There is no digest of {name!r}.{nearest(name, told)}")
    expected, found = told[name]["sha256"], hashlib.sha256(content).hexdigest()
    if expected != found:
        raise WeightsError(
            f"{file} is damaged or another's: its SHA-256 is {found}, and should be {expected}. "
            "Install the package again."
        )

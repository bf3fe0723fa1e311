"""Networks that get a part of each image: as if images and label maps had been cropped beforehand."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision import transforms as T
from torchvision.transforms import functional as TF

import dissect_widgets as dw
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.core.statistics.upsample import Upsampler
from dissect_widgets.errors import ProofError
from tests.core.oracle import same
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet

NORMALIZE = T.Normalize([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])


class Given(ArrayImages):
    """Images and label maps as they are given."""

    def __init__(self, images: Tensor, labels: np.ndarray) -> None:
        super().__init__(len(images))
        self.images, self.labels = images, labels


@pytest.fixture
def photos() -> ArrayImages:
    """Nine images 96 x 128 with label maps (2, 48, 61), 7 concepts."""
    return ArrayImages(size=(96, 128), labels=(48, 61))


def cells(low: Fraction, high: Fraction, count: int) -> list[int]:
    """Cells of `count` for a part of an axis, given as fractions of it."""
    number = floor((high - low) * count + Fraction(1, 2))
    return [floor((low + (2 * i + 1) * (high - low) / (2 * number)) * count) for i in range(number)]


def preset(x: Tensor) -> Tensor:
    """Resize to 100 x 133, and cut the middle 80 x 70 out."""
    return TF.center_crop(TF.resize(x, [100]), [80, 70])


PREPROCESSES: dict[str, tuple[Callable[[Tensor], Tensor], tuple[Fraction, Fraction, Fraction, Fraction]]] = {
    "crop": (
        lambda x: x[..., 10:90, 4:74],
        (Fraction(10, 96), Fraction(4, 128), Fraction(90, 96), Fraction(74, 128)),
    ),
    "resize and crop": (
        preset,
        (Fraction(10, 100), Fraction(32, 133), Fraction(90, 100), Fraction(102, 133)),
    ),
}


@pytest.mark.parametrize("kind", PREPROCESSES)
@pytest.mark.parametrize("batch_size", [2, 4])
def test_a_part_is_dissected_as_if_cropped_beforehand(
    kind: str, batch_size: int, tiny: TinyNet, photos: ArrayImages
) -> None:
    function, (top, left, bottom, right) = PREPROCESSES[kind]
    labels = photos.labels[:, :, cells(top, bottom, 48)][..., cells(left, right, 61)]
    cropped = Given(function(photos.images), labels)
    options: dict[str, Any] = {
        "level": (0.03, 0.2),
        "settings": Settings(exemplars=3),
        "resources": dw.Resources(batch_size=batch_size),
        "progress": False,
    }
    layers = ["pool", "mix"]
    result = dw.dissect(tiny, layers, photos, preprocess=lambda x: NORMALIZE(function(x)), **options)
    want = dw.dissect(tiny, layers, cropped, preprocess=NORMALIZE, **options)
    whole = dw.dissect(tiny, layers, photos, preprocess=NORMALIZE, **options)
    assert (result["mix"].units, len(result.vocabulary) - 1) == (5, 7)
    assert result.image_size == want.image_size == (80, 70) and result.label_size == labels.shape[2:]
    for layer in layers:
        same(result[layer], want[layer])
    assert (result.images_in_category == want.images_in_category).all()
    assert (result["mix"].intersection != whole["mix"].intersection).any()
    if kind == "crop":  # the other is resized before it is cropped
        assert result.thumbnails == want.thumbnails
    size = np.array([96, 128, 96, 128])
    box = np.array([float(edge) for edge in (top, left, bottom, right)]) * size
    assert np.allclose(result.provenance["frame"], box) and "frame" not in whole.provenance


class Bright:
    """Labels bright pixels, at half of the size of images or at one size for all."""

    vocabulary = dw.Vocabulary([("bright", "color")])

    def __init__(self, size: tuple[int, int] | None = None) -> None:
        self.size = size
        self.seen: list[Tensor] = []

    def __call__(self, images: Tensor) -> Tensor:
        self.seen.append(images)
        size = self.size or (images.shape[2] // 2, images.shape[3] // 2)
        small = torch.nn.functional.interpolate(images, size)
        return (small.mean(1, keepdim=True) > 0.5).long()


def test_segmenters_get_the_part(tiny: TinyNet, photos: ArrayImages) -> None:
    function, (top, left, bottom, right) = PREPROCESSES["crop"]
    cropped = Given(photos.images[..., 10:90, 4:74], photos.labels)
    unlabeled = list(photos.images)
    segmenter = Bright()
    result = dw.dissect(
        tiny, "mix", unlabeled, preprocess=function, segmenter=segmenter, level=0.1, progress=False
    )
    want = dw.dissect(tiny, "mix", list(cropped.images), segmenter=Bright(), level=0.1, progress=False)
    same(result["mix"], want["mix"])
    assert torch.equal(segmenter.seen[-1][0], cropped.images[-1]) and result.label_size == (40, 35)
    both = dw.dissect(
        tiny, "mix", photos, preprocess=function, segmenter=Bright((48, 61)), level=0.1, progress=False
    )
    assert both.label_size == (len(cells(top, bottom, 48)), len(cells(left, right, 61)))
    assert both["mix"].concept_area[-1] > 0


@pytest.mark.parametrize("preprocess", [T.Pad(4), lambda x: x.flip(-1), lambda x: x.transpose(2, 3)])
def test_what_is_no_part_is_refused_before_the_network_runs(
    preprocess: Any, tiny: TinyNet, photos: ArrayImages
) -> None:
    def run(module: torch.nn.Module, inputs: Any) -> None:
        raise AssertionError("the network has run")

    handle = tiny.register_forward_pre_hook(run)
    with pytest.raises(ProofError, match="a part of the image, upright, at most cropped and resized, but"):
        dw.dissect(tiny, "mix", photos, preprocess=preprocess, progress=False)
    handle.remove()
    assert dw.find_max_activations(tiny.eval(), "mix", photos, preprocess=preprocess).shape == (9, 5)


def test_another_part_is_another_run(tiny: TinyNet, photos: ArrayImages, tmp_path: Path) -> None:
    from dissect_widgets.core.dissection.run import look, run_key
    from dissect_widgets.core.dissection.settings import Resources
    from dissect_widgets.core.dissection.source import Source

    class Crop:
        def __init__(self, left: int) -> None:
            self.left = left

        def __repr__(self) -> str:
            return "Crop()"

        def __call__(self, x: Tensor) -> Tensor:
            return x[..., self.left : self.left + 90]

    keys = []
    for left in (3, 4):
        source = Source(tiny, "mix", photos, preprocess=Crop(left))
        keys.append(run_key(source, look(source), Resources()))
    assert keys[0] != keys[1] and keys[0]["preprocess"] == keys[1]["preprocess"]


def test_maps_of_an_attack_lie_on_the_part(photos: ArrayImages) -> None:
    """The place of a bright spot on the input is that of the map on the part of the image that is shown."""
    from dissect_widgets.plots.changed_maps import changed_images

    class Spots(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.light = torch.nn.AvgPool2d(2)
            self.weight = torch.nn.Parameter(torch.ones(()))

        def forward(self, x: Tensor) -> Tensor:
            maps = self.light(x)
            return torch.stack([maps.mean((1, 2, 3)), self.weight * maps[:, 0].amax((1, 2))], 1)

    for preprocess, left, right in (
        (lambda x: TF.resize(x, [48, 64]), 0, 128),
        (lambda x: TF.resize(x[..., 30:110], [48, 64]), 30, 110),
    ):
        classifier = dw.ClassifierData(Spots().eval(), photos, targets="predicted", preprocess=preprocess)
        clean = torch.zeros(1, 3, 96, 128)
        adversarial = clean.clone()
        adversarial[..., 60:66, 80:86] = 1
        attacked = attack_of(clean, adversarial)
        changes = dw.change_maps(classifier, "light", attacked, [0])
        assert changes.frame is not None and changes.frame.part_size == (96, right - left)
        size = changes.frame.part_size
        maps = torch.from_numpy(changes.change[0])
        spot = Upsampler(changes.grid, size, size, torch.device("cpu"))(maps)[0]
        row, column = divmod(int(spot.argmax()), size[1])
        assert 59 <= row <= 66 and 79 - left <= column <= 86 - left
        changed_images(changes, attacked)


def attack_of(clean: Tensor, adversarial: Tensor) -> dw.AttackResult:
    scores = np.zeros((1, 2), np.float32)
    yes = np.ones(1, bool)
    return dw.AttackResult(
        model="",
        method="",
        classes=("a", "b"),
        names=("one",),
        images=np.zeros(1, np.int64),
        clean=clean,
        adversarial=adversarial,
        targets=np.ones(1, np.int64),
        scores_clean=scores,
        scores_adversarial=scores,
        success=yes,
        finished=yes,
        broken=~yes,
        passes=1,
        seconds=0.0,
    )


@pytest.mark.real
def test_torchvisions_preset_on_real_photos(real: Path) -> None:
    """CamVid, with photos and masks cropped beforehand; squeezed to 224 x 224, the part is 14 to 210."""
    from torchvision.models import SqueezeNet1_0_Weights

    folder = real / "camvid"
    data = dw.MaskFolder(folder / "images", folder / "masks", folder / "classes.csv", unlabeled=[11])
    items = [data[index] for index in range(0, 468, 20)]
    images, labels = torch.stack([image for image, _ in items]), np.stack([part.numpy() for _, part in items])
    with torch.random.fork_rng():
        model = dw.load_model("squeezenet1_0", real / "squeezenet1_0_imagenet.safetensors")
    cropped = TF.center_crop(TF.resize(images, [256]), [224]).clamp(0, 1)
    given, beforehand = Given(images, labels), Given(cropped, labels[:, :, 7:105, 7:105])
    given.vocabulary = beforehand.vocabulary = data.vocabulary
    result = dw.dissect(
        model, "features.12", given, preprocess=SqueezeNet1_0_Weights.DEFAULT.transforms(), progress=False
    )
    want = dw.dissect(model, "features.12", beforehand, preprocess=dw.normalize(), progress=False)
    same(result["features.12"], want["features.12"])

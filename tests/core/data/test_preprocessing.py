"""What a `preprocess` may be: each kind is served, as its user would compute it, or refused by name."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision import transforms as T
from torchvision.transforms import functional as TF
from torchvision.transforms import v2

import dissect_widgets as dw
from dissect_widgets.core.data.preprocessing import Preprocessing
from dissect_widgets.errors import ProofError
from tests.core.small_classifiers import Pictures, classifier

NORMALIZE = T.Normalize([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])
CPU = torch.device("cpu")


@pytest.fixture
def images() -> Tensor:
    """Five images of 8 bits, 36 x 50."""
    return torch.randint(0, 256, (5, 3, 36, 50), generator=torch.Generator().manual_seed(3)) / 255


def pillow(image: Tensor) -> Image.Image:
    return Image.fromarray((image * 255).round().byte().permute(1, 2, 0).numpy())


def standardized(x: Tensor) -> Tensor:
    return (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True)


OF_PILLOW = T.Compose([T.Resize(24), T.CenterCrop(20), T.ToTensor(), NORMALIZE])
OF_ONE = T.Compose([T.CenterCrop(20), lambda image: image[[2, 1, 0]], lambda image: image.unsqueeze(0)])
SERVED: dict[str, tuple[Callable[..., Any], Callable[[Tensor], Tensor]]] = {
    "normalization": (NORMALIZE, NORMALIZE),
    "in place": (lambda x: x.sub_(0.5).div_(0.2), lambda x: (x - 0.5) / 0.2),
    "standardization of each image": (standardized, standardized),
    "gray": (T.Grayscale(), T.Grayscale()),
    "half precision": (lambda x: x.half(), lambda x: x.half().float()),
    "double precision of numpy": (lambda x: x.numpy().astype(np.float64) * 2, lambda x: x * 2),
    "a list of inputs": (lambda x: [NORMALIZE(one) for one in x], NORMALIZE),
    "one image at a time": (OF_ONE, lambda x: TF.center_crop(x[:, [2, 1, 0]], [20, 20])),
    "one image at a time, as numpy": (lambda x: x.numpy()[[2, 0, 1]], lambda x: x[:, [2, 0, 1]]),
    "one image at a time, cropped": (lambda x: x[:, 3:-3, 4:-4], lambda x: x[..., 3:-3, 4:-4]),
    "version 2": (
        v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), NORMALIZE]),
        NORMALIZE,
    ),
    "Pillow": (OF_PILLOW, lambda x: torch.stack([OF_PILLOW(pillow(one)) for one in x])),
    "Pillow, converted": (
        T.Compose([lambda image: image.convert("L"), T.ToTensor()]),
        lambda x: torch.stack([TF.to_tensor(pillow(one).convert("L")) for one in x]),
    ),
}


@pytest.mark.parametrize("kind", SERVED)
def test_served(kind: str, images: Tensor) -> None:
    function, by_hand = SERVED[kind]
    before = images.clone()
    preprocessing = Preprocessing(function, CPU, torch.float32)
    given = preprocessing(images)
    assert given.dtype == torch.float32 and torch.equal(given, by_hand(images.clone()))
    assert torch.equal(preprocessing(images[2:3]), given[2:3]) and torch.equal(images, before)


def test_a_batch_of_another_size_than_two(images: Tensor) -> None:
    for count in (1, 2, 3, 5):
        assert len(Preprocessing(NORMALIZE, CPU, torch.float32)(images[:count])) == count


def test_image_processors_get_what_their_users_give_them(images: Tensor) -> None:
    transformers = pytest.importorskip("transformers")
    processor = transformers.ViTImageProcessor(size={"height": 24, "width": 30})
    by_hand = processor([pillow(one) for one in images], return_tensors="pt")["pixel_values"]
    assert by_hand.shape == (5, 3, 24, 30) and by_hand.max() > 0.5
    for function in (
        processor,
        lambda image: processor(image, return_tensors="pt"),  # of tensors in [0, 1] it makes 1/255 of them
        lambda image: processor(image)["pixel_values"][0],
    ):
        assert torch.equal(Preprocessing(function, CPU, torch.float32)(images), by_hand)


def test_transforms_of_timm(images: Tensor) -> None:
    timm = pytest.importorskip("timm")
    evaluation = timm.data.create_transform(24)
    given = Preprocessing(evaluation, CPU, torch.float32)(images)
    by_hand = torch.stack([evaluation(pillow(one)) for one in images])
    assert given.shape == by_hand.shape and (given - by_hand).abs().max() < 0.05  # tensors are not rounded
    with pytest.raises(ProofError, match=r"same images give the same input every time.*evaluation"):
        Preprocessing(timm.data.create_transform(24, is_training=True), CPU, torch.float32)(images)


class Counting:
    """Another result in every other call, without random numbers."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x if self.calls % 2 else x.flip(-1)


REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "a rare flip": (T.RandomHorizontalFlip(0.001), "it draws random numbers.*without random augmentation"),
    "a random crop": (T.RandomResizedCrop(20), "two calls differ|draws random numbers"),
    "noise of numpy": (lambda x: x + np.random.default_rng().normal(), "two calls differ"),
    "random of Python": (lambda x: x * (0.5 + (random.random() < 2)), "draws random numbers"),
    "random of numpy": (lambda x: x * (0.5 + (np.random.rand() < 2)), "draws random numbers"),
    "dropout": (torch.nn.Dropout(), "two calls differ"),
    "every other call": (Counting(), "two calls differ"),
    "normalized over the batch": (lambda x: (x - x.mean()) / x.std(), r"differs, as if.*x.mean\(\(1, 2, 3\)"),
    "the largest of the batch": (lambda x: x / x.max(), "an image gives the same input alone as in a batch"),
    "batch norm": (torch.nn.BatchNorm2d(3), "alone as in a batch|two calls differ"),
    "another order": (lambda x: x.flip(0), "alone as in a batch"),
    "fewer": (lambda x: x[:1], r"\(1, 3, 36, 50\) for 2 images"),
    "crops at five places": (T.FiveCrop(20), "a tuple of 5"),
    "channels last": (lambda x: x.permute(0, 2, 3, 1), r"\(2, 36, 50, 3\). Let it return channels first"),
    "8 bits": (lambda x: (x * 255).byte(), r"uint8 \(2, 3, 36, 50\).*floating point numbers, scaled"),
    "8 bits of Pillow": (T.Compose([T.Resize(20), T.ToPILImage(), T.PILToTensor()]), "uint8"),
    "a Pillow image": (lambda x: x.convert("L"), r"returns Image. Add torchvision.transforms.ToTensor"),
    "no channels": (lambda x: x.mean(1), r"\(2, 36, 50\)"),
    "nothing": (lambda x: None, "NoneType"),
    "a tuple with more": (lambda x: (x, 1), "tuple|int"),
    "a dict": (lambda x: {"image": x}, "dict with 'image'"),
    "divided by 255 once more": (lambda x: x / 255, r"0.0039 at most.*leave out a division by 255"),
    "one value": (lambda x: x * 0, "the same value everywhere"),
    "one image for all": (
        lambda x: torch.linspace(0, 1, 50).expand(x.shape),
        "two images give the same input",
    ),
    "named arguments": (lambda *, image: image, "a batch of tensors it raises TypeError.*dw.normalize"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str, images: Tensor) -> None:
    function, message = REFUSED[kind]
    with pytest.raises(ProofError, match=r"(?s)preprocess: expected that .*" + message):
        Preprocessing(function, CPU, torch.float32)(images)


def test_images_between_8_bits_do_not_go_through_pillow(images: Tensor) -> None:
    preprocessing = Preprocessing(OF_PILLOW, CPU, torch.float32)
    with pytest.raises(ProofError, match=r"value 0\.50\d+, between multiples of 1/255"):
        preprocessing(torch.full_like(images, 0.501))
    assert preprocessing(images).shape == (5, 3, 20, 20)


def test_gradients(images: Tensor) -> None:
    Preprocessing(None, CPU, torch.float32).check_gradient(images)
    for function in (NORMALIZE, OF_ONE, standardized, T.Compose([T.Resize(24), T.CenterCrop(20), NORMALIZE])):
        Preprocessing(function, CPU, torch.float32).check_gradient(images)
    for function in (OF_PILLOW, lambda x: x.numpy(), lambda x: x.detach(), lambda x: x.round()):
        with pytest.raises(ProofError, match="it passes gradients, which an attack follows, but"):
            Preprocessing(function, CPU, torch.float32).check_gradient(images)


def test_experiments_on_a_classifier_refuse_before_the_network_runs() -> None:
    def run(module: torch.nn.Module, inputs: Any) -> None:
        raise AssertionError("the network has run")

    net, data = classifier().eval(), Pictures()
    handle = net.register_forward_pre_hook(run)
    target = [0] * len(data)
    for preprocess in (T.RandomHorizontalFlip(0.5), lambda x: (x - x.mean()) / x.std()):
        for experiment in (
            lambda p: dw.rank_units(dw.ClassifierData(net, data, targets=target, preprocess=p), "conv"),
            lambda p: dw.find_max_activations(net, "conv", data, preprocess=p),
            lambda p: dw.attack(dw.ClassifierData(net, data, preprocess=p)),
        ):
            with pytest.raises(ProofError, match="preprocess: expected that"):
                experiment(preprocess)
    handle.remove()

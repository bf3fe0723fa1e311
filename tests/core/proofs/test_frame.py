"""Which part of an image a network gets, against boxes by hand; and what is no part of it, by name."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageOps
from torch import Tensor
from torchvision import transforms as T
from torchvision.models import SqueezeNet1_0_Weights
from torchvision.transforms import functional as TF

from dissect_widgets.core.data.preprocessing import Preprocessing
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.proofs.frame import Frame, check_preprocess, prove_frame
from dissect_widgets.core.statistics.upsample import Upsampler
from dissect_widgets.errors import ProofError

SIZE = (96, 128)
NORMALIZE = T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
CPU = torch.device("cpu")


def frame_of(function: Callable[..., Any] | None, size: tuple[int, int] = SIZE) -> Frame:
    return prove_frame(Preprocessing(function, CPU, torch.float32), size)


def resized(height: int, width: int, **options: Any) -> Callable[[Tensor], Tensor]:
    return lambda x: F.interpolate(x, (height, width), **options)


def standardized(x: Tensor) -> Tensor:
    return (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True)


def stretched(x: Tensor) -> Tensor:
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    return (x - low) / (high - low)


def contrast(x: Tensor) -> Tensor:
    return TF.adjust_contrast(x, 0.7)


def small(x: Tensor) -> Tensor:
    """Resize to 100 x 133, and cut the middle 80 x 80 out."""
    return TF.center_crop(TF.resize(x, [100]), [80, 80])


SMALL = (Fraction(10 * 96, 100), Fraction(26 * 128, 133), Fraction(90 * 96, 100), Fraction(106 * 128, 133))
"""Its box in an image 96 x 128."""
WHOLE: dict[str, Callable[..., Any] | None] = {
    "nothing": None,
    "normalization": NORMALIZE,
    "gamma": lambda x: NORMALIZE(x**2.2),
    "inverted": lambda x: 1 - x,
    "black and white": lambda x: (x > 0.5).float(),
    "few levels": lambda x: (x * 4).floor() / 4,
    "BGR in 0 to 255": lambda x: x[:, [2, 1, 0]] * 255 - 100,
    "gray": T.Grayscale(),
    "standardized": standardized,
    "stretched": stretched,
    "equalized": T.Compose([lambda image: ImageOps.equalize(image), T.ToTensor()]),
    "differences of colors": lambda x: torch.stack([x[:, 0] - x[:, 1], x[:, 1] - x[:, 2]], 1),
    "resized": resized(40, 52, mode="bilinear", antialias=True),
    "squeezed into a square": resized(64, 64, mode="bilinear"),
    "corners aligned": resized(50, 60, mode="bilinear", align_corners=True),
    "nearest": resized(50, 60),
    "by areas": resized(50, 60, mode="area"),
    "tiny": resized(3, 2, mode="area"),
    "every other pixel as a channel": lambda x: F.pixel_unshuffle(x, 2),
    "sharpened": lambda x: TF.adjust_sharpness(x, 2.0),
    "less the mean": lambda x: x - x.mean((2, 3), keepdim=True),
    "enlarged": resized(150, 170, mode="bicubic"),
    "resized by Pillow": T.Compose([T.Resize((60, 50)), lambda x: x.convert("L"), T.ToTensor()]),
    "resized, then gamma": lambda x: resized(64, 64, mode="bilinear", antialias=True)(x).clamp(0, 1) ** 0.4,
    "resized, then standardized": lambda x: standardized(resized(64, 50, mode="area")(x)),
    "brighter in the middle": lambda x: x * (1 - 0.5 * torch.linspace(-1, 1, x.shape[-1]) ** 2),
    "with a plane of places": lambda x: torch.cat(
        [x, torch.linspace(0, 9, 128).expand(len(x), 1, 96, 128)], 1
    ),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_the_whole_image(kind: str) -> None:
    frame = frame_of(WHOLE[kind])
    assert frame.whole and frame[2:] == (0, 0, 96, 128)
    labels = np.arange(7 * 11).reshape(1, 7, 11)
    assert frame.labels(labels) is labels and frame.part_size == SIZE


PARTS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "the middle": (T.CenterCrop(70), (13, 29, 83, 99)),
    "a corner": (lambda x: x[..., :40, :50], (0, 0, 40, 50)),
    "little": (T.CenterCrop((12, 15)), (42, 56, 54, 71)),
    "all but a row": (lambda x: NORMALIZE(x[..., 1:, :]), (1, 0, 96, 128)),
    "all but a border": (lambda x: x[..., 1:-1, 1:-1], (1, 1, 95, 127)),
    "off the middle": (lambda x: x[..., 3:80, 10:77], (3, 10, 80, 77)),
    "cropped, then resized": (lambda x: TF.resized_crop(x, 5, 9, 60, 71, [64, 48]), (5, 9, 65, 80)),
    "torchvision's preset": (
        SqueezeNet1_0_Weights.DEFAULT.transforms(),
        (6, Fraction(58 * 128, 341), 90, Fraction(282 * 128, 341)),
    ),
    "resized, then cropped": (lambda x: NORMALIZE(small(x)), SMALL),
    "then gamma": (lambda x: NORMALIZE(small(x) ** 0.5), SMALL),
    "then standardized": (lambda x: standardized(small(x)), SMALL),
    "then stretched": (lambda x: stretched(small(x)), SMALL),
    "then inverted": (lambda x: 1 - stretched(small(x)), SMALL),
    "then less contrast, about the mean": (lambda x: contrast(small(x)), SMALL),
    "then rounded down": (lambda x: (small(x) * 255).byte().float(), SMALL),
    "then logarithms": (lambda x: (small(x) + 0.01).log(), SMALL),
    "in half precision": (lambda x: small(x).half(), SMALL),
    "by Pillow": (T.Compose([T.Resize(100), T.CenterCrop(80), T.ToTensor(), NORMALIZE]), SMALL),
    "contrast, then cropped": (lambda x: small(contrast(x)), SMALL),
}


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_of_the_image(kind: str) -> None:
    function, box = PARTS[kind]
    frame = frame_of(function)
    assert not frame.whole
    assert np.abs(np.array(frame[2:]) - [float(edge) for edge in box]).max() < 1e-6


def test_presets_of_other_libraries_at_other_sizes() -> None:
    import timm
    import transformers

    whole_width = frame_of(timm.data.create_transform(224, crop_mode="squash"), (60, 90))
    assert np.allclose(whole_width[2:], (60 / 16, 90 / 16, 60 * 15 / 16, 90 * 15 / 16))
    clip = frame_of(transformers.CLIPImageProcessor(), (60, 90))
    assert np.allclose(clip[2:], (0, 15, 60, 75)) and clip.input_size == (224, 224)
    vit = frame_of(transformers.ViTImageProcessor(), (60, 90))
    assert vit.whole and vit.input_size == (224, 224)


def bent(x: Tensor) -> Tensor:
    y, across = torch.meshgrid(torch.linspace(-1, 1, 96), torch.linspace(-1, 1, 128), indexing="ij")
    shrink = 1 - 0.15 * (2 - y**2 - across**2)
    return F.grid_sample(
        x, torch.stack([across * shrink, y * shrink], -1).expand(len(x), -1, -1, -1), align_corners=True
    )


def letterboxed(x: Tensor) -> Tensor:
    return F.pad(F.interpolate(x, (48, 64)), (0, 0, 8, 8), value=0.45)


def polar(x: Tensor) -> Tensor:
    radius, angle = torch.linspace(0, 1, 96)[:, None], torch.linspace(0, 2 * torch.pi, 128)
    circles = torch.stack([radius * angle.cos(), radius * angle.sin()], -1)
    return F.grid_sample(x, circles.expand(len(x), -1, -1, -1), align_corners=True)


OTHERS: dict[str, tuple[Callable[..., Any], str]] = {
    "mirrored": (lambda x: NORMALIZE(x.flip(-1)), "comes out mirrored left to right"),
    "mirrored and cropped": (lambda x: small(x).flip(-1), "comes out mirrored left to right"),
    "upside down": (lambda x: x.flip(-2), "comes out upside down"),
    "half a turn": (lambda x: x.flip(-1, -2), "turned by 180 degrees"),
    "a quarter": (lambda x: torch.rot90(x, 1, (2, 3)), "turned by 90 degrees counterclockwise"),
    "three quarters": (lambda x: torch.rot90(x, 3, (2, 3)), "turned by 90 degrees clockwise"),
    "transposed": (lambda x: x.transpose(2, 3), "with rows and columns exchanged"),
    "padded": (T.Pad((4, 3, 2, 1)), "padding.: 3 rows above, 1 rows below, 4 columns left, 2 columns right"),
    "letterboxed": (letterboxed, "padding.: 8 rows above, 8 rows below"),
    "cropped beyond the edge": (T.CenterCrop(120), "padding.: 12 rows above, 12 rows below"),
    "reflected": (T.Pad(9, padding_mode="reflect"), "repeats or mirrors the edge"),
    "repeated": (T.Pad(9, padding_mode="edge"), "repeats or mirrors the edge"),
    "repeated once": (T.Pad(1, padding_mode="edge"), "repeats or mirrors the edge|beyond the image"),
    "a border painted over": (lambda x: F.pad(x[..., 4:-4, 4:-4], (4, 4, 4, 4)), "padding.: 4 rows above"),
    "moved": (lambda x: F.pad(x, (9, 0, 0, 0), mode="replicate")[..., :-9], "repeats or mirrors the edge"),
    "rolled": (lambda x: x.roll(30, -1), "more than once, or in another order"),
    "tiled": (lambda x: x.repeat(1, 1, 2, 2), "more than once, or in another order"),
    "in pieces": (lambda x: torch.cat([x[..., 64:], x[..., :64]], -1), "in another order"),
    "turned by 5 degrees": (lambda x: TF.rotate(x, 5), "not of the image .padding, a mask, or turning"),
    "turned and cropped": (lambda x: TF.center_crop(TF.rotate(x, 5), [60, 60]), "turned or sheared"),
    "sheared": (
        lambda x: TF.center_crop(TF.affine(x, 0, [0, 0], 1, [4.0, 0]), [60, 60]),
        "turned or sheared",
    ),
    "as by a fisheye": (bent, "bent"),
    "channels apart": (lambda x: torch.stack([x[:, 0], x[:, 1].roll(9, -1)], 1), "in another order|bent"),
    "small in a large border": (T.CenterCrop(200), "padding.: 52 rows above, 52 rows below, 36 columns left"),
    "edges": (lambda x: x - F.avg_pool2d(x, 5, 1, 2), "most of its values do not follow the brightness"),
    "a blank spot": (lambda x: x * (1 - F.pad(torch.ones(9, 9), (70, 49, 50, 37))), "not of the image"),
    "circles as lines": (polar, "repeats or mirrors|bent"),
    "every other row mirrored": (
        lambda x: torch.where((torch.arange(96) % 2 == 0)[:, None], x, x.flip(-1)),
        "bent|in another order",
    ),
    "two halves as channels": (lambda x: torch.cat([x[..., :60], x[..., -60:]], 1), "bent"),
    "equalized": (
        T.Compose([T.Resize(50), lambda image: ImageOps.equalize(image), T.ToTensor()]),
        "its values do not tell where",
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_part_of_the_image(kind: str) -> None:
    function, seen = OTHERS[kind]
    with pytest.raises(ProofError, match=r"preprocess: expected that the network's input is a part.*" + seen):
        frame_of(function)


@settings(max_examples=30, deadline=None)
@given(
    data=st.data(),
    height=st.integers(24, 70),
    width=st.integers(24, 70),
    gains=st.lists(st.floats(0.2, 300) | st.floats(-5, -0.2), min_size=3, max_size=3),
    offsets=st.lists(st.floats(-100, 100), min_size=3, max_size=3),
)
def test_any_box_and_any_scale(
    data: st.DataObject, height: int, width: int, gains: list[float], offsets: list[float]
) -> None:
    rows, columns = data.draw(st.integers(9, height)), data.draw(st.integers(9, width))
    top, left = data.draw(st.integers(0, height - rows)), data.draw(st.integers(0, width - columns))
    size = data.draw(st.tuples(st.integers(16, 60), st.integers(16, 60)))
    scale = torch.tensor([gains, offsets])[..., None, None]

    def function(x: Tensor) -> Tensor:
        return TF.resized_crop(x, top, left, rows, columns, list(size)) * scale[0] + scale[1]

    frame = frame_of(function, (height, width))
    assert frame.input_size == size
    for found, low, part, full, count in (
        ((frame.top, frame.bottom), top, rows, height, size[0]),
        ((frame.left, frame.right), left, columns, width, size[1]),
    ):
        edges = np.array([low, low + part])
        if np.abs(edges - [0, full]).max() <= 0.6 * max(1, part / count):  # less than a pixel of the input
            edges = np.array([0, full])
        assert np.abs(found - edges).max() < 0.06


def cells(low: Fraction, high: Fraction, full: int, count: int) -> list[int]:
    """Cells of `count` that cover `full` pixels, at the centers of as many as fit between two places."""
    first, last = low * count / full, high * count / full
    number = floor(last - first + Fraction(1, 2))
    return [floor(first + (2 * i + 1) * (last - first) / (2 * number)) for i in range(number)]


@pytest.mark.parametrize("count", [(96, 128), (48, 64), (33, 47), (7, 5)])
def test_labels_are_those_at_the_places_of_the_part(count: tuple[int, int]) -> None:
    labels = np.arange(count[0] * count[1]).reshape(1, *count)
    rows = cells(SMALL[0], SMALL[2], 96, count[0])
    columns = cells(SMALL[1], SMALL[3], 128, count[1])
    frame = frame_of(small)
    assert (frame.labels(labels) == labels[:, rows][:, :, columns]).all()
    image = torch.arange(3 * 96 * 128.0).view(3, 96, 128)
    assert frame.images(image).shape[1:] == frame.part_size == (77, 77)


def test_grids_lie_on_the_part_as_on_the_input() -> None:
    """A map of a linear function of the image's place has that value where it is laid on the part."""
    frame = Frame((96, 128), (40, 50), 16.0, 32.0, 80.0, 112.0)  # 64 x 80 pixels, as 40 x 50
    grid = Grid(9, 11, 2.0, 3.0, 4.0, 4.5, "receptive-field")  # on the input
    place = (np.arange(11) * 4.5 + 3 + 0.5) / 50 * 80 - 0.5  # its columns on the part
    maps = torch.from_numpy(place.astype(np.float32)).expand(1, 9, 11)
    upsampled = Upsampler(frame.grid(grid), (64, 80), (64, 80), CPU)(maps)[0, 30].numpy()
    inside = (np.arange(80) >= place[0]) & (np.arange(80) <= place[-1])
    assert np.abs(upsampled - np.arange(80))[inside].max() < 1e-4 and inside.sum() > 60
    assert Frame((96, 128), (96, 128), 0, 0, 96, 128).grid(grid) is grid


def test_a_check_says_all_of_it() -> None:
    proofs = check_preprocess(small, SIZE)
    assert [proof.verdict for proof in proofs] == ["proved", "proved"]
    assert proofs[0].seen == "it takes a batch of tensors; all calls agree"
    assert (
        proofs[1].seen
        == "rows 9.6 to 86.4, columns 25.0226 to 102.015 of the image of 96 x 128 pixels, as 80 x 80"
    )
    assert [proof.verdict for proof in check_preprocess(T.Pad(4), SIZE)] == ["proved", "refused"]
    assert [proof.verdict for proof in check_preprocess(T.Pad(4), SIZE, frame=False)] == ["proved"]
    (proof,) = check_preprocess(T.RandomCrop(20), SIZE)
    assert proof.verdict == "refused" and "random" in proof.seen and "evaluation" in proof.advice
    with pytest.raises(ProofError, match="preprocess: expected that the same images"):
        proof.require()

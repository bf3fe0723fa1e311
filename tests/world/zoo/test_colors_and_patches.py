"""Lab colors, bins, and patches, each against another way to find them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dissect_widgets.world.zoo.lab import BIN, bins_of, color_bins, lab_of
from dissect_widgets.world.zoo.tasks.objects import contrast
from dissect_widgets.world.zoo.tasks.patches import cut, grayed, normalized, resize, tinted


def images(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_lab_is_that_of_scikit_image() -> None:
    color = pytest.importorskip("skimage.color")
    pixels = images(2, 3, 5, 7)
    pixels[0, :, 0, :5] = torch.tensor([0.0, 0.001, 0.03, 0.04045, 1.0])  # on both sides of the knees
    expected = color.rgb2lab(pixels.numpy(), channel_axis=1)
    np.testing.assert_allclose(lab_of(pixels).numpy(), expected, atol=0.02)


def test_a_color_falls_into_the_nearest_bin() -> None:
    lab = lab_of(images(3, 3, 11, 13))[:, 1:]
    centers = color_bins()
    distances = (lab.movedim(1, -1)[..., None, :] - centers).square().sum(-1)
    nearest = distances.gather(-1, bins_of(lab)[..., None])[..., 0]
    inside = (lab.div(BIN).round() * BIN - lab).square().sum(1)
    assert torch.allclose(nearest, inside, atol=1e-3)  # each color's cell is one of the bins
    assert len(centers) == len(centers.unique(dim=0)) > 50


def test_a_color_outside_of_all_bins_is_that_nearest_to_its_cell() -> None:
    far = torch.tensor([127.0, -128.0]).view(1, 2, 1, 1)
    centers = color_bins()
    expected = (centers - torch.tensor([128.0, -128.0])).square().sum(1).argmin()
    assert bins_of(far).item() == expected


def test_patches_are_those_that_slices_give() -> None:
    pixels = images(4, 3, 11, 13)
    rng = np.random.default_rng(0)
    top, left = torch.from_numpy(rng.integers(0, 7, (4, 5))), torch.from_numpy(rng.integers(0, 9, (4, 5)))
    patches = cut(pixels, top, left, 5)
    assert patches.shape == (4, 5, 3, 5, 5)
    for i in range(4):
        for k in range(5):
            t, s = int(top[i, k]), int(left[i, k])
            assert torch.equal(patches[i, k], pixels[i, :, t : t + 5, s : s + 5])


def test_a_box_of_whole_pixels_is_a_slice() -> None:
    pixels = images(2, 3, 11, 13)
    boxes = torch.tensor([[2, 5, 6, 9], [7, 0, 11, 4]])
    resized = resize(pixels, boxes, 4)
    assert torch.allclose(resized[0], pixels[0, :, 2:6, 5:9], atol=1e-5)
    assert torch.allclose(resized[1], pixels[1, :, 7:11, 0:4], atol=1e-5)


def test_normalized_patches_do_not_depend_on_brightness_and_contrast() -> None:
    patches = images(3, 2, 3, 7, 7)
    assert torch.allclose(normalized(patches), normalized(patches * 0.9 + 0.05), atol=0.01)


def test_gray_images_have_three_equal_channels() -> None:
    pixels = images(40, 2, 3, 5, 7)
    some = grayed(pixels, 0.5, torch.Generator().manual_seed(1))
    gray = (some[:, :, 0] == some[:, :, 1]).all((1, 2, 3))
    assert 8 < int(gray.sum()) < 32
    assert torch.equal(some[~gray], pixels[~gray])
    assert torch.allclose(some[gray].mean(2), pixels[gray].mean(2))


def test_contrast_is_the_distance_of_means_inside_and_around() -> None:
    maps = images(3, 2, 17, 23)
    rng = np.random.default_rng(2)
    size = rng.integers(4, 9, (3, 6))
    top, left = rng.integers(0, 17 - size + 1), rng.integers(0, 23 - size + 1)
    boxes = torch.from_numpy(np.stack([top, left, top + size, left + size], -1))
    result = contrast(maps, boxes)
    for i in range(3):
        for k in range(6):
            t, s, b, r = boxes[i, k].tolist()
            rim = (b - t) // 4
            inside = np.zeros((17, 23), bool)
            inside[t:b, s:r] = True
            around = np.zeros((17, 23), bool)
            around[max(t - rim, 0) : b + rim, max(s - rim, 0) : r + rim] = True
            picture = maps[i].numpy()
            means = picture[:, inside].mean(1) - picture[:, around & ~inside].mean(1)
            assert result[i, k].item() == pytest.approx(np.linalg.norm(means), abs=1e-5)


def test_a_light_has_a_color_for_each_image() -> None:
    patches = torch.full((3, 2, 3, 5, 7), 0.45)
    lit = tinted(patches, torch.Generator().manual_seed(0), most=0.2)
    assert (lit == lit[..., :1, :1]).all()  # the same everywhere
    assert len(lit[..., 0, 0].unique()) == 18  # another one for each image and channel
    assert (lit - 0.45).abs().max() <= 0.1 + 1e-6

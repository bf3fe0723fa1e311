"""The world as data sets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

import dissect_widgets as dw
from dissect_widgets.errors import ConceptError, SettingError
from dissect_widgets.world import SCENES, VOCABULARY, Objects, Scenes, render


def test_items_are_those_that_are_rendered() -> None:
    second = len(SCENES) + 1  # in the second round of the classes
    data = Scenes("val", len(SCENES) + 6, size=64, label_size=16)
    image, labels = data[second]
    picture = render(SCENES[1], 1_000_000_001, 64)
    assert torch.equal(image, torch.from_numpy(picture.image).permute(2, 0, 1) / 255)
    assert (labels.numpy() == picture.labels[:, 2::4, 2::4]).all()
    assert data.targets[second] == 1 and data.names[second] == f"{SCENES[1]} 1"
    assert len(data) == len(SCENES) + 6 and data.vocabulary is VOCABULARY


def test_splits_never_meet() -> None:
    seeds = {split: {Scenes(split, 48).kind(i) for i in range(48)} for split in ("train", "val", "probe")}
    assert not seeds["train"] & seeds["val"] and not seeds["val"] & seeds["probe"]
    assert len({Scenes(split, 48).digest() for split in seeds}) == 3


def test_they_are_ordinary_datasets() -> None:
    data = Scenes("train", 3, size=32, classes=["beach"])
    images, labels = next(iter(DataLoader(data, batch_size=3, generator=torch.Generator())))
    assert images.shape == (3, 3, 32, 32) and labels.shape == (3, 6, 32, 32)
    assert (labels[:, 5] == VOCABULARY.index("beach", "scene")).all()
    with pytest.raises(IndexError):
        Scenes("train", 3)[3]


def test_bad_settings() -> None:
    with pytest.raises(SettingError, match=r"split is 'vall'.*'val'"):
        Scenes("vall", 3)
    with pytest.raises(ConceptError, match=r"no 'bech'.*'beach'"):
        Scenes("val", 3, classes=["bech"])
    with pytest.raises(ConceptError, match=r"no 'aeroplane'.*'airplane'"):
        Objects("val", 3, classes=["aeroplane"])
    with pytest.raises(SettingError, match="label_size is 48"):
        Scenes("val", 3, label_size=48)
    with pytest.raises(SettingError, match="n is -1"):
        Scenes("val", -1)
    with pytest.raises(SettingError, match="`classes` is empty"):
        Scenes("val", 1, classes=[])


class Copy(nn.Module):
    """A network whose units copy masks of objects, of the image that is most like the one it gets."""

    def __init__(self, data: Scenes, concepts: list[int]) -> None:
        super().__init__()
        self.images, labels = map(torch.stack, zip(*data, strict=True))
        self.maps = labels[:, 0]
        self.concepts, self.units = concepts, nn.Identity()

    def forward(self, pictures: Tensor) -> Tensor:
        nearest = torch.cdist(pictures.flatten(1), self.images.flatten(1)).argmin(1)
        maps = self.maps[nearest]
        masks = torch.stack([(maps == concept).float() for concept in self.concepts], 1)
        grid = nn.functional.avg_pool2d(pictures, pictures.shape[-1] // maps.shape[-1])
        return self.units(masks + 0 * grid[:, :1])


def test_a_unit_that_copies_a_mask_detects_exactly_that() -> None:
    data = Scenes("probe", 24, size=32)
    counts = np.bincount(
        torch.stack([data[i][1][0] for i in range(24)]).numpy().ravel(), minlength=len(VOCABULARY)
    )
    wanted = [int(c) for c in np.argsort(-counts)[4:11]]  # seven objects, none of them everywhere
    result = dw.dissect(
        Copy(data, wanted),
        "units",
        data,
        level=0.25,
        settings=dw.Settings(upsample="half-pixel"),
        progress=False,
    )
    best = result["units"].best()
    assert best.concept.tolist() == wanted and (best.iou == 1).all()
    assert ((result["units"].iou() == 1).sum(1) == 1).all()

"""Items of data sets: which part is the image, which the class, which the label map."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from dissect_widgets.core.data.items import checked_labels, class_of, image_of, label_map_of
from dissect_widgets.errors import DataError

IMAGE = torch.rand(3, 11, 13)
MAP = torch.ones(2, 5, 7, dtype=torch.int64)


class Sample(NamedTuple):
    """The image is not the first."""

    label: int
    image: Tensor


@dataclass
class Photo:
    """An item with names."""

    picture: Tensor
    target: int
    path: str = "a.jpg"


Pair = namedtuple("Pair", ["a", "b"])  # names that say nothing


WITH_CLASS: dict[str, Any] = {
    "pair": (IMAGE, 3),
    "list": [IMAGE, 3],
    "three": (IMAGE, 3, "a.jpg"),
    "many": (IMAGE, 3, {"path": "a.jpg"}, IMAGE),
    "class in a mapping": (IMAGE, {"label": 3, "id": 17}),
    "named tuple": Sample(3, IMAGE),
    "named tuple without a name of ours": Pair(IMAGE, 3),
    "dataclass": Photo(IMAGE, 3),
    "object": SimpleNamespace(image=IMAGE, label=3, weight=0.5),
    "mapping": {"image": IMAGE, "label": 3},
    "read-only mapping": MappingProxyType({"img": IMAGE, "label": 3}),
    "of cifar100": {"img": IMAGE, "fine_label": 3},
    "of a processor": {"pixel_values": IMAGE, "labels": 3},
    "upper case": {"Image": IMAGE, "Label": 3},
    "of webdataset": {".jpg": IMAGE, ".cls": 3, "__key__": "a"},
    "the same twice": {"image": IMAGE, "label": 3, "labels": 3},
    "one is no image": {"image": IMAGE, "x": 17, "label": 3},
    "one is a map": {"image": IMAGE, "label": 3, "mask": MAP, "labels": MAP},
    "one is missing": {"image": IMAGE, "label": 3, "target": None},
}


@pytest.mark.parametrize("form", WITH_CLASS)
def test_image_and_class(form: str) -> None:
    assert image_of(WITH_CLASS[form]) is IMAGE
    assert class_of(WITH_CLASS[form]) == 3


@pytest.mark.parametrize(
    "item", [IMAGE, (IMAGE,), [IMAGE], {"image": IMAGE}, {"image": IMAGE, "width": 13}, (IMAGE, None)]
)
def test_image_alone(item: Any) -> None:
    assert image_of(item) is IMAGE and class_of(item) is None and label_map_of(item) is None


@pytest.mark.parametrize(
    "item",
    [
        (IMAGE, MAP),
        (IMAGE, MAP, 3),
        {"image": IMAGE, "labels": MAP},
        {"pixel_values": IMAGE, "labels": MAP, "label": 3},
        {"image": IMAGE, "segmentation_mask": MAP},
        (IMAGE, {"mask": MAP, "label": 3}),
    ],
)
def test_image_and_label_map(item: Any) -> None:
    assert image_of(item) is IMAGE and label_map_of(item) is MAP


def test_label_maps_of_pillow_keep_their_numbers() -> None:
    numbers = np.arange(35, dtype=np.uint8).reshape(5, 7)
    for mode in ("L", "P"):
        mask = Image.fromarray(numbers)
        if mode == "P":
            mask.putpalette([7] * 768)
        labels = checked_labels(label_map_of({"image": IMAGE, "annotation": mask}), 35, "a")
        np.testing.assert_array_equal(labels, numbers[None])


REFUSED_IMAGES: list[tuple[Any, str]] = [
    (
        (3, IMAGE),
        r"cat is tuple \(int 3, Tensor float32 \(3, 11, 13\)\); its first element must be the image",
    ),
    ((17, IMAGE, 3), "its first element must be the image"),
    ((), "its first element must be the image"),
    ({"photograph": IMAGE, "kind": 3}, r"'photograph': Tensor float32.*must be under one of 'image', 'img'"),
    ({"image": IMAGE, "pixel_values": IMAGE + 1}, "the image could be 'image' or 'pixel_values'"),
    ({"image": "a.jpg", "label": 3}, "'image': str 'a.jpg'"),
    ({}, "must be under one of"),
    (Photo, "cat is"),
]


@pytest.mark.parametrize(("item", "message"), REFUSED_IMAGES)
def test_an_image_that_is_not_sure_is_refused(item: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        image = image_of(item, "cat")
        raise DataError(f"cat is {image}")


@pytest.mark.parametrize(
    "item",
    [
        {"image": IMAGE, "fine_label": 3, "coarse_label": 1},
        {"image": IMAGE, "label": 3, "y": 2},
        {"image": IMAGE, "label": "cat", "label_id": 3},
        (IMAGE, {"label": 3, "target": 4}),
    ],
)
def test_a_class_that_is_not_sure_is_refused(item: Mapping[str, Any]) -> None:
    assert image_of(item) is IMAGE
    with pytest.raises(DataError, match=r"cat has .*the class could be '\w+' or '\w+'.*items are tuples"):
        class_of(item, "cat")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (3, "cat has the labels int 3; they must be integers"),
        (None, "has the labels None;"),
        (torch.rand(2, 5, 7), "Tensor float32|ndarray float32"),
        (torch.ones(5, 7, dtype=torch.int64), r"int64 \(5, 7\)"),
        (MAP * 9, "cat has the label 9; allowed are 0"),
        (MAP * -1, "cat has the label -1"),
        (Image.new("RGB", (7, 5)), "Image RGB 7 x 5"),
    ],
)
def test_what_is_no_label_map_is_refused(labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        checked_labels(labels, 9, "cat")

"""Proofs about items of data."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.data import TensorDataset

from dissect_widgets.core.proofs.items import prove_classes, prove_items
from dissect_widgets.errors import ProofError
from tests.small_images import ArrayImages

IMAGES = torch.rand(7, 3, 11, 13, generator=torch.Generator().manual_seed(3))


class Listed(list[Any]):
    """Items with what data may have."""

    targets: Any = None
    vocabulary: Any = None


def test_good_items_are_proved() -> None:
    kind, steady = prove_items(ArrayImages())
    assert (kind.verdict, steady.verdict) == ("proved", "proved")
    assert kind.seen == "4 of 9 are Tensor float32 (3, 20, 28) with ndarray int64 (2, 11, 13)"
    kind, _ = prove_items(TensorDataset(IMAGES[:2]))
    assert kind.seen == "2 of 2 are Tensor float32 (3, 11, 13)"


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([IMAGES[0], IMAGES[1] * 255], "image 1 has values"),
        ([(3, image) for image in IMAGES], "image 0 is tuple"),
        ([*IMAGES[:6], IMAGES[6, :, :5]], r"image 0 is .*\(3, 11, 13\), image 6 is .*\(3, 5, 13\).*Resize"),
    ],
)
def test_items_that_are_no_images_are_refused(items: list[Any], message: str) -> None:
    (proof,) = prove_items(items)
    with pytest.raises(ProofError, match=f"data: expected that an item is an image.*{message}"):
        proof.require()


def test_a_class_where_a_label_map_should_be_is_refused() -> None:
    data = Listed((image, 3) for image in IMAGES)
    data.vocabulary = ArrayImages().vocabulary
    (proof,) = prove_items(data)
    assert proof.verdict == "refused" and "image 0 has the labels int 3" in proof.seen


def test_items_that_change_are_refused() -> None:
    class Noisy(Listed):
        random = torch.Generator().manual_seed(1)

        def __getitem__(self, index: Any) -> Any:
            return super().__getitem__(index) * torch.rand((), generator=self.random)

    _, proof = prove_items(Noisy(IMAGES))
    with pytest.raises(
        ProofError, match=r"read again, but of image 0 its pixels change by up to 0\.\d+.*InMemory"
    ):
        proof.require()


def test_whose_classes_count() -> None:
    data = Listed((image, number % 3) for number, image in enumerate(IMAGES))
    assert prove_classes(data).verdict == "chosen" and "each item says its class" in prove_classes(data).seen
    data.targets = [number % 3 for number in range(7)]
    assert prove_classes(data).verdict == "proved"
    data.targets = [2 - number % 3 for number in range(7)]
    proof = prove_classes(data)
    assert proof.verdict == "chosen" and proof.seen == "image 0 says int 0, `data.targets` int 2; items count"
    unsure = Listed({"image": image, "fine_label": 1, "coarse_label": 0} for image in IMAGES)
    unsure.targets = [1] * 7
    proof = prove_classes(unsure)
    assert proof.verdict == "refused" and "could be 'fine_label' or 'coarse_label'" in proof.seen
    images = Listed(IMAGES)
    images.targets = [0] * 7
    assert "`data.targets` count" in prove_classes(images).seen

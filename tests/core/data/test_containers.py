"""Data sets in every form that they come in, with what belongs to their items."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    random_split,
)

import dissect_widgets as dw
from dissect_widgets.core.data.batches import load_batches
from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.items import class_of, image_of
from dissect_widgets.core.data.provenance import data_digest
from dissect_widgets.core.data.views import image_name
from dissect_widgets.errors import DataError, ProofError
from tests.small_images import ArrayImages

IMAGES = torch.rand(5, 3, 11, 13, generator=torch.Generator().manual_seed(3))
CLASSES = torch.tensor([2, 0, 1, 1, 0])


class Named(Dataset[Any]):
    """Images with all that data may have."""

    classes = ("ant", "bee", "cow")

    def __init__(self, first: int = 0) -> None:
        self.targets = CLASSES.tolist()
        self.names = [f"{first + number}.jpg" for number in range(5)]

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return IMAGES[index], self.targets[index]


class Stream(IterableDataset[Any]):
    """Images that can only be gone through; without an end if `n` is None."""

    classes = ("ant", "bee", "cow")

    def __init__(self, n: int | None = 5) -> None:
        self.n, self.read = n, 0

    def __iter__(self) -> Iterator[Any]:
        for index in count() if self.n is None else range(self.n):
            self.read += 1
            yield IMAGES[index % 5], int(CLASSES[index % 5])


class StreamWithLength(Stream):
    """One that says how many there are."""

    says = 5

    def __len__(self) -> int:
        return self.says


def read(data: Any, **options: Any) -> Tensor:
    """All images, as runs read them."""
    known = as_data(data)
    batches = list(load_batches(known, range(len(known)), 2, **options))
    return torch.cat([batch.images for batch in batches])


@pytest.mark.parametrize(
    "data",
    [
        IMAGES,
        IMAGES.numpy(),
        IMAGES.permute(0, 2, 3, 1),
        list(IMAGES),
        tuple(IMAGES),
        TensorDataset(IMAGES),
        TensorDataset(IMAGES, CLASSES),
        dict(enumerate(IMAGES)),
        {f"{number}.jpg": image for number, image in enumerate(IMAGES)},
        [{"image": image} for image in IMAGES],
        np.array([*(image.numpy() for image in IMAGES), None], object)[:5],
        DataLoader(TensorDataset(IMAGES), batch_size=2),
        DataLoader(Named(), batch_size=5, drop_last=True, num_workers=2),
        Subset(TensorDataset(IMAGES), range(5)),
        ConcatDataset([Subset(Named(), [0, 1]), Subset(Named(), [2, 3, 4])]),
        Named(),
    ],
    ids=lambda data: type(data).__name__,
)
@pytest.mark.parametrize("workers", [0, 1])
def test_images_are_the_same_from_all(data: Any, workers: int) -> None:
    torch.testing.assert_close(read(data, workers=workers), IMAGES, atol=0, rtol=0)


def test_what_is_data_already_stays() -> None:
    data = Named()
    assert as_data(data) is data and as_data(IMAGES) is IMAGES
    view = as_data(Subset(data, [1]))
    assert as_data(view) is view


def test_attributes_follow_a_subset() -> None:
    data = Named()
    for subset in (
        Subset(data, [4, 2]),
        Subset(Subset(data, [1, 4, 2]), [1, 2]),
        Subset(data, torch.tensor([4, 2])),
    ):
        view: Any = as_data(subset)
        assert view.classes == data.classes and view.targets == [0, 1] and view.names == ["4.jpg", "2.jpg"]
        assert class_of(view[0]) == 0 and image_of(view[1]) is not None
        assert [image_name(view, i) for i in (0, 1)] == ["4.jpg", "2.jpg"]
    one, other = random_split(data, [3, 2], torch.Generator().manual_seed(1))
    for split in (one, other):
        view = as_data(split)
        assert view.targets == [class_of(view[i]) for i in range(len(view))]
    labeled = ArrayImages()
    view = as_data(Subset(labeled, [3]))  # type: ignore[arg-type]
    assert view.vocabulary == labeled.vocabulary and view.names == ["photo 3.jpg"]
    data.targets = data.targets[:3]  # of something else
    assert not hasattr(as_data(Subset(data, [0])), "targets")


def test_parts_are_one_after_the_other() -> None:
    both: Any = as_data(ConcatDataset([Named(), Subset(Named(first=10), [3])]))
    assert both.targets == [2, 0, 1, 1, 0, 1] and both.names[4:] == ["4.jpg", "13.jpg"]
    assert both.classes == ("ant", "bee", "cow")
    arrays = Named(), Named()
    for data in arrays:
        data.classes = np.array(Named.classes)  # type: ignore[assignment, misc]
    assert list(as_data(ConcatDataset(arrays)).classes) == ["ant", "bee", "cow"]
    unlike = Named()
    unlike.classes = ("ant", "cow", "bee")  # type: ignore[misc]
    with pytest.raises(
        DataError, match=r"different `classes` \(3, 3\), so a number in one means something else"
    ):
        as_data(ConcatDataset([Named(), unlike]))
    with pytest.raises(DataError, match=r"different `classes` \(3, none\)"):
        as_data(ConcatDataset([Named(), TensorDataset(IMAGES, CLASSES)]))
    other = ArrayImages()
    other.vocabulary = dw.Vocabulary([("sky", "object")])
    with pytest.raises(DataError, match=r"different `vocabulary` \(8, 2\)"):
        as_data(ConcatDataset([ArrayImages(), other]))  # type: ignore[list-item]


def test_digests_tell_parts_from_each_other() -> None:
    data = Named()
    digests = [
        data_digest(as_data(part))
        for part in (
            Subset(data, [1, 2]),
            Subset(data, [2, 1]),
            ConcatDataset([data]),
            Subset(Named(7), [1, 2]),
        )
    ]
    assert len(set(digests)) == 4
    assert digests[0] == data_digest(as_data(Subset(Named(), [1, 2])))


def test_data_without_names_are_recognized_by_their_items() -> None:
    changed = IMAGES.clone()
    changed[3, 1, 2, 5] = 0
    for kind in (TensorDataset, list, lambda images: Subset(TensorDataset(images), range(5))):
        digests = [
            data_digest(as_data(kind(images))) for images in (IMAGES, IMAGES.clone(), changed, IMAGES[:4])
        ]
        assert digests[0] == digests[1] and len(set(digests)) == 3
    digested = Subset(dw.InMemory(IMAGES), [3, 1])  # type: ignore[arg-type]
    assert data_digest(as_data(digested)) == data_digest(as_data(digested))
    assert as_data(digested).digest() != as_data(Subset(digested.dataset, [1, 3])).digest()


def shuffled(items: list[Any]) -> Any:
    """Changes what it gets."""
    return items[::-1]


REFUSED: list[tuple[Any, str]] = [
    (
        DataLoader(Named(), shuffle=True),
        "DataLoader goes through its data by a RandomSampler.*loader.dataset",
    ),
    (DataLoader(Named(), sampler=[4, 3]), "by a list, not in order"),
    (DataLoader(Named(), batch_sampler=[[4], [3]]), "by a list, not in order"),
    (DataLoader(Named(), collate_fn=shuffled), "has a collate_fn"),
    (DataLoader(Named(), batch_size=2, drop_last=True), "drops the last 1 of its 5 items"),
    (DataLoader(Stream()), "Stream, whose items cannot be read by number.*InMemory"),
    (Stream(), "Stream, whose items cannot be read by number"),
    (StreamWithLength(), "whose items cannot be read by number"),
    ((image for image in IMAGES), "generator, whose items cannot be read by number"),
    (zip(IMAGES, CLASSES, strict=True), "zip, whose items"),
    (map(abs, IMAGES), "map, whose items"),
    (count(), "count, whose items"),
    ({1, 2}, "set, which has no order"),
    ({1: IMAGES[0], 2: IMAGES[1]}, "dict whose keys are not 0 to 1"),
    ({"image": IMAGES[0], "label": 3}, "looks like one item"),
    ({"image": list(IMAGES), "label": [1, 2]}, "looks like one item, or like columns"),
    (IMAGES[0], "looks like one image"),
    (IMAGES[0].permute(1, 2, 0).numpy(), "looks like one image"),
    (torch.zeros(5), r"\(5,\); images are"),
    ((IMAGES, CLASSES), "TensorDataset"),
    ("photos", "The data are str 'photos'; PhotoFolder"),
    (Image.new("RGB", (7, 5)), "one image; give a list"),
    (pandas.DataFrame({"path": ["a.jpg"]}), "The data are a DataFrame"),
    (None, "NoneType, which has no items"),
    (SimpleNamespace(), "has no items"),
]


@pytest.mark.parametrize(("data", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_what_cannot_be_read_by_number_is_refused_by_name(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_data(data)


def test_several_data_sets_are_not_one() -> None:
    held = Split()
    with pytest.raises(DataError, match="several data sets, 'train', 'test'; give one"):
        as_data({"train": held, "test": held})


class Split(Named):
    """As Hugging Face's."""

    features: Any = {}  # noqa: RUF012


def test_a_vocabulary_must_be_one() -> None:
    data = ArrayImages()
    data.vocabulary = [("car", "object")]  # type: ignore[assignment]
    with pytest.raises(DataError, match=r"`vocabulary` of the data is list .*must be a Vocabulary"):
        as_data(data)


def test_streams_are_held_in_memory() -> None:
    for stream in (
        Stream(),
        StreamWithLength(),
        Stream(None),
        DataLoader(Stream()),
        iter(Stream()),
        DataLoader(Named(), batch_size=2),
    ):
        held: Any = dw.InMemory(stream, 4)
        torch.testing.assert_close(read(held), IMAGES[:4], atol=0, rtol=0)
        assert [class_of(held[i]) for i in range(4)] == CLASSES[:4].tolist()
    endless = Stream(None)
    assert len(dw.InMemory(endless, 3)) == endless.read == 3, "nothing behind them is read"
    assert dw.InMemory(endless, 2).classes == Stream.classes  # type: ignore[attr-defined]
    assert len(dw.InMemory(StreamWithLength())) == 5 and len(dw.InMemory(Stream(3), 4)) == 3
    with pytest.raises(DataError, match=r"Stream, whose end is not known.*InMemory\(data, images=1000\)"):
        dw.InMemory(Stream(None))
    short = StreamWithLength(3)
    with pytest.raises(DataError, match="say that they have 5 items, but end after 3"):
        dw.InMemory(short)


def test_memory_holds_images_of_all_kinds() -> None:
    photos = [Image.fromarray((image.permute(1, 2, 0) * 255).byte().numpy()) for image in IMAGES]
    held: Any = dw.InMemory([{"image": photo, "label": 2, "id": n} for n, photo in enumerate(photos)])
    for index, photo in enumerate(photos):
        assert class_of(held[index]) == 2
        exact = np.asarray(photo).transpose(2, 0, 1).astype(np.float32) / 255
        np.testing.assert_array_equal(image_of(held[index]).numpy(), exact)
    both = ArrayImages()
    items = [{"image": both[i][0], "labels": both[i][1], "label": i} for i in range(4)]
    data = Listed(items)
    data.vocabulary = both.vocabulary  # type: ignore[attr-defined]
    held = dw.InMemory(data)
    assert [class_of(held[i]) for i in range(4)] == [0, 1, 2, 3]
    assert [class_of(dw.InMemory(data, labels=False)[i]) for i in range(4)] == [0, 1, 2, 3]
    assert not isinstance(dw.InMemory(both, labels=False)[0], tuple)


class Listed(list[Any]):
    """A list with attributes."""


class TooLong(Named):
    """Says that there are more than there are."""

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return IMAGES[index], 0


def test_data_that_end_early_are_named() -> None:
    with pytest.raises(
        DataError, match=r"image 5 cannot be read, number 5 of data whose len\(\) is 7: IndexError"
    ):
        read(TooLong())
    with pytest.raises(DataError, match="image 5 cannot be read"):
        dw.InMemory(TooLong())


class Augmented(Named):
    """Flips images at random."""

    def __init__(self) -> None:
        super().__init__()
        self.random = torch.Generator().manual_seed(0)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        flip = torch.rand((), generator=self.random) < 0.5
        return (IMAGES[index].flip(2) if flip else IMAGES[index]), 0


def test_items_that_change_are_named() -> None:
    with pytest.raises(
        ProofError, match=r"\d.jpg differs when it is read again: its pixels change by up to 0"
    ):
        for _ in range(3):
            read(Augmented())
    assert len(read(dw.InMemory(Augmented()))) == 5, "what is held in memory stays"

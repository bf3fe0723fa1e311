import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.measure import label as connected
from torch import Tensor

import dissect_widgets as dw
from dissect_widgets.concepts.colors import COLOR_NAMES, DISPLAY_RGB, WithColors, name_colors
from dissect_widgets.concepts.halves import HALVES, WithHalves, split_halves
from dissect_widgets.core.data.provenance import data_digest
from dissect_widgets.core.data.types import LabeledImages
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.errors import DataError, SettingError

Halves = tuple[list[list[int]], list[list[int]]]


class Unlabeled:
    """Images alone, as torchvision's folders without labels."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


class Labeled(Unlabeled):
    """One image for each label map, with a digest and names."""

    def __init__(self, vocabulary: Vocabulary, labels: Sequence[object]) -> None:
        super().__init__(torch.full((len(labels), 3, 20, 28), 0.5))
        self.vocabulary, self.labels = vocabulary, labels
        self.names = [f"{index}.png" for index in range(len(labels))]

    def __getitem__(self, index: int) -> tuple[Tensor, object]:
        return self.images[index], self.labels[index]

    def digest(self) -> str:
        return f"digest of {len(self)}"


def slow_halves(things: np.ndarray) -> np.ndarray:
    """1 top, 2 bottom; 3 left, 4 right: components by scikit-image, pixel by pixel."""
    halves = np.zeros((2, *things.shape), np.int64)
    for value in set(things[things > 0].tolist()):
        components = connected(things == value, connectivity=2)
        for number in range(1, components.max() + 1):
            rows, columns = np.nonzero(components == number)
            height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
            for row, column in zip(rows, columns, strict=True):
                halves[0, row, column] = 1 if 2 * (row - rows.min()) + 1 < height else 2
                halves[1, row, column] = 3 if 2 * (column - columns.min()) + 1 < width else 4
    return halves


def slow_parts(data: WithHalves, labels: np.ndarray, category: str) -> np.ndarray:
    """Channels of the halves in numbers of the vocabulary, by names, pixel by pixel."""
    whole = data.data.vocabulary
    things = np.zeros(labels.shape[1:], np.int64)
    for row, column in np.ndindex(things.shape):
        pixel = [int(number) for number in labels[:, row, column]]
        things[row, column] = next((n for n in pixel if n and whole[n].category == category), 0)
    halves = slow_halves(things)
    parts = np.zeros_like(halves)
    for place in zip(*np.nonzero(halves), strict=True):
        name = f"{whole[int(things[place[1:]])].name}-{('', 'top', 'bottom', 'left', 'right')[halves[place]]}"
        parts[place] = data.vocabulary.index(name, "part")
    return parts


def drawn(text: str) -> np.ndarray:
    """A label map from a drawing: a dot is nothing, a digit its value."""
    return np.array([[int(c) for c in row.replace(".", "0")] for row in text.split()], np.int64)


# Colors --------------------------------------------------------------------------------------------------


def color_numbers(vocabulary: Vocabulary, codes: Tensor) -> Tensor:
    numbers = torch.tensor([vocabulary.index(name, "color") for name in COLOR_NAMES])
    return numbers[codes]


def downsized(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Pillow's bilinear of each channel in floating point."""
    channels = [Image.fromarray(channel.numpy(), "F") for channel in image]
    small = [np.asarray(channel.resize(size[::-1], Image.Resampling.BILINEAR)) for channel in channels]
    return torch.from_numpy(np.stack(small)).clamp(0, 1)


def test_colors_beside_labels(images) -> None:
    data = WithColors(images)
    concepts = list(images.vocabulary)
    assert list(data.vocabulary) == [*concepts, *(Concept(name, "color") for name in COLOR_NAMES)]
    seen = set()
    for index in range(len(images)):
        image, labels = data[index]
        picture, before = images[index]
        assert torch.equal(image, picture) and labels.shape == (3, 11, 13) and labels.dtype == before.dtype
        assert torch.equal(labels[:2], before)
        codes = name_colors(downsized(picture, (11, 13)))
        assert torch.equal(labels[2], color_numbers(data.vocabulary, codes))
        seen |= set(codes.unique().tolist())
    assert len(seen) > 5


def test_colors_of_flat_patches() -> None:
    """Three rows of four patches; within each, away from the edges, the color is what it is."""
    patches = np.concatenate([DISPLAY_RGB, DISPLAY_RGB[:1]]).reshape(3, 4, 3)
    image = torch.from_numpy(patches / np.float32(255)).permute(2, 0, 1)
    image = image.repeat_interleave(33, 1).repeat_interleave(28, 2)
    data = WithColors(Unlabeled(image[None]), label_size=(9, 16))
    labels = data[0][1]
    assert labels.shape == (1, 9, 16)
    for place, (row, column) in enumerate(np.ndindex(3, 4)):
        middle = labels[0, 3 * row + 1, 4 * column + 1 : 4 * column + 3]
        name = COLOR_NAMES[place % 11]
        assert {data.vocabulary[int(number)] for number in middle} == {Concept(name, "color")}


def test_colors_of_unlabeled_images(images) -> None:
    data = WithColors(Unlabeled(images.images), label_size=(7, 10))
    assert list(data.vocabulary)[1:] == [Concept(name, "color") for name in COLOR_NAMES]
    assert len(data) == 9 and isinstance(data, LabeledImages)
    for index in (0, 8):
        image, labels = data[index]
        assert torch.equal(image, images.images[index])
        assert labels.shape == (1, 7, 10) and not labels.is_floating_point() and labels.min() >= 1
        codes = name_colors(downsized(image, (7, 10)))
        assert torch.equal(labels[0], color_numbers(data.vocabulary, codes))


def test_unlabeled_images_need_a_label_size(images) -> None:
    with pytest.raises(SettingError, match=r"no labels; give the label_size, \(rows, columns\)"):
        WithColors(Unlabeled(images.images))


def test_a_color_that_the_data_have_stays_where_it_is() -> None:
    """The data have two of the colors themselves, and "orange" as a fruit."""
    concepts = [("orange", "object"), ("red", "color"), ("car", "object"), ("black", "color")]
    red = torch.zeros(1, 11, 13, dtype=torch.int64)
    data = WithColors(Labeled(Vocabulary(concepts), [red]))
    rest = [(name, "color") for name in COLOR_NAMES if name not in ("red", "black")]
    assert [tuple(concept) for concept in data.vocabulary] == [("-", ""), *concepts, *rest]
    for name, rgb in zip(COLOR_NAMES, DISPLAY_RGB, strict=True):
        data.data.images[0] = torch.from_numpy(rgb / np.float32(255))[:, None, None]
        assert data[0][1][1].unique().tolist() == [data.vocabulary.index(name, "color")]


def test_colors_when_a_value_rounds_beyond_the_range() -> None:
    image = torch.full((1, 3, 20, 28), 1 + 5e-6)
    data = WithColors(Unlabeled(image), label_size=(11, 13))
    assert {data.vocabulary[int(n)].name for n in data[0][1].unique()} == {"white"}


# Halves ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        # even sides
        ("1111 1111", ("1111 2222", "3344 3344")),
        # odd sides: the middle line is bottom, and right
        ("111 111 111", ("111 222 222", "344 344 344")),
        # a single pixel, a row, a column
        ("... .1. ...", ("... .2. ...", "... .4. ...")),
        (".11111.", (".22222.", ".33444.")),
        (".. 1. 1. 1. 1.", (".. 1. 1. 2. 2.", ".. 4. 4. 4. 4.")),
        # joined over corners only: one thing
        ("1... .1.. ..1. ...1", ("1... .1.. ..2. ...2", "3... .3.. ..4. ...4")),
        ("..1 .1. 1..", ("..1 .2. 2..", "..4 .4. 3..")),
        # apart by one pixel: two things, and the last one has halves as well
        ("11.11 11.11", ("11.11 22.22", "34.34 34.34")),
        ("1.1 ... 1.1", ("2.2 ... 2.2", "4.4 ... 4.4")),
        # one thing in the box of another
        ("11111 1...1 1.1.1 1...1 11111", ("11111 1...1 2.2.2 2...2 22222", "33444 3...4 3.4.4 3...4 33444")),
        # two classes side by side, and one that touches itself only through the other
        ("1122 1122", ("1111 2222", "3434 3434")),
        ("121 121", ("111 222", "444 444")),
        # values with gaps between them
        ("3377 3377", ("1111 2222", "3434 3434")),
    ],
)
def test_halves_of_drawn_things(drawing: str, expected: Halves) -> None:
    halves = split_halves(drawn(drawing))
    assert halves.tolist() == [drawn(expected[0]).tolist(), drawn(expected[1]).tolist()]
    assert (slow_halves(drawn(drawing)) == halves).all()


@pytest.mark.parametrize("values", [2, 4, 9])
@pytest.mark.parametrize("seed", range(5))
def test_halves_equal_brute_force(values: int, seed: int) -> None:
    """Speckled maps have many components of all sizes, to which smoothing adds large ones."""
    random = np.random.default_rng(seed)
    fine = random.integers(0, values, (23, 31))
    coarse = np.kron(random.integers(0, values, (6, 8)), np.ones((4, 4), np.int64))[:23, :31]
    for things in (fine, coarse, np.where(fine == 0, 0, coarse)):
        halves = split_halves(things)
        assert (halves == slow_halves(things)).all()
        assert ((halves > 0) == (things > 0)).all()  # each component, the last one too
        assert halves[0].max() <= 2 and set(halves[1][things > 0].tolist()) <= {3, 4}


def test_halves_of_nothing() -> None:
    assert split_halves(np.zeros((11, 13), np.int64)).tolist() == np.zeros((2, 11, 13), int).tolist()


@pytest.mark.parametrize("category", ["object", "material"])
def test_parts_equal_brute_force(images, category: str) -> None:
    """Two channels that overlap; the first with a concept of the category counts."""
    data = WithHalves(images, category=category)
    members = [c.name for c in images.vocabulary if c.category == category]
    parts = [Concept(f"{name}-{half}", "part") for name in members for half in HALVES]
    assert list(data.vocabulary) == [*images.vocabulary, *parts]
    overlaps = 0
    for index in range(len(images)):
        image, labels = data[index]
        picture, before = images[index]
        assert torch.equal(image, picture) and labels.dtype == before.dtype and labels.shape == (4, 11, 13)
        assert torch.equal(labels[:2], before)
        assert (labels[2:].numpy() == slow_parts(data, before.numpy(), category)).all()
        of = torch.tensor([concept.category == category for concept in images.vocabulary])[before]
        overlaps += int((of[0] & of[1] & (before[0] != before[1])).sum())
    assert category == "material" or overlaps > 50
    assert data[1][1].max() == 0


def test_halves_of_labels_that_are_arrays() -> None:
    labels = np.random.default_rng(0).integers(0, 3, (2, 11, 13)).astype(np.int32)
    data = WithHalves(Labeled(Vocabulary([("car", "object"), ("tree", "object")]), [labels]))
    result = data[0][1]
    assert isinstance(result, Tensor) and result.dtype == torch.int64
    assert (result[:2].numpy() == labels).all()
    assert (result[2:].numpy() == slow_parts(data, labels, "object")).all()


def test_first_channel_with_an_object_counts() -> None:
    vocabulary = Vocabulary([("wood", "material"), ("car", "object"), ("tree", "object")])
    labels = torch.tensor([[[1, 1, 1, 3, 0]], [[2, 2, 0, 2, 0]], [[3, 3, 3, 3, 0]]])
    data = WithHalves(Labeled(vocabulary, [labels]))
    names = [[data.vocabulary[int(n)].name for n in row[0]] for row in data[0][1][3:]]
    assert names[0] == ["car-bottom", "car-bottom", "tree-bottom", "tree-bottom", "-"]
    assert names[1] == ["car-left", "car-right", "tree-left", "tree-right", "-"]


def test_parts_that_the_data_have_stay_where_they_are() -> None:
    vocabulary = Vocabulary([("car-left", "part"), ("car", "object"), ("car-top", "object")])
    data = WithHalves(Labeled(vocabulary, [torch.full((1, 4, 6), 2)]))
    assert [c.name for c in data.vocabulary if c.category == "part"] == [
        "car-left",
        *("car-top", "car-bottom", "car-right"),
        *(f"car-top-{half}" for half in ("top", "bottom", "left", "right")),
    ]
    top_bottom, left_right = data[0][1][1:]
    part = {name: data.vocabulary.index(name, "part") for name in ("car-top", "car-bottom", "car-right")}
    assert top_bottom[:, 0].tolist() == [part["car-top"]] * 2 + [part["car-bottom"]] * 2
    assert left_right[0].tolist() == [1] * 3 + [part["car-right"]] * 3


def test_unknown_category(images) -> None:
    with pytest.raises(SettingError, match=re.escape("no category 'objects'. Did you mean 'object'?")):
        WithHalves(images, category="objects")
    with pytest.raises(SettingError, match=r"no category 'xyz'\..*'object', 'material', 'scene'"):
        WithHalves(images, category="xyz")


# Both -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [WithColors, WithHalves])
def test_wrappers_pass_on_what_the_data_have(wrap: type, images) -> None:
    data = wrap(images)
    assert len(data) == 9 and data.names == images.names and isinstance(data, LabeledImages)
    assert not hasattr(data, "images")
    labels = [torch.zeros(1, 11, 13, dtype=torch.int64)] * 3
    data = wrap(Labeled(Vocabulary([("car", "object")]), labels))
    assert len(data) == 3 and data.names == ["0.png", "1.png", "2.png"]
    other = wrap(Labeled(Vocabulary([("car", "object")]), labels[:2]))
    assert data.digest() == data.digest() != other.digest()
    with pytest.raises(AttributeError, match="nonsense"):
        data.nonsense  # noqa: B018


def test_halves_of_colored_data(images) -> None:
    data, colored = WithHalves(WithColors(images)), WithColors(images)
    assert repr(data.vocabulary) == "<Vocabulary: 4 object, 2 material, 1 scene, 11 color, 16 part>"
    assert data.names == images.names and len(data) == 9
    for index in (0, 5):
        labels, before = data[index][1], images[index][1]
        assert torch.equal(labels[:3], colored[index][1]) and labels.shape == (5, 11, 13)
        assert (labels[3:].numpy() == slow_parts(data, before.numpy(), "object")).all()


def test_colors_of_halved_data(images) -> None:
    data = WithColors(WithHalves(images))
    assert repr(data.vocabulary) == "<Vocabulary: 4 object, 2 material, 1 scene, 16 part, 11 color>"
    labels = data[4][1]
    assert torch.equal(labels[:4], WithHalves(images)[4][1])
    names = [data.vocabulary[int(n)].name for n in labels[4].unique()]
    colored = WithColors(images)
    assert names == [colored.vocabulary[int(n)].name for n in colored[4][1][2].unique()]


@pytest.mark.parametrize("labels", ["masks", None])
def test_both_around_a_folder(tmp_path: Path, labels: str | None) -> None:
    random = np.random.default_rng(0)
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    Image.fromarray(random.integers(0, 256, (20, 28, 3), np.uint8)).save(tmp_path / "images" / "a.png")
    mask = random.integers(0, 3, (20, 28), np.uint8)
    Image.fromarray(mask).save(tmp_path / "masks" / "a.png")
    (tmp_path / "classes.csv").write_text("value,name,category\n0,,\n1,car,object\n2,red,color\n")
    (tmp_path / "whole.csv").write_text("image,name,category\na,car,object\n")
    folder = dw.MaskFolder(
        tmp_path / "images",
        labels and tmp_path / labels,
        labels and tmp_path / "classes.csv",
        image_labels=None if labels else tmp_path / "whole.csv",
        label_size=(20, 28),
    )
    data = WithHalves(WithColors(folder))
    assert data.names == ["a.png"] and data.digest() != WithColors(folder).digest()
    result = data[0][1].numpy()
    assert result.shape == (4, 20, 28) and result.dtype == np.int64
    car = mask == 1 if labels else np.ones_like(mask)
    halves = slow_halves(car.astype(np.int64))
    for number, half in enumerate(("top", "bottom", "left", "right"), start=1):
        where = (result == data.vocabulary.index(f"car-{half}")).any(0)
        assert (where == (halves == number).any(0)).all() and where.any()


# Known bugs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [WithColors, WithHalves])
def test_labels_of_a_narrow_type(wrap: type) -> None:
    vocabulary = Vocabulary([(f"thing {number}", "object") for number in range(1, 256)])
    labels = torch.zeros(1, 11, 13, dtype=torch.uint8)
    labels[0, 2:6, 3:8] = 255
    narrow = wrap(Labeled(vocabulary, [labels]))[0][1]
    assert narrow.long().tolist() == wrap(Labeled(vocabulary, [labels.long()]))[0][1].tolist()


def test_colors_beside_labels_that_are_arrays() -> None:
    labels = np.random.default_rng(0).integers(0, 2, (1, 11, 13))
    result = WithColors(Labeled(Vocabulary([("car", "object")]), [labels]))[0][1]
    assert (
        isinstance(result, Tensor)
        and result[0].tolist() == labels[0].tolist()
        and result.shape == (2, 11, 13)
    )


def test_halves_of_a_label_beyond_the_vocabulary() -> None:
    """As without halves; skip_errors can pass over such an image."""
    data = WithHalves(Labeled(Vocabulary([("car", "object")]), [torch.full((1, 11, 13), 2)]))
    with pytest.raises(DataError, match="2"):
        data[0]


def test_the_key_of_a_run_tells_label_sizes_apart(images) -> None:
    one, other = (WithColors(Unlabeled(images.images), label_size=size) for size in [(11, 13), (13, 11)])
    assert data_digest(one) == data_digest(WithColors(Unlabeled(images.images), label_size=(11, 13)))
    assert data_digest(one) != data_digest(other)

"""Data in the forms that people have them, through the public functions, with accuracies by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset
from torchvision.datasets import ImageFolder
from torchvision.transforms import ToTensor
from torchvision.transforms.v2.functional import to_image

import dissect_widgets as dw
from dissect_widgets.errors import DataError, ProofError, SettingError

CLASSES = ("tench", "crane", "cab", "jay")
BYTES = np.random.default_rng(4).integers(0, 256, (23, 3, 11, 13), dtype=np.uint8)
TARGETS = np.random.default_rng(5).integers(0, 4, 23)


class Net(nn.Module):
    """Five units, four classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 5, 3, stride=2), nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.fc(self.conv(x).relu().amax((2, 3)))
        return scores


def net() -> Net:
    """One whose predictions vary."""
    with torch.random.fork_rng():
        made = Net().eval()
    random = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random))
        features = made.conv(torch.from_numpy(BYTES).float() / 255).relu().amax((2, 3))
        made.fc.bias -= made.fc(features).mean(0)
    return made


def test_string_targets_keep_their_meaning_when_classes_come_later() -> None:
    names = [CLASSES[number] for number in TARGETS]
    data = dw.ClassifierData(net(), HuggingFace(), targets=names)
    turned = data.with_classes(CLASSES[::-1])
    assert [int(t) for batch in turned.batches() for t in batch.targets] == (3 - TARGETS).tolist()


def predicted() -> np.ndarray[Any, Any]:
    """Classes that the network predicts, apart from all that reads data."""
    with torch.no_grad():
        return net()(torch.from_numpy(BYTES).float() / 255).argmax(1).numpy()


def recall(predictions: Any, targets: Any) -> list[float]:
    """Share of the images of each class that are predicted as it."""
    return [float((predictions[targets == c] == c).mean()) for c in range(4)]


def intact_recall(data: Any, **options: Any) -> tuple[list[float], tuple[str, ...]]:
    """Recall of the classes by name that `rank_units` finds, and their names."""
    classifier = dw.ClassifierData(net(), data, batch_size=4, **options)
    importance = dw.rank_units(classifier, "conv", progress=False)
    accuracy = importance.predictions.accuracy
    counts = np.bincount(importance.predictions.targets, minlength=4)
    hits = importance.predictions.targets == importance.predictions.predicted
    assert accuracy is not None
    found = [float(hits[importance.predictions.targets == c].sum() / counts[c]) for c in range(4)]
    return found, importance.classes


FLOATS = torch.from_numpy(BYTES).float() / 255


class HuggingFace:
    """As `datasets.Dataset`: items are mappings, columns are read by name, features name the classes."""

    def __init__(self) -> None:
        label = SimpleNamespace(names=list(CLASSES), num_classes=4)
        self.features = {"image": SimpleNamespace(), "label": label}
        self.column_names = ["image", "label"]

    def __len__(self) -> int:
        return 23

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return [self[index][key] for index in range(23)]
        if not 0 <= key < 23:
            raise IndexError(key)
        photo = Image.fromarray(BYTES[key].transpose(1, 2, 0))
        return {"image": photo, "label": int(TARGETS[key])}


class WithIndex(Dataset[Any]):
    """Three parts, as many return them."""

    def __len__(self) -> int:
        return 23

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return FLOATS[index], torch.tensor(TARGETS[index]), index


DATA: dict[str, Callable[[], Any]] = {
    "tensors": lambda: TensorDataset(FLOATS, torch.from_numpy(TARGETS)),
    "bytes": lambda: TensorDataset(torch.from_numpy(BYTES), torch.from_numpy(TARGETS)),
    "three parts": WithIndex,
    "loader": lambda: DataLoader(WithIndex(), batch_size=7),
    "subset": lambda: Subset(WithIndex(), range(23)),
    "list of mappings": lambda: [{"img": BYTES[i], "fine_label": TARGETS[i]} for i in range(23)],
    "channels last": lambda: [(BYTES[i].transpose(1, 2, 0), float(TARGETS[i])) for i in range(23)],
    "Hugging Face": HuggingFace,
    "torchvision's tensors": lambda: [(to_image(FLOATS[i]), [int(TARGETS[i])]) for i in range(23)],
    "stream": lambda: dw.InMemory(((FLOATS[i], TARGETS[i]) for i in range(23)), 23),
}


@pytest.mark.parametrize("form", DATA)
@pytest.mark.parametrize("workers", [0, 1])
def test_accuracies_are_those_by_hand(form: str, workers: int) -> None:
    found, names = intact_recall(DATA[form](), workers=workers)
    np.testing.assert_allclose(found, recall(predicted(), TARGETS), rtol=0, atol=1e-12)
    assert names == (CLASSES if form == "Hugging Face" else tuple(f"class {i}" for i in range(4)))


def test_explicit_targets_win() -> None:
    mirrored = 3 - TARGETS
    for targets in (
        mirrored.tolist(),
        torch.from_numpy(mirrored),
        pandas.Series(mirrored),
        mirrored.astype(float),
    ):
        found, _ = intact_recall(HuggingFace(), targets=targets)
        np.testing.assert_allclose(found, recall(predicted(), mirrored), rtol=0, atol=1e-12)
    names = [CLASSES[number] for number in mirrored]
    for given in ({"classes": CLASSES}, {}):
        found, _ = intact_recall(HuggingFace(), targets=names, **given)
        np.testing.assert_allclose(found, recall(predicted(), mirrored), rtol=0, atol=1e-12)


def folder(path: Path, **options: Any) -> ImageFolder:
    """Images in a folder for each class, whose order is that of the alphabet: cab, crane, jay, tench."""
    for number in range(23):
        to = path / CLASSES[TARGETS[number]]
        to.mkdir(exist_ok=True)
        Image.fromarray(BYTES[number].transpose(1, 2, 0)).save(to / f"{number:02}.png")
    return ImageFolder(str(path), ToTensor(), **options)


IN_FOLDERS = np.array([CLASSES.index(name) for name in sorted(CLASSES)])
"""Number of the network's class of each folder."""


def in_order(data: ImageFolder) -> np.ndarray[Any, Any]:
    """What the network predicts for the files."""
    return predicted()[[int(Path(path).stem) for path, _ in data.samples]]


def test_classes_come_from_the_items_of_a_folder(tmp_path: Path) -> None:
    data = folder(tmp_path, target_transform=lambda number: int(IN_FOLDERS[number]))
    truth = np.array([IN_FOLDERS[number] for number in data.targets])
    right = recall(in_order(data), truth)
    assert right != recall(in_order(data), np.array(data.targets)), "where .targets are wrong"
    for form in (data, Subset(data, range(23)), dw.InMemory(data), DataLoader(data, batch_size=5)):
        for classes in (None, CLASSES, dict(enumerate(CLASSES))):
            found, names = intact_recall(form, classes=classes)
            np.testing.assert_allclose(found, right, rtol=0, atol=1e-12)
            assert names == CLASSES, "names follow the numbers"


def test_without_a_transform_names_match_classes(tmp_path: Path) -> None:
    data = folder(tmp_path)
    truth = IN_FOLDERS[data.targets]
    found, names = intact_recall(data, classes=CLASSES)
    np.testing.assert_allclose(found, recall(in_order(data), truth), rtol=0, atol=1e-12)
    assert names == CLASSES


class Renumbered(ImageFolder):
    """Numbers classes in its items only."""

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, number = super().__getitem__(index)
        return image, int(IN_FOLDERS[number])


def test_items_that_number_classes_otherwise_are_right(tmp_path: Path) -> None:
    folder(tmp_path)
    data = Renumbered(str(tmp_path), ToTensor())
    truth = IN_FOLDERS[data.targets]
    found, names = intact_recall(data)
    np.testing.assert_allclose(found, recall(in_order(data), truth), rtol=0, atol=1e-12)
    assert names == ("class 0", "class 1", "class 2", "class 3"), "the folders' names are of other numbers"
    found, names = intact_recall(data, classes=CLASSES)
    np.testing.assert_allclose(found, recall(in_order(data), truth), rtol=0, atol=1e-12)
    assert names == CLASSES


def test_a_class_that_only_some_items_number_otherwise_is_named(tmp_path: Path) -> None:
    data = folder(tmp_path)
    data.targets = [*data.targets[:-1], 0]
    with pytest.raises(DataError, match=r"image 22 is of class 3, but 0 in `data.targets`"):
        intact_recall(data)


def test_augmentation_left_on_is_named(tmp_path: Path) -> None:
    data = folder(tmp_path)
    random = torch.Generator().manual_seed(0)

    def flipped(image: Image.Image) -> Tensor:
        pixels: Tensor = ToTensor()(image)
        return pixels.flip(2) if torch.rand((), generator=random) < 0.5 else pixels

    data.transform = flipped
    with pytest.raises(ProofError, match=r"image \d differs when it is read again.*augmentation"):
        intact_recall(data)
    held = dw.InMemory(data)
    assert intact_recall(held)[0] == intact_recall(held)[0]


@pytest.mark.parametrize(
    "classes",
    [
        dict(enumerate(CLASSES)),
        {str(number): name for number, name in reversed(list(enumerate(CLASSES)))},
        [("tench", "Tinca tinca"), ("crane",), ("cab", "hack", "taxi"), ("jay",)],
        pandas.Series(CLASSES),
        {name: number for number, name in enumerate(CLASSES)},
        SimpleNamespace(id2label=dict(enumerate(CLASSES))),
    ],
    ids=lambda classes: type(classes).__name__,
)
def test_names_of_classes_in_any_form(classes: Any) -> None:
    _, names = intact_recall(WithIndex(), classes=classes)
    assert names == CLASSES
    assert dw.ClassifierData(net(), WithIndex(), classes=iter(CLASSES)).on(FLOATS).classes == CLASSES
    with pytest.raises(SettingError, match="classes is str 'cat'"):
        intact_recall(WithIndex(), classes="cat")


@pytest.mark.parametrize(
    "data",
    [
        FLOATS,
        TensorDataset(FLOATS),
        TensorDataset(FLOATS, torch.from_numpy(TARGETS)),
        WithIndex(),
        HuggingFace(),
        DataLoader(TensorDataset(torch.from_numpy(BYTES)), batch_size=7),
        list(BYTES.transpose(0, 2, 3, 1)),
    ],
    ids=lambda data: type(data).__name__,
)
def test_images_alone_and_more_for_all_that_reads_them(data: Any) -> None:
    model = net()
    method = dw.CarliniWagner(steps=3, searches=1)
    attacked = dw.attack(dw.ClassifierData(model, data), images=[3, 17], method=method, progress=False)
    torch.testing.assert_close(attacked.clean, FLOATS[[3, 17]], atol=0, rtol=0)
    activations = dw.find_max_activations(model, "conv", data)
    with torch.no_grad():
        expected = model.conv(FLOATS).amax((2, 3)).numpy()
    np.testing.assert_allclose(activations, expected, atol=1e-5)
    whole = dw.dissect(model, "conv", dw.WithColors(FLOATS, label_size=(11, 13)), progress=False)
    colored = dw.dissect(model, "conv", dw.WithColors(data, label_size=(11, 13)), progress=False)
    np.testing.assert_array_equal(colored["conv"].intersection, whole["conv"].intersection)


def test_classes_that_no_segmenter_needs_are_left_out() -> None:
    """Items bring a class where others have a label map, and a segmenter labels the images."""

    class Bright:
        vocabulary = dw.Vocabulary([("bright", "color")])

        def __call__(self, images: Tensor) -> Tensor:
            return (images.mean(1, keepdim=True) > 0.5).long()

    model = net()
    one, other = (
        dw.dissect(model, "conv", data, segmenter=Bright(), progress=False) for data in (WithIndex(), FLOATS)
    )
    np.testing.assert_array_equal(one["conv"].intersection, other["conv"].intersection)


def test_a_class_is_no_label_map() -> None:
    data = WithIndex()
    data.vocabulary = dw.Vocabulary([("car", "object")])  # type: ignore[attr-defined]
    with pytest.raises(
        DataError, match=r"image 0 has the labels ndarray|image 0 has the labels \w+ .*integers"
    ):
        dw.dissect(net(), "conv", data, progress=False)


class Generator(nn.Module):
    """Latents of seven numbers to images."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.ConvTranspose2d(7, 24, 4)

    def forward(self, latents: Tensor) -> Tensor:
        return self.layer(latents.reshape(-1, 7, 1, 1)).relu()[:, :3].tanh()


@pytest.mark.parametrize(
    "form",
    [
        lambda z: TensorDataset(z),
        lambda z: z.numpy(),
        lambda z: z.double().numpy(),
        list,
        lambda z: DataLoader(TensorDataset(z), batch_size=2),
        lambda z: Subset(TensorDataset(z), range(5)),
        lambda z: [(latent,) for latent in z],
    ],
)
def test_latents_in_any_form(form: Callable[[Tensor], Any]) -> None:
    with torch.random.fork_rng():
        generator = Generator().eval()
    z = dw.latents(5, latent_dim=7)
    with torch.no_grad():
        expected = generator.layer(z).amax((2, 3)).numpy()
    found = dw.find_max_activations(generator, "layer", form(z))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    drawn = dw.edit(generator, form(z), dw.Edit("layer", [1]))
    torch.testing.assert_close(drawn, dw.edit(generator, z, dw.Edit("layer", [1])), atol=0, rtol=0)
    with pytest.raises(DataError, match=r"The first item is tuple .*a generator takes latents alone"):
        dw.find_max_activations(generator, "layer", TensorDataset(z, torch.arange(5)))

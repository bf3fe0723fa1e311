"""The figures of PNAS 2020 on the paper's own networks and images, from files that you have downloaded.

Where they are published:

- networks: https://dissect.csail.mit.edu/models/ (`vgg16_places365-0bafbc55.pth`,
  `proggan_kitchen-67f1e16c.pth`, `proggan_churchoutdoor-7e701dd5.pth`);
- Places365: http://places2.csail.mit.edu, ImageNet: https://image-net.org, each unpacked into a folder for
  each class;
- a segmenter of ADE20K's concepts: https://huggingface.co/nvidia/segformer-b5-finetuned-ade-640-640. The
  paper's own, with 1,825 concepts, runs on the published code alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import nn
from torchvision.datasets import ImageFolder
from torchvision.transforms import CenterCrop, Compose, Resize, ToTensor

from dissect_widgets.core.attacks.carlini_wagner import CarliniWagner
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.files.json_files import read_small
from dissect_widgets.core.files.target import input_folder
from dissect_widgets.datasets.photos import load_photo
from dissect_widgets.errors import DataError, SettingError, nearest, shown
from dissect_widgets.models.places365 import load_places_vgg16
from dissect_widgets.models.progressive_gan import load_generator
from dissect_widgets.models.zoo import normalize
from dissect_widgets.replication.studies.own import own_generator
from dissect_widgets.replication.studies.part import Part
from dissect_widgets.replication.studies.study import ClassifierStudy, GeneratorStudy

AIRPLANES: Final = ("n02690373", "n04552348")
"""ImageNet's airliner and warplane."""


def places_classifier(
    weights: str | Path,
    places: str | Path,
    segmenter: Segmenter,
    imagenet: str | Path,
    *,
    images: int = 3650,
    class_name: str = "ski_resort",
    target_name: str = "bedroom",
    concept: str | Concept = "airplane",
    attacked: int = 100,
) -> ClassifierStudy:
    """Study the paper's classifier, VGG-16 for the scenes of Places365.

    Parameters
    ----------
    weights
        See `load_places_vgg16`.
    places
        Folder with `categories_places365.txt`, and `train/` and `val/` with a folder of photos for each
        scene, named as there, with "-" for an inner "/": `hangar-indoor`.
    segmenter
        Labels photos; see `load_public_segmenter`.
    imagenet
        Folder with a folder of photos for each of ImageNet's classes, named `n02690373` and so on, such as
        that of its validation images.
    images
        Number of photos to dissect over, to rank on and to hold out, each; evenly spread over all.
    class_name, target_name, concept, attacked
        See `ClassifierStudy`.

    Raises
    ------
    DataError
        If a folder or the table of scenes is missing, or has no photos of a class that is needed.
    WeightsError, SettingError, ConceptError
        For weights of another network, a scene or a concept that does not exist.
    """
    root = input_folder(places, what="places", error=DataError)
    classes = _scenes(root / "categories_places365.txt")
    for name in (class_name, target_name):
        if name not in classes:
            raise SettingError(f"Places365 has no scene {shown(name)}.{nearest(name, classes)}")
    train, held_out = (_evenly(_folder(root / split), images, classes) for split in ("train", "val"))
    objects = _folder(input_folder(imagenet, what="imagenet", error=DataError))
    airplane = np.isin(np.array(objects.classes)[objects.targets], AIRPLANES)
    things = tuple(Part(objects, _spread(np.flatnonzero(kind), 1000)) for kind in (airplane, ~airplane))
    for what, part in zip(("of airplanes", "of anything else"), things, strict=True):
        if len(part) < 2:
            raise DataError(
                f"{imagenet} has {len(part)} photos {what}; two are needed ({', '.join(AIRPLANES)})."
            )
    model = load_places_vgg16(weights)
    convolutions = tuple(name for name, module in model.named_modules() if isinstance(module, nn.Conv2d))
    return ClassifierStudy(
        name="Places365, by ADE20K's concepts",
        model=model,
        layers=convolutions,
        layer=convolutions[-1],
        labeled=Part(held_out.data, held_out.images),
        train=train,
        held_out=held_out,
        concept=segmenter.vocabulary[segmenter.vocabulary.find(concept)],
        things=(things[0], things[1]),
        class_name=class_name,
        target_name=target_name,
        classes=classes,
        preprocess=normalize(),
        segmenter=segmenter,
        method=CarliniWagner(),
        attacked=attacked,
    )


def lsun_generator(
    weights: str | Path,
    segmenter: Segmenter,
    *,
    layer: str = "layer4",
    predicted: str | Concept = "windowpane",
    removed: str | Concept = "tree",
    others: Sequence[str | Concept] = ("building", "grass", "sky"),
    inserted: str | Concept = "door",
    contexts: Sequence[str | Concept] = ("windowpane", "building", "grass", "tree", "sky"),
    painted: str | Concept = "door",
    samples: int = 2000,
) -> GeneratorStudy:
    """Study one of the paper's generators, Progressive GANs of LSUN's churches, kitchens and others.

    Parameters
    ----------
    weights
        See `load_generator`. Fig. 3 is of kitchens (`layer="layer5"`), Figs 4 and 6 of churches.
    segmenter
        Labels images; see `load_public_segmenter`.
    layer, predicted, removed, others, inserted, contexts, painted, samples
        See `GeneratorStudy`; concepts by the segmenter's names.

    Raises
    ------
    WeightsError, ConceptError
        For weights of another network, and a concept that the segmenter does not know.
    LayerError
        If there is no such layer.
    """
    generator = load_generator(weights)
    return own_generator(
        generator,
        segmenter,
        layer,
        layers=tuple(name for name, _ in generator.named_children())[:-1],
        latent_dim=generator.latent_dim,
        removed=removed,
        others=others,
        predicted=predicted,
        inserted=inserted,
        contexts=contexts,
        painted=painted,
        samples=samples,
        name=Path(weights).stem,
    )


def _scenes(path: Path) -> tuple[str, ...]:
    """Names of the scenes, in the order of the scores."""
    if not path.is_file():
        raise DataError(f"There is no file {path}, with the names of the scenes of Places365.")
    try:
        text = read_small(path, most_bytes=1 << 20, error=DataError).decode("utf-8-sig")
        lines = [line.split() for line in text.splitlines() if line.strip()]
        numbered = {int(number): name[3:].replace("/", "-") for name, number in lines}
    except ValueError:
        raise DataError(
            f"{path} has a line that is not a scene and its number, such as '/a/airfield 0'."
        ) from None
    if sorted(numbered) != list(range(len(numbered))):
        raise DataError(f"The scenes in {path} are not numbered from 0, without gaps or duplicates.")
    return tuple(numbered[number] for number in range(len(numbered)))


def _folder(path: Path) -> ImageFolder:
    """Photos in a folder for each class, resized and cropped as in the training of the network."""
    transform = Compose([Resize((256, 256)), CenterCrop(224), ToTensor()])
    try:
        return ImageFolder(str(path), transform, loader=load_photo)
    except FileNotFoundError as error:
        raise DataError(f"{path} is not a folder with a folder of photos for each class: {error}") from error


def _evenly(data: ImageFolder, images: int, classes: Sequence[str]) -> Part:
    """Some photos of all scenes, with the network's numbers of the scenes."""
    unknown = [name for name in data.classes if name not in classes]
    if unknown:
        raise DataError(f"{data.root} has a folder {shown(unknown[0])}.{nearest(unknown[0], classes)}")
    numbers = [classes.index(name) for name in data.classes]
    targets = [numbers[target] for target in data.targets]
    return Part(data, _spread(np.arange(len(data)), images), targets, classes)


def _spread(images: NDArray[np.int64], count: int) -> list[int]:
    """So many of these images, evenly spread; all, if there are not more."""
    positions = np.linspace(0, len(images) - 1, min(count, len(images))).round().astype(np.int64)
    return [int(image) for image in images[positions]]

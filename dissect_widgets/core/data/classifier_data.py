"""A classifier, one of its layers, and images whose classes are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dissect_widgets.core.data.batches import fill_up, image_name, load_batches, network_input
from dissect_widgets.core.network.hooks import find_layer, model_device, model_dtype, training_module
from dissect_widgets.core.network.layers import LayerInfo, plan_layers
from dissect_widgets.errors import ActivationError, DataError, SettingError, nearest


class ClassBatch(NamedTuple):
    """Some images of a classifier, as it takes them."""

    indices: list[int]
    images: Tensor
    """float (len(indices), 3, H, W) in [0, 1], as they are in the data."""
    pictures: Tensor
    """float (batch size, 3, H, W); the last batch is filled up with its last image."""
    targets: NDArray[np.int64]
    """int64 (len(indices),); -1 where the network's own predictions are to be the targets."""
    done: int


class ClassifierData:
    """A classifier and images of known classes, checked.

    Parameters
    ----------
    model
        In evaluation mode; puts out scores (B, classes).
    layer
        Dotted name; None where only the scores are of interest.
    data
        Items are images float (3, H, W) in [0, 1], or tuples of an image and its class.
    targets
        Class of each image, numbers from 0. By default `data.targets`, else the second of each item.
        "predicted" takes what the network itself says, for images whose classes nobody knows.
    classes
        Names of the classes, in the order of the scores. By default `data.classes`. If both are given,
        classes of the data are found by their names.
    preprocess
        Makes of pictures what the network takes.
    batch_size
        Images that are read at once; by default 8 on a CPU, 32 elsewhere.

    Raises
    ------
    SettingError, LayerError, DataError
        A network in training mode, an unknown layer, no images, names of classes that do not fit.
    """

    def __init__(
        self,
        model: nn.Module,
        layer: str | None,
        data: Any,
        *,
        targets: Sequence[int] | Literal["predicted"] | None = None,
        classes: Sequence[str] | None = None,
        preprocess: Callable[[Tensor], Tensor] | None = None,
        batch_size: int | None = None,
    ) -> None:
        if layer is not None:
            find_layer(model, layer)
        training = training_module(model)
        if training is not None:
            raise SettingError(
                f"The model is in training mode (module {training!r}): dropout and batch norm would change "
                "predictions at random. Call model.eval() first."
            )
        if not len(data):
            raise DataError("There are no images in the data.")
        self.model, self.layer, self.data, self.preprocess = model, layer or "", data, preprocess
        self.device, self.dtype = model_device(model), model_dtype(model)
        self.batch_size = batch_size or (8 if self.device.type == "cpu" else 32)
        if isinstance(targets, str):
            if targets != "predicted":
                raise SettingError(f"targets is {targets!r}; it may be numbers of classes, or 'predicted'.")
            self.targets: NDArray[np.int64] | None = np.full(len(data), -1)
        else:
            own = getattr(data, "targets", None) if targets is None else targets
            self.targets = None if own is None else np.asarray(own, np.int64)
        if self.targets is not None and self.targets.shape != (len(data),):
            raise SettingError(f"There are {self.targets.size} targets for {len(data)} images.")
        self.predicts = isinstance(targets, str)
        self.data_classes = None if targets is not None else _names(getattr(data, "classes", None))
        self.classes = _names(classes) if classes is not None else self.data_classes
        self._translation = self._translate()

    def _translate(self) -> NDArray[np.int64] | None:
        """Classes of the data to those of the network, where both have names."""
        if self.classes is None or self.data_classes is None:
            return None
        places = {name: place for place, name in enumerate(self.classes)}
        unknown = [name for name in self.data_classes if name not in places]
        if unknown:
            raise SettingError(f"`classes` has no {unknown[0]!r} of the data.{nearest(unknown[0], places)}")
        return np.array([places[name] for name in self.data_classes], np.int64)

    def plan(self, pictures: Tensor) -> LayerInfo:
        """How the layer is read; pictures as the network takes them."""
        size = (int(pictures.shape[-2]), int(pictures.shape[-1]))
        plans = plan_layers(
            self.model, [self.layer], pictures[:2], rule="half-pixel", token_grids={}, picture=size
        )
        return plans[self.layer].info

    def check_classes(self, count: int) -> tuple[str, ...]:
        """Names of the classes of scores (B, count), once they are sure to fit."""
        if self.classes is None:
            return tuple(f"class {number}" for number in range(count))
        if len(self.classes) != count:
            whose = "`classes` has" if self.classes is not self.data_classes else "The data have"
            raise SettingError(
                f"{whose} {len(self.classes)} names, but the network tells {count} classes apart; give the "
                "names of all of them as `classes`, in the order of the scores."
            )
        return self.classes

    def batches(
        self, *, start: int = 0, workers: int = 0, images: Sequence[int] | None = None
    ) -> Iterator[ClassBatch]:
        """Go through the images, or some of them, from the `start`-th, in full batches."""
        indices, size = range(len(self.data)) if images is None else images, max(self.batch_size, 2)
        for batch in load_batches(_Items(self), indices, size, start=start, workers=workers):
            full = fill_up(batch.images, size)
            pictures = network_input(full, self.device, self.dtype, self.preprocess)
            targets = np.array([int(target) for target in batch.labels], np.int64)
            yield ClassBatch(batch.indices, batch.images, pictures, targets, batch.done)

    def name_of(self, image: int) -> str:
        """Name of an image of the data."""
        return image_name(self.data, image)

    def target(self, index: int, second: Any) -> int:
        """Class of an image, as a number of the network's."""
        if self.predicts:
            return -1
        value = second if self.targets is None else self.targets[index]
        if value is None or (isinstance(value, (Tensor, np.ndarray)) and value.ndim):
            what = "nothing" if value is None else f"labels of shape {tuple(value.shape)}"
            raise DataError(
                f"{self.name_of(index)} has {what} where its class should be. Give `targets`, one number for "
                'each image, or targets="predicted" to take the network at its word.'
            )
        number, known = int(value), self.data_classes or self.classes
        if number < 0 or (known is not None and number >= len(known)):
            last = f"0 to {len(known) - 1}" if known is not None else "0 and above"
            raise DataError(f"{self.name_of(index)} is of class {number}; allowed are {last}.")
        return number if self._translation is None else int(self._translation[number])


def checked_scores(scores: Tensor, source: ClassifierData, batch: ClassBatch) -> None:
    """Raise ActivationError unless scores (B, classes) are finite."""
    bad = (~torch.isfinite(scores)).any(1)
    if bad.any():
        name = source.name_of(batch.indices[int(bad.nonzero()[0])])
        raise ActivationError(f"The network's scores of image {name!r} are not finite numbers.")


def checked_targets(scores: Tensor, source: ClassifierData, batch: ClassBatch) -> Tensor:
    """Classes of a batch, int64 (B,), once they are sure to be among those of scores (B, classes)."""
    if source.predicts:
        return scores.argmax(1)
    if batch.targets.max() >= scores.shape[1]:
        image = int(batch.targets.argmax())
        raise DataError(
            f"{source.name_of(batch.indices[image])} is of class {batch.targets[image]}; the network tells "
            f"{scores.shape[1]} classes apart, 0 to {scores.shape[1] - 1}."
        )
    return torch.from_numpy(batch.targets).to(source.device)


class _Items:
    """Images with their classes, for loading."""

    def __init__(self, source: ClassifierData) -> None:
        self.source = source
        self.names = getattr(source.data, "names", None)

    def __len__(self) -> int:
        return len(self.source.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        item = self.source.data[index]
        image, second = item if isinstance(item, (tuple, list)) else (item, None)
        return image, torch.tensor(self.source.target(index, second))


def _names(classes: Sequence[str] | None) -> tuple[str, ...] | None:
    if classes is None:
        return None
    names = tuple(map(str, classes))
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise SettingError(f"Classes must have different names; {twice!r} stands there more than once.")
    return names

"""A classifier, and images to run it on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from dissect_widgets.core.data.arrays import Int64s
from dissect_widgets.core.data.batches import fill_up, load_batches
from dissect_widgets.core.data.class_names import class_names, matched_classes
from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.item_classes import ItemClasses
from dissect_widgets.core.data.preprocessing import Preprocessing
from dissect_widgets.core.data.targets import as_classes, has_names
from dissect_widgets.core.data.views import image_name
from dissect_widgets.core.network.evaluation import training_module
from dissect_widgets.core.network.hooks import model_device, model_dtype
from dissect_widgets.core.network.original import original
from dissect_widgets.errors import ActivationError, DataError, SettingError, shown


class ClassBatch(NamedTuple):
    """Some images of a classifier, and its input for them."""

    indices: list[int]
    images: Tensor
    """float (len(indices), 3, H, W) in [0, 1], as they are in the data."""
    inputs: Tensor
    """float (batch size, 3, H, W), input of the model; the last batch is padded with its last image."""
    targets: Int64s
    """int64 (len(indices),); -1 where the model's predictions are the labels."""
    done: int


class ClassifierData:
    """A classifier and images to run it on: what every experiment on a classifier starts from.

    >>> classifier = ClassifierData(model, validation, preprocess=normalize())
    >>> importance = rank_units(classifier, "layer4")
    >>> attacked = attack(classifier.on(test), "nearest")

    Parameters
    ----------
    model
        Any classifier in evaluation mode, on the device where it is to run; outputs scores (B, classes).
    data
        Items are images, (3, H, W) in [0, 1], tuples of an image, its class and more, or mappings of Hugging
        Face's data sets; see `items` and `pixels` for the forms they may have, `containers` for the data.
    targets
        Class of each image, a number from 0, or a name among the classes; by default what the items say, and
        `data.targets` where these bring none. "predicted" uses the model's predictions as labels, for images
        whose classes nobody knows. Attacks do not look at targets.
    classes
        Names of the model's classes, in the order of the scores, as a list, as {0: name}, or in another form
        of `class_names`; by default those of the data. If both are given, labels of the data are matched to
        the model's classes by name.
    preprocess
        Turns images in [0, 1] into the model's input; mostly `normalize()`. Functions of a batch
        (B, 3, H, W) or of one image will do, and those of Pillow images, such as torchvision's and timm's
        transforms and image processors of Hugging Face. Attacks need it to be differentiable.
    batch_size
        Images that are read together; by default 8 on a CPU, 32 elsewhere.
    workers
        Processes that load images ahead; 0 loads them in this one.

    Attributes
    ----------
    device, dtype
        Of the model.
    preprocessing
        `preprocess` as a function of batches, proved to be one of each image at its first use.
    predicts
        Whether the model's predictions are used as labels.

    Raises
    ------
    SettingError
        If the model is in training mode, names of classes are not unique, or there is not one target for
        each image.
    DataError
        If there are no images.
    """

    def __init__(
        self,
        model: nn.Module,
        data: Any,
        *,
        targets: Sequence[int | str] | Literal["predicted"] | None = None,
        classes: Any = None,
        preprocess: Callable[[Tensor], Tensor] | None = None,
        batch_size: int | None = None,
        workers: int = 0,
    ) -> None:
        model = original(model)
        training = training_module(model)
        if training is not None:
            raise SettingError(
                f"The model is in training mode (module {shown(training)}): dropout and batch norm would "
                "change "
                "predictions at random. Call model.eval() first."
            )
        self.data = as_data(data)
        if not len(self.data):
            raise DataError("There are no images in the data.")
        if isinstance(targets, str) and targets != "predicted":
            raise SettingError(f"targets is {shown(targets)}; it may be numbers of classes, or 'predicted'.")
        self.model, self.preprocess, self.workers = model, preprocess, workers
        self.device, self.dtype = model_device(model), model_dtype(model)
        self.preprocessing = Preprocessing(preprocess, self.device, self.dtype)
        self._is_dtype_proved = False
        self.batch_size = batch_size or (8 if self.device.type == "cpu" else 32)
        self.predicts = isinstance(targets, str)
        self._given_classes, self._of_items = class_names(classes), ItemClasses(self.data)
        self._options = {
            "classes": self._given_classes,
            "preprocess": preprocess,
            "batch_size": batch_size,
        }
        self._labels_are_the_datas, self._targets_option = targets is None, targets
        self._classes_may_be_others = classes is None and targets is not None
        self._given_targets: Int64s | None = None
        if targets is not None and not self.predicts:
            known = self._given_classes
            if known is None and has_names(targets):
                known, self._classes_may_be_others = self._of_items.given_names, False
            self._given_targets = as_classes(targets, len(self.data), known, self.name_of)

    def __repr__(self) -> str:
        names = self._given_classes or self._of_items.given_names
        named = "" if names is None else f", {len(names)} classes"
        kind = type(self.data).__name__
        return f"<ClassifierData: {type(self.model).__name__} on {len(self.data)} images ({kind}){named}>"

    def on(
        self, data: Any, *, targets: Sequence[int | str] | Literal["predicted"] | None = None
    ) -> ClassifierData:
        """The same classifier on other images.

        Parameters
        ----------
        data, targets
            As for `ClassifierData`; "predicted" stays if it was given for these images and `targets` is not.
        """
        kept: Literal["predicted"] | None = "predicted" if self.predicts else None
        return self._with(data, kept if targets is None else targets)

    @cached_property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the model's classes, as given or as of the data; None if nothing names them."""
        return self._of_items.names if self._given_classes is None else self._given_classes

    @property
    def _label_classes(self) -> tuple[str, ...] | None:
        """Names of the classes that labels number, where these are the data's."""
        return self._of_items.names if self._labels_are_the_datas else None

    def with_classes(self, classes: Sequence[str]) -> ClassifierData:
        """The same, with these names of the model's classes unless others were given explicitly."""
        if self._options["classes"] is not None:
            return self
        given: Any = "predicted" if self.predicts else self._targets_option
        return self._with(self.data, given, classes=classes)

    def _with(self, data: Any, targets: Any, **options: Any) -> ClassifierData:
        return ClassifierData(
            self.model, data, targets=targets, workers=self.workers, **self._options | options
        )

    def without_labels(self) -> ClassifierData:
        """The same images, whose labels are not looked at: as with "predicted" for `targets`."""
        unlabeled = copy(self)
        unlabeled.__dict__.pop("targets", None)
        unlabeled.predicts = True
        unlabeled._classes_may_be_others = self._given_classes is None
        return unlabeled

    @cached_property
    def targets(self) -> Int64s | None:
        """int64 (images,), as given or as the data list them; None if neither, or they are no classes."""
        if self.predicts:
            return None
        return self._of_items.listed_numbers() if self._given_targets is None else self._given_targets

    @cached_property
    def _translation(self) -> Int64s | None:
        """Classes of the data to those of the model, where both have names."""
        if self.classes is None or self._label_classes is None:
            return None
        return matched_classes(self._label_classes, self.classes)

    def check_classes(self, count: int) -> tuple[str, ...]:
        """Names of the classes of scores (B, count); SettingError if those that are known do not fit."""
        fits = self.classes is not None and len(self.classes) == count
        if self.classes is None or (self._classes_may_be_others and not fits):
            return tuple(f"class {number}" for number in range(count))
        if not fits:
            whose = "`classes` has" if self._options["classes"] is not None else "The data have"
            raise SettingError(
                f"{whose} {len(self.classes)} names, but the network has {count} classes; give the "
                "names of all of them as `classes`, in the order of the scores."
            )
        return self.classes

    def batches(
        self,
        *,
        start: int = 0,
        images: Sequence[int] | None = None,
        workers: int | None = None,
        again: bool = True,
    ) -> Iterator[ClassBatch]:
        """Go through the images, or some of them, in full batches; see `load_batches`."""
        if not self.predicts:
            self._translation  # noqa: B018  # a mistake in it is reported here, not by a worker
        indices, size = range(len(self.data)) if images is None else images, max(self.batch_size, 2)
        ahead = self.workers if workers is None else workers
        for batch in load_batches(
            self.data, indices, size, start=start, workers=ahead, beside=self.target, again=again
        ):
            full = fill_up(batch.images, size)
            inputs = self.preprocessing(full)
            if not self._is_dtype_proved:
                self.dtype = self.preprocessing.dtype = model_dtype(self.model, inputs[:1])
                inputs = inputs if inputs.dtype == self.dtype else self.preprocessing(full)
                self._is_dtype_proved = True
            targets = np.array([int(target) for target in batch.labels], np.int64)
            yield ClassBatch(batch.indices, batch.images, inputs, targets, batch.done)

    def name_of(self, image: int) -> str:
        """Name of an image of the data."""
        return image_name(self.data, image)

    def target(self, item: Any, index: int) -> int:
        """Class of an item, as a number of the model's."""
        if self.predicts:
            return -1
        if self._given_targets is not None:
            return int(self._given_targets[index])
        known = self._label_classes or (None if self._classes_may_be_others else self.classes)
        number = self._of_items.number(item, index, known)
        return number if self._translation is None else int(self._translation[number])


def checked_scores(scores: Tensor, classifier: ClassifierData, batch: ClassBatch) -> None:
    """Raise ActivationError unless scores (B, classes) are finite."""
    bad = (~torch.isfinite(scores)).any(1)
    if bad.any():
        name = classifier.name_of(batch.indices[int(bad.nonzero()[0])])
        raise ActivationError(f"The network's scores of image {shown(name)} are not finite numbers.")


def checked_targets(scores: Tensor, classifier: ClassifierData, batch: ClassBatch) -> Tensor:
    """Classes of a batch, int64 (B,), once they are sure to be among those of scores (B, classes)."""
    if classifier.predicts:
        return scores.argmax(1)
    if batch.targets.max() >= scores.shape[1]:
        image = int(batch.targets.argmax())
        raise DataError(
            f"{classifier.name_of(batch.indices[image])} is of class {batch.targets[image]}; the network has "
            f"{scores.shape[1]} classes, 0 to {scores.shape[1] - 1}."
        )
    return torch.from_numpy(batch.targets).to(classifier.device)

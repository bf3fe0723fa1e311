"""Some images of a data set, with their names and classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.items import image_of, label_map_of
from dissect_widgets.core.data.types import LabeledImages
from dissect_widgets.core.data.views import image_name
from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.errors import DataError, shown


class Part:
    """Some images of a data set, with classes.

    Parameters
    ----------
    data
        Items are images, or tuples that begin with one.
    images
        Indices of the images that are part of it.
    targets, classes
        Class of every image of the data, as a number, and the names of all classes, if they are known.
    """

    def __init__(
        self,
        data: Any,
        images: Sequence[int],
        targets: Sequence[int] | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        self.data, self.images = as_data(data), list(images)
        self.names = [image_name(self.data, i) for i in self.images]
        if targets is not None:
            self.targets = [int(targets[i]) for i in self.images]
        if classes is not None:
            self.classes = tuple(classes)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        return image_of(self.data[self.images[index]], self.names[index])


def with_and_without(labeled: LabeledImages, concept: Concept, *, least: float = 0.05) -> tuple[Part, Part]:
    """Images that show a concept on more than a share of their labels, and all others (as in Fig. 3f).

    Raises
    ------
    DataError
        If there are not two of either.
    """
    number = labeled.vocabulary.index(*concept)
    shares = []
    for index in range(len(labeled)):
        labels = np.asarray(label_map_of(labeled[index], image_name(labeled, index)))
        shares.append(float((labels == number).any(0).mean()))
    with_concept = [i for i, share in enumerate(shares) if share > least]
    others = [i for i, share in enumerate(shares) if share <= least]
    for what, images in (("more", with_concept), ("less", others)):
        if len(images) < 2:
            raise DataError(
                f"{len(images)} of the {len(labeled)} images show {shown(concept.name)} on {what} than "
                f"{least:.0%} of their labels; at least two must."
            )
    return Part(labeled, with_concept), Part(labeled, others)

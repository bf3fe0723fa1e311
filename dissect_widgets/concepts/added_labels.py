"""Labeled images with label channels that are computed from them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.items import checked_labels, image_of, label_map_of
from dissect_widgets.core.data.pixels import as_image
from dissect_widgets.core.data.provenance import data_digest
from dissect_widgets.core.data.views import image_name
from dissect_widgets.core.data.vocabulary import Vocabulary


class AddedLabels(Dataset[tuple[Tensor, Tensor]]):
    """Base of labeled images with more label channels; all else is the wrapped data's.

    Parameters
    ----------
    data
        Labeled images, or unlabeled ones.
    added
        Vocabulary of the channels that are added.
    """

    def __init__(self, data: Any, added: Vocabulary) -> None:
        self.data = as_data(data)
        self.vocabulary = (getattr(self.data, "vocabulary", None) or Vocabulary([])) + added
        self._translation = torch.from_numpy(added.translation(self.vocabulary))

    def __len__(self) -> int:
        return len(self.data)

    @property
    def names(self) -> Sequence[str]:
        """Names of the images, if the wrapped data have them."""
        names: Sequence[str] = self.data.names
        return names

    def digest(self) -> str:
        """Digest of the wrapped data, and of what is added."""
        added = f"{type(self).__name__} {self._settings()} {data_digest(self.data)}"
        return hashlib.sha256(added.encode()).hexdigest()

    def _settings(self) -> Any:
        """Settings that change the added channels, for the digest."""

    def _image_of(self, item: Any, index: int) -> Tensor:
        """Image of an item of the wrapped data."""
        name = image_name(self.data, index)
        return as_image(image_of(item, name), name)

    def _labels_of(self, item: Any, index: int) -> Tensor:
        """Labels of an item, int64 (K, h, w); an error if one is outside of the vocabulary of the data."""
        name = image_name(self.data, index)
        checked = checked_labels(label_map_of(item, name), len(self.data.vocabulary), name)
        return torch.from_numpy(checked.astype(np.int64))

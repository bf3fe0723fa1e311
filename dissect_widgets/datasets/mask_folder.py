"""Folders of photos, and of masks that label each pixel.

>>> data = MaskFolder("camvid/images", "camvid/masks", "camvid/classes.csv", unlabeled=[11])
>>> image, labels = data[0]          # (3, 224, 224) in [0, 1], (1, 112, 112)
>>> data.vocabulary[int(labels[0, 50, 50])]
Concept(name='car', category='object')
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from operator import index
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from dissect_widgets.core.data.sizes import Size, sides
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.files.target import input_file, input_folder
from dissect_widgets.core.proofs.report import Proof
from dissect_widgets.datasets.files import PathLike, file_state, photo_endings, warn_of
from dissect_widgets.datasets.frames import ORIENTATIONS, MaskOrientation, laid_on, proved_orientation
from dissect_widgets.datasets.masks import MaskTable, read_mask
from dissect_widgets.datasets.pairing import Affix, pair
from dissect_widgets.datasets.photos import read_photo
from dissect_widgets.datasets.proofs import prove_files
from dissect_widgets.datasets.tables import MAX_VALUE, read_class_table, read_image_labels
from dissect_widgets.errors import DataError, SettingError, shown


class MaskFolder(Dataset[tuple[Tensor, Tensor]]):
    """Photos with masks, in the layout of CamVid, VOC, Cityscapes, ADE20K and the like.

    Parameters
    ----------
    images
        Folder of photos, of all kinds that Pillow opens; folders in it and links are followed. A photo is
        turned upright where its EXIF says so.
    masks
        Folder of masks that have the names of their photos, as .png, .tif, .bmp or .gif, as large as the
        photo: palette or gray, 8 or 16 bits; or colors, if the table of classes has them. Several folders
        give parallel label channels: objects, parts, materials. None if the only labels are `image_labels`.
    classes
        CSV file with the columns name, category, and value or a color (color as "#804020", or red, green,
        blue), for each folder of masks; or one for all.
    size
        Side, or (H, W), that photos are resized to, in pixels (bilinear).
    label_size
        Side, or (rows, columns), that masks are resized to (nearest).
    image_labels
        CSV file with the columns image, name, category: labels of whole images, such as scenes.
    unlabeled
        Mask value or values, 0 to 65535, that mean no class.
    image_suffix, image_prefix
        What names of photos have more than those of masks, such as "_leftImg8bit" of Cityscapes. Photos
        without are passed over. A suffix may have an ending: ".jpg" of photos and ".png" of masks pair files
        of one folder.
    mask_suffix, mask_prefix
        What names of masks have more than those of photos, such as "_L" in 0001TP_006690_L.png; one for each
        folder of masks, or one for all. Masks without are passed over.
    mask_orientation
        How masks lie on photos that EXIF turns, where their sizes do not show it: "upright", as people see
        the photo, or "stored", as its pixels are. By default as the sizes of the other masks show; if they do
        not, such photos are refused.
    skip_unpaired
        Whether to skip photos without masks and masks without photos. They are listed in `unpaired`.

    Attributes
    ----------
    names
        The photos, sorted.
    unpaired
        Photos without masks, and masks without photos.
    passed_over
        All other files in the folders, and why they are not read.

    Raises
    ------
    DataError
        If a folder is empty, photos and masks do not pair, or a table is wrong. Items raise it if a
        file is damaged, or a mask has another size than its photo or a value that is no class's.
    """

    def __init__(
        self,
        images: PathLike,
        masks: PathLike | Sequence[PathLike] | None,
        classes: PathLike | Sequence[PathLike] | None,
        *,
        size: Size = 224,
        label_size: Size = 112,
        image_labels: PathLike | None = None,
        unlabeled: int | Iterable[int] = (),
        image_suffix: str = "",
        mask_suffix: str | Sequence[str] = "",
        image_prefix: str = "",
        mask_prefix: str | Sequence[str] = "",
        mask_orientation: MaskOrientation | None = None,
        skip_unpaired: bool = False,
    ) -> None:
        self.images = input_folder(images, what="images", error=DataError)
        self.masks = [input_folder(folder, what="masks", error=DataError) for folder in _listed(masks)]
        self.classes = [input_file(table, what="classes", error=DataError) for table in _listed(classes)]
        self.size, self.label_size = sides(size, "size"), sides(label_size, "label_size")
        if mask_orientation is not None and mask_orientation not in ORIENTATIONS:
            raise SettingError(
                f"mask_orientation is {shown(mask_orientation)}; it may be 'upright' or 'stored'."
            )
        self.mask_orientation = mask_orientation
        self._proved_orientation: MaskOrientation | Literal[""] | None = ""  # not looked at yet
        if len(self.classes) == 1 and self.masks:
            self.classes *= len(self.masks)
        if not self.masks and image_labels is not None:
            self.classes = []
        if len(self.classes) != len(self.masks):
            raise SettingError(
                f"There are {len(self.masks)} folders of masks, but {len(self.classes)} of classes."
            )
        if not self.masks and image_labels is None:
            raise SettingError("There are no labels: give masks and classes, or image_labels, or both.")
        prefixes = self._for_each_folder(mask_prefix, "mask_prefix")
        suffixes = self._for_each_folder(mask_suffix, "mask_suffix")
        affixes = [Affix(*affix) for affix in zip(prefixes, suffixes, strict=True)]
        image = Affix(image_prefix, image_suffix, photo_endings())
        pairs = pair(self.images, self.masks, image, affixes, skip_unpaired=skip_unpaired)
        self.names: list[str] = list(pairs.masks)
        self.unpaired, self.passed_over = pairs.unpaired, pairs.passed_over
        self._paths: list[list[Path]] = list(pairs.masks.values())
        self._read_tables(
            image_labels,
            _integers(unlabeled),
            pairs.photos,
        )
        warn_of(self.passed_over)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        path = self.images / self.names[index]
        photo = read_photo(path, self.size)
        channels = []
        for mask_path, table in zip(self._paths[index], self._tables, strict=True):
            mask = read_mask(mask_path)
            labels = laid_on(table.labels(mask), mask, photo, path, self._orientation_of_masks)
            small = Image.fromarray(labels).resize(self.label_size[::-1], Image.Resampling.NEAREST)
            channels.append(np.array(small, np.int32))
        channels += [np.full(self.label_size, label, np.int32) for label in self._image_labels[index]]
        return photo.pixels, torch.from_numpy(np.stack(channels))

    def proofs(self) -> list[Proof]:
        """What is proved of the files, by a look at a few photos and their masks."""
        return prove_files(self, self.unpaired)

    def digest(self) -> str:
        """SHA-256 over the names, sizes and times of all files, and the meaning of the masks."""
        settings = (self.size, self.label_size, self._image_labels, self.mask_orientation)
        digest = hashlib.sha256(repr(settings).encode())
        for name, masks in zip(self.names, self._paths, strict=True):
            for path in (self.images / name, *masks):
                digest.update(file_state(path, str(path)))
        for table in self._tables:
            digest.update(table.tobytes())
        return digest.hexdigest()

    def _orientation_of_masks(self) -> MaskOrientation | None:
        """How masks lie on photos that EXIF turns: what the user says, or the sizes of all masks prove."""
        if self.mask_orientation is None and self._proved_orientation == "":
            pairs = zip(self.names, self._paths, strict=True)
            self._proved_orientation = proved_orientation((self.images / n, m) for n, ms in pairs for m in ms)
        return self.mask_orientation or self._proved_orientation or None

    def _for_each_folder(self, value: str | Sequence[str], name: str) -> list[str]:
        values = [value] * len(self.masks) if isinstance(value, str) else list(value)
        if len(values) != len(self.masks):
            raise SettingError(f"There are {len(self.masks)} folders of masks, but {len(values)} of {name}.")
        return values

    def _read_tables(
        self, image_labels: PathLike | None, unlabeled: Sequence[int], photos: Sequence[str]
    ) -> None:
        """Set vocabulary, mask tables and labels of whole images."""
        tables = [read_class_table(path) for path in self.classes]
        for value in unlabeled:
            if not 0 <= value <= MAX_VALUE:
                raise SettingError(f"unlabeled is {value}; mask values are 0 to {MAX_VALUE}.")
            meanings = [table.values for table in tables if table.values is not None]
            if tables and not meanings:
                raise SettingError(
                    f"unlabeled has the value {value}, but {self.classes[0]} names colors, not values; a "
                    "color without a name is unlabeled."
                )
            if meanings and all(values.get(value) for values in meanings):
                raise SettingError(
                    f"unlabeled has the value {value}, which {self.classes[0]} calls {meanings[0][value]}."
                )
            for values in meanings:
                values.setdefault(value, None)
        labels: dict[str, list[Concept]] = {name: [] for name in self.names}
        if image_labels is not None:
            labels |= read_image_labels(
                input_file(image_labels, what="image_labels", error=DataError), photos
            )
        concepts = [concept for table in tables for concept in table.concepts]
        concepts += [concept for name in self.names for concept in labels[name]]
        self.vocabulary = Vocabulary(dict.fromkeys(concepts))
        numbers = {concept: number for number, concept in enumerate(self.vocabulary)}
        self._tables = [
            MaskTable(table, numbers, path) for table, path in zip(tables, self.classes, strict=True)
        ]
        most = max(len(labels[name]) for name in self.names)
        if not self.masks and not most:
            raise DataError(f"{image_labels} has no label for any image in {self.images}.")
        self._image_labels = [
            [numbers[c] for c in labels[name]] + [0] * (most - len(labels[name])) for name in self.names
        ]


def _integers(values: Any) -> list[int]:
    listed: Iterable[Any] = [values] if np.isscalar(values) else values
    try:
        return [index(value) for value in listed]
    except TypeError:
        raise SettingError(
            f"unlabeled is {shown(values)}; it must be whole numbers, 0 to {MAX_VALUE}."
        ) from None


def _listed(value: PathLike | Sequence[PathLike] | None) -> list[PathLike]:
    if value is None:
        return []
    if isinstance(value, (str, bytes, Path)) or not isinstance(value, Iterable):
        return [value]  # what is no path is refused as one
    return list(value)

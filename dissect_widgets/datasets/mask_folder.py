"""Folders of photos, and of masks that label each pixel.

>>> data = MaskFolder("camvid/images", "camvid/masks", "camvid/classes.csv", unlabeled=[11])
>>> image, labels = data[0]          # (3, 224, 224) in [0, 1], (1, 112, 112)
>>> data.vocabulary[int(labels[0, 50, 50])]
Concept(name='car', category='object')
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from dissect_widgets.core.data.sizes import Size, sides
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.datasets.photo_folder import (
    IMAGE_ENDINGS,
    PathLike,
    list_files,
    open_image,
    read_photo,
)
from dissect_widgets.datasets.tables import read_classes, read_image_labels, value_table
from dissect_widgets.errors import DataError, SettingError

_INDEXED = frozenset(["1", "L", "P", "I", "I;16"])
_SCALED = {"L;2": 85, "L;4": 17}  # Pillow stretches gray values of 2 and 4 bits to 0 ... 255


class MaskFolder(Dataset[tuple[Tensor, Tensor]]):
    """Photos with indexed masks, in the layout of CamVid, VOC, ADE20K and the like.

    Parameters
    ----------
    images
        Folder of photos; folders in it are searched too.
    masks
        Folder of masks that have the names of their photos and the ending .png: palette or gray, 8 or
        16 bits, as large as the photo. Several folders give parallel label channels: objects, parts,
        materials. None if the only labels are `image_labels`.
    classes
        CSV file with the columns value, name, category, for each folder of masks; or one for all.
    size
        Side, or (H, W), that photos are resized to, in pixels (bilinear).
    label_size
        Side, or (rows, columns), that masks are resized to (nearest).
    image_labels
        CSV file with the columns image, name, category: labels of whole images, such as scenes.
    unlabeled
        Mask value or values, 0 to 65535, that mean no class.
    mask_suffix
        What names of masks have in addition to those of the photos, such as "_L" in 0001TP_006690_L.png.
    skip_unpaired
        Whether to skip photos without masks and masks without photos. They are listed in `unpaired`.

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
        unlabeled: int | Sequence[int] = (),
        mask_suffix: str = "",
        skip_unpaired: bool = False,
    ) -> None:
        self.images = Path(images)
        self.masks = [Path(folder) for folder in _listed(masks)]
        self.classes = [Path(table) for table in _listed(classes)]
        self.size, self.label_size = sides(size, "size"), sides(label_size, "label_size")
        self.unpaired: list[str] = []
        self._suffix = mask_suffix
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
        pairs = self._pairs(skip_unpaired)
        self.names: list[str] = list(pairs)
        self._paths: list[list[Path]] = list(pairs.values())
        self._read_tables(image_labels, [unlabeled] if isinstance(unlabeled, int) else unlabeled)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        path = self.images / self.names[index]
        pixels, shape = read_photo(path, self.size)
        channels = [
            self._mask(mask, path, shape, table)
            for mask, table in zip(self._paths[index], self._tables, strict=True)
        ]
        channels += [np.full(self.label_size, label, np.int32) for label in self._image_labels[index]]
        return pixels, torch.from_numpy(np.stack(channels))

    def digest(self) -> str:
        """SHA-256 over the names, sizes and times of all files, and the meaning of the masks."""
        digest = hashlib.sha256(repr((self.size, self.label_size, self._image_labels)).encode())
        for name, masks in zip(self.names, self._paths, strict=True):
            for path in (self.images / name, *masks):
                try:
                    status = path.stat()
                except OSError as error:
                    raise DataError(f"{path} cannot be read: {error.strerror}.") from error
                digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
        for table in self._tables:
            digest.update(table.tobytes())
        return digest.hexdigest()

    def _pairs(self, skip_unpaired: bool) -> dict[str, list[Path]]:
        """Name of each photo, and the paths of its masks."""
        photos: dict[str, str] = {}
        for path in list_files(self.images, IMAGE_ENDINGS):
            stem, name = path.with_suffix("").as_posix(), path.as_posix()
            if stem in photos:
                raise DataError(
                    f"{photos[stem]} and {name} in {self.images} differ only in their endings, so "
                    "one mask would belong to both."
                )
            photos[stem] = name
        if not photos:
            raise DataError(
                f"There are no images in {self.images}; endings are {', '.join(sorted(IMAGE_ENDINGS))}."
            )
        with_masks = dict(photos)
        paths: list[dict[str, Path]] = []
        for folder in self.masks:
            stems = {}
            for path in list_files(folder, {".png"}):
                stem = path.with_suffix("").as_posix()
                paired = stem.endswith(self._suffix)
                stems[stem.removesuffix(self._suffix) if paired else path.as_posix()] = folder / path
            paths.append(stems)
            self._check_pairs(folder, photos, stems, skip_unpaired)
            with_masks = {stem: name for stem, name in with_masks.items() if stem in stems}
        if not with_masks:
            raise DataError(
                f"No image in {self.images} has a mask in each of {', '.join(map(str, self.masks))}."
            )
        return {name: [stems[stem] for stems in paths] for stem, name in sorted(with_masks.items())}

    def _check_pairs(
        self, folder: Path, photos: dict[str, str], masks: dict[str, Path], skip_unpaired: bool
    ) -> None:
        unpaired_photos = [photos[stem] for stem in photos if stem not in masks]
        unpaired_masks = [str(masks[stem]) for stem in masks if stem not in photos]
        self.unpaired = list(dict.fromkeys([*self.unpaired, *unpaired_photos, *unpaired_masks]))
        if skip_unpaired:
            return
        if unpaired_photos:
            raise DataError(
                f"{len(unpaired_photos)} images have no mask in {folder}: {_some(unpaired_photos)}. "
                "skip_unpaired=True leaves them out."
            )
        if unpaired_masks:
            raise DataError(
                f"{len(unpaired_masks)} masks have no image in {self.images}: {_some(unpaired_masks)}. "
                "skip_unpaired=True leaves them out."
            )

    def _read_tables(self, image_labels: PathLike | None, unlabeled: Sequence[int]) -> None:
        """Set vocabulary, mask tables and labels of whole images."""
        classes = [read_classes(path) for path in self.classes]
        for value in unlabeled:
            if not 0 <= value < 2**16:
                raise SettingError(f"unlabeled is {value}; mask values are 0 to 65535.")
            if classes and all(table.get(value) for table in classes):
                raise SettingError(
                    f"unlabeled has the value {value}, which {self.classes[0]} calls {classes[0][value]}."
                )
            for table in classes:
                table.setdefault(value, None)
        labels: dict[str, list[Concept]] = {name: [] for name in self.names}
        if image_labels is not None:
            all_images = [path.as_posix() for path in list_files(self.images, IMAGE_ENDINGS)]
            labels |= read_image_labels(Path(image_labels), all_images)
        concepts = [concept for table in classes for concept in table.values() if concept]
        concepts += [concept for name in self.names for concept in labels[name]]
        self.vocabulary = Vocabulary(dict.fromkeys(concepts))
        numbers = {concept: number for number, concept in enumerate(self.vocabulary)}
        self._tables: list[NDArray[np.int32]] = [value_table(table, numbers) for table in classes]
        most = max(len(labels[name]) for name in self.names)
        if not self.masks and not most:
            raise DataError(f"{image_labels} has no label for any image in {self.images}.")
        self._image_labels = [
            [numbers[c] for c in labels[name]] + [0] * (most - len(labels[name])) for name in self.names
        ]

    def _mask(
        self, path: Path, photo: Path, size: tuple[int, int], table: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        mask = open_image(path)
        if mask.mode not in _INDEXED:
            raise DataError(
                f"{path} has the mode {mask.mode}; a mask holds one number a pixel (palette or gray)."
            )
        if mask.size != size:
            raise DataError(
                f"{path} has {mask.width} x {mask.height} pixels, its image {photo} {size[0]} x {size[1]}; "
                "they must be the same."
            )
        try:
            scale = _SCALED.get(_raw_mode(mask), 1)
            values = np.asarray(mask, np.uint8 if mask.mode == "1" else None) // scale
        except (OSError, ValueError, SyntaxError) as error:
            raise DataError(f"{path} is damaged: {error}.") from error
        labels = table.take(values, mode="clip")  # values beyond the table get its last label, -1
        if labels.min(initial=0) < 0:
            value = int(values[labels < 0][0])
            raise DataError(
                f"{path} has the value {value}, which is no class's. Name it in the table of classes, "
                f"without a name if it is unlabeled, or give unlabeled=[{value}]."
            )
        resized = Image.fromarray(labels).resize(self.label_size[::-1], Image.Resampling.NEAREST)
        return np.array(resized, np.int32)


def _raw_mode(image: Image.Image) -> str:
    """Mode of the pixels in the file, before Pillow converts them."""
    tile: Any = getattr(image, "tile", None)
    arguments = tile[0][3] if tile else ""
    return arguments if isinstance(arguments, str) else str(arguments[0] if arguments else "")


def _listed(value: PathLike | Sequence[PathLike] | None) -> list[PathLike]:
    if value is None:
        return []
    return [value] if isinstance(value, (str, Path)) else list(value)


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")

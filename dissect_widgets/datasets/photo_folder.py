"""Folders of photos.

>>> photos = PhotoFolder("photos")
>>> photos[0].shape                  # (3, 224, 224), in [0, 1]
>>> photos.passed_over               # {'notes.txt': 'not an image'}
"""

from __future__ import annotations

import hashlib

from torch import Tensor
from torch.utils.data import Dataset

from dissect_widgets.core.data.sizes import Size, sides
from dissect_widgets.core.files.target import input_folder
from dissect_widgets.core.proofs.report import Proof
from dissect_widgets.datasets.files import (
    PathLike,
    file_state,
    list_folder,
    photo_endings,
    say,
    warn_of,
)
from dissect_widgets.datasets.photos import read_photo
from dissect_widgets.datasets.proofs import prove_files
from dissect_widgets.errors import DataError


class PhotoFolder(Dataset[Tensor]):
    """Photos without labels.

    For photos in a folder for each class see `torchvision.datasets.ImageFolder`; with `loader=load_photo` it
    reads them as this does.

    Parameters
    ----------
    images
        Folder of photos, of all kinds that Pillow opens; folders in it and links are followed. A photo is
        turned upright where its EXIF says so. The other files are listed in `passed_over`, with the reason.
    size
        Side, or (H, W), that photos are resized to, in pixels (bilinear).

    Raises
    ------
    DataError
        If there are no photos; items raise it if a file is damaged, animated, or has numbers of which it is
        not certain what is white, see `read_photo`.
    """

    def __init__(self, images: PathLike, *, size: Size = 224) -> None:
        self.images = input_folder(images, what="images", error=DataError)
        self.size = sides(size, "size")
        listing = list_folder(self.images, photo_endings())
        self.names = [path.as_posix() for path in listing.files]
        self.passed_over = listing.passed_over
        if not self.names:
            raise DataError(f"There are no photos in {self.images}. {say(self.passed_over)}".strip())
        warn_of(self.passed_over)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Tensor:
        return read_photo(self.images / self.names[index], self.size).pixels

    def proofs(self) -> list[Proof]:
        """What is proved of the files, by a look at a few photos."""
        return prove_files(self, None)

    def digest(self) -> str:
        """SHA-256 over the names, sizes and times of all files."""
        digest = hashlib.sha256(repr(self.size).encode())
        for name in self.names:
            digest.update(file_state(self.images / name, name))
        return digest.hexdigest()

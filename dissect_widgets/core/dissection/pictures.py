"""Images of exemplars of a loaded dissection, each checked when it is first read."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from PIL import Image

from dissect_widgets.core.data.pillow_images import load_whole
from dissect_widgets.core.dissection.manifest import Part
from dissect_widgets.core.dissection.parts import check_digest
from dissect_widgets.errors import SavedError, shortened

_LARGEST = 2**24  # pixels; images of exemplars are a few hundred on a side


class Pictures(Mapping[int, bytes]):
    """JPEG files by image number.

    They are in memory, so that it does not matter what becomes of the folder.

    Parameters
    ----------
    jpeg
        Content of the files, by image number.
    places
        Where they are from, and their digests, by image number.
    """

    def __init__(self, jpeg: dict[int, bytes], places: Mapping[int, tuple[str, Part]]) -> None:
        self._jpeg, self._unchecked = jpeg, dict(places)

    def __getitem__(self, image: int) -> bytes:
        """JPEG file of an image; SavedError if it is not as it was written, or cannot be shown."""
        jpeg = self._jpeg[image]
        place = self._unchecked.get(image)
        if place is not None:
            _check(jpeg, *place)
            self._unchecked.pop(image, None)
        return jpeg

    def __iter__(self) -> Iterator[int]:
        return iter(self._jpeg)

    def __len__(self) -> int:
        return len(self._jpeg)

    def __contains__(self, image: object) -> bool:
        return image in self._jpeg

    def __repr__(self) -> str:
        return f"<{len(self)} JPEG files>"


def _check(jpeg: bytes, path: str, part: Part) -> None:
    check_digest(jpeg, path, part)
    try:
        image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
        if image.width * image.height > _LARGEST:
            raise SavedError(f"{shortened(path)} is too large: {image.width} x {image.height} pixels.")
        if not part.digest:  # nothing else says whether it is whole
            load_whole(image)
    except SavedError:
        raise
    except Exception as error:  # what decoders raise on damaged files has no limits
        raise SavedError(
            f"{shortened(path)} is damaged: {shortened(error or type(error).__name__)}."
        ) from error

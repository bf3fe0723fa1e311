"""What a dissection takes: labeled images, and segmenters that label them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor

from dissect_widgets.core.data.vocabulary import Vocabulary


@runtime_checkable
class LabeledImages(Protocol):
    """A map-style data set whose images carry concept labels; any torch `Dataset` of this form will do.

    An item is a tuple (image, labels), or a mapping with both: image float (3, H, W) RGB in [0, 1], bytes, or
    a Pillow image, of one size throughout (see `pixels.as_image`); labels integer (K, h, w), K parallel
    channels, 0 for no concept, else an index into `vocabulary`. The label map covers the same image, and may
    be smaller.

    It may also have `names`, a sequence of str for errors and captions, and `digest()`, a str that
    changes when the data do, by which a resumed run recognizes them.
    """

    vocabulary: Vocabulary

    def __len__(self) -> int:
        """Count the images."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """Return (image, labels)."""
        ...


@runtime_checkable
class Segmenter(Protocol):
    """Labels images, by a rule or a network."""

    vocabulary: Vocabulary

    def __call__(self, images: Tensor, /) -> Tensor:
        """Label images float (B, 3, H, W) in [0, 1]: integers (B, K, h, w), 0 for no concept."""
        ...


class Skipped(NamedTuple):
    """An image that could not be used, and why."""

    name: str
    reason: str

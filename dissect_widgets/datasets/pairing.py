"""Which masks belong to which photo, by their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dissect_widgets.datasets.files import list_folder, normal, photo_endings, say, some
from dissect_widgets.datasets.masks import LOSSY, MASK_ENDINGS
from dissect_widgets.errors import DataError


class Affix(NamedTuple):
    """What names of some files have before and after what they have in common with those of others."""

    prefix: str = ""
    suffix: str = ""
    """It may have an ending: "_L.png"."""
    endings: frozenset[str] = MASK_ENDINGS
    """Endings of the files."""

    def key(self, path: Path) -> str | None:
        """What the name has in common with others, without its ending; None if it lacks prefix or suffix."""
        suffix = normal(self.suffix)
        ending = next((end for end in self.endings if suffix.lower().endswith(end)), "")
        if ending and path.suffix.lower() != ending:
            return None
        name, prefix = normal(path.stem), normal(self.prefix)
        suffix = suffix[: len(suffix) - len(ending)]
        inner = name.removeprefix(prefix).removesuffix(suffix)
        if not inner or len(inner) != len(name) - len(prefix) - len(suffix):
            return None
        folder = "" if path.parent == Path() else normal(path.parent.as_posix()) + "/"
        return folder + inner

    def __bool__(self) -> bool:
        return bool(self.prefix or self.suffix)

    def __str__(self) -> str:
        parts = [f"begin with {self.prefix!r}"] * bool(self.prefix)
        parts += [f"end with {self.suffix!r}"] * bool(self.suffix)
        return " and ".join(parts)


@dataclass
class Pairs:
    """Photos and their masks."""

    masks: dict[str, list[Path]]
    """Name of each photo, sorted -> its masks, one of each folder."""
    photos: list[str]
    """Names of all photos, with masks or without."""
    unpaired: list[str] = field(default_factory=list)
    """Photos without masks, and masks without photos."""
    passed_over: dict[str, str] = field(default_factory=dict)
    """Other files, and the reason."""


def pair(
    images: Path, folders: Sequence[Path], image: Affix, affixes: Sequence[Affix], *, skip_unpaired: bool
) -> Pairs:
    """Pair photos with masks.

    Parameters
    ----------
    images, folders
        Folder of photos, and folders of masks.
    image, affixes
        What the names have that are paired: those of photos, and of masks of each folder.
    skip_unpaired
        Whether to leave out what has no partner.

    Raises
    ------
    DataError
        If there is no pair, something has no partner, or it is not certain which.
    """
    photos = _list_photos(images, folders, image, affixes)
    names = [path.as_posix() for path in photos.files.values()]
    pairs = Pairs({}, names, [], photos.passed_over)
    by_folder: list[dict[str, Path]] = []
    for folder, affix in zip(folders, affixes, strict=True):
        masks = _list_masks(folder, affix, images, photos.files)
        _note_unpaired(pairs, photos, masks, images, folder, skip_unpaired)
        pairs.passed_over |= {str(folder / name): reason for name, reason in masks.passed_over.items()}
        by_folder.append(masks.files)
    keys = [key for key in photos.files if all(key in masks for masks in by_folder)]
    if not keys:
        raise DataError(f"No image in {images} has a mask in each of {', '.join(map(str, folders))}.")
    for key in sorted(keys):
        paths = [folder / masks[key] for folder, masks in zip(folders, by_folder, strict=True)]
        pairs.masks[photos.files[key].as_posix()] = paths
    return pairs


class _Keyed(NamedTuple):
    """Files of a folder by what their names have in common with those of another."""

    files: dict[str, Path]
    passed_over: dict[str, str]


def _list_photos(images: Path, folders: Sequence[Path], image: Affix, affixes: Sequence[Affix]) -> _Keyed:
    """Photos; masks in the same folder are none."""
    others = [folder for folder in folders if not _same(folder, images)]
    listing = list_folder(images, photo_endings(), others)
    beside = [affix for folder, affix in zip(folders, affixes, strict=True) if _same(folder, images)]
    files = [path for path in listing.files if not any(a and a.key(path) for a in beside)]
    ambiguous = "one mask would belong to both" if folders else ""
    photos = _by_key(files, listing.passed_over, image, images, ambiguous)
    if not photos.files:
        ending = f" whose names {image}" if image else ""
        raise DataError(f"There are no images in {images}{ending}. {say(photos.passed_over)}".strip())
    return photos


def _list_masks(folder: Path, affix: Affix, images: Path, photos: dict[str, Path]) -> _Keyed:
    """Masks; photos in the same folder are none."""
    if _same(folder, images):
        listing = list_folder(folder, MASK_ENDINGS)
        files = [path for path in listing.files if path not in set(photos.values())]
        keyed = _by_key(files, {}, affix, folder, "it is not certain which is the mask")
        return keyed._replace(passed_over={})  # they are named with the photos
    listing = list_folder(folder, MASK_ENDINGS, [images], other="no ending of a mask")
    for name in listing.passed_over:
        form = LOSSY.get(Path(name).suffix.lower())
        if form and listing.passed_over[name] == "no ending of a mask":
            listing.passed_over[name] = f"{form} changes values, save masks as .png"
    return _by_key(listing.files, listing.passed_over, affix, folder, "it is not certain which is the mask")


def _by_key(
    paths: Sequence[Path], passed_over: dict[str, str], affix: Affix, folder: Path, ambiguous: str
) -> _Keyed:
    """Files by what their names have in common with others; files of other names are passed over."""
    files: dict[str, Path] = {}
    for path in paths:
        key = affix.key(path)
        if key is None:
            passed_over[path.as_posix()] = f"its name does not {affix}"
        elif key not in files:
            files[key] = path
        elif ambiguous:
            alike = "how their accents are written" if _alike(path, files[key]) else "their endings"
            raise DataError(
                f"{files[key]} and {path} in {folder} differ only in {alike}, so {ambiguous}. "
                'image_suffix and mask_suffix may have endings, such as ".jpg".'
            )
        else:
            files[path.as_posix()] = path
    return _Keyed(files, passed_over)


def _note_unpaired(
    pairs: Pairs, photos: _Keyed, masks: _Keyed, images: Path, folder: Path, skip_unpaired: bool
) -> None:
    """Note what has no partner; DataError if nothing is to be skipped."""
    alone = [path.as_posix() for key, path in photos.files.items() if key not in masks.files]
    masks_alone = [str(folder / path) for key, path in masks.files.items() if key not in photos.files]
    pairs.unpaired = list(dict.fromkeys([*pairs.unpaired, *alone, *masks_alone]))
    if skip_unpaired or not alone + masks_alone:
        return
    if alone:
        text, others = f"{len(alone)} images have no mask in {folder}: {some(alone)}.", masks.passed_over
    else:
        text = f"{len(masks_alone)} masks have no image in {images}: {some(masks_alone)}."
        others = photos.passed_over
    hint = _hint(alone[0], masks_alone) if alone and masks_alone else ""
    raise DataError(" ".join(filter(None, [text, "skip_unpaired=True leaves them out.", hint, say(others)])))


def _hint(photo: str, masks: list[str]) -> str:
    """Say what to do where the names of photos and masks differ alike."""
    stem = Path(photo).stem
    same = [name for name in masks if Path(name).stem.casefold() == stem.casefold()]
    if same:
        return f"{same[0]} differs from {photo} in upper and lower case."
    return (
        f"If {masks[0]} belongs to one of them, say what names have more: image_suffix, mask_suffix, "
        "image_prefix, mask_prefix."
    )


def _alike(one: Path, other: Path) -> bool:
    return normal(one.as_posix()) == normal(other.as_posix())


def _same(one: Path, other: Path) -> bool:
    return one.is_dir() and other.is_dir() and one.samefile(other)

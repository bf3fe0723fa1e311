"""Options that several commands have: a network, and labeled images."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import Any


def add_model(parser: argparse.ArgumentParser, *, positional: bool) -> None:
    """Options that name a network."""
    text = "a torchvision name, or package.module:callable"
    if positional:
        parser.add_argument("model", metavar="MODEL", help=text)
    else:
        parser.add_argument("--arch", dest="model", required=True, metavar="A", help=text)
    parser.add_argument("--weights", metavar="FILE", help='a file, or "imagenet" to download (random)')
    scales = ["imagenet", "symmetric", "none"]
    parser.add_argument("--normalize", choices=scales, default="imagenet", help="what the network expects")


def add_data(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Options that name photos and their masks."""
    if required:
        parser.add_argument("--images", required=True, metavar="DIR", help="folder of photos")
    parser.add_argument("--masks", nargs="+", metavar="DIR", help="folder(s) of masks")
    text = "value,name,category; or color in place of value"
    parser.add_argument("--classes", nargs="+", metavar="CSV", help=text)
    parser.add_argument("--image-labels", metavar="CSV", help="image,name,category")
    parser.add_argument("--unlabeled", nargs="+", type=int, default=[], metavar="V", help="mask values")
    for part in ("suffix", "prefix"):
        text = f"what names of photos have more than those of masks, as a {part}"
        parser.add_argument(f"--image-{part}", default="", metavar="TEXT", help=text)
        text = f"what names of masks have more, as a {part}; one for all folders, or for each"
        parser.add_argument(f"--mask-{part}", nargs="+", default="", metavar="TEXT", help=text)
    text = "how masks lie on photos that EXIF turns, where no size shows it"
    parser.add_argument("--mask-orientation", choices=["upright", "stored"], help=text)
    parser.add_argument("--skip-unpaired", action="store_true", help="leave out photos without masks")
    parser.add_argument("--size", nargs="+", type=int, default=[224], help="side, or height and width (224)")
    parser.add_argument("--label-size", nargs="+", type=int, default=[112], help="of label maps (112)")
    rules = ["receptive-field", "half-pixel"]
    parser.add_argument("--upsample", choices=rules, default="receptive-field")


def mask_folder(options: argparse.Namespace, images: str) -> Any:
    """Photos of a folder, with the masks that the options name."""
    from dissect_widgets.datasets.files import say
    from dissect_widgets.datasets.mask_folder import MaskFolder

    with warnings.catch_warnings(action="ignore", category=UserWarning):  # it is printed below
        data = MaskFolder(
            images,
            options.masks,
            options.classes,
            size=read_size(options.size),
            label_size=read_size(options.label_size),
            image_labels=options.image_labels,
            unlabeled=options.unlabeled,
            image_suffix=options.image_suffix,
            mask_suffix=_one_or_several(options.mask_suffix),
            image_prefix=options.image_prefix,
            mask_prefix=_one_or_several(options.mask_prefix),
            mask_orientation=options.mask_orientation,
            skip_unpaired=options.skip_unpaired,
        )
    for sentence in (say(data.passed_over), say(dict.fromkeys(data.unpaired, "without a partner"))):
        if sentence:
            print(sentence, file=sys.stderr)
    return data


def _one_or_several(values: str | list[str]) -> str | list[str]:
    """One text for all folders of masks, or one for each."""
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def read_size(values: list[int]) -> int | tuple[int, int]:
    """Side, or height and width, of one or two numbers."""
    from dissect_widgets.errors import SettingError

    if len(values) > 2:
        raise SettingError(f"A size is a side, or height and width, but {len(values)} numbers are given.")
    return values[0] if len(values) == 1 else (values[0], values[1])

"""Public networks of Hugging Face's `transformers` that label every pixel, from a folder.

>>> segmenter = load_public_segmenter("segformer-b0-finetuned-ade-512-512")
>>> dissection = dw.dissect(model, ["layer4"], photos, segmenter=segmenter)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from dissect_widgets.concepts.image_processor import Preparation, preparation
from dissect_widgets.core.data.class_names import names_in_order
from dissect_widgets.core.data.provenance import weights_digest
from dissect_widgets.core.data.sizes import Size, sides
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.files.json_files import read_dict
from dissect_widgets.core.files.target import input_folder
from dissect_widgets.core.network.lock import exclusively
from dissect_widgets.core.network.random_numbers import restored_random_numbers
from dissect_widgets.errors import SettingError, WeightsError, nearest, shown

NO_CONCEPT = frozenset(["background", "other", "unlabeled", "unlabelled", "void"])
"""Classes that mean that there is no concept."""
_NEEDED = (
    ("config.json",),
    ("preprocessor_config.json", "processor_config.json"),
    ("model.safetensors", "model.safetensors.index.json"),
)
_PICKLES = (".bin", ".ckpt", ".pt", ".pth")


class PublicSegmenter:
    """Labels images by a network of `transformers`; see `Segmenter`, `load_public_segmenter`.

    Parameters
    ----------
    net
        Takes prepared images, and returns an object with `logits` (B, classes, h, w).
    classes
        Their names, in any form of `class_names`.
    prepare
        Turns images into what the network takes.
    label_size
        (rows, columns) of label maps; None for those of the images.
    category
        Of all concepts.
    """

    def __init__(
        self,
        net: nn.Module,
        classes: Any,
        prepare: Preparation,
        *,
        label_size: tuple[int, int] | None = None,
        category: str = "object",
    ) -> None:
        self.net, self.prepare, self.label_size = net.eval(), prepare, label_size
        names = concept_names(names_in_order(classes))
        self.vocabulary = Vocabulary(Concept(name, category) for name in names if name is not None)
        known = torch.tensor([name is not None for name in names])
        self._numbers = torch.where(known, known.cumsum(0), 0)
        self._digest = weights_digest(net)

    def __repr__(self) -> str:
        # A resumed run knows by this text whether its segmenter is the same.
        network = f"{type(self.net).__name__} {self._digest[:16]}"
        return f"<PublicSegmenter: {network}, label_size={self.label_size}, {self.prepare}>"

    def __call__(self, images: Tensor, /) -> Tensor:
        """Label images float (B, 3, H, W) in [0, 1]: int64 (B, 1, h, w); the network moves to their device.

        Raises
        ------
        SettingError
            If the images have another type or shape.
        """
        if images.dim() != 4 or images.shape[1] != 3 or not images.is_floating_point():
            raise SettingError(
                f"The images are {images.dtype} {tuple(images.shape)}; a segmenter takes float "
                "(B, 3, H, W) in [0, 1]."
            )
        size = self.label_size or (images.shape[2], images.shape[3])
        with exclusively(self.net), torch.inference_mode():
            self.net.to(images.device)
            scores = self.net(self.prepare(images.float())).logits
            # One image at a time, as the scores of 150 classes at each pixel take much memory.
            classes = [interpolate(one[None], size, mode="bilinear").argmax(1) for one in scores]
        return self._numbers.to(images.device)[torch.stack(classes)]


def load_public_segmenter(
    folder: str | Path,
    *,
    size: Size | None = None,
    label_size: Size | None = None,
    category: str = "object",
) -> PublicSegmenter:
    """Load a network that labels every pixel: SegFormer, UperNet, BEiT, DPT and the like.

    Classes keep their names, up to the first ";" or ","; where these are not unique, the whole name, and
    a number if that is not unique either. Those of `NO_CONCEPT` become 0.

    Parameters
    ----------
    folder
        Has `config.json`, `preprocessor_config.json` and `model.safetensors`, as the hub has them and
        `save_pretrained` writes them. Nothing is downloaded, and no code or pickle of the folder is run.
    size
        Side, or (rows, columns), that images are resized to for the network; by default as its image
        processor has it, without cropping, so that labels cover the whole image.
    label_size
        Side, or (rows, columns), of the label maps, to which scores are upsampled (bilinear); by default that
        of the images.
    category
        Of the concepts.

    Returns
    -------
    PublicSegmenter
        A `Segmenter` with one label channel.

    Raises
    ------
    ImportError
        If `transformers` is not installed.
    WeightsError
        If the folder lacks a file, or the network is of another kind.
    """
    folder = input_folder(folder, what="folder", error=WeightsError)
    resized = sides(size, "size") if size is not None else None
    labels = sides(label_size, "label_size") if label_size is not None else None
    _check(folder)
    net, settings = _read(folder)
    try:
        classes = [net.config.id2label[number] for number in range(net.config.num_labels)]
    except KeyError as error:
        raise WeightsError(f"{folder}: id2label of config.json has no class {error}.") from None
    prepare = preparation(settings, resized, folder)
    return PublicSegmenter(net, classes, prepare, label_size=labels, category=category)


def concept_names(classes: Sequence[str]) -> list[str | None]:
    """Names of concepts for classes, all different; None for those of `NO_CONCEPT`."""
    whole = [name.strip() or f"class {number}" for number, name in enumerate(classes)]
    short = [re.split("[;,]", name)[0].strip() or name for name in whole]
    concepts: list[str | None] = []
    for number, name in enumerate(short):
        if name.lower() in NO_CONCEPT:
            concepts.append(None)
            continue
        name = name if short.count(name) == 1 else whole[number]
        name = name if whole.count(name) <= 1 else f"{name} ({number})"
        while name in concepts:
            name += "'"
        concepts.append(name)
    return concepts


def _check(folder: Path) -> None:
    """Raise WeightsError unless the files of a network are there, and none is unsafe."""
    names = sorted(path.name for path in folder.iterdir())
    for wanted in _NEEDED:
        if any(name in names for name in wanted):
            continue
        pickles = [name for name in names if name.endswith(_PICKLES)]
        if "model.safetensors" in wanted and pickles:
            raise WeightsError(
                f"{folder} has its weights in {pickles[0]}, a pickle, which could do anything when loaded, "
                "and is refused. Take a version that has model.safetensors."
            )
        raise WeightsError(f"{folder} has no {wanted[0]}.{nearest(wanted[0], names)}")
    if "adapter_config.json" in names:  # may name another network, and bring pickles
        raise WeightsError(f"{folder} has an adapter, which is not read. Merge it into the network.")


def _backbone(folder: Path) -> object:
    """Name of a network of the hub that transformers would download; None if the folder is complete."""
    config = read_dict(folder / "config.json", error=WeightsError)
    return None if config.get("backbone_config") else config.get("backbone")


def _read(folder: Path) -> tuple[Any, dict[str, Any]]:
    """Network, and the settings of its image processor."""
    try:
        from transformers import AutoImageProcessor, AutoModelForSemanticSegmentation
    except ImportError as error:
        hint = 'pip install "dissect-widgets[transformers]"'
        raise ImportError(f"Public segmenters need transformers: {hint}") from error
    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        if (backbone := _backbone(folder)) is not None:
            raise WeightsError(
                f"{folder}: config.json needs the backbone {shown(backbone)} from the hub, which is not "
                "supported."
            )
        with restored_random_numbers():  # a new network draws weights, which are replaced
            net, info = AutoModelForSemanticSegmentation.from_pretrained(
                str(folder), use_safetensors=True, output_loading_info=True, **options
            )
        settings = AutoImageProcessor.from_pretrained(str(folder), **options).to_dict()
    except WeightsError:
        raise
    except Exception as error:  # a file that is damaged or of another kind can raise almost anything
        text = (str(error).strip().splitlines() or [""])[0]
        raise WeightsError(f"{folder} cannot be loaded: {type(error).__name__}: {text}") from error
    # Without this they would be random, with no more than a warning.
    missing = sorted(name for name in info["missing_keys"] if not name.endswith("num_batches_tracked"))
    if missing:
        kind = type(net).__name__
        raise WeightsError(f"{folder} lacks {len(missing)} weights of {kind}, {shown(missing[0])} first.")
    return net.float(), settings

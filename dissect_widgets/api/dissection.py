"""Dissection as users call it: with a progress bar, and going on after an interrupt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from tqdm.auto import tqdm

from dissect_widgets.api.resuming import Advance, Hold, printed_by, resumable
from dissect_widgets.core.data.interrupt import InterruptedRun
from dissect_widgets.core.data.latents import ToImages, to_images
from dissect_widgets.core.data.types import LabeledImages, Segmenter
from dissect_widgets.core.dissection.generator_source import open_source
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.run import dissect as run
from dissect_widgets.core.dissection.settings import Resources, Settings, checked_levels
from dissect_widgets.core.files.target import output_folder


def dissect(
    model: nn.Module,
    layers: str | Sequence[str],
    data: LabeledImages | Any,
    *,
    level: float | Sequence[float] = 0.01,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    segmenter: Segmenter | None = None,
    to_images: ToImages = to_images,
    out: str | Path | None = None,
    settings: Settings | None = None,
    resources: Resources | None = None,
    progress: bool = True,
) -> Dissection:
    """Find out which concept each unit of some layers matches (PNAS 2020; TPAMI 2018, sec. 2).

    All layers share one forward pass over the images.

    Parameters
    ----------
    model
        Any network, on the device where it is to run. Its modes, hooks and gradients are afterwards as
        they were, whatever happens.
    layers
        Dotted names of layers that output maps (B, units, h, w), vectors (B, units) or tokens
        (B, tokens, units); `list_layers` lists them. Of a layer that outputs several tensors, such as a list
        or a dict, one is named after a colon: "encoder:2", "encoder:last_hidden_state".
    data
        Images with concept labels: `MaskFolder`, or any data set with a `vocabulary` whose items are
        (image (3, H, W) in [0, 1], labels (K, h, w)); see `LabeledImages`. A `Subset`, a `DataLoader` that
        goes through its data in order, or a list will do. For a generator its latents, a tensor
        (n, latent_dim) or (n, latent_dim, 1, 1); see `latents`.
    level
        Top fraction of samples at which a unit counts as active, in (0, 1). Several give a sweep; the
        first is what results show.
    preprocess
        Converts images in [0, 1] to the input of the network; mostly `normalize()`. A function of a batch
        (B, 3, H, W), of one image or of one Pillow image, such as torchvision's and timm's transforms, or an
        image processor of Hugging Face. If it crops images, that part alone is dissected, with its labels;
        `ProofError` if it flips, turns, pads or bends them.
    segmenter
        Labels the images, instead of the labels of the data or in addition to them; for a generator, labels
        the images that it outputs.
    to_images
        Converts the output of a generator to images in [0, 1]; by default from [-1, 1].
    out
        Folder to save the result in. While the run lasts, checkpoints are kept in `<out>.partial`: the
        same call after a kill, at whatever moment, resumes from the last and ends in the same bits. While it
        runs, another run into the same folder gets a `SavedError` that says who writes there.
    settings
        What is computed: population of the thresholds, upsampling, exemplars, token grids. By default
        `Settings()`, which is PNAS 2020.
    resources
        What the run may use: batch size, processes that read ahead, memory; and whether it skips images that
        cannot be used. By default `Resources()`.
    progress
        Whether to show a bar.

    Returns
    -------
    Dissection
        The result; needs neither network nor images.

    Raises
    ------
    LayerError, SettingError, DataError, ActivationError, SavedError, StorageError
        For an unknown or unsuitable layer; an argument that is not allowed; images or labels that
        cannot be used; NaN or infinite activations; a folder that holds something else; a full disk.
    Interrupted
        On Ctrl-C or the interrupt button. Call again to resume, or see `interrupted`.
    """
    folder = None if out is None else output_folder(out, what="out")
    source = open_source(
        model,
        layers,
        data,
        levels=checked_levels(level),
        settings=settings,
        preprocess=preprocess,
        segmenter=segmenter,
        to_images=to_images,
    )

    def work(begun: InterruptedRun | None, hold: Hold) -> Dissection:
        with tqdm(total=len(source.data), unit="image", desc="dissect", disable=not progress) as bar:
            return run(
                source, resources, out=folder, begun=begun, progress=Advance(bar), notify=printed_by(bar)
            )

    return resumable("dissect", work)

"""Dissection as users call it: with a progress bar, and going on after an interrupt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from tqdm.auto import tqdm

from dissect_widgets.core.data.latents import ToPictures, to_pictures
from dissect_widgets.core.data.types import LabeledImages, Segmenter
from dissect_widgets.core.dissection.generator_source import open_source
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.run import Interrupted, Work
from dissect_widgets.core.dissection.run import dissect as run
from dissect_widgets.core.dissection.settings import Population, Settings
from dissect_widgets.core.network.grid import Rule

_interrupted: Interrupted | None = None


def dissect(
    model: nn.Module,
    layers: str | Sequence[str],
    data: LabeledImages | Any,
    *,
    level: float | Sequence[float] = 0.01,
    population: Population = "upsampled",
    upsample: Rule = "receptive-field",
    preprocess: Callable[[Tensor], Tensor] | None = None,
    segmenter: Segmenter | None = None,
    to_pictures: ToPictures = to_pictures,
    exemplars: int = 8,
    token_grids: Mapping[str, tuple[int, int]] | None = None,
    out: str | Path | None = None,
    batch_size: int | None = None,
    workers: int = 0,
    skip_errors: bool = False,
    memory: int = 2**30,
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
        Dotted names of layers that put out maps (B, units, h, w), vectors (B, units) or tokens
        (B, tokens, units); `list_layers` lists them.
    data
        Images with concept labels: `MaskFolder`, or any data set with a `vocabulary` whose items are
        (image (3, H, W) in [0, 1], labels (K, h, w)). For a generator its latents, a tensor (n, depth)
        or (n, depth, 1, 1); see `latents`.
    level
        Top fraction of samples at which a unit counts as active, in (0, 1). Several give a sweep; the
        first is what results show.
    population
        Samples that a threshold is taken of: all positions of the map upsampled to the label grid
        ("upsampled", PNAS), or of the map itself ("raw", TPAMI).
    upsample
        Where map positions lie in the picture: at the centers of their receptive fields, or evenly
        ("half-pixel"). The result says for each layer which one was used.
    preprocess
        Makes of pictures (B, 3, H, W) in [0, 1] what the network takes; mostly `normalize()`.
    segmenter
        Labels the pictures, instead of labels of the data or beside them; and those of a generator.
    to_pictures
        What a generator puts out to pictures in [0, 1]; by default from [-1, 1].
    exemplars
        How many top images of each unit to keep.
    token_grids
        Layer -> (rows, columns) of its tokens, where they are not a square.
    out
        Folder to save the result in. While the run lasts, checkpoints are kept in `<out>.partial`: the
        same call after a kill, at whatever moment, goes on from the last and ends in the same bits.
    batch_size
        Images that go through the network together; by default 4 on a CPU, 32 elsewhere.
    workers
        Processes that read images ahead; 0 reads them in this one.
    skip_errors
        Whether to pass over images that cannot be used, and list them in the result.
    memory
        Bytes that statistics may take in memory; what exceeds it goes to files, whose size is said
        beforehand and which are removed at the end.
    progress
        Whether to show a bar.

    Returns
    -------
    Dissection
        The result; needs neither network nor images.

    Raises
    ------
    LayerError, SettingError, DataError, ActivationError, SavedError, StorageError
        For an unknown or unfit layer; an argument outside of what is allowed; images or labels that
        cannot be used; NaN or infinite activations; a folder that holds something else; a full disk.
    Interrupted
        On Ctrl-C or the interrupt button. The same call goes on from there.
    """
    global _interrupted
    levels = (level,) if isinstance(level, (int, float)) else tuple(level)
    settings = Settings(
        levels=levels,
        population=population,
        upsample=upsample,
        exemplars=exemplars,
        token_grids=dict(token_grids or {}),
    )
    names = [layers] if isinstance(layers, str) else layers
    source = open_source(
        model, names, data, settings, preprocess=preprocess, segmenter=segmenter, to_pictures=to_pictures
    )
    with tqdm(total=len(data), unit="image", desc="dissect", disable=not progress) as bar:
        work = Work(
            batch_size=batch_size,
            workers=workers,
            skip_errors=skip_errors,
            memory=memory,
            progress=Advance(bar),
            notify=bar.write,
        )
        begun, _interrupted = _interrupted, None
        try:
            return run(source, work, out=None if out is None else Path(out), begun=begun)
        except Interrupted as interrupt:
            if out is None:
                _interrupted = interrupt
            raise


class Advance:
    """Moves a bar; its rate is of what this run does, not of an earlier one that it goes on from."""

    def __init__(self, bar: Any) -> None:
        self.bar, self.begun = bar, False

    def __call__(self, done: int, total: int) -> None:
        """Move to `done`."""
        if not self.begun:
            self.bar.initial = self.bar.n = done
            self.begun = True
        self.bar.update(done - self.bar.n)

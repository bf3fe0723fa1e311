"""A generator whose units are edited: what comes before a layer runs once, and each edit only what follows.

>>> canvas = open_generator(generator, "layer4", latents(2, latent_dim=256))
>>> begun = canvas.begin(latents(8, seed=1, latent_dim=256))
>>> pictures = canvas.draw(begun, [Edit("layer4", [3, 17])])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from dissect_widgets.core.data.batches import fill_up
from dissect_widgets.core.data.latents import (
    Latents,
    ToImages,
    checked_images,
    first_images,
    to_images,
)
from dissect_widgets.core.editing.edit import Edit, apply_edits
from dissect_widgets.core.network.forward import copied
from dissect_widgets.core.network.hooks import (
    evaluation,
    find_layer,
    model_device,
    model_dtype,
    training_module,
)
from dissect_widgets.core.network.split import CannotSplit, Parts, split
from dissect_widgets.errors import LayerError, SettingError

_TOLERANCE = 1e-4


class Prefix(NamedTuple):
    """Latents, as far as they are the same under every edit."""

    pictures: int
    state: Any


class EditableGenerator(Protocol):
    """A generator that draws pictures under edits."""

    generator: nn.Module
    to_images: ToImages
    strategy: str
    """How it is run, for people."""
    layer: str
    """The first layer that can be edited; "" if none can."""
    maps: dict[str, tuple[int, int, int]]
    """(units, rows, columns) of each layer that can be edited."""

    def begin(self, latents: Tensor) -> Prefix:
        """Run what no edit changes."""
        ...

    def draw(self, begun: Prefix, edits: Sequence[Edit] = ()) -> Tensor:
        """Pictures float32 (B, 3, H, W) in [0, 1], under edits, the first first."""
        ...


def open_generator(
    generator: nn.Module,
    layers: str | Sequence[str],
    latents: Tensor,
    *,
    to_images: ToImages = to_images,
) -> EditableGenerator:
    """Find the fastest way to draw under edits that proves right on two latents.

    Parameters
    ----------
    generator
        In evaluation mode; latents (B, depth) or (B, depth, 1, 1) to (B, 3, H, W).
    layers
        Dotted names of layers that put out maps (B, units, h, w); edits are of these. None is none.
    latents
        Some, to try it on.
    to_images
        What the generator puts out to pictures in [0, 1]; by default from [-1, 1].

    Raises
    ------
    LayerError
        If there is no such layer, it puts out no map, or the pictures do not depend on it.
    DataError
        If there are no latents, the generator does not take them, or what comes out are no pictures.
    SettingError
        If the generator is in training mode, where it may draw another picture each time; or from the
        generator itself, for latents of another size.
    """
    names = [layers] if isinstance(layers, str) else list(dict.fromkeys(layers))
    training = training_module(generator)
    if training is not None:
        raise SettingError(
            f"The generator is in training mode (module {training!r}): dropout and batch norm would change "
            "pictures at random. Call eval() on it first."
        )
    trial = fill_up(_placed(latents, generator)[:2], 2)
    maps = _maps(generator, names, trial, to_images)
    whole = FullForward(generator, maps, to_images)
    if not maps:
        return whole
    try:
        first, *later = maps
        cut = PartialForward(split(generator, first, also=later)[0], maps, to_images, generator)
        far = _difference(cut, whole, trial)
    except CannotSplit as error:
        whole.strategy += f": {error}"
        return whole
    if far > _TOLERANCE:
        whole.strategy += f": in parts its pictures are {far:.1e} off"
        return whole
    return cut


class FullForward:
    """A full pass for each edit, by hooks. Every generator can be run like this."""

    def __init__(
        self, generator: nn.Module, maps: dict[str, tuple[int, int, int]], to_images: ToImages
    ) -> None:
        self.generator, self.maps, self.to_images = generator, maps, to_images
        self.layer, self.strategy = next(iter(maps), ""), "full passes"

    def begin(self, latents: Tensor) -> Prefix:
        """See `EditableGenerator`."""
        return Prefix(len(latents), _placed(latents, self.generator))

    def draw(self, begun: Prefix, edits: Sequence[Edit] = ()) -> Tensor:
        """See `EditableGenerator`."""
        checked_edits(edits, self.maps)
        with torch.inference_mode(), _hooks(self.generator, edits):
            return checked_images(self.to_images(self.generator(begun.state)), begun.pictures)


class PartialForward:
    """The part before the layer once, the part behind it for each edit."""

    def __init__(
        self,
        parts: Parts,
        maps: dict[str, tuple[int, int, int]],
        to_images: ToImages,
        generator: nn.Module,
    ) -> None:
        self.parts, self.maps, self.to_images, self.generator = parts, maps, to_images, generator
        self.layer = next(iter(maps))
        self.strategy = f"from {self.layer} on"

    def begin(self, latents: Tensor) -> Prefix:
        """See `EditableGenerator`."""
        with torch.inference_mode():
            return Prefix(len(latents), self.parts.before(_placed(latents, self.generator)))

    def draw(self, begun: Prefix, edits: Sequence[Edit] = ()) -> Tensor:
        """See `EditableGenerator`."""
        checked_edits(edits, self.maps)
        value, beside = begun.state
        own = [edit for edit in edits if edit.layer == self.layer]
        later = [edit for edit in edits if edit.layer != self.layer]
        with torch.inference_mode(), _hooks(self.generator, later):
            output = self.parts.after(apply_edits(value, own), *map(copied, beside))
            return checked_images(self.to_images(output), begun.pictures)


def checked_edits(edits: Sequence[Edit], maps: dict[str, tuple[int, int, int]]) -> None:
    """Check that edits fit the layers; SettingError or LayerError if not."""
    for edit in edits:
        if edit.layer not in maps:
            opened = ", ".join(maps) or "none"
            raise LayerError(
                f"There is an edit of layer {edit.layer!r}; the generator was opened at {opened}."
            )
        edit.check(*maps[edit.layer])


def _placed(latents: Tensor, generator: nn.Module) -> Tensor:
    return Latents(latents).values.to(model_device(generator), model_dtype(generator))


@contextmanager
def _hooks(generator: nn.Module, edits: Sequence[Edit]) -> Iterator[None]:
    """Edits that happen as their layers run; the two parts of a generator run the very same modules."""
    with ExitStack() as stack:
        for name in dict.fromkeys(edit.layer for edit in edits):
            own = [edit for edit in edits if edit.layer == name]

            def change(_module: nn.Module, _inputs: object, output: Tensor, own: list[Edit] = own) -> Tensor:
                return apply_edits(output, own)

            handle = generator.get_submodule(name).register_forward_hook(change)
            stack.callback(handle.remove)
        yield


def _maps(
    generator: nn.Module, names: Sequence[str], latents: Tensor, to_images: ToImages
) -> dict[str, tuple[int, int, int]]:
    """Sizes of the maps of layers, in the order in which they run."""
    seen: dict[str, tuple[int, ...]] = {}
    with ExitStack() as stack:
        for name in names:

            def record(_module: nn.Module, _inputs: object, output: object, name: str = name) -> None:
                if name in seen:
                    raise LayerError(f"Layer {name!r} runs more than once; it cannot be edited.")
                if not isinstance(output, Tensor) or output.dim() != 4 or len(output) != len(latents):
                    found = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
                    raise LayerError(f"Layer {name!r} puts out {found}; it must be maps (B, units, h, w).")
                seen[name] = tuple(output.shape)

            stack.callback(find_layer(generator, name).register_forward_hook(record).remove)
        with evaluation(generator):
            first_images(generator, latents, to_images)
    missing = [name for name in names if name not in seen]
    if missing:
        raise LayerError(f"Layer {missing[0]!r} does not run in the generator.")
    return {name: (shape[1], shape[2], shape[3]) for name, shape in seen.items()}


def _difference(cut: PartialForward, whole: FullForward, latents: Tensor) -> float:
    """How far the two ways are apart, without edits, and without half of the units of each layer."""
    half = [Edit(name, range(0, units, 2)) for name, (units, _, _) in cut.maps.items()]
    far = 0.0
    for edits in ([], half):
        try:
            fast = cut.draw(cut.begin(latents), edits)
        except Exception as error:  # whatever a traced network may do, run whole it does right
            raise CannotSplit(f"in parts it fails with {type(error).__name__}") from error
        far = max(far, float((fast - whole.draw(whole.begin(latents), edits)).abs().max()))
    return far

"""A generator whose units are edited: the part before a layer runs once, the part after it for each edit.

>>> editable = open_generator(generator, "layer4", latents(2, latent_dim=256))
>>> prefix = editable.begin(latents(8, seed=1, latent_dim=256))
>>> images = editable.draw(prefix, [Edit("layer4", [3, 17])])
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
from dissect_widgets.core.network.evaluation import evaluation, training_module, watch_of
from dissect_widgets.core.network.forward import copied
from dissect_widgets.core.network.hooks import Hook, find_layer, hooked, model_device, model_dtype
from dissect_widgets.core.network.influence_on_images import locate_by_images
from dissect_widgets.core.network.layer_kinds import MAP
from dissect_widgets.core.network.original import layer_name, original, split_name
from dissect_widgets.core.network.outputs import choose_tensor, tensor_in, with_tensor
from dissect_widgets.core.network.run import run
from dissect_widgets.core.network.split import Parts, split
from dissect_widgets.core.network.traced import CannotSplit
from dissect_widgets.core.network.watch import Watch
from dissect_widgets.core.proofs.function import prove_function
from dissect_widgets.core.proofs.layers import prove_layers
from dissect_widgets.errors import LayerError, SettingError, shown

_TOLERANCE = 1e-4


class Prefix(NamedTuple):
    """What is computed from latents before any edit."""

    images: int
    state: Any
    activations: Tensor | None = None
    """What the first layer that can be edited outputs in place of what follows from the latents."""
    watch: Watch | None = None
    """Of the generator, where a part of it has run."""


class EditableGenerator(Protocol):
    """A generator whose units can be edited."""

    generator: nn.Module
    to_images: ToImages
    strategy: str
    """How it is run, for people."""
    layer: str
    """The first layer that can be edited; "" if none can."""
    maps: dict[str, tuple[int, int, int]]
    """(units, rows, columns) of each layer that can be edited."""

    def begin(self, latents: Tensor, activations: Tensor | None = None) -> Prefix:
        """Run the part before the first layer that can be edited.

        Parameters
        ----------
        latents
            (B, latent_dim) or (B, latent_dim, 1, 1).
        activations
            float (B, units, rows, columns), what `layer` outputs in place of what follows from the latents,
            such as those of an `Inversion`.

        Raises
        ------
        SettingError
            If activations have another shape.
        """
        ...

    def draw(self, prefix: Prefix, edits: Sequence[Edit] = ()) -> Tensor:
        """Images float32 (B, 3, H, W) in [0, 1], under edits, which are applied in order."""
        ...


def open_generator(
    generator: nn.Module,
    layers: str | Sequence[str],
    latents: Tensor,
    *,
    to_images: ToImages = to_images,
) -> EditableGenerator:
    """Find the fastest strategy to run a generator under edits that proves right on two latents.

    Parameters
    ----------
    generator
        In evaluation mode; latents (B, latent_dim) or (B, latent_dim, 1, 1) to (B, 3, H, W).
    layers
        Dotted names of layers that output maps (B, units, h, w), which can be edited; may be empty.
    latents
        Some latents to try it on.
    to_images
        Converts the output of the generator to images in [0, 1]; by default from [-1, 1].

    Raises
    ------
    LayerError
        If there is no such layer, its output is not a map, or the images do not depend on it.
    DataError
        If there are no latents, the generator does not take them, or its output is not images.
    SettingError
        If the generator is in training mode, where its output may vary at random; or from the generator
        itself, for latents of another size.
    """
    generator = original(generator)
    named = [layers] if isinstance(layers, str) else layers
    names = list(dict.fromkeys(layer_name(generator, name) for name in named))
    training = training_module(generator)
    if training is not None:
        raise SettingError(
            f"The generator is in training mode (module {shown(training)}): dropout and batch norm would "
            "change "
            "images at random. Call eval() on it first."
        )
    trial = fill_up(_placed(latents, generator)[:2], 2)
    maps, several = _maps(generator, names, trial, to_images)
    whole = FullForward(generator, maps, to_images)
    for name in several:
        everything = Edit(name, range(maps[name][0]))
        if torch.equal(whole.draw(whole.begin(trial)), whole.draw(whole.begin(trial), [everything])):
            raise LayerError(
                f"The images do not depend on {shown(name)}: nothing reads this one of the tensors that its "
                "module outputs. Name the layer that computes it."
            )
    with evaluation(generator):
        _prove(generator, list(maps), trial, to_images)
    if not maps:
        return whole
    if several:
        whole.strategy += f": {several[0]} does not output a tensor alone"
        return whole
    try:
        first, *later = maps
        partial = PartialForward(split(generator, first, also=later)[0], maps, to_images, generator)
        far = _difference(partial, whole, trial)
    except CannotSplit as error:
        whole.strategy += f": {error}"
        return whole
    if far > _TOLERANCE:
        whole.strategy += f": in parts its images are {far:.1e} off"
        return whole
    return partial


class FullForward:
    """A full pass for each edit, by hooks. Every generator can be run like this."""

    def __init__(
        self, generator: nn.Module, maps: dict[str, tuple[int, int, int]], to_images: ToImages
    ) -> None:
        self.generator, self.maps, self.to_images = generator, maps, to_images
        self.layer, self.strategy = next(iter(maps), ""), "full passes"

    def begin(self, latents: Tensor, activations: Tensor | None = None) -> Prefix:
        """See `EditableGenerator`."""
        placed = _placed(latents, self.generator)
        return Prefix(len(latents), placed, _checked_activations(activations, self, len(latents), placed))

    def draw(self, prefix: Prefix, edits: Sequence[Edit] = ()) -> Tensor:
        """See `EditableGenerator`."""
        edits = checked_edits(edits, self)
        with _passes(self.generator):
            with ExitStack() as hooks:
                if prefix.activations is not None:
                    hooks.enter_context(replaced(self.generator, self.layer, prefix.activations))
                hooks.enter_context(_hooks(self.generator, edits, prefix.images))
                output = run(self.generator, prefix.state)
            return checked_images(self.to_images(output), prefix.images)


class PartialForward:
    """The part before the layer once, the part after it for each edit."""

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

    def begin(self, latents: Tensor, activations: Tensor | None = None) -> Prefix:
        """See `EditableGenerator`."""
        with _passes(self.generator):
            value, skip_inputs = self.parts.before(_placed(latents, self.generator))
            given = _checked_activations(activations, self, len(latents), value)
            state = value if given is None else given, skip_inputs
            return Prefix(len(latents), state, watch=watch_of(self.generator))

    def draw(self, prefix: Prefix, edits: Sequence[Edit] = ()) -> Tensor:
        """See `EditableGenerator`."""
        edits = checked_edits(edits, self)
        value, skip_inputs = prefix.state
        first = [edit for edit in edits if edit.layer == self.layer]
        later = [edit for edit in edits if edit.layer != self.layer]
        with _passes(self.generator):
            if prefix.watch is not None:
                prefix.watch.check(after_pass=False)
            with _hooks(self.generator, later, prefix.images):
                output = self.parts.after(apply_edits(value, first), *map(copied, skip_inputs))
            return checked_images(self.to_images(output), prefix.images)


def _prove(generator: nn.Module, layers: Sequence[str], latents: Tensor, to_images: ToImages) -> None:
    """ProofError or LayerError unless an image depends on its latent alone, and layers output maps of it."""
    if not layers:
        prove_function(generator, latents).require()
        return
    size = first_images(generator, latents, to_images).shape[-2:]
    plans = prove_layers(
        generator,
        layers,
        latents,
        image_size=(int(size[0]), int(size[1])),
        locate=locate_by_images(generator, latents, to_images),
        whole=True,
    )
    for name, plan in plans.items():
        if plan.info.layer_kind is not MAP:
            raise LayerError(
                f"Layer {shown(name)} outputs {plan.info.shape}, read as {plan.info.kind}; an edit needs "
                "maps "
                "(B, units, h, w)."
            )


def checked_edits(edits: Sequence[Edit], generator: EditableGenerator) -> list[Edit]:
    """Edits with the names that layers have in `maps`; SettingError or LayerError if one does not fit."""
    checked = []
    for edit in edits:
        name = edit.layer if edit.layer in generator.maps else layer_name(generator.generator, edit.layer)
        if name not in generator.maps:
            opened = ", ".join(generator.maps) or "none"
            raise LayerError(
                f"There is an edit of layer {shown(edit.layer)}; the generator was opened at {opened}."
            )
        edit.check(*generator.maps[name])
        checked.append(Edit(name, edit.units, edit.level, edit.where))
    return checked


def _placed(latents: Tensor, generator: nn.Module) -> Tensor:
    values = Latents(latents).values.to(model_device(generator))
    return values.to(model_dtype(generator, values[:1]))


def _checked_activations(
    activations: Tensor | None, generator: EditableGenerator, count: int, like: Tensor
) -> Tensor | None:
    """Activations of the first layer where, and in the number format in which, the generator has them."""
    if activations is None:
        return None
    if not generator.layer:
        raise SettingError("The generator was opened at no layer, so activations have no place.")
    wanted = (count, *generator.maps[generator.layer])
    if tuple(activations.shape) != wanted or not bool(activations.isfinite().all()):
        raise SettingError(
            f"The activations have shape {tuple(activations.shape)}; those of {generator.layer} must be "
            f"{wanted}, and finite."
        )
    return activations.detach().to(like.device, like.dtype)


@contextmanager
def replaced(generator: nn.Module, layer: str, activations: Tensor) -> Iterator[None]:
    """Inside the block, a layer outputs these maps (B, units, h, w), through which gradients pass."""

    def replace(_module: nn.Module, _inputs: object, output: Any) -> Any:
        return with_tensor(output, _maps_in(output, generator, layer, len(activations)), activations)

    with hooked(generator, [(find_layer(generator, layer), replace)]):
        yield


def output_of(generator: nn.Module, layer: str, latents: Tensor) -> Tensor:
    """Maps (B, units, h, w) that a layer outputs for latents."""
    seen: list[Tensor] = []

    def record(_module: nn.Module, _inputs: object, output: Any) -> None:
        seen.append(_maps_in(output, generator, layer, len(latents)).detach().clone())

    with hooked(generator, [(find_layer(generator, layer), record)]):
        run(generator, latents)
    return seen[-1]


@contextmanager
def _passes(generator: nn.Module) -> Iterator[None]:
    with evaluation(generator), torch.inference_mode():
        yield


@contextmanager
def _hooks(generator: nn.Module, edits: Sequence[Edit], count: int) -> Iterator[None]:
    """Hooks that apply edits to `count` images as their layers run.

    Both parts of a split generator run the same modules.
    """

    def editor(name: str) -> tuple[nn.Module, Hook]:
        of_layer = [edit for edit in edits if edit.layer == name]

        def change(_module: nn.Module, _inputs: object, output: Any) -> Any:
            maps = _maps_in(output, generator, name, count)
            return with_tensor(output, maps, apply_edits(maps, of_layer))

        return find_layer(generator, name), change

    editors = [editor(name) for name in dict.fromkeys(edit.layer for edit in edits)]
    with hooked(generator, editors):
        yield


def _maps(
    generator: nn.Module, names: Sequence[str], latents: Tensor, to_images: ToImages
) -> tuple[dict[str, tuple[int, int, int]], list[str]]:
    """Sizes of the maps of layers, in the order in which they run; and layers that output more than a map."""
    seen: dict[str, tuple[int, ...]] = {}
    alone: dict[str, bool] = {}

    def recorder(name: str) -> tuple[nn.Module, Hook]:
        def record(_module: nn.Module, _inputs: object, output: object) -> None:
            if name in seen:
                raise LayerError(f"Layer {shown(name)} runs more than once; it cannot be edited.")
            maps = _maps_in(output, generator, name, len(latents))
            seen[name], alone[name] = tuple(maps.shape), maps is output

        return find_layer(generator, name), record

    recorders = [recorder(name) for name in names]
    with evaluation(generator), hooked(generator, recorders):
        first_images(generator, latents, to_images)
    missing = [name for name in names if name not in seen]
    if missing:
        raise LayerError(f"Layer {shown(missing[0])} does not run in the generator.")
    sizes = {name: (shape[1], shape[2], shape[3]) for name, shape in seen.items()}
    return sizes, [name for name in seen if not alone[name]]


def _maps_in(output: object, generator: nn.Module, layer: str, count: int) -> Tensor:
    """The maps (count, units, h, w) in a layer's output; LayerError if there are none."""

    def are_maps(tensor: Tensor) -> bool:
        return tensor.dim() == 4 and len(tensor) == count and tensor.is_floating_point()

    part = choose_tensor(output, split_name(generator, layer)[1], layer, are_maps)
    maps = tensor_in(output, part, layer)
    if not are_maps(maps):
        raise LayerError(
            f"Layer {shown(layer)} outputs {tuple(maps.shape)}; it must be maps (B, units, h, w)."
        )
    return maps


def _difference(partial: PartialForward, whole: FullForward, latents: Tensor) -> float:
    """Largest difference of the two strategies, without edits and without half of the units of each layer."""
    half = [Edit(name, range(0, units, 2)) for name, (units, _, _) in partial.maps.items()]
    far = 0.0
    for edits in ([], half):
        try:
            fast = partial.draw(partial.begin(latents), edits)
        except Exception as error:  # a traced network may fail in any way; full passes do not
            raise CannotSplit(f"in parts it fails with {type(error).__name__}") from error
        far = max(far, float((fast - whole.draw(whole.begin(latents), edits)).abs().max()))
    return far

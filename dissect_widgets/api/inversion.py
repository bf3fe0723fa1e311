"""Inverting a generator, for users: the nearest image to one's own, with a progress bar, and resuming."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from tqdm.auto import tqdm

from dissect_widgets.api.resuming import Advance, Hold, resumable
from dissect_widgets.core.data.interrupt import InterruptedRun
from dissect_widgets.core.data.latents import Latents, ToImages, to_images
from dissect_widgets.core.data.latents import latents as draw_latents
from dissect_widgets.core.data.pixels import as_image
from dissect_widgets.core.editing.generator import EditableGenerator, open_generator
from dissect_widgets.core.editing.image_features import Features, ImageFeatures
from dissect_widgets.core.editing.inversion import InversionSettings, invert_image
from dissect_widgets.core.editing.inversion_result import Inversion
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import model_device, model_dtype
from dissect_widgets.core.network.original import original
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import DataError, SettingError
from dissect_widgets.world.pretrained import enlarged, load_classifier


def invert(
    generator: nn.Module,
    image: Any,
    *,
    layer: str | None = None,
    features: Features | tuple[Features, Sequence[str]] | None = None,
    feature_weight: float = 0.1,
    starts: int = 8,
    steps: int = 400,
    learning_rate: float = 0.2,
    latents: Tensor | None = None,
    latent_dim: int | None = None,
    resize: bool = False,
    to_images: ToImages = to_images,
    seed: int = 0,
    progress: bool = True,
) -> Inversion:
    """Find what a generator must be given to make an image, so that it can be edited and painted on.

    The latent is optimized from several starts, of which the worse half is dropped again and again; then,
    with `layer`, what that layer outputs, which comes much closer (Bau et al. 2019, "Semantic Photo
    Manipulation with a Generative Image Prior").

    Parameters
    ----------
    generator
        In evaluation mode, on the device where it is to run; gradients must pass through it. Latents
        (B, latent_dim) or (B, latent_dim, 1, 1) to (B, 3, H, W). It is not changed.
    image
        (3, H, W) or (H, W, 3), float in [0, 1] or uint8, or a Pillow image; as large as the generator's
        images, unless `resize`.
    layer
        Dotted name of an early layer that outputs maps, whose activations are optimized too.
    features
        Network whose features of the images are compared beside the pixels: images float (B, 3, H, W) in
        [0, 1] to any tensors; or a pair of a network and names of its layers. By default three early
        layers of the world's classifier, which see edges, textures and colors of any image.
    feature_weight
        Weight of the features' relative squared distance against the pixels' mean squared one; 0 for pixels
        alone.
    starts
        How many latents to begin with: of 16 times as many, those whose images are nearest.
    steps
        Of the optimization of the latent, and again of the activations.
    learning_rate
        Largest step of a number of the latent, about; of activations half of it, in standard deviations.
    latents
        Latents (n, ...) to choose the starts from, as the generator takes them; by default they are drawn.
    latent_dim
        Length of a latent; by default the generator's `latent_dim`, or what its first layer takes.
    resize
        Whether to squeeze or stretch an image of another size to the generator's; else it is refused.
    to_images
        Converts the output of the generator to images in [0, 1]; by default from [-1, 1]. Gradients must
        pass through it.
    seed
        Of the latents that are drawn: 0 to 2**32 - 1.
    progress
        Whether to show a bar.

    Returns
    -------
    Inversion
        Latent, activations, the image that the generator makes of them, and how close it is.

    Raises
    ------
    DataError
        If the image cannot be used or has another size; or the generator, or the network of `features`,
        fails.
    LayerError
        If there is no such layer, it outputs no maps, or the images do not depend on it.
    SettingError
        If a setting is not allowed, the generator is in training mode, or no gradient passes through it.
    ProofError
        If the generator draws at random when it is evaluated; see `with_fixed_noise`.
    ActivationError
        If no start leads to a finite distance.
    Interrupted
        On Ctrl-C or the interrupt button. Call again to resume, or see `interrupted`; the best so far, an
        `Inversion`, is `interrupt.run.state`.
    """
    settings = InversionSettings(
        starts=starts, steps=steps, learning_rate=learning_rate, feature_weight=feature_weight
    )
    pixels = as_image(image, "The image").float().clamp(0, 1)  # rounding may exceed the range by a little
    generator = original(generator)
    candidates = _candidates(generator, latents, latent_dim, _DRAWN * starts, seed)
    opened = open_generator(generator, layer or (), candidates[:2], to_images=to_images)
    pixels = _fitted(pixels, opened, candidates, resize)
    compared = _features(features, feature_weight, model_device(generator))

    def work(begun: InterruptedRun | None, hold: Hold) -> Inversion:
        with tqdm(total=steps * (2 if layer else 1), unit="step", desc="invert", disable=not progress) as bar:
            return invert_image(
                opened, pixels, candidates, compared, settings, progress=Advance(bar), begun=begun
            )

    return resumable("invert", work)


_DRAWN = 16
"""Latents that are drawn for each start."""


class _WorldFeatures(nn.Module):
    """The world's classifier up to its fourth block, for images of any size."""

    layers = ("relu2_2", "relu3_3", "relu4_3")

    def __init__(self) -> None:
        super().__init__()
        steps = list(load_classifier().named_children())
        last = [name for name, _ in steps].index(self.layers[-1])
        self.steps = nn.Sequential(OrderedDict(steps[: last + 1]))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Outputs of three layers, (B, units, h, w)."""
        x, found = enlarged(images), []
        for name, step in self.steps.named_children():
            x = step(x)
            if name in self.layers:
                found.append(x)
        return found


def _features(
    features: Features | tuple[Features, Sequence[str]] | None, weight: float, device: torch.device
) -> ImageFeatures | None:
    """What is compared beside pixels, if anything is."""
    if features is None:
        return ImageFeatures(_WorldFeatures().eval().to(device)) if weight else None
    if not isinstance(features, (tuple, list)):
        return ImageFeatures(features)
    if len(features) != 2 or isinstance(features[1], str) or not isinstance(features[1], Sequence):
        raise SettingError("features is a tuple; it must be (network, [names of its layers]).")
    return ImageFeatures(features[0], features[1])


def _candidates(
    generator: nn.Module, given: Tensor | None, latent_dim: int | None, count: int, seed: int
) -> Tensor:
    """Latents to choose the starts from, in the form that the generator takes."""
    if given is not None:
        if latent_dim is not None:
            raise SettingError("latents and latent_dim are both given; latents say how long they are.")
        return Latents(given).values
    length = _latent_dim(generator) if latent_dim is None else latent_dim
    if length is None:
        raise SettingError("The generator does not say how long its latents are; give latent_dim.")
    drawn = draw_latents(count, seed, latent_dim=length)
    errors = []
    for form in (drawn, drawn.flatten(1)):
        try:
            with evaluation(generator):
                placed = form[:1].to(model_device(generator))
                run(generator, placed.to(model_dtype(generator, placed)))
        except Exception as error:  # a network may raise anything
            errors.append(f"{tuple(form.shape[1:])}: {type(error).__name__}: {error}")
        else:
            return form
    raise DataError(
        f"The generator fails on latents of {length} numbers, in both forms: {'; '.join(errors)}. Give "
        "latent_dim, or latents to begin with."
    )


def _latent_dim(generator: nn.Module) -> int | None:
    """Length of a latent as the generator says, or as its first layer with weights takes it."""
    said = getattr(generator, "latent_dim", None)
    if isinstance(said, int):
        return said
    for module in generator.modules():
        if isinstance(module, nn.Linear):
            return module.in_features
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            return module.in_channels
    return None


def _fitted(image: Tensor, opened: EditableGenerator, latents: Tensor, resize: bool) -> Tensor:
    """The image in the size of the generator's; DataError if it has another, and is not to be resized."""
    made = opened.draw(opened.begin(latents[:1]))
    size, has = tuple(made.shape[-2:]), tuple(image.shape[-2:])
    if size == has:
        return image.contiguous()
    if not resize:
        raise DataError(
            f"The image is {has[0]} x {has[1]} pixels; the generator's are {size[0]} x {size[1]}. Crop it, "
            "or give resize=True to squeeze or stretch it."
        )
    return interpolate(image[None], size, mode="bilinear", antialias=True)[0].clamp(0, 1)

"""Find what a generator must be given to make an image, so that one's own image can be edited.

The latent is found by gradients from several starts; then, if asked for, the activations of an early layer
beginning with those of the latent, as in Bau et al., "Semantic Photo Manipulation with a Generative Image
Prior" (2019), which came after PNAS 2020, "Semantic Paint".
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun, deferred_interrupt
from dissect_widgets.core.data.latents import ToImages, checked_images, to_images
from dissect_widgets.core.data.provenance import describe_callable, weights_digest
from dissect_widgets.core.editing.generator import EditableGenerator, output_of, replaced
from dissect_widgets.core.editing.image_features import ImageFeatures
from dissect_widgets.core.editing.inversion_result import Inversion
from dissect_widgets.core.editing.search import Search
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import model_device, model_dtype
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import DataError, ProofError, SettingError, shown

Progress = Callable[[int, int], None]
"""Called with the number of steps made, and of all."""


@dataclass(frozen=True, kw_only=True)
class InversionSettings:
    """How an inversion is made; see `dissect_widgets.invert`."""

    starts: int = 8
    steps: int = 400
    learning_rate: float = 0.2
    feature_weight: float = 0.1

    def __post_init__(self) -> None:
        for name in ("starts", "steps"):
            count = getattr(self, name)
            if isinstance(count, bool) or not isinstance(count, int) or count < 1:
                raise SettingError(f"{name} is {shown(count)}; it must be a whole number from 1.")
        for name, least in (("learning_rate", "above 0"), ("feature_weight", "0 or more")):
            value = getattr(self, name)
            number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else -1.0
            if not 0 <= number < float("inf") or (least == "above 0" and not number):
                raise SettingError(f"{name} is {shown(value)}; it must be a finite number, {least}.")


def invert_image(
    generator: EditableGenerator,
    image: Tensor,
    candidates: Tensor,
    features: ImageFeatures | None,
    settings: InversionSettings,
    *,
    progress: Progress = lambda done, total: None,
    begun: InterruptedRun | None = None,
) -> Inversion:
    """Find the latent, and the activations of the layer at which the generator was opened, if it was at one.

    Parameters
    ----------
    generator
        See `open_generator`.
    image
        float32 (3, H, W) in [0, 1], as large as the generator's.
    candidates
        Latents (n, ...), as the generator takes them, of which the nearest are the starts.
    features
        What is compared beside pixels; None for nothing.
    settings
        Steps, learning rate and weight of the features.
    progress
        Called after each step.
    begun
        An interrupted run; it is resumed if it is the same, else left alone.

    Raises
    ------
    SettingError, ActivationError, DataError, ProofError
        If no gradient passes, nothing finite is found, or the features do not fit the image or vary.
    Interrupted
        On Ctrl-C or the interrupt button, between two steps; `begun` takes its `run`.
    """
    key = partial(_run_key, generator, image, candidates, features, settings)
    earlier: Inversion | None = None if begun is None else begun.take(key())
    with (
        evaluation(generator.generator),
        nullcontext() if features is None else features.evaluation(),
        deferred_interrupt() as interrupt_waits,
    ):
        work = _Work(generator, image, candidates, features, settings, earlier)
        progress(work.done, work.total)
        while work.done < work.total:
            work.step()
            progress(work.done, work.total)
            if interrupt_waits() and work.done < work.total:
                so_far = work.result()
                run_so_far = InterruptedRun(
                    of=f"an image by {so_far.model}",
                    done=work.done,
                    total=work.total,
                    unit="steps",
                    key=key(),
                    state=so_far,
                )
                raise Interrupted(run_so_far, f"; {so_far.psnr:.1f} dB so far")
        return work.result()


class _Work:
    """An inversion at work: first the latent is searched, then the activations."""

    def __init__(
        self,
        generator: EditableGenerator,
        image: Tensor,
        candidates: Tensor,
        features: ImageFeatures | None,
        settings: InversionSettings,
        earlier: Inversion | None,
    ) -> None:
        self.generator, self.features, self.settings = generator, features, settings
        self.original, self.weights = image, weights_digest(generator.generator)
        device = model_device(generator.generator)
        self.image = image.to(device)
        self.dtype = model_dtype(generator.generator, candidates[:1].to(device))
        self.wanted = self._wanted_features()
        self.seconds = 0.0
        self.latent: Tensor | None = None
        self.first: Tensor | None = None
        self.total = settings.steps * (2 if generator.layer else 1)
        self.done = 0
        if earlier is None:
            self.search = Search.begin(self._nearest(candidates.to(device)))
        else:
            self.search, self.latent, self.first = earlier.search
            self.search = self.search.copy()
            self.done, self.seconds = earlier.steps, earlier.seconds
        self.started = time.monotonic()

    def step(self) -> None:
        """Make one step, and begin with the activations after the last one for the latent."""
        self.search.advance(self._loss, self.settings.steps, self._learning_rate())
        self.done += 1
        if self.search.step == self.settings.steps:
            self.search.finish(self._loss)
            if self.latent is None and self.generator.layer:
                self.latent = self.search.winner
                self.first = self._activations_of(self.latent)
                self.search = Search.begin(torch.zeros_like(self.first))

    def result(self) -> Inversion:
        """The best so far; computed for one image alone."""
        latent = self.search.winner if self.latent is None else self.latent
        activations = None if self.latent is None else self._activations(self.search.winner)
        distance = float("nan")
        with torch.no_grad():
            image = checked_images(self.generator.to_images(self._output(latent, activations)), 1)
            if self.features is not None and self.wanted:
                distance = float(self.features.distance(image, self.wanted)[0])
        finished = self.done == self.total
        return Inversion(
            model=type(self.generator.generator).__name__,
            weights=self.weights,
            layer=self.generator.layer,
            original=self.original.cpu(),
            image=image[0].cpu(),
            latent=latent.cpu(),
            activations=None if activations is None else activations.cpu(),
            feature_distance=distance,
            steps=self.done,
            total=self.total,
            seconds=self.seconds + time.monotonic() - self.started,
            search=None if finished else (self.search.copy(), self.latent, self.first),
        )

    def _nearest(self, candidates: Tensor) -> Tensor:
        """The candidates whose images are nearest; ties: the first."""
        count = self.settings.starts
        if len(candidates) <= count:
            return candidates
        with torch.no_grad():
            losses = torch.cat([self._loss(part) for part in torch.split(candidates, count)])
        return candidates[losses.nan_to_num(torch.inf).argsort(stable=True)[:count]]

    def _loss(self, values: Tensor) -> Tensor:
        """Distance of the images of values from the image, (starts,)."""
        if self.latent is None:
            output = self._output(values, None)
        else:
            output = self._output(
                self.latent.expand(len(values), *self.latent.shape[1:]), self._activations(values)
            )
        images = _differentiable(output, self.generator.to_images)
        loss: Tensor = (images - self.image).square().flatten(1).mean(1)
        if self.features is not None and self.settings.feature_weight:
            loss = loss + self.settings.feature_weight * self.features.distance(images, self.wanted)
        return loss

    def _output(self, latents: Tensor, activations: Tensor | None) -> Any:
        network, layer = self.generator.generator, self.generator.layer
        given = None if activations is None else activations.to(self.dtype)
        with nullcontext() if given is None else replaced(network, layer, given):
            return run(network, latents.to(self.dtype))

    def _activations_of(self, latent: Tensor) -> Tensor:
        with torch.no_grad():
            return output_of(self.generator.generator, self.generator.layer, latent.to(self.dtype)).float()

    def _activations(self, changes: Tensor) -> Tensor:
        """Activations from changes in standard deviations of what the layer outputs for the latent."""
        assert self.first is not None
        return self.first + self.first.std().clamp(min=1e-6) * changes

    def _learning_rate(self) -> float:
        return self.settings.learning_rate * (1.0 if self.latent is None else 0.5)

    def _wanted_features(self) -> list[Tensor]:
        """Features of the image, which must be the same whenever they are asked for."""
        if self.features is None:
            return []
        wanted, again = self.features(self.image[None]), self.features(self.image[None])
        for one, other in zip(wanted, again, strict=True):
            if not bool(one.isfinite().all()):
                raise DataError("The network of `features` outputs NaN or infinite numbers for the image.")
            if not torch.allclose(one, other, rtol=1e-3, atol=1e-5):
                raise ProofError(
                    "The network of `features` outputs something else for the same image each time. Where it "
                    "draws at random, dw.with_fixed_noise(network) draws the same."
                )
        return wanted


def _differentiable(output: Any, convert: ToImages) -> Tensor:
    """Images of a generator's output; what exceeds [0, 1] is led back into it by gradients."""
    if convert is not to_images:
        return convert(output).float()
    images: Tensor = _Clamp.apply((output.float() + 1) / 2)
    return images


class _Clamp(torch.autograd.Function):
    """Clamps to [0, 1]; the gradient passes inside, and outside where it leads inwards."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        """Clamp."""
        ctx.save_for_backward(values)
        return values.clamp(0, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """A step goes against the gradient."""
        (values,) = ctx.saved_tensors
        leads_out = ((values > 1) & (gradient < 0)) | ((values < 0) & (gradient > 0))
        return gradient.masked_fill(leads_out, 0)


def _run_key(
    generator: EditableGenerator,
    image: Tensor,
    candidates: Tensor,
    features: ImageFeatures | None,
    settings: InversionSettings,
) -> str:
    """Digest of all that decides the result."""
    decisive = (
        weights_digest(generator.generator),
        describe_callable(generator.to_images),
        generator.layer,
        None if features is None else features.digest(),
        settings,
        tuple(candidates.shape),
    )
    digest = hashlib.sha256(repr(decisive).encode())
    for tensor in (image, candidates):
        digest.update(tensor.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()

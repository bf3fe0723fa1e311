"""Train a generator of images against discriminators (Goodfellow et al. 2014), with progressive growing.

The losses are logistic, with a penalty on the discriminator's gradient at drawn images, R1 (Mescheder et al.
2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pad, softplus

from dissect_widgets.errors import SettingError
from dissect_widgets.models.progressive_gan import ProgressiveGenerator
from dissect_widgets.world.networks import SceneNet
from dissect_widgets.world.training.discriminators import Discriminator, FeatureDiscriminator
from dissect_widgets.world.training.progressive_growing import Growing, Stage, moment
from dissect_widgets.world.training.recorded import Recorded
from dissect_widgets.world.training.trainer import Run, mixed_precision

Module = TypeVar("Module", bound=nn.Module)

_REPORT_EVERY: Final = 50  # steps between two reports of the losses on CUDA


class Course(NamedTuple):
    """How a generator is trained."""

    widths: tuple[int, ...]
    """Of `ProgressiveGenerator`."""
    stages: tuple[Stage, ...]
    learning_rate: float = 2e-3
    """Of Adam, for the generator and the discriminators."""
    penalty_weight: float = 1e-3
    """Weight of the squared gradient at drawn images, for each pixel in a batch of one."""
    penalty_every: int = 16
    """Steps from one penalty to the next."""
    use_features: bool = True
    """Whether images of 32 pixels and more are also scored by a `FeatureDiscriminator`."""
    feature_shift: int = 0
    """Pixels by which the images of a batch are shifted at most, at random, before their features are scored.
    A classifier's pooling has a grid, whose pattern a generator learns otherwise.
    """
    ema_half_life: int = 5_000
    """Images after which an earlier weight counts half in the moving average."""
    seed: int = 0

    def open_ended(self) -> Course:
        """The same without its number of steps, which no step depends on: a run may be extended."""
        *before, last = self.stages
        return self._replace(stages=(*before, last._replace(steps=0)))


class GanTrainer(Run):
    """Trains a generator and its discriminators on images.

    Parameters
    ----------
    course
        How to train.
    images
        Training images, uint8 (n, 3, size, size).
    chosen
        Indices of the images for the stages of chosen images, in ascending order.
    classifier
        Network for the feature discriminator; it is moved to the device and frozen.
    folder, key, device
        See `Run`.

    Raises
    ------
    SettingError
        If no image is chosen, and there is a stage of chosen images.
    """

    def __init__(
        self,
        course: Course,
        images: NDArray[np.uint8],
        chosen: NDArray[np.int64],
        classifier: SceneNet,
        folder: Path,
        key: str,
        device: str | torch.device = "cpu",
    ) -> None:
        if not len(chosen) and any(stage.chosen for stage in course.stages):
            raise SettingError("No image is chosen, and a stage of the course trains on chosen images.")
        super().__init__(sum(stage.steps for stage in course.stages), folder, key, torch.device(device))
        self.course, self.chosen = course, chosen
        self.images = torch.from_numpy(np.asarray(images)).to(self.device)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(course.seed)
            self.generator = self._placed(Growing(course.widths))
            self.average = self._placed(Growing(course.widths)).requires_grad_(False)
            self.discriminator = self._placed(Discriminator(course.widths[1:]))
            self.feature_discriminator = self._placed(FeatureDiscriminator(classifier.to(self.device)))
        self.average.load_state_dict(self.generator.state_dict())
        self._weights: list[Tensor] = list(self.generator.parameters())
        self._averages: list[Tensor] = list(self.average.parameters())
        cuda = self.device.type == "cuda"  # where everything is recorded on one stream
        stream = torch.cuda.Stream(self.device) if cuda else None  # type: ignore[no-untyped-call]
        self._stream = torch.cuda.stream(stream)
        self._recorded: tuple[tuple[Stage, bool], Recorded, Recorded] | None = None
        self.generator_optimizer = self._adam(self.generator)
        self.discriminator_optimizer = self._adam(self.discriminator, self.feature_discriminator)
        self.restore()
        self._wait()

    def averaged(self) -> ProgressiveGenerator:
        """The generator with its averaged weights, in evaluation mode."""
        self._wait()
        return self.average.generator.eval()

    def _wait(self) -> None:
        """Until a GPU has done what it was asked to, on any stream."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _state(self) -> dict[str, Any]:
        self._wait()
        return {name: part.state_dict() for name, part in self._parts().items()}

    def _load(self, state: dict[str, Any]) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])

    def _parts(self) -> dict[str, Any]:
        """What a checkpoint stores, by its name there."""
        return {
            "generator": self.generator,
            "average": self.average,
            "critic": self.discriminator,
            "features": self.feature_discriminator,
            "makes": self.generator_optimizer,
            "judges": self.discriminator_optimizer,
        }

    def _placed(self, module: Module) -> Module:
        return module.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def _sent(self, values: Tensor) -> Tensor:
        """The same on the device; nothing waits for a GPU."""
        return values if self.device.type == "cpu" else values.pin_memory().to(self.device, non_blocking=True)

    def _adam(self, *modules: nn.Module) -> torch.optim.Adam:
        weights = [w for module in modules for w in module.parameters() if w.requires_grad]
        cuda = self.device.type == "cuda"  # where steps are recorded
        return torch.optim.Adam(
            weights, self.course.learning_rate, betas=(0.0, 0.99), fused=cuda, capturable=cuda
        )

    def _take_step(self) -> dict[str, float]:
        with self._stream:
            losses = self._losses()
            self.step += 1
            # A GPU has to be waited for before its losses can be read.
            reported = self.device.type != "cuda" or (self.step - 1) % _REPORT_EVERY == 0
            return {name: float(loss) for name, loss in losses.items()} if reported else {}

    def _losses(self) -> dict[str, Tensor]:
        (stage, alpha), course = moment(self.course.stages, self.step), self.course
        rng = np.random.default_rng((course.seed, self.step))
        generator = torch.Generator().manual_seed(course.seed * 1_000_003 + self.step)
        real = self._batch(stage, alpha, rng)
        latents = torch.randn(stage.batch_size, course.widths[0], generator=generator)
        penalize, train = self._functions(stage, fading=alpha < 1)
        weight, losses = self._sent(torch.tensor(alpha)), {}
        shift = self._sent(torch.from_numpy(rng.integers(0, 2 * course.feature_shift + 1, 2)))
        if self.step % course.penalty_every == 0:
            losses["gradient penalty"] = penalize(real, weight)
        losses["discriminator"], losses["generator"] = train(real, self._sent(latents), weight, shift)
        self._update_average(stage.batch_size)
        return losses

    def _functions(self, stage: Stage, *, fading: bool) -> tuple[Recorded, Recorded]:
        """The two parts of a step: the penalty of real images, and the training on real images and latents.

        Both take the weight of the newest size next, which counts only while it fades in, and the second a
        shift; see `_shifted`.
        """
        if self._recorded is None or self._recorded[0] != (stage, fading):
            for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
                for group in optimizer.param_groups:
                    group["lr"] = self.course.learning_rate * stage.rate

            def penalize(real: Tensor, alpha: Tensor) -> Tensor:
                return self._penalize_gradient(real, stage, alpha if fading else 1.0)

            def train(real: Tensor, latents: Tensor, alpha: Tensor, shift: Tensor) -> Tensor:
                return self._train(real, latents, stage.size, alpha if fading else 1.0, shift)

            self._recorded = (stage, fading), Recorded(penalize), Recorded(train)
        return self._recorded[1:]

    def _train(
        self, real: Tensor, latents: Tensor, size: int, alpha: float | Tensor, shift: Tensor
    ) -> Tensor:
        """Train the discriminators, then the generator: the losses of both, (2,)."""
        with mixed_precision(self.device):
            fake = self.generator(latents, size, alpha)
        discriminator = self._train_discriminators(real, fake.detach().float(), alpha, shift)
        return torch.stack([discriminator, self._train_generator(fake, alpha, shift)])

    def _train_discriminators(
        self, real: Tensor, fake: Tensor, alpha: float | Tensor, shift: Tensor
    ) -> Tensor:
        with mixed_precision(self.device):
            generated = sum(softplus(a.float()).mean() for a in self._scores(fake, alpha, shift))
            drawn = sum(softplus(-a.float()).mean() for a in self._scores(real, alpha, shift))
        return _descend(self.discriminator_optimizer, generated + drawn)

    def _train_generator(self, fake: Tensor, alpha: float | Tensor, shift: Tensor) -> Tensor:
        discriminators = (self.discriminator, self.feature_discriminator)
        for network in discriminators:
            network.requires_grad_(False)  # their gradients are not needed
        with mixed_precision(self.device):
            loss = sum(softplus(-a.float()).mean() for a in self._scores(fake, alpha, shift))
        value = _descend(self.generator_optimizer, loss)
        for network in discriminators:
            network.requires_grad_(True)
        return value

    def _penalize_gradient(self, real: Tensor, stage: Stage, alpha: float | Tensor) -> Tensor:
        real = real.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.discriminator(real, alpha).sum(), real, create_graph=True)
        squared = gradient.square().sum((1, 2, 3)).mean()
        weight = self.course.penalty_weight * stage.size**2 / stage.batch_size / 2 * self.course.penalty_every
        _descend(self.discriminator_optimizer, squared * weight)
        return squared.detach()

    def _scores(self, images: Tensor, alpha: float | Tensor, shift: Tensor) -> Sequence[Tensor]:
        scores = [self.discriminator(images, alpha)]
        if self.course.use_features and images.shape[-1] >= 32:
            most = self.course.feature_shift
            shifted = _shifted(images, shift, most) if most else images
            scores.append(self.feature_discriminator(shifted))
        return scores

    def _update_average(self, batch_size: int) -> None:
        decay = min(0.5 ** (batch_size / self.course.ema_half_life), (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(self._averages, self._weights, 1 - decay)

    def _batch(self, stage: Stage, alpha: float, rng: np.random.Generator) -> Tensor:
        pool = self.chosen if stage.chosen else np.arange(len(self.images))
        indices = pool[np.sort(rng.integers(len(pool), size=stage.batch_size))]
        drawn = self.images[self._sent(torch.from_numpy(indices))].float() / 127.5 - 1
        mirrored = self._sent(torch.from_numpy(rng.integers(2, size=stage.batch_size).astype(bool)))
        drawn = torch.where(mirrored[:, None, None, None], drawn.flip(3), drawn)
        drawn = avg_pool2d(drawn, drawn.shape[-1] // stage.size)
        if alpha < 1:
            blurred = interpolate(avg_pool2d(drawn, 2), scale_factor=2.0, mode="nearest")
            drawn = blurred + alpha * (drawn - blurred)
        return drawn.contiguous(memory_format=torch.channels_last)


def _shifted(images: Tensor, shift: Tensor, most: int) -> Tensor:
    """Images moved by `most` minus a shift, int64 (2,) of 0 to twice that; borders are repeated."""
    padded, (height, width) = pad(images, [most] * 4, mode="replicate"), images.shape[2:]
    rows, columns = (
        torch.arange(n, device=images.device) + d for n, d in zip((height, width), shift, strict=True)
    )
    moved = padded.index_select(2, rows).index_select(3, columns)
    return moved.contiguous(memory_format=torch.channels_last)


def _descend(optimizer: torch.optim.Optimizer, loss: Any) -> Tensor:
    for group in optimizer.param_groups:
        for weight in group["params"]:
            weight.grad = None
    loss.backward()
    optimizer.step()
    return loss.detach()  # type: ignore[no-any-return]

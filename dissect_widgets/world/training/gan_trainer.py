"""Train a generator of images against discriminators (Goodfellow et al. 2014), with progressive growing.

The losses are logistic, with a penalty on the discriminator's gradient at drawn images, R1 (Mescheder et al.
2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, softplus

from dissect_widgets.errors import SettingError
from dissect_widgets.models.progressive_gan import ProgressiveGenerator
from dissect_widgets.world.networks import SceneNet
from dissect_widgets.world.training.discriminators import Discriminator, FeatureDiscriminator
from dissect_widgets.world.training.progressive_growing import Growing, Stage, moment
from dissect_widgets.world.training.trainer import Run, mixed_precision

Module = TypeVar("Module", bound=nn.Module)


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
        self.course, self.images, self.chosen = course, images, chosen
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(course.seed)
            self.generator = self._placed(Growing(course.widths))
            self.average = self._placed(Growing(course.widths)).requires_grad_(False)
            self.discriminator = self._placed(Discriminator(course.widths[1:]))
            self.feature_discriminator = self._placed(FeatureDiscriminator(classifier.to(self.device)))
        self.average.load_state_dict(self.generator.state_dict())
        self.generator_optimizer = self._adam(self.generator)
        self.discriminator_optimizer = self._adam(self.discriminator, self.feature_discriminator)
        self.restore()

    def averaged(self) -> ProgressiveGenerator:
        """The generator with its averaged weights, in evaluation mode."""
        return self.average.generator.eval()

    def _state(self) -> dict[str, Any]:
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

    def _adam(self, *modules: nn.Module) -> torch.optim.Adam:
        weights = [w for module in modules for w in module.parameters() if w.requires_grad]
        return torch.optim.Adam(weights, self.course.learning_rate, betas=(0.0, 0.99))

    def _take_step(self) -> dict[str, float]:
        (stage, alpha), course = moment(self.course.stages, self.step), self.course
        rng = np.random.default_rng((course.seed, self.step))
        generator = torch.Generator().manual_seed(course.seed * 1_000_003 + self.step)
        real = self._batch(stage, alpha, rng)
        latents = torch.randn(stage.batch_size, course.widths[0], generator=generator).to(self.device)
        with mixed_precision(self.device):
            fake = self.generator(latents, stage.size, alpha)
        losses = {"discriminator": self._train_discriminators(real, fake.detach().float(), alpha)}
        if self.step % course.penalty_every == 0:
            losses["gradient penalty"] = self._penalize_gradient(real, stage, alpha)
        losses["generator"] = self._train_generator(fake, alpha)
        self._update_average(stage.batch_size)
        self.step += 1
        return losses

    def _train_discriminators(self, real: Tensor, fake: Tensor, alpha: float) -> float:
        with mixed_precision(self.device):
            generated = sum(softplus(a.float()).mean() for a in self._scores(fake, alpha))
            drawn = sum(softplus(-a.float()).mean() for a in self._scores(real, alpha))
        return _descend(self.discriminator_optimizer, generated + drawn)

    def _train_generator(self, fake: Tensor, alpha: float) -> float:
        discriminators = (self.discriminator, self.feature_discriminator)
        for network in discriminators:
            network.requires_grad_(False)  # their gradients are not needed
        with mixed_precision(self.device):
            loss = sum(softplus(-a.float()).mean() for a in self._scores(fake, alpha))
        value = _descend(self.generator_optimizer, loss)
        for network in discriminators:
            network.requires_grad_(True)
        return value

    def _penalize_gradient(self, real: Tensor, stage: Stage, alpha: float) -> float:
        real = real.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.discriminator(real, alpha).sum(), real, create_graph=True)
        squared = gradient.square().sum((1, 2, 3)).mean()
        weight = self.course.penalty_weight * stage.size**2 / stage.batch_size / 2 * self.course.penalty_every
        _descend(self.discriminator_optimizer, squared * weight)
        return float(squared.detach())

    def _scores(self, images: Tensor, alpha: float) -> Sequence[Tensor]:
        scores = [self.discriminator(images, alpha)]
        if self.course.use_features and images.shape[-1] >= 32:
            scores.append(self.feature_discriminator(images))
        return scores

    def _update_average(self, batch_size: int) -> None:
        decay = min(0.5 ** (batch_size / self.course.ema_half_life), (1 + self.step) / (10 + self.step))
        average = self.average.state_dict()
        for name, value in self.generator.state_dict().items():
            average[name].lerp_(value, 1 - decay)

    def _batch(self, stage: Stage, alpha: float, rng: np.random.Generator) -> Tensor:
        pool = self.chosen if stage.chosen else np.arange(len(self.images))
        indices = pool[np.sort(rng.integers(len(pool), size=stage.batch_size))]
        drawn = torch.from_numpy(self.images[indices]).to(self.device).float() / 127.5 - 1
        mirrored = torch.from_numpy(rng.integers(2, size=stage.batch_size).astype(bool)).to(self.device)
        drawn = torch.where(mirrored[:, None, None, None], drawn.flip(3), drawn)
        drawn = avg_pool2d(drawn, drawn.shape[-1] // stage.size)
        if alpha < 1:
            blurred = interpolate(avg_pool2d(drawn, 2), scale_factor=2.0, mode="nearest")
            drawn = blurred + alpha * (drawn - blurred)
        return drawn.contiguous(memory_format=torch.channels_last)


def _descend(optimizer: torch.optim.Optimizer, loss: Any) -> float:
    for group in optimizer.param_groups:
        for weight in group["params"]:
            weight.grad = None
    loss.backward()
    optimizer.step()
    return float(loss.detach())

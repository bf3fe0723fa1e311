"""Train a generator of pictures against critics, which learn to tell its pictures from drawn ones.

It grows from small pictures to large ones (Karras et al. 2018). The losses are the logistic ones, with a
penalty on the critic's slope at drawn pictures (Mescheder et al. 2018).
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
from dissect_widgets.world.networks.nets import SceneNet
from dissect_widgets.world.training.discriminators import Discriminator, FeatureDiscriminator
from dissect_widgets.world.training.progressive_growing import Growing, Stage, moment
from dissect_widgets.world.training.trainer import Run, fast

Module = TypeVar("Module", bound=nn.Module)


class Course(NamedTuple):
    """How a generator learns."""

    widths: tuple[int, ...]
    """Of `ProgressiveGenerator`."""
    stages: tuple[Stage, ...]
    rate: float = 2e-3
    """Learning rate of Adam, of the generator and the critics."""
    penalty: float = 1e-3
    """Weight of the critic's squared slope at drawn pictures, for each pixel in a batch of one."""
    every: int = 16
    """Steps from one penalty to the next."""
    features: bool = True
    """Whether pictures of 32 pixels and more are criticized by their features, too."""
    average: int = 5_000
    """Pictures over which the generator's weights are averaged by half."""
    seed: int = 0

    def open_ended(self) -> Course:
        """The same without its end, on which no step depends: a run may go on beyond it."""
        *before, last = self.stages
        return self._replace(stages=(*before, last._replace(steps=0)))


class Adversaries(Run):
    """A generator that learns from pictures, by what critics say of its own.

    Parameters
    ----------
    course
        How to learn.
    pictures
        What to learn, uint8 (n, 3, size, size).
    chosen
        Which of them are for the stages of chosen pictures, integers, ascending.
    classifier
        Whose features are criticized; it goes to the device, and no longer learns.
    folder, key, device
        See `Run`.

    Raises
    ------
    SettingError
        If no picture is chosen for a stage of chosen pictures.
    """

    def __init__(
        self, course: Course, pictures: NDArray[np.uint8], chosen: NDArray[np.int64], classifier: SceneNet,
        folder: Path, key: str, device: str | torch.device = "cpu",
    ) -> None:  # fmt: skip
        if not len(chosen) and any(stage.chosen for stage in course.stages):
            raise SettingError("No picture is chosen, and a stage of the course is of chosen pictures.")
        super().__init__(sum(stage.steps for stage in course.stages), folder, key, torch.device(device))
        self.course, self.pictures, self.chosen = course, pictures, chosen
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(course.seed)
            self.generator = self._placed(Growing(course.widths))
            self.average = self._placed(Growing(course.widths)).requires_grad_(False)
            self.critic = self._placed(Discriminator(course.widths[1:]))
            self.features = self._placed(FeatureDiscriminator(classifier.to(self.device)))
        self.average.load_state_dict(self.generator.state_dict())
        self.makes = self._adam(self.generator)
        self.judges = self._adam(self.critic, self.features)
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
        names = ("generator", "average", "critic", "features", "makes", "judges")
        return {name: getattr(self, name) for name in names}

    def _placed(self, module: Module) -> Module:
        return module.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def _adam(self, *modules: nn.Module) -> torch.optim.Adam:
        weights = [w for module in modules for w in module.parameters() if w.requires_grad]
        return torch.optim.Adam(weights, self.course.rate, betas=(0.0, 0.99))

    def _take_step(self) -> dict[str, float]:
        (stage, share), course = moment(self.course.stages, self.step), self.course
        rng = np.random.default_rng((course.seed, self.step))
        chance = torch.Generator().manual_seed(course.seed * 1_000_003 + self.step)
        real = self._batch(stage, share, rng)
        latents = torch.randn(stage.batch, course.widths[0], generator=chance).to(self.device)
        with fast(self.device):
            fake = self.generator(latents, stage.size, share)
        losses = {"judge": self._judge(real, fake.detach().float(), share)}
        if self.step % course.every == 0:
            losses["slope"] = self._flatten(real, stage, share)
        losses["make"] = self._make(fake, share)
        self._follow(stage.batch)
        self.step += 1
        return losses

    def _judge(self, real: Tensor, fake: Tensor, share: float) -> float:
        with fast(self.device):
            made = sum(softplus(a.float()).mean() for a in self._scores(fake, share))
            drawn = sum(softplus(-a.float()).mean() for a in self._scores(real, share))
        return _improve(self.judges, made + drawn)

    def _make(self, fake: Tensor, share: float) -> float:
        for critic in (self.critic, self.features):
            critic.requires_grad_(False)  # their slopes would be for nothing
        with fast(self.device):
            loss = sum(softplus(-a.float()).mean() for a in self._scores(fake, share))
        made = _improve(self.makes, loss)
        for critic in (self.critic, self.features):
            critic.requires_grad_(True)
        return made

    def _flatten(self, real: Tensor, stage: Stage, share: float) -> float:
        real = real.detach().requires_grad_()
        (slope,) = torch.autograd.grad(self.critic(real, share).sum(), real, create_graph=True)
        squared = slope.square().sum((1, 2, 3)).mean()
        weight = self.course.penalty * stage.size**2 / stage.batch / 2 * self.course.every
        _improve(self.judges, squared * weight)
        return float(squared.detach())

    def _scores(self, pictures: Tensor, share: float) -> Sequence[Tensor]:
        scores = [self.critic(pictures, share)]
        if self.course.features and pictures.shape[-1] >= 32:
            scores.append(self.features(pictures))
        return scores

    def _follow(self, batch: int) -> None:
        keep = min(0.5 ** (batch / self.course.average), (1 + self.step) / (10 + self.step))
        own = self.average.state_dict()
        for name, value in self.generator.state_dict().items():
            own[name].lerp_(value, 1 - keep)

    def _batch(self, stage: Stage, share: float, rng: np.random.Generator) -> Tensor:
        pool = self.chosen if stage.chosen else np.arange(len(self.pictures))
        taken = pool[np.sort(rng.integers(len(pool), size=stage.batch))]
        drawn = torch.from_numpy(self.pictures[taken]).to(self.device).float() / 127.5 - 1
        mirrored = torch.from_numpy(rng.integers(2, size=stage.batch).astype(bool)).to(self.device)
        drawn = torch.where(mirrored[:, None, None, None], drawn.flip(3), drawn)
        drawn = avg_pool2d(drawn, drawn.shape[-1] // stage.size)
        if share < 1:
            blurred = interpolate(avg_pool2d(drawn, 2), scale_factor=2.0, mode="nearest")
            drawn = blurred + share * (drawn - blurred)
        return drawn.contiguous(memory_format=torch.channels_last)


def _improve(optimizer: torch.optim.Optimizer, loss: Any) -> float:
    for group in optimizer.param_groups:
        for weight in group["params"]:
            weight.grad = None
    loss.backward()
    optimizer.step()
    return float(loss.detach())

"""A generator and the latents that it is dissected over: latents go in, and pictures come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from dissect_widgets.core.data.batches import Batch, fill_up
from dissect_widgets.core.data.latents import (
    Latents,
    ToImages,
    checked_images,
    first_images,
    is_latents,
    to_images,
)
from dissect_widgets.core.data.provenance import describe_callable
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.core.dissection.source import Seen, Source, overwritten
from dissect_widgets.core.dissection.state import ProbeSpec
from dissect_widgets.core.network.hooks import evaluation, trace
from dissect_widgets.core.network.layers import as_maps, plan_layers
from dissect_widgets.errors import SettingError


class Generated(Source):
    """A generator, whose own pictures a segmenter labels.

    PNAS 2020, "Emergence of Object Detectors in a GAN". Positions of maps lie evenly in the picture, for no
    picture goes in that they could be a field of.

    Parameters
    ----------
    generator
        Latents (B, depth) or (B, depth, 1, 1) to (B, 3, H, W). It is left as it was.
    layers, levels, settings, segmenter
        See `Source`.
    data
        Latents.
    to_images
        What the generator outputs to pictures in [0, 1].
    """

    def __init__(
        self,
        generator: nn.Module,
        layers: str | Sequence[str],
        data: Latents,
        *,
        levels: Sequence[float] = (0.01,),
        settings: Settings | None = None,
        segmenter: Segmenter | None,
        to_images: ToImages = to_images,
    ) -> None:
        super().__init__(generator, layers, data, levels=levels, settings=settings, segmenter=segmenter)
        self.to_images = to_images

    def plan(self, batch: Batch) -> ProbeSpec:
        """See `Source`."""
        two = self._given(batch.images[:1], 2)
        with evaluation(self.model):
            pictures = first_images(self.model, two, self.to_images)
            size = (int(pictures.shape[-2]), int(pictures.shape[-1]))
            plans = plan_layers(
                self.model,
                self.layers,
                two,
                rule="half-pixel",
                token_grids=self.settings.token_grids,
                picture=size,
            )
        label = self.labels(batch._replace(images=pictures[:1]))[0]
        return self._spec(plans, size, label.shape)

    def read(self, batch: Batch, batch_size: int, spec: ProbeSpec) -> Seen:
        """See `Source`."""
        count, plans = len(batch.images), spec.plans
        given = self._given(batch.images, batch_size)
        with trace(self.model, self.layers, clone=overwritten(plans)) as seen:
            output = self.model(given)
        maps = {name: as_maps(seen.pop(name), plan.info)[:count] for name, plan in plans.items()}
        pictures = checked_images(self.to_images(output), len(given))[:count]
        return Seen(pictures, self.labels(batch._replace(images=pictures)), maps)

    def network_input(self, images: Tensor) -> Tensor:
        """See `Source`."""
        return images.to(self.device, self.dtype)

    def callables(self) -> dict[str, str | None]:
        """See `Source`."""
        return super().callables() | {"to_pictures": describe_callable(self.to_images)}

    def _given(self, latents: Tensor, count: int) -> Tensor:
        return self.network_input(fill_up(latents, count))


def open_source(
    model: nn.Module,
    layers: str | Sequence[str],
    data: Any,
    *,
    levels: Sequence[float] = (0.01,),
    settings: Settings | None = None,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    segmenter: Segmenter | None = None,
    to_images: ToImages = to_images,
) -> Source:
    """A network and its images; or, where the data are a tensor of latents, a generator.

    Raises
    ------
    SettingError
        If there is something to make of latents before a generator takes them.
    """
    if not is_latents(data):
        return Source(
            model, layers, data, levels=levels, settings=settings, preprocess=preprocess, segmenter=segmenter
        )
    if preprocess is not None:
        raise SettingError("Latents go into a generator as they are; there is nothing to `preprocess`.")
    return Generated(
        model,
        layers,
        Latents(data),
        levels=levels,
        settings=settings,
        segmenter=segmenter,
        to_images=to_images,
    )

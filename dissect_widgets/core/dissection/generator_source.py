"""A generator, and the latents that it is dissected over."""

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
from dissect_widgets.core.dissection.source import BatchOutputs, Source, overwritten, parts_of
from dissect_widgets.core.dissection.state import ProbeSpec
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import model_dtype, trace
from dissect_widgets.core.network.influence_on_images import locate_by_images
from dissect_widgets.core.network.layers import as_maps
from dissect_widgets.core.network.run import run
from dissect_widgets.core.proofs.layers import prove_layers
from dissect_widgets.errors import SettingError


class GeneratorSource(Source):
    """A generator, whose images a segmenter labels.

    PNAS 2020, "Emergence of Object Detectors in a GAN". Positions of maps lie evenly in the image, for
    without an input image there are no receptive fields.

    Parameters
    ----------
    generator
        Latents (B, latent_dim) or (B, latent_dim, 1, 1) to (B, 3, H, W). It is left as it was.
    layers, levels, settings, segmenter
        See `Source`.
    data
        Latents.
    to_images
        Converts the output of the generator to images in [0, 1].
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
        self.dtype = model_dtype(self.model, self._given(batch.images[:1], 1))
        two = self._given(batch.images[:1], 2)
        with evaluation(self.model):
            images = first_images(self.model, two, self.to_images)
            size = (int(images.shape[-2]), int(images.shape[-1]))
            plans = prove_layers(
                self.model,
                self.layers,
                two,
                token_grids=self.settings.token_grids,
                image_size=size,
                locate=locate_by_images(self.model, two, self.to_images),
            )
        label = self.labels(batch._replace(images=images[:1]))[0]
        return self._spec(plans, size, label.shape)

    def read(self, batch: Batch, batch_size: int, spec: ProbeSpec) -> BatchOutputs:
        """See `Source`."""
        count, plans = len(batch.images), spec.plans
        given = self._given(batch.images, batch_size)
        parts = parts_of(plans)
        with trace(self.model, self.layers, clone=overwritten(plans), parts=parts) as outputs:
            output = run(self.model, given)
        maps = {name: as_maps(outputs.pop(name), plan.info)[:count] for name, plan in plans.items()}
        images = checked_images(self.to_images(output.clone()), len(given))[:count]
        return BatchOutputs(images, self.labels(batch._replace(images=images)), maps)

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
    located: bool = True,
) -> Source:
    """Open a network and its images; or, where the data are a tensor of latents, a generator.

    Raises
    ------
    SettingError
        If latents come with a `preprocess`.
    """
    if not is_latents(data):
        return Source(
            model,
            layers,
            data,
            levels=levels,
            settings=settings,
            preprocess=preprocess,
            segmenter=segmenter,
            located=located,
        )
    if preprocess is not None:
        raise SettingError("A generator takes latents as they are; leave out `preprocess`.")
    return GeneratorSource(
        model,
        layers,
        Latents(data),
        levels=levels,
        settings=settings,
        segmenter=segmenter,
        to_images=to_images,
    )

"""A network, and the images that it is dissected over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor, nn

from dissect_widgets.core.data.arrays import AnyArray
from dissect_widgets.core.data.batches import Batch, fill_up
from dissect_widgets.core.data.containers import as_data
from dissect_widgets.core.data.labels import label
from dissect_widgets.core.data.preprocessing import Preprocessing
from dissect_widgets.core.data.provenance import describe_callable
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.core.data.views import image_name
from dissect_widgets.core.data.vocabulary import Vocabulary
from dissect_widgets.core.dissection.settings import Settings, checked_levels
from dissect_widgets.core.dissection.state import ProbeSpec
from dissect_widgets.core.network.hooks import model_device, model_dtype, trace
from dissect_widgets.core.network.layers import LayerPlan, as_maps
from dissect_widgets.core.network.original import layer_name, original
from dissect_widgets.core.network.run import run
from dissect_widgets.core.proofs.frame import Frame, prove_frame, resized
from dissect_widgets.core.proofs.layers import prove_layers
from dissect_widgets.errors import DataError, SettingError


class BatchOutputs(NamedTuple):
    """What the statistics are computed from, for one batch."""

    images: Tensor
    """float (B, 3, H, W) in [0, 1], or the part of them that the network gets"""
    labels: list[AnyArray]
    """B label maps, integers (K, h, w)."""
    maps: dict[str, Tensor]
    """Layer -> float32 (B, units, rows, columns)."""


class Source:
    """A network and the images that it is to be dissected over.

    Parameters
    ----------
    model
        Any network, on any device. It is left as it was: modes, hooks and gradients.
    layers
        Dotted names of layers; `LAYER_KINDS` says which outputs can be dissected.
    data
        Labeled images; see `LabeledImages`. With a segmenter they need no labels. `containers` says what else
        they may be.
    preprocess
        Converts images in [0, 1] to the input of the network; see `Preprocessing`. Of images that it crops,
        that part alone is dissected, with its labels.
    segmenter
        Labels the images; its channels come after those of the data.
    levels
        Top fractions of samples at which a unit counts as active.
    settings
        What is computed.
    located
        Whether places in the image matter: to label maps, or to who looks at activation maps.
    """

    def __init__(
        self,
        model: nn.Module,
        layers: str | Sequence[str],
        data: Any,
        *,
        levels: Sequence[float] = (0.01,),
        settings: Settings | None = None,
        preprocess: Callable[[Tensor], Tensor] | None = None,
        segmenter: Segmenter | None = None,
        located: bool = True,
    ) -> None:
        self.model, self.data, self.located = original(model), as_data(data), located
        self.levels, self.settings = checked_levels(levels), settings or Settings()
        named = [layers] if isinstance(layers, str) else layers
        self.layers = [layer_name(self.model, name) for name in named]
        self.preprocess, self.segmenter = preprocess, segmenter
        if not self.layers or len(set(self.layers)) != len(self.layers):
            raise SettingError(f"layers is {self.layers}; it must name at least one layer, each once.")
        if not len(self.data):
            raise DataError("There are no images in the data.")
        self.vocabulary, self._data_terms, self._segmenter_terms = self._combined_vocabulary()
        self.device, self.dtype = model_device(self.model), model_dtype(self.model)
        self.preprocessing = Preprocessing(preprocess, self.device, self.dtype)

    def _combined_vocabulary(self) -> tuple[Vocabulary, AnyArray | None, AnyArray | None]:
        data = getattr(self.data, "vocabulary", None)
        segmenter = getattr(self.segmenter, "vocabulary", None)
        if data is None and segmenter is None:
            raise SettingError("The data have no labels (no `vocabulary`), and there is no segmenter.")
        both = (data or Vocabulary([])) + (segmenter or Vocabulary([]))
        return both, data and data.translation(both), segmenter and segmenter.translation(both)

    def name_of(self, image: int) -> str:
        """Name of an image of the data."""
        return image_name(self.data, image)

    def network_input(self, images: Tensor) -> Tensor:
        """Input of the network, from images (B, 3, H, W) in [0, 1]."""
        return self.preprocessing(images)

    def plan(self, batch: Batch) -> ProbeSpec:
        """Run the first image, and determine the sizes of everything.

        Raises
        ------
        ProofError
            If `preprocess` does something else to images than to crop and resize them, or the network is no
            function of each image.
        """
        height, width = batch.images.shape[-2:]
        frame = prove_frame(self.preprocessing, (height, width)) if self.located else None
        first = self.network_input(batch.images[:1])
        self.dtype = self.preprocessing.dtype = model_dtype(self.model, first)
        first = first.to(self.dtype)
        image_size = (int(first.shape[-2]), int(first.shape[-1]))
        plans = prove_layers(
            self.model,
            self.layers,
            first,
            rule=self.settings.upsample,
            token_grids=self.settings.token_grids,
            image_size=image_size,
        )
        label = self.labels(batch, frame)[0]
        return self._spec(plans, image_size, label.shape)._replace(frame=frame)

    def _spec(
        self, plans: Mapping[str, LayerPlan], image_size: tuple[int, int], label: tuple[int, ...]
    ) -> ProbeSpec:
        channels, rows, columns = label
        return ProbeSpec(
            plans,
            self.vocabulary,
            len(self.data),
            image_size,
            channels,
            (rows, columns),
            self.levels,
            self.settings,
        )

    def labels(self, batch: Batch, frame: Frame | None = None) -> list[AnyArray]:
        """Label maps (K, h, w) of the part of a batch in `frame`, from the data and the segmenter."""
        batch = _in_frame(batch, frame)
        maps: list[list[AnyArray]] = [[] for _ in batch.indices]
        if self._data_terms is not None:
            for parts, labels in zip(maps, batch.labels, strict=True):
                parts.append(self._data_terms[labels])
        if self.segmenter is not None and self._segmenter_terms is not None:
            segmented = label(self.segmenter, batch.images.to(self.device)).cpu().numpy()
            if self._data_terms is not None and frame is not None and not frame.whole:
                segmented = resized(segmented, maps[0][0].shape[1:])  # may be of one size for all images
            for parts, labels in zip(maps, segmented, strict=True):
                parts.append(self._segmenter_terms[labels])
        if any(part.shape[1:] != parts[0].shape[1:] for parts in maps for part in parts):
            shapes = " and ".join(str(part.shape[1:]) for part in maps[0])
            raise DataError(f"The label maps of data and segmenter have different sizes: {shapes}.")
        return [np.concatenate(parts) for parts in maps]

    def read(self, batch: Batch, batch_size: int, spec: ProbeSpec) -> BatchOutputs:
        """Run a batch, and label it."""
        images = _in_frame(batch, spec.frame).images
        return BatchOutputs(images, self.labels(batch, spec.frame), self.maps(batch.images, batch_size, spec))

    def maps(self, images: Tensor, batch_size: int, spec: ProbeSpec) -> dict[str, Tensor]:
        """Maps of all layers, float32 (B, units, h, w), from one forward pass of a full batch."""
        plans = spec.plans
        calls = {name: plan.info.calls for name, plan in plans.items()}
        parts = parts_of(plans)
        given = self.network_input(fill_up(images, batch_size))
        with trace(self.model, self.layers, calls=calls, clone=overwritten(plans), parts=parts) as outputs:
            run(self.model, given)
        return {name: as_maps(outputs.pop(name), plan.info)[: len(images)] for name, plan in plans.items()}

    def callables(self) -> dict[str, str | None]:
        """Descriptions of the functions that decide the result, by the names in saved dissections."""
        return {
            "preprocess": describe_callable(self.preprocess),
            "segmenter": describe_callable(self.segmenter),
        }


def parts_of(plans: Mapping[str, LayerPlan]) -> dict[str, str]:
    """Names of the tensors that are read of the layers' outputs."""
    return {name: plan.info.part for name, plan in plans.items()}


def _in_frame(batch: Batch, frame: Frame | None) -> Batch:
    """What the network gets of the images of a batch, with its labels."""
    if frame is None or frame.whole:
        return batch
    labels = [None if labels is None else frame.labels(labels) for labels in batch.labels]
    return batch._replace(images=frame.images(batch.images), labels=labels)


def overwritten(plans: Mapping[str, LayerPlan]) -> list[str]:
    """Layers whose outputs must be copied as they come."""
    return [name for name, plan in plans.items() if plan.overwritten]

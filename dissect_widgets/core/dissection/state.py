"""The streamed state of a run: its layers, label maps and images of exemplars; and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from dissect_widgets.core.data.arrays import AnyArray, Int64s
from dissect_widgets.core.data.storage import Mergeable, State, Workspace
from dissect_widgets.core.data.thumbnails import Thumbnails, to_jpeg
from dissect_widgets.core.data.types import Skipped
from dissect_widgets.core.data.vocabulary import Vocabulary
from dissect_widgets.core.dissection.io import frozen
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.layer_statistics import LayerStatistics, bytes_needed
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.core.network.layers import LayerPlan
from dissect_widgets.core.proofs.frame import Frame
from dissect_widgets.core.statistics.base import LayerSpec, Spill, checked_batch
from dissect_widgets.core.statistics.exemplars import exemplar_grid
from dissect_widgets.core.statistics.iou import LabelTally
from dissect_widgets.errors import DataError

_THUMBNAILS_AT_A_TIME = 512


class ProbeSpec(NamedTuple):
    """Sizes on which the whole run depends, and what is asked for."""

    plans: Mapping[str, LayerPlan]
    vocabulary: Vocabulary
    images: int
    """Images of the whole probe set, also where only a shard of it is run."""
    image_size: tuple[int, int]
    """(H, W) of what the network gets."""
    channels: int
    """Parallel channels of a label map."""
    label_size: tuple[int, int]
    """(rows, columns) of a label map."""
    levels: tuple[float, ...]
    settings: Settings
    frame: Frame | None = None
    """What the network gets of an image; None where places do not matter, and of a generator."""

    def layer(self, name: str) -> LayerSpec:
        """What the statistics of one layer are made from."""
        plan = self.plans[name]
        return LayerSpec(
            units=plan.info.units,
            grid=plan.grid,
            image_size=self.image_size,
            label_size=self.label_size,
            images=self.images,
            levels=self.levels,
            population=self.settings.population,
            exemplars=self.settings.exemplars,
        )

    def bytes_needed(self) -> int:
        """Estimate what grows with the number of images, in bytes."""
        label = np.min_scalar_type(len(self.vocabulary) - 1).itemsize
        labels = self.images * self.channels * self.label_size[0] * self.label_size[1] * label
        return labels + sum(bytes_needed(self.layer(name)) for name in self.plans)


class Probe:
    """Everything that is computed in one run; `add` images, `merge` shards, take the `result`."""

    def __init__(
        self,
        spec: ProbeSpec,
        name_of: Callable[[int], str],
        *,
        workspace: Workspace | None = None,
        memory: int = 2**30,
    ) -> None:
        self.spec, self.name_of = spec, name_of
        on_disk = workspace is not None and spec.bytes_needed() > memory
        self.labels = LabelTally(
            spec.vocabulary,
            spec.images,
            spec.channels,
            spec.label_size,
            workspace=workspace if on_disk else None,
        )
        spill = Spill(workspace, memory // (4 * len(spec.plans)))
        self.layers = {name: LayerStatistics(spec.layer(name), spill) for name in spec.plans}
        self.thumbnails = Thumbnails()
        self.skipped: list[Skipped] = []
        self.whole = True  # whether it holds whole batches only; not so when `add` was cut short
        self._thumbnails_limit = _THUMBNAILS_AT_A_TIME

    def add(
        self,
        indices: Sequence[int],
        images: Tensor,
        labels: Sequence[AnyArray],
        maps: Mapping[str, Tensor],
    ) -> None:
        """Add a batch.

        Parameters
        ----------
        indices
            B image numbers.
        images
            float (B, 3, H, W) in [0, 1].
        labels
            B label maps, integers (channels, rows, columns).
        maps
            Layer -> float32 (B, units, height, width).

        Raises
        ------
        DataError, ActivationError
            If a label map has another size than the first, or a sample is NaN or infinite; then nothing of
            the batch is added.
        """
        if not len(indices):
            return
        sizes = (self.spec.channels, *self.spec.label_size)
        for index, label_map in zip(indices, labels, strict=True):
            if label_map.shape != sizes:
                raise DataError(
                    f"{self.name_of(index)} has a label map of shape {label_map.shape}, the first image "
                    f"{sizes}; all must be alike."
                )
        numbers = np.asarray(indices, np.int64)
        batches = {name: checked_batch(name, numbers, maps[name], self.name_of) for name in self.layers}
        self.whole = False
        for name, statistics in self.layers.items():
            statistics.add(batches[name])
        for index, label_map in zip(indices, labels, strict=True):
            self.labels.add(index, label_map)
        for at in np.flatnonzero(np.isin(numbers, self._exemplar_images())).tolist():
            self.thumbnails.jpeg[indices[at]] = to_jpeg(images[at], self.spec.settings.image_side)
        if len(self.thumbnails.jpeg) > self._thumbnails_limit:
            self.thumbnails.keep_only(self._exemplar_images().tolist())
            self._thumbnails_limit = 2 * len(self.thumbnails.jpeg) + _THUMBNAILS_AT_A_TIME
        self.whole = True

    def merge(self, other: Probe) -> None:
        """Add another shard of the same probe set, which must not be used afterwards."""
        theirs = other._parts()
        for name, part in self._parts().items():
            part.merge(theirs[name])
        self.skipped += other.skipped

    def flush(self) -> None:
        """Write what is large into the workspace."""
        for part in self._parts().values():
            part.flush()

    def state(self) -> State:
        """Plain arrays from which `load_state` makes it again; without `skipped`."""
        return {
            f"{part}/{key}": a for part, owner in self._parts().items() for key, a in owner.state().items()
        }

    def load_state(self, state: State) -> None:
        """Become what `state` was taken from; made with the same arguments as that one."""
        for part, owner in self._parts().items():
            start = f"{part}/"
            owner.load_state({k.removeprefix(start): a for k, a in state.items() if k.startswith(start)})

    def result(self, *, model: str, names: Sequence[str], provenance: Mapping[str, Any]) -> Dissection:
        """Thresholds, counts and exemplars of all images that came.

        Raises
        ------
        DataError
            If no image came.
        """
        images = self.labels.images
        if not images:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.skipped[:3])
            raise DataError(f"No image could be used. {reasons}")
        self.thumbnails.keep_only(self._exemplar_images().tolist())
        return Dissection(
            model=model,
            layers=tuple(self._layer_result(name) for name in self.layers),
            vocabulary=self.spec.vocabulary,
            names=tuple(names),
            images=images,
            images_in_category=frozen(self.labels.in_category.sum(0, dtype=np.int64)),
            skipped=tuple(sorted(self.skipped)),
            image_size=self.spec.image_size,
            label_size=self.spec.label_size,
            thumbnails=dict(self.thumbnails.jpeg),
            provenance=dict(provenance),
        )

    def _layer_result(self, name: str) -> LayerDissection:
        plan = self.spec.plans[name]
        return LayerDissection.from_arrays(
            self.layers[name].result(self.labels),
            name=name,
            kind=plan.info.kind,
            grid=plan.grid,
            levels=self.spec.levels,
            concept_area=self.labels.concept_area.copy(),
            vocabulary=self.spec.vocabulary,
            exemplar_grid=exemplar_grid(self.spec.layer(name)),
        )

    def _exemplar_images(self) -> Int64s:
        """Numbers of the images that are exemplars, (n,), some repeated."""
        each = [images for layer in self.layers.values() for images in layer.exemplar_images()]
        return np.concatenate(each)

    def _parts(self) -> dict[str, Mergeable]:
        layers = {f"layer {number}": layer for number, layer in enumerate(self.layers.values())}
        return {"labels": self.labels, "pictures": self.thumbnails, **layers}

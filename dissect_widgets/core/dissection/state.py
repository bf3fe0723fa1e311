"""The streamed state of a whole run: its layers, its label maps, its pictures; and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dissect_widgets.core.data.storage import State, Workspace
from dissect_widgets.core.data.thumbnails import Pictures, encode_picture
from dissect_widgets.core.data.types import Skipped
from dissect_widgets.core.data.vocabulary import Vocabulary
from dissect_widgets.core.dissection.io import frozen
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.layer_statistics import LayerShape, LayerTally, find_extremes
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.core.network.layers import LayerPlan
from dissect_widgets.core.statistics.iou import LabelTally
from dissect_widgets.core.statistics.quantile import exact_floor
from dissect_widgets.errors import DataError

_PICTURES_AT_A_TIME = 512


class ProbeShape(NamedTuple):
    """Sizes on which the whole run depends."""

    plans: Mapping[str, LayerPlan]
    vocabulary: Vocabulary
    images: int
    """Images of the probe set, whole, also where only a shard of it is looked at."""
    picture: tuple[int, int]
    """(H, W) of what the network sees."""
    channels: int
    labels: tuple[int, int]
    """(rows, columns) of a label map."""
    levels: tuple[float, ...]
    settings: Settings

    def layer(self, name: str) -> LayerShape:
        """Sizes of one layer."""
        plan = self.plans[name]
        return LayerShape(
            plan.info.units, plan.grid, self.picture, self.labels, self.images, self.levels, self.settings
        )

    def bytes_needed(self) -> int:
        """Estimate what grows with the number of images, in bytes."""
        label = np.min_scalar_type(len(self.vocabulary) - 1).itemsize
        labels = self.images * self.channels * self.labels[0] * self.labels[1] * label
        level = max(self.levels)
        samples = 0
        for name in self.plans:
            shape = self.layer(name)
            samples += shape.units * exact_floor(level, shape.upsampled)
            samples += shape.units * exact_floor(level, shape.raw) * (self.settings.population == "raw")
        return labels + samples * 8 * 3 // 2


class Probe:
    """Everything that is counted in one run; `add` images, `merge` shards, take the `result`."""

    def __init__(
        self,
        shape: ProbeShape,
        name_of: Callable[[int], str],
        *,
        workspace: Workspace | None = None,
        memory: int = 2**30,
    ) -> None:
        self.shape, self.name_of = shape, name_of
        spill = workspace is not None and shape.bytes_needed() > memory
        self.labels = LabelTally(
            shape.vocabulary,
            shape.images,
            shape.channels,
            shape.labels,
            workspace=workspace if spill else None,
        )
        share = memory // (4 * len(shape.plans))
        self.layers = {
            name: LayerTally(shape.layer(name), workspace=workspace, memory=share) for name in shape.plans
        }
        self.pictures = Pictures()
        self.skipped: list[Skipped] = []
        self.whole = True  # whether it holds whole batches only; not so when `add` was cut short
        self._pictures_limit = _PICTURES_AT_A_TIME

    def add(
        self,
        indices: Sequence[int],
        images: Tensor,
        labels: Sequence[NDArray[Any]],
        maps: Mapping[str, Tensor],
    ) -> None:
        """Take up a batch.

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
            the batch is taken up.
        """
        if not len(indices):
            return
        sizes = (self.shape.channels, *self.shape.labels)
        for index, label in zip(indices, labels, strict=True):
            if label.shape != sizes:
                raise DataError(
                    f"{self.name_of(index)} has a label map of shape {label.shape}, the first image {sizes}; "
                    "all must be alike."
                )
        numbers = np.asarray(indices, np.int64)
        extremes = {name: find_extremes(name, numbers, maps[name], self.name_of) for name in self.layers}
        self.whole = False
        for name, tally in self.layers.items():
            tally.add(numbers, maps[name], extremes[name])
        for index, label in zip(indices, labels, strict=True):
            self.labels.add(index, label)
        for index, image in zip(indices, images, strict=True):
            if any((tally.exemplars.image == index).any() for tally in self.layers.values()):
                self.pictures.jpeg[index] = encode_picture(image, self.shape.settings.image_side)
        if len(self.pictures.jpeg) > self._pictures_limit:
            self.pictures.keep_only(self._exemplar_images())
            self._pictures_limit = 2 * len(self.pictures.jpeg) + _PICTURES_AT_A_TIME
        self.whole = True

    def merge(self, other: Probe) -> None:
        """Take up another shard of the same probe set; it must not be used afterwards."""
        for name, tally in self.layers.items():
            tally.merge(other.layers[name])
        self.labels.merge(other.labels)
        self.pictures.jpeg |= other.pictures.jpeg
        self.skipped += other.skipped

    def flush(self) -> None:
        """Write what is large into the workspace."""
        for tally in self.layers.values():
            tally.flush()

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
        images = int(self.labels.done.sum())
        if not images:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.skipped[:3])
            raise DataError(f"No image could be used. {reasons}")
        self.pictures.keep_only(self._exemplar_images())
        return Dissection(
            model=model,
            layers=tuple(self._layer_result(name, images) for name in self.layers),
            vocabulary=self.shape.vocabulary,
            names=tuple(names),
            images=images,
            images_in_category=frozen(self.labels.in_category.sum(0, dtype=np.int64)),
            skipped=tuple(sorted(self.skipped)),
            picture_size=self.shape.picture,
            label_size=self.shape.labels,
            pictures=dict(self.pictures.jpeg),
            provenance=dict(provenance),
        )

    def _layer_result(self, name: str, images: int) -> LayerDissection:
        tally, plan = self.layers[name], self.shape.plans[name]
        threshold = tally.thresholds(images)
        counts = tally.count(threshold, self.labels)
        peak, image, maps = tally.exemplars.ranked()
        return LayerDissection(
            name=name,
            kind=plan.info.kind,
            grid=plan.grid,
            levels=self.shape.levels,
            threshold=frozen(threshold),
            intersection=frozen(counts.intersection),
            area=frozen(counts.area),
            area_in_category=frozen(counts.area_in_category),
            concept_area=frozen(self.labels.concept_area.copy()),
            vocabulary=self.shape.vocabulary,
            lowest=frozen(tally.lowest),
            highest=frozen(tally.highest),
            histogram=frozen(tally.histogram.counts),
            bin_width=frozen(np.ldexp(np.float32(1), tally.histogram.exponent.astype(np.int32))),
            exemplar_image=frozen(image),
            exemplar_peak=frozen(peak),
            exemplar_map=frozen(_half(maps)),
            exemplar_grid=tally.shape.exemplar_grid,
        )

    def _exemplar_images(self) -> set[int]:
        return set().union(*(tally.exemplars.images() for tally in self.layers.values()))

    def _parts(self) -> dict[str, LayerTally | LabelTally | Pictures]:
        layers = {f"layer {number}": tally for number, tally in enumerate(self.layers.values())}
        return {"labels": self.labels, "pictures": self.pictures, **layers}


def _half(maps: NDArray[np.float32]) -> NDArray[np.float16]:
    """Maps for display; what a half cannot hold becomes its largest number."""
    largest = float(np.finfo(np.float16).max)
    return np.clip(maps, -largest, largest).astype(np.float16)

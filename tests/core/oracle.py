"""Brute force: all upsampled maps in memory, sorted; every count by boolean masks over all pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.network.grid import Grid


def outputs(model: nn.Module, layer: str, inputs: torch.Tensor, batch: int = 4) -> NDArray[np.float32]:
    """Outputs of a layer for all inputs, run in batches of one size, the last filled up."""
    kept: list[torch.Tensor] = []
    handle = model.get_submodule(layer).register_forward_hook(
        lambda _m, _i, out: kept.append(out.detach().clone())
    )
    training = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        for start in range(0, len(inputs), batch):
            part = inputs[start : start + batch]
            full = torch.cat([part, part[-1:].expand(batch - len(part), *part.shape[1:])])
            model(full)
            kept[-1] = kept[-1][: len(part)]
    handle.remove()
    for module, mode in training:
        module.training = mode
    return torch.cat(kept).cpu().numpy()


def upsample(
    maps: NDArray[np.float32], grid: Grid, labels: tuple[int, int], picture: tuple[int, int]
) -> NDArray[np.float32]:
    """Maps (N, U, h, w) at every label pixel, one pixel at a time: rows first, then columns."""
    upsampled = np.empty((*maps.shape[:2], *labels), np.float32)

    def place(
        i: int, count: int, full: int, first: float, step: float, length: int
    ) -> tuple[int, int, np.float32]:
        at = min(max((((i + 0.5) * (full / count) - 0.5) - first) / step, 0.0), length - 1.0)
        at = float(round(at)) if abs(at - round(at)) < 1e-9 else at  # on a position is on it
        before = math.floor(at)
        return before, min(before + 1, length - 1), np.float32(at - before)

    for y in range(labels[0]):
        y0, y1, fy = place(y, labels[0], picture[0], grid.top, grid.step_y, maps.shape[2])
        row = maps[:, :, y0] + fy * (maps[:, :, y1] - maps[:, :, y0])
        for x in range(labels[1]):
            x0, x1, fx = place(x, labels[1], picture[1], grid.left, grid.step_x, maps.shape[3])
            upsampled[:, :, y, x] = row[:, :, x0] + fx * (row[:, :, x1] - row[:, :, x0])
    return upsampled


def threshold(samples: NDArray[np.float32], level: float) -> np.float32:
    """Smallest sample t with (number of samples > t) <= floor(level * M)."""
    ordered = np.sort(samples.ravel())
    allowed = math.floor(level * len(ordered) + 1e-9)
    above = len(ordered) - np.searchsorted(ordered, ordered, side="right")
    return ordered[above <= allowed].min()


def counts(
    active: NDArray[np.bool_], labels: NDArray[Any], category_of: NDArray[np.int64]
) -> dict[str, NDArray[np.int64]]:
    """Counts of active pixels bool (N, U, h, w) against label maps (N, K, h, w)."""
    concepts, categories = len(category_of), int(category_of.max()) + 1
    units = active.shape[1]
    found = {
        "intersection": np.zeros((units, concepts), np.int64),
        "area": active.sum((0, 2, 3)),
        "area_in_category": np.zeros((units, categories), np.int64),
        "concept_area": np.zeros(concepts, np.int64),
        "images_in_category": np.zeros(categories, np.int64),
    }
    for concept in range(1, concepts):
        there = (labels == concept).any(1)
        found["concept_area"][concept] = there.sum()
        for unit in range(units):
            found["intersection"][unit, concept] = (active[:, unit] & there).sum()
    for category in range(categories):
        members = np.flatnonzero(category_of == category)
        has = np.isin(labels, members).any((1, 2, 3))
        found["images_in_category"][category] = has.sum()
        found["area_in_category"][:, category] = active[has].sum((0, 2, 3))
    return found


def check(
    layer: LayerDissection,
    maps: NDArray[np.float32],
    labels: NDArray[Any],
    picture: tuple[int, int],
    population: str = "upsampled",
) -> None:
    """Compare a layer's result with brute force over its maps (N, U, h, w) and label maps (N, K, h, w)."""
    up = upsample(maps, layer.grid, labels.shape[2:], picture)
    for i, level in enumerate(layer.levels):
        samples = up if population == "upsampled" else maps
        expected = np.array([threshold(samples[:, u], level) for u in range(maps.shape[1])])
        assert (layer.threshold[i] == expected).all()
        want = counts(up > expected[:, None, None], labels, layer.vocabulary.category_of)
        assert (layer.intersection[i] == want["intersection"]).all()
        assert (layer.area[i] == want["area"]).all()
        assert (layer.area_in_category[i] == want["area_in_category"]).all()
        assert (layer.concept_area == want["concept_area"]).all()
    peaks = maps.max((2, 3))
    for unit in range(maps.shape[1]):
        order = sorted(range(len(maps)), key=lambda n: (-peaks[n, unit], n))[: layer.exemplar_image.shape[1]]
        assert layer.exemplar_image[unit].tolist() == order
        assert (layer.exemplar_peak[unit] == peaks[order, unit]).all()
        assert (layer.exemplar_map[unit] == maps[order, unit].astype(np.float16)).all()
    assert (layer.highest == maps.max((0, 2, 3))).all() and (layer.lowest == maps.min((0, 2, 3))).all()
    if maps.shape[2] <= 16 and maps.shape[3] <= 16:  # else the histogram is of some positions
        middle = np.quantile(
            maps.swapaxes(0, 1).reshape(maps.shape[1], -1), 0.5, axis=1, method="inverted_cdf"
        )
        assert (np.abs(layer.median - middle) <= layer.bin_width / 2 * 1.0001).all()


def same(one: LayerDissection, other: LayerDissection) -> None:
    """Compare two results, bit for bit."""
    for name in LayerDissection.__slots__:
        a, b = getattr(one, name), getattr(other, name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype and a.tobytes() == b.tobytes(), name
        elif name != "vocabulary":
            assert a == b, name

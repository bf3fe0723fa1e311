"""On a CUDA device: the network stays there, and the statistics of its maps are exact there too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from dissect_widgets import dissect
from dissect_widgets.core.dissection.settings import Resources, Settings
from tests.core import oracle
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.parametrize("population", ["upsampled", "raw"])
@pytest.mark.parametrize("upsample", ["receptive-field", "half-pixel"])
def test_brute_force_over_the_devices_own_maps(
    tiny: TinyNet, images: ArrayImages, population: Any, upsample: Any
) -> None:
    net = tiny.cuda()
    result = dissect(
        net,
        ["pool", "mix"],
        images,
        level=(0.2, 0.03),
        settings=Settings(population=population, upsample=upsample),
        resources=Resources(batch_size=4),
        progress=False,
    )
    assert next(net.parameters()).is_cuda and result.provenance["device"].startswith("cuda")
    for layer in result.layers:
        maps = oracle.outputs(net, layer.name, images.images.cuda())
        up = oracle.upsample(maps, layer.grid, (11, 13), (20, 28))
        for i, level in enumerate(layer.levels):
            samples = up if population == "upsampled" else maps
            thresholds = np.array([oracle.threshold(samples[:, u], level) for u in range(layer.units)])
            assert (layer.threshold[i] == thresholds).all()
            want = oracle.counts(up > thresholds[:, None, None], images.labels, images.vocabulary.category_of)
            assert (layer.intersection[i] == want["intersection"]).all()
            assert (layer.area_in_category[i] == want["area_in_category"]).all()

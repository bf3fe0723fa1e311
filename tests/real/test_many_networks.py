"""Networks of public libraries: every layer that is offered is read rightly, or refused; none wrongly.

Two things say what is right, neither of which the product knows: where the operations of the network bring
each number from, and where maps change when a patch of the image does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from dissect_widgets.core.network.hooks import evaluation
from dissect_widgets.core.network.layers import LayerPlan, list_layers, plan_layers
from dissect_widgets.errors import DissectError
from tests.core.proofs.moved_patch import follow_patch
from tests.core.proofs.placement_oracle import described, judge, traced_outputs
from tests.real.networks import CASES, Case, made

pytestmark = pytest.mark.slow


def images_of(case: Case) -> Tensor:
    """Two images, smooth as photos are."""
    coarse = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(3))
    return torch.nn.functional.interpolate(coarse, case.size, mode="bicubic").clamp(0, 1)


def planned(
    net: nn.Module, layers: Sequence[str], images: Tensor
) -> tuple[dict[str, LayerPlan], dict[str, str]]:
    """How layers are read, and why the others are not."""
    size = (int(images.shape[2]), int(images.shape[3]))
    try:
        with evaluation(net):
            plans = plan_layers(net, layers, images, rule="receptive-field", token_grids={}, image_size=size)
        return plans, {}
    except DissectError as error:
        if len(layers) == 1:
            return {}, {layers[0]: str(error)}
    middle = len(layers) // 2
    first, second = planned(net, layers[:middle], images), planned(net, layers[middle:], images)
    return first[0] | second[0], first[1] | second[1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.size[0]}x{case.size[1]}")
def test_layers_are_read_rightly_or_refused(case: Case) -> None:
    net, images = made(case), images_of(case)
    layers = [layer.name for layer in list_layers(net, images)]
    plans, refused = planned(net, layers, images)
    outputs, _ = traced_outputs(net, list(plans), images)
    wrong, right = {}, []
    for name, plan in plans.items():
        placement = judge(outputs[name], plan.info, plan.grid)
        if placement.verdict == "right":
            right.append(name)
        else:
            places = outputs[name].places
            truly = "" if places is None else described(places)
            wrong[name] = f"{plan.info.kind} {plan.info.shape}: {placement.reason}; truly {truly}"
    assert not wrong
    slopes = follow_patch(net, {name: (plans[name].info, plans[name].grid) for name in right}, images[0])
    lost = {name: slope for name, slope in slopes.items() if not (math.isnan(slope) or slope > 0.5)}
    print("COUNTS", case.name, case.size, len(right), len(refused), len(lost), lost)

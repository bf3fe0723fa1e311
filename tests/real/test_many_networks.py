"""Networks of public libraries: every layer that is offered is read rightly, or refused; none wrongly.

Two things say what is right, neither of which the product knows: where the operations of the network bring
each number from, and where maps change when a patch of the image does.
"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.layers import list_layers, plan_layers, read_layers
from dissect_widgets.core.network.locate import locate_in
from dissect_widgets.core.network.look import look
from dissect_widgets.errors import LayerError
from tests.core.proofs.moved_patch import follow_patch
from tests.core.proofs.placement_oracle import described, judge, traced_outputs
from tests.real.networks import CASES, Case, made
from tests.small_images import ArrayImages

pytestmark = pytest.mark.slow


def images_of(case: Case) -> Tensor:
    """Two images, smooth as photos are."""
    coarse = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(3))
    return torch.nn.functional.interpolate(coarse, case.size, mode="bicubic").clamp(0, 1)


def refused_layers(net: nn.Module, images: Tensor) -> dict[str, str]:
    """Layers that run and output a tensor, but are not offered, and why."""
    names = [name for name, _ in net.named_modules() if name]
    with evaluation(net):
        seen = look(net, names, images, all_of_them=False).layers
        found = read_layers(seen, images.shape[2:], {}, locate_in(net, images))
    return {name: str(part) for name, part in found.items() if isinstance(part, LayerError)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.size[0]}x{case.size[1]}")
def test_layers_are_read_rightly_or_refused(case: Case) -> None:
    net, images = made(case), images_of(case)
    layers = [layer.name for layer in list_layers(net, images)]
    refused = refused_layers(net, images)
    with evaluation(net):
        plans = plan_layers(net, layers, images, rule="receptive-field", token_grids={}, image_size=case.size)
    outputs, _ = traced_outputs(net, layers, images, {name: plan.info.part for name, plan in plans.items()})
    wrong = {}
    for name, plan in plans.items():
        placement, places = judge(outputs[name], plan.info, plan.grid), outputs[name].places
        if placement.verdict != "right":
            truly = "" if places is None else described(places)
            wrong[name] = f"{plan.info.kind} {plan.info.shape}: {placement.reason}; truly {truly}"
    assert not wrong
    assert all(name in reason for name, reason in refused.items())
    slopes = follow_patch(net, {name: (plan.info, plan.grid) for name, plan in plans.items()}, images[0])
    lost = {name: slope for name, slope in slopes.items() if not (math.isnan(slope) or slope > 0.3)}
    assert not lost
    # of libraries' later versions there may be more of one and fewer of the other, never the reverse
    assert len(plans) >= case.right and len(refused) <= case.refused, (len(plans), len(refused))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.size[0]}x{case.size[1]}")
def test_layers_that_are_offered_are_dissected(case: Case) -> None:
    net, data = made(case), ArrayImages(3, case.size)
    layers = list_layers(net, data.images[:1])
    result = dw.dissect(
        net, [layer.name for layer in layers], data, settings=dw.Settings(exemplars=1), progress=False
    )
    assert [(layer.name, layer.units) for layer in layers] == [
        (name, result[name].units) for name in result.layer_names
    ]


class TwoForms(nn.Module):
    """One module passes tokens on, then maps, as in EdgeNeXt."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.mix, self.pass_on = nn.Conv2d(3, 6, 8, 8), nn.Linear(6, 6), nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        maps = self.patches(images)
        tokens = self.pass_on(self.mix(maps.flatten(2).transpose(1, 2)))
        return self.pass_on(tokens.transpose(1, 2).reshape(maps.shape))


def test_a_module_of_two_forms_is_read_by_its_last_output() -> None:
    case = Case("two forms", TwoForms, (40, 56), 3, 0)
    read = {layer.name: layer for layer in list_layers(made(case), images_of(case))}
    assert set(read) == {"patches", "mix", "pass_on"}
    assert read["pass_on"][2:7] == ("map", (2, 6, 5, 7), 6, 5, 7)
    assert read["mix"][2:7] == ("tokens", (2, 35, 6), 6, 5, 7)

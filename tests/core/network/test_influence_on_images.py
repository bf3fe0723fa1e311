"""Layers of generators, which are read by what they change in images."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import trace
from dissect_widgets.core.network.influence_on_images import locate_by_images
from dissect_widgets.core.network.layer_kinds import LayerOutput, Reading, possible_readings
from dissect_widgets.core.network.layers import as_maps
from dissect_widgets.core.proofs.layers import prove_layers
from dissect_widgets.errors import LayerError
from tests.core.small_generators import LATENT_DIM, Rules, oblong
from tests.small_networks import seeded

Arrange = Callable[[Tensor], Tensor]


class Made(nn.Module):
    """A linear layer first, whose numbers become maps (B, 5, h, w) by a rule; each paints a square."""

    def __init__(self, grid: tuple[int, int], arranged: tuple[int, ...], to_maps: Arrange) -> None:
        super().__init__()
        self.grid, self.arranged, self.to_maps = grid, arranged, to_maps
        count = 1
        for length in arranged:
            count *= length
        self.fc, self.layer = nn.Linear(LATENT_DIM, count), nn.Identity()
        self.rgb = nn.Conv2d(5, 3, 1)

    def forward(self, latents: Tensor) -> Tensor:
        numbers = self.layer(self.fc(latents).view(len(latents), *self.arranged))
        maps = self.rgb(self.to_maps(numbers).view(len(latents), 5, *self.grid))
        return torch.tanh(nn.functional.interpolate(maps, scale_factor=4))


GRID = 6, 8
ORDER = torch.randperm(48, generator=torch.Generator().manual_seed(3))
RIGHT: dict[str, tuple[tuple[int, ...], Arrange, str, int]] = {
    "maps": ((5, 6, 8), lambda x: x, "map", 0),
    "channels last": (
        (6, 8, 5),
        lambda x: x.permute(0, 3, 1, 2).reshape(len(x), 5, 48),
        "channels-last map",
        0,
    ),
    "tokens": ((48, 5), lambda x: x.transpose(1, 2).reshape(len(x), 5, 48), "tokens", 0),
    "a token before": ((49, 5), lambda x: x[:, 1:].transpose(1, 2).reshape(len(x), 5, 48), "tokens", 1),
    "channels-first tokens": ((5, 48), lambda x: x, "channels-first tokens", 0),
}
WRONG: dict[str, tuple[tuple[int, ...], Arrange]] = {
    "scrambled tokens": ((48, 5), lambda x: x[:, ORDER].transpose(1, 2).reshape(len(x), 5, 48)),
    "scrambled, units first": ((5, 48), lambda x: x[..., ORDER]),
    "mirrored maps": ((5, 6, 8), lambda x: x.flip(3).reshape(len(x), 5, 48)),
    "upside down": ((6, 8, 5), lambda x: x.flip(1).permute(0, 3, 1, 2).reshape(len(x), 5, 48)),
    "transposed maps": ((5, 8, 6), lambda x: x.transpose(2, 3).reshape(len(x), 5, 48)),
    "without influence": ((48, 5), lambda x: 0 * x.transpose(1, 2).reshape(len(x), 5, 48)),
}


def made(arranged: tuple[int, ...], to_maps: Arrange) -> Made:
    with torch.random.fork_rng():
        return seeded(Made(GRID, arranged, to_maps)).eval()  # type: ignore[return-value]


def latents(count: int = 2) -> Tensor:
    return torch.randn(count, LATENT_DIM, generator=torch.Generator().manual_seed(8))


def unchanged(images: Tensor) -> Tensor:
    return images


def readings_of(net: nn.Module, layer: str, image: tuple[int, int]) -> list[Reading]:
    with torch.no_grad(), trace(net, [layer]) as seen:
        net(latents())
    return possible_readings(LayerOutput(layer, tuple(seen[layer].shape), image))


def all_readings(net: nn.Module) -> dict[str, list[Reading]]:
    return {"layer": readings_of(net, "layer", (24, 32))}


@pytest.mark.parametrize(("arranged", "to_maps", "kind", "first"), RIGHT.values(), ids=RIGHT)
def test_right_readings(arranged: tuple[int, ...], to_maps: Arrange, kind: str, first: int) -> None:
    net, inputs = made(arranged, to_maps), latents()
    locate = locate_by_images(net, inputs, unchanged)
    with torch.no_grad():
        found = locate(all_readings(net))["layer"]
    assert not isinstance(found, LayerError)
    (reading_kind, size), agreed = found
    assert (reading_kind.name, *size) == (kind, *GRID, first) and agreed.least > 0.9

    info = prove_layers(net, ["layer"], inputs, image_size=(24, 32), locate=locate)["layer"].info
    with evaluation(net), trace(net, ["layer"]) as seen:
        net(inputs)
    maps = as_maps(seen["layer"], info)
    assert torch.equal(maps, to_maps(seen["layer"]).reshape(2, 5, *GRID))
    layer = dw.dissect(net, "layer", latents(5), segmenter=Rules(), progress=False)["layer"]
    assert (layer.kind, layer.units, layer.grid.height, layer.grid.width) == (kind, 5, *GRID)
    listed = next(each for each in dw.list_layers(net, inputs) if each.name == "layer")
    assert (listed.kind, *listed.size) == (kind, *GRID, first)


@pytest.mark.parametrize(("arranged", "to_maps"), WRONG.values(), ids=WRONG)
def test_what_leads_to_other_places_is_refused(arranged: tuple[int, ...], to_maps: Arrange) -> None:
    net, inputs = made(arranged, to_maps), latents()
    with torch.no_grad():
        found = locate_by_images(net, inputs, unchanged)(all_readings(net))["layer"]
    assert isinstance(found, LayerError), found
    assert "'layer': no reading of its output leads to places in the image" in str(found)
    with pytest.raises(LayerError, match="no reading of its output"):
        dw.dissect(net, "layer", latents(5), segmenter=Rules(), progress=False)
    report = dw.check(net, "layer", inputs)
    assert [proof.subject for proof in report.refused] == ["layer 'layer'"]
    assert "layer" not in [each.name for each in dw.list_layers(net, inputs)]


def test_one_image_is_made_for_each_strip() -> None:
    net = made(*RIGHT["maps"][:2])
    seen: list[int] = []
    handle = net.register_forward_pre_hook(lambda _module, inputs: seen.append(len(inputs[0])))
    with torch.no_grad():
        locate_by_images(net, latents(3), unchanged)({"layer": all_readings(net)["layer"][:1]})
    handle.remove()
    assert seen == [2, 1 + 6 + 6]
    assert not net.layer._forward_hooks


def test_hooks_go_if_images_cannot_be_made() -> None:
    def fail(_images: Tensor) -> Tensor:
        raise RuntimeError("no images")

    net = made(*RIGHT["maps"][:2])
    readings = all_readings(net)
    with torch.no_grad(), pytest.raises(RuntimeError, match="no images"):
        locate_by_images(net, latents(), fail)(readings)
    assert not net.layer._forward_hooks


def test_maps_whose_images_are_larger() -> None:
    with torch.random.fork_rng():
        net = oblong().eval()
    readings = {name: readings_of(net, name, (22, 26)) for name in ("low", "high")}
    with torch.no_grad():
        found = locate_by_images(net, latents(), unchanged)(readings)
    for part in found.values():
        assert not isinstance(part, LayerError)
        (kind, size), agreed = part
        assert (kind.name, *size) == ("map", 6, 8, 0) and agreed.least > 0.9

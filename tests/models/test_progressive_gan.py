"""Progressive GANs: public files, and pictures by a plain computation of the formulas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from dissect_widgets.core.data.latents import latents, to_images
from dissect_widgets.errors import SettingError, WeightsError
from dissect_widgets.models.progressive_gan import (
    LARGE_WIDTHS,
    WIDTHS,
    ProgressiveGenerator,
    load_generator,
)

NARROW = (7, 6, 5, 4)  # 16 px
TALL = (9, 8, 7, 6, 5, 4, 3, 2)  # 256 px
Floats = NDArray[np.float64]


def public_weights(widths: tuple[int, ...], seed: int = 0) -> dict[str, Tensor]:
    """A state dict in the newer public style, of random weights."""
    generator = torch.Generator().manual_seed(seed)
    weights: dict[str, Tensor] = {}
    layer = 0
    for place in range(len(widths) - 1):
        for before, kernel in ((widths[place], 4 if place == 0 else 3), (widths[place + 1], 3)):
            layer += 1
            shape = (widths[place + 1], before, kernel, kernel)
            weights[f"layer{layer}.conv.weight"] = torch.randn(shape, generator=generator)
            weights[f"layer{layer}.wscale.b"] = torch.randn(widths[place + 1], generator=generator)
    side = 4 * 2 ** (len(widths) - 2)
    weights[f"output_{side}x{side}.conv.weight"] = torch.randn(3, widths[-1], 1, 1, generator=generator)
    weights[f"output_{side}x{side}.wscale.b"] = torch.randn(3, generator=generator)
    return weights


def older(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same in the older style."""
    result = {}
    for name, tensor in weights.items():
        head, rest = name.split(".", 1)
        number = f"features.{int(head[5:]) - 1}" if head.startswith("layer") else "output"
        result[f"{number}.{rest}"] = tensor
    return result


def convolve(x: Floats, kernel: Floats, padding: int) -> Floats:
    """Correlate (C, h, w) with (out, C, k, k), by shifting the padded input."""
    k = kernel.shape[2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    height, width = padded.shape[1] - k + 1, padded.shape[2] - k + 1
    out = np.zeros((len(kernel), height, width))
    for dy in range(k):
        for dx in range(k):
            out += np.einsum(
                "oc,chw->ohw", kernel[:, :, dy, dx], padded[:, dy : dy + height, dx : dx + width]
            )
    return out


def plain(weights: dict[str, Tensor], z: Floats) -> Floats:
    """Picture (3, h, w) of a latent (depth,), by the formulas of the paper."""
    numbers = {name: tensor.double().numpy() for name, tensor in weights.items()}
    layers = sum(name.startswith("layer") for name in numbers) // 2
    x = z[:, None, None]
    for layer in range(1, layers + 2):
        x = x / np.sqrt((x**2).mean(0) + 1e-8)
        last = layer > layers
        name = next(n.split(".")[0] for n in numbers if n.startswith("output")) if last else f"layer{layer}"
        kernel, bias = numbers[f"{name}.conv.weight"], numbers[f"{name}.wscale.b"]
        if layer > 1 and layer % 2 and not last:
            x = x.repeat(2, 1).repeat(2, 2)
        padding = {1: 3}.get(layer, 0 if last else 1)
        fan = kernel.shape[1] * kernel.shape[2] ** 2
        x = convolve(x, kernel, padding) * np.sqrt((1 if last else 2) / fan) + bias[:, None, None]
        if not last:
            x = np.where(x > 0, x, 0.2 * x)
    return x


@pytest.mark.parametrize("widths", [NARROW, TALL], ids=["16 px", "256 px"])
@pytest.mark.parametrize("style", ["newer", "older", "nested", "parallel"])
def test_public_files_give_the_pictures_of_the_formulas(
    widths: tuple[int, ...], style: str, tmp_path: Path
) -> None:
    weights = public_weights(widths)
    saved = {
        "newer": weights,
        "older": older(weights),
        "nested": {"state_dict": older(weights)},
        "parallel": {f"module.{name}": tensor for name, tensor in weights.items()},
    }[style]
    torch.save(saved, tmp_path / "generator.pth")
    generator = load_generator(tmp_path / "generator.pth")
    z = latents(2, seed=3, latent_dim=widths[0])
    with torch.no_grad():
        result = generator(z)
        assert torch.equal(generator(z.flatten(1)), result)
    for number in range(2):
        expected = plain(weights, z[number, :, 0, 0].double().numpy())
        np.testing.assert_allclose(result[number].numpy(), expected, atol=1e-4)


def test_layers_are_those_of_the_public_models() -> None:
    with torch.device("meta"):
        generator = ProgressiveGenerator()
        large = ProgressiveGenerator(LARGE_WIDTHS)
    assert [name for name, _ in generator.named_children()] == [
        *(f"layer{n}" for n in range(1, 15)),
        "output_256x256",
    ]
    shapes = {name: tuple(value.shape) for name, value in generator.state_dict().items()}
    assert shapes["layer1.conv.weight"] == (512, 512, 4, 4) and shapes["layer7.conv.weight"] == (
        256,
        512,
        3,
        3,
    )
    assert shapes["layer14.wscale.b"] == (32,) and shapes["output_256x256.conv.weight"] == (3, 32, 1, 1)
    assert len(shapes) == 30 and generator.latent_dim == WIDTHS[0] and large.size == 1024
    seen = {}
    for name, module in generator.named_children():
        module.register_forward_hook(lambda m, i, o, name=name: seen.update({name: tuple(o.shape[1:])}))
    generator(torch.empty(1, 512, device="meta"))
    sides = {
        "layer2": 4,
        "layer4": 8,
        "layer6": 16,
        "layer8": 32,
        "layer10": 64,
        "layer12": 128,
        "layer14": 256,
    }
    assert {name: seen[name][1] for name in sides} == sides and seen["layer8"][0] == 256


def test_latents_are_the_public_codes() -> None:
    expected = np.random.RandomState(1).standard_normal(5 * 512).reshape(5, 512)
    assert (latents(5)[:, :, 0, 0].numpy() == expected.astype(np.float32)).all()
    assert torch.equal(latents(9)[:5], latents(5)) and not torch.equal(latents(5, seed=2), latents(5))


def test_pictures_lie_in_their_range() -> None:
    output = torch.tensor([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0])
    assert to_images(output).tolist() == [0, 0, 0.5, 0.75, 1, 1]


def test_bad_input_is_refused(tmp_path: Path) -> None:
    generator = ProgressiveGenerator.__new__(ProgressiveGenerator)
    with pytest.raises(SettingError, match="widths is"):
        generator.__init__((7,))  # type: ignore[misc]
    weights, path = public_weights(NARROW), tmp_path / "generator.pth"
    torch.save(weights, path)
    loaded = load_generator(path)
    for shape in ((2, 8), (2, 7, 2, 1), (2, 1, 7, 1), (7,)):
        with pytest.raises(SettingError, match=r"takes \(B, 7\)"):
            loaded(torch.zeros(shape))
    torch.save({"conv1.weight": torch.zeros(3, 3, 3, 3)}, path)
    with pytest.raises(WeightsError, match=r"not of a Progressive GAN.*conv1\.weight"):
        load_generator(path)
    torch.save(weights | {"layer3.conv.weight": torch.zeros(5, 9, 3, 3)}, path)
    with pytest.raises(WeightsError, match=r"layer3\.conv\.weight.*\(5, 9, 3, 3\).*\(5, 6, 3, 3\)"):
        load_generator(path)
    broken = older(weights)
    del broken["features.3.conv.weight"]
    torch.save(broken, path)
    with pytest.raises(WeightsError, match="two for each size"):
        load_generator(path)

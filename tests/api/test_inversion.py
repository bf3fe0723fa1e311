"""Small generators are inverted: known latents are found again; what cannot be inverted is refused."""

from __future__ import annotations

import math
import signal
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.editing.generator import open_generator, output_of, replaced
from dissect_widgets.core.editing.image_features import ImageFeatures
from dissect_widgets.core.editing.inversion import _Clamp
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import (
    ActivationError,
    DataError,
    DissectError,
    LayerError,
    ProofError,
    SavedError,
    SettingError,
)
from tests.core.small_generators import LATENT_DIM, oblong, progressive
from tests.small_networks import TinyNet, seeded

QUICK: dict[str, Any] = {"progress": False, "feature_weight": 0, "starts": 4, "steps": 120}


def generator() -> nn.Module:
    return oblong().eval()


def classifier() -> nn.Module:
    with torch.random.fork_rng():
        return seeded(TinyNet()).eval()


def image_of(net: nn.Module, seed: int = 5) -> Tensor:
    """Image (3, 22, 26) of a known latent."""
    with torch.no_grad():
        return dw.to_images(net(dw.latents(1, seed, latent_dim=LATENT_DIM).flatten(1)))[0]


def invert(net: nn.Module | None = None, image: Any = None, **options: Any) -> dw.Inversion:
    net = generator() if net is None else net
    return dw.invert(net, image_of(net) if image is None else image, **{**QUICK, **options})


def test_an_image_of_the_generator_itself_is_found_again() -> None:
    net = generator()
    found = invert(net, steps=400)
    assert found.pixel_distance < 1e-3 and found.psnr > 60
    assert found.latent.shape == (1, LATENT_DIM) and found.activations is None and found.layer == ""
    assert torch.equal(found.image, dw.to_images(net(found.latent).detach())[0])
    mean = float(np.square((found.image - found.original).double().numpy()).mean())
    assert found.pixel_distance == pytest.approx(math.sqrt(mean))
    assert found.psnr == pytest.approx(10 * math.log10(1 / mean))
    assert found.finished and (found.steps, found.total, found.search) == (400, 400, None)
    assert f"{found.psnr:.1f} dB" in repr(found) and "tensor" not in repr(found)


def test_latents_in_four_dimensions_are_found_too() -> None:
    net = progressive().eval()
    wanted = dw.to_images(net(dw.latents(1, 3, latent_dim=LATENT_DIM)).detach())[0]
    found = invert(net, wanted, steps=300)
    assert found.latent.shape == (1, LATENT_DIM, 1, 1) and found.pixel_distance < 0.02


def test_activations_reach_images_that_no_latent_makes() -> None:
    net = generator()
    latent = dw.latents(1, 5, latent_dim=LATENT_DIM).flatten(1)
    noise = torch.randn(1, 5, 6, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        activations = output_of(net, "low", latent) + 0.5 * noise
    with torch.no_grad(), replaced(net, "low", activations):
        wanted = dw.to_images(run(net, latent))[0]
    alone = invert(net, wanted, steps=200)
    found = invert(net, wanted, steps=200, layer="low")
    assert found.pixel_distance < alone.pixel_distance / 5
    assert found.activations is not None and found.activations.shape == (1, 5, 6, 8)
    assert torch.equal(found.latent, alone.latent), "the latent is found first, as without the layer"
    opened = open_generator(net, "low", found.latent)
    (drawn,) = opened.draw(opened.begin(found.latent, found.activations))
    assert torch.allclose(drawn, found.image, atol=1e-5)
    whole = open_generator(net, "low", found.latent)
    assert not torch.allclose(whole.draw(whole.begin(found.latent))[0], found.image, atol=1e-2)


def test_the_slope_of_the_distance_is_that_of_finite_differences() -> None:
    with torch.random.fork_rng():
        net, features = generator().double(), seeded(nn.Conv2d(3, 4, 5)).double().eval()
    wanted = image_of(generator()).double()
    compared = ImageFeatures(lambda images: features(images.double()))
    goal = compared(wanted[None])

    def loss(latent: Tensor) -> Tensor:
        images = _Clamp.apply((net(latent) + 1) / 2)
        near = (images - wanted).square().flatten(1).mean(1)
        return (near + 0.3 * compared.distance(images, [g.double() for g in goal])).sum()

    latent = torch.randn(1, LATENT_DIM, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    given = latent.clone().requires_grad_()
    (slope,) = torch.autograd.grad(loss(given), given)
    for place in range(LATENT_DIM):
        step = torch.zeros_like(latent)
        step[0, place] = 1e-3
        with torch.no_grad():
            rise = float(loss(latent + step) - loss(latent - step)) / 2e-3
        assert float(slope[0, place]) == pytest.approx(rise, rel=2e-2, abs=1e-4)


def test_outside_of_the_range_a_step_may_only_lead_inwards() -> None:
    values = torch.tensor([-0.5, -0.5, 0.5, 1.5, 1.5], requires_grad=True)
    _Clamp.apply(values).backward(torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0]))
    assert values.grad is not None and values.grad.tolist() == [0, -1, 1, 1, 0]


def test_features_are_relative_squared_distances_of_layers() -> None:
    net = classifier()
    images = torch.rand(3, 3, 24, 20, generator=torch.Generator().manual_seed(0))
    features = ImageFeatures(net, ["left", "mix"])
    with torch.no_grad():
        distance = features.distance(images, features(images[:1]))
        x = net.pool(net.relu(net.stem(images)))
        left, mix = net.left(x), torch.relu(net.left(x) + net.right(x))
    assert float(distance[0]) < 1e-12
    for image in (1, 2):
        shares = [float(((f[image] - f[0]) ** 2).sum() / (f[0] ** 2).sum()) for f in (left, mix)]
        assert float(distance[image]) == pytest.approx(sum(shares) / 2, rel=1e-5)


def test_features_are_compared_and_pull_the_search() -> None:
    net, seer = generator(), classifier()
    photo = torch.rand(3, 22, 26, generator=torch.Generator().manual_seed(3))
    pixels = invert(net, photo, features=(seer, ["mix"]))
    both = invert(net, photo, features=(seer, ["mix"]), feature_weight=5.0)
    assert both.feature_distance < pixels.feature_distance
    assert pixels.pixel_distance < both.pixel_distance
    assert math.isnan(invert(net, photo).feature_distance)
    assert invert(net, photo, features=seer, steps=3).feature_distance >= 0, "its scores are features"


def test_the_features_of_the_world_are_the_default() -> None:
    found = invert(steps=3, feature_weight=0.1)
    assert 0 < found.feature_distance < 10


def test_the_same_seed_gives_the_same_bits_and_nothing_is_left_behind() -> None:
    net = generator()
    frozen = next(net.parameters()).requires_grad_(False)
    net.rgb.bias.grad = torch.ones(3)
    state = {name: value.clone() for name, value in net.state_dict().items()}
    first = invert(net, seed=3, steps=30, layer="low")
    again = invert(net, seed=3, steps=30, layer="low")
    other = invert(net, seed=4, steps=30, layer="low")
    assert torch.equal(first.latent, again.latent) and torch.equal(first.image, again.image)
    assert first.activations is not None and again.activations is not None
    assert torch.equal(first.activations, again.activations)
    assert not torch.equal(first.latent, other.latent)
    assert not frozen.requires_grad and all(p.requires_grad for p in list(net.parameters())[1:])
    assert [p.grad is not None for p in net.parameters()].count(True) == 1
    assert torch.equal(net.rgb.bias.grad, torch.ones(3))
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in state.items())
    assert not any(module._forward_hooks for module in net.modules())


class Interrupting(nn.Module):
    """Interrupts itself in its n-th call."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.calls, self.at = inner, 0, 0

    def forward(self, z: Tensor) -> Tensor:
        self.calls += 1
        if self.calls == self.at:
            signal.raise_signal(signal.SIGINT)
        return self.inner(z)


@pytest.mark.parametrize("step", [4, 25, 41])
def test_an_interrupted_inversion_keeps_the_best_and_resumes_to_the_same_bits(step: int) -> None:
    net = Interrupting(generator()).eval()
    image = image_of(net.inner)
    options = {"steps": 25, "layer": "inner.low", "latent_dim": LATENT_DIM}
    before = net.calls
    whole = invert(net, image, **options)
    passes = net.calls - before - 2 * 25
    net.calls, net.at = 0, passes + step
    with pytest.raises(dw.Interrupted, match="dB so far") as caught:
        invert(net, image, **options)
    so_far = caught.value.run.state
    assert isinstance(so_far, dw.Inversion) and not so_far.finished and 0 < so_far.steps < 50
    assert so_far.pixel_distance >= whole.pixel_distance and so_far.image.shape == (3, 22, 26)
    assert "of an image by Interrupting" in repr(dw.interrupted())
    assert caught.value.run.nbytes > so_far.search[0].values.nbytes
    resumed = invert(net, image, **options)
    assert resumed.finished and not dw.interrupted()
    assert torch.equal(resumed.latent, whole.latent) and torch.equal(resumed.image, whole.image)
    assert resumed.activations is not None and whole.activations is not None
    assert torch.equal(resumed.activations, whole.activations)


def test_another_call_does_not_resume_an_interrupted_one() -> None:
    net = Interrupting(generator()).eval()
    options = {"latent_dim": LATENT_DIM, "steps": 20}
    net.at = net.calls + 40
    with pytest.raises(dw.Interrupted) as caught:
        invert(net, image_of(net.inner), **options)
    run = caught.value.run
    invert(net, image_of(net.inner, seed=6), **options)
    assert len(dw.interrupted()) == 1, "of another image"
    with torch.no_grad():
        net.inner.rgb.bias += 1
    with pytest.raises(SavedError, match="weights"):
        run.resume()
    dw.interrupted().drop()


def test_progress_counts_the_steps_of_both_searches(capsys: pytest.CaptureFixture[str]) -> None:
    invert(steps=4, layer="low", progress=True)
    assert "8/8" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["array", "last", "pillow", "gray", "double"])
def test_images_may_come_in_any_form(kind: str) -> None:
    pixels = (image_of(generator()) * 255).round().to(torch.uint8)
    forms = {
        "array": pixels.numpy(),
        "last": pixels.permute(1, 2, 0).numpy(),
        "pillow": Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy()),
        "gray": pixels[0],
        "double": pixels.double() / 255,
    }
    found = invert(image=forms[kind], steps=2)
    wanted = pixels[:1].expand(3, -1, -1) if kind == "gray" else pixels
    assert torch.allclose(found.original, wanted / 255, atol=1e-6)


def test_an_image_is_resized_only_if_asked() -> None:
    photo = torch.rand(3, 44, 52, generator=torch.Generator().manual_seed(3))
    with pytest.raises(DataError, match="44 x 52 pixels; the generator's are 22 x 26"):
        invert(image=photo)
    found = invert(image=photo, resize=True, steps=2)
    assert found.original.shape == (3, 22, 26)
    middle = photo.unfold(1, 2, 2).unfold(2, 2, 2).mean((3, 4))
    assert float((found.original - middle).abs().mean()) < 0.1


class Flawed(nn.Module):
    """A generator with something that stops an inversion."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.inner, self.how = oblong(), how

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.inner(z)
        if self.how == "detached":
            return images.detach()
        if self.how == "rounded":
            return (images * 4).round() / 4
        if self.how == "noise":
            return images + 0.1 * torch.randn_like(images)
        if self.how == "no gradients":
            with torch.no_grad():
                return self.inner(z)
        if self.how == "numpy":
            return torch.from_numpy(images.detach().numpy())
        if self.how == "nan slope":
            return images + 0 * torch.sqrt(images - images)
        if self.how == "gray":
            return images[:, :1]
        return images * 1.7


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ("detached", SettingError, "No gradient"),
        ("numpy", SettingError, "No gradient"),
        ("no gradients", SettingError, "No gradient"),
        ("rounded", SettingError, "gradient .* is 0"),
        ("noise", ProofError, "with_fixed_noise"),
        ("gray", DataError, "must be"),
    ],
)
def test_generators_that_cannot_be_inverted_are_refused(
    how: str, error: type[DissectError], message: str
) -> None:
    with torch.random.fork_rng(), pytest.raises(error, match=message):
        invert(Flawed(how).eval(), image_of(generator()), latent_dim=LATENT_DIM)


def test_noise_that_is_fixed_is_inverted() -> None:
    net = dw.with_fixed_noise(Flawed("noise").eval(), seed=1)
    wanted = dw.to_images(net(dw.latents(1, 5, latent_dim=LATENT_DIM).flatten(1)).detach())[0]
    found = invert(net, wanted, latent_dim=LATENT_DIM, steps=200, starts=8)
    assert found.pixel_distance < 0.05


def test_values_that_exceed_the_range_are_led_back() -> None:
    found = invert(Flawed("bright").eval(), image_of(generator()), latent_dim=LATENT_DIM, steps=300)
    assert found.pixel_distance < 0.1


def test_losses_that_are_not_finite_are_refused() -> None:
    class Wild(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            far = (images - 0.123).abs().amax((1, 2, 3), keepdim=True) > 0  # the image itself passes
            return images / (~far).float() if len(images) > 1 else images

    with pytest.raises(ActivationError, match="not finite"):
        invert(features=Wild(), feature_weight=1.0)
    with pytest.raises(DataError, match="NaN or infinite"):
        invert(features=lambda images: images / 0, feature_weight=1.0)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": 0}, SettingError, "steps is 0"),
        ({"steps": 2.5}, SettingError, r"steps is 2\.5"),
        ({"starts": True}, SettingError, "starts is True"),
        ({"learning_rate": 0}, SettingError, "learning_rate is 0"),
        ({"learning_rate": float("nan")}, SettingError, "learning_rate is nan"),
        ({"feature_weight": -1}, SettingError, "feature_weight is -1"),
        ({"feature_weight": "much"}, SettingError, "feature_weight is 'much'"),
        ({"seed": -1}, SettingError, "seed is -1"),
        ({"layer": "lwo"}, LayerError, "low"),
        ({"layer": "fc"}, LayerError, "must be maps|needs maps"),
        ({"latent_dim": 6}, DataError, "fails on latents of 6"),
        ({"latent_dim": 7, "latents": torch.zeros(2, 7)}, SettingError, "both given"),
        ({"latents": torch.zeros(2, 6)}, DataError, "fails on latents"),
        ({"latents": torch.full((2, 7), torch.nan)}, DataError, "NaN"),
        ({"features": 3}, SettingError, "features is a int"),
        ({"features": (nn.Identity(), "low")}, SettingError, r"\(network, \[names"),
        ({"features": (nn.Identity(), ["low"])}, LayerError, "low"),
        ({"features": (lambda images: images, ["low"])}, SettingError, "no torch.nn.Module"),
        ({"features": nn.Conv2d(5, 2, 1), "feature_weight": 1}, DataError, "`features` fails"),
        ({"features": lambda images: "cat", "feature_weight": 1}, DataError, "no tensor"),
        ({"features": lambda images: images.mean(), "feature_weight": 1}, DataError, r"must be floating"),
        ({"features": torch.rand_like, "feature_weight": 1}, ProofError, "each time"),
        ({"image": torch.rand(3, 22, 26) * 255}, DataError, "must lie in"),
        ({"image": torch.rand(3, 22, 26) * 2 - 1}, DataError, "must lie in"),
        ({"image": torch.full((3, 22, 26), torch.nan)}, DataError, "NaN"),
        ({"image": torch.rand(4, 22, 26)}, DataError, "alpha"),
        ({"image": torch.rand(2, 3, 22, 26)}, DataError, "one by one"),
        ({"image": "photo.png"}, DataError, "Image.open"),
        ({"to_images": lambda output: output}, DataError, "to_images"),
    ],
)
def test_what_is_not_allowed_is_refused(
    options: dict[str, Any], error: type[DissectError], message: str
) -> None:
    with torch.random.fork_rng(), pytest.raises(error, match=message):
        invert(**options)


def test_a_generator_in_training_mode_is_refused() -> None:
    with pytest.raises(SettingError, match="training mode"):
        invert(oblong())


def test_activations_of_another_shape_are_refused() -> None:
    net, latent = generator(), torch.zeros(2, LATENT_DIM)
    opened = open_generator(net, "low", latent)
    with pytest.raises(SettingError, match=r"must be \(2, 5, 6, 8\)"):
        opened.begin(latent, torch.zeros(2, 5, 8, 6))
    with pytest.raises(SettingError, match="at no layer"):
        open_generator(net, (), latent).begin(latent, torch.zeros(2, 5, 6, 8))


def test_originals_are_shown_above_their_inversions() -> None:
    found = [invert(steps=2), invert(steps=3)]
    drawn = dw.plots.inversions(found, ["one", "two"])
    assert len(drawn.layout.images) == 4
    said = " ".join(annotation.text for annotation in drawn.layout.annotations)
    assert f"one {found[0].psnr:.1f} dB" in said.replace("<br>", " ")
    with pytest.raises(SettingError, match="1 names for 2"):
        dw.plots.inversions(found, ["one"])

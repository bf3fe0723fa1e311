"""Generators, dissected over latents, against brute force over their own pictures."""

from __future__ import annotations

import io
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.data.interrupt import Interrupted
from dissect_widgets.core.data.latents import Latents
from dissect_widgets.errors import ActivationError, ConceptError, DataError, SavedError, SettingError
from tests.core import oracle
from tests.core.small_generators import LATENT_DIM, Rules, oblong, progressive

LEVELS = (0.03, 0.2)
PROGRESSIVE = [f"layer{n}" for n in range(1, 7)]


def latents(count: int = 9, *, flat: bool = False) -> Tensor:
    drawn = dw.latents(count, seed=4, latent_dim=LATENT_DIM)
    return drawn.flatten(1) if flat else drawn


def pictures_of(net: nn.Module, z: Tensor, batch: int = 4) -> Tensor:
    """Pictures of all latents, the network run in full batches."""
    whole = nn.Sequential(net)
    return dw.to_images(torch.from_numpy(oracle.outputs(whole, "0", z, batch)))


@pytest.mark.parametrize("population", ["upsampled", "raw"])
@pytest.mark.parametrize(
    ("make", "flat", "layers", "picture"),
    [
        (progressive, False, PROGRESSIVE, (16, 16)),
        (progressive, True, PROGRESSIVE, (16, 16)),
        (oblong, True, ["low", "relu", "high"], (22, 26)),
    ],
    ids=["latents (n, d, 1, 1)", "latents (n, d)", "oblong"],
)
def test_everything_equals_brute_force(
    make: Callable[[], nn.Module], flat: bool, layers: list[str], picture: tuple[int, int], population: Any
) -> None:
    net, z = make(), latents(flat=flat)
    labels = Rules()(pictures_of(net, z)).numpy()
    dissection = dw.dissect(
        net,
        layers,
        z,
        segmenter=Rules(),
        level=LEVELS,
        settings=dw.Settings(population=population, exemplars=3),
        progress=False,
    )
    assert dissection.images == 9 and dissection.image_size == picture and dissection.label_size == (11, 13)
    assert dissection.names == tuple(f"latent {number}" for number in range(9))
    assert dissection.vocabulary == Rules.vocabulary
    for name in layers:
        assert dissection[name].grid.rule == "half-pixel" and dissection[name].kind == "map"
        maps = oracle.outputs(net, name, z)
        oracle.check(dissection[name], maps, labels, picture, population)
        assert (dissection[name].concept_area[1:] > 0).all() and dissection[name].intersection.any()
    want = oracle.counts(np.zeros((9, 1, 11, 13), bool), labels, Rules.vocabulary.category_of)
    assert (dissection.images_in_category == want["images_in_category"]).all()


def test_both_shapes_of_latents_give_the_same_bits() -> None:
    one, other = (
        dw.dissect(progressive(), "layer4", latents(flat=flat), segmenter=Rules(), progress=False)
        for flat in (False, True)
    )
    oracle.same(one["layer4"], other["layer4"])
    assert one.thumbnails == other.thumbnails


def test_vectors_of_a_generator() -> None:
    net, z = oblong(), latents(flat=True)
    dissection = dw.dissect(
        net, "fc", z, segmenter=Rules(), level=LEVELS, settings=dw.Settings(exemplars=2), progress=False
    )["fc"]
    assert dissection.kind == "vector"
    maps = oracle.outputs(net, "fc", z)[:, :, None, None]
    oracle.check(dissection, maps, Rules()(pictures_of(net, z)).numpy(), (22, 26))


@pytest.mark.parametrize("batch_size", [1, 2, 5, 9, 50])
def test_any_batch_size_and_little_memory(batch_size: int) -> None:
    net, z = progressive(), latents()
    dissection = dw.dissect(
        net,
        "layer5",
        z,
        segmenter=Rules(),
        level=LEVELS,
        settings=dw.Settings(exemplars=3),
        resources=dw.Resources(batch_size=batch_size, memory=64),
        progress=False,
    )
    labels = Rules()(pictures_of(net, z, batch_size)).numpy()
    oracle.check(dissection["layer5"], oracle.outputs(net, "layer5", z, batch_size), labels, (16, 16))


def test_workers_change_nothing() -> None:
    one, other = (
        dw.dissect(
            progressive(),
            "layer4",
            latents(),
            segmenter=Rules(),
            resources=dw.Resources(workers=workers),
            progress=False,
        )
        for workers in (0, 2)
    )
    oracle.same(one["layer4"], other["layer4"])


class Stopping(Rules):
    """Interrupts itself when it is called for a certain time, as Ctrl-C does."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def __call__(self, pictures: Tensor, /) -> Any:
        labels = super().__call__(pictures)
        if self.calls == self.at:
            signal.raise_signal(signal.SIGINT)
        return labels


@pytest.mark.parametrize("with_folder", [False, True])
def test_interrupt_loses_nothing(tmp_path: Path, with_folder: bool) -> None:
    net, z = progressive(), latents()
    whole = dw.dissect(net, PROGRESSIVE, z, segmenter=Rules(), level=LEVELS, progress=False)
    out, rules = (tmp_path / "out" if with_folder else None), Stopping(at=3)  # the first is to see sizes
    with pytest.raises(Interrupted, match="after 8 of 9 images"):
        dw.dissect(net, PROGRESSIVE, z, segmenter=rules, level=LEVELS, out=out, progress=False)
    again = dw.dissect(net, PROGRESSIVE, z, segmenter=rules, level=LEVELS, out=out, progress=False)
    assert rules.calls == 5  # once more to see sizes, and the ninth latent
    for name in PROGRESSIVE:
        oracle.same(again[name], whole[name])
    assert again.thumbnails == whole.thumbnails
    if out:
        oracle.same(dw.load(out)["layer3"], whole["layer3"])


@pytest.mark.parametrize("differing", ["data", "to_pictures"])  # as the saved keys are called
def test_checkpoint_of_another_run_is_refused(tmp_path: Path, differing: str) -> None:
    def darker(output: Tensor) -> Tensor:
        return dw.to_images(output) / 2

    out, net = tmp_path / "out", progressive()
    with pytest.raises(Interrupted):
        dw.dissect(net, "layer4", latents(), segmenter=Stopping(at=3), out=out, progress=False)
    z, changed = latents(), dw.to_images
    if differing == "data":
        z[2, 3] += 1e-3
    else:
        changed = darker
    with pytest.raises(SavedError, match=f"unfinished run of something else.*{differing}"):
        dw.dissect(net, "layer4", z, segmenter=Stopping(at=0), to_images=changed, out=out, progress=False)


def test_provenance_says_how_pictures_were_made() -> None:
    dissection = dw.dissect(progressive(), "layer4", latents(), segmenter=Rules(), progress=False)
    assert (
        dissection.provenance["to_pictures"] == "to_images" and dissection.provenance["segmenter"] == "Rules"
    )
    assert dissection.provenance["preprocess"] is None and len(dissection.provenance["data"]) == 64


def test_to_pictures_makes_what_is_labeled() -> None:
    def inverse(output: Tensor) -> Tensor:
        return 1 - dw.to_images(output)

    net, z = progressive(), latents()
    dissection = dw.dissect(net, "layer4", z, segmenter=Rules(), to_images=inverse, progress=False)
    labels = Rules()(1 - pictures_of(net, z)).numpy()
    area = [(labels == concept).any(1).sum() for concept in range(1, 8)]
    assert dissection["layer4"].concept_area[1:].tolist() == area
    assert dissection.provenance["to_pictures"].endswith("inverse")


def test_result_pictures_are_the_generators() -> None:
    net, z = progressive(), latents()
    dissection = dw.dissect(
        net, "layer4", z, segmenter=Rules(), settings=dw.Settings(exemplars=2), progress=False
    )
    drawn = pictures_of(net, z).permute(0, 2, 3, 1).numpy() * 255
    assert set(dissection.thumbnails) == set(dissection["layer4"].exemplar_image.ravel().tolist())
    for number, jpeg in dissection.thumbnails.items():
        pixels = np.asarray(Image.open(io.BytesIO(jpeg)), np.float32)
        assert np.abs(pixels - drawn).mean((1, 2, 3)).argmin() == number


def test_the_model_is_left_as_it_was() -> None:
    net = progressive()
    net.layer2.eval()
    net.layer1.conv.weight.requires_grad_(False)
    modes = [module.training for module in net.modules()]
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    z = latents()
    before = z.clone()
    dw.dissect(net, "layer4", z, segmenter=Rules(), progress=False)
    with pytest.raises(DataError):
        dw.dissect(net, "layer4", z, segmenter=Rules(), to_images=lambda x: x, progress=False)
    assert [module.training for module in net.modules()] == modes
    assert not any(module._forward_hooks for module in net.modules())
    assert not net.layer1.conv.weight.requires_grad and net.layer2.conv.weight.requires_grad
    assert all(torch.equal(tensor, state[name]) for name, tensor in net.state_dict().items())
    assert torch.equal(z, before)


@pytest.mark.parametrize("batch_size", [1, 4, 16])
@pytest.mark.parametrize(("make", "flat", "layer"), [(progressive, False, "layer3"), (oblong, True, "low")])
def test_peaks_over_latents(make: Any, flat: bool, layer: str, batch_size: int) -> None:
    net, z = make(), latents(flat=flat)
    peaks = dw.find_max_activations(net, layer, z, batch_size=batch_size)
    expected = oracle.outputs(net, layer, z, batch_size).max((2, 3))
    assert peaks.dtype == np.float32 and (peaks == expected).all() and net.training


def test_ranked_by_iou() -> None:
    dissection = dw.dissect(
        progressive(), "layer2", latents(), segmenter=Rules(), level=LEVELS, progress=False
    )
    layer = dissection["layer2"]
    for concept in Rules.vocabulary.concepts[1:]:
        column = Rules.vocabulary.index(*concept)
        for at, level in enumerate(LEVELS):
            union = layer.area[at] + layer.concept_area[column] - layer.intersection[at, :, column]
            iou = layer.intersection[at, :, column] / union
            order = sorted(range(6), key=lambda unit: (-iou[unit], unit))
            assert layer.ranked(*concept, level=level).tolist() == order
        assert (layer.ranked(concept.name) == layer.ranked(*concept, level=0.03)).all()
        by_category = layer.iou(denominator="category")[:, column]
        order = sorted(range(6), key=lambda unit: (-by_category[unit], unit))
        assert layer.ranked(concept.name, denominator="category").tolist() == order
    with pytest.raises(ConceptError, match="Did you mean 'bright'"):
        layer.ranked("brigt")
    with pytest.raises(SettingError, match=r"level 0\.5"):
        layer.ranked("bright", level=0.5)


def test_units_that_match_alike_are_ranked_by_number() -> None:
    net = progressive()
    with torch.no_grad():
        for unit in (1, 3):  # silent, so that nothing of them meets a concept
            net.layer2.conv.weight[unit], net.layer2.wscale.b[unit] = 0, 0
    layer = dw.dissect(net, "layer2", latents(), segmenter=Rules(), level=0.2, progress=False)["layer2"]
    assert (layer.iou()[[0, 2, 4, 5], Rules.vocabulary.index("thing 1")] > 0).all()
    assert layer.ranked("thing 1")[-2:].tolist() == [1, 3]


class Gray(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = progressive()

    def forward(self, z: Tensor) -> Tensor:
        return self.net(z)[:, :1]


def run(**changed: Any) -> Any:
    arguments: dict[str, Any] = {
        "model": progressive(),
        "layers": "layer4",
        "data": latents(),
        "segmenter": Rules(),
        "progress": False,
    }
    return dw.dissect(**(arguments | changed))


def test_bad_latents() -> None:
    broken = latents()
    broken[3, 2] = float("nan")
    with pytest.raises(DataError, match="Latent 3 has a number that is NaN"):
        run(data=broken)
    with pytest.raises(DataError, match="no latents"):
        run(data=latents(0))
    with pytest.raises(SettingError, match=r"shape \(2, 8, 1, 1\); this generator takes \(B, 7\)"):
        run(data=dw.latents(4, latent_dim=8))
    with pytest.raises(DataError, match=r"fails on latents \(2, 8\): RuntimeError"):
        run(model=oblong(), layers="low", data=torch.zeros(4, 8))
    with pytest.raises(DataError, match=r"are torch.float32 \(3, 7, 2, 1\)"):
        Latents(torch.zeros(3, 7, 2, 1))
    with pytest.raises(DataError, match="are list"):
        Latents([[0.0]])  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="preprocess"):
        run(preprocess=dw.normalize())
    with pytest.raises(SettingError, match="preprocess"):
        dw.find_max_activations(progressive(), "layer4", latents(), preprocess=dw.normalize())
    with pytest.raises(SettingError, match="no segmenter"):
        run(segmenter=None)
    for seed, count, latent_dim in ((-1, 1, 1), (2**32, 1, 1), (1, -1, 1), (1, 1, 0)):
        with pytest.raises(SettingError, match=r"seed is|cannot be"):
            dw.latents(count, seed, latent_dim=latent_dim)


def test_bad_pictures() -> None:
    with pytest.raises(DataError, match=r"values from -\d.*must lie in \[0, 1\].*to_images"):
        run(to_images=lambda output: output)
    with pytest.raises(DataError, match=r"outputs \(2, 1, 16, 16\) for 2 latents; it must be \(2, 3, H, W\)"):
        run(model=Gray(), layers="net.layer4")
    with pytest.raises(DataError, match="outputs tuple for 2 latents"):
        run(to_images=lambda output: (output,))
    with pytest.raises(DataError, match=r"`to_images` after it, fails on latents \(2, 7, 1, 1\): KeyError"):
        run(to_images=lambda output: {}["picture"])
    net = progressive()
    with torch.no_grad():
        net.layer3.wscale.b[1] = float("nan")
    with pytest.raises(DataError, match="values from nan to nan"):
        run(model=net)
    net = progressive()
    net.layer4.register_forward_hook(
        lambda _module, _inputs, output: output.index_fill(1, torch.tensor(2), float("inf"))
    )
    with pytest.raises(ActivationError, match=r"'layer4' outputs inf for the first image"):
        run(model=net, to_images=lambda output: torch.zeros(len(output), 3, 8, 8))


def spoiled(change: Callable[[Tensor], Any]) -> Rules:
    rules = Rules()
    rules.__class__ = type("Spoiled", (Rules,), {"__call__": lambda self, p: change(Rules.__call__(self, p))})
    return rules


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda labels: None, "returns NoneType; it must be integers"),
        (lambda labels: labels.float(), r"returns torch.float32 \(1, 2, 11, 13\)"),
        (lambda labels: labels > 3, r"returns torch.bool"),
        (lambda labels: labels[:, 0], r"returns torch.int64 \(1, 11, 13\)"),
        (lambda labels: labels[:, :, :0], r"returns torch.int64 \(1, 2, 0, 13\)"),
        (lambda labels: torch.tensor(3), r"returns torch.int64 \(\)"),
        (lambda labels: labels.repeat(2, 1, 1, 1), "returns 2 label maps .* for 1 images"),
        (lambda labels: labels + 1, r"from 1 to 8 for 1 images; allowed are 0 \(none\) to 7"),
        (lambda labels: labels - 3, "from -3 to 4"),
        (
            lambda labels: labels if len(labels) == 1 else labels.transpose(2, 3),
            r"latent 0 has a label map of shape \(2, 13, 11\), the first image \(2, 11, 13\)",
        ),
    ],
)
def test_a_segmenter_that_returns_rubbish(change: Callable[[Tensor], Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        run(segmenter=spoiled(change))


def test_a_segmenter_may_return_arrays() -> None:
    one, other = run(segmenter=spoiled(lambda labels: labels.numpy().astype(np.uint8))), run()
    oracle.same(one["layer4"], other["layer4"])

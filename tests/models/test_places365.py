"""VGG-16 of Places: its public file against torchvision's network of the same weights."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.errors import WeightsError
from dissect_widgets.models.places365 import load_places_vgg16
from tests.small_networks import seeded

# As they stand in the published file, with torchvision's next to them; written out, not computed.
CONVOLUTIONS = {
    "conv1_1": 0,
    "conv1_2": 2,
    "conv2_1": 5,
    "conv2_2": 7,
    "conv3_1": 10,
    "conv3_2": 12,
    "conv3_3": 14,
    "conv4_1": 17,
    "conv4_2": 19,
    "conv4_3": 21,
    "conv5_1": 24,
    "conv5_2": 26,
    "conv5_3": 28,
}
LINEAR = {"fc6": 0, "fc7": 3, "fc8a": 6}
NARROW = [3, 4, "M", 5, 6, "M", 7, 5, 6, "M", 4, 7, 5, "M", 6, 4, 8, "M"]
Build = Callable[..., nn.Module]


def narrow_vgg16(num_classes: int = 1000) -> nn.Module:
    """A vgg16 of few channels; the real one has 138 million weights."""
    features = torchvision.models.vgg.make_layers(NARROW)
    with torch.device("meta"):  # its classifier, which is not wanted, would be as wide as the real one
        model = torchvision.models.VGG(features, init_weights=False)
    for place, (inputs, outputs) in {0: (8 * 7 * 7, 12), 3: (12, 9), 6: (9, num_classes)}.items():
        model.classifier[place] = nn.Linear(inputs, outputs)
    return model


def public(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict with the published names."""
    names = {f"features.{number}": f"features.{name}" for name, number in CONVOLUTIONS.items()}
    names |= {f"classifier.{number}": f"classifier.{name}" for name, number in LINEAR.items()}
    return {f"{names[key.rsplit('.', 1)[0]]}.{key.rsplit('.', 1)[1]}": value for key, value in state.items()}


def made(build: Build, classes: int) -> nn.Module:
    with torch.random.fork_rng():
        return seeded(build(num_classes=classes)).eval()


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """A narrow network with torchvision's names, and torchvision making such ones."""
    monkeypatch.setattr(torchvision.models, "vgg16", narrow_vgg16)
    return made(narrow_vgg16, 11)


def pictures(side: int = 64) -> Tensor:
    return torch.rand((2, 3, side, side), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
@pytest.mark.parametrize("naming", ["public", "torchvision", "public, parallel", "torchvision, parallel"])
def test_scores_are_those_of_torchvision(plain: nn.Module, tmp_path: Path, naming: str, ending: str) -> None:
    path, state = tmp_path / f"w.{ending}", plain.state_dict()
    if naming.startswith("public"):
        state = public(state)
    if naming.endswith("parallel"):
        state = {name.replace("features.", "features.module."): value for name, value in state.items()}
    if ending == "pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    model = load_places_vgg16(path if ending == "pth" else str(path))
    assert not any(module.training for module in model.modules())
    assert {(p.device.type, p.dtype) for p in model.parameters()} == {("cpu", torch.float32)}
    with torch.no_grad():
        scores, expected = model(pictures()), plain(pictures())
    assert scores.shape == (2, 11) and torch.equal(scores, expected)
    assert len(expected.unique()) == expected.numel()


def test_layers_have_the_published_names(plain: nn.Module, tmp_path: Path) -> None:
    torch.save(public(plain.state_dict()), tmp_path / "w.pth")
    model = load_places_vgg16(tmp_path / "w.pth")
    assert list(model.state_dict()) == list(public(plain.state_dict()))
    features = [name for name, _ in model.features.named_children()]
    assert features[:5] == ["conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1"]
    assert features[-3:] == ["conv5_3", "relu5_3", "pool5"] and len(features) == 31
    kinds = {"conv": nn.Conv2d, "relu": nn.ReLU, "pool": nn.MaxPool2d}
    assert all(type(module) is kinds[name[:4]] for name, module in model.features.named_children())
    classifier = [name for name, _ in model.classifier.named_children()]
    assert classifier == ["fc6", "relu6", "drop6", "fc7", "relu7", "drop7", "fc8a"]
    with torch.no_grad():
        at = {"features.conv5_3": 28, "features.pool4": 23}
        expected = {name: plain.features[: number + 1](pictures()) for name, number in at.items()}
        seen: dict[str, Tensor] = {}
        for name in at:
            model.get_submodule(name).register_forward_hook(
                lambda _m, _i, out, name=name: seen.update({name: out.clone()})
            )
        model(pictures())
    assert all(torch.equal(seen[name], expected[name]) for name in at)
    listed = [info.name for info in dw.list_layers(model, torch.zeros(1, 3, 64, 64))]
    assert {f"features.{name}" for name in CONVOLUTIONS} < set(listed)


def test_half_precision_is_widened(plain: nn.Module, tmp_path: Path) -> None:
    state = {name: value.half() for name, value in public(plain.state_dict()).items()}
    torch.save(state, tmp_path / "w.pth")
    loaded = load_places_vgg16(tmp_path / "w.pth").state_dict()
    assert all(torch.equal(loaded[name], value.float()) for name, value in state.items())


def test_files_that_do_not_fit(plain: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    with pytest.raises(WeightsError, match=f"^{re.escape(f'There is no file {path}.')}"):
        load_places_vgg16(path)

    def refusal(state: dict[str, Tensor]) -> str:
        torch.save(state, path)
        with pytest.raises(WeightsError) as raised:
            load_places_vgg16(path)
        return str(raised.value).removeprefix(f"{path} does not fit VGG: ")

    state = public(plain.state_dict())
    less = {name: value for name, value in state.items() if name != "features.conv5_3.weight"}
    assert refusal(less) == "The file lacks 1 names, such as 'features.conv5_3.weight'."
    less = {name: value for name, value in plain.state_dict().items() if not name.startswith("classifier.6")}
    assert refusal(less) == "The file lacks 2 names, such as 'classifier.fc8a.weight'."
    assert refusal(state | {"features.conv5_4.bias": torch.zeros(2)}).startswith(
        "'features.conv5_4.bias' is not in the model. Did you mean 'features.conv5_"
    )
    assert refusal(state | {"extra": torch.zeros(2)}).startswith("'extra' is not in the model.")
    assert refusal(state | {"classifier.fc7.bias": torch.zeros(2)}) == (
        "'classifier.fc7.bias' has shape (2,), the model's (9,)."
    )
    assert "'classifier.fc8a.weight' has shape (4,)" in refusal(
        state | {"classifier.fc8a.weight": torch.zeros(4)}
    )


def test_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(pickle.dumps({"features.conv1_1.weight": print}, protocol=2))
    with pytest.raises(WeightsError, match="pickled code"):
        load_places_vgg16(tmp_path / "w.pth")


@pytest.mark.slow
def test_the_network_at_its_true_size(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    with torch.device("meta"):
        plain = torchvision.models.vgg16(num_classes=365)
    plain.to_empty(device="cpu").eval()
    for number, parameter in enumerate(plain.parameters()):  # cheaper than random numbers
        steps = torch.arange(parameter.numel(), dtype=torch.int32).add_(number).mul_(7).remainder_(13)
        parameter.data = steps.sub_(6).float().div_(parameter[0].numel()).view_as(parameter)
    torch.save({name: value.half() for name, value in public(plain.state_dict()).items()}, path)
    for parameter in plain.parameters():
        parameter.data = parameter.data.half().float()
    model = load_places_vgg16(path)
    path.unlink()
    with torch.no_grad():
        scores = model(pictures(224)[:1])
        assert scores.shape == (1, 365) and torch.equal(scores, plain(pictures(224)[:1]))
    assert len(scores.unique()) > 1

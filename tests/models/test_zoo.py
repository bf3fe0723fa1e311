import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.errors import SettingError, WeightsError
from dissect_widgets.models.zoo import load_model, normalize

MODULE = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(2, 3), nn.Dropout(0.5))

def build():
    return Net()

def count():
    return 5

def _helper():
    return Net()

size = 3
"""


@pytest.fixture(autouse=True)
def own_random_state() -> Iterator[None]:
    """Networks are made with random weights, out of the global generator."""
    with torch.random.fork_rng():
        yield


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the package `dissected_nets`, on the path of modules."""
    folder = tmp_path / "dissected_nets"
    folder.mkdir()
    (folder / "__init__.py").write_text("from dissected_nets.inner import build\n")
    (folder / "inner.py").write_text(MODULE)
    (folder / "broken.py").write_text("import something_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "dissected_nets"]:
        del sys.modules[name]


def fresh(name: str, classes: int) -> nn.Module:
    """A network of torchvision with random weights and statistics."""
    options = {"init_weights": False} if name == "googlenet" else {}
    return torchvision.models.get_model(name, num_classes=classes, **options)


def assert_same(model: nn.Module, weights: dict[str, Tensor]) -> None:
    loaded = model.state_dict()
    assert sorted(loaded) == sorted(weights)
    for name, tensor in weights.items():
        assert torch.equal(loaded[name], tensor), name


# Networks of torchvision ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["squeezenet1_0", "googlenet"])
@pytest.mark.filterwarnings("error")  # GoogLeNet's warns of a slow start, unless told
def test_networks_of_torchvision(name: str) -> None:
    model = load_model(name)
    assert type(model).__name__.lower() == name.partition("1")[0]
    assert not any(module.training for module in model.modules())
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
    with torch.no_grad():
        assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 1000)


@pytest.mark.parametrize(
    ("name", "classes", "ending"),
    [
        ("resnet18", 365, "pt"),
        ("googlenet", 11, "safetensors"),
        ("squeezenet1_0", 7, "pt"),
        ("squeezenet1_0", 7, "safetensors"),
    ],
)
def test_as_many_classes_as_the_file(tmp_path: Path, name: str, classes: int, ending: str) -> None:
    made, path = fresh(name, classes), tmp_path / f"w.{ending}"
    weights = made.state_dict()
    if ending == "pt":
        torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in weights.items()}}, path)
    else:
        save_file(weights, path)
    model = load_model(name, path)
    assert type(model) is type(made) and not model.training
    assert_same(model, weights)
    with torch.no_grad():
        assert model(torch.zeros(1, 3, 32, 32)).shape == (1, classes)


def test_the_path_may_be_a_string(tmp_path: Path) -> None:
    weights = fresh("squeezenet1_0", 5).state_dict()
    save_file(weights, tmp_path / "w.safetensors")
    assert_same(dw.load_model("squeezenet1_0", str(tmp_path / "w.safetensors")), weights)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("resnet81", "Did you mean 'resnet18'"),
        ("ResNet18", "Did you mean 'resnet18'"),
        ("vgg-16", "Did you mean 'vgg16'"),
        ("????", "There are "),
        ("fcn_resnet50", "Did you mean 'resnet50'"),  # outputs no classes
        ("", "There are "),
    ],
)
def test_unknown_network(name: str, hint: str) -> None:
    with pytest.raises(SettingError, match=f"^{re.escape(f'torchvision has no network {name!r}. {hint}')}"):
        load_model(name)


def test_weights_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file(fresh("squeezenet1_1", 7).state_dict(), path)
    with pytest.raises(WeightsError, match=rf"^{re.escape(str(path))} does not fit SqueezeNet: 'features\."):
        load_model("squeezenet1_0", path)
    with pytest.raises(
        WeightsError, match=rf"^{re.escape(str(path))} does not fit ResNet: .*not in the model"
    ):
        load_model("resnet18", path)


def test_no_file_of_weights(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=re.escape(f"There is no file {tmp_path / 'w.pt'}.")):
        load_model("squeezenet1_0", tmp_path / "w.pt")


def test_regnet_with_a_file(tmp_path: Path) -> None:
    weights = fresh("regnet_y_400mf", 7).state_dict()
    save_file(weights, tmp_path / "w.safetensors")
    assert_same(load_model("regnet_y_400mf", tmp_path / "w.safetensors"), weights)


def test_weights_of_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def get_model(name: str, **options: object) -> nn.Module:
        asked.append((name, options))
        return nn.Dropout()

    monkeypatch.setattr(torchvision.models, "get_model", get_model)
    model = load_model("vgg16", "imagenet")
    assert asked == [("vgg16", {"weights": "DEFAULT"})] and not model.training


@pytest.mark.parametrize("error", [URLError("no route to host"), OSError("no route to host")])
def test_no_network_to_download_from(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def get_model(name: str, **options: object) -> nn.Module:
        raise error

    monkeypatch.setattr(torchvision.models, "get_model", get_model)
    with pytest.raises(WeightsError, match=r"weights of vgg16 could not be downloaded: .*no route.*a file\."):
        load_model("vgg16", "imagenet")


# Your own networks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["dissected_nets.inner:build", "dissected_nets.inner:Net", "dissected_nets:build"]
)
def test_network_by_module_and_callable(nets: Path, name: str) -> None:
    model = load_model(name)
    assert type(model).__name__ == "Net" and not any(module.training for module in model.modules())


def test_own_network_with_a_file(nets: Path) -> None:
    weights = {"0.weight": torch.arange(6.0).reshape(3, 2), "0.bias": torch.tensor([7.0, 8.0, 9.0])}
    torch.save(weights, nets / "w.pt")
    model = load_model("dissected_nets.inner:build", nets / "w.pt")
    assert_same(model, weights)
    assert not model.training
    torch.save({"0.weight": torch.zeros(4, 2), "0.bias": torch.zeros(4)}, nets / "w.pt")
    with pytest.raises(WeightsError, match=r"w\.pt does not fit Net: '0\.weight' has shape \(4, 2\)"):
        load_model("dissected_nets.inner:build", nets / "w.pt")


@pytest.mark.parametrize("name", ["dissected_nots:build", "dissected_nets.outer:build"])
def test_unknown_module(nets: Path, name: str) -> None:
    module = name.partition(":")[0]
    with pytest.raises(SettingError, match=rf"^The module '{re.escape(module)}' cannot be imported: No"):
        load_model(name)


def test_module_that_misses_another_one(nets: Path) -> None:
    with pytest.raises(SettingError, match=r"dissected_nets\.broken.*No module named 'something_not_there'"):
        load_model("dissected_nets.broken:build")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("biuld", "Did you mean 'build'?"),
        ("NET", "Did you mean 'Net'"),
        ("size", "There are 3: 'Net', 'build', 'count'."),  # there, but not to be called
        ("", "There are 3: 'Net', 'build', 'count'."),
    ],
)
def test_unknown_callable(nets: Path, name: str, hint: str) -> None:
    message = f"dissected_nets.inner has no callable {name!r}. {hint}"
    with pytest.raises(SettingError, match=f"^{re.escape(message)}"):
        load_model(f"dissected_nets.inner:{name}")


def test_callable_that_makes_no_network(nets: Path) -> None:
    message = "dissected_nets.inner:count returned int, not a torch module."
    with pytest.raises(SettingError, match=f"^{re.escape(message)}$"):
        load_model("dissected_nets.inner:count")


# The real network -----------------------------------------------------------------------------------------


@pytest.mark.real
def test_real_squeezenet(real: Path) -> None:
    path = real / "squeezenet1_0_imagenet.safetensors"
    photos = [real / "photos" / name for name in ("100007.jpg", "101027.jpg", "103029.jpg")]
    rows = [np.asarray(Image.open(photo).convert("RGB").resize((224, 224))) for photo in photos]
    pictures = torch.from_numpy(np.stack(rows) / np.float32(255)).permute(0, 3, 1, 2).contiguous()

    plain = torchvision.models.squeezenet1_0()
    plain.load_state_dict(load_file(path))
    mean, deviation = (np.array(v, np.float32) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    normal = (np.stack(rows) / np.float32(255) - mean) / deviation
    with torch.no_grad():
        once, again = (load_model("squeezenet1_0", path)(normalize()(pictures)) for _ in range(2))
        expected = plain.eval()(torch.from_numpy(normal).permute(0, 3, 1, 2).contiguous())
    assert torch.equal(once, again)
    assert torch.allclose(once, expected, rtol=1e-3, atol=1e-3)
    assert once.argmax(1).tolist() == expected.argmax(1).tolist()
    assert len(set(once.argmax(1).tolist())) == 3


# Normalization --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "mean", "deviation"),
    [
        ("imagenet", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("symmetric", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ],
)
def test_normalize(scale: str, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
    pictures = torch.rand((2, 3, 11, 13), generator=torch.Generator().manual_seed(0))
    before, result = pictures.clone(), normalize(scale)(pictures)
    for channel in range(3):
        expected = (before[:, channel].double() - mean[channel]) / deviation[channel]
        assert torch.allclose(result[:, channel].double(), expected, atol=1e-6)
    assert torch.equal(pictures, before) and result.dtype == torch.float32
    if scale == "symmetric":
        assert normalize(scale)(torch.tensor([0.0, 1.0]).expand(1, 3, 1, 2))[0, 2, 0].tolist() == [-1, 1]


def test_normalize_is_imagenet_unless_told() -> None:
    pictures = torch.rand((1, 3, 4, 5), generator=torch.Generator().manual_seed(0))
    assert torch.equal(normalize()(pictures), normalize("imagenet")(pictures))


def test_no_normalization() -> None:
    assert normalize("none") is None


def test_what_normalizes_says_what_it_does() -> None:
    """The key of a run holds its text, which must tell two of them apart and hold no address."""
    texts = {repr(normalize("imagenet")), repr(normalize("symmetric"))}
    assert len(texts) == 2 and not any(" at 0x" in text for text in texts)


@pytest.mark.parametrize(
    ("scale", "hint"),
    [
        ("imagnet", "Did you mean 'imagenet'?"),
        ("Symmetric", "Did you mean 'symmetric'?"),
        (None, "Did you mean 'none'?"),
        (255, "There are 3: 'imagenet', 'symmetric', 'none'."),
    ],
)
def test_unknown_scale(scale: object, hint: str) -> None:
    with pytest.raises(SettingError, match=f"^{re.escape(f'scale is {scale!r}. {hint}')}$"):
        normalize(scale)

import os
import pickle
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dissect_widgets.errors import DissectError, WeightsError
from dissect_widgets.models.weights import fit_names, load_weights, read_weights

Weights = dict[str, Tensor]


@pytest.fixture
def weights(tiny) -> Weights:
    """Weights that fit the tiny network, and are not its own."""
    generator = torch.Generator().manual_seed(7)
    parameters = tiny.state_dict()
    return {name: torch.randn(tensor.shape, generator=generator) for name, tensor in parameters.items()}


def assert_same(result: Weights, expected: Weights) -> None:
    assert list(result) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(result[name], tensor) and result[name].dtype == tensor.dtype, name


def copy_of(model: nn.Module) -> Weights:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


# Reading --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["w.safetensors", "w.bin", "w.pt", "w"])
def test_safetensors_with_and_without_their_ending(tmp_path: Path, weights: Weights, name: str) -> None:
    save_file(weights, tmp_path / name)
    result = read_weights(tmp_path / name)
    assert_same({key: result[key] for key in weights}, weights)
    assert len(result) == len(weights)


@pytest.mark.parametrize("name", ["w.pth", "w"])
@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_torch(tmp_path: Path, weights: Weights, name: str, zipped: bool) -> None:
    torch.save(weights, tmp_path / name, _use_new_zipfile_serialization=zipped)
    assert_same(read_weights(str(tmp_path / name)), weights)


def test_types_stay_what_they_are(tmp_path: Path) -> None:
    weights = {
        "a": torch.arange(3),
        "b": torch.ones(2, dtype=torch.bfloat16),
        "c": torch.ones(2, 3, dtype=torch.float16),
    }
    torch.save(OrderedDict(weights), tmp_path / "w.pt")
    save_file(weights, tmp_path / "w.safetensors")
    for name in ("w.pt", "w.safetensors"):
        assert_same(dict(sorted(read_weights(tmp_path / name).items())), weights)


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "net", "weights"])
def test_weights_within_a_checkpoint(tmp_path: Path, weights: Weights, key: str) -> None:
    more = {"epoch": 3, "arch": "tiny", "best": torch.tensor(0.5), "optimizer": {"state": {}}}
    torch.save(more | {key: weights}, tmp_path / "w.pth.tar")
    assert_same(read_weights(tmp_path / "w.pth.tar"), weights)


def test_a_layer_may_bear_the_name_of_a_part_of_a_checkpoint(tmp_path: Path) -> None:
    weights = {"model": torch.ones(2), "net": torch.zeros(3), "weights": torch.ones(4)}
    torch.save(weights, tmp_path / "w.pt")
    assert_same(read_weights(tmp_path / "w.pt"), weights)


@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_prefixes_of_parallel_training_come_off(tmp_path: Path, ending: str) -> None:
    names = {
        "module.stem.weight": "stem.weight",
        "features.module.0.weight": "features.0.weight",
        "module.features.module.1.bias": "features.1.bias",
        "my_module.bias": "my_module.bias",
        "modules.0.bias": "modules.0.bias",
    }
    stored = {name: torch.full((2,), float(place)) for place, name in enumerate(names)}
    if ending == "pt":
        torch.save({"state_dict": stored}, tmp_path / "w.pt")
    else:
        save_file(stored, tmp_path / "w.safetensors")
    result = fit_names(read_weights(tmp_path / f"w.{ending}"), list(names.values()))
    assert sorted(result) == sorted(names.values())
    for name, plain in names.items():
        assert torch.equal(result[plain], stored[name])


def test_what_is_no_tensor_is_left_out(tmp_path: Path, weights: Weights) -> None:
    torch.save(weights | {"version": 3, "note": "hello", "sizes": [1, 2]}, tmp_path / "w.pt")
    assert_same(read_weights(tmp_path / "w.pt"), weights)


# Refusing -------------------------------------------------------------------------------------------------


class Harmful:
    """Makes a folder when it is unpickled, in place of anything else that code can do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("name", ["w.pth", "w.safetensors.pt", "w.bin", "w"])
@pytest.mark.parametrize("form", ["zip", "old", "pickle"])
def test_code_is_refused_and_not_run(
    tmp_path: Path, weights: Weights, form: str, name: str, nested: bool
) -> None:
    path, folder = tmp_path / name, tmp_path / "made by the file"
    content = {"state_dict": weights, "extra": Harmful(folder)} if nested else Harmful(folder)
    if form == "pickle":
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(WeightsError, match=rf"^{re.escape(str(path))} holds pickled code \(.*is refused"):
        read_weights(path)
    assert not folder.exists()
    if form == "pickle":
        pickle.loads(path.read_bytes())
    else:
        torch.load(path, weights_only=False)
    assert folder.is_dir()  # so the file could have done it


def test_code_under_the_name_of_safetensors_is_not_run(tmp_path: Path) -> None:
    path, folder = tmp_path / "w.safetensors", tmp_path / "made by the file"
    path.write_bytes(pickle.dumps(Harmful(folder), protocol=2))
    with pytest.raises(WeightsError, match=rf"^{re.escape(str(path))} is not a file of weights: .*header"):
        read_weights(path)
    assert not folder.exists()


def test_a_whole_model_is_refused(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.save(nn.Linear(2, 3), tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"w\.pt holds pickled code.*plain state dict or a safetensors"):
        read_weights(tmp_path / "w.pt")


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html>\n<html>Not result</html>\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        b"PK\x03\x04" + bytes(100),
        bytes(200),
        b"12345678{not json}",
    ],
    ids=["web page", "git lfs", "zip", "zeros", "almost safetensors"],
)
@pytest.mark.parametrize("name", ["w.pt", "w.safetensors", "w"])
def test_no_file_of_weights(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=f"^{re.escape(str(tmp_path / name))} "):
        read_weights(tmp_path / name)


@pytest.mark.parametrize("content", [b"hello world\n", b"quick brown fox\n", b"\x80\x02\x8a"])
def test_no_file_of_weights_whatever_the_unpickler_makes_of_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(WeightsError, match=re.escape(str(tmp_path / "w.pt"))):
        read_weights(tmp_path / "w.pt")


def test_text_is_not_said_to_hold_code(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"<!DOCTYPE html>\n<html>Not result</html>\n")
    with pytest.raises(WeightsError, match=re.escape(f"{tmp_path / 'w.pt'} is not a file of weights")):
        read_weights(tmp_path / "w.pt")


def test_a_refusal_does_not_say_how_to_run_the_code(tmp_path: Path) -> None:
    torch.save(Harmful(tmp_path / "made by the file"), tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="refused") as raised:
        read_weights(tmp_path / "w.pt")
    for advice in ("weights_only", "can still be loaded", "\x1b"):
        assert advice not in str(raised.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_truncated(tmp_path: Path, weights: Weights, ending: str, share: float) -> None:
    path = tmp_path / f"w.{ending}"
    if ending == "pt":
        torch.save(weights, path)
    else:
        save_file(weights, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(WeightsError, match=rf"^{re.escape(str(path))} is not a file of weights: \S"):
        read_weights(path)


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    path = tmp_path / name
    with pytest.raises(WeightsError, match=rf"^{re.escape(str(path))} is not a file of weights: \S"):
        read_weights(path)


def test_no_file(tmp_path: Path) -> None:
    for path, says in (
        (tmp_path / "w.pt", f"There is no file {tmp_path / 'w.pt'}."),
        (tmp_path, f"The file of weights '{tmp_path}' is a folder, and a file is asked for."),
    ):
        with pytest.raises(WeightsError, match=f"^{re.escape(says)}$") as raised:
            read_weights(path)
    assert isinstance(raised.value, DissectError) and isinstance(raised.value, ValueError)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([1, 2], "holds list, not a state dict"),
        (torch.zeros(2), "holds Tensor, not a state dict"),
        ({}, "holds no tensors"),
        ({"epoch": 3, "lr": 0.1}, "holds no tensors"),
        ({"state_dict": {}, "best": torch.zeros(1)}, "holds no tensors"),
    ],
)
def test_files_without_weights(tmp_path: Path, content: object, says: str) -> None:
    path = tmp_path / "w.pt"
    torch.save(content, path)
    with pytest.raises(WeightsError, match=f"^{re.escape(f'{path} {says}.')}$"):
        read_weights(path)


# Putting into a model -------------------------------------------------------------------------------------


def test_weights_that_fit(tiny, weights: Weights) -> None:
    load_weights(tiny, weights, origin="w.pt")
    assert_same(tiny.state_dict(), weights)
    assert tiny.training  # as it was


def test_weights_of_other_precision_are_taken_over(tiny, weights: Weights) -> None:
    load_weights(tiny, {name: tensor.half() for name, tensor in weights.items()}, origin="w.pt")
    assert_same(tiny.state_dict(), {name: tensor.half().float() for name, tensor in weights.items()})


def test_counts_of_batches_may_be_missing() -> None:
    model = nn.Sequential(OrderedDict(conv=nn.BatchNorm2d(3)))
    weights = {name: torch.full((3,), 2.0) for name in model.state_dict() if "num" not in name}
    assert len(weights) == 4
    load_weights(model, weights, origin="w.pt")
    assert all((model.state_dict()[name] == 2).all() for name in weights)


def renamed(weights: Weights, names: dict[str, str]) -> Weights:
    return {names.get(name, name): tensor for name, tensor in weights.items() if names.get(name, name)}


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"head.bias": ""}, r"The file lacks 1 names, such as 'head\.bias'\."),
        ({"head.bias": "", "left.weight": ""}, r"The file lacks 2 names, such as 'left\.weight'\."),
        (
            {"stem.weight": "Stem.wieght"},
            r"'Stem\.wieght' is not in the model\. Did you mean 'stem\.weight'.*\? "
            r"The file lacks 1 names, such as 'stem\.weight'\.",
        ),
        (
            {"stem.weight": "xyzzy"},
            r"'xyzzy' is not in the model\. There are 8: 'stem\.weight', 'stem\.bias', .*'head\.bias'\. "
            r"The file lacks 1 names, such as 'stem\.weight'\.",
        ),
    ],
)
def test_names_that_do_not_fit(tiny, weights: Weights, names: dict[str, str], says: str) -> None:
    before = copy_of(tiny)
    with pytest.raises(WeightsError, match=rf"^my/w\.pt does not fit TinyNet: {says}$"):
        load_weights(tiny, renamed(weights, names), origin=Path("my/w.pt"))
    assert_same(tiny.state_dict(), before)


def test_a_name_too_many(tiny, weights: Weights) -> None:
    before = copy_of(tiny)
    more = weights | {"heed.weight": torch.zeros(6, 5)}
    with pytest.raises(
        WeightsError, match=r"'heed\.weight' is not in the model\. Did you mean 'head\.weight'"
    ):
        load_weights(tiny, more, origin="w.pt")
    assert_same(tiny.state_dict(), before)


@pytest.mark.parametrize("shape", [(7, 5), (5, 6), (30,), (6, 5, 1, 1), ()])
def test_a_shape_that_does_not_fit(tiny, weights: Weights, shape: tuple[int, ...]) -> None:
    """Not even the weights that come before it are taken over."""
    before = copy_of(tiny)
    weights["head.weight"] = torch.zeros(shape)
    says = f"w.pt does not fit TinyNet: 'head.weight' has shape {shape}, the model's (6, 5)."
    with pytest.raises(WeightsError, match=f"^{re.escape(says)}$"):
        load_weights(tiny, weights, origin="w.pt")
    assert_same(tiny.state_dict(), before)

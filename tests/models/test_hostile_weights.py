"""Files of weights that are damaged or made to harm: right or refused, and the model stays as it was."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save, save_file
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.errors import WeightsError
from dissect_widgets.models import weight_files
from dissect_widgets.models.weights import fit_names, load_weights, read_weights

Weights = dict[str, Tensor]


def net() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(5, 4))


def drawn(model: nn.Module | None = None, seed: int = 7) -> Weights:
    generator = torch.Generator().manual_seed(seed)
    state = (model or net()).state_dict()
    return {name: torch.rand(t.shape, generator=generator).to(t.dtype) for name, t in state.items()}


def bits_of(model: nn.Module) -> dict[str, Any]:
    """All that loading could change."""
    bits: dict[str, Any] = {}
    for kind in ("named_parameters", "named_buffers"):
        for name, tensor in getattr(model, kind)(remove_duplicate=False):
            numbers = tensor.detach().clone().contiguous().reshape(-1).view(torch.uint8).tolist()
            bits[name] = id(tensor), tensor.dtype, tensor.data_ptr(), tensor.requires_grad, numbers
    return bits | {f"training of {name}": module.training for name, module in model.named_modules()}


def assert_refused(model: nn.Module, weights: Any, match: str) -> None:
    before = bits_of(model)
    with pytest.raises(WeightsError, match=match) as raised:
        load_weights(model, weights, origin="w.pt")
    assert bits_of(model) == before and len(str(raised.value)) < 1_000


# Values ---------------------------------------------------------------------------------------------------


def quantized(tensor: Tensor) -> Tensor:
    return torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)


def with_one(value: float) -> Callable[[Tensor], Tensor]:
    def change(tensor: Tensor) -> Tensor:
        tensor = tensor.clone()
        tensor.view(-1)[-1] = value
        return tensor

    return change


VALUES: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "int8": (lambda t: t.to(torch.int8), "whole numbers .torch.int8., the network floats"),
    "uint8": (lambda t: t.to(torch.uint8), "whole numbers"),
    "int64": (lambda t: t.to(torch.int64), "whole numbers"),
    "bool": (lambda t: t > 0.5, "True and False"),
    "complex": (lambda t: t.to(torch.complex64), "complex numbers"),
    "float8": (lambda t: t.to(torch.float8_e4m3fn), "floats of 8 bits"),
    "sparse": (lambda t: t.to_sparse(), "sparse"),
    "sparse rows": (
        lambda t: t.reshape(t.shape[0], -1).to_sparse_csr() if t.dim() == 2 else t.to_sparse(),
        "sparse",
    ),
    "quantized": (quantized, "quantized numbers"),
    "meta": (lambda t: t.to("meta"), "no memory"),
    "NaN": (with_one(float("nan")), "1 values that are NaN or infinite"),
    "infinite": (with_one(float("-inf")), "1 values that are NaN or infinite"),
    "half NaN": (lambda t: with_one(float("nan"))(t).half(), "NaN or infinite"),
    "too large": (lambda t: with_one(1e300)(t.double()), "1 values that are too large for torch.float32"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["0.weight", "1.running_var", "3.weight"])
@pytest.mark.parametrize("kind", VALUES)
def test_values_of_another_kind(kind: str, name: str) -> None:
    change, match = VALUES[kind]
    weights = drawn()
    weights[name] = change(weights[name])
    assert_refused(net(), weights, match)


@pytest.mark.parametrize(
    "value", [torch.tensor(2.5), torch.tensor(float("nan")), torch.tensor(True), torch.tensor(1e30)]
)
def test_counts_that_are_no_whole_numbers(value: Tensor) -> None:
    assert_refused(net(), drawn() | {"1.num_batches_tracked": value}, "num_batches_tracked")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_taken_over(dtype: torch.dtype) -> None:
    model, weights = net(), {name: tensor.to(dtype) for name, tensor in drawn().items()}
    weights["1.num_batches_tracked"] = torch.tensor(17, dtype=dtype)
    load_weights(model, weights, origin="w.pt")
    assert all(torch.equal(t, weights[name].to(t.dtype)) for name, t in model.state_dict().items())
    tiny = drawn() | {"3.bias": torch.full((4,), 1e-300, dtype=torch.float64)}
    load_weights(model, tiny, origin="w.pt")
    assert torch.equal(model[3].bias, torch.zeros(4))


def test_a_buffer_may_be_infinite_where_it_is() -> None:
    with torch.random.fork_rng():
        model = nn.Sequential(nn.Linear(2, 2))
    mask = torch.tensor([[0, -torch.inf], [0, 0]])
    model.register_buffer("mask", mask.clone())
    weights = drawn(model) | {"mask": mask}
    load_weights(model, weights, origin="w.pt")
    assert torch.equal(model.mask, mask)
    assert_refused(model, weights | {"mask": mask.T.contiguous()}, "1 values that are NaN or infinite")
    assert_refused(model, weights | {"0.weight": mask}, "1 values that are NaN or infinite")


@pytest.mark.parametrize(
    "weights", [[1, 2], None, {"0.weight": [1.0]}, {0: torch.zeros(2)}, {"0.weight": "x" * 10**5}]
)
def test_no_tensors_by_name(weights: Any) -> None:
    assert_refused(net(), weights, "tensors by name")


# All or nothing -------------------------------------------------------------------------------------------


class Failing(nn.Linear):
    """Fails when it is loaded, after others."""

    error: BaseException = RuntimeError("no")

    def _load_from_state_dict(self, *args: Any) -> None:
        with torch.no_grad():
            self.weight += 1
        self._buffers["stray"] = torch.zeros(1)
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("x" * 10_000), KeyError("no"), KeyboardInterrupt()])
def test_a_load_that_fails_half_way_changes_nothing(error: BaseException) -> None:
    with torch.random.fork_rng():
        model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), Failing(3, 3)).eval()
    model[2].error = error
    model[0].train().requires_grad_(False)
    model[0].register_buffer("own", torch.rand(2, generator=torch.Generator()), persistent=False)
    before = bits_of(model)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else WeightsError):
        load_weights(model, drawn(model), origin="w.pt")
    assert bits_of(model) == before


def test_a_weight_that_cannot_be_written() -> None:
    with torch.random.fork_rng():
        model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    model[1].weight = nn.Parameter(torch.zeros(1, 3).expand(2, 3))
    assert_refused(model, drawn(model), "which is as it was: RuntimeError")


def test_one_weight_with_two_names() -> None:
    with torch.random.fork_rng():
        model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    weights = drawn(model)
    assert_refused(model, weights, r"'0\.weight' is not what the file has .* one weight with another name")
    weights["1.weight"] = weights["0.weight"].clone()
    load_weights(model, weights, origin="w.pt")
    assert model[1].weight is model[0].weight and torch.equal(model[0].weight, weights["1.weight"])


def test_models_without_memory() -> None:
    with torch.device("meta"):
        bare = net()
    with pytest.raises(WeightsError, match='on the device "meta"'):
        load_weights(bare, drawn(), origin="w.pt")


# Names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "model.", "state_dict.", "ema.", "module.model.", "net."]
)
@pytest.mark.parametrize("whole", ["plain", "prefixed"])
def test_a_second_weight_of_the_same_name(prefix: str, whole: str) -> None:
    weights = drawn()
    other = f"{prefix}0.weight"
    if whole == "prefixed":
        weights, other = {prefix + name: tensor for name, tensor in weights.items()}, "0.weight"
    first = weights[f"{prefix}0.weight" if whole == "prefixed" else "0.weight"]
    assert_refused(net(), weights | {other: first + 1}, "two such networks, which differ")
    assert_refused(net(), weights | {other: torch.zeros(2)}, "two such networks, which differ")
    model = net()
    with pytest.warns(UserWarning, match="1 others are not"):
        load_weights(model, weights | {other: first.clone()}, origin="w.pt")
    assert torch.equal(model[0].weight, first)


def test_a_wrapper_within_a_name() -> None:
    weights = drawn()
    with torch.random.fork_rng():
        model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)))
    weights = {"0.0.weight": torch.ones(2, 2), "0.0.bias": torch.ones(2), "0.module.0.bias": torch.zeros(2)}
    assert_refused(model, weights, "'0.0.bias' and '0.module.0.bias'")


def test_a_layer_may_have_the_name_of_a_wrapper() -> None:
    with torch.random.fork_rng():
        model = nn.Sequential(nn.Linear(2, 2))
        model.add_module("module", nn.Sequential(nn.Linear(2, 2)))
    weights = drawn(model)
    load_weights(model, weights, origin="w.pt")
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())


def test_loose_weights_beside_a_state_dict(tmp_path: Path) -> None:
    weights, path = drawn(), tmp_path / "w.pt"
    torch.save({"state_dict": weights, "0.weight": weights["0.weight"] + 1}, path)
    assert_refused(net(), read_weights(path), "two such networks, which differ")
    torch.save({"state_dict": weights, "0.weight": weights["0.weight"], "best": torch.tensor(0.5)}, path)
    load_weights(net(), read_weights(path), origin=path)


def test_fitting_names_are_not_chosen_among_different_weights() -> None:
    weights = {"b": torch.zeros(3), "module.a": torch.zeros(2), "module.b": torch.ones(3)}
    with pytest.raises(WeightsError, match=r"which differ: 'module\.b' and 'b'"):
        fit_names(weights, ["a"])


def test_keys_that_become_one_name(tmp_path: Path) -> None:
    torch.save({0: torch.zeros(2), "0": torch.ones(2)}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="two tensors with the name '0'"):
        read_weights(tmp_path / "w.pt")


# Checkpoints ----------------------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, Any]:
    content: dict[str, Any] = {"0.weight": torch.zeros(2)}
    for _ in range(depth):
        content = {"model": content}
    return content


def holding_itself(way: str) -> dict[str, Any]:
    content: dict[str, Any] = {"0.weight": torch.zeros(2)}
    between: dict[str, Any] = {"model": content}
    content.update({"self": {"state_dict": content}, "twice": {"a": between, "b": between}}[way])
    content.setdefault("a", between)
    return content


def doubling(depth: int) -> dict[str, Any]:
    """Each part twice: 2 to the power of the depth, if each were visited."""
    content: dict[str, Any] = {"x": torch.zeros(2)}
    for _ in range(depth):
        content = {f"{letter}{n}": content for letter in "ab" for n in range(30)}
    return content


def test_checkpoints_that_hold_themselves_end(tmp_path: Path) -> None:
    for content in (holding_itself("self"), holding_itself("twice")):
        torch.save(content, tmp_path / "w.pt")
        with pytest.raises(WeightsError, match="it holds itself, under"):
            read_weights(tmp_path / "w.pt")


def test_deep_and_wide_checkpoints_end(tmp_path: Path) -> None:
    torch.save(nested(200), tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="holds no tensors in its first 5 levels"):
        read_weights(tmp_path / "w.pt")
    torch.save(doubling(5), tmp_path / "w.pt")
    assert list(read_weights(tmp_path / "w.pt")) == ["x"]


def test_numbers_that_are_repeated_to_any_size(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    for tensor in (torch.zeros(1).expand(10**9), torch.zeros(3).as_strided((10**4, 10**4), (0, 0))):
        torch.save({"classifier.6.bias": tensor}, path)
        with pytest.raises(WeightsError, match=r"repeats \d numbers in 'classifier.6.bias'"):
            dw.load_model("vgg11", path)
    torch.save({"0.weight": torch.zeros(1, 5).expand(1, 5), "tied": torch.zeros(9)[2:7]}, path)
    assert len(read_weights(path)) == 2


def test_a_last_layer_of_any_size(tmp_path: Path) -> None:
    """The network of as many classes is not made unless all of its weights are in the file."""
    with torch.random.fork_rng():
        state = dw.load_model("squeezenet1_1").state_dict()
    for bias in (
        torch.zeros(()),
        torch.zeros(0),
        torch.zeros(50_000_000, dtype=torch.uint8),
        torch.zeros(7, 7),
    ):
        torch.save(state | {"classifier.1.bias": bias}, tmp_path / "w.pt")
        with torch.random.fork_rng(), pytest.raises(WeightsError, match=r"'classifier\.1\.bias' has shape"):
            dw.load_model("squeezenet1_1", tmp_path / "w.pt")


# Files ----------------------------------------------------------------------------------------------------


def zip_of(weights: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(weights, buffer)
    return buffer.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", **options) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return buffer.getvalue()


def flipped(content: bytes, weights: Weights) -> bytes:
    """A bit of a number is another."""
    numbers = weights["0.weight"].numpy().tobytes()
    at = content.index(numbers) + 10
    return content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]


def test_a_changed_number_in_a_zip_archive(tmp_path: Path) -> None:
    weights, path = drawn(), tmp_path / "w.pt"
    path.write_bytes(flipped(zip_of(weights), weights))
    torch.load(path, weights_only=True)  # which does not compare checksums
    with pytest.raises(WeightsError, match="Bad CRC-32 for file"):
        read_weights(path)


def test_a_part_that_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(zip_of(drawn()))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(archive.namelist()[4], archive.read(archive.namelist()[4]))
    with pytest.raises(WeightsError, match="several times"):
        read_weights(path)


def test_packed_archives(tmp_path: Path) -> None:
    path, weights = tmp_path / "w.pt", drawn()
    path.write_bytes(repacked(zip_of(weights), lambda _, data: data, compression=zipfile.ZIP_DEFLATED))
    assert torch.equal(read_weights(path)["0.weight"], weights["0.weight"])
    bomb = repacked(
        zip_of({"a": torch.zeros(2)}),
        lambda name, data: bytes(10**8) if name.endswith("data/0") else data,
        compression=zipfile.ZIP_DEFLATED,
    )
    path.write_bytes(bomb)
    with pytest.raises(WeightsError, match="would unpack to 100,000,"):
        read_weights(path)


def safetensors(header: bytes | dict[str, Any], data: bytes) -> bytes:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


PLACE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
ENTRY = b'"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
HEADS = {
    "overlap": safetensors({"a": PLACE, "b": PLACE}, bytes(8)),
    "twice": safetensors(b"{" + ENTRY + b"," + ENTRY + b"}", bytes(8)),
    "long name twice": safetensors(
        b"{" + b",".join([ENTRY.replace(b"a", b"a" * 9_999, 1)] * 2) + b"}", bytes(8)
    ),
    "gap": safetensors({"a": PLACE, "b": PLACE | {"data_offsets": [12, 20]}}, bytes(20)),
    "more behind": safetensors({"a": PLACE}, bytes(9)),
    "less": safetensors({"a": PLACE}, bytes(7)),
    "negative": safetensors({"a": PLACE | {"shape": [-2]}}, bytes(8)),
    "huge": safetensors({"a": PLACE | {"shape": [2**62, 8]}}, bytes(8)),
    "huge and empty": safetensors({"a": PLACE | {"shape": [0, 2**63], "data_offsets": [0, 0]}}, b""),
    "deep": safetensors(b'{"a":' + b"[" * 100_000, b""),
    "unknown type": safetensors({"a": PLACE | {"dtype": "F4", "shape": [16]}}, bytes(8)),
    "not text": safetensors(b'{"\xff":1}', b""),
    "no dict": safetensors(b"{}", b"")[:8] + b"[]",
    "long header": struct.pack("<Q", 2**40) + b"{",
    "longest header": struct.pack("<Q", 2**63) + b"{",
    "negative header": b"\xff" * 8 + b"{",
    "short": b"\x08\0\0",
}


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
@pytest.mark.parametrize("kind", HEADS)
def test_heads_of_safetensors(tmp_path: Path, kind: str, ending: str) -> None:
    path = tmp_path / f"w.{ending}"
    path.write_bytes(HEADS[kind])
    with pytest.raises(WeightsError) as raised:
        read_weights(path)
    assert str(path) in str(raised.value) and len(str(raised.value)) < 1_000


def test_more_behind_an_older_file(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save(drawn(), path, _use_new_zipfile_serialization=False)
    with open(path, "ab") as file:
        file.write(b"more")
    with pytest.raises(WeightsError, match="more behind its end"):
        read_weights(path)


@pytest.mark.parametrize("form", ["zip", "older", "safetensors"])
def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    path = tmp_path / "w"
    if form == "safetensors":
        save_file(drawn(), path)
    else:
        torch.save(drawn(), path, _use_new_zipfile_serialization=form == "zip")
    os.utime(path, ns=(0, 0))
    name = "load" if form == "safetensors" else "torch.load"
    owner, attribute = (weight_files, name) if form == "safetensors" else (torch, "load")
    loaded = getattr(owner, attribute)

    def changed(*args: Any, **options: Any) -> Any:
        with open(path, "r+b") as file:
            start = file.read(1)
            file.seek(0)
            file.write(start)
        return loaded(*args, **options)

    monkeypatch.setattr(owner, attribute, changed)
    with pytest.raises(WeightsError, match="changed while it was read"):
        read_weights(path)


def test_weights_do_not_change_with_their_file(tmp_path: Path) -> None:
    """They are not mapped from it: a shorter file would end the process."""
    path, weights = tmp_path / "w.safetensors", drawn()
    path.write_bytes(save(weights))
    read = read_weights(path)
    path.write_bytes(b"")
    assert all(torch.equal(read[name], tensor) for name, tensor in weights.items())


def test_what_is_no_file(tmp_path: Path) -> None:
    fifo, loop = tmp_path / "fifo.pt", tmp_path / "loop.pt"
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    for path in [fifo, loop, tmp_path, tmp_path / "x" / "y", Path("/dev/zero"), "a\0b", "x" * 5_000, "", "."]:
        with pytest.raises(WeightsError) as raised:
            read_weights(path)
        assert len(str(raised.value)) < 1_000


def test_a_file_that_is_gone_or_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.pt"
    for error in (PermissionError(13, "Permission denied"), FileNotFoundError(2, "No such file")):
        path.write_bytes(zip_of(drawn()))

        def opened(*_: Any, error: OSError = error, **__: Any) -> Any:
            raise error

        monkeypatch.setattr("builtins.open", opened)
        with pytest.raises(WeightsError, match="cannot be read"):
            read_weights(path)
        monkeypatch.undo()

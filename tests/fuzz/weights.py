"""Files of weights that are damaged or made to harm: right or refused, nothing run, the model as it was.

Bits that are changed among the numbers of safetensors files and of older files of torch are not tried: these
have no checksums, so that nobody can tell.
"""

from __future__ import annotations

import io
import pickle
import struct
import warnings
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from dissect_widgets.models.weights import load_weights, read_weights
from tests.fuzz.harness import Foreign, Wrong, main

Weights = dict[str, Tensor]


def net() -> nn.Sequential:
    """A small network; its weights are the same each time."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(5, 4))


def drawn() -> Weights:
    """Other weights of it."""
    generator = torch.Generator().manual_seed(7)
    return {n: torch.rand(t.shape, generator=generator).to(t.dtype) for n, t in net().state_dict().items()}


def bits_of(model: nn.Module) -> list[Any]:
    """All that a load may change."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return [(n, id(t), t.requires_grad, t.detach().flatten().tolist()) for n, t in tensors]


def use(content: Any, expected: Weights) -> None:
    """Load a file, or weights; whatever is loaded must be what is expected, or nothing may be changed."""
    model = net().eval()
    before, modes = bits_of(model), [module.training for module in model.modules()]
    warnings.simplefilter("ignore")
    try:
        weights = read_weights(content) if isinstance(content, Path) else content
        load_weights(model, weights, origin="w.pt")
    except BaseException:
        if bits_of(model) != before:
            raise Wrong("the model is half changed") from None
        raise
    finally:
        if [module.training for module in model.modules()] != modes:
            raise Wrong("modes have changed")
    if any(not torch.equal(t, expected[n]) for n, t in model.state_dict().items()):
        raise Wrong("other weights load in silence")


def zipped(content: Any, *, new: bool = True) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=new)
    return buffer.getvalue()


def written(folder: Path, content: bytes, name: str = "w.pt") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def changed_bits_of_a_zip(random: Random, folder: Path) -> None:
    content = bytearray(zipped(drawn()))
    for _ in range(random.choice([1, 1, 3, 20])):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    use(written(folder, bytes(content)), drawn())


def truncated(random: Random, folder: Path) -> None:
    name, content = random.choice(
        [("w.pt", zipped(drawn())), ("w.pt", zipped(drawn(), new=False)), ("w.safetensors", save(drawn()))]
    )
    use(written(folder, content[: random.randrange(len(content))], name), drawn())


def other_bytes(random: Random, folder: Path) -> None:
    """Bytes added, removed and moved, of a zip archive."""
    content = bytearray(zipped(drawn()))
    at, more = random.randrange(len(content)), random.randbytes(random.randrange(1, 30))
    if random.random() < 0.5:
        content[at:at] = more
    else:
        del content[at : at + len(more)]
    use(written(folder, bytes(content)), drawn())


def head_of_safetensors(random: Random, folder: Path) -> None:
    content = bytearray(save(drawn()))
    length = struct.unpack("<Q", content[:8])[0]
    for _ in range(random.choice([1, 1, 2, 5])):
        content[random.randrange(8 + length)] = random.choice(b'0123456789"[]{},:aFIU.\xff\0')
    use(written(folder, bytes(content), random.choice(["w.safetensors", "w.pt"])), drawn())


def other_values(random: Random, folder: Path) -> None:
    weights = drawn()
    name = random.choice([n for n in weights if weights[n].is_floating_point()])
    tensor = weights[name].clone()
    kinds = [torch.int8, torch.uint8, torch.int64, torch.bool, torch.complex64, torch.float8_e5m2]
    kind = random.randrange(len(kinds) + 5)
    if kind < len(kinds):
        tensor = tensor.to(kinds[kind])
    elif kind == len(kinds):
        tensor = tensor.to_sparse()
    elif kind == len(kinds) + 1:
        tensor = tensor.to("meta")
    elif kind == len(kinds) + 2:
        tensor = torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)
    else:
        tensor = tensor.double()
        tensor.view(-1)[random.randrange(tensor.numel())] = random.choice(
            [float("nan"), float("inf"), -float("inf"), 1e300]
        )
    use(weights | {name: tensor}, drawn())


def names_twice(random: Random, folder: Path) -> None:
    weights = drawn()
    prefix = random.choice(
        ["module.", "model.", "_orig_mod.", "ema.", "state_dict.", "module.model.", "net."]
    )
    name = random.choice([n for n in weights if weights[n].is_floating_point()])
    other = weights[name] + 1
    flat: Any = weights | {prefix + name: other}
    if random.random() < 0.5:
        flat = {prefix + n: t for n, t in weights.items()} | {name: other}
    nested: Any = {"state_dict": weights, name: other}
    use(written(folder, zipped(random.choice([flat, flat, nested]))), drawn())
    raise Wrong("one of two different weights was chosen in silence")


def nested(random: Random, folder: Path) -> None:
    content: Any = {"state_dict": drawn()} if random.random() < 0.5 else drawn()
    for _ in range(random.choice([1, 3, 6, 60, 300])):
        key = random.choice(["model", "x", "state_dict", "optimizer"])
        content = {key: content, "more": content, "list": [content]}
    if random.random() < 0.5:
        content["self"] = content
    use(written(folder, zipped(content)), drawn())


def repeated_numbers(random: Random, folder: Path) -> None:
    name = random.choice(["0.weight", "3.bias", "other"])
    tensor = torch.zeros(1).expand(random.choice([10**6, 10**9, 10**12]))
    use(written(folder, zipped(drawn() | {name: tensor})), drawn())


class Harm:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path, way: int) -> None:
        self.path, self.way = path, way

    def __reduce__(self) -> Any:
        code = f"open({str(self.path)!r}, 'w').write('x')"
        ways = [(exec, (code,)), (eval, (code,)), (Path.touch, (self.path,)), (open, (str(self.path), "w"))]
        return ways[self.way % len(ways)]


def pickled_code(random: Random, folder: Path) -> None:
    harm = Harm(folder / "harm", random.randrange(4))
    content: Any = random.choice(
        [harm, {"state_dict": drawn(), "x": harm}, {harm: 1}, [harm], {"0.weight": harm}]
    )
    form = random.randrange(3)
    data = pickle.dumps(content, random.randrange(2, 6)) if form == 2 else zipped(content, new=form == 0)
    try:
        use(written(folder, data, random.choice(["w.pt", "w.bin", "w"])), drawn())
    finally:
        if (folder / "harm").exists():
            raise Foreign("code of the file was run")


class Failing(nn.Linear):
    """Fails in the middle of a load."""

    def _load_from_state_dict(self, *args: Any) -> None:
        with torch.no_grad():
            self.weight += 1
        raise RuntimeError("no")


def fails_half_way(random: Random, folder: Path) -> None:
    parts = [nn.Linear(3, 3), nn.BatchNorm1d(3), Failing(3, 3), nn.Linear(3, 3)]
    random.shuffle(parts)
    model = nn.Sequential(*parts)
    before = bits_of(model)
    weights = {n: torch.zeros_like(t) for n, t in model.state_dict().items()}
    try:
        load_weights(model, weights, origin="w.pt")
    finally:
        if bits_of(model) != before:
            raise Wrong("the model is half changed")


def packed_or_doubled_parts(random: Random, folder: Path) -> None:
    old = zipfile.ZipFile(io.BytesIO(zipped(drawn())))
    buffer, names = io.BytesIO(), old.namelist()
    chosen = random.choice(names)
    warnings.simplefilter("ignore")
    with zipfile.ZipFile(buffer, "w", random.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as new:
        for name in names:
            new.writestr(name, old.read(name))
            if name == chosen:
                new.writestr(name, random.choice([b"", old.read(name)[::-1], bytes(3 * 10**7)]))
    use(written(folder, buffer.getvalue()), drawn())


KINDS = {
    "changed bits of a zip": changed_bits_of_a_zip,
    "truncated": truncated,
    "bytes added or removed": other_bytes,
    "head of safetensors": head_of_safetensors,
    "other kinds of values": other_values,
    "two weights of one name": names_twice,
    "nested or holding itself": nested,
    "numbers repeated to any size": repeated_numbers,
    "pickled code": pickled_code,
    "fails half-way": fails_half_way,
    "parts twice, packed": packed_or_doubled_parts,
}

if __name__ == "__main__":
    main("files of weights", KINDS, count=550, seconds=10)

"""Saved dissections that something has happened to: refused by name, or loaded as they were saved.

    python -m tests.fuzz.saved_results --count 400 --seed 1

Kinds with "right digest" also write the digests that a changed file would have, as a person with bad intent
might: then nothing may fail raw, and nothing may come later.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image

import dissect_widgets as dw
from dissect_widgets.core.data.interrupt import Interrupted
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from tests.fuzz.harness import Foreign, Lost, Wrong, check_foreign, foreign_digest, main, person_files
from tests.small_images import ArrayImages, StoppingImages
from tests.small_networks import TinyNet, seeded

MADE: dict[str, Dissection] = {}
TEMPLATES: dict[str, Path] = {}


def prepare() -> None:
    """Save two dissections, which all cases copy."""
    from dissect_widgets.core.dissection.settings import Settings

    net = TinyNet()
    seeded(net)
    settings = Settings(exemplars=3)
    top = Path(tempfile.mkdtemp(prefix="fuzz-saved-"))
    for name, layers, levels in (
        ("one", ["pool", "mix"], (0.2, 0.05)),
        ("two", ["mix", "pool"], (0.1, 0.03)),
    ):
        MADE[name] = dw.dissect(net, layers, ArrayImages(), level=levels, settings=settings, progress=False)
        TEMPLATES[name] = Path(MADE[name].save(top / name))
    TEMPLATES["interrupted"] = top / "interrupted"
    TEMPLATES["interrupted"].mkdir()
    with suppress(Interrupted):
        dissected(StoppingImages(at=5), TEMPLATES["interrupted"])
    MADE["whole"] = dissected(ArrayImages(), top / "whole")


def dissected(images: ArrayImages, folder: Path) -> Dissection:
    """The run whose checkpoints are damaged; its arrays are in files."""
    from dissect_widgets.core.dissection.settings import Resources

    net = TinyNet()
    seeded(net)
    resources = Resources(memory=0)
    return dw.dissect(net, "mix", images, level=0.2, out=folder / "out", resources=resources, progress=False)


def saved(folder: Path) -> Path:
    """A copy of the first dissection."""
    return Path(shutil.copytree(TEMPLATES["one"], folder / "run"))


def same(one: Dissection, other: Dissection) -> bool:
    """Whether two dissections are equal in all that they hold, but for what provenance says of digests."""
    if len(one.layers) != len(other.layers):
        return False
    for layer, like in zip(one.layers, other.layers, strict=True):
        for name in LayerDissection.__slots__:
            a, b = getattr(layer, name), getattr(like, name)
            if isinstance(a, np.ndarray):
                if a.dtype != b.dtype or a.tobytes() != b.tobytes():
                    return False
            elif a != b:
                return False
    fields = set(Dissection.__slots__) - {"layers", "images_in_category", "provenance"}
    if any(getattr(one, name) != getattr(other, name) for name in fields):
        return False
    plain = [{k: v for k, v in d.provenance.items() if k != "digests"} for d in (one, other)]
    return plain[0] == plain[1] and one.images_in_category.tolist() == other.images_in_category.tolist()


def used(folder: Path) -> Dissection:
    """Load it, and do with it what tables, plots and pages do."""
    found = dw.load(folder)
    frame = found.to_frame()
    assert len(frame)
    for layer in found.layers:
        layer.count_detectors(convention="category")
        layer.iou(denominator="category")
        assert np.isfinite(layer.exemplar_map).all(), "a map has values that cannot be shown"
        for image in {int(i) for i in layer.exemplar_image.ravel() if i >= 0}:
            Image.open(io.BytesIO(found.thumbnails[image])).convert("RGB")
            found.names[image].encode()
    json.dumps(dict(found.provenance), allow_nan=False)
    return found


def refused_or_right(folder: Path) -> None:
    """What is loaded is what was saved."""
    if not same(used(folder), MADE["one"]):
        raise Wrong("something else than what was saved is loaded in silence")


def files_of(folder: Path, pattern: str = "*") -> list[Path]:
    """Files of a dissection, in order."""
    return sorted(path for path in folder.rglob(pattern) if path.is_file())


def changed(path: Path, content: bytes | bytearray) -> None:
    """Write a file in place."""
    path.write_bytes(bytes(content))


def flipped(path: Path, random: Random, count: int = 1) -> None:
    """Flip bits of a file."""
    content = bytearray(path.read_bytes())
    for _ in range(count):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    changed(path, content)


def flip(pattern: str) -> Callable[[Random, Path], None]:
    """Kind: bits of a file of this name are flipped."""

    def attempt(random: Random, folder: Path) -> None:
        run = saved(folder)
        flipped(random.choice(files_of(run, pattern)), random, random.choice([1, 1, 1, 8]))
        refused_or_right(run)

    return attempt


def truncated(random: Random, folder: Path) -> None:
    """A file lacks its end, or has something after it."""
    run = saved(folder)
    path = random.choice(files_of(run))
    content = path.read_bytes()
    ends = [content[: random.randrange(len(content))], content + bytes(random.randrange(1, 9)), b""]
    changed(path, random.choice(ends))
    refused_or_right(run)


def zeroed(random: Random, folder: Path) -> None:
    """A stretch of a file is zero, as after the power went."""
    run = saved(folder)
    path = random.choice(files_of(run))
    content = bytearray(path.read_bytes())
    start = random.randrange(len(content))
    content[start : start + 512] = bytes(len(content[start : start + 512]))
    changed(path, content)
    refused_or_right(run)


def exchanged(random: Random, folder: Path) -> None:
    """Two files are exchanged, or one is a copy of the other."""
    run = saved(folder)
    kind = random.choice(["*.jpg", "*.safetensors"])
    one, two = random.sample(files_of(run, kind), 2)
    first, second = one.read_bytes(), two.read_bytes()
    changed(one, second)
    if random.random() < 0.7:
        changed(two, first)
    refused_or_right(run)


def of_another(random: Random, folder: Path) -> None:
    """A file, or the manifest, is that of another dissection."""
    run = saved(folder)
    path = random.choice([p for p in files_of(run) if p.suffix != ".jpg"])
    stem = path.name.partition(".")[0]
    other = [p for p in files_of(TEMPLATES["two"]) if p.name.partition(".")[0] == stem]
    if other:
        changed(path, other[0].read_bytes())
    refused_or_right(run)


def array_edited(random: Random, folder: Path) -> None:
    """Numbers of an array are edited, its file keeps its size: other counts, units in another order, NaN."""
    from safetensors.numpy import load_file, save

    run = saved(folder)
    path = random.choice(files_of(run, "*.safetensors"))
    arrays = {name: array.copy() for name, array in load_file(path).items()}
    name = random.choice(sorted(arrays))
    array = arrays[name]
    flat = array.reshape(-1)
    match random.randrange(4):
        case 0:
            flat[random.randrange(len(flat))] += 1
        case 1:
            arrays = {n: a[::-1].copy() for n, a in arrays.items()}
        case 2:
            flat[:] = flat[::-1].copy()
        case _:
            bad = [np.nan, np.inf, -1] if array.dtype.kind == "f" else [-5, 2**62]
            flat[random.randrange(len(flat))] = random.choice(bad)
    changed(path, save(arrays))
    refused_or_right(run)


def missing(random: Random, folder: Path) -> None:
    """A file is missing, or a link, a folder or a pipe."""
    run = saved(folder)
    path = random.choice(files_of(run))
    outside = folder / "outside"
    shutil.move(path, outside)
    match random.randrange(4):
        case 0:
            path.mkdir()
        case 1:
            os.mkfifo(path)
        case 2:
            path.symlink_to(path)
    refused_or_right(run)


VALUES: list[Any] = [
    None, True, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, 1e308, -1e-300, "", "x", "x" * 10_000, "\x00", "é",
    [], [[]], [None], ["a", "b", "c"], {}, {"a": 1}, [[[[[[1]]]]]],
]  # fmt: skip


def places_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Ways to all values within one."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    for key, part in inner:
        found += places_of(part, (*path, key))
    return found


def edit_json(content: Any, random: Random) -> None:
    """Change one value of JSON: another value or type, one less, one more, two exchanged, a key renamed."""
    first = random.choice(list(content))
    ways = [way for way in places_of(content) if way[0] == first]
    *way, last = random.choice(ways)
    holder = content
    for key in way:
        holder = holder[key]
    match random.randrange(6):
        case 0 | 1:
            holder[last] = random.choice(VALUES)
        case 2:
            del holder[last]
        case 3 if isinstance(holder, list):
            holder.append(random.choice([random.choice(holder), random.choice(VALUES)]))
        case 4 if isinstance(holder, list):
            random.shuffle(holder)
        case 5 if isinstance(holder, dict):
            holder[f"{last}x"] = holder.pop(last)
        case _:
            old = holder[last]
            if isinstance(old, bool) or not isinstance(old, (int, float)):
                holder[last] = str(old) + "x"
            else:
                holder[last] = old + random.choice([1, -1, 0.5, 1e9])


def json_edited(random: Random, folder: Path) -> None:
    """A value of the manifest is edited by hand."""
    run = saved(folder)
    path = run / "dissection.json"
    content = json.loads(path.read_text("utf-8"))
    edit_json(content, random)
    path.write_text(json.dumps(content, indent=1), "utf-8")
    refused_or_right(run)


def meant(random: Random, folder: Path) -> None:
    """What is meant is changed: levels, names of concepts and layers, order, sizes, provenance."""
    run = saved(folder)
    path = run / "dissection.json"
    content = json.loads(path.read_text("utf-8"))
    layer = random.choice(content["layers"])
    match random.randrange(8):
        case 0:
            for one in content["layers"]:
                one["levels"] = [level / 2 for level in one["levels"]]
        case 1:
            random.choice(content["concepts"])[0] += " renamed"
        case 2:
            content["concepts"].reverse()
        case 3:
            layer["name"] += ".1"
        case 4:
            layer["grid"][random.choice([2, 3, 4, 5])] += 1
        case 5:
            content["names"].reverse()
        case 6:
            content["provenance"]["weights"] = "0" * 64
        case _:
            content["label_size"].reverse()
    path.write_text(json.dumps(content, indent=1), "utf-8")
    refused_or_right(run)


def sealed(run: Path, content: dict[str, Any]) -> None:
    """Write a manifest with the digest that it has, if it has one."""
    if content.pop("digest", None) is None:
        text = json.dumps(content, indent=1)
    else:
        rest = '",\n' + json.dumps(content, indent=1)[2:]
        text = '{\n "digest": "' + hashlib.sha256(rest.encode()).hexdigest() + rest
    (run / "dissection.json").write_text(text, "utf-8")


def json_forged(random: Random, folder: Path) -> None:
    """A value of the manifest is edited, with the right digest: nothing may fail raw."""
    run = saved(folder)
    content = json.loads((run / "dissection.json").read_text("utf-8"))
    digest = content.pop("digest", None)
    edit_json(content, random)
    sealed(run, content | ({} if digest is None else {"digest": digest}))
    used(run)


def array_forged(random: Random, folder: Path) -> None:
    """An array has another type, shape or value, with the right digests: nothing may fail raw."""
    from safetensors.numpy import load_file, save

    run = saved(folder)
    path = random.choice(files_of(run, "*.safetensors"))
    arrays = {name: array.copy() for name, array in load_file(path).items()}
    name = random.choice(sorted(arrays))
    array = arrays[name]
    match random.randrange(6):
        case 0:
            del arrays[name]
        case 1:
            arrays[name] = array.astype(random.choice([np.float64, np.int32, np.uint8, np.float16]))
        case 2:
            arrays[name] = array[..., :-1].copy()
        case 3:
            arrays[name] = array.T.copy()
        case 4:
            arrays[name] = array[None].copy()
        case _:
            bad = [np.nan, np.inf, -np.inf] if array.dtype.kind == "f" else [-5, -1, 10**6, 2**62]
            array.reshape(-1)[random.randrange(array.size)] = random.choice(bad)
    forged(run, path, save(arrays))
    used(run)


def part_forged(random: Random, folder: Path) -> None:
    """A file holds something else, with the right digests: nothing may fail raw."""
    run = saved(folder)
    path = random.choice([p for p in files_of(run) if p.suffix != ".json"])
    content = path.read_bytes()
    png = io.BytesIO()
    Image.new("RGB", (5, 5)).save(png, "PNG")
    head = json.dumps({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]}}).encode()
    others = [
        b"", b"\x00" * 100, b"\xff" * 100, png.getvalue(), content[: len(content) // 2], b"GIF89a" + content,
        len(head).to_bytes(8, "little") + head + bytes(4), (2**63).to_bytes(8, "little") + content,
        (10**5).to_bytes(8, "little") + b"[" * 10**5, random.randbytes(200),
    ]  # fmt: skip
    forged(run, path, random.choice(others))
    used(run)


def forged(run: Path, path: Path, content: bytes) -> None:
    """Put other content into a part, and its size and digest into the manifest, and the digest of that."""
    about = json.loads((run / "dissection.json").read_text("utf-8"))
    name = path.relative_to(run).as_posix()
    new, digest = name, hashlib.sha256(content).hexdigest()
    if "digest" in about:
        stem, _, ending = name.split(".")
        new = f"{stem}.{digest[:16]}.{ending}"
    path.unlink()
    (run / new).write_bytes(content)
    del about["files"][name]
    about["files"][new] = {"size": len(content), "digest": digest} if "digest" in about else len(content)
    sealed(run, about)


def names_elsewhere(random: Random, folder: Path) -> None:
    """The manifest names files outside of the folder, or by odd names."""
    run = saved(folder)
    secret = folder / "secret.jpg"
    secret.write_bytes(b"secret")
    about = json.loads((run / "dissection.json").read_text("utf-8"))
    name = random.choice(
        ["../secret.jpg", str(secret), "pictures/../../secret.jpg", "..\\secret.jpg", "pictures\\1.jpg", "",
         "/dev/zero", "pictures/x.jpg", "pictures/-1.jpg", "layer-9.safetensors", "\x00", "a" * 300]
    )  # fmt: skip
    entry = {"size": 6, "digest": hashlib.sha256(b"secret").hexdigest()}
    about["files"][name] = entry if "digest" in about else 6
    sealed(run, about)
    found = used(run)
    if b"secret" in dict(found.thumbnails).values():
        raise Wrong("a file outside of the folder is read")


JSONS = [
    b"", b"null", b"[]", b"0", b'""', b"{", b"{}", bytes(50), b"[" * 10**5, b'{"a":' * 5000,
    b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b'{"format": 1, "format": 2}', b'{"format": NaN}',
    b'{"format": 1e999}', b'{"format": true}', b'{"format": ' + b"9" * 5000 + b"}", b'{"format": 1}',
    b'{"format": 2}', b'{"format": [1]}', b'{"a": "\\ud800"}', b'{"format": 99, "provenance": 3}',
    b'{"format": 1, "files": 3}', b'{"format": 1, "files": {"..": 4096}}',
]  # fmt: skip


def other_json(random: Random, folder: Path) -> None:
    """The manifest is other JSON, or none."""
    run = saved(folder)
    path = run / "dissection.json"
    text = path.read_bytes()
    deep = b'"provenance": ' + b'{"a": ' * 300 + b"1" + b"}" * 300
    deeper = text.replace(b'"provenance": {', deep + b', "more": {')
    twice = text.replace(b"{", b'{"images": 3, ', 1)
    odd = [b"\xef\xbb\xbf" + text, text.decode().encode("utf-16"), text + b" {}", b"#" + text, deeper, twice]
    changed(path, random.choice([*JSONS, *odd]))
    refused_or_right(run)


def saved_over_a_person_s(random: Random, folder: Path) -> None:
    """A dissection is saved again where a person has put files."""
    run = saved(folder)
    person_files(run)
    for name in (
        "layer-7.safetensors",
        "pictures/mine.jpg",
        "pictures/12345.jpg",
        "common.bak",
        "dissection.json~",
    ):
        (run / name).write_bytes(b"mine")
    ours = {path.relative_to(TEMPLATES["one"]).as_posix() for path in TEMPLATES["one"].rglob("*")}
    before = {name: digest for name, digest in foreign_digest(run).items() if name not in ours}
    MADE[random.choice(["one", "two"])].save(run)
    used(run)
    check_foreign(run, before, added=False)


def saved_where_it_cannot_be(random: Random, folder: Path) -> None:
    """A person's files have names that a dissection needs."""
    place = folder / "place"
    place.mkdir()
    mine = random.choice(["dissection.json", "pictures", "diary.txt", "layer-0.safetensors"])
    if random.random() < 0.3 and mine != "pictures":
        (place / mine).mkdir()
        (place / mine / "x").write_text("mine")
    else:
        (place / mine).write_text("mine")
    before = foreign_digest(place)
    try:
        MADE["one"].save(place)
    finally:
        check_foreign(place, before)
    raise Foreign("a dissection is saved into a person's folder")


def saved_oddly(random: Random, folder: Path) -> None:
    """A dissection that is not whole is refused before anything is written, or comes back as it is."""
    made = MADE["one"]
    layer = made.layers[0]
    odd = [
        replace(made, names=()), replace(made, thumbnails={}), replace(made, provenance={"a": object()}),
        replace(made, provenance={"a": float("nan")}), replace(made, names=("\udce9", *made.names[1:])),
        replace(made, images=0), replace(made, model="\ud800"), replace(made, layers=(layer, layer)),
        replace(made, layers=(replace(layer, area=layer.area.T),)), replace(made, layers=()),
        replace(made, layers=(replace(layer, threshold=layer.threshold.astype(np.float64)),)),
        replace(made, layers=(replace(layer, extra={"x": np.array(["a"], object)}),)),
        replace(made, layers=(replace(layer, extra={"x": np.array([1j])}),)),
        replace(made, layers=(replace(layer, extra={"x": np.array(3.0), "y": np.zeros((0, 3))}),)),
    ]  # fmt: skip
    run = saved(folder)
    before = foreign_digest(run)
    try:
        random.choice(odd).save(run)
    except Exception:
        check_foreign(run, before)
        raise
    try:
        used(run)
    except Exception as error:
        raise Lost(f"what was saved cannot be loaded: {error!r}") from error


def checkpoint_damaged(random: Random, folder: Path) -> None:
    """A file of a checkpoint is damaged, missing or edited: the run ends in the same bits, or refuses to."""
    place = Path(shutil.copytree(TEMPLATES["interrupted"], folder / "place"))
    path = random.choice([p for p in files_of(place) if p.stat().st_size])
    content = path.read_bytes()
    match random.randrange(6):
        case 0 | 1:
            flipped(path, random)
        case 2:
            changed(path, content[: random.randrange(len(content))])
        case 3:
            path.unlink()
        case 4:
            changed(path, content + bytes(8))
        case _:
            path = place / "out.partial" / "checkpoint.json"
            about = json.loads(path.read_text("utf-8"))
            digest = about.pop("digest", None)
            edit_json(about["files"] if random.random() < 0.5 else about, random)
            text = json.dumps(about, indent=1)
            rest = '",\n' + text[2:]
            sealed_text = '{\n "digest": "' + hashlib.sha256(rest.encode()).hexdigest() + rest
            path.write_text(text if digest is None else sealed_text, "utf-8")
    person_files(place / "out.partial")
    before = foreign_digest(place / "out.partial")
    persons = {
        name: digest for name, digest in before.items() if not name.endswith((".bin", "checkpoint.json"))
    }
    try:
        found = dissected(ArrayImages(), place)
    finally:
        check_foreign(place / "out.partial", persons, added=False)
    for layer, like in zip(found.layers, MADE["whole"].layers, strict=True):
        for name in LayerDissection.__slots__:
            one, other = getattr(layer, name), getattr(like, name)
            if not (np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other):
                raise Wrong(f"a damaged checkpoint ends in another {name}")


KINDS = {
    "bits of the manifest": flip("dissection.json"),
    "bits of arrays": flip("*.safetensors"),
    "bits of pictures": flip("*.jpg"),
    "cut off or longer": truncated,
    "zeros": zeroed,
    "files exchanged": exchanged,
    "files of another": of_another,
    "arrays edited": array_edited,
    "missing, links, pipes": missing,
    "JSON edited": json_edited,
    "another meaning": meant,
    "other JSON": other_json,
    "JSON, right digest": json_forged,
    "arrays, right digest": array_forged,
    "files, right digest": part_forged,
    "names elsewhere": names_elsewhere,
    "beside a person's files": saved_over_a_person_s,
    "where it cannot be": saved_where_it_cannot_be,
    "not whole": saved_oddly,
    "checkpoints": checkpoint_damaged,
}

if __name__ == "__main__":
    main("saved results", KINDS, warm=prepare)

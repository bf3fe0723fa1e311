"""Files of saved dissections that something has happened to, and files of others beside them."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from dissect_widgets import dissect, load
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.sealed import seal
from dissect_widgets.core.dissection.settings import Settings
from dissect_widgets.core.files.digest import digest_of
from dissect_widgets.core.statistics.histogram import BINS
from dissect_widgets.errors import SavedError
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded

FORMAT_1 = Path(__file__).parent / "format_1"
"""What version 0.1 saved."""


@pytest.fixture(scope="module")
def made() -> Dissection:
    net = TinyNet()
    seeded(net)
    settings = Settings(exemplars=2)
    return dissect(net, ["pool", "mix"], ArrayImages(), level=(0.2, 0.05), settings=settings, progress=False)


@pytest.fixture(scope="module")
def template(made: Dissection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.save(tmp_path_factory.mktemp("saved") / "run")


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "run"))


def same(one: Dissection, other: Dissection) -> bool:
    """Whether all is equal, the pictures with it."""
    for layer, like in zip(one.layers, other.layers, strict=True):
        for name in LayerDissection.__slots__:
            a, b = getattr(layer, name), getattr(like, name)
            if not (np.array_equal(a, b) and a.dtype == b.dtype if isinstance(a, np.ndarray) else a == b):
                return False
    return one.thumbnails == other.thumbnails and one.names == other.names and one.model == other.model


def load_all(folder: Path) -> Dissection:
    """Load it, and read each picture."""
    found = load(folder)
    assert all(len(jpeg) for jpeg in found.thumbnails.values())
    return found


def part(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_flipped_bit_anywhere_is_noticed(folder: Path, made: Dissection) -> None:
    chance = Random(1)
    for path in [p for p in folder.rglob("*") if p.is_file() for _ in range(6)]:
        content = path.read_bytes()
        place, bit = chance.randrange(len(content)), 1 << chance.randrange(8)
        path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        with pytest.raises(SavedError, match=path.name if path.suffix != ".json" else "run"):
            load_all(folder)
        path.write_bytes(content)
    assert same(load_all(folder), made)


def test_parts_of_another_or_exchanged_are_noticed(folder: Path, made: Dissection, tmp_path: Path) -> None:
    layers, pictures = sorted(folder.glob("layer-*")), sorted((folder / "pictures").iterdir())
    for one, two in (layers, pictures[:2]):
        first, second = one.read_bytes(), two.read_bytes()
        one.write_bytes(second)
        two.write_bytes(first)
        with pytest.raises(SavedError, match="is damaged"):
            load_all(folder)
        one.write_bytes(first)
        two.write_bytes(second)
    layer = made.layers[0]
    more = replace(layer, histogram=layer.histogram + 1)
    other = replace(made, layers=(more, made.layers[1])).save(tmp_path / "other")
    layers[0].write_bytes(part(other, "layer-0.*").read_bytes())  # of the same size
    with pytest.raises(SavedError, match=r"layer-0\..*digest"):
        load(folder)


def edited(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the manifest, with the digest that it then has."""
    content = json.loads((folder / "dissection.json").read_text("utf-8"))
    del content["digest"]
    content = change(content) or content
    (folder / "dissection.json").write_bytes(seal(content, "it"))


EDITS: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("a number as text", lambda c: c | {"images": "9"}, r"Expected `int`, got `str` - at `\$.images`"),
    ("no images", lambda c: c | {"images": 0}, "images"),
    ("more images than names", lambda c: c | {"images": 10**6}, "only 9 have names"),
    ("a negative size", lambda c: c | {"picture_size": [-1, 4]}, "picture_size"),
    ("a size of three", lambda c: c | {"label_size": [1, 2, 3]}, "label_size"),
    ("a size of a fraction", lambda c: c | {"label_size": [11.5, 13]}, "label_size"),
    ("a missing part", lambda c: {k: v for k, v in c.items() if k != "skipped"}, "skipped"),
    ("more than there is", lambda c: c | {"more": 1}, "more"),
    ("names of numbers", lambda c: c | {"names": list(range(9))}, r"names\[0\]|names\[...\]"),
    ("fewer concepts", lambda c: c | {"concepts": c["concepts"][1:]}, "concept_area"),
    ("no concepts", lambda c: c | {"concepts": []}, "concept_area"),
    ("a concept twice", lambda c: c | {"concepts": [c["concepts"][0]] * 7}, "duplicated"),
    ("a concept without a name", lambda c: c | {"concepts": [["", "object"]] * 7}, "concepts"),
    ("another category", lambda c: c | {"concepts": [["x", "y"], *c["concepts"][1:]]}, "shape|not int64"),
    ("no layers", lambda c: c | {"layers": []}, "layers"),
    ("one layer", lambda c: c | {"layers": c["layers"][:1]}, "1 layers"),
    ("a layer twice", lambda c: c | {"layers": [c["layers"][0]] * 2}, "duplicated|layer-1"),
    ("a level of 3", lambda c: c["layers"][0].update(levels=[3.0, 0.1]), "levels"),
    ("other levels", lambda c: c["layers"][0].update(levels=[0.3, 0.1]), "levels"),
    ("fewer levels", lambda c: [x.update(levels=[0.3]) for x in c["layers"]] and None, "area"),
    ("another rule", lambda c: c["layers"][0]["grid"].__setitem__(6, "evil"), "grid"),
    ("a step of 0", lambda c: c["layers"][0]["grid"].__setitem__(4, 0), "grid"),
    ("a huge step", lambda c: c["layers"][0]["grid"].__setitem__(4, 1e308), "grid"),
    ("another map", lambda c: c["layers"][0]["exemplar_grid"].__setitem__(0, 99), "exemplar_map"),
    ("provenance of text", lambda c: c | {"provenance": "mine"}, "provenance"),
    ("no files", lambda c: c | {"files": {}}, "names the files"),
    ("files of a list", lambda c: c | {"files": [1]}, "files|object"),
    ("a picture less", lambda c: c["files"].pop(list(c["files"])[-1]) and None, "missing"),
    ("format of text", lambda c: c | {"format": "2"}, "says no format"),
    ("format true", lambda c: c | {"format": True}, "says no format"),
    ("a later format", lambda c: c | {"format": 3}, "was written in format 3"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), [e[1:] for e in EDITS], ids=[e[0] for e in EDITS])
def test_what_cannot_be_is_refused_even_with_the_right_digest(
    folder: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    edited(folder, change)
    with pytest.raises(SavedError, match=message):
        load_all(folder)


@pytest.mark.parametrize(
    "name",
    ["../secret.jpg", "/etc/passwd", "pictures/../../x.jpg", "pictures\\1.jpg", "pictures/1.png", "a.pkl",
     "layer-00.safetensors", "pictures/٣.jpg", "C:\\x.safetensors", "", ".", "pictures/-1.jpg"],
)  # fmt: skip
def test_names_of_other_files_are_refused(folder: Path, name: str) -> None:
    (folder.parent / "secret.jpg").write_bytes(b"secret")
    edited(folder, lambda c: c["files"].update({name: {"size": 6, "digest": digest_of(b"secret")}}))
    with pytest.raises(SavedError, match=r"names the file .* not of a dissection"):
        load(folder)


@pytest.mark.parametrize("kind", ["link", "link of the folder", "pipe", "folder", "manifest"])
def test_links_and_pipes_are_refused(folder: Path, kind: str) -> None:
    path = part(folder, "pictures/*")
    outside = folder.parent / "outside"
    if kind == "link of the folder":
        shutil.move(folder / "pictures", outside)
        (folder / "pictures").symlink_to(outside)
    elif kind == "manifest":
        path = folder / "dissection.json"
        shutil.move(path, outside)
        path.symlink_to(outside)
    else:
        shutil.move(path, outside)
        if kind == "link":
            path.symlink_to(outside)
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path.mkdir()
    with pytest.raises(SavedError, match=r"link|pipe|not a file"):
        load(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"{", bytes(100), b"[" * 10**5, b'{"format": 1, "format": 1}', b'{"format": NaN}',
     b'{"a": 1e999}', b'{"a": "\\ud800"}', b"\xff\xfe{\x00}\x00", b'{"format": ' + b"9" * 5000 + b"}",
     b'{"format": 1}', b'{"format": 2}', b'"text"', b'\xef\xbb\xbf{"format": 2}'],
)  # fmt: skip
def test_json_of_any_kind_is_refused_by_name(folder: Path, content: bytes) -> None:
    (folder / "dissection.json").write_bytes(content)
    with pytest.raises(SavedError, match="run") as caught:
        load(folder)
    assert len(str(caught.value)) < 700


def with_arrays(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the arrays of the first layer, with the digests that they then have."""
    from safetensors.numpy import load_file, save

    path = part(folder, "layer-0.*")
    arrays = {name: array.copy() for name, array in load_file(path).items()}
    content = save(change(arrays) or arrays)
    path.unlink()
    digest = digest_of(content)
    (folder / f"layer-0.{digest[:16]}.safetensors").write_bytes(content)

    def named(about: dict[str, Any]) -> None:
        del about["files"][path.name]
        about["files"][f"layer-0.{digest[:16]}.safetensors"] = {"size": len(content), "digest": digest}

    edited(folder, named)


ARRAYS: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("missing", lambda a: a.pop("histogram") is None or None, "layer-0: histogram is missing"),
    ("lowest missing", lambda a: a.pop("lowest") is None or None, "layer-0: lowest is missing"),
    ("transposed", lambda a: a.update(area=a["area"].T.copy()), "area is int64"),
    ("another type", lambda a: a.update(threshold=a["threshold"].astype(np.float64)), "threshold is float64"),
    ("fewer units", lambda a: a.update(lowest=a["lowest"][:-1].copy()), "is .* not"),
    ("negative", lambda a: a["area"].__setitem__((0, 0), -1), "area goes from -1"),
    ("too large", lambda a: a["area"].__setitem__((0, 0), 10**6), "area goes from"),
    ("NaN", lambda a: a["threshold"].__setitem__((0, 0), np.nan), "threshold goes from nan"),
    ("infinite", lambda a: a["highest"].__setitem__(0, np.inf), "highest goes from"),
    ("lowest above", lambda a: a["lowest"].__setitem__(0, 1e30), "lowest exceeds highest"),
    ("no width", lambda a: a["bin_width"].__setitem__(0, 0), "bin_width goes from 0"),
    ("bins", lambda a: a.update(histogram=a["histogram"][:, 1:].copy()), "histogram is int64"),
    ("image of none", lambda a: a["exemplar_image"].__setitem__((0, 0), 99), "exemplar_image goes from"),
    ("image -2", lambda a: a["exemplar_image"].__setitem__((0, 0), -2), "exemplar_image goes from -2"),
    ("peak of none", lambda a: a["exemplar_image"].__setitem__((0, 0), -1), "exemplar_peak"),
    ("NaN in a map", lambda a: a["exemplar_map"].__setitem__((0, 0, 0, 0), np.nan), "exemplar_map"),
    ("reserved", lambda a: a["intersection"].__setitem__((0, 0, 0), 1), "reserved concept 0"),
    ("intersection", lambda a: a["intersection"].__setitem__((0, 0, 1), 900), "intersection exceeds"),
    ("category", lambda a: a["area_in_category"].__setitem__((0, 0, 0), 1200), "exceeds area"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), [a[1:] for a in ARRAYS], ids=[a[0] for a in ARRAYS])
def test_arrays_that_contradict_are_refused(
    folder: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    with_arrays(folder, change)
    with pytest.raises(SavedError, match=message):
        load(folder)


def test_units_that_are_reordered_are_noticed(folder: Path) -> None:
    path = part(folder, "layer-0.*")
    from safetensors.numpy import load_file, save

    path.write_bytes(save({name: a[::-1].copy() for name, a in load_file(path).items()}))
    with pytest.raises(SavedError, match="digest"):
        load(folder)


def test_what_could_not_be_loaded_is_not_saved(made: Dissection, tmp_path: Path) -> None:
    layer = made.layers[0]
    bad = [
        replace(made, layers=(replace(layer, threshold=layer.threshold.astype(np.float64)),)),
        replace(made, layers=(layer, layer)),
        replace(made, layers=()),
        replace(made, names=()),
        replace(made, thumbnails={}),
        replace(made, provenance={"a": object()}),
        replace(made, provenance={"a": float("nan")}),
        replace(made, layers=(replace(layer, extra={"odd": np.array(["a"], object)}),)),
    ]
    for dissection in bad:
        with pytest.raises(SavedError):
            dissection.save(tmp_path / "run")
        assert not list(tmp_path.iterdir())


def test_names_that_are_not_unicode_are_saved_as_numbers(made: Dissection, tmp_path: Path) -> None:
    names = ("caf\udce9.jpg", *made.names[1:])
    assert load(replace(made, names=names).save(tmp_path / "run")).names[0] == r"caf\udce9.jpg"


def test_files_of_a_person_stay(folder: Path, made: Dissection) -> None:
    for name in ("notes.txt", "report.html", "layer-7.safetensors", "common.safetensors", ".hidden",
                 "pictures/holiday.jpg", "pictures/0.jpg", "sub/a.txt", "dissection.json.bak"):  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} is mine")
    (folder / "link").symlink_to("notes.txt")
    mine = {name: content for name, content in contents(folder).items() if content.endswith(b"is mine")}
    replace(made, layers=made.layers[:1], model="another").save(folder)
    assert load_all(folder).model == "another" and load(folder).layer_names == ("pool",)
    after = contents(folder)
    assert {name: after[name] for name in mine} == mine and (folder / "link").is_symlink()
    assert len([n for n in after if n not in mine]) == 3 + len(load(folder).thumbnails), (
        "earlier parts are gone"
    )


@pytest.mark.parametrize("name", ["dissection.json", "pictures"])
def test_a_person_s_file_of_a_name_that_is_needed(made: Dissection, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(SavedError, match=name):
        made.save(tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_leftovers_of_a_killed_save_are_removed(made: Dissection, folder: Path, tmp_path: Path) -> None:
    (folder / "layer-3.0123456789abcdef.safetensors").write_bytes(b"half")
    (folder / "pictures" / "3.0123456789abcdef.jpg").write_bytes(b"half")
    made.save(folder)
    assert contents(folder).keys() == contents(Path(made.save(tmp_path / "new"))).keys()
    half = tmp_path / "half"  # a first save that was killed
    (half / "pictures").mkdir(parents=True)
    (half / "common.0123456789abcdef.safetensors").write_bytes(b"half")
    with pytest.raises(SavedError, match="does not hold a dissection"):
        load(half)
    assert same(load_all(made.save(half)), made) and contents(half).keys() == contents(folder).keys()


def test_a_reader_gets_the_earlier_or_the_new_result(made: Dissection, tmp_path: Path) -> None:
    both = [made, replace(made, layers=made.layers[::-1], model="other", names=made.names[::-1])]
    folder, end = made.save(tmp_path / "run"), threading.Event()

    def save_again() -> None:
        number = 0
        while not end.is_set():
            number += 1
            both[number % 2].save(folder)

    saver = threading.Thread(target=save_again)
    saver.start()
    try:
        for _ in range(40):
            try:
                found = load_all(folder)
            except SavedError as error:
                assert "is being written by another run" in str(error)
            else:
                assert any(same(found, one) for one in both)
    finally:
        end.set()
        saver.join()


def test_format_1_is_read(made: Dissection, tmp_path: Path) -> None:
    found = load_all(FORMAT_1)
    assert same(found, made)
    assert found.provenance["digests"].startswith("not checked: it was read from files of format 1")
    folder = Path(shutil.copytree(FORMAT_1, tmp_path / "run"))
    (folder / "notes.txt").write_text("mine")
    (folder / "pictures" / "1.jpg").write_bytes(b"mine, of another size")
    replace(made, model="again").save(folder)
    left = contents(folder)
    assert same(load_all(folder), replace(made, model="again"))
    assert not [
        n for n in left if n.count(".") == 1 and n not in ("notes.txt", "pictures/1.jpg", "dissection.json")
    ]
    assert left["pictures/1.jpg"] == b"mine, of another size" and left["notes.txt"] == b"mine"


def test_a_picture_of_format_1_that_cannot_be_shown_is_named(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FORMAT_1, tmp_path / "run"))
    path = folder / "pictures" / "1.jpg"
    path.write_bytes(b"\xff" * path.stat().st_size)
    found = load(folder)
    with pytest.raises(SavedError, match=r"pictures/1\.jpg is damaged"):
        found.thumbnails[1]


def test_the_number_of_bins_is_that_of_the_histogram() -> None:
    from dissect_widgets.core.dissection import checks

    assert checks.BINS == BINS

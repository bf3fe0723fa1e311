"""Which masks belong to which photo."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dissect_widgets.datasets.mask_folder import MaskFolder
from dissect_widgets.datasets.pairing import Affix
from dissect_widgets.errors import DataError, SettingError

TABLE = "value,name,category\n" + "".join(f"{value},thing {value},object\n" for value in range(20))


def write(root: Path, images: list[str], masks: list[str]) -> Path:
    """Photos, and masks whose only value is their place in the list."""
    for mode, names in (("RGB", images), ("L", masks)):
        for value, name in enumerate(names):
            path = root / ("images" if mode == "RGB" else "masks") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new(mode, (7, 5), value if mode == "L" else (value, 0, 0)).save(path)
    (root / "classes.csv").write_text(TABLE)
    return root


def opened(root: Path, **options: object) -> MaskFolder:
    return MaskFolder(
        root / "images", root / "masks", root / "classes.csv", size=8, label_size=(5, 7), **options
    )


def values(data: MaskFolder) -> dict[str, int]:
    """Value of the mask that each photo got."""
    return {name: int(data[index][1][0, 0, 0]) - 1 for index, name in enumerate(data.names)}


CITYSCAPES = ["aachen/aachen_000000_000019", "aachen/aachen_000001_000019", "ulm/ulm_000000_000019"]


def test_cityscapes(tmp_path: Path) -> None:
    """Photos and masks both have suffixes, and there are masks of several kinds."""
    images = [f"train/{name}_leftImg8bit.png" for name in CITYSCAPES]
    kinds = ["labelIds.png", "color.png", "instanceIds.png", "polygons.json"]
    masks = [f"train/{name}_gtFine_{kind}" for kind in kinds[:3] for name in CITYSCAPES]
    write(tmp_path, images, masks)
    (tmp_path / "masks" / f"train/{CITYSCAPES[0]}_gtFine_polygons.json").write_text("{}")
    data = opened(tmp_path, image_suffix="_leftImg8bit", mask_suffix="_gtFine_labelIds")
    assert values(data) == dict(zip(images, range(3), strict=True)) and data.unpaired == []
    others = {
        str(tmp_path / "masks" / name): "its name does not end with '_gtFine_labelIds'" for name in masks[3:]
    }
    polygons = {
        str(tmp_path / "masks" / f"train/{CITYSCAPES[0]}_gtFine_polygons.json"): "no ending of a mask"
    }
    assert data.passed_over == others | polygons
    data = opened(tmp_path, image_suffix="_leftImg8bit.png", mask_suffix="_gtFine_labelIds.png")
    assert values(data) == dict(zip(images, range(3), strict=True))
    with pytest.raises(DataError, match=r"3 images have no mask.*image_suffix, mask_suffix"):
        opened(tmp_path)


def test_several_kinds_of_masks_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path, ["a.png"], ["a_things.png", "a_parts.png"])
    masks, table = tmp_path / "masks", tmp_path / "classes.csv"
    data = MaskFolder(tmp_path / "images", [masks, masks], table, mask_suffix=["_parts", "_things"])
    assert data[0][1][:, 0, 0].tolist() == [2, 1]
    with pytest.raises(SettingError, match="There are 2 folders of masks, but 1 of mask_suffix"):
        MaskFolder(tmp_path / "images", [masks, masks], table, mask_suffix=["_parts"])


def test_prefixes(tmp_path: Path) -> None:
    write(
        tmp_path, ["img_0001.jpg", "x/img_0002.jpg"], ["mask_0001.png", "x/mask_0002.png", "edges_0001.png"]
    )
    data = opened(tmp_path, image_prefix="img_", mask_prefix="mask_")
    assert values(data) == {"img_0001.jpg": 0, "x/img_0002.jpg": 1}
    assert list(data.passed_over.values()) == ["its name does not begin with 'mask_'"]


def test_masks_named_after_the_whole_photo(tmp_path: Path) -> None:
    write(tmp_path, ["a.jpg", "b.c.jpg"], ["a.jpg.png", "b.c.jpg.png"])
    assert values(opened(tmp_path, mask_suffix=".jpg")) == {"a.jpg": 0, "b.c.jpg": 1}


def test_photos_and_masks_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path, ["0001.png", "0001_L.png", "0002.png", "0002_L.png"], ["y.png"])
    both = tmp_path / "images"
    data = MaskFolder(both, both, tmp_path / "classes.csv", mask_suffix="_L", label_size=(5, 7))
    assert data.names == ["0001.png", "0002.png"] and data.unpaired == []
    write(tmp_path, ["a.jpg"], ["a.png"])
    (tmp_path / "masks" / "a.png").rename(both / "a.png")
    with pytest.raises(DataError, match=r"a\.jpg and a\.png in \S+ differ only in their endings"):
        MaskFolder(both, both, tmp_path / "classes.csv")


def test_one_folder_where_only_the_endings_differ(tmp_path: Path) -> None:
    """As annotators and ADE20K write them."""
    write(tmp_path, ["a.jpg", "b.JPG"], ["a.png", "b.png", "b_seg.png", "a_seg.png"])
    for path in (tmp_path / "images").iterdir():
        path.rename(tmp_path / "masks" / path.name)
    both, table = tmp_path / "masks", tmp_path / "classes.csv"
    data = MaskFolder(both, both, table, image_suffix=".jpg", mask_suffix="_seg.png")
    assert values(data) == {"a.jpg": 3, "b.JPG": 2} and data.unpaired == []
    assert data.passed_over == {
        "a.png": "its name does not end with '.jpg'",
        "b.png": "its name does not end with '.jpg'",
    }
    for path in both.glob("*_seg.png"):
        path.unlink()
    assert values(MaskFolder(both, both, table, image_suffix=".jpg", mask_suffix=".png")) == {
        "a.jpg": 0,
        "b.JPG": 1,
    }


def test_a_folder_of_masks_inside_that_of_photos(tmp_path: Path) -> None:
    write(tmp_path, ["a.jpg", "masks/a.png"], ["z.png"])
    images = tmp_path / "images"
    Image.new("L", (7, 5), 4).save(images / "masks" / "a.png")
    data = MaskFolder(images, images / "masks", tmp_path / "classes.csv")
    assert data.names == ["a.jpg"] and int(data[0][1][0, 0, 0]) == 5


def test_a_folder_of_photos_inside_that_of_masks(tmp_path: Path) -> None:
    write(tmp_path, ["z.jpg"], ["a.png", "photos/a.png"])
    masks = tmp_path / "masks"
    data = MaskFolder(masks / "photos", masks, tmp_path / "classes.csv")
    assert data.names == ["a.png"] and int(data[0][1][0, 0, 0]) == 1 and data.unpaired == []


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_in_the_two_ways_of_unicode(tmp_path: Path, form: str) -> None:
    """As macOS writes names, and as others do; they look the same."""
    other = "NFD" if form == "NFC" else "NFC"
    names = ["Straße über", "Ångström", "が", "plain"]
    images = [unicodedata.normalize(form, f"{name}.jpg") for name in names]
    masks = [unicodedata.normalize(other, f"{name}.png") for name in names]
    write(tmp_path, images, masks)
    rows = [unicodedata.normalize(other, f"{name},scene {number},scene") for number, name in enumerate(names)]
    (tmp_path / "scenes.csv").write_text("\n".join(["image,name,category", *rows]))
    data = opened(tmp_path, image_labels=tmp_path / "scenes.csv")
    assert values(data) == {name: number for number, name in enumerate(images)}
    for index, name in enumerate(data.names):
        assert data.vocabulary[int(data[index][1][1, 0, 0])].name == f"scene {images.index(name)}"


def test_names_that_look_the_same_are_refused(tmp_path: Path) -> None:
    write(tmp_path, ["é.jpg", "e\u0301.jpg"], ["é.png"])
    if len(list((tmp_path / "images").iterdir())) < 2:
        pytest.skip("this file system takes them for one")
    with pytest.raises(DataError, match="differ only in how their accents are written, so one mask would"):
        opened(tmp_path)


def test_upper_and_lower_case(tmp_path: Path) -> None:
    write(tmp_path, ["A.jpg", "a.jpg"], ["A.png", "a.png"])
    if len(list((tmp_path / "images").iterdir())) < 2:
        pytest.skip("this file system takes them for one")
    assert values(opened(tmp_path)) == {"A.jpg": 0, "a.jpg": 1}
    (tmp_path / "masks" / "a.png").unlink()
    (tmp_path / "images" / "A.jpg").unlink()
    with pytest.raises(DataError, match=r"A\.png differs from a\.jpg in upper and lower case"):
        opened(tmp_path)


def test_two_masks_for_a_photo(tmp_path: Path) -> None:
    write(tmp_path, ["a.jpg"], ["a.png", "a.tif"])
    with pytest.raises(
        DataError, match=r"a\.png and a\.tif in \S+ differ .* it is not certain which is the mask"
    ):
        opened(tmp_path)


def test_masks_in_a_format_that_changes_values(tmp_path: Path) -> None:
    write(tmp_path, ["a.jpg", "b.jpg"], ["a.png", "a.jpg", "b.JPG"])
    with pytest.raises(
        DataError, match=r"1 images have no mask.*b\.JPG \(JPEG changes values, save masks as \.png\)"
    ):
        opened(tmp_path)
    data = opened(tmp_path, skip_unpaired=True)
    assert values(data) == {"a.jpg": 0} and len(data.passed_over) == 2


def test_links_to_folders_of_photos_and_masks(tmp_path: Path) -> None:
    write(tmp_path / "far", ["a.jpg"], ["a.png"])
    write(tmp_path, ["b.jpg"], ["b.png"])
    for folder in ("images", "masks"):
        (tmp_path / folder / "linked").symlink_to(tmp_path / "far" / folder)
    assert list(values(opened(tmp_path))) == ["b.jpg", "linked/a.jpg"]


def test_what_is_passed_over_is_in_the_error(tmp_path: Path) -> None:
    write(tmp_path, ["a.jpg"], ["a.png", "b.png"])
    (tmp_path / "images" / "b.heic").write_bytes(b"x")
    with pytest.raises(
        DataError, match=r"1 masks have no image.*b\.heic \(Pillow does not read \.heic here\)"
    ):
        opened(tmp_path)
    with pytest.raises(
        DataError, match=re.escape("no images in " + str(tmp_path / "images") + " whose names end with '_x'")
    ):
        opened(tmp_path, image_suffix="_x")


affix = st.text("ab_.", max_size=3)


@given(affix, affix, st.text("ab_.é", min_size=1, max_size=4), st.sampled_from(["", "x/", "a_b/c/"]))
def test_an_affix_is_taken_away_once(prefix: str, suffix: str, inner: str, folder: str) -> None:
    name = f"{folder}{prefix}{inner}{suffix}.png"
    assert Affix(prefix, suffix).key(Path(name)) == unicodedata.normalize("NFC", folder + inner)


@given(affix, affix, st.text("ab_.", min_size=1, max_size=6))
def test_names_that_lack_an_affix_have_no_key(prefix: str, suffix: str, stem: str) -> None:
    key = Affix(prefix, suffix).key(Path(f"q{stem}q.png"))
    assert (key is None) == bool(prefix or suffix) and key in (None, f"q{stem}q")

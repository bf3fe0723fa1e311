"""How masks lie on photos that EXIF turns: proved by their sizes, said by the user, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dissect_widgets.datasets.mask_folder import MaskFolder
from dissect_widgets.datasets.photos import read_photo
from dissect_widgets.errors import DataError, SettingError

UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}
"""What EXIF's numbers say, of rows and columns as they are stored."""
SWAPPING, STAYING = (5, 6, 7, 8), (2, 3, 4)


def write_pair(
    root: Path, name: str, orientation: int, lies: str, size: tuple[int, int] = (29, 21), *, own: int = 1
) -> np.ndarray:
    """A photo and a mask, upright or as stored; returns the mask's numbers on the upright photo."""
    random = np.random.default_rng(orientation)
    stored = random.integers(0, 4, size[::-1]).astype(np.uint8)
    for folder in ("images", "masks"):
        (root / folder).mkdir(exist_ok=True)
    turn = UPRIGHT.get(orientation, lambda a: a)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.dstack([stored * 80] * 3)).save(root / "images" / f"{name}.png", exif=exif)
    exif[0x0112] = own
    mask = Image.fromarray(np.ascontiguousarray(turn(stored) if lies == "upright" else stored))
    mask.save(root / "masks" / f"{name}.png", exif=exif)
    (root / "classes.csv").write_text("value,name,category\n0,a,object\n1,b,object\n2,c,object\n3,d,object\n")
    return turn(stored)


def opened(root: Path, **options: object) -> MaskFolder:
    return MaskFolder(root / "images", root / "masks", root / "classes.csv", size=8, **options)


def check(data: MaskFolder, index: int, expected: np.ndarray) -> None:
    """Photo and mask of the data lie alike."""
    data.label_size = expected.shape
    assert np.array_equal(data[index][1][0].numpy(), expected + 1)
    photo = read_photo(data.images / data.names[index], expected.shape)
    assert np.allclose(photo.pixels[0].numpy() * 255, expected * 80) and photo.size == expected.shape[::-1]


@pytest.mark.parametrize("lies", ["upright", "stored"])
@pytest.mark.parametrize("orientation", SWAPPING)
def test_the_size_proves_it(tmp_path: Path, orientation: int, lies: str) -> None:
    expected = write_pair(tmp_path, "a", orientation, lies)
    for said in (None, "upright", "stored"):  # what the user says is for what the size does not prove
        check(opened(tmp_path, mask_orientation=said), 0, expected)


@pytest.mark.parametrize(
    ("orientation", "size"), [(n, (29, 21)) for n in STAYING] + [(n, (21, 21)) for n in UPRIGHT]
)
def test_where_no_size_proves_it_the_user_says_it(
    tmp_path: Path, orientation: int, size: tuple[int, int]
) -> None:
    for lies in ("upright", "stored"):
        expected = write_pair(tmp_path, "a", orientation, lies, size)
        with pytest.raises(
            DataError, match=rf"a\.png has the EXIF orientation {orientation}.*Say mask_orient"
        ):
            opened(tmp_path)[0]
        check(opened(tmp_path, mask_orientation=lies), 0, expected)


@pytest.mark.parametrize("lies", ["upright", "stored"])
def test_other_photos_prove_it(tmp_path: Path, lies: str) -> None:
    expected = {name: write_pair(tmp_path, name, n, lies) for name, n in (("a", 3), ("b", 6), ("c", 1))}
    data = opened(tmp_path)
    for index, name in enumerate("abc"):
        check(data, index, expected[name])


def test_photos_that_prove_different_things(tmp_path: Path) -> None:
    write_pair(tmp_path, "a", 3, "upright")
    expected = write_pair(tmp_path, "b", 6, "upright")
    write_pair(tmp_path, "c", 8, "stored")
    data = opened(tmp_path)
    with pytest.raises(DataError, match="their sizes do not show whether"):
        data[0]
    check(data, 1, expected)


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_a_mask_with_the_same_exif(tmp_path: Path, orientation: int) -> None:
    """As programs write it that copy EXIF; also where no size proves it."""
    for size in ((29, 21), (21, 21)):
        expected = write_pair(tmp_path, "a", orientation, "stored", size, own=orientation)
        check(opened(tmp_path), 0, expected)


def test_a_mask_whose_exif_the_photo_lacks(tmp_path: Path) -> None:
    expected = write_pair(tmp_path, "a", 1, "stored", own=6)
    check(opened(tmp_path), 0, expected)  # turned it would have another size
    write_pair(tmp_path, "a", 1, "stored", own=3)
    with pytest.raises(DataError, match="do not show"):
        opened(tmp_path)[0]
    check(opened(tmp_path, mask_orientation="upright"), 0, expected)


@pytest.mark.parametrize("orientation", [1, *UPRIGHT])
def test_tiff_which_pillow_turns_as_it_loads(tmp_path: Path, orientation: int) -> None:
    expected = write_pair(tmp_path, "a", orientation, "stored", own=orientation)
    for folder in ("images", "masks"):
        path = tmp_path / folder / "a.png"
        with Image.open(path) as image:
            image.save(path.with_suffix(".tif"), exif=image.getexif())
        path.unlink()
    check(opened(tmp_path), 0, expected)
    photo = read_photo(tmp_path / "images" / "a.tif", (9, 9))
    assert photo.orientation == orientation and photo.size == expected.shape[::-1]


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_orientations_that_do_not_exist(tmp_path: Path, orientation: int) -> None:
    check_data = write_pair(tmp_path, "a", orientation, "stored")
    check(opened(tmp_path), 0, check_data)


def test_another_size_is_refused_all_the_same(tmp_path: Path) -> None:
    write_pair(tmp_path, "a", 6, "upright")
    Image.new("L", (29, 20)).save(tmp_path / "masks" / "a.png")
    with pytest.raises(DataError, match=r"has 29 x 20 pixels, its image .* 21 x 29; they must be the same"):
        opened(tmp_path, mask_orientation="upright")[0]


def test_settings_that_are_refused(tmp_path: Path) -> None:
    write_pair(tmp_path, "a", 6, "upright")
    with pytest.raises(SettingError, match="mask_orientation is 'turned'; it may be 'upright' or 'stored'"):
        opened(tmp_path, mask_orientation="turned")

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.datasets.mask_folder import MaskFolder
from dissect_widgets.errors import ConceptError, DataError, SettingError

WIDTH, HEIGHT = 29, 21  # odd, so that no center of 11 x 13 cells lies between two pixels
TABLE = "value,name,category\n0,sky,object\n1,tree,object\n2,stone,material\n5,car,object\n"
NAMED = {0: ("sky", "object"), 1: ("tree", "object"), 2: ("stone", "material"), 5: ("car", "object")}
Values = dict[int, tuple[str, str]]


def write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def write_photo(
    path: Path, seed: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT), **options: object
) -> Path:
    """A random photo of size (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return path


def write_mask(
    path: Path,
    values: list[int] | None = None,
    seed: int = 0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    kind: str = "grey",
) -> Path:
    """A mask of random values out of the list, all of which are in it, of size (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = sorted(NAMED) if values is None else values
    pixels = np.random.default_rng(seed).choice(values, (size[1], size[0]))
    pixels[0, : len(values)] = values
    dtype = {"grey": np.uint8, "palette": np.uint8, "16 bits": np.uint16, "1 bit": bool}[kind]
    mask = Image.fromarray(pixels.astype(dtype))
    if kind == "palette":
        mask.putpalette([255, 0, 0, 0, 255, 0, *range(255, 255 - 90, -1)])
    mask.save(path)
    return path


def expected_labels(mask: Path, named: Values, vocabulary: Vocabulary, size: tuple[int, int]) -> Tensor:
    """Labels (rows, columns): Pillow's nearest of the mask, and then each value looked up by its name."""
    with Image.open(mask) as opened:
        small = opened.resize(size[::-1], Image.Resampling.NEAREST)
    labels = torch.zeros(size, dtype=torch.int32)
    for row in range(size[0]):
        for column in range(size[1]):
            value = int(small.getpixel((column, row)))
            value = value // 255 if small.mode == "1" else value
            if value in named:
                labels[row, column] = vocabulary.index(*named[value])
    return labels


def expected_image(photo: Path | Image.Image, size: tuple[int, int]) -> Tensor:
    opened = photo if isinstance(photo, Image.Image) else Image.open(photo)
    small = opened.convert("RGB").resize(size[::-1], Image.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(small) / np.float32(255)).permute(2, 0, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos, each with a mask of four values, and their table of classes."""
    for seed, name in enumerate(["one", "three", "two"]):
        write_photo(tmp_path / "images" / f"{name}.jpg", seed)
        write_mask(tmp_path / "masks" / f"{name}.png", seed=seed)
    write_text(tmp_path / "classes.csv", TABLE)
    return tmp_path


def opened(folder: Path, **options: object) -> MaskFolder:
    return MaskFolder(
        folder / "images",
        folder / "masks",
        folder / "classes.csv",
        **{"size": (18, 26), "label_size": (11, 13)} | options,
    )


def test_layout_with_nested_folders(tmp_path: Path) -> None:
    photos = ["day/b/two.v2.png", "day/one.jpeg", "night/one.bmp", "zero.JPG"]
    masks = ["day/b/two.v2.png", "day/one.png", "night/one.PNG", "zero.png"]
    for seed, (photo, mask) in enumerate(zip(photos, masks, strict=True)):
        write_photo(tmp_path / "images" / photo, seed)
        write_mask(tmp_path / "masks" / mask, seed=seed)
    write_text(tmp_path / "images" / "day" / "notes.txt", "not a photo")
    write_text(tmp_path / "images" / "._zero.jpg", "what another system leaves behind")
    (tmp_path / "images" / "folder.jpg").mkdir()
    write_photo(tmp_path / "masks" / "zero.jpg")  # JPEG changes values
    write_text(tmp_path / "classes.csv", TABLE)
    data = opened(tmp_path)
    assert data.names == photos and len(data) == 4 and data.unpaired == []
    assert data.passed_over == {
        "._zero.jpg": "hidden",
        "day/notes.txt": "not an image",
        str(tmp_path / "masks" / "zero.jpg"): "JPEG changes values, save masks as .png",
    }
    assert [tuple(concept) for concept in data.vocabulary][1:] == list(NAMED.values())
    for index, (photo, mask) in enumerate(zip(photos, masks, strict=True)):
        image, labels = data[index]
        assert torch.equal(image, expected_image(tmp_path / "images" / photo, (18, 26)))
        mask_path = tmp_path / "masks" / mask
        assert torch.equal(labels[0], expected_labels(mask_path, NAMED, data.vocabulary, (11, 13)))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("palette", [0, 1, 7, 31]),
        ("grey", [0, 1, 128, 255]),
        ("16 bits", [0, 255, 256, 300, 65535]),
        ("1 bit", [0, 1]),
    ],
)
def test_kinds_of_masks(tmp_path: Path, kind: str, values: list[int]) -> None:
    named = {value: (f"thing {value}", "object") for value in values[1:]}
    rows = [f"{value},{name},{category}" for value, (name, category) in named.items()]
    write_photo(tmp_path / "images" / "a.png")
    mask = write_mask(tmp_path / "masks" / "a.png", values, kind=kind)
    with Image.open(mask) as stored:
        assert stored.mode == {"palette": "P", "grey": "L", "16 bits": "I;16", "1 bit": "1"}[kind]
    write_text(tmp_path / "classes.csv", "\n".join(["value,name,category", *rows, f"{values[0]},,"]))
    data = opened(tmp_path, label_size=(HEIGHT, WIDTH))
    labels = data[0][1]
    assert labels.shape == (1, HEIGHT, WIDTH) and not labels.is_floating_point()
    assert labels.unique().tolist() == list(range(len(values)))
    assert torch.equal(labels[0], expected_labels(mask, named, data.vocabulary, (HEIGHT, WIDTH)))
    data = opened(tmp_path)
    assert torch.equal(data[0][1][0], expected_labels(mask, named, data.vocabulary, (11, 13)))


def test_nearest_takes_the_pixel_at_the_center_of_each_cell(folder: Path) -> None:
    pixels = np.asarray(Image.open(folder / "masks" / "two.png"))
    rows = [int((i + 0.5) * HEIGHT / 11) for i in range(11)]
    columns = [int((j + 0.5) * WIDTH / 13) for j in range(13)]
    data = opened(folder)
    place = {value: data.vocabulary.index(*name) for value, name in NAMED.items()}
    expected = [[place[int(pixels[row, column])] for column in columns] for row in rows]
    assert data[2][1][0].tolist() == expected


@pytest.mark.parametrize(
    ("size", "shape"), [((18, 26), (18, 26)), ((33, 21), (33, 21)), (17, (17, 17)), ([5, 40], (5, 40))]
)
def test_size_is_rows_by_columns(folder: Path, size: object, shape: tuple[int, int]) -> None:
    image, labels = opened(folder, size=size)[1]
    assert image.shape == (3, *shape) and image.dtype == torch.float32 and labels.shape == (1, 11, 13)
    assert torch.equal(image, expected_image(folder / "images" / "three.jpg", shape))
    image, labels = opened(folder, label_size=size)[1]
    assert image.shape == (3, 18, 26) and labels.shape == (1, *shape)
    vocabulary = opened(folder).vocabulary
    assert torch.equal(labels[0], expected_labels(folder / "masks" / "three.png", NAMED, vocabulary, shape))


def test_defaults_are_224_and_112(folder: Path) -> None:
    image, labels = MaskFolder(str(folder / "images"), str(folder / "masks"), str(folder / "classes.csv"))[0]
    assert image.shape == (3, 224, 224) and labels.shape == (1, 112, 112)


TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}


@pytest.mark.parametrize("orientation", TURNS)
def test_photo_turned_by_exif(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = write_photo(tmp_path / "images" / "a.jpg", exif=exif)
    upright = np.ascontiguousarray(TURNS[orientation](np.asarray(Image.open(photo).convert("RGB"))))
    height, width = upright.shape[:2]
    mask = write_mask(tmp_path / "masks" / "a.png", size=(width, height))
    write_text(tmp_path / "classes.csv", TABLE)
    data = opened(tmp_path, mask_orientation="upright" if orientation in (2, 3, 4) else None)
    image, labels = data[0]
    assert torch.equal(image, expected_image(Image.fromarray(upright), (18, 26)))
    assert torch.equal(labels[0], expected_labels(mask, NAMED, data.vocabulary, (11, 13)))


def test_several_folders_with_a_table_each(folder: Path) -> None:
    materials = {0: ("stone", "material"), 1: ("wood", "material"), 2: ("tree", "material")}
    parts = {3: ("wheel", "part"), 200: ("car", "object")}
    for seed, name in enumerate(["one", "three", "two"], start=10):
        write_mask(folder / "materials" / f"{name}.png", [0, 1, 2], seed)
        write_mask(folder / "parts" / f"{name}.png", [3, 200, 9], seed, kind="palette")
    for name, named in [("materials", materials), ("parts", parts)]:
        rows = [f"{value},{','.join(concept)}" for value, concept in named.items()]
        write_text(folder / f"{name}.csv", "\n".join(["value,name,category", *rows, "9,,"]))
    data = MaskFolder(
        folder / "images",
        [folder / "masks", folder / "materials", str(folder / "parts")],
        [folder / "classes.csv", folder / "materials.csv", str(folder / "parts.csv")],
        size=17,
        label_size=(11, 13),
    )
    assert [tuple(concept) for concept in data.vocabulary][1:] == [
        ("sky", "object"),
        ("tree", "object"),
        ("stone", "material"),
        ("car", "object"),
        ("wood", "material"),
        ("tree", "material"),
        ("wheel", "part"),
    ]
    labels = data[1][1]
    assert labels.shape == (3, 11, 13)
    for channel, (name, named) in enumerate([("masks", NAMED), ("materials", materials), ("parts", parts)]):
        expected = expected_labels(folder / name / "three.png", named, data.vocabulary, (11, 13))
        assert torch.equal(labels[channel], expected)


def test_several_folders_with_one_table(folder: Path) -> None:
    for seed, name in enumerate(["one", "three", "two"], start=10):
        write_mask(folder / "more" / f"{name}.png", [0, 5], seed)
    data = MaskFolder(
        folder / "images", [folder / "masks", folder / "more"], [folder / "classes.csv"], label_size=(11, 13)
    )
    labels = data[0][1]
    assert [tuple(concept) for concept in data.vocabulary][1:] == list(NAMED.values())
    for channel, name in enumerate(["masks", "more"]):
        expected = expected_labels(folder / name / "one.png", NAMED, data.vocabulary, (11, 13))
        assert torch.equal(labels[channel], expected)


def test_a_photo_needs_a_mask_in_every_folder(folder: Path) -> None:
    write_mask(folder / "more" / "one.png")
    both = [folder / "masks", folder / "more"]
    with pytest.raises(DataError, match=r"2 images have no mask in \S*more: three\.jpg, two\.jpg\. skip_unp"):
        MaskFolder(folder / "images", both, folder / "classes.csv")
    data = MaskFolder(folder / "images", both, folder / "classes.csv", skip_unpaired=True)
    assert data.names == ["one.jpg"] and data.unpaired == ["three.jpg", "two.jpg"]
    assert data[0][1].shape == (2, 112, 112)


def test_labels_of_whole_images_beside_masks(folder: Path) -> None:
    scenes = write_text(
        folder / "scenes.csv",
        "image,name,category\ntwo,street,scene\nthree.jpg,beach,scene\ntwo,car,object\n",
    )
    data = opened(folder, image_labels=scenes)
    beach, street = data.vocabulary.index("beach"), data.vocabulary.index("street")
    assert (beach, street) == (5, 6)  # after those of the masks, in the order of the images
    whole = {0: (0, 0), 1: (beach, 0), 2: (street, data.vocabulary.index("car"))}
    for index, (first, second) in whole.items():
        labels = data[index][1]
        assert labels.shape == (3, 11, 13)
        mask = folder / "masks" / f"{['one', 'three', 'two'][index]}.png"
        assert torch.equal(labels[0], expected_labels(mask, NAMED, data.vocabulary, (11, 13)))
        assert (labels[1] == first).all() and (labels[2] == second).all()


@pytest.mark.parametrize("classes", [None, "classes.csv"])
def test_labels_of_whole_images_alone(folder: Path, classes: str | None) -> None:
    table = write_text(folder / "scenes.csv", "image,name,category\ntwo,street,scene\none,sea,scene\n")
    data = MaskFolder(
        folder / "images",
        None,
        classes and folder / classes,
        image_labels=table,
        label_size=(11, 13),
        size=17,
    )
    assert list(data.vocabulary)[1:] == [Concept("sea", "scene"), Concept("street", "scene")]
    assert data.names == ["one.jpg", "three.jpg", "two.jpg"]
    for index, label in enumerate([1, 0, 2]):
        image, labels = data[index]
        assert image.shape == (3, 17, 17) and labels.shape == (1, 11, 13)
        assert not labels.is_floating_point() and (labels == label).all()


def test_image_labels_of_photos_left_out_name_no_concepts(folder: Path) -> None:
    (folder / "masks" / "two.png").unlink()
    table = write_text(folder / "scenes.csv", "image,name,category\ntwo,street,scene\none,sea,scene\n")
    data = opened(folder, image_labels=table, skip_unpaired=True)
    assert data.names == ["one.jpg", "three.jpg"] and data.unpaired == ["two.jpg"]
    assert data.vocabulary.index("sea") == 5 and len(data.vocabulary) == 6
    with pytest.raises(ConceptError, match="street"):
        data.vocabulary.index("street")


@pytest.mark.parametrize("way", ["row", "argument"])
def test_unlabeled_values(folder: Path, way: str) -> None:
    mask = write_mask(folder / "masks" / "one.png", [0, 1, 2, 5, 11, 255])
    if way == "row":
        write_text(folder / "classes.csv", f"{TABLE}11,,\n255,,object\n")
    data = opened(folder, unlabeled=() if way == "row" else [11, 255], label_size=(HEIGHT, WIDTH))
    labels = data[0][1][0]
    assert torch.equal(labels, expected_labels(mask, NAMED, data.vocabulary, (HEIGHT, WIDTH)))
    values = torch.from_numpy(np.array(Image.open(mask)))
    assert ((labels == 0) == ((values == 11) | (values == 255))).all() and (labels == 0).any()
    assert len(data.vocabulary) == 5


def test_unlabeled_holds_for_every_folder(folder: Path) -> None:
    for name in ["one", "three", "two"]:
        write_mask(folder / "more" / f"{name}.png", [5, 77])
    data = MaskFolder(
        folder / "images", [folder / "masks", folder / "more"], folder / "classes.csv", unlabeled=[77]
    )
    assert data[0][1][1].unique().tolist() == [0, data.vocabulary.index("car")]


def test_mask_suffix(folder: Path) -> None:
    for path in sorted((folder / "masks").iterdir()):
        path.rename(path.with_name(f"{path.stem}_L.png"))
    data = opened(folder, mask_suffix="_L")
    assert data.names == ["one.jpg", "three.jpg", "two.jpg"]
    mask = folder / "masks" / "two_L.png"
    assert torch.equal(data[2][1][0], expected_labels(mask, NAMED, data.vocabulary, (11, 13)))
    with pytest.raises(DataError, match=r"3 images have no mask in .*: one\.jpg, three\.jpg, two\.jpg\."):
        opened(folder)


def test_skip_unpaired(folder: Path) -> None:
    (folder / "masks" / "three.png").unlink()
    write_mask(folder / "masks" / "lonely.png")
    data = opened(folder, skip_unpaired=True)
    assert data.names == ["one.jpg", "two.jpg"] and len(data) == 2
    assert data.unpaired == ["three.jpg", str(folder / "masks" / "lonely.png")]
    mask = folder / "masks" / "two.png"
    assert torch.equal(data[1][1][0], expected_labels(mask, NAMED, data.vocabulary, (11, 13)))


def test_images_without_masks_are_named(folder: Path) -> None:
    for number in range(7):
        write_photo(folder / "images" / f"x{number}.jpg")
    named = ", ".join(f"x{number}.jpg" for number in range(5))
    message = f"7 images have no mask in {folder / 'masks'}: {named} and 2 more. skip_unpaired=True"
    with pytest.raises(DataError, match=re.escape(message)):
        opened(folder)


def test_masks_without_images_are_named(folder: Path) -> None:
    lonely = [write_mask(folder / "masks" / "deep" / name) for name in ("u.png", "v.png")]
    message = f"2 masks have no image in {folder / 'images'}: {lonely[0]}, {lonely[1]}. skip_unpaired=True"
    with pytest.raises(DataError, match=re.escape(message)):
        opened(folder)


def test_no_pair_at_all(tmp_path: Path) -> None:
    write_photo(tmp_path / "images" / "a.jpg")
    write_mask(tmp_path / "masks" / "b.png")
    write_text(tmp_path / "classes.csv", TABLE)
    with pytest.raises(DataError, match=r"No image in \S*images has a mask in each of \S*masks\."):
        opened(tmp_path, skip_unpaired=True)


@pytest.mark.parametrize("which", ["images", "masks"])
def test_no_folder(folder: Path, which: str) -> None:
    (folder / which).rename(folder / "elsewhere")
    with pytest.raises(DataError, match=re.escape(f"There is no folder {folder / which}.")):
        opened(folder)
    write_text(folder / which, "a file, no folder")
    with pytest.raises(DataError, match=re.escape(f"{folder / which}' is a file, and a folder is asked for")):
        opened(folder)


def test_empty_folder(folder: Path) -> None:
    for path in (folder / "images").iterdir():
        path.rename(path.with_suffix(".txt"))
    with pytest.raises(DataError, match=rf"no images in {re.escape(str(folder / 'images'))}\. .*one\.txt, "):
        opened(folder)


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT - 1), (HEIGHT, WIDTH)])
def test_mask_of_another_size(folder: Path, size: tuple[int, int]) -> None:
    mask, photo = write_mask(folder / "masks" / "three.png", size=size), folder / "images" / "three.jpg"
    data = opened(folder)
    data[0], data[2]
    message = f"{mask} has {size[0]} x {size[1]} pixels, its image {photo} 29 x 21; they must be the same."
    with pytest.raises(DataError, match=re.escape(message)):
        data[1]


@pytest.mark.parametrize(
    ("kind", "value"), [("grey", 4), ("grey", 255), ("palette", 6), ("16 bits", 300), ("16 bits", 65535)]
)
def test_value_that_no_class_names(folder: Path, kind: str, value: int) -> None:
    mask = write_mask(folder / "masks" / "two.png", [0, 1, value], kind=kind)
    data = opened(folder)
    message = f"{mask} has the value {value}, which is no class's."
    with pytest.raises(DataError, match=re.escape(message) + rf".*unlabeled=\[{value}\]"):
        data[2]
    assert (opened(folder, unlabeled=[value])[2][1] <= 2).all()


def test_one_pixel_of_a_value_that_no_class_names(folder: Path) -> None:
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[1, 4] = 9
    Image.fromarray(pixels).save(folder / "masks" / "one.png")
    assert 1 not in [int((i + 0.5) * HEIGHT / 11) for i in range(11)]  # the label map does not show it
    with pytest.raises(DataError, match=r"one\.png has the value 9, which is no class's"):
        opened(folder)[0]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_truncated_photo(tmp_path: Path, name: str, share: float) -> None:
    photo = write_photo(tmp_path / "images" / name, size=(97, 81))
    write_mask(tmp_path / "masks" / "a.png", size=(97, 81))
    write_text(tmp_path / "classes.csv", TABLE)
    whole = photo.read_bytes()
    photo.write_bytes(whole[: int(share * len(whole))])
    with Image.open(photo) as opened_photo:
        assert opened_photo.size == (97, 81)  # the header is still whole
    with pytest.raises(DataError, match=rf"^{re.escape(str(photo))} is damaged: .*truncated"):
        opened(tmp_path)[0]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("kind", ["grey", "palette", "16 bits", "1 bit"])
def test_truncated_mask(tmp_path: Path, kind: str, share: float) -> None:
    write_photo(tmp_path / "images" / "a.jpg", size=(157, 181))
    mask = write_mask(tmp_path / "masks" / "a.png", [0, 1], size=(157, 181), kind=kind)
    write_text(tmp_path / "classes.csv", TABLE)
    whole = mask.read_bytes()
    mask.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=rf"^{re.escape(str(mask))} is damaged: "):
        opened(tmp_path)[0]


def test_no_damage_whatever_raises_another_error(folder: Path) -> None:
    random = np.random.default_rng(0)
    data = opened(folder)
    for path in (folder / "images" / "one.jpg", folder / "masks" / "one.png"):
        whole, refused = path.read_bytes(), 0
        for cut in range(0, len(whole) * 9 // 10, len(whole) // 40):
            path.write_bytes(whole[:cut])
            with pytest.raises(DataError, match=re.escape(str(path))):
                data[0]
        for _ in range(150):
            damaged = bytearray(whole)
            damaged[random.integers(min(len(whole), 200))] = random.integers(256)
            path.write_bytes(damaged)
            try:
                data[0]
            except DataError as error:
                refused += 1
                assert str(path) in str(error)
        assert refused > 50
        path.write_bytes(whole)
        data[0]


@pytest.mark.parametrize("path", ["images/one.jpg", "masks/one.png"])
def test_text_that_bears_the_name_of_an_image(folder: Path, path: str) -> None:
    write_text(folder / path, "this is no image")
    with pytest.raises(DataError, match=re.escape(f"{folder / path} is not an image.")):
        opened(folder)[0]


@pytest.mark.parametrize("path", ["images/one.jpg", "masks/one.png"])
def test_file_that_has_gone(folder: Path, path: str) -> None:
    data = opened(folder)
    (folder / path).unlink()
    with pytest.raises(DataError, match=rf"{re.escape(str(folder / path))} cannot be read: .*No such file"):
        data[0]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK"])
def test_mask_with_several_numbers_a_pixel(folder: Path, mode: str) -> None:
    mask = folder / "masks" / "one.png"
    if mode == "CMYK":
        mask.unlink()
        mask = mask.with_suffix(".tif")
    Image.new(mode, (WIDTH, HEIGHT), (0, 0, 0, 255)[: len(mode)]).save(mask)
    kind = "RGB" if mode == "RGBA" else mode  # opaque
    message = f"{mask} has the mode {kind}; a mask holds one number a pixel"
    with pytest.raises(DataError, match=re.escape(message)):
        opened(folder)[0]


@pytest.mark.parametrize("name", ["size", "label_size"])
@pytest.mark.parametrize("size", [0, -3, (20, 0), (20,), (20, 28, 3)])
def test_sizes_that_are_refused(folder: Path, name: str, size: object) -> None:
    message = f"{name} is {size}; it must be a side or (rows, columns), in whole pixels."
    with pytest.raises(SettingError, match=f"^{re.escape(message)}"):
        opened(folder, **{name: size})


@pytest.mark.parametrize(("masks", "classes"), [(2, 3), (3, 2), (1, 0), (1, 2)])
def test_wrong_number_of_tables(folder: Path, masks: int, classes: int) -> None:
    message = f"There are {masks} folders of masks, but {classes} of classes."
    with pytest.raises(SettingError, match=message):
        MaskFolder(folder / "images", [folder / "masks"] * masks, [folder / "classes.csv"] * classes)


def test_no_labels_at_all(folder: Path) -> None:
    with pytest.raises(SettingError, match="no labels: give masks and classes, or image_labels, or both"):
        MaskFolder(folder / "images", None, None)


def test_digest_changes_with_what_labels_depend_on(folder: Path) -> None:
    def digest(**options: object) -> str:
        return opened(folder, **options).digest()

    first = digest()
    assert digest() == first
    write_text(folder / "masks" / "notes.txt", "no part of the data")
    write_text(folder / "classes.csv", TABLE)  # the same once more
    assert digest() == first
    seen = {first, digest(label_size=(13, 11)), digest(size=(26, 18)), digest(unlabeled=[77])}
    assert len(seen) == 4

    for path in [folder / "masks" / "two.png", folder / "images" / "one.jpg"]:
        before = path.stat()
        path.write_bytes(path.read_bytes() + b"\0")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert digest() not in seen  # by the length alone
        path.write_bytes(path.read_bytes()[:-1])
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
        assert digest() not in seen  # by the time alone
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert digest() == first

    scenes = write_text(folder / "scenes.csv", "image,name,category\ntwo,street,scene\n")
    seen.add(digest(image_labels=scenes))
    write_text(folder / "scenes.csv", "image,name,category\none,street,scene\n")
    assert digest(image_labels=scenes) not in seen
    write_text(folder / "classes.csv", TABLE.replace("0,sky", "5,sky").replace("5,car", "0,car"))
    assert opened(folder).vocabulary == Vocabulary(NAMED.values()) and digest() != first
    (folder / "masks" / "two.png").unlink()
    assert digest(skip_unpaired=True) not in seen


# Known bugs -----------------------------------------------------------------------------------------------


def test_labels_of_whole_images_that_name_nothing(folder: Path) -> None:
    table = write_text(folder / "scenes.csv", "image,name,category\n")
    with pytest.raises(DataError, match=r"scenes\.csv"):
        MaskFolder(folder / "images", None, None, image_labels=table)[0]


@pytest.mark.parametrize("skip_unpaired", [False, True])
def test_photos_that_differ_in_their_ending_alone(tmp_path: Path, skip_unpaired: bool) -> None:
    for seed, name in enumerate(["a.jpg", "a.png"]):
        write_photo(tmp_path / "images" / name, seed)
    table = write_text(tmp_path / "scenes.csv", "image,name,category\na.jpg,sea,scene\na.png,street,scene\n")
    try:
        data = MaskFolder(tmp_path / "images", None, None, image_labels=table, skip_unpaired=skip_unpaired)
    except DataError as error:
        assert "a.jpg" in str(error) and "a.png" in str(error)
    else:
        assert data.names == ["a.jpg", "a.png"]


def test_hidden_folders_are_passed_over(folder: Path) -> None:
    write_photo(folder / "images" / ".ipynb_checkpoints" / "one-checkpoint.jpg")
    assert opened(folder).names == ["one.jpg", "three.jpg", "two.jpg"]


def test_unlabeled_value_that_no_mask_can_have(folder: Path) -> None:
    with pytest.raises(SettingError, match="70000"):
        opened(folder, unlabeled=[70000])


@pytest.mark.parametrize("size", [3.5, (20.5, 28), "12", None])
def test_sizes_that_are_no_whole_numbers(folder: Path, size: object) -> None:
    with pytest.raises(SettingError, match="size"):
        opened(folder, size=size)[0]


@pytest.mark.real
def test_camvid(real: Path) -> None:
    camvid = real / "camvid"
    data = MaskFolder(camvid / "images", camvid / "masks", camvid / "classes.csv", unlabeled=[11])
    assert len(data) == 468 and repr(data.vocabulary) == "<Vocabulary: 11 object>"
    assert data.names == sorted(path.name for path in (camvid / "images").iterdir())
    lines = (camvid / "classes.csv").read_text().splitlines()[1:]
    named = {int(v): (name, category) for v, name, category in (line.split(",") for line in lines)}
    image, labels = data[0]
    assert torch.equal(image, expected_image(camvid / "images" / data.names[0], (224, 224)))
    mask = camvid / "masks" / data.names[0].replace(".jpg", ".png")
    assert labels.shape == (1, 112, 112)
    assert torch.equal(labels[0], expected_labels(mask, named, data.vocabulary, (112, 112)))
    with pytest.raises(DataError, match=rf"{re.escape(str(mask))} has the value 11, which is no class's"):
        MaskFolder(camvid / "images", camvid / "masks", camvid / "classes.csv")[0]


@pytest.mark.real
def test_ade20k(real: Path, tmp_path: Path) -> None:
    """The sample of the scene parsing benchmark, with its names that have commas in them."""
    ade = real / "ade20k"
    lines = [line.split("\t") for line in (ade / "objectInfo150.txt").read_text().splitlines()[1:]]
    rows = [f'{number},"{name}",object' for number, *_, name in lines]
    write_text(tmp_path / "classes.csv", "\n".join(["value,name,category", "0,,", *rows]))
    folders = ade / "sampleData" / "images", ade / "sampleData" / "annotations"
    data = MaskFolder(*folders, tmp_path / "classes.csv", label_size=(73, 91))
    assert len(data) == 3 and data.passed_over == {}
    assert data.vocabulary.index("building, edifice") == 2
    named = {int(number): (name, "object") for number, *_, name in lines}
    for index, name in enumerate(data.names):
        mask = folders[1] / name.replace(".jpg", ".png")
        assert torch.equal(data[index][1][0], expected_labels(mask, named, data.vocabulary, (73, 91)))
    with pytest.raises(DataError, match=r"it needs value, name, category.*and lacks value, category"):
        MaskFolder(*folders, ade / "objectInfo150.txt")

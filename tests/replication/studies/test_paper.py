"""The paper's own networks and pictures, from files of the same kind."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from dissect_widgets import world
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.errors import ConceptError, DataError, LayerError, SettingError
from dissect_widgets.replication import studies

SCENES = ("airfield", "hangar-indoor", "bedroom", "ski_resort")
LINES = "/a/airfield 0\n/h/hangar/indoor 1\n/b/bedroom 2\n/s/ski_resort 3"


class Segments:
    """Labels by brightness."""

    vocabulary = Vocabulary([Concept(name, "object") for name in ("airplane", "tree", "door", "sky")])

    def __call__(self, pictures: torch.Tensor, /) -> torch.Tensor:
        return (pictures.mean(1, keepdim=True) * 4).long() + 1


def photos(folder: Path, count: int, shade: int = 0) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", (40, 30), (shade, 20 * number % 256, 90)).save(folder / f"{number}.jpg")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders as Places365 and ImageNet have them, of few photos, and a network of four scenes."""
    root = tmp_path / "places"
    for split, counts in (("train", (3, 5, 2, 4)), ("val", (2, 2, 3, 1))):
        for name, count in zip(SCENES, counts, strict=True):
            photos(root / split / name, count)
    (root / "categories_places365.txt").write_text(LINES)
    for name in ("n02690373", "n04552348", "n01440764"):
        photos(tmp_path / "imagenet" / name, 3)
    with torch.random.fork_rng():
        pool = nn.AdaptiveAvgPool2d(1)
        net = nn.Sequential(nn.Conv2d(3, 5, 3, stride=8), pool, nn.Flatten(), nn.Linear(5, 4))
    monkeypatch.setattr(
        "dissect_widgets.replication.studies.paper.load_places_vgg16", lambda weights: net.eval()
    )
    return root


def made(places: Path, **more: object) -> studies.ClassifierStudy:
    return studies.places_classifier("vgg.pth", places, Segments(), places.parent / "imagenet", **more)  # type: ignore[arg-type]


def test_places_and_imagenet(places: Path) -> None:
    study = made(places)
    assert study.classes == SCENES and study.layers == ("0",) == (study.layer,)
    assert study.train.targets == [0] * 3 + [2] * 2 + [1] * 5 + [3] * 4  # by the table, not by name
    assert study.held_out.targets == [0] * 2 + [2] * 3 + [1] * 2 + [3]
    assert study.held_out[0].shape == (3, 224, 224) and study.labeled.images == study.held_out.images
    assert not hasattr(study.labeled, "targets")
    airplanes, others = (
        sorted({Path(part.data.samples[i][0]).parent.name for i in part.images}) for part in study.things
    )
    assert airplanes == ["n02690373", "n04552348"] and others == ["n01440764"]
    assert (study.class_name, study.target_name, study.concept.name) == ("ski_resort", "bedroom", "airplane")
    some = made(places, images=4)
    assert len(some.train) == len(some.held_out) == 4 and set(some.train.targets) == {0, 1, 2, 3}


def test_what_is_not_there(places: Path) -> None:
    with pytest.raises(SettingError, match=r"no scene 'bedrom'. Did you mean 'bedroom'"):
        made(places, target_name="bedrom")
    with pytest.raises(ConceptError, match="'aeroplane'"):
        made(places, concept="aeroplane")
    (places / "val" / "hangar_indoor").mkdir()
    photos(places / "val" / "hangar_indoor" / "x", 1)
    with pytest.raises(DataError, match=r"folder 'hangar_indoor'. Did you mean 'hangar-indoor'"):
        made(places)
    table = places / "categories_places365.txt"
    table.write_text("airfield\n")
    with pytest.raises(DataError, match="is not a scene and its number, such as '/a/airfield 0'"):
        made(places)
    table.write_text("/a/airfield 0\n/b/bedroom 2\n")
    with pytest.raises(DataError, match="not numbered from 0"):
        made(places)
    table.unlink()
    with pytest.raises(DataError, match=r"no file .*categories_places365.txt"):
        made(places)


def test_photos_that_are_not_there(places: Path) -> None:
    with pytest.raises(DataError, match=r"There is no folder .*nowhere\."):
        studies.places_classifier("vgg.pth", places, Segments(), places / "nowhere")
    with pytest.raises(DataError, match="has 0 photos of airplanes"):
        studies.places_classifier("vgg.pth", places, Segments(), places / "val")


def test_a_public_generator(tmp_path: Path) -> None:
    file = tmp_path / "proggan_church.pth"
    torch.save(world.load_generator().state_dict(), file)
    study = studies.lsun_generator(
        file,
        Segments(),
        predicted="sky",
        others=["sky"],
        contexts=["tree"],
        samples=5,
    )
    assert study.layers == tuple(f"layer{k}" for k in range(1, 11)) and study.layer == "layer4"
    assert study.latent_dim == 256 and study.name == "proggan_church" and study.others == (("sky", "object"),)
    with torch.no_grad():
        assert torch.equal(study.generator(study.latents(2)), world.load_generator()(study.latents(2)))
    with pytest.raises(LayerError, match=r"layer11"):
        studies.lsun_generator(file, Segments(), layer="layer11")
    with pytest.raises(ConceptError, match="'windowpane'"):
        studies.lsun_generator(file, Segments())

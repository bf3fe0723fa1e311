"""A painter on an image of one's own, and the movie of its strokes."""

from __future__ import annotations

import io
import signal
from itertools import pairwise
from math import hypot
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from traitlets import TraitError

import dissect_widgets as dw
from dissect_widgets.errors import DataError, DissectError, SavedError, SettingError
from dissect_widgets.widgets.neuron_painter import painting
from dissect_widgets.widgets.neuron_painter.movie import first_part
from tests.widgets.messages import ask
from tests.widgets.painted import small_dissection, small_generator, small_painter

LAYER = "layer4"


def photo(seed: int = 9) -> torch.Tensor:
    """An image (3, 16, 16) that is near what the generator makes."""
    with torch.no_grad():
        near = dw.to_images(small_generator()(dw.latents(1, seed, latent_dim=7)))[0]
    noise = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(1))
    return near.lerp(noise, 0.1)


@pytest.fixture(scope="module")
def inversion() -> dw.Inversion:
    options: dict[str, Any] = {"steps": 60, "starts": 4, "feature_weight": 0, "progress": False}
    return dw.invert(small_generator(), photo(), layer=LAYER, **options)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB")).astype(int)


def shown(image: torch.Tensor) -> np.ndarray:
    return (image * 255).round().permute(1, 2, 0).numpy().astype(int)


def test_it_opens_on_the_image_as_the_generator_makes_it(inversion: dw.Inversion) -> None:
    painter = small_painter(image=inversion)
    assert painter.on_image and painter.inversion is inversion and "on layer4: an image" in repr(painter)
    assert np.abs(pixels(painter.original) - shown(inversion.image)).max() <= 1
    latent_alone = dw.to_images(small_generator()(inversion.latent).detach())[0]
    assert np.abs(shown(latent_alone) - shown(inversion.image)).max() > 3, "activations count"
    painter.paint([(0.2, 0.2), (0.6, 0.3)])
    assert np.abs(pixels(painter.image) - pixels(painter.original)).max() > 10
    assert painter.still().title.endswith("on an image")


def test_strokes_change_the_activations_of_the_image_where_they_are(inversion: dw.Inversion) -> None:
    painter = small_painter(image=inversion, brush=0.3)
    painter.paint([(0.3, 0.3)])
    (edit,) = painter.as_edits()
    generator = small_generator()
    assert inversion.activations is not None and edit.where is not None
    maps, where = inversion.activations.clone(), torch.tensor(edit.where)
    for unit, level in zip(edit.units, edit.level, strict=True):
        maps[0, unit] = maps[0, unit] * (1 - where) + level * where
    with torch.no_grad():
        x = generator.layer5(maps)
        x = dw.to_images(generator[6](generator.layer6(x)))[0]
    assert np.abs(pixels(painter.image) - shown(x)).max() <= 1


def test_an_image_is_inverted_at_the_layer_that_is_painted(
    monkeypatch: pytest.MonkeyPatch, inversion: dw.Inversion
) -> None:
    asked: dict[str, Any] = {}

    def invert(generator: Any, image: Any, **options: Any) -> dw.Inversion:
        asked.update(options, image=image)
        return inversion

    monkeypatch.setattr(painting, "invert", invert)
    picture = photo()
    painter = small_painter(image=picture, resize=True, progress=False)
    assert painter.on_image and asked["image"] is picture and asked["layer"] == LAYER
    assert asked["resize"] is True and asked["progress"] is False and len(asked["latents"]) == 128


def test_inverting_can_be_interrupted_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    generator, picture = small_generator(), photo()
    dissection = small_dissection(generator)
    calls, real = [0], painting.invert

    def short(*inputs: Any, **options: Any) -> dw.Inversion:
        return real(*inputs, **options, steps=12, starts=2, feature_weight=0)

    def interrupting(output: torch.Tensor) -> torch.Tensor:
        calls[0] += 1
        if calls[0] == 75:
            signal.raise_signal(signal.SIGINT)
        return dw.to_images(output)

    monkeypatch.setattr(painting, "invert", short)
    options = {"image": picture, "to_images": interrupting, "layer": LAYER, "progress": False, "n": 3}
    with pytest.raises(dw.Interrupted, match="dB so far"):
        dw.NeuronPainter(generator, dissection, **options)
    (held,) = dw.interrupted()
    assert 0 < held.done < 24
    painter = dw.NeuronPainter(generator, dissection, **options)
    assert painter.on_image and not dw.interrupted()


def test_samples_and_the_image_take_turns(monkeypatch: pytest.MonkeyPatch, inversion: dw.Inversion) -> None:
    painter = small_painter(image=inversion, seed=3)
    own = pixels(painter.original)
    painter.next_sample()
    assert not painter.on_image and painter.seed == 4
    assert (pixels(painter.original) == pixels(small_painter(seed=4).original)).all()
    ask(painter, monkeypatch, kind="do", what="image")
    assert painter.on_image and (pixels(painter.original) == own).all()
    ask(painter, monkeypatch, kind="seed", seed=4)
    assert not painter.on_image and not (pixels(painter.original) == own).all()
    painter.on_image = True
    painter.seed = 9
    assert not painter.on_image


def test_without_an_image_there_is_none_to_paint_on() -> None:
    painter = small_painter()
    assert painter.inversion is None and not painter.on_image
    with pytest.raises(TraitError, match="there is no image"):
        painter.on_image = True
    with pytest.raises(TraitError, match="there is no image"):
        painter.to_image()


def test_edits_say_which_image_they_are_on(tmp_path: Path, inversion: dw.Inversion) -> None:
    painter = small_painter(image=inversion)
    painter.paint([(0.2, 0.2), (0.6, 0.3)])
    painted = pixels(painter.image)
    painter.save_edits(tmp_path / "strokes.json")
    painter.reset()
    painter.next_sample()
    painter.load_edits(tmp_path / "strokes.json")
    assert painter.on_image and (pixels(painter.image) == painted).all()
    with pytest.raises(SavedError, match="has none"):
        small_painter().load_edits(tmp_path / "strokes.json")
    other = dw.invert(small_generator(), photo(3), steps=2, feature_weight=0, progress=False)
    with pytest.raises(SavedError, match="has another"):
        small_painter(image=other).load_edits(tmp_path / "strokes.json")
    plain = small_painter(seed=6)
    plain.paint([(0.5, 0.5)])
    plain.save_edits(tmp_path / "sample.json")
    assert "image" not in (tmp_path / "sample.json").read_text()
    painter.load_edits(tmp_path / "sample.json")
    assert not painter.on_image and painter.seed == 6


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"layer": "layer5"}, SettingError, "layer='layer5'"),
        ({"generator": small_generator(1)}, SettingError, "other weights"),
        ({"image": torch.rand(3, 16, 12, generator=torch.Generator())}, DataError, "16 x 12 pixels"),
        ({"image": torch.full((3, 16, 16), 7.0)}, DataError, "must lie in"),
        ({"image": "photo.png"}, DataError, "Image.open"),
    ],
)
def test_images_that_do_not_fit_are_refused(
    inversion: dw.Inversion, change: dict[str, Any], error: type[DissectError], message: str
) -> None:
    generator = change.pop("generator", small_generator())
    options = {"layer": LAYER, "image": inversion, "progress": False} | change
    with pytest.raises(error, match=message):
        dw.NeuronPainter(generator, small_dissection(generator), **options)


# ---------------------------------------------------------------------------------------------------- movies


def frames(content: bytes) -> list[np.ndarray]:
    movie = Image.open(io.BytesIO(content))
    found = []
    for place in range(movie.n_frames):
        movie.seek(place)
        found.append(pixels(movie))
    return found


@pytest.mark.parametrize("ending", ["gif", "webp", "PNG"])
def test_a_movie_shows_the_strokes_one_after_the_other(tmp_path: Path, ending: str) -> None:
    painter = small_painter(brush=0.3)
    painter.paint([(0.2, 0.2), (0.6, 0.3)])
    painter.mode = "erase"
    painter.paint([(0.5, 0.6), (0.5, 0.9), (0.8, 0.9)])
    path = tmp_path / "new" / f"strokes.{ending}"
    painter.save_movie(path, width=64)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    movie = Image.open(path)
    assert movie.format == ending.upper() and movie.size == (64, 64)
    assert 20 <= movie.n_frames <= 28 and movie.info.get("loop") == 0
    shots = frames(path.read_bytes())
    assert np.abs(shots[0] - pixels(painter.original.resize((64, 64), Image.Resampling.BICUBIC))).mean() < 6
    assert np.abs(shots[-1] - pixels(painter.image.resize((64, 64), Image.Resampling.BICUBIC))).mean() < 6
    assert np.abs(shots[0] - shots[-1]).max() > 20


def test_strokes_that_are_off_are_left_out_and_many_are_shortened() -> None:
    painter = small_painter()
    painter.paint([(0.2, 0.2)])
    one = len(frames(painter.movie("PNG", width=32)))
    painter.edits = [*painter.edits, {**painter.edits[0], "on": False}]
    assert len(frames(painter.movie("PNG", width=32))) == one
    painter.edits = [painter.edits[0]] * 300
    assert len(frames(painter.movie("PNG", width=16))) <= 250


def test_movies_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    painter = small_painter()
    with pytest.raises(SettingError, match="no strokes"):
        painter.save_movie(tmp_path / "a.gif")
    painter.paint([(0.2, 0.2)])
    with pytest.raises(SettingError, match=r"ends in 'mp4'.*\.gif"):
        painter.save_movie(tmp_path / "a.mp4")
    with pytest.raises(SettingError, match="ends in ''"):
        painter.save_movie(tmp_path / "a")
    for width in (0, 15, 4096, True, 20.5):
        with pytest.raises(SettingError, match="width is"):
            painter.save_movie(tmp_path / "a.gif", width=width)
    (tmp_path / "b.gif").mkdir()
    with pytest.raises(SavedError, match="is a folder"):
        painter.save_movie(tmp_path / "b.gif")
    (tmp_path / "c.gif").write_text("kept")
    with pytest.raises(SettingError):
        painter.save_movie(tmp_path / "c.gif", width=3)
    assert (tmp_path / "c.gif").read_text() == "kept" and len(list(tmp_path.iterdir())) == 2


def test_the_page_gets_a_movie(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = small_painter()
    painter.paint([(0.2, 0.2), (0.5, 0.5)])
    _, (content,) = ask(painter, monkeypatch, kind="movie")
    assert bytes(content[:6]) in (b"GIF89a", b"GIF87a") and len(frames(bytes(content))) > 5


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_the_first_part_of_a_path_is_as_long_as_its_share(share: float) -> None:
    points = [(0.1, 0.2), (0.4, 0.6), (0.4, 0.1), (0.9, 0.1)]
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    part = first_part(points, share)
    length = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(part))
    assert length == pytest.approx(share * sum(lengths)) and part[0] == points[0]
    assert first_part([(0.3, 0.3)], share) == ((0.3, 0.3),)

"""Pixels against brute force: what covers them, with which label, in which color."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dissect_widgets.world.scenery.drawing.canvas import Canvas, Shade
from dissect_widgets.world.scenery.drawing.light import Light
from dissect_widgets.world.scenery.drawing.patterns import PATTERNS, noise, noise_tile
from dissect_widgets.world.scenery.drawing.planes import SCREEN, Camera
from dissect_widgets.world.scenery.drawing.shading import FINE, cover, shade
from dissect_widgets.world.scenery.drawing.shapes import box, ellipse
from dissect_widgets.world.scenery.drawing.surfaces import Surface
from dissect_widgets.world.scenery.names import TEXTURES, number_of

WHITE = Light("day", side=0.0)
SIZE = 24


def drawn(*shapes: tuple[list[tuple[float, float]], Surface, str]) -> Canvas:
    canvas = Canvas(Camera(), WHITE)
    canvas.draw(SCREEN, box(-1, -1, 2, 2), Surface((0.5, 0.25, 0.75)), "wall")
    for outline, surface, name in shapes:
        canvas.draw(SCREEN, outline, surface, name)
    return canvas


CIRCLE = ellipse(0.4, 0.55, 0.31, 0.22)
WEDGE = [(0.1, 0.93), (0.9, 0.5), (0.77, 0.99)]


def test_shares_are_those_of_a_fine_raster() -> None:
    canvas = drawn((CIRCLE, Surface((1, 0, 0)), "clock"), (WEDGE, Surface((0, 1, 0)), "door"))
    fine = SIZE * FINE
    raster = Image.new("L", (fine, fine))
    pen = ImageDraw.Draw(raster)
    for number, outline in ((1, CIRCLE), (2, WEDGE)):
        pen.polygon([(x * fine - 0.5, y * fine - 0.5) for x, y in outline], fill=number)
    samples = np.asarray(raster)
    found = cover(canvas.regions, SIZE)
    shares = np.zeros((3, SIZE * SIZE))
    shares[found.region, found.pixel] = found.share
    for row in range(SIZE):
        for column in range(SIZE):
            block = samples[row * FINE : (row + 1) * FINE, column * FINE : (column + 1) * FINE]
            for region in range(3):
                assert shares[region, row * SIZE + column] == (block == region).mean()


def test_labels_and_colors_of_flat_surfaces() -> None:
    canvas = drawn((CIRCLE, Surface((1, 0.5, 0), "metal"), "clock"), (WEDGE, Surface((0, 1, 0)), "door"))
    picture, labels = shade(canvas, SIZE)
    found = cover(canvas.regions, SIZE)
    colors = np.array([(0.5, 0.25, 0.75), (1, 0.5, 0), (0, 1, 0)])
    names = [number_of(name, "object") for name in ("wall", "clock", "door")]
    for pixel in range(SIZE * SIZE):
        own = found.pixel == pixel
        regions, shares = found.region[own], found.share[own]
        color = (colors[regions] * shares[:, None]).sum(0)
        row, column = divmod(pixel, SIZE)
        assert np.abs(picture[row, column] / 255.0 - color).max() <= 0.5 / 255 + 1e-6
        assert labels[0, row, column] == names[regions[shares.argmax()]]
    metal = number_of("metal", "material")
    assert ((labels[2] == metal) == (labels[0] == names[1])).all() and not labels[1].any()


def test_brightness_is_a_quadratic_of_the_place() -> None:
    canvas = Canvas(Camera(), WHITE)
    way = Shade(0.6, u=0.2, v=-0.1, uu=0.1, vv=0.05)
    canvas.draw(SCREEN, box(0, 0, 1, 1), Surface((0.8, 0.8, 0.8)), "wall", shade=way)
    picture, _ = shade(canvas, SIZE)
    place = (np.arange(SIZE) + 0.5) / SIZE * 2 - 1
    u, v = np.meshgrid(place, place)
    bright = 0.8 * (0.6 + 0.2 * u - 0.1 * v + 0.1 * u * u + 0.05 * v * v)
    assert np.abs(picture[:, :, 0] / 255.0 - bright).max() < 0.6 / 255


def test_distance_fades_into_haze() -> None:
    light = WHITE._replace(visibility=10.0, sky=((0, 0, 1), (0, 0, 1)))
    canvas = Canvas(Camera(), light)
    canvas.draw(canvas.camera.upright(0, 30), box(-99, -99, 99, 99), Surface((1, 0, 0)), "wall")
    picture, _ = shade(canvas, SIZE)
    assert picture[5, 5].tolist() == [64, 0, 191]  # 30 m: three parts haze to one of its own


@pytest.mark.parametrize("name", TEXTURES)
def test_textures_repeat_and_are_labeled_where_they_can_be_seen(name: str) -> None:
    u, v = (
        a.ravel().astype(np.float32) for a in np.meshgrid(np.linspace(0, 1.9, 41), np.linspace(0, 1.9, 43))
    )
    pixel = np.full_like(u, 0.02)
    share = PATTERNS[name](u, v, pixel)
    assert share.dtype == np.float32 and share.min() >= 0 and share.max() <= 1
    assert share.max() - share.min() > 0.9, "both colors are there"
    if name not in ("marbled", "flecked", "wrinkled"):  # the irregular ones do not repeat so soon
        assert np.abs(PATTERNS[name](u + 4, v + 2, pixel) - share).mean() < 0.01
    for period, seen in ((0.25, True), (0.01, False)):
        surface = Surface((1, 1, 1), "fabric", name, (0, 0, 0), (period, period))
        _, labels = shade(drawn((box(0.2, 0.2, 0.8, 0.8), surface, "curtain")), 64)
        inside = labels[3][20:44, 20:44]
        assert (inside == (number_of(name, "texture") if seen else 0)).all()


def test_noise_has_no_seams() -> None:
    tile = noise_tile()
    assert abs(float(tile.mean())) < 0.1 and 0.2 < float(tile.std()) < 0.6
    inner = np.abs(np.diff(tile, axis=0)).max()
    assert np.abs(tile[0] - tile[-1]).max() <= inner and np.abs(tile[:, 0] - tile[:, -1]).max() <= inner * 1.5
    u = np.array([0.3, 16.3, -15.7], np.float32)
    assert len(set(noise(u, u).tolist())) == 1, "it repeats after 16 grains"


def test_a_crop_is_what_a_larger_picture_has_there() -> None:
    whole = drawn((CIRCLE, Surface((1, 0.5, 0), "metal", rough=0.3), "clock"))
    part = drawn((CIRCLE, Surface((1, 0.5, 0), "metal", rough=0.3), "clock"))
    part.crop(0.25, 0.5, 0.5)
    large, small = shade(whole, 64), shade(part, 32)
    assert (small[1] == large[1][:, 32:64, 16:48]).all()
    away = np.abs(small[0].astype(int) - large[0][32:64, 16:48].astype(int)).max(2)
    assert (away > 1).mean() < 0.02  # noise may fall on its next sample
    assert part.extent("clock")[0] == pytest.approx((0.09 - 0.25) / 0.5)

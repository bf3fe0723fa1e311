"""Boxes for layers, units with their images, and maps of change."""

from __future__ import annotations

import io
from base64 import b64decode
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from PIL import Image
from scipy.ndimage import map_coordinates

import dissect_widgets as dw
from dissect_widgets.core.attacks.change_maps import ChangeMaps
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.network.layers import LayerInfo
from dissect_widgets.errors import LayerError, SettingError
from dissect_widgets.plots.architectures import architecture
from dissect_widgets.plots.changed_maps import FALL, RISE, changed_images
from dissect_widgets.plots.units import filter_view, unit_rows
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet

LAYERS = [
    LayerInfo("first", "Conv2d", "map", (1, 4, 20, 28), 4, 20, 28, 1),
    LayerInfo("<b>", "Conv2d", "map", (1, 9, 5, 7), 9, 5, 7, 1),
    LayerInfo("last", "Linear", "vector", (1, 16), 16, 1, 1, 1),
]


def image(figure: go.Figure, number: int) -> Any:
    data = figure.layout.images[number].source.split(",")[1]
    return np.asarray(Image.open(io.BytesIO(b64decode(data))).convert("RGB")).astype(float)


def test_boxes_are_as_large_as_layers() -> None:
    (bars,) = architecture(LAYERS).data
    assert np.asarray(bars.y) == pytest.approx([20**0.5, 5**0.5, 1])
    assert np.asarray(bars.width) == pytest.approx([2, 3, 4])
    assert np.asarray(bars.base) == pytest.approx(-np.asarray(bars.y) / 2)
    edges = np.stack(
        [np.asarray(bars.x) - np.asarray(bars.width) / 2, bars.x + np.asarray(bars.width) / 2], 1
    )
    assert (np.diff(edges.ravel()) > 0).all()  # no box covers another
    shown = [note.text for note in architecture(LAYERS).layout.annotations]
    assert shown == ["4<br>20 x 28", "9<br>5 x 7", "16<br>1 x 1", "units<br>map"]
    some = architecture(LAYERS, ["last", "<b>"])
    assert (
        some.layout.xaxis.ticktext == ("last", "&lt;b&gt;")
        and "&lt;b&gt; (Conv2d)" in some.data[0].hovertext[1]
    )
    with pytest.raises(LayerError, match=r"no layer 'lsat'. Did you mean 'last'"):
        architecture(LAYERS, ["lsat"])
    with pytest.raises(LayerError, match="no layers"):
        architecture([])


@pytest.fixture
def dissection(tiny: TinyNet, images: ArrayImages) -> dw.Dissection:
    return dw.dissect(
        tiny, ["mix"], images, level=[0.2, 0.05], settings=dw.Settings(exemplars=3), progress=False
    )


def test_rows_of_units(dissection: dw.Dissection) -> None:
    layer = dissection["mix"]
    drawn = unit_rows(dissection, "mix", [3, 1], 2, level=0.05)
    best = layer.best(level=0.05)
    for note, unit in zip(drawn.layout.annotations, (3, 1), strict=True):
        name = dissection.vocabulary[int(best.concept[unit])]
        assert note.text == f'unit {unit} "{name.name}" ({name.category}), IoU {best.iou[unit]:.3f}'
    assert len(drawn.layout.images) == 2 and not drawn.layout.title.text
    lines = unit_rows(dissection, "mix", [3, 1], lines=["<i>", "two"], title="<u>")
    assert [note.text for note in lines.layout.annotations] == ["&lt;i&gt;", "two"]
    assert lines.layout.title.text == "&lt;u&gt;"
    for units, extra, message in (
        ([], {}, "no units"),
        ([5], {}, "no unit 5; mix has units 0 to 4"),
        ([-1], {}, "no unit -1"),
        ([1], {"lines": ["a", "b"]}, "2 lines for 1 units"),
        ([1], {"count": 0}, "count is 0"),
    ):
        with pytest.raises(SettingError, match=message):
            unit_rows(dissection, "mix", units, **extra)  # type: ignore[arg-type]


@pytest.mark.parametrize("exemplar", [0, 2])
def test_a_filter(dissection: dw.Dissection, exemplar: int) -> None:
    layer, grid = dissection["mix"], dissection["mix"].exemplar_grid
    drawn = filter_view(dissection, "mix", 2, exemplar=exemplar)
    stored = Image.open(io.BytesIO(dissection.thumbnails[int(layer.exemplar_image[2, exemplar])]))
    expected = np.asarray(stored.resize((224, 160), Image.Resampling.BILINEAR)).astype(float)
    for number in (0, 2):
        assert np.abs(image(drawn, number) - expected).mean() < 4
    y = ((np.arange(160) + 0.5) * 20 / 160 - 0.5 - grid.top) / grid.step_y
    x = ((np.arange(224) + 0.5) * 28 / 224 - 0.5 - grid.left) / grid.step_x
    where = np.meshgrid(y.clip(0, grid.height - 1), x.clip(0, grid.width - 1), indexing="ij")
    values = map_coordinates(layer.exemplar_map[2, exemplar].astype(float), where, order=1)
    glow = 255 * (values - values.min()) / np.ptp(values)
    assert np.abs(image(drawn, 1).mean(2) - glow).mean() < 3
    assert len(drawn.layout.shapes) == 2  # the outline, in two colors
    shown = [note.text.replace("<br>", " ") for note in drawn.layout.annotations]
    assert shown == ["image", "activation of unit 2", "above its top 20 %"]
    with pytest.raises(SettingError, match="no exemplar 3; unit 2 of mix has 3, from 0"):
        filter_view(dissection, "mix", 2, exemplar=3)
    with pytest.raises(SettingError, match="no unit 5"):
        filter_view(dissection, "mix", 5)


class Attack:
    """As much of an attack as the figure looks at."""

    adversarial = torch.nn.functional.interpolate(  # smooth, as JPEG likes it
        torch.rand((3, 3, 2, 3), generator=torch.Generator().manual_seed(0)), (16, 24), mode="bilinear"
    )

    def __len__(self) -> int:
        return 3


def changes() -> ChangeMaps:
    random = np.random.default_rng(0)
    before, after = random.normal(size=(2, 3, 2, 4, 6)).astype(np.float32)
    after[1, 1] = before[1, 1]  # a unit that does not change
    return ChangeMaps("conv", (7, 3), before, after, Grid.half_pixel(4, 6, (16, 24)))


def test_maps_of_change() -> None:
    made, attack = changes(), Attack()
    drawn = changed_images(made, attack, 1, concepts=["<i>", "sea"], limit=2.0)  # type: ignore[arg-type]
    gray = attack.adversarial[1].numpy().mean(0) * 0.7 * 255
    assert np.abs(image(drawn, 1) - gray[..., None]).mean() < 4  # JPEG
    y, x = (np.arange(16) + 0.5) / 4 - 0.5, (np.arange(24) + 0.5) / 4 - 0.5
    where = np.meshgrid(y.clip(0, 3), x.clip(0, 5), indexing="ij")
    change = map_coordinates((made.adversarial[1, 0] - made.clean[1, 0]).astype(float), where, order=1) / 2
    strength = np.abs(change).clip(0, 1)
    shown = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in (FALL, RISE)])
    expected = (1 - strength)[..., None] * gray[..., None] + strength[..., None] * shown[
        (change > 0).astype(int)
    ]
    assert np.abs(image(drawn, 0) - expected).mean() < 8
    rise = made.adversarial[1, 0].max() - made.clean[1, 0].max()
    told_so = drawn.layout.annotations[0].text.replace("<br>", " ").replace("\u00a0", " ")
    assert told_so == f"unit 7 &lt;i&gt; Δ peak {rise:+.1f}".replace("-", "−")
    assert "unit 3 sea Δ peak +0.0" in drawn.layout.annotations[1].text.replace("<br>", " ").replace(
        "\u00a0", " "
    )


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"image": 3}, "no image 3; the attack has images 0 to 2"),
        ({"image": -1}, "no image -1"),
        ({"concepts": ["a"]}, "1 concepts for 2 units"),
        ({"limit": 0.0}, r"limit is 0\.0"),
    ],
)
def test_maps_of_something_else(extra: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        changed_images(changes(), Attack(), **extra)  # type: ignore[arg-type]

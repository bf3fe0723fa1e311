"""The data of a report's unit browser, as blocks of text in the page."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.network.grid import Grid
from dissect_widgets.widgets.unit_browser.data import UnitData

_MAP_SIDE = 28  # larger maps are thinned, for a small page
_IMAGE_SIDE = 192


def browser_blocks(data: UnitData, exemplars: int) -> str:
    """Units, maps and images of all layers, each in an element that page_source.js reads."""
    about = data.about()
    about["concepts"] = {0: ["-", ""]} | about["concepts"]
    blocks, images = {"columns": data.columns()}, set()
    for number, layer in enumerate(data.dissection.layers):
        units, maps, grid = _layer(data, number, layer, exemplars)
        about["layers"][number] |= {
            "grid": list(grid[:6]),
            "exemplars": min(exemplars, about["layers"][number]["exemplars"]),
        }
        blocks[f"units-{number}"], blocks[f"maps-{number}"] = _json(units), maps
        images |= {image for unit in units for image in unit["images"]}
    blocks["about"] = _json(about)
    texts = [_block(name, gzip.compress(content, 6, mtime=0)) for name, content in blocks.items()]
    texts += [_block(f"image-{image}", data.image(image, _IMAGE_SIDE)) for image in sorted(images)]
    return "".join(texts)


def _layer(
    data: UnitData, number: int, layer: LayerDissection, exemplars: int
) -> tuple[list[dict[str, Any]], bytes, Grid]:
    """Units of a layer, and their maps in 256 levels between the minimum and maximum of each map."""
    units, pieces, start = [], [], 0
    step = -(-max(layer.exemplar_grid.height, layer.exemplar_grid.width) // _MAP_SIDE)
    maps, grid = _thin(layer.exemplar_map[:, :exemplars].astype(np.float32), layer.exemplar_grid, step)
    for unit in range(layer.units):
        exemplar = data.exemplars(number, unit, exemplars)
        count = len(exemplar["images"])
        flat = maps[unit, :count].reshape(count, grid.height * grid.width)  # count may be 0
        low, high = flat.min(1, initial=np.inf), flat.max(1, initial=-np.inf)
        scale = 255 / np.maximum(high - low, 1e-20)
        pieces.append(np.round((flat - low[:, None]) * scale[:, None]).astype(np.uint8).tobytes())
        units.append(
            {
                "images": exemplar["images"],
                "max_activations": exemplar["max_activations"],
                "ranges": [[float(a), float(b)] for a, b in zip(low, high, strict=True)],
                "start": start,
                "detail": data.detail(number, unit),
            }
        )
        start += count
    return units, b"".join(pieces), grid


def _thin(maps: NDArray[np.float32], grid: Grid, step: int) -> tuple[NDArray[np.float32], Grid]:
    """Every step-th row and column of maps (..., height, width), and their grid."""
    first = step // 2
    thin = maps[..., first::step, first::step]
    return thin, grid._replace(
        height=thin.shape[-2],
        width=thin.shape[-1],
        top=grid.top + first * grid.step_y,
        left=grid.left + first * grid.step_x,
        step_y=grid.step_y * step,
        step_x=grid.step_x * step,
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _block(name: str, content: bytes) -> str:
    return f'<script type="text/plain" id="{name}">{b64encode(content).decode()}</script>\n'

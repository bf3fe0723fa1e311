"""A dissection as one page to send: it works offline, with the unit browser and all pictures in it.

>>> write_report(dissection, "report.html")
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.core.grid import Grid
from dissect_widgets.core.layer_result import Denominator, LayerDissection
from dissect_widgets.core.result import Dissection
from dissect_widgets.core.workspace import full_disk
from dissect_widgets.plots.concepts import concept_bars
from dissect_widgets.plots.layers import layer_bars
from dissect_widgets.widgets._base import front_end, style
from dissect_widgets.widgets.unit_data import UnitData

_MAP_SIDE = 28  # larger maps are read at every n-th position: a page is to be small
_PICTURE_SIDE = 192


def write_report(
    dissection: Dissection,
    path: str | Path,
    *,
    exemplars: int = 6,
    level: float | None = None,
    denominator: Denominator = "all",
) -> Path:
    """Write a page that shows a dissection in any browser, without a network or a server.

    Parameters
    ----------
    dissection
        What to show.
    path
        HTML file; its folder must exist.
    exemplars
        How many of each unit.
    level, denominator
        See `LayerDissection.iou`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    StorageError
        If the disk is full.
    """
    path = Path(path)
    page = _page(dissection, UnitData(dissection, level=level, denominator=denominator), exemplars)
    with full_disk(path):
        path.write_text(page, "utf-8")
    return path


def _page(dissection: Dissection, data: UnitData, exemplars: int) -> str:
    about = data.about()
    about["concepts"] = {0: ["-", ""]} | about["concepts"]
    blocks, shown = {"columns": data.columns()}, set()
    for number, layer in enumerate(dissection.layers):
        units, maps, grid = _layer(data, number, layer, exemplars)
        about["layers"][number] |= {
            "grid": list(grid[:6]),
            "exemplars": min(exemplars, about["layers"][number]["exemplars"]),
        }
        blocks[f"units-{number}"], blocks[f"maps-{number}"] = _json(units), maps
        shown |= {image for unit in units for image in unit["images"]}
    blocks["about"] = _json(about)
    scripts = [_block(name, gzip.compress(content, 6, mtime=0)) for name, content in blocks.items()]
    scripts += [_block(f"picture-{image}", data.picture(image, _PICTURE_SIDE)) for image in sorted(shown)]
    code = front_end("dom", "maps", "ask", "source", "cards", "detail", "browser", "local_state", "report")
    title = f"Units of {dissection.model}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{style("browser", "report")}
</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p class="soft">{_facts(dissection)}</p>
<h2>Units</h2>
<div id="browser"></div>
<h2>Detectors, and their distinct concepts</h2>
<div class="scroll">{_table(dissection, data)}</div>
{_charts(dissection, data)}
<h2>How it was made</h2>
{_provenance(dissection)}
{"".join(scripts)}
<script type="module">
{code}
</script>
</body>
</html>
"""


def _layer(
    data: UnitData, number: int, layer: LayerDissection, exemplars: int
) -> tuple[list[dict[str, Any]], bytes, Grid]:
    """Units of a layer, and their maps in 256 levels between each one's least and greatest value."""
    units, pieces, start = [], [], 0
    step = -(-max(layer.exemplar_grid.height, layer.exemplar_grid.width) // _MAP_SIDE)
    maps, grid = _thin(layer.exemplar_map[:, :exemplars].astype(np.float32), layer.exemplar_grid, step)
    for unit in range(layer.units):
        known = data.exemplars(number, unit, exemplars)
        count = len(known["images"])
        own = maps[unit, :count].reshape(count, -1)
        low, high = own.min(1, initial=np.inf), own.max(1, initial=-np.inf)
        scale = 255 / np.maximum(high - low, 1e-20)
        pieces.append(np.round((own - low[:, None]) * scale[:, None]).astype(np.uint8).tobytes())
        units.append(
            {
                "images": known["images"],
                "peaks": known["peaks"],
                "ranges": [[float(a), float(b)] for a, b in zip(low, high, strict=True)],
                "start": start,
                "detail": data.detail(number, unit),
            }
        )
        start += count
    return units, b"".join(pieces), grid


def _thin(maps: NDArray[np.float32], grid: Grid, step: int) -> tuple[NDArray[np.float32], Grid]:
    """Every step-th row and column of maps (..., height, width), and where they lie."""
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


def _facts(dissection: Dissection) -> str:
    height, width = dissection.picture_size
    categories = ", ".join(
        f"{int((dissection.vocabulary.category_of == i).sum())} {escape(category)}"
        for i, category in enumerate(dissection.vocabulary.categories)
    )
    skipped = f"; {len(dissection.skipped)} skipped" if dissection.skipped else ""
    return f"{dissection.images} images of {height} x {width} pixels{skipped}; concepts: {categories}."


def _table(dissection: Dissection, data: UnitData) -> str:
    categories = [*dissection.vocabulary.categories, "all"]
    rows = []
    for layer in dissection.layers:
        counts = layer.count_detectors(level=data.level, denominator=data.denominator)
        cells = "".join(f"<td>{counts[c].detectors} ({counts[c].unique})</td>" for c in categories)
        rows.append(f"<tr><th>{escape(layer.name)}</th><td>{layer.units}</td>{cells}</tr>")
    head = "".join(f"<th>{escape(name)}</th>" for name in ("layer", "units", *categories))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _charts(dissection: Dissection, data: UnitData) -> str:
    options: dict[str, Any] = {"level": data.level, "denominator": data.denominator}
    figures = [layer_bars(dissection, **options)] if len(dissection.layers) > 1 else []
    figures += [concept_bars(layer, **options) for layer in dissection.layers[::-1]]
    config = {"displayModeBar": False, "responsive": True}
    pieces = [
        figure.to_html(full_html=False, include_plotlyjs=number == 0, config=config)
        for number, figure in enumerate(figures)
    ]
    return f"<h2>Concepts</h2>{''.join(pieces)}"


def _provenance(dissection: Dissection) -> str:
    told = {key: json.dumps(v) if isinstance(v, dict) else str(v) for key, v in dissection.provenance.items()}
    rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in told.items())
    skipped = "".join(f"<li>{escape(name)}: {escape(reason)}</li>" for name, reason in dissection.skipped)
    parts = [("Digests, settings, versions", f"<div class='scroll'><table>{rows}</table></div>")]
    parts += [("Skipped images", f"<ul>{skipped}</ul>")] if skipped else []
    return "".join(f"<details><summary>{title}</summary>{text}</details>" for title, text in parts)

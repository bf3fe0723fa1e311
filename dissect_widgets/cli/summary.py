"""A dissection as a table of text, and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dissect_widgets.core.dissection.result import Dissection


def summary(dissection: Dissection) -> dict[str, Any]:
    """Counts of detectors as JSON can hold them."""
    return {
        "model": dissection.model,
        "images": dissection.images,
        "skipped": [list(skipped) for skipped in dissection.skipped],
        "layers": {
            layer.name: {
                "units": layer.units,
                "upsample": layer.grid.rule,
                "constant_units": int(layer.constant.sum()),
                "detectors": {c: n.detectors for c, n in layer.count_detectors().items()},
                "unique_detectors": {c: n.unique for c, n in layer.count_detectors().items()},
            }
            for layer in dissection.layers
        },
    }


def table(dissection: Dissection) -> str:
    """Detectors and unique detectors of each layer and category, as text."""
    categories = [*dissection.vocabulary.categories, "all"]
    rows = [("layer", "units", *categories)]
    for layer in dissection.layers:
        counts = layer.count_detectors()
        cells = (f"{counts[c].detectors} ({counts[c].unique})" for c in categories)
        rows.append((layer.name, str(layer.units), *cells))
    lines = [f"Detectors (distinct concepts) of {dissection.model} over {dissection.images} images", ""]
    lines.append(align(rows))
    for name, reason in dissection.skipped:
        lines.append(f"skipped {name}: {reason}")
    constant = {x.name: int(x.constant.sum()) for x in dissection.layers if x.constant.any()}
    lines += [f"{count} units of {name} never change, and detect nothing" for name, count in constant.items()]
    return "\n".join(lines)


def align(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as lines of text, in columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows)

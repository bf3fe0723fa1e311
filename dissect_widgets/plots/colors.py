"""Colors of categories and outlines, those of the widgets' pages; they need no plotly."""

from __future__ import annotations

from collections.abc import Sequence

CATEGORY_COLORS = {
    "object": "#0072b2",
    "part": "#d55e00",
    "material": "#009e73",
    "texture": "#cc79a7",
    "scene": "#e69f00",
    "color": "#56b4e9",
}
"""Okabe and Ito's colors; the widgets use the same."""
OTHER_COLORS = ("#8c6d31", "#7570b3", "#666666")
OUTLINE = (255, 212, 0)
"""Border of a region on an image, as in maps.js."""


def category_color(category: str, categories: Sequence[str]) -> str:
    """Color of a category; those beyond the papers' six reuse three more colors in turn."""
    if category in CATEGORY_COLORS:
        return CATEGORY_COLORS[category]
    others = [name for name in categories if name not in CATEGORY_COLORS]
    return OTHER_COLORS[others.index(category) % len(OTHER_COLORS)]

"""Closing a widget with what it consists of: ipywidgets leaves its layout and its style behind."""

from __future__ import annotations

from typing import Any

import ipywidgets
from ipywidgets.widgets.widget import _instances as live  # what ipywidgets keeps alive, by model id


def close_parts(widget: Any) -> None:
    """Close the layout and the style of a widget, unless another one has them too."""
    for name in ("layout", "style"):
        part = widget._trait_values.get(name) if isinstance(widget, ipywidgets.Widget) else None
        if isinstance(part, ipywidgets.Widget) and not _is_shared(part, name, widget):
            part.close()


def _is_shared(part: Any, name: str, owner: Any) -> bool:
    return any(other is not owner and other._trait_values.get(name) is part for other in list(live.values()))

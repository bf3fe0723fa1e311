"""Parts of a report's sections: figures, which the page draws when they come into sight, and tables."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import unescape
from typing import Any, NamedTuple

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from dissect_widgets.plots.names import inert, short

_LONGEST_NAME, _LONGEST_TITLE = 80, 2000  # characters
_TITLE = 36  # height of a figure's title, which the page shows above the figure
_EDGE = 12  # top margin without it
_BAR, _BAR_WITH_TEXT, _AXIS = 15, 50, 110  # widths of a bar, of one with a text, and of the axis


class Section(NamedTuple):
    """A part of the page, with a heading."""

    name: str
    """Name of its anchor."""
    title: str
    content: str
    """HTML."""


def chart(figure: go.Figure, note: str = "", *, folded: bool = False) -> str:
    """HTML of a figure: its title, a box for it, a note below, and the data that the page draws it from.

    A figure without a width is as wide as the page; bars with names get the width that these need, and
    scroll where the page is narrower. A folded figure shows its title alone until it is opened.
    """
    drawn: dict[str, Any] = json.loads(figure.to_json())
    layout = drawn["layout"]
    title = _plain((layout.pop("title", None) or {}).get("text") or "")
    if title:
        margin = layout.setdefault("margin", {})
        saved = min(_TITLE, max(margin.get("t", 100) - _EDGE, 0))
        margin["t"] = margin.get("t", 100) - saved
        layout["height"] = layout.get("height", 450) - saved
    layout.setdefault("height", 450)
    size = f"height:{layout['height']:.0f}px"
    if "width" in layout:
        size += f";width:{layout['width']:.0f}px"
    else:
        size += f";min-width:{_least_width(figure)}px"
    content = json.dumps(drawn, separators=(",", ":")).replace("<", "\\u003c")
    shown = (
        f'<div class="scroll"><div class="plot" role="img" aria-label="{inert(title)}" style="{size}"></div>'
        f'</div><script type="application/json">{content}</script>'
    )
    shown += f'<p class="note">{inert(note)}</p>' if note else ""
    if folded:
        shown = f"<details><summary>{inert(title)}</summary>{shown}</details>"
    elif title:
        shown = f"<figcaption>{inert(title)}</figcaption>{shown}"
    return f"<figure>{shown}</figure>\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, kind: str = "") -> str:
    """HTML of a table whose cells are HTML; the first cell of a row is its heading."""
    top = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>\n'
        for first, *rest in rows
    )
    return (
        f'<div class="scroll {kind}" tabindex="0"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>\n"
    )


def plotly_block() -> str:
    """The one copy of plotly.js; the page runs it when the first figure comes into sight."""
    return f'<script type="text/plain" id="plotly">{get_plotlyjs()}</script>\n'


def named(name: str) -> str:
    """HTML of a name: one line of text; a long one is shortened, and whole where one points at it."""
    if len(name) <= _LONGEST_NAME:
        return inert(name)
    return f'<span title="{inert(name[:_LONGEST_TITLE])}">{inert(short(name, _LONGEST_NAME))}</span>'


def count(number: int, noun: str) -> str:
    """A number with a noun: "1 image", "2 images"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _plain(title: str) -> str:
    """A title of plotly, which is HTML, as text."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", title)).split())


def _least_width(figure: go.Figure) -> int:
    if figure.layout.xaxis.type != "category":
        return 0
    names = {str(x) for trace in figure.data for x in (() if trace.x is None else trace.x)}
    has_text = any(trace.type == "bar" and trace.text is not None for trace in figure.data)
    return _AXIS + (_BAR_WITH_TEXT if has_text else _BAR) * len(names)

"""What the sections of a report are made of: figures that the page draws when they come into sight."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape, unescape
from typing import Any, NamedTuple

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

_TITLE = 36  # height of a figure's own title, which stands above it in the page
_EDGE = 12  # margin that is left without it
_BAR, _TOLD_BAR, _AXIS = 15, 50, 110  # width of a bar with a name, of one with a text, of what is beside them


class Section(NamedTuple):
    """A part of the page, with a heading."""

    name: str
    """Of its anchor."""
    title: str
    content: str
    """HTML."""


def chart(figure: go.Figure, note: str = "", *, folded: bool = False) -> str:
    """HTML of a figure: its title, room for it, a note below, and what the page draws it from.

    A figure without a width of its own is as wide as the page; bars with names get the room that these
    need, and scroll where the page has less. One that is folded shows its title alone, until it is opened.
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
        f'<div class="scroll"><div class="plot" role="img" aria-label="{escape(title)}" style="{size}"></div>'
        f'</div><script type="application/json">{content}</script>'
    )
    shown += f'<p class="note">{escape(note)}</p>' if note else ""
    if folded:
        shown = f"<details><summary>{escape(title)}</summary>{shown}</details>"
    elif title:
        shown = f"<figcaption>{escape(title)}</figcaption>{shown}"
    return f"<figure>{shown}</figure>\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, kind: str = "") -> str:
    """HTML of a table whose cells are HTML; the first of each row is its heading."""
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


def count(number: int, what: str) -> str:
    """A number with the word for what it is of."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def _plain(title: str) -> str:
    """A title of plotly, which reads it as HTML, as text."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", title)).split())


def _least_width(figure: go.Figure) -> int:
    if figure.layout.xaxis.type != "category":
        return 0
    names = {str(x) for trace in figure.data for x in (() if trace.x is None else trace.x)}
    told = any(trace.type == "bar" and trace.text is not None for trace in figure.data)
    return _AXIS + (_TOLD_BAR if told else _BAR) * len(names)

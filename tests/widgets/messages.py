"""What a page sends to its widget."""

from __future__ import annotations

from typing import Any

import pytest


def ask(widget: Any, monkeypatch: pytest.MonkeyPatch, **question: Any) -> tuple[dict[str, Any], list[bytes]]:
    """Ask a widget as its page does; returns the content and the buffers of its one answer."""
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append((content, buffers)))
    widget._handle_custom_msg({"id": "a-1", **question}, [])
    ((content, buffers),) = sent
    assert content["id"] == "a-1"
    return content, buffers

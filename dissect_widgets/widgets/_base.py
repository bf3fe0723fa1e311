"""What all widgets share: front ends made of small files, and traits that say what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anywidget
from traitlets import TraitError

from dissect_widgets.errors import nearest

STATIC = Path(__file__).parent / "static"


def front_end(*names: str) -> str:
    """JavaScript module made of files that follow one another; the last holds its exports."""
    return "\n".join((STATIC / f"{name}.js").read_text("utf-8") for name in names)


def style(*names: str) -> str:
    """Style sheet made of files that follow one another."""
    return "\n".join((STATIC / f"{name}.css").read_text("utf-8") for name in names)


def one_of(name: str, value: str, allowed: Iterable[str]) -> str:
    """Return the value of a trait, if it is one of those that are allowed; TraitError if not."""
    allowed = list(allowed)
    if value not in allowed:
        raise TraitError(f"{name} is {value!r}.{nearest(value, allowed)}")
    return value


class Answering(anywidget.AnyWidget):
    """A widget whose page asks for what it shows when it comes into sight."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._answer)

    def _answer(self, _widget: Any, question: dict[str, Any], _buffers: Any) -> None:
        """Send what the page asks for; an error too is an answer, so that the page never waits in vain."""
        try:
            content, buffers = self._find(question)
        except Exception as error:
            content, buffers = {"error": f"{type(error).__name__}: {error}"}, []
        self.send({"id": question.get("id"), **content}, buffers)

    def _find(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Content and buffers of the answer to a question, which has a `kind`."""
        raise NotImplementedError

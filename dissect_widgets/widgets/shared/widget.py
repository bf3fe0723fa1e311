"""What all widgets share: front ends made of small files, and traits that say what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import anywidget
from traitlets import TraitError

from dissect_widgets.errors import nearest

PACKAGE = Path(__file__).parents[2]


def front_end(*names: str) -> str:
    """JavaScript module made of files that follow one another; the last holds its exports."""
    return "\n".join((PACKAGE / f"{name}.js").read_text("utf-8") for name in names)


def style(*names: str) -> str:
    """Style sheet made of files that follow one another."""
    return "\n".join((PACKAGE / f"{name}.css").read_text("utf-8") for name in names)


def one_of(name: str, value: str, allowed: Iterable[str]) -> str:
    """Return the value of a trait, if it is one of those that are allowed; TraitError if not."""
    allowed = list(allowed)
    if value not in allowed:
        raise TraitError(f"{name} is {value!r}.{nearest(value, allowed)}")
    return value


def answer_page(
    widget: anywidget.AnyWidget, find: Callable[[dict[str, Any]], tuple[dict[str, Any], list[bytes]]]
) -> None:
    """Let a widget answer what its page asks for, as that comes into sight.

    Parameters
    ----------
    widget
        The widget.
    find
        Question, which has a `kind`, to the content and buffers of the answer.
    """

    def answer(_widget: Any, question: dict[str, Any], _buffers: Any) -> None:
        try:  # an error too is an answer, so that the page never waits in vain
            content, buffers = find(question)
        except Exception as error:
            content, buffers = {"error": f"{type(error).__name__}: {error}"}, []
        widget.send({"id": question.get("id"), **content}, buffers)

    widget.on_msg(answer)

"""What all widgets share: a base that answers its page, and traits that say what is allowed."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import anywidget
import traitlets
from traitlets import TraitError

from dissect_widgets.errors import nearest, shown
from dissect_widgets.widgets.shared.guarded import Guarded, said
from dissect_widgets.widgets.shared.leaves_still import LeavesStill
from dissect_widgets.widgets.shared.messages import Question, check_answer, key_of, read_question, shortened
from dissect_widgets.widgets.shared.wire import from_page, to_page

Answer = tuple[dict[str, Any], list[bytes]]
"""Content and buffers of an answer to a page."""


class Widget(LeavesStill, Guarded, anywidget.AnyWidget):
    """A widget whose page asks for data as they come into sight.

    A subclass has `_esm` and `_css` (see `front_end`), traits, the `_questions` of its page and an `_answer`
    to each, and a `still` for saved notebooks.

    Parameters
    ----------
    **traits
        First values of traits.

    Raises
    ------
    TypeError
        If there is no trait of a name; it names the nearest keyword.
    """

    _questions: Any = Question
    """What the page may ask: a `Question`, or a union of them."""
    _still_key = traitlets.Unicode(help="Which outputs are the widget's still.").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._check_keywords(traits)
        super().__init__(**traits)
        self.on_msg(self._receive)

    @classmethod
    def _check_keywords(cls, traits: Iterable[str]) -> None:
        """Raise TypeError if there is no trait of a name; a subclass may call it before it does its work."""
        unknown = [name for name in traits if name not in cls.class_trait_names()]
        if unknown:
            allowed = nearest(unknown[0], cls._keywords())
            raise TypeError(f"{cls.__name__}() got an unexpected keyword {shown(unknown[0])}.{allowed}")

    @classmethod
    def _keywords(cls) -> list[str]:
        """Keywords of the constructor: its parameters, and the public traits that the class has added."""
        parameters = inspect.signature(cls.__init__).parameters.values()
        named = [p.name for p in parameters if p.name != "self" and p.kind is not p.VAR_KEYWORD]
        inherited = set(anywidget.AnyWidget.class_trait_names())
        added = [name for name in cls.class_trait_names(sync=True) if name not in inherited]
        return list(dict.fromkeys([*named, *(name for name in added if not name.startswith("_"))]))

    def _receive(self, _widget: Any, content: Any, buffers: Any) -> None:
        """Answer a question of the page; an error is an answer too, so that the page never waits in vain."""
        answer: dict[str, Any]
        parts: list[bytes]
        try:
            answer, parts = self._answer(read_question(from_page(content), self._questions, buffers))
            check_answer(to_page(answer), parts)
        except (Exception, KeyboardInterrupt) as error:
            answer, parts = {"error": said(error)}, []
        self.send({"id": key_of(content), **answer}, parts)

    def _answer(self, question: Any) -> Answer:
        """Content and buffers of the answer to one of the `_questions`."""
        raise NotImplementedError


def one_of(name: str, value: str, allowed: Iterable[str]) -> str:
    """Return the value of a trait if it is allowed; TraitError if not."""
    allowed = list(allowed)
    if value not in allowed:
        raise TraitError(f"{name} is {shortened(repr(value))}.{nearest(shortened(value), allowed)}")
    return value

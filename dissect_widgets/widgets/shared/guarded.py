"""A widget that takes from its page what the page may say, and nothing else.

The page sets the traits that are tagged `page=True`, and asks questions; all else is answered with an error.
What it sets is taken whole or not at all, and the page gets the values back that are so.
"""

from __future__ import annotations

from typing import Any, Final

import ipywidgets
from traitlets import TraitError

from dissect_widgets.errors import DissectError, shown
from dissect_widgets.widgets.shared.messages import shortened
from dissect_widgets.widgets.shared.wire import from_page, to_page

PAGE: Final = {"sync": True, "page": True}
"""Tags of a trait that the page may set; others that it sees have only `sync`."""
_LONGEST_ERROR: Final = 2000
_METHODS: Final = ("update", "request_state", "custom")


class Guarded(ipywidgets.Widget):
    """A widget that does not trust its page; other bases follow this one."""

    def set_state(self, sync_data: Any) -> None:
        """Take the traits that the page has set, all or none; if none, the page gets theirs back."""
        try:
            self._check_state(sync_data)
            super().set_state(to_page(from_page(sync_data)))  # which sends an echo, too
        except TraitError:
            self.send_state([name for name in sync_data if name in self.keys])

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message to the page."""
        super().send(to_page(content), buffers)

    def _check_state(self, state: dict[str, Any]) -> None:
        """Raise TraitError if the page may not set a trait, or a value is of another type."""
        traits = self.traits()
        for name, value in state.items():
            if name not in traits or not self._is_for_page(name):
                raise TraitError(f"The page may not set {shown(shortened(name))}.")
            try:
                traits[name]._validate(self, from_page(value))
            except TraitError:
                raise
            except Exception as error:  # of a value that no trait is made for
                raise TraitError(f"{name}: {type(error).__name__}.") from None

    def _is_for_page(self, name: str) -> bool:
        """Whether the page may set a trait."""
        return bool(self.trait_metadata(name, "page"))

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        """Take a message of the page."""
        data = msg["content"].get("data")
        problem = _problem(data)
        if problem:
            self.send({"id": None, "error": problem})
        else:
            super()._handle_msg(msg)

    @staticmethod
    def _trait_to_json(x: Any, self: Any) -> Any:
        return to_page(x)

    @staticmethod
    def _trait_from_json(x: Any, self: Any) -> Any:
        return from_page(x)


def said(error: BaseException) -> str:
    """An error in words for the page."""
    if isinstance(error, KeyboardInterrupt):
        return "It was interrupted."
    kind = "" if isinstance(error, (DissectError, TraitError)) else f"{type(error).__name__}: "
    return shortened(f"{kind}{error}", _LONGEST_ERROR)


def _problem(data: Any) -> str:
    """What is wrong with the form of a message, or ""."""
    if not isinstance(data, dict) or data.get("method") not in _METHODS:
        return "A message of the page has no method that a widget knows."
    if data["method"] == "custom" and "content" not in data:
        return "A message of the page has no content."
    if data["method"] == "update":
        state = data.get("state")
        if not isinstance(state, dict) or data.get("buffer_paths"):
            return "The page has set traits in a form that a widget does not know."
    return ""

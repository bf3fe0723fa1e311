"""Stills of widgets in the outputs of a notebook: published with the widget, and kept up to date.

A still is two outputs before the widget's own, text and picture: viewers that clean HTML drop the images
in it. The page of the live widget hides them (`still.js`). They are updated at the end of each cell, and
once the widget has been quiet for a moment and the kernel is free.
"""

from __future__ import annotations

import asyncio
import os
import sys
import weakref
from typing import Any, Final

import ipywidgets
from anywidget import AnyWidget
from IPython import get_ipython
from PIL import Image

from dissect_widgets.widgets.shared.closing import close_parts
from dissect_widgets.widgets.shared.still import SCALE, Bundle, Still

_QUIET: Final = 0.4  # seconds without a change after which a still is updated
_MARK: Final = "dissect_widgets_still"
"""Metadata of an output by which the page finds it."""
_displayed: weakref.WeakSet[LeavesStill] = weakref.WeakSet()
_watched: weakref.WeakSet[Any] = weakref.WeakSet()
"""Shells whose cells update stills when they end."""


class LeavesStill(ipywidgets.DOMWidget):
    """A widget that leaves a still in a saved notebook; a subclass says in `still` what it shows."""

    _still_is_old = False
    _still_closed = False
    _still_published: tuple[Bundle, ...] = ()
    _still_loop: asyncio.AbstractEventLoop | None = None
    _still_timer: asyncio.TimerHandle | None = None

    def still(self) -> Still | None:
        """A picture of the present state, with the main figures as text; saved notebooks show it."""
        return None

    def close(self) -> None:
        """Close the widget with all that belongs to it; its still stays as it is."""
        self._still_closed = True
        if self._still_timer is not None:
            self._still_timer.cancel()
        _displayed.discard(self)
        close_parts(self)
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle, shell = super()._repr_mimebundle_(**kwargs), _shell()
        still = self._drawn_still() if bundle and shell is not None else None
        if still is None or shell is None:
            return bundle
        is_pair = isinstance(bundle, tuple)
        data, metadata = bundle if is_pair else (bundle, {})
        if _has_one_output_only():
            picture, about = still.as_picture()
            return data | picture | {"text/plain": still.as_text()}, metadata | about
        self._still_page()._still_key = self.model_id
        self._still_published = self._outputs(still)
        for number, output in enumerate(self._still_published):
            shell.display_pub.publish(**output, transient={"display_id": self._display_id(number)})
        self._follow(shell)
        return data | {"text/plain": ""}, metadata

    def _still_page(self) -> Any:
        """Widget with the trait `_still_key`, by whose page the still is hidden."""
        return self

    def _still_is_busy(self) -> bool:
        """Whether the state is about to change, so that no still is drawn yet."""
        return False

    def _still_traits(self) -> list[str]:
        """Traits that change what the still shows."""
        added = set(self.class_trait_names(sync=True)) - set(AnyWidget.class_trait_names())
        return sorted(added - {"height", "progress", "_still_key"})

    def _still_changed(self, _change: Any = None) -> None:
        """Update the still soon; anything may call this that changes what it shows, in any thread."""
        self._still_is_old = True
        if self._still_loop is not None and not self._still_loop.is_closed():
            self._still_loop.call_soon_threadsafe(self._update_soon)

    def _follow(self, shell: Any) -> None:
        """Update the still from now on."""
        self._still_is_old = False
        if self in _displayed:
            return
        _displayed.add(self)
        try:
            self._still_loop = asyncio.get_running_loop()
        except RuntimeError:
            self._still_loop = None  # then cells update it
        self.observe(self._still_changed, self._still_traits())
        if shell not in _watched:
            _watched.add(shell)
            shell.events.register("post_run_cell", _update_all)

    def _update_soon(self) -> None:
        if self._still_timer is not None:
            self._still_timer.cancel()
        if self._still_loop is not None and self._still_is_old and not self._still_closed:
            self._still_timer = self._still_loop.call_later(_QUIET, self._update_still)

    def _update_still(self) -> None:
        """Publish the still anew if it has changed."""
        shell = _shell()
        if not self._still_is_old or self._still_closed or shell is None or self._still_is_busy():
            return
        self._still_is_old = False
        still = self._drawn_still()
        if still is None:
            return
        outputs, before = self._outputs(still), self._still_published
        self._still_published = outputs
        for number, output in enumerate(outputs):
            if output != before[number]:
                transient = {"display_id": self._display_id(number)}
                shell.display_pub.publish(**output, transient=transient, update=True)

    def _drawn_still(self) -> Still | None:
        """The still; where it cannot be drawn, one that says so: no cell may fail for its still."""
        try:
            return self.still()
        except Exception as error:
            empty = Image.new("RGB", (SCALE, SCALE), "white")
            return Still(f"{self!r}: no still, {type(error).__name__}: {error}", (), empty)

    def _outputs(self, still: Still) -> tuple[Bundle, Bundle]:
        key = self.model_id
        text = {"text/html": still.as_html(key), "text/plain": still.as_text()}
        picture, about = still.as_picture()
        return (
            {"data": text, "metadata": {_MARK: self._display_id(0)}},
            {"data": picture, "metadata": about | {_MARK: self._display_id(1)}},
        )

    def _display_id(self, number: int) -> str:
        return f"dw-still-{self.model_id}-{number}"


def _update_all(*_: Any) -> None:
    for widget in list(_displayed):
        widget._update_still()


def _shell() -> Any:
    """The shell of a kernel whose outputs a notebook keeps, or None."""
    shell: Any = get_ipython()
    is_app = os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
    return None if getattr(shell, "kernel", None) is None or is_app else shell


def _has_one_output_only() -> bool:
    """Whether the page cannot hide an output: then the still is another form of the widget's own."""
    return "VSCODE_PID" in os.environ or "google.colab" in sys.modules

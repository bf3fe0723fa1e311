"""Detectors of each category across layers as bars; a click opens their units.

>>> comparison = LayerComparison(dissection)
>>> comparison                               # the bars; after a click, a unit browser below them
>>> comparison.count = "detectors"
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import plotly.graph_objects as go
import traitlets

from dissect_widgets.core.dissection.layer_result import MIN_IOU, Denominator
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.plots.layers import COUNTS
from dissect_widgets.plots.layers_and_concepts import overview
from dissect_widgets.widgets.comparison.still import comparison_still
from dissect_widgets.widgets.shared.closing import close_parts
from dissect_widgets.widgets.shared.front_end import join_modules
from dissect_widgets.widgets.shared.guarded import Guarded
from dissect_widgets.widgets.shared.leaves_still import LeavesStill
from dissect_widgets.widgets.shared.still import Still
from dissect_widgets.widgets.shared.trait_types import Text
from dissect_widgets.widgets.shared.widget import one_of
from dissect_widgets.widgets.unit_browser.unit_browser import UnitBrowser


class _Hint(Guarded, anywidget.AnyWidget):
    """Line above the figure; its script fits the figure to the cell, and keeps keys in the widget."""

    _esm = join_modules(Path(__file__).with_suffix(".js"))
    text = traitlets.Unicode().tag(sync=True)
    _still_key = traitlets.Unicode().tag(sync=True)


class _Choice(Guarded, ipywidgets.ToggleButtons):
    """What bars count."""

    def _is_for_page(self, name: str) -> bool:
        return name == "index"


class _Bars(Guarded, go.FigureWidget):
    """The figure; its page says what is clicked, and how it was drawn."""

    _esm = str(go.FigureWidget._esm)  # as a file, it would be watched, and keep each figure alive

    def _is_for_page(self, name: str) -> bool:
        return name.startswith("_js2py_")

    def set_state(self, sync_data: Any) -> None:
        """Take what the page says; what plotly cannot read changes nothing."""
        with suppress(Exception):
            super().set_state(sync_data)


class _Below(Guarded, ipywidgets.VBox):
    """Place of the browser, once a click has opened it."""


class LayerComparison(LeavesStill, Guarded, ipywidgets.VBox):
    """Detectors across layers (PNAS 2020, Fig. 1e), and the concepts of one of them (Fig. 1d).

    A click on a bar opens its units: those of a layer and category, or of a concept.

    Parameters
    ----------
    dissection
        Of one or more layers.
    browser
        Where a click opens units; by default a new one that appears below the bars.
    count
        Initial value of the trait.
    min_iou, level, denominator
        See `LayerDissection.detectors`.
    """

    count = Text("unique", help='What bars count: "unique" concepts, or "detectors".')
    layer = Text(help="Layer whose concepts are shown below, and whose units are open.")

    def __init__(
        self,
        dissection: Dissection,
        *,
        browser: UnitBrowser | None = None,
        count: str = "unique",
        min_iou: float = MIN_IOU,
        level: float | None = None,
        denominator: Denominator = "all",
    ) -> None:
        self.dissection, self.min_iou = dissection, min_iou
        self.level, self.denominator = level, denominator
        self.browser = browser or UnitBrowser(dissection, level=level, denominator=denominator)
        self._below = _Below()
        self._has_own_browser = browser is None
        self._bars = _Bars()
        self._bars._config = {"responsive": True, "displayModeBar": False}
        self._choice = _Choice(
            options=[(label, name) for name, label in COUNTS.items()], style={"button_width": "auto"}
        )
        self._hint = _Hint(text="Click a bar to see its units.")
        super().__init__([self._choice, self._hint, self._bars, self._below])
        self.add_class("dw-layer-comparison")  # keys stay inside of it
        with self.hold_trait_notifications():
            self.layer, self.count = dissection.layer_names[-1], count
        self._draw()
        self.observe(self._draw, ["layer", "count"])
        self._link = traitlets.link((self, "count"), (self._choice, "value"))
        self.browser.observe(self._browser_changed)

    def open_units(self, layer: str, *, category: str = "", concept: str = "") -> None:
        """Show the detectors of a layer in the browser, as a click on a bar does."""
        self.layer = layer
        with self.browser.hold_sync():
            self.browser.layer, self.browser.min_iou = layer, self.min_iou
            self.browser.category, self.browser.query = category, concept
        if self._has_own_browser:
            self._below.children = [self.browser]
            self._still_changed()

    def still(self) -> Still:
        """The bars, and below them the units that a click has opened."""
        return comparison_still(
            self.dissection,
            self.layer,
            self.count,
            min_iou=self.min_iou,
            level=self.level,
            denominator=self.denominator,
            browser=self.browser.still() if self._below.children else None,
        )

    def close(self) -> None:
        """Close the widget, and its browser unless it was given; the still stays as it is."""
        if self.comm is not None:
            self.browser.unobserve(self._browser_changed)
            self._link.unlink()
            own = [self.browser] if self._has_own_browser else []
            for part in (*own, self._choice, self._hint, self._bars, self._below):
                close_parts(part)
                part.close()
        super().close()

    def _still_page(self) -> _Hint:
        return self._hint

    def _still_traits(self) -> list[str]:
        return ["layer", "count"]

    def _browser_changed(self, _change: Any) -> None:
        if self._below.children:
            self._still_changed()

    @traitlets.validate("count")
    def _valid_count(self, proposal: Any) -> str:
        return one_of("count", proposal["value"], COUNTS)

    @traitlets.validate("layer")
    def _valid_layer(self, proposal: Any) -> str:
        return one_of("layer", proposal["value"], self.dissection.layer_names)

    def _draw(self, _change: Any = None) -> None:
        drawn = overview(
            self.dissection,
            self.layer,
            count=self.count,  # type: ignore[arg-type]
            min_iou=self.min_iou,
            level=self.level,
            denominator=self.denominator,
        )
        with self._bars.batch_update():
            self._bars.data = []
            self._bars.add_traces(drawn.data)
            self._bars.layout = drawn.layout
        self._bars._repr_mimebundle_()  # stores the drawing for a reload; plotly does so in a figure alone
        for trace in self._bars.data:
            trace.on_click(self._clicked)

    def _clicked(self, trace: Any, points: Any, _state: Any) -> None:
        for number in points.point_inds:
            if type(number) is not int or not 0 <= number < len(trace.customdata):
                continue  # what the page says is no bar
            chosen = trace.customdata[number]
            if trace.meta == "layers":
                self.open_units(chosen[0], category=chosen[1])
            else:
                self.open_units(self.layer, concept=chosen)

"""The unit browser: all units of a dissection as cards, one or two of them in detail.

>>> browser = UnitBrowser(dissection)
>>> browser                                  # show it
>>> browser.layer, browser.unit = "features.12", 60
>>> browser.observe(lambda change: print(change.new), "unit")
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets
from traitlets import TraitError

from dissect_widgets.core.dissection.layer_result import Denominator
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.widgets.shared.front_end import join_modules, scoped_styles
from dissect_widgets.widgets.shared.guarded import PAGE
from dissect_widgets.widgets.shared.still import Still
from dissect_widgets.widgets.shared.trait_types import MOST_PIXELS, Real, Text, Whole
from dissect_widgets.widgets.shared.widget import Answer, Widget, one_of
from dissect_widgets.widgets.unit_browser.data import UnitData, UnitQuestion
from dissect_widgets.widgets.unit_browser.still import Open, browser_still
from dissect_widgets.widgets.unit_browser.styles import STYLES

SORTS = ("iou", "unit", "concept", "max_activation")


class UnitBrowser(Widget):
    """Cards of units with their concepts and exemplars; a click shows one in detail, or two.

    Search, filters and selection are traits: Python and the page can both set and observe them. Neither the
    network nor its images are needed.

    Parameters
    ----------
    dissection
        What to browse.
    level, denominator
        Which level and IoU to show; see `LayerDissection.iou`.
    layer, unit, category, min_iou, query, sort
        Initial values of the traits.
    height
        Height of the widget, in pixels.

    Raises
    ------
    TraitError
        If a trait is set to a value that is not allowed; it names the allowed ones.
    """

    _esm = join_modules(Path(__file__).with_suffix(".js"))
    _css = scoped_styles(STYLES)

    _questions = UnitQuestion
    layer = Text(help="Name of the layer whose units are shown.").tag(**PAGE)
    unit = Whole(None, allow_none=True, help="Unit that is shown in detail, or None.").tag(**PAGE)
    compare = Whole(None, allow_none=True, help="Second unit that is shown in detail, or None.").tag(**PAGE)
    threshold = Real(
        None,
        allow_none=True,
        help="Activation above which masks of `unit` are lit; None for its threshold t_u.",
    ).tag(**PAGE)
    compare_threshold = Real(
        None, allow_none=True, help="Activation above which masks of `compare` are lit."
    ).tag(**PAGE)
    query = Text(help="Show units whose concept contains this text, or that have this number.").tag(**PAGE)
    category = Text(help='Show units of this category; "" for all.').tag(**PAGE)
    min_iou = Real(0.0, least=0, most=1, help="Show units with an IoU above this; 0 for all.").tag(**PAGE)
    sort = Text("iou", help="Order: iou, unit, concept or max_activation.").tag(**PAGE)
    height = Whole(640, least=240, most=MOST_PIXELS, help="Height in pixels.").tag(**PAGE)
    _about = traitlets.Dict().tag(sync=True)
    _columns = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        dissection: Dissection,
        *,
        level: float | None = None,
        denominator: Denominator = "all",
        layer: str | None = None,
        unit: int | None = None,
        category: str = "",
        min_iou: float = 0.0,
        query: str = "",
        sort: str = "iou",
        height: int = 640,
    ) -> None:
        self.dissection = dissection
        self._data = UnitData(dissection, level=level, denominator=denominator)
        super().__init__(
            _about=self._data.about(),
            _columns=self._data.columns(),
            layer=dissection.layer_names[-1] if layer is None else layer,
            category=category,
            min_iou=min_iou,
            query=query,
            sort=sort,
            height=height,
        )
        self.unit = unit

    def __repr__(self) -> str:
        unit = "" if self.unit is None else f", unit {self.unit}"
        return f"<UnitBrowser of {self.dissection.model}: {self.layer}{unit}>"

    def _answer(self, question: UnitQuestion) -> Answer:
        return self._data.answer(question)

    def still(self) -> Still:
        """The open units, and the first of those that match the filters."""
        layer = self.dissection[self.layer]
        chosen = [(self.unit, self.threshold), (self.compare, self.compare_threshold)]
        opened = [Open(unit, threshold) for unit, threshold in chosen if unit is not None]
        matching = self._data.matching(self.layer, self.query, self.category, self.min_iou, self.sort)
        return browser_still(self._data, layer, opened, matching)

    @traitlets.validate("layer")
    def _valid_layer(self, proposal: Any) -> str:
        return one_of("layer", proposal["value"], self.dissection.layer_names)

    @traitlets.validate("category")
    def _valid_category(self, proposal: Any) -> str:
        return one_of("category", proposal["value"], ["", *self.dissection.vocabulary.categories])

    @traitlets.validate("sort")
    def _valid_sort(self, proposal: Any) -> str:
        return one_of("sort", proposal["value"], SORTS)

    @traitlets.validate("unit", "compare")
    def _valid_unit(self, proposal: Any) -> int | None:
        unit: int | None = proposal["value"]
        units = self.dissection[self.layer].units
        if unit is not None and not 0 <= unit < units:
            raise TraitError(f"{proposal['trait'].name} is {unit}; {self.layer} has units 0 to {units - 1}.")
        return unit

    @traitlets.observe("layer")
    def _layer_changed(self, change: Any) -> None:
        if change["old"]:  # numbers of units belong to a layer
            with self.hold_sync():
                self.unit = self.compare = None

    @traitlets.observe("unit", "compare")
    def _unit_changed(self, change: Any) -> None:
        setattr(self, "threshold" if change["name"] == "unit" else "compare_threshold", None)

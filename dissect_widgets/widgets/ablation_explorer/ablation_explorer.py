"""The ablation explorer: remove units of a classifier by hand, and see at once what it misclassifies.

>>> explorer = AblationExplorer(ClassifierData(model, validation), importance, dissection=dissection)
>>> explorer                                 # show it
>>> explorer.class_name, explorer.n = "airfield", 20
>>> explorer.accuracy.after[0], explorer.flipped
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray
from tqdm.auto import tqdm
from traitlets import TraitError

from dissect_widgets.core.ablation.cached import cache_activations
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.errors import SettingError
from dissect_widgets.widgets.ablation_explorer.data import AblationData, ClassifiedImages, Curve
from dissect_widgets.widgets.ablation_explorer.still import Edited, explorer_still
from dissect_widgets.widgets.shared.front_end import SHARED_STYLES, join_modules, scoped_styles
from dissect_widgets.widgets.shared.guarded import PAGE, said
from dissect_widgets.widgets.shared.messages import ENOUGH_SECONDS
from dissect_widgets.widgets.shared.still import Still
from dissect_widgets.widgets.shared.trait_types import MOST_PIXELS, Items, Text, Whole
from dissect_widgets.widgets.shared.widget import Answer, Widget, one_of
from dissect_widgets.widgets.unit_browser.data import UnitData, UnitQuestion

MODES = ("remove", "keep")


class AblationExplorer(Widget):
    """Units by importance to a class; those that are clicked are removed, or all others are.

    Everything is measured at once over the given images: the balanced accuracy of the class, the accuracy
    over all classes, the classes that change most, the images whose prediction changes.

    Parameters
    ----------
    classifier
        The network and its images, preferably others than those of `importance`; see `ClassifierData`.
    importance
        Units by importance, of the layer that is edited.
    dissection
        Names and exemplars of the units, if it has this layer.
    class_name, mode, n, units
        Initial values of the traits.
    height
        Height of the widget, in pixels.
    progress
        Whether to show a progress bar while images are read.

    Attributes
    ----------
    accuracy
        `Accuracy` of the network without and with the current edit.
    predicted
        int64 (images,), predictions with the current edit.
    flipped
        int64, numbers of images whose prediction changes, those of the class first.

    Raises
    ------
    SettingError, DataError, LayerError
        As `rank_units`; also if `importance` is of another layer or other classes.
    TraitError
        If a trait is set to a value that is not allowed; it names the allowed ones.
    """

    _esm = join_modules(Path(__file__).with_suffix(".js"))
    _css = scoped_styles({".dw-ablation-explorer": [SHARED_STYLES, Path(__file__).with_suffix(".css")]})

    _questions = ClassifiedImages | Curve | UnitQuestion
    class_name = Text(help="Class whose units are ranked.").tag(**PAGE)
    mode = Text("remove", help='Whether to "remove" `units`, or to "keep" only them.').tag(**PAGE)
    units = Items(Whole(), help="Units that are chosen.").tag(**PAGE)
    n = Whole(
        None, allow_none=True, help="Number of most important units that are chosen; None if others are."
    ).tag(**PAGE)
    height = Whole(680, least=320, most=MOST_PIXELS, help="Height in pixels.").tag(**PAGE)
    _about = traitlets.Dict().tag(sync=True)
    _columns = traitlets.Bytes().tag(sync=True)
    _facts = traitlets.Dict().tag(sync=True)
    _ranked = traitlets.Dict().tag(sync=True)
    _result = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        classifier: ClassifierData,
        importance: UnitImportance,
        *,
        dissection: Dissection | None = None,
        class_name: str | None = None,
        mode: str = "remove",
        n: int | None = None,
        units: Sequence[int] = (),
        height: int = 680,
        progress: bool = True,
    ) -> None:
        named = classifier.with_classes(importance.classes)
        with tqdm(total=len(classifier.data), unit="image", desc="read images", disable=not progress) as bar:

            def advance(done: int, total: int) -> None:
                bar.update(done - bar.n)

            cached = cache_activations(named, importance.layer, progress=advance)
            self.data = AblationData(cached, importance)
        self.importance, self.dissection, self._units = importance, dissection, None
        self._turn = 0
        layer_index = -1
        if dissection is not None and importance.layer in dissection.layer_names:
            self._units = UnitData(dissection)
            layer_index = dissection.layer_names.index(importance.layer)
        super().__init__(
            _about=self._units.about() if self._units else {"layers": []},
            _columns=self._units.columns() if self._units else b"",
            _facts=self.data.facts() | {"layer_index": layer_index},
            class_name=self.data.classes[0] if class_name is None else class_name,
            mode=mode,
            height=height,
        )
        self._ranked = self.data.ranked(self.class_name)
        if units:
            self.units = list(units)
        else:
            self.n = n or 0
        if not self._result:  # nothing was chosen, and so nothing has changed
            self._update()

    def __repr__(self) -> str:
        did = "without" if self.mode == "remove" else "with only"
        layer = f"{self.importance.model} {self.importance.layer}"
        return f"<AblationExplorer of {layer}: {did} {len(self.units)} units>"

    @property
    def order(self) -> NDArray[np.int64]:
        """Units by importance to the class, int64 (units,)."""
        return self.importance.top_units(self.class_name)

    @traitlets.validate("class_name")
    def _valid_class(self, proposal: Any) -> str:
        return one_of("class_name", proposal["value"], self.data.classes)

    @traitlets.validate("mode")
    def _valid_mode(self, proposal: Any) -> str:
        return one_of("mode", proposal["value"], MODES)

    @traitlets.validate("units")
    def _valid_units(self, proposal: Any) -> list[int]:
        units: list[int] = list(proposal["value"])
        bad = [unit for unit in units if not 0 <= unit < self.importance.units]
        if bad or len(set(units)) != len(units):
            which = f"{bad[0]} does not exist" if bad else "one is duplicated"
            raise TraitError(
                f"units: {which}; {self.importance.layer} has units 0 to {self.importance.units - 1}."
            )
        return units

    @traitlets.validate("n")
    def _valid_n(self, proposal: Any) -> int | None:
        n: int | None = proposal["value"]
        if n is not None and not 0 <= n <= self.importance.units:
            raise TraitError(f"n is {n}; {self.importance.layer} has {self.importance.units} units.")
        return n

    @traitlets.observe("class_name")
    def _class_changed(self, change: Any) -> None:
        if not change["old"]:
            return
        with self.hold_sync():
            self._ranked = self.data.ranked(self.class_name)
            self._result = {}
            if self.n is not None:
                self._choose(self.n)
            else:
                self.n = self._count()
            if not self._result:
                self._update()

    @traitlets.observe("n")
    def _n_changed(self, change: Any) -> None:
        if self.n is not None:
            self._choose(self.n)

    @traitlets.observe("units")
    def _units_changed(self, change: Any) -> None:
        with self.hold_sync():
            self.n = self._count()
            self._update()

    @traitlets.observe("mode")
    def _mode_changed(self, change: Any) -> None:
        if self._ranked:
            self._update()

    def _count(self) -> int | None:
        """Number of chosen units if they are the most important ones, else None."""
        first = self.order[: len(self.units)].tolist()
        return len(first) if set(self.units) == set(first) else None

    def _choose(self, n: int) -> None:
        first = self.order[:n].tolist()
        if set(self.units) != set(first):
            self.units = first

    def _update(self) -> None:
        """Measure the network with the current edit; the page gets the result or the error."""
        self._turn += 1
        try:
            effect = self.data.effect(self.class_name, self.mode, self.units)
        except BaseException as error:  # an interrupt, too
            self._result = {"turn": self._turn, "error": said(error)}
            raise
        self.predicted, self.accuracy, self.flipped, shown = effect
        self._result = shown | {"turn": self._turn}

    def still(self) -> Still | None:
        """Accuracies, the curve if it was measured, the most important units, and what changes."""
        if "measured" not in self._result:
            return None
        edited = Edited(self.class_name, self.mode, tuple(self.units))
        concept_of = self._units.concept_and_color(self.importance.layer) if self._units else None
        return explorer_still(self.data, edited, self._result, concept_of)

    def _answer(self, question: ClassifiedImages | Curve | UnitQuestion) -> Answer:
        if isinstance(question, ClassifiedImages):
            return {}, self.data.images(question.images)
        if isinstance(question, Curve):
            curve = self.data.curve(question.of_class, ENOUGH_SECONDS)
            if curve is None:
                return {"unfinished": True}, []
            self._still_changed()
            return curve, []
        if self._units is None:
            raise SettingError("This layer is not dissected.")
        return self._units.answer(question)

"""The attack diff: an image that is misclassified after an attack, and what has changed in the network.

>>> diff = AttackDiff(ClassifierData(model, validation), importance=importance, dissection=dissection)
>>> diff                                     # show it
>>> diff.image, diff.target = 7, "bedroom"
>>> diff.run()                               # as the button does, but waits for the end
>>> diff.attacked, diff.position

PNAS 2020, "Analyzing Adversarial Attack of a Classifier", Fig. 5a, 5b.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets
from traitlets import TraitError

from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.attacks.base import AttackMethod
from dissect_widgets.core.attacks.carlini_wagner import CarliniWagner
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.errors import SettingError, shown
from dissect_widgets.widgets.attack_diff.data import AttackData
from dissect_widgets.widgets.attack_diff.still import ShownAttack, attack_still
from dissect_widgets.widgets.shared.background import Background
from dissect_widgets.widgets.shared.front_end import SHARED_STYLES, join_modules, scoped_styles
from dissect_widgets.widgets.shared.guarded import PAGE, said
from dissect_widgets.widgets.shared.messages import Question
from dissect_widgets.widgets.shared.still import Still
from dissect_widgets.widgets.shared.trait_types import MOST_PIXELS, Choice, Real, Text, Whole
from dissect_widgets.widgets.shared.widget import Answer, Widget, one_of
from dissect_widgets.widgets.unit_browser.data import UnitData, UnitQuestion
from dissect_widgets.widgets.unit_browser.styles import STYLES as BROWSER_STYLES

PALETTES = ("green-red", "blue-orange")
QUICK = CarliniWagner(steps=200, searches=4)
"""Attack of the button by default: hardly more change than the full attack, in a fifth of its passes."""
_REPORT_EVERY = 0.1  # seconds between two updates of `progress`


class Start(Question, tag="start"):
    """The attack begins."""


class Stop(Question, tag="stop"):
    """The attack ends."""


class AttackDiff(Widget):
    """Pick an image and a target class, attack, and move from the original to the attacked image.

    A slider moves everything: the image, the predicted probabilities, and the maps of the units that are
    most important to both classes.

    Parameters
    ----------
    classifier
        The network and its images, whose labels are not used; see `ClassifierData`.
    layer
        Whose units are shown; by default the ranking's.
    importance
        Units by importance; without it, the units whose max activations change most are shown.
    dissection
        Names and exemplars of the units, if it has this layer.
    method
        The attack; by default Carlini and Wagner's with fewer steps than `attack` takes.
    seed
        Of the method's random numbers.
    image, target, position, times, palette, unit, height
        Initial values of the traits.

    Attributes
    ----------
    attacked
        `AttackResult` of the image that is shown, or None.

    Raises
    ------
    SettingError, DataError, LayerError, ActivationError
        As `attack`; also if `importance` or `dissection` is of another layer, or other classes.
    TraitError
        If a trait is set to a value that is not allowed; it names the allowed ones.
    """

    _esm = join_modules(Path(__file__).with_suffix(".js"))
    _css = scoped_styles(
        {".dw-attack-diff": [SHARED_STYLES, Path(__file__).with_suffix(".css")], **BROWSER_STYLES}
    )

    _ready = False
    _questions = Start | Stop | UnitQuestion
    image = Whole(0, help="Number of the image that is attacked.").tag(**PAGE)
    target = Text(help='Target class; "" for the second most probable one.').tag(**PAGE)
    position = Real(
        1.0, least=0, most=1, help="What is shown: 0 is the original image, 1 the attacked one."
    ).tag(**PAGE)
    times = Real(30.0, least=1, most=1000, help="Factor by which the difference is enlarged.").tag(**PAGE)
    palette = Text(
        "green-red", help='Colors of more and less activation; "blue-orange" for color-blind people.'
    ).tag(**PAGE)
    unit = Whole(None, allow_none=True, help="Unit that is opened in the browser, or None.").tag(**PAGE)
    height = Whole(560, least=240, most=MOST_PIXELS, help="Height of the browser of units, in pixels.").tag(
        **PAGE
    )
    running = Choice(False, help="Whether an attack is under way.").tag(sync=True)
    progress = Real(0.0, least=0, most=1, help="Progress of the attack, from 0 to 1.").tag(sync=True)
    error = Text(help="The last error.").tag(sync=True)
    _about = traitlets.Dict().tag(sync=True)
    _columns = traitlets.Bytes().tag(sync=True)
    _facts = traitlets.Dict().tag(sync=True)
    _original = traitlets.Dict().tag(sync=True)
    _image = traitlets.Bytes().tag(sync=True)
    _result = traitlets.Dict().tag(sync=True)
    _perturbation = traitlets.Bytes().tag(sync=True)
    _maps = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        classifier: ClassifierData,
        layer: str | None = None,
        *,
        importance: UnitImportance | None = None,
        dissection: Dissection | None = None,
        method: AttackMethod | None = None,
        seed: int = 0,
        **traits: Any,
    ) -> None:
        self._check_keywords(traits)
        if layer is None and importance is None:
            raise SettingError("Name a layer, or give the importance of the units of one.")
        if importance is not None and layer not in (None, importance.layer):
            raise SettingError(
                f"The layer is {shown(layer)}, but the importance is of units of {shown(importance.layer)}."
            )
        if importance is not None:
            layer, classifier = importance.layer, classifier.with_classes(importance.classes)
        assert layer is not None  # one of the two was given
        self.data, self.method, self.seed = AttackData(classifier, layer, importance), method or QUICK, seed
        self.attacked: AttackResult | None = None
        self._units, layer_index = None, -1
        if dissection is not None and layer in dissection.layer_names:
            self._units, layer_index = UnitData(dissection), dissection.layer_names.index(layer)
            self.data.check_units(dissection[layer].units, "dissection")
        self._background = Background()
        super().__init__(
            _about=self._units.about() if self._units else {"layers": []},
            _columns=self._units.columns() if self._units else b"",
            _facts=self.data.facts() | {"layer_index": layer_index},
            **traits,
        )
        self._ready = True
        self._show_image()

    def __repr__(self) -> str:
        state = "not attacked" if self.attacked is None else repr(self.attacked)
        return f"<AttackDiff of image {self.image}, {self.data.layer}: {state}>"

    @property
    def units(self) -> list[int]:
        """Units that are shown, those of the original class first; empty before an attack has succeeded."""
        return [unit for group in self._result.get("groups", []) for unit in group["units"]]

    def run(self) -> AttackResult | None:
        """Attack the image, and wait for the end."""
        self.start()
        self.wait()
        return self.attacked

    def start(self) -> None:
        """Attack the image in the background; `running` and `progress` follow it."""
        image, target = self.image, self.target
        self._background.stop()
        self.wait()
        self.error, self.progress, self.running = "", 0.0, True
        self._background.start(lambda stopped: self._work(image, target, stopped))

    def stop(self) -> None:
        """Stop a running attack; the best image so far is shown."""
        self._background.stop()

    def wait(self) -> None:
        """Wait until no attack is running."""
        self._background.wait()

    def close(self) -> None:
        """Close the widget; a running attack is stopped."""
        if self._ready:
            self.stop()
            self.wait()
        super().close()

    def _work(self, image: int, target: str, stopped: Callable[[], bool]) -> None:
        reported = time.monotonic()

        def advance(share: float, done: int) -> bool:
            nonlocal reported
            if time.monotonic() - reported > _REPORT_EVERY:
                self.progress, reported = share, time.monotonic()
            return stopped()

        try:
            attacked = self.data.attack(image, target, self.method, self.seed, advance)
            facts, perturbation, maps = self.data.shown(attacked)
            if image == self.image and target == self.target:  # else another one is wanted by now
                with self.hold_sync():
                    self.attacked, self._perturbation, self._maps = attacked, perturbation, maps
                    self._result = facts
        except Exception as error:
            self.error = said(error)
        finally:
            self.progress, self.running = 0.0, False

    @traitlets.validate("image")
    def _valid_image(self, proposal: Any) -> int:
        image: int = proposal["value"]
        count = len(self.data.classifier.data)
        if not 0 <= image < count:
            raise TraitError(f"image is {image}; the data have images 0 to {count - 1}.")
        return image

    @traitlets.validate("target")
    def _valid_target(self, proposal: Any) -> str:
        return one_of("target", proposal["value"], ["", *self.data.classes])

    @traitlets.validate("palette")
    def _valid_palette(self, proposal: Any) -> str:
        return one_of("palette", proposal["value"], PALETTES)

    @traitlets.validate("unit")
    def _valid_unit(self, proposal: Any) -> int | None:
        unit: int | None = proposal["value"]
        units = self.data.plan.info.units
        if unit is not None and not 0 <= unit < units:
            raise TraitError(f"unit is {unit}; {self.data.layer} has units 0 to {units - 1}.")
        return unit

    @traitlets.observe("image")
    def _image_changed(self, change: Any) -> None:
        if self._ready:
            self._show_image()

    @traitlets.observe("target")
    def _target_changed(self, change: Any) -> None:
        if self._ready:
            self._clear()

    def _show_image(self) -> None:
        with self.hold_sync():
            self._clear()
            self._original, self._image = self.data.original(self.image)

    def _clear(self) -> None:
        """Stop a running attack, and remove what is shown of the last one."""
        self.stop()
        self.attacked, self._result, self.error = None, {}, ""

    def still(self) -> Still:
        """The image, the attacked image, their difference, and the units that change."""
        attack = None
        if self._result.get("success"):
            given = self._facts, self._result, self._perturbation, self._maps
            attack = ShownAttack(*given, self.position)
        return attack_still(
            self.data.layer,
            self._facts["names"][self.image],
            self._original,
            self._image,
            attack,
            times=self.times,
            palette=self.palette,
            outcome=self._outcome(),
            concept_of=self._units.concept_and_color(self.data.layer) if self._units else None,
        )

    def _still_is_busy(self) -> bool:
        return self.running

    def _outcome(self) -> str:
        """How the last attack has failed, or ""."""
        if self.error or "target" not in self._result:
            return self.error
        return f"No image was found that is predicted as {self._result['target']}."

    def _answer(self, question: Start | Stop | UnitQuestion) -> Answer:
        if isinstance(question, Start):
            self.start()
            return {}, []
        if isinstance(question, Stop):
            self.stop()
            return {}, []
        if self._units is None:
            raise SettingError("This layer is not dissected.")
        return self._units.answer(question)

"""Traits set to values of all kinds, by Python and by the page: `python -m tests.fuzz.traits --count 1000`.

A value is taken, and then the widget shows it; or it is refused by name and nothing changes, and the page
that has set it gets the true value back. What the page must not set stays as it is.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from traitlets import TraitError

from dissect_widgets.errors import SettingError
from tests.fuzz.harness import Wrong, main
from tests.fuzz.messages import QUESTIONS, goes_on
from tests.fuzz.widgets import MADE, NAMES, VALUES, Wire, frozen, make, packed

OF_THE_PAGE = {
    "browser": ["layer", "unit", "compare", "threshold", "compare_threshold", "query", "category", "min_iou"],
    "explorer": ["class_name", "mode", "units", "n", "height"],
    "attack": ["image", "target", "position", "times", "palette", "unit", "height"],
    "painter": ["seed", "concept", "mode", "n", "brush", "strength", "edits", "size"],
    "comparison": [],
    "bars": [],
    "hint": [],
    "choice": ["index"],
}
OF_PYTHON = {**OF_THE_PAGE, "comparison": ["layer", "count"], "choice": []}
RIGHT = [
    0,
    1,
    2,
    3,
    300,
    0.25,
    0.5,
    1.0,
    "mix",
    "pool",
    "",
    "iou",
    "unit",
    "erase",
    "keep",
    "bee",
    None,
    [0, 2],
]
"""Values that are right for some trait."""
OUTPUTS = ("running", "progress", "error")


def by_python(name: str) -> Any:
    """Values that Python sets."""

    def attempt(random: Random, folder: Path) -> None:
        widget = MADE[name]
        wire = Wire(widget)
        before = frozen(widget)
        trait, value = random.choice(OF_PYTHON[name]), some_value(random, widget)
        try:
            setattr(widget, trait, value)
        except TraitError as error:
            if frozen(widget) != before:
                raise Wrong(f"{trait} is refused, but the state has changed") from None
            if len(str(error)) > 1500:
                raise Wrong(f"{trait}: the error has {len(str(error))} characters") from None
            after(wire, name)
            raise SettingError(str(error)) from None
        after(wire, name)

    return attempt


def by_page(name: str) -> Any:
    """Values that the page sets, one or several at once, also of traits that are not the page's."""

    def attempt(random: Random, folder: Path) -> None:
        widget = MADE[name]
        wire = Wire(widget)
        before, old = frozen(widget), widget.get_state()
        own = OF_THE_PAGE[name]
        others = [trait for trait in widget.keys if trait not in own and not trait.startswith("_js2py")]
        chosen = random.sample(own, min(len(own), random.choice([1, 1, 2])))
        if not own or random.random() < 0.3:
            chosen.append(random.choice([*others, *OUTPUTS, "painting", "data", "layer_"]))
        state = {trait: some_value(random, widget) for trait in chosen}
        sent = wire.tell({"method": "update", "state": state, "buffer_paths": []})
        told: dict[str, Any] = {}
        for msg in sent:
            if msg["method"] == "update":
                told |= msg["state"] | {path[0]: now_of(widget, path) for path in msg["buffer_paths"]}
        now = widget.get_state()
        for trait in chosen:
            if trait not in own and trait in now and repr(now[trait]) != repr(old[trait]):
                raise Wrong(f"the page has set {trait}")
            if trait in now and not same(now[trait], state[trait]) and not same(told.get(trait), now[trait]):
                raise Wrong(f"{trait}: the page believes {state[trait]!r}"[:300])
        after(wire, name)
        if frozen(widget) == before:
            raise SettingError(f"{', '.join(chosen)}: not taken")

    return attempt


def now_of(widget: Any, path: list[Any]) -> Any:
    """Value of a trait that was sent as bytes."""
    return getattr(widget, path[0])


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same on a page."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def some_value(random: Random, widget: Any) -> Any:
    """A value for a trait: of another one, a right one, or none that is right anywhere."""
    if random.random() < 0.25:
        return random.choice([value for key, value in widget.get_state().items() if not key.startswith("_")])
    if random.random() < 0.3:
        return random.choice(RIGHT)
    return random.choice(VALUES)(random)


def after(wire: Wire, name: str) -> None:
    """Raise Wrong if the widget does not show what it is."""
    widget = wire.widget
    for trait in OF_THE_PAGE[name]:
        packed(widget.get_state(trait))
    if hasattr(widget, "still") and "no still" in widget._drawn_still().title:
        raise Wrong(widget._drawn_still().title[:300])
    if name in QUESTIONS:
        goes_on(wire, name)


if __name__ == "__main__":
    kinds = {f"{name}, by Python": by_python(name) for name in NAMES if OF_PYTHON[name]}
    kinds |= {f"{name}, by the page": by_page(name) for name in NAMES}
    main("traits", kinds, warm=make, count=1000)

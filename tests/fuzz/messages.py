"""Messages of pages to each widget, wrong in all ways: `python -m tests.fuzz.messages --count 500`.

Whatever a page sends, it gets one answer of bounded size in bounded time, and the widget goes on: its state
is as before where the answer is an error, and the next question is answered.
"""

from __future__ import annotations

import copy
from pathlib import Path
from random import Random
from typing import Any

from dissect_widgets.errors import SettingError
from tests.fuzz.harness import Wrong, main
from tests.fuzz.widgets import MADE, NAMES, VALUES, Wire, deep, frozen, make

UNITS = [
    {"kind": "images", "images": [0, 3], "side": 64},
    {"kind": "units", "layer": 0, "units": [0, 1], "count": 3},
    {"kind": "detail", "layer": 0, "unit": 1},
]
BRUSH = {"concept": "day (object)", "mode": "draw", "n": 2, "brush": 0.4, "strength": 1.5}
QUESTIONS: dict[str, list[dict[str, Any]]] = {
    "browser": UNITS,
    "explorer": [
        {"kind": "classified_images", "images": [0, 1]},
        {"kind": "curve", "class": "cow"},
        *UNITS,
    ],
    "attack": [{"kind": "start"}, {"kind": "stop"}, *UNITS],
    "painter": [
        {"kind": "stroke", "first": True, "last": False, "points": [[0.2, 0.2]], "brush": BRUSH},
        {"kind": "stroke", "first": True, "last": True, "points": [[0.2, 0.2], [0.4, 0.4]]},
        {"kind": "stroke", "first": False, "last": True, "points": []},
        {"kind": "do", "what": "undo"},
        {"kind": "do", "what": "next"},
        {"kind": "seed", "seed": 3},
        {"kind": "switch", "index": 0, "on": False},
        {"kind": "drop", "index": 0},
        {"kind": "load", "text": "{}", "name": "x.json"},
        {"kind": "save"},
    ],
}


def hostile(question: dict[str, Any], random: Random) -> Any:
    """A question that is wrong in one way or in several."""
    changed: Any = {"id": "v-1", **copy.deepcopy(question)}
    for _ in range(random.choice([1, 1, 2])):
        if not isinstance(changed, dict):
            break
        way, name = random.randrange(9), random.choice(list(changed))
        value = random.choice(VALUES)(random)
        if way < 4:
            changed[name] = value
        elif way == 4:
            changed.pop(name)
        elif way == 5:
            changed[random.choice(["x", "painting", "__class__", "kind ", "buffers"])] = value
        elif way == 6 and isinstance(changed.get(name), dict):
            changed[name][random.choice([*changed[name], "painting", "edits"])] = value
        elif way == 6 and isinstance(changed.get(name), list):
            changed[name] = changed[name] + [value] if random.random() < 0.5 else changed[name] * 10**5
        elif way == 7:
            changed = value
        else:
            changed["kind"] = random.choice(["images", "units", "detail", "curve", "load", "dance", "", 0])
    return changed


def of_widget(name: str) -> Any:
    """Hostile questions to a widget."""

    def attempt(random: Random, folder: Path) -> None:
        wire = Wire(MADE[name])
        before = frozen(wire.widget)
        good = random.choice(QUESTIONS[name])
        content = hostile(good, random)
        buffers = random.choice([[], [], [], [b"x"], [memoryview(b"x")], [None]])
        answer = wire.ask(content, buffers)
        key = content.get("id") if isinstance(content, dict) else None
        if answer.get("id") is not None and answer.get("id") != key:
            raise Wrong(f"the answer is to {answer.get('id')!r}")
        if len(str(answer.get("id"))) > 100:
            raise Wrong("the answer repeats a long id")
        if "error" in answer and frozen(wire.widget) != before:
            raise Wrong(f"refused, but the state has changed: {answer['error'][:200]}")
        if name == "attack":
            wire.widget.wait()
        goes_on(wire, name)
        if "error" in answer:
            raise SettingError(answer["error"])

    return attempt


def goes_on(wire: Wire, name: str) -> None:
    """Raise Wrong if a right question is not answered any more."""
    question = QUESTIONS[name][-1] if name != "attack" else {"kind": "stop"}
    if name == "explorer":
        question = QUESTIONS[name][0]
    answer = wire.ask({"id": "v-2", **question})
    if "error" in answer or answer["id"] != "v-2":
        raise Wrong(f"it does not go on: {answer}")
    wire.widget.still()


def form(random: Random, folder: Path) -> None:
    """Messages of another form than those of a widget."""
    name = random.choice(NAMES)
    wire = Wire(MADE[name])
    before = frozen(wire.widget)
    data = random.choice(
        [
            random.choice(VALUES)(random),
            {"method": random.choice(VALUES)(random)},
            {"method": "custom", "content": random.choice(VALUES)(random)},
            {"method": "custom"},
            {"method": "update", "state": random.choice(VALUES)(random)},
            {"method": "update", "state": {}, "buffer_paths": [["x", 0, deep(100)]]},
            {"method": "update", "buffer_paths": random.choice(VALUES)(random)},
        ]
    )
    wire.tell(data, random.choice([[], [b"x"]]))
    if frozen(wire.widget) != before:
        raise Wrong("the state has changed")


def clicks(random: Random, folder: Path) -> None:
    """Clicks on bars that do not exist."""
    wire = Wire(MADE["bars"])
    indexes = random.choice([[0], [-1], [99], ["0"], [None], [0.5], [True], [10**30], "0", None, 3])
    points = {
        "trace_indexes": random.choice([[0], [9], None, "x"]),
        "point_indexes": indexes,
        "xs": [0],
        "ys": [0],
    }
    event = random.choice(
        [
            {"event_type": "plotly_click", "points": points, "device_state": {}},
            {"event_type": random.choice(VALUES)(random), "points": points},
            {"event_type": "plotly_click", "points": random.choice(VALUES)(random)},
            random.choice(VALUES)(random),
        ]
    )
    wire.tell({"method": "update", "state": {"_js2py_pointsCallback": event}, "buffer_paths": []})
    comparison = MADE["comparison"]
    if comparison.layer not in comparison.dissection.layer_names:
        raise Wrong(f"the layer is {comparison.layer!r}")


if __name__ == "__main__":
    kinds = {f"questions to the {name}": of_widget(name) for name in QUESTIONS}
    main("messages of pages", {**kinds, "other forms": form, "clicks": clicks}, warm=make, count=500)

"""The base of all widgets: keywords that do not exist, and answers to the page."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import numpy as np
import pytest
import traitlets
from msgspec import Meta
from torch import nn
from traitlets import TraitError

import dissect_widgets as dw
from dissect_widgets.widgets.shared.guarded import PAGE
from dissect_widgets.widgets.shared.messages import Question
from dissect_widgets.widgets.shared.trait_types import Choice, Real, Text, Whole
from dissect_widgets.widgets.shared.widget import Answer, Widget
from dissect_widgets.widgets.shared.wire import to_page
from tests.core.ablation.networks import Images
from tests.widgets.messages import ask
from tests.widgets.painted import small_dissection, small_generator


class Time(Question, tag="time"):
    zone: Annotated[float, Meta(ge=-12, le=12)] = 0.0


class Fail(Question, tag="fail"):
    how: str

    def error(self) -> BaseException:
        return {"long": ValueError("x" * 10**6), "interrupt": KeyboardInterrupt()}[self.how]


class Clock(Widget):
    """A widget with a trait, a private one, and a parameter of its own."""

    _esm = "export default { render() {} }"
    _questions = Time | Fail
    minutes = Whole(5, most=60).tag(**PAGE)
    name = Text("").tag(**PAGE)
    zone = Real(0.0, least=-12, most=12).tag(**PAGE)
    running = Choice(False).tag(sync=True)
    _hidden = traitlets.Int(0).tag(sync=True)

    def __init__(self, label: str, *, alarm: bool = False, **traits: Any) -> None:
        super().__init__(**traits)

    def _answer(self, question: Time | Fail) -> Answer:
        if isinstance(question, Fail):
            raise question.error()
        return {"minutes": self.minutes, "odd": [float("nan"), "\udc80"]}, [b"x"]


def watched() -> tuple[Clock, list[Any]]:
    """A widget, and the content of what it sends to its page."""
    clock, sent = Clock("a"), []
    clock._send = lambda msg, buffers=None: sent.append(msg.get("content"))
    return clock, sent


def message(data: Any, buffers: Any = ()) -> dict[str, Any]:
    """A message of the page."""
    return {"content": {"comm_id": "c", "data": data}, "buffers": list(buffers)}


def test_keywords_are_traits() -> None:
    assert Clock("a", minutes=7).minutes == 7
    assert Clock("a", layout={"width": "50px"}).layout.width == "50px", "those of every widget, too"


@pytest.mark.parametrize(
    ("keyword", "message"),
    [
        ("minuts", r"Clock\(\) got an unexpected keyword 'minuts'\. Did you mean 'minutes'\?"),
        ("alarms", "'alarms'. Did you mean 'alarm'"),
        ("zzz", r"'zzz'\. There are 6: 'label', 'alarm', 'minutes', 'name', 'running', 'zone'\."),
    ],
)
def test_unknown_keywords_are_refused(keyword: str, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Clock("a", **{keyword: 1})


def test_of_the_public_widgets_too(net: nn.Module, data: Images) -> None:
    classifier = dw.ClassifierData(net, data)
    with pytest.raises(TypeError, match=r"AttackDiff.*'positon'. Did you mean 'position'"):
        dw.AttackDiff(classifier, "conv", positon=0.5)
    generator = small_generator()
    with pytest.raises(TypeError, match=r"NeuronPainter.*'sead'. Did you mean 'seed'"):
        dw.NeuronPainter(generator, small_dissection(generator), sead=3)


def test_answers_and_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock("a")
    answer = {"id": "a-1", "minutes": 5, "odd": [float("nan"), "\udc80"]}
    assert repr(ask(clock, monkeypatch, kind="time")) == repr((answer, [b"x"]))
    content, buffers = ask(clock, monkeypatch, kind="weather")
    assert content["error"].endswith("not allowed: Invalid value 'weather' - at `$.kind`.") and not buffers
    assert len(ask(clock, monkeypatch, kind="fail", how="long")[0]["error"]) < 3000
    assert ask(clock, monkeypatch, kind="fail", how="interrupt")[0]["error"] == "It was interrupted."


DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize("key", ["a" * 64, 7, 0, -(2**53) + 1])
def test_the_answer_has_the_key_of_the_question(key: Any) -> None:
    clock, sent = watched()
    clock._handle_msg(message({"method": "custom", "content": {"id": key, "kind": "time"}}))
    assert sent == [{"id": key, "minutes": 5, "odd": [None, chr(0x10FC80)]}], "as JSON can hold it"


@pytest.mark.parametrize(
    "content",
    [
        None,
        3,
        "time",
        [],
        [{"id": "a", "kind": "time"}],
        {},
        {"kind": "time"},
        {"id": None, "kind": "time"},
        {"id": True, "kind": "time"},
        {"id": 1.5, "kind": "time"},
        {"id": 2**53, "kind": "time"},
        {"id": "a" * 65, "kind": "time"},
        {"id": "\u0000\u202e", "kind": "time"},
        {"id": ["a"], "kind": "time"},
        {"id": "a"},
        {"id": "a", "kind": ["time"]},
        {"id": "a", "kind": DEEP},
        {"id": "a", "kind": "t" * 10**6},
        {"id": "a", "kind": "time", "zone": DEEP},
        {"id": "a", "kind": "time", "zone": float("nan")},
        {"id": "a", "kind": "time", "zone": float("inf")},
        {"id": "a", "kind": "time", "zone": 1e308},
        {"id": "a", "kind": "time", "zone": 10**400},
        {"id": "a", "kind": "time", "zone": True},
        {"id": "a", "kind": "time", "zone": "1"},
        {"id": "a", "kind": "time", "zone": "1", "x": 1},
        {"id": "a", "kind": "time", 5: 1},
        {"id": "a", "kind": "time", **dict.fromkeys(map(str, range(10**5)))},
    ],
    ids=range(28),
)
def test_what_is_no_question_is_answered_with_an_error(content: Any) -> None:
    clock, sent = watched()
    clock._handle_msg(message({"method": "custom", "content": content}))
    (answer,) = sent
    assert answer["id"] in (None, "a") and 0 < len(answer["error"]) < 1000
    clock._handle_msg(message({"method": "custom", "content": {"id": 1, "kind": "time"}}))
    assert sent[1]["minutes"] == 5, "it goes on"


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"method": 1},
        {"method": "dance"},
        {"method": "custom"},
        {"method": "update"},
        {"method": "update", "state": []},
        {"method": "update", "state": {"minutes": 3}, "buffer_paths": [["minutes"]]},
    ],
)
def test_messages_of_another_form_are_answered_with_an_error(data: Any) -> None:
    clock, sent = watched()
    clock._handle_msg(message(data))
    assert sent[0]["error"] and clock.minutes == 5


def test_a_question_has_no_binary_data() -> None:
    clock, sent = watched()
    for buffers in ([b"x"], [memoryview(b"")], ["x"]):
        clock._handle_msg(message({"method": "custom", "content": {"id": 1, "kind": "time"}}, buffers))
        assert "binary" in sent.pop()["error"]


@pytest.mark.parametrize(
    "state",
    [
        {"minutes": 61},
        {"minutes": -1},
        {"minutes": True},
        {"minutes": 5.0},
        {"minutes": "5"},
        {"minutes": None},
        {"minutes": DEEP},
        {"minutes": 10**400},
        {"zone": float("nan")},
        {"zone": float("inf")},
        {"zone": 10**400},
        {"name": "x" * 20_001},
        {"name": ["x"]},
        {"minutes": 7, "zone": 13},
        {"running": True},
        {"_hidden": 1},
        {"_still_key": "x"},
        {"_esm": "alert(1)"},
        {"_css": "* {}"},
        {"layout": "IPY_MODEL_none"},
        {"_model_module": "evil"},
        {"_anywidget_id": "x"},
        {"_dom_classes": ["x"]},
        {"painting": 0},
        {"minutes": 7, "_questions": 0},
        {"": 0},
    ],
    ids=range(26),
)
def test_the_page_sets_what_it_may_and_gets_the_true_values_back(state: dict[str, Any]) -> None:
    clock, _ = watched()
    before, back = clock.get_state(), []
    clock._send = lambda msg, buffers=None: back.append(msg)
    clock._handle_msg(message({"method": "update", "state": state, "buffer_paths": []}))
    assert clock.get_state() == before
    known = [name for name in state if name in clock.keys]
    told = {name: value for msg in back if msg["method"] == "update" for name, value in msg["state"].items()}
    assert told == {name: before[name] for name in known}
    clock._handle_msg(message({"method": "update", "state": {"minutes": 8, "name": "\ud800"}}))
    assert clock.minutes == 8 and clock.name == "\ud800", "it goes on"
    for name in ("\udc80", "\U0010fc80", "\U0010f7ff"):
        clock._handle_msg(message({"method": "update", "state": {"name": to_page(name)}}))
        assert clock.name == name


def test_numbers_of_numpy_are_taken_and_others_refused() -> None:
    clock = Clock("a", minutes=np.int32(7), zone=np.float32(1.5))
    assert (type(clock.minutes), type(clock.zone)) == (int, float) and clock.zone == 1.5
    for value in (True, np.bool_(True), np.float64(3), 3.0, "3", None, np.array(3), 1j, Decimal(3), DEEP):
        with pytest.raises(TraitError, match=r"minutes is .*; it must be a whole number from 0 to 60"):
            clock.minutes = value
    for value in (float("nan"), -np.inf, True, "3", None, np.array(3.0), 1j, DEEP):
        with pytest.raises(TraitError, match=r"zone is .*; it must be a number from -12 to 12"):
            clock.zone = value
    with pytest.raises(TraitError) as caught:
        clock.name = "x" * 10**6
    assert len(str(caught.value)) < 300

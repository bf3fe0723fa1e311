"""The base of all widgets: keywords that do not exist, and answers to the page."""

from __future__ import annotations

from typing import Any

import pytest
import traitlets
from torch import nn

import dissect_widgets as dw
from dissect_widgets.widgets.shared.widget import Answer, Widget
from tests.core.ablation.networks import Images
from tests.widgets.messages import ask
from tests.widgets.painted import small_dissection, small_generator


class Clock(Widget):
    """A widget with a trait, a private one, and a parameter of its own."""

    _esm = "export default { render() {} }"
    minutes = traitlets.Int(5).tag(sync=True)
    _hidden = traitlets.Int(0).tag(sync=True)

    def __init__(self, name: str, *, alarm: bool = False, **traits: Any) -> None:
        super().__init__(**traits)

    def _answer(self, question: dict[str, Any]) -> Answer:
        return (
            ({"minutes": self.minutes}, [b"x"]) if question["kind"] == "time" else super()._answer(question)
        )


def test_keywords_are_traits() -> None:
    assert Clock("a", minutes=7).minutes == 7
    assert Clock("a", layout={"width": "50px"}).layout.width == "50px", "those of every widget, too"


@pytest.mark.parametrize(
    ("keyword", "message"),
    [
        ("minuts", r"Clock\(\) got an unexpected keyword 'minuts'\. Did you mean 'minutes'\?"),
        ("alarms", "'alarms'. Did you mean 'alarm'"),
        ("zzz", r"'zzz'\. There are 3: 'name', 'alarm', 'minutes'\."),
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
    assert ask(clock, monkeypatch, kind="time") == ({"id": "a-1", "minutes": 5}, [b"x"])
    content, buffers = ask(clock, monkeypatch, kind="weather")
    assert content["error"] == "ValueError: The page asked for 'weather'." and not buffers

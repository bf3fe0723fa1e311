"""Widgets for scripts that talk with them as a page does, and values that none may take."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from random import Random
from typing import Any

import dissect_widgets as dw
from tests.core.ablation.networks import Images, telling
from tests.fuzz.harness import Wrong
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded
from tests.widgets.painted import small_painter

MADE: dict[str, Any] = {}
"""Widgets by name, made once; each case has its own process."""
MOST_BYTES = 80 * 2**20


def make() -> None:
    """Make all widgets."""
    dissection = dw.dissect(seeded(TinyNet()), ["pool", "mix"], ArrayImages(), level=0.2, progress=False)
    classifier = dw.ClassifierData(telling(), Images())
    importance = dw.rank_units(classifier, "conv", progress=False)
    method = dw.CarliniWagner(steps=5, searches=1)
    MADE["browser"] = dw.UnitBrowser(dissection, unit=1)
    MADE["explorer"] = dw.AblationExplorer(classifier, importance, units=[1], progress=False)
    MADE["attack"] = dw.AttackDiff(classifier, importance=importance, method=method)
    MADE["painter"] = painter = small_painter()
    MADE["comparison"] = comparison = dw.LayerComparison(dissection)
    MADE["bars"], MADE["hint"], MADE["choice"] = comparison._bars, comparison._hint, comparison.children[0]
    painter.paint([(0.3, 0.3), (0.5, 0.6)])
    MADE["attack"].run()


NAMES = ("browser", "explorer", "attack", "painter", "comparison", "bars", "hint", "choice")


class Wire:
    """What a widget sends to its page, and what it logs."""

    def __init__(self, widget: Any) -> None:
        self.widget = widget
        self.sent: list[dict[str, Any]] = []
        self.buffers: list[Any] = []
        self.logged: list[str] = []
        widget._send = self._keep
        handler = logging.Handler()
        handler.emit = lambda record: self.logged.append(record.getMessage())  # type: ignore[method-assign]
        for logger in (widget.log, logging.getLogger("traitlets")):
            logger.handlers, logger.propagate = [handler], False

    def _keep(self, msg: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append(msg)
        self.buffers += buffers or []

    def tell(self, data: Any, buffers: Any = ()) -> list[dict[str, Any]]:
        """Send a message as the page does; returns what the widget has sent because of it."""
        self.sent, self.buffers, self.logged = [], [], []
        self.widget._handle_msg({"content": {"comm_id": "c", "data": data}, "buffers": list(buffers)})
        if self.logged:
            raise RuntimeError(f"an error of the kernel: {self.logged[0][:300]}")
        size = sum(map(len, self.buffers))
        for msg in self.sent:
            size += len(packed(msg))
        if size > MOST_BYTES:
            raise Wrong(f"{size / 2**20:.0f} MiB are sent")
        return self.sent

    def ask(self, content: Any, buffers: Any = ()) -> dict[str, Any]:
        """Ask a question; returns the content of the one answer."""
        sent = self.tell({"method": "custom", "content": content}, buffers)
        answers = [msg["content"] for msg in sent if msg["method"] == "custom"]
        if len(answers) != 1:
            raise Wrong(f"{len(answers)} answers")
        return answers[0]


def packed(msg: Any) -> bytes:
    """A message as Jupyter packs it, without its buffers."""
    text = json.dumps(msg, ensure_ascii=False, allow_nan=False, default=lambda value: "")
    return text.encode("utf-8", "surrogateescape")


def frozen(widget: Any) -> str:
    """State and attributes of a widget, to compare."""
    state = {name: repr(value) for name, value in widget.get_state().items() if name not in ("_esm", "_css")}
    attributes = {
        name: id(value) for name, value in vars(widget).items() if not name.startswith(("_", "comm"))
    }
    return repr((sorted(state.items()), sorted(attributes.items())))


def deep(levels: int = 50_000) -> Any:
    """A list in a list in a list."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


VALUES: list[Callable[[Random], Any]] = [
    lambda r: None,
    lambda r: True,
    lambda r: False,
    lambda r: r.choice([-1, 0, 1, 2, 3, 7, 99, 2**31, 2**53, 2**63, 10**30, -(10**400)]),
    lambda r: r.choice([0.0, -0.0, 0.5, 1.5, 1e308, -1e308, 5e-324, math.nan, math.inf, -math.inf]),
    lambda r: r.choice(["", "x", "0", "1", "mix", "pool", "remove", "draw", "__class__", "painting", "iou"]),
    lambda r: r.choice(["\0", "\u202e", "\ud800", "\udcff", "<img src=x>", "a\nb", "\U0010fc80", "%{x}"]),
    lambda r: "x" * r.choice([100, 20_001, 10**6]),
    lambda r: [],
    lambda r: {},
    lambda r: [r.choice([0, 1, -1, 2.5, "1", None, True, math.nan])] * r.choice([1, 2, 300, 10**5]),
    lambda r: {r.choice(["x", "", "__proto__", "painting"]): r.choice([0, None, "x"])},
    lambda r: dict.fromkeys(map(str, range(10**4))),
    lambda r: deep(),
    lambda r: [[0.5, 0.5]] * r.choice([1, 5, 10**5]),
    lambda r: [[0.5, r.choice([math.nan, 1e308, "0.5", None])]],
    lambda r: [r.choice([0, 1, 2, 3]) for _ in range(3)],
    lambda r: b"bytes",
    lambda r: memoryview(b"bytes"),
]
"""What a value may be instead of a right one."""

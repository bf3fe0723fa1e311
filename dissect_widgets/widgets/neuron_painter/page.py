"""Answers what the page of a painter asks."""

from __future__ import annotations

from typing import Any

import msgspec

from dissect_widgets.errors import SettingError
from dissect_widgets.widgets.neuron_painter.coverage import Coverage
from dissect_widgets.widgets.neuron_painter.questions import (
    Brush,
    Do,
    Drop,
    Load,
    PainterQuestion,
    Save,
    SaveMovie,
    SetSeed,
    StrokePiece,
    Switch,
)
from dissect_widgets.widgets.neuron_painter.strokes import MOST_POINTS_OF_ONE, Stroke
from dissect_widgets.widgets.shared.widget import Answer


class PainterPage:
    """Answers the page of a painter, a `NeuronPainter`, whose file imports this one."""

    def __init__(self, painter: Any) -> None:
        self.painter = painter
        self._stroke: tuple[Stroke, Coverage] | None = None

    def answer(self, question: PainterQuestion) -> Answer:
        """Do what the page asks for, and return content and buffers."""
        painter = self.painter
        match question:
            case StrokePiece():
                return {}, self._continue_stroke(question)
            case Save():
                return {"text": painter.edits_as_text()}, []
            case SaveMovie():
                return {}, [painter.movie("GIF")]
            case Do(what=what):
                acts = {"undo": painter.undo, "redo": painter.redo, "reset": painter.reset}
                (acts | {"next": painter.next_sample, "image": painter.to_image})[what]()
            case SetSeed(seed=seed):
                painter.to_sample(seed)
            case Switch(index=index, on=on):
                self._replace(index, on=on)
            case Drop(index=index):
                self._replace(index)
            case Load(text=text, name=name):
                painter.load_text(text, name)
        return {}, []

    def _continue_stroke(self, piece: StrokePiece) -> list[bytes]:
        """Continue the stroke that is being drawn; returns its image, or nothing once it is an edit."""
        painter = self.painter
        if piece.first:
            self._stroke = None
            if piece.brush is not None:
                self._take(piece.brush)
            begun = painter.new_stroke([])
            self._stroke = begun, painter.painting.coverage(begun.brush)
        if self._stroke is None:
            raise SettingError("The stroke was interrupted; draw it again.")
        stroke, coverage = self._stroke
        points = piece.points[: MOST_POINTS_OF_ONE - len(stroke.points)]  # a stroke ends there
        stroke = msgspec.structs.replace(stroke, points=stroke.points + points)
        self._stroke = stroke, coverage.add(points)
        if not piece.last:
            return [painter.preview((stroke, coverage.mask()))]
        self._stroke = None
        painter.edits = [*painter.edits, stroke.plain()]
        return []

    def _take(self, brush: Brush) -> None:
        """Set the traits of the brush: all, or none if one is not allowed."""
        with self.painter.hold_trait_notifications():
            for name, value in msgspec.structs.asdict(brush).items():
                self.painter.set_trait(name, value)

    def _replace(self, index: int, **changes: Any) -> None:
        """Change a stroke; without changes, remove it."""
        edits = self.painter.edits
        if index >= len(edits):
            raise SettingError(f"There is no stroke {index + 1}; there are {len(edits)}.")
        changed = [{**edits[index], **changes}] if changes else []
        self.painter.edits = [*edits[:index], *changed, *edits[index + 1 :]]

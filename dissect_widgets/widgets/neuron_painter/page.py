"""What the painter's page asks for, and the stroke that is being drawn on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dissect_widgets.widgets.neuron_painter.painting import Covered

if TYPE_CHECKING:
    from dissect_widgets.widgets.neuron_painter.neuron_painter import NeuronPainter


class PainterPage:
    """Answers the page of a painter; see `answer_page`."""

    def __init__(self, painter: NeuronPainter) -> None:
        self.painter = painter
        self._stroke: Covered | None = None

    def answer(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Do what the page asks for."""
        painter, kind = self.painter, question["kind"]
        if kind == "stroke":
            return {}, self._go_on(question)
        if kind == "save":
            return {"text": painter.edits_as_text()}, []
        if kind == "do":
            acts = {"undo": painter.undo, "redo": painter.redo, "reset": painter.reset}
            (acts | {"next": painter.next_sample})[question["what"]]()
        elif kind == "seed":
            painter.seed = question["seed"]
        elif kind == "switch":
            self._replace(question["index"], on=question["on"])
        elif kind == "drop":
            self._replace(question["index"])
        elif kind == "load":
            painter.load_text(question["text"], question["name"])
        else:
            raise ValueError(f"The page asked for {kind!r}.")
        return {}, []

    def _go_on(self, question: dict[str, Any]) -> list[bytes]:
        """Take the stroke that is being drawn further; its picture, or none once it is an edit."""
        painter = self.painter
        if question["first"]:
            for name, value in question["brush"].items():  # what the page shows may still be on its way
                setattr(painter, name, value)
            self._stroke = painter.painting.covered(painter.new_stroke([]))
        if self._stroke is None:
            raise ValueError("The stroke was cut off; draw it again.")
        stroke, coverage = self._stroke
        points = tuple((float(x), float(y)) for x, y in question["points"])
        stroke = stroke._replace(points=stroke.points + points)
        self._stroke = stroke, coverage.add(points)
        if not question["last"]:
            return [painter.preview(self._stroke)]
        self._stroke = None
        painter.edits = [*painter.edits, stroke.plain()]
        return []

    def _replace(self, index: int, **changes: Any) -> None:
        """Change a stroke, or without changes remove it."""
        edits = self.painter.edits
        changed = [{**edits[index], **changes}] if changes else []
        self.painter.edits = [*edits[:index], *changed, *edits[index + 1 :]]

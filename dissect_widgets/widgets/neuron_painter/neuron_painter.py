"""The painter: a brush that inserts and ablates units of a generator, which adapts the image.

>>> painter = NeuronPainter(generator, dissection)
>>> painter                                  # show it
>>> painter.concept, painter.seed = "door", 7
>>> painter.paint([(0.5, 0.7)])              # as the brush does
>>> painter.image                            # the image as PIL.Image

PNAS 2020, "Semantic Paint", Fig. 6.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import traitlets
from PIL import Image
from torch import Tensor, nn
from traitlets import TraitError

from dissect_widgets.core.data.latents import ToImages, to_images
from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.json_files import read_small
from dissect_widgets.core.files.target import input_file, output_file
from dissect_widgets.errors import SavedError, SettingError
from dissect_widgets.widgets.neuron_painter.coverage import Coverage
from dissect_widgets.widgets.neuron_painter.painting import Covered, Painting
from dissect_widgets.widgets.neuron_painter.palette import mix_palette, page_palette
from dissect_widgets.widgets.neuron_painter.questions import (
    LEAST_BRUSH,
    LEAST_STRENGTH,
    MOST_STRENGTH,
    Brush,
    Do,
    Drop,
    Load,
    PainterQuestion,
    Save,
    SetSeed,
    StrokePiece,
    Switch,
)
from dissect_widgets.widgets.neuron_painter.still import painter_still
from dissect_widgets.widgets.neuron_painter.strokes import LARGEST_SEED, MODES, MOST_POINTS_OF_ONE, Stroke
from dissect_widgets.widgets.shared.front_end import SHARED_STYLES, join_modules, scoped_styles
from dissect_widgets.widgets.shared.guarded import PAGE, said
from dissect_widgets.widgets.shared.history import History
from dissect_widgets.widgets.shared.messages import shortened
from dissect_widgets.widgets.shared.still import Still
from dissect_widgets.widgets.shared.trait_types import MOST_PIXELS, Items, Real, Text, Whole
from dissect_widgets.widgets.shared.widget import Answer, Widget, one_of

_MOST_BYTES = 64 << 20
"""Of a file of edits."""


class NeuronPainter(Widget):
    """A canvas that paints with the units of a generator.

    A stroke sets the units that match a concept best to their thresholds t_u, or to zero, in the part of the
    layer's map that the brush covers; strokes add up, and only the layers after it run.

    Parameters
    ----------
    generator
        In evaluation mode; latents (B, latent_dim) or (B, latent_dim, 1, 1) to images.
    dissection
        Of this generator; it says which units match which concept.
    layer
        The layer that is edited; by default the one with the most unique detectors.
    concepts
        The palette; by default the objects and parts that units match best.
    seed, concept, mode, n, brush, strength, edits, size
        Initial values of the traits.
    latent
        Maps a seed to a latent (1, latent_dim); by default the first that `latents` draws.
    to_images
        Maps the generator's output to images in [0, 1]; by default from [-1, 1].

    Attributes
    ----------
    image
        The edited image, `PIL.Image`.

    Raises
    ------
    LayerError, SettingError, DataError, ConceptError
        If the layer is unknown, its units are not those of the dissection, the generator takes other
        latents, or a concept is unknown.
    TraitError
        If a trait is set to a value that is not allowed; it names the allowed ones.
    """

    _esm = join_modules(Path(__file__).with_suffix(".js"))
    _css = scoped_styles({".dw-neuron-painter": [SHARED_STYLES, Path(__file__).with_suffix(".css")]})

    _questions = PainterQuestion
    seed = Whole(1, most=LARGEST_SEED, help="Sample that is painted on.").tag(**PAGE)
    concept = Text(help="What the brush paints with.").tag(**PAGE)
    mode = Text("draw", help='Whether the brush is to "draw" or to "erase".').tag(**PAGE)
    n = Whole(
        20, least=1, help="Number of units that are edited, those of the highest IoU with the concept."
    ).tag(**PAGE)
    brush = Real(
        0.2, least=LEAST_BRUSH, most=1, help="Diameter of the brush, as a share of the image's width."
    ).tag(**PAGE)
    strength = Real(
        1.0,
        least=LEAST_STRENGTH,
        most=MOST_STRENGTH,
        help="Multiple of the threshold that units are set to. Erasing, 1 sets them to zero, less removes a "
        "part, and more sets them below zero, as far as drawing goes above the threshold.",
    ).tag(**PAGE)
    edits = Items(traitlets.Dict(), help="Strokes in order; see `Stroke`.").tag(**PAGE)
    size = Whole(544, least=128, most=MOST_PIXELS, help="Width of the image on the page, in pixels.").tag(
        **PAGE
    )
    error = Text(help="The last error, if the image does not show the edits.").tag(sync=True)
    _about = traitlets.Dict().tag(sync=True)
    _palette = traitlets.List(traitlets.Dict()).tag(sync=True)
    _image = traitlets.Bytes().tag(sync=True)
    _original = traitlets.Bytes().tag(sync=True)
    _can = traitlets.Dict({"undo": False, "redo": False}).tag(sync=True)

    def __init__(
        self,
        generator: nn.Module,
        dissection: Dissection,
        *,
        layer: str | None = None,
        concepts: Sequence[str | Concept] | None = None,
        latent: Callable[[int], Tensor] | None = None,
        to_images: ToImages = to_images,
        **traits: Any,
    ) -> None:
        self._check_keywords(traits)
        self.painting = Painting(generator, dissection, layer, latent, to_images)
        self.layer = self.painting.layer
        self.palette = mix_palette(self.layer, concepts)
        self._strokes: list[Covered] = []
        self._history: History[list[dict[str, Any]]] = History()
        self._page = PainterPage(self)
        self._moving = True  # the initial edits are not a step of the history
        super().__init__(
            _about=self.painting.about(),
            _palette=page_palette(self.palette, dissection, self.layer),
            **{"concept": next(iter(self.palette)), "n": min(20, self.layer.units)} | traits,
        )
        self._moving = False
        self._begin()

    def __repr__(self) -> str:
        return f"<NeuronPainter on {self.layer.name}: seed {self.seed}, {len(self.edits)} strokes>"

    def _answer(self, question: PainterQuestion) -> Answer:
        return self._page.answer(question)

    def still(self) -> Still:
        """The image without and with the strokes, and the strokes."""
        strokes = [stroke for stroke, _ in self._strokes]
        return painter_still(self.layer.name, self.seed, self.original, self.image, strokes)

    @property
    def image(self) -> Image.Image:
        """The edited image."""
        return Image.open(io.BytesIO(self._image)).convert("RGB")

    @property
    def original(self) -> Image.Image:
        """The image without edits."""
        return Image.open(io.BytesIO(self._original)).convert("RGB")

    def as_edits(self) -> list[Edit]:
        """The strokes as edits, for `dw.edit`, `dw.count_pixels`, and other latents."""
        return self.painting.edits(self._strokes)

    def paint(self, points: Iterable[tuple[float, float]]) -> None:
        """Paint a stroke with the current brush through points (x, y), shares of the width and height."""
        stroke = self.new_stroke(list(points))
        self.edits = [*self.edits, stroke.plain()]

    def undo(self) -> None:
        """Undo the last change of the edits, if there is one."""
        self._move(self._history.undo(self.edits))

    def redo(self) -> None:
        """Redo what was undone last."""
        self._move(self._history.redo(self.edits))

    def reset(self) -> None:
        """Remove all edits; `undo` brings them back."""
        self.edits = []

    def next_sample(self) -> None:
        """Move to the next seed; the edits stay."""
        self.seed = (self.seed + 1) % (LARGEST_SEED + 1)

    def save_image(self, path: str | Path) -> None:
        """Write the image as PNG; SavedError or StorageError if it cannot be written there."""
        with replacing(output_file(path)) as new:
            new.write_bytes(self._image)

    def save_edits(self, path: str | Path) -> None:
        """Write seed and edits as JSON; SavedError or StorageError if they cannot be written there."""
        with replacing(output_file(path)) as new:
            new.write_text(self.edits_as_text(), "utf-8")

    def edits_as_text(self) -> str:
        """Seed and edits as JSON."""
        return self.painting.written([stroke for stroke, _ in self._strokes], self.seed)

    def load_edits(self, path: str | Path) -> None:
        """Read seed and edits that `save_edits` wrote.

        Raises
        ------
        SavedError
            If the file cannot be read, is damaged, or of another generator or layer; the current edits stay.
        """
        path = input_file(path)
        try:
            text = read_small(path, most_bytes=_MOST_BYTES).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SavedError(f"{path} is damaged: it is not text.") from None
        self.load_text(text, str(path))

    def load_text(self, text: str, origin: str) -> None:
        """Set seed and edits from the text of `edits_as_text`; errors call it `origin`."""
        strokes, seed = self.painting.read(text, origin)
        self._moving = True  # both at once: the sample is drawn with these edits, and with no others
        try:
            before = self.edits
            with self.hold_sync():
                self.seed, self.edits = seed, [stroke.plain() for stroke in strokes]
        finally:
            self._moving = False
        self._history.left(before)
        self._can = self._history.can()
        self._begin()

    def new_stroke(self, points: Sequence[tuple[float, float]]) -> Stroke:
        """A stroke with the current brush, which is not painted yet."""
        paint, draws = self.palette[self.concept], self.mode == "draw"
        times = self.strength if draws else min(1 - self.strength, 0.0)
        level = tuple(threshold * times + 0.0 for threshold in paint.level[: self.n])  # avoids -0.0
        share = 1.0 if draws else min(self.strength, 1.0)
        return self.painting.checked(
            {
                "mode": self.mode,
                "concept": self.concept,
                "units": paint.units[: self.n],
                "level": level,
                "share": share,
                "brush": self.brush,
                "points": [_as_point(point) for point in points],
            }
        )

    def preview(self, stroke: Covered) -> bytes:
        """The image as PNG with one more stroke, which is not added to the edits."""
        with self._reporting():
            return self.painting.draw([*self._strokes, stroke])

    @traitlets.validate("concept")
    def _valid_concept(self, proposal: Any) -> str:
        return one_of("concept", proposal["value"], self.palette)

    @traitlets.validate("mode")
    def _valid_mode(self, proposal: Any) -> str:
        return one_of("mode", proposal["value"], MODES)

    @traitlets.validate("n")
    def _valid_n(self, proposal: Any) -> int:
        n: int = proposal["value"]
        if not 1 <= n <= self.layer.units:
            raise TraitError(f"n is {n}; {self.layer.name} has {self.layer.units} units.")
        return n

    @traitlets.validate("edits")
    def _valid_edits(self, proposal: Any) -> list[dict[str, Any]]:
        try:
            return [stroke.plain() for stroke in self.painting.all_checked(proposal["value"])]
        except SettingError as error:
            raise TraitError(f"edits: {error}") from None

    @traitlets.observe("seed")
    def _seed_changed(self, change: Any) -> None:
        if self.painting.begun and not self._moving:
            self._begin()

    @traitlets.observe("edits")
    def _edits_changed(self, change: Any) -> None:
        if self._moving:
            return
        self._history.left(change["old"] or [])
        self._can = self._history.can()
        if self.painting.begun:
            self._show()

    def _move(self, edits: list[dict[str, Any]]) -> None:
        """Move to edits of the history, which adds no step to it."""
        self._moving = True
        try:
            self.edits = edits
        finally:
            self._moving = False
        self._can = self._history.can()
        self._show()

    def _begin(self) -> None:
        """Start from the sample of the seed, and show it without and with the edits."""
        with self._reporting(), self.hold_sync():
            self.painting.begin(self.seed)
            self._original = self.painting.draw([])
            self._show()

    def _show(self) -> None:
        with self._reporting():
            known = {(stroke.brush, stroke.points): mask for stroke, mask in self._strokes}
            strokes = self.painting.all_checked(self.edits)
            self._strokes = [self.painting.covered(stroke, known) for stroke in strokes]
            self._image = self.painting.draw(self._strokes)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Show what fails below the image; the edits stay as they are."""
        try:
            yield
            self.error = ""
        except BaseException as error:  # an interrupt, too
            self.error = said(error)
            raise


def _as_point(point: Any) -> list[float]:
    try:
        x, y = point
        return [float(x), float(y)]
    except (TypeError, ValueError, OverflowError):
        what = shortened(repr(point), 100)
        raise SettingError(f"A point is {what}; it must be two numbers (x, y).") from None


class PainterPage:
    """Answers the page of a painter."""

    def __init__(self, painter: NeuronPainter) -> None:
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
            case Do(what=what):
                acts = {"undo": painter.undo, "redo": painter.redo, "reset": painter.reset}
                (acts | {"next": painter.next_sample})[what]()
            case SetSeed(seed=seed):
                painter.seed = seed
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

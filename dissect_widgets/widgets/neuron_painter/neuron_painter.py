"""The painter: a brush that inserts and ablates units of a generator, which adapts the image.

>>> painter = NeuronPainter(generator, dissection)
>>> painter                                  # show it
>>> painter.concept, painter.seed = "door", 7
>>> painter.paint([(0.5, 0.7)])              # as the brush does
>>> painter.image                            # the image as PIL.Image
>>> painter.save_movie("strokes.gif")        # how it was painted
>>> NeuronPainter(generator, dissection, image=photo)      # paints on an image of one's own

PNAS 2020, "Semantic Paint", Fig. 6.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import traitlets
from PIL import Image
from torch import Tensor, nn
from traitlets import TraitError

from dissect_widgets.core.data.latents import ToImages, to_images
from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.inversion_result import Inversion
from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.json_files import read_small
from dissect_widgets.core.files.target import input_file, output_file
from dissect_widgets.errors import SavedError, SettingError
from dissect_widgets.widgets.neuron_painter.movie import Format, format_of, movie_of
from dissect_widgets.widgets.neuron_painter.page import PainterPage
from dissect_widgets.widgets.neuron_painter.painting import Covered, Painting
from dissect_widgets.widgets.neuron_painter.palette import mix_palette, page_palette
from dissect_widgets.widgets.neuron_painter.questions import (
    LEAST_BRUSH,
    LEAST_STRENGTH,
    MOST_STRENGTH,
    PainterQuestion,
)
from dissect_widgets.widgets.neuron_painter.still import painter_still
from dissect_widgets.widgets.neuron_painter.strokes import LARGEST_SEED, MODES, Stroke
from dissect_widgets.widgets.shared.front_end import SHARED_STYLES, join_modules, scoped_styles
from dissect_widgets.widgets.shared.guarded import PAGE, said
from dissect_widgets.widgets.shared.history import History
from dissect_widgets.widgets.shared.messages import shortened
from dissect_widgets.widgets.shared.still import Still
from dissect_widgets.widgets.shared.trait_types import MOST_PIXELS, Choice, Items, Real, Text, Whole
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
    image
        An image of one's own to paint on: `invert` finds the latent, and the activations of the layer, of
        which the generator makes the nearest image to it. What `invert` has found will do, too.
    resize, progress
        Whether to squeeze or stretch the image to the size of the generator's; whether to show a bar while it
        is inverted.
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
    ProofError, ActivationError, Interrupted
        See `invert`; after an interrupt the same call goes on.
    """

    _esm = join_modules(Path(__file__).with_suffix(".js"))
    _css = scoped_styles({".dw-neuron-painter": [SHARED_STYLES, Path(__file__).with_suffix(".css")]})

    _questions = PainterQuestion
    on_image = Choice(
        False, help="Whether one's own image is painted on, and not the sample of the seed."
    ).tag(**PAGE)
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
        image: Any = None,
        resize: bool = False,
        progress: bool = True,
        **traits: Any,
    ) -> None:
        self._check_keywords(traits)
        self.painting = Painting(
            generator, dissection, layer, latent, to_images, image, resize=resize, progress=progress
        )
        self.layer = self.painting.layer
        self.palette = mix_palette(self.layer, concepts)
        self._strokes: list[Covered] = []
        self._history: History[list[dict[str, Any]]] = History()
        self._page = PainterPage(self)
        self._moving = True  # the initial edits are not a step of the history
        super().__init__(
            _about=self.painting.about(),
            _palette=page_palette(self.palette, dissection, self.layer),
            **{
                "concept": next(iter(self.palette)),
                "n": min(20, self.layer.units),
                "on_image": self.painting.own is not None,
            }
            | traits,
        )
        self._moving = False
        self._begin()

    def __repr__(self) -> str:
        on = "an image" if self.on_image else f"seed {self.seed}"
        return f"<NeuronPainter on {self.layer.name}: {on}, {len(self.edits)} strokes>"

    def _answer(self, question: PainterQuestion) -> Answer:
        return self._page.answer(question)

    def still(self) -> Still:
        """The image without and with the strokes, and the strokes."""
        strokes = [stroke for stroke, _ in self._strokes]
        sample = "an image" if self.on_image else f"sample {self.seed}"
        return painter_still(self.layer.name, sample, self.original, self.image, strokes)

    @property
    def image(self) -> Image.Image:
        """The edited image."""
        return Image.open(io.BytesIO(self._image)).convert("RGB")

    @property
    def original(self) -> Image.Image:
        """The image without edits."""
        return Image.open(io.BytesIO(self._original)).convert("RGB")

    @property
    def inversion(self) -> Inversion | None:
        """One's own image as the generator makes it, and how close that is; None if there is none."""
        return self.painting.own

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
        self.to_sample((self.seed + 1) % (LARGEST_SEED + 1))

    def to_image(self) -> None:
        """Move to one's own image; the edits stay."""
        self.on_image = True

    def save_image(self, path: str | Path) -> None:
        """Write the image as PNG; SavedError or StorageError if it cannot be written there."""
        with replacing(output_file(path)) as new:
            new.write_bytes(self._image)

    def save_movie(self, path: str | Path, *, width: int = 320) -> None:
        """Write how the strokes were painted, one after the other, as an animated image (PNAS 2020, SI).

        Parameters
        ----------
        path
            Ends in .gif, .webp or .png.
        width
            Of the frames, in pixels.

        Raises
        ------
        SettingError
            If there are no strokes that are switched on, the ending or the width is another.
        SavedError, StorageError
            If the file cannot be written.
        """
        target, form = output_file(path), format_of(path)
        content = self.movie(form, width=width)
        with replacing(target) as new:
            new.write_bytes(content)

    def movie(self, form: Format, *, width: int = 320) -> bytes:
        """What `save_movie` writes, as "GIF", "WEBP" or "PNG"."""
        return movie_of(self.painting, [stroke for stroke, _ in self._strokes], form, width)

    def save_edits(self, path: str | Path) -> None:
        """Write seed and edits as JSON; SavedError or StorageError if they cannot be written there."""
        with replacing(output_file(path)) as new:
            new.write_text(self.edits_as_text(), "utf-8")

    def edits_as_text(self) -> str:
        """Seed and edits as JSON; also which image of one's own they are on, if they are."""
        strokes = [stroke for stroke, _ in self._strokes]
        return self.painting.written(strokes, self.seed, on_image=self.on_image)

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
        strokes, seed, on_image = self.painting.read(text, origin)
        self._moving = True  # both at once: the sample is drawn with these edits, and with no others
        try:
            before = self.edits
            with self.hold_sync():
                self.seed, self.on_image = seed, on_image
                self.edits = [stroke.plain() for stroke in strokes]
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

    @traitlets.validate("on_image")
    def _valid_on_image(self, proposal: Any) -> bool:
        if proposal["value"] and self.painting.own is None:
            raise TraitError("on_image is True, but there is no image; open a painter with image=...")
        return bool(proposal["value"])

    @traitlets.observe("seed")
    def _seed_changed(self, change: Any) -> None:
        if self.painting.begun and not self._moving:
            self.to_sample(change["new"])

    @traitlets.observe("on_image")
    def _on_image_changed(self, change: Any) -> None:
        if self.painting.begun and not self._moving:
            self._begin()

    def to_sample(self, seed: int) -> None:
        """Move to the sample of a seed; the edits stay."""
        self._moving = True
        try:
            with self.hold_sync():
                self.seed, self.on_image = seed, False
        finally:
            self._moving = False
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
        """Start from the sample of the seed, or one's own image, and show it without and with the edits."""
        with self._reporting(), self.hold_sync():
            self.painting.begin(None if self.on_image else self.seed)
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

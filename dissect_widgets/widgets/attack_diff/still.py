"""The still of an attack diff: the images, the predicted classes, and the units that change."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dissect_widgets.core.network.grid import Grid
from dissect_widgets.plots.exemplars import upsample
from dissect_widgets.widgets.shared.sheet import INK, LINE, MARGIN, SOFT, WIDTH, Sheet, stack
from dissect_widgets.widgets.shared.still import SCALE, Still

SOURCE: Final = "#0072b2"
TARGET: Final = "#c85200"
COLORS: Final = {
    "green-red": ((0, 170, 80), (222, 45, 38)),
    "blue-orange": ((0, 114, 178), (230, 159, 0)),
}
"""Colors of more and of less activation, as in `palettes.js`."""
_GRAY: Final = 0.62
_FRAME: Final = 166
_GAP: Final = 10
_MOST_CARDS: Final = 4

Float32s = NDArray[np.float32]
Named = Callable[[int], tuple[str, str]]
"""Concept of a unit, and the color of its category."""


class ShownAttack:
    """A successful attack, as the page shows it, at a place between the original and the attacked image.

    Parameters
    ----------
    facts, result
        Of the widget; see `AttackData`.
    perturbation, maps
        float16 (3, H, W), and float16 (positions, units, h, w), as bytes.
    position
        0 is the original image, 1 the attacked one.
    """

    def __init__(
        self,
        facts: dict[str, Any],
        result: dict[str, Any],
        perturbation: bytes,
        maps: bytes,
        position: float,
    ) -> None:
        rows, columns, *place = facts["grid"]
        top, left, step_y, step_x = place
        self.grid = Grid(rows, columns, top, left, step_y, step_x, "half-pixel")
        self.result, self.position = result, position
        self.perturbation = np.frombuffer(perturbation, "<f2").astype(np.float32).reshape(3, -1)
        self._maps = np.frombuffer(maps, "<f2").astype(np.float32)
        self._maps = self._maps.reshape(facts["positions"], len(result["units"]), rows, columns)
        self.scale = float(np.abs(self._maps[-1] - self._maps[0]).max(initial=0)) or 1.0

    def between(self, values: Any) -> Any:
        """Value at the position, of values at even distances along the first axis."""
        values = np.asarray(values, np.float64)
        at = self.position * (len(values) - 1)
        before = int(at)
        after = min(before + 1, len(values) - 1)
        return values[before] + (at - before) * (values[after] - values[before])

    def change_of(self, unit: int) -> Float32s:
        """Change of a unit's map, float32 (h, w)."""
        maps = self._maps[:, self.result["units"].index(unit)]
        return np.asarray(self.between(maps) - maps[0], np.float32)

    def max_activation_change(self, unit: int) -> float:
        """Change of a unit's max activation."""
        values = self.result["max_activations"][self.result["units"].index(unit)]
        return float(self.between(values)) - float(values[0])

    def prediction(self) -> tuple[str, float]:
        """The most probable of the named classes."""
        probabilities = [float(self.between(values)) for values in self.result["probabilities"]]
        best = int(np.argmax(probabilities))
        return self.result["names"][best], probabilities[best]

    def moved(self, pixels: Float32s) -> Image.Image:
        """The image at the position."""
        return _image(pixels + 255 * self.position * self._shaped(pixels))

    def difference(self, pixels: Float32s, times: float) -> Image.Image:
        """The perturbation at the position, enlarged, around a middle gray."""
        return _image(127.5 + 255 * self.position * times * self._shaped(pixels))

    def _shaped(self, pixels: Float32s) -> Float32s:
        return self.perturbation.reshape(3, *pixels.shape[:2]).transpose(1, 2, 0)


def attack_still(
    layer: str,
    name: str,
    original: dict[str, Any],
    png: bytes,
    attack: ShownAttack | None,
    *,
    times: float,
    palette: str,
    outcome: str,
    concept_of: Named | None,
) -> Still:
    """The still of an attack diff.

    Parameters
    ----------
    layer, name
        Whose units are shown, and the name of the image.
    original, png
        The image before the attack; see `AttackData.original`.
    attack
        The attack if it has succeeded.
    times, palette
        See `AttackDiff`.
    outcome
        How the attack has ended, if it did not succeed.
    concept_of
        Concept and color of units, if the layer is dissected.
    """
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.float32)
    image = f"Image {original['image']} ({name})"
    if attack is None:
        said = f" {outcome}" if outcome else " Not attacked."
        predicted = f"predicted as {original['class']} ({100 * original['probabilities'][0][0]:.1f} %)"
        return Still(f"{image}: {predicted}.{said}", (), _frames(original, pixels, None, times).picture)
    result = attack.result
    now, probability = attack.prediction()
    title = (
        f"{image}: predicted as {result['source']}, attacked as {result['target']}; "
        f"L2 {result['l2']:.3g}, at most {255 * result['linf']:.2g} of 255 per pixel"
    )
    lines = []
    if attack.position < 1:
        at = f"At {100 * attack.position:.0f} % of the way from the original to the attacked image"
        lines.append(f"{at}: {now} ({100 * probability:.1f} %).")
    if not result["finished"]:
        lines.append("The attack was stopped early; this is the best so far.")
    for group in result["groups"]:
        changes = []
        for unit in group["units"][:_MOST_CARDS]:
            named = f"{unit} {concept_of(unit)[0]}" if concept_of else f"{unit}"
            changes.append(f"{named} {attack.max_activation_change(unit):+.3g}")
        what = f"Units of {layer} {group['title']}, change of their max activation"
        lines.append(f"{what}: {'; '.join(changes)}.")
    sheets = [_frames(original, pixels, attack, times), _units(layer, pixels, attack, palette, concept_of)]
    return Still(title, tuple(lines), stack([sheet.picture for sheet in sheets]))


def _frames(original: dict[str, Any], pixels: Float32s, attack: ShownAttack | None, times: float) -> Sheet:
    """Original, attacked image and difference, and the probabilities of classes."""
    rows, columns = pixels.shape[:2]
    fit = min(_FRAME / columns, 1.4 * _FRAME / rows)
    width, height = fit * columns, fit * rows
    probabilities = attack.result["probabilities"] if attack else original["probabilities"]
    sheet = Sheet(max(42 + height + 46, 50 + 24 * len(probabilities)))
    first = f"{100 * original['probabilities'][0][0]:.1f} %"
    frames = [("Original", _image(pixels), original["class"], first)]
    if attack is not None:
        name, probability = attack.prediction()
        title = "Attacked" if attack.position == 1 else f"{100 * attack.position:.0f} % of the attack"
        frames.append((title, attack.moved(pixels), name, f"{100 * probability:.1f} %"))
        l2 = f"L2 {attack.position * attack.result['l2']:.3g}"
        shown = attack.difference(pixels, times)
        frames.append((f"Difference, {times:g} times", shown, l2, ""))
    for place, (title, image, caption, more) in enumerate(frames):
        x = MARGIN + place * (_FRAME + _GAP)
        sheet.text(x, 22, title, size=12, color=SOFT, width=_FRAME)
        sheet.image(image, x, 36, width, height)
        sheet.text(x, 36 + height + 16, caption, bold=True, width=_FRAME)
        sheet.text(x, 36 + height + 34, more, size=12, color=SOFT)
    _bars(sheet, original, attack)
    return sheet


def _bars(sheet: Sheet, original: dict[str, Any], attack: ShownAttack | None) -> None:
    """Probabilities of classes; a mark shows the original one."""
    facts = attack.result if attack else original
    left = MARGIN + (3 if attack else 1) * (_FRAME + _GAP) + 6
    width = WIDTH - MARGIN - left
    sheet.text(left, 22, "Predicted as", size=12, color=SOFT)
    kinds = {original["class"]: SOURCE, facts.get("target"): TARGET}
    for row, (name, values) in enumerate(zip(facts["names"], facts["probabilities"], strict=True)):
        y = 46 + 29 * row
        now = float(attack.between(values)) if attack else values[0]
        color = kinds.get(name, "#9aa4ae")
        sheet.text(left, y, name, size=12, color=color if name in kinds else INK, width=width - 54)
        sheet.text(left + width, y, f"{100 * now:.1f} %", size=12, color=SOFT, anchor="r")
        sheet.bar(left, y + 13, width, now, color, height=6)
        sheet.box(left + width * values[0] - 1, y + 7, 2, 12, fill=INK)


def _units(
    layer: str, pixels: Float32s, attack: ShownAttack, palette: str, concept_of: Named | None
) -> Sheet:
    """Units of both classes, where they are more and less active than before."""
    more, less = COLORS[palette]
    rows, columns = pixels.shape[:2]
    side = (WIDTH - 2 * MARGIN - 7 * _GAP - 14) / (2 * _MOST_CARDS)
    height = min(side * rows / columns, 1.4 * side)
    size = (round(height * SCALE), round(side * SCALE))
    photo = np.asarray(_image(pixels).resize(size[::-1], Image.Resampling.LANCZOS), np.float32)
    sheet = Sheet(64 + height + 52)
    sheet.text(MARGIN, 20, f"Units of {layer}", size=14, bold=True, width=300)
    x = float(WIDTH - MARGIN)
    for text, color in ((f"more, {attack.scale:+.3g}", more), (f"less, {-attack.scale:+.3g}", less)):
        x -= sheet.text(x, 20, text, size=12, color=SOFT, anchor="r") + 12
        sheet.dot(x + 3, 20, 4.5, "#{:02x}{:02x}{:02x}".format(*color))
        x -= 14
    for place, group in enumerate(attack.result["groups"]):
        left = MARGIN + place * (_MOST_CARDS * (side + _GAP) + 14)
        kind = (SOURCE, TARGET)[place]
        sheet.text(left, 48, group["title"], size=12, color=kind, width=_MOST_CARDS * (side + _GAP))
        for card, unit in enumerate(group["units"][:_MOST_CARDS]):
            cx = left + card * (side + _GAP)
            change = upsample(attack.change_of(unit)[None], attack.grid, size, (rows, columns))[0]
            sheet.image(tint(photo, change, attack.scale, more, less), cx, 62, side, height)
            name, dot = concept_of(unit) if concept_of else (f"unit {unit}", LINE)
            sheet.dot(cx + 4, 62 + height + 14, 3.5, dot)
            sheet.text(cx + 11, 62 + height + 14, name, size=11, width=side - 12)
            number = f"{unit}" if concept_of else ""
            sheet.text(cx + 11, 62 + height + 31, number, size=11, color=SOFT)
            delta = f"{attack.max_activation_change(unit):+.2f}"
            sheet.text(cx + side, 62 + height + 31, delta, size=11, color=SOFT, anchor="r")
    return sheet


def tint(
    photo: Float32s,
    change: Float32s,
    scale: float,
    more: tuple[int, int, int],
    less: tuple[int, int, int],
) -> Image.Image:
    """Colors of a change (h, w) over the gray of a photo (h, w, 3), as in `palettes.js`."""
    gray = _GRAY * (photo @ np.array([0.3, 0.59, 0.11], np.float32))[..., None]
    strength = np.minimum(np.abs(change) / scale, 1)[..., None] ** 0.6
    color = np.where(change[..., None] > 0, np.array(more, np.float32), np.array(less, np.float32))
    return _image(gray + strength * (color - gray))


def _image(pixels: NDArray[Any]) -> Image.Image:
    """Image of values (h, w, 3) from 0 to 255."""
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))

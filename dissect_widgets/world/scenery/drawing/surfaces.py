"""What things are made of: color, material, texture and irregularities of a surface.

Colors are sRGB in [0, 1]. Palettes are wide and overlap on purpose: no object is recognizable by its color.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.rng import Rng

Color = tuple[float, float, float]


class Surface(NamedTuple):
    """A kind of surface."""

    color: Color
    material: str | None = None
    texture: str | None = None
    second: Color = (0.0, 0.0, 0.0)
    """The other color of the texture: mortar, dots, the dark lines between planks."""
    period: tuple[float, float] = (1.0, 1.0)
    """Size of one repetition of the texture in meters, across and up."""
    rough: float = 0.0
    """Share by which brightness varies from place to place."""
    grain: tuple[float, float] = (0.3, 0.3)
    """Size of those places in meters, across and up."""
    blend: float = 0.0
    """Share of the second color at the top of the outline, falling to none at its foot."""
    glow: float = 0.0
    """1 for what shines by itself, and is the same in any light."""

    def times(self, factor: float) -> Surface:
        """The same, lighter or darker."""
        return self._replace(color=times(self.color, factor), second=times(self.second, factor))

    def plain(self) -> Surface:
        """The same without its texture, in the mean of its colors."""
        share = 0.4 if self.texture else 0.0
        return self._replace(texture=None, color=mix(self.color, self.second, share))

    def textured(self, texture: str, shade: float, period: tuple[float, float]) -> Surface:
        """The same with a texture, whose second color is its own, lighter or darker by a factor."""
        return self._replace(texture=texture, second=times(self.color, shade), period=period)


def times(color: Color, factor: float) -> Color:
    """A lighter or darker color."""
    return (color[0] * factor, color[1] * factor, color[2] * factor)


def mix(first: Color, second: Color, share: float) -> Color:
    """A share of the second color in the first."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def vary(rng: Rng, color: Color, spread: float = 0.06) -> Color:
    """A color near by."""
    light = rng.between(-spread, spread)
    red, green, blue = (min(max(c + light + rng.between(-spread, spread) / 2, 0.02), 0.98) for c in color)
    return red, green, blue


def any_color(rng: Rng) -> Color:
    """Any color at all, gray or vivid, dark or light."""
    high = rng.between(0.25, 0.95)
    low = high * (1 - rng.pick((0.05, 0.15, 0.35, 0.6, 0.8)))
    red, green, blue = rng.shuffled((high, low, rng.between(low, high)))
    return red, green, blue


def quiet_color(rng: Rng) -> Color:
    """A color as walls have it: light or muted."""
    return mix(any_color(rng), rng.pick(((0.9, 0.88, 0.84), (0.75, 0.75, 0.77), (0.8, 0.74, 0.66))), 0.6)


def pick_color(rng: Rng, colors: Sequence[Color]) -> Color:
    """One of several colors, a little changed."""
    return vary(rng, rng.pick(colors))


WOODS = ((0.45, 0.29, 0.16), (0.62, 0.44, 0.26), (0.76, 0.6, 0.4), (0.3, 0.18, 0.1), (0.55, 0.5, 0.44))
BRICKS = ((0.62, 0.3, 0.22), (0.5, 0.24, 0.2), (0.72, 0.5, 0.36), (0.8, 0.74, 0.66), (0.45, 0.42, 0.4))
STONES = ((0.62, 0.6, 0.56), (0.48, 0.47, 0.47), (0.75, 0.7, 0.6), (0.55, 0.48, 0.4), (0.85, 0.84, 0.8))
METALS = ((0.62, 0.64, 0.67), (0.42, 0.44, 0.47), (0.8, 0.81, 0.83), (0.25, 0.26, 0.28), (0.6, 0.5, 0.35))
LEAVES = ((0.2, 0.36, 0.12), (0.3, 0.46, 0.16), (0.14, 0.28, 0.14), (0.4, 0.48, 0.2))
AUTUMN = ((0.74, 0.42, 0.1), (0.8, 0.6, 0.16), (0.6, 0.24, 0.1), (0.5, 0.4, 0.16))
SKINS = ((0.93, 0.76, 0.64), (0.8, 0.6, 0.45), (0.6, 0.42, 0.3), (0.4, 0.27, 0.19))


def wood(rng: Rng, *, plank: float | None = None) -> Surface:
    """Wood; with planks of a width in meters, it is grooved across."""
    color = pick_color(rng, WOODS)
    plain = Surface(color, "wood", rough=0.2, grain=(0.5, 0.04))
    if plank is None:
        return plain
    return plain.textured("grooved", 0.45, (plank, plank))


def brick(rng: Rng, size: float = 1.0) -> Surface:
    """Brick walls; `size` of 1 is larger than life, so that it shows from a street away."""
    color, mortar = pick_color(rng, BRICKS), rng.pick(((0.82, 0.8, 0.75), (0.4, 0.38, 0.36)))
    period = (0.62 * size, 0.4 * size)
    return Surface(color, "brick", "bricked", mortar, period, rough=0.12, grain=(0.5, 0.3))


def stone(rng: Rng, *, blocks: float | None = None) -> Surface:
    """Stone, rough; with blocks of a size in meters, joints are seen."""
    color = pick_color(rng, STONES)
    plain = Surface(color, "stone", rough=0.25, grain=(0.5, 0.4))
    if blocks is None:
        return plain
    return plain.textured("bricked", 0.6, (blocks * 1.6, blocks))


def marble(rng: Rng) -> Surface:
    """Polished stone with veins."""
    light = pick_color(rng, ((0.9, 0.89, 0.87), (0.8, 0.78, 0.74), (0.3, 0.32, 0.32), (0.6, 0.45, 0.38)))
    dark = mix(light, rng.pick(((0.3, 0.3, 0.32), (0.9, 0.88, 0.85))), 0.55)
    return Surface(light, "stone", "marbled", dark, (0.5, 0.5), rough=0.05)


def metal(rng: Rng) -> Surface:
    """Bare metal."""
    return Surface(pick_color(rng, METALS), "metal", rough=0.04, grain=(0.6, 0.05))


def painted(rng: Rng, color: Color | None = None) -> Surface:
    """Smooth paint, in any color or a given one."""
    return Surface(color or any_color(rng), "painted", rough=0.05, grain=(1.0, 1.0))


def plastic(rng: Rng, color: Color | None = None) -> Surface:
    """Smooth plastic."""
    return Surface(color or any_color(rng), "plastic")


def ceramic(rng: Rng) -> Surface:
    """Glazed ceramic, mostly light."""
    light = ((0.95, 0.95, 0.94), (0.9, 0.88, 0.82), (0.82, 0.87, 0.88), (0.86, 0.78, 0.78), (0.4, 0.42, 0.45))
    return Surface(pick_color(rng, light), "ceramic")


def glass(rng: Rng) -> Surface:
    """Window glass: the sky in it, or the dark behind it."""
    colors = ((0.62, 0.74, 0.82), (0.35, 0.45, 0.52), (0.16, 0.2, 0.24), (0.75, 0.8, 0.8), (0.45, 0.42, 0.36))
    return Surface(pick_color(rng, colors), "glass", rough=0.15, grain=(1.2, 0.7))


def leather(rng: Rng) -> Surface:
    """Leather."""
    colors = ((0.35, 0.2, 0.12), (0.15, 0.13, 0.12), (0.6, 0.4, 0.25), (0.85, 0.8, 0.72), (0.45, 0.12, 0.12))
    return Surface(pick_color(rng, colors), "leather", rough=0.1, grain=(0.2, 0.2))


def paper(rng: Rng) -> Surface:
    """Paper and cardboard."""
    return Surface(pick_color(rng, ((0.93, 0.92, 0.88), (0.85, 0.78, 0.64), (0.72, 0.6, 0.44))), "paper")


FABRIC_PATTERNS = ("striped", "dotted", "chequered", "woven", "zigzagged", "grid")


def fabric(rng: Rng, size: float = 0.3, *, texture: str | None = "any") -> Surface:
    """Cloth of any color.

    Parameters
    ----------
    size
        Of one repetition of its pattern in meters; for what is small or far away take it large enough
        to be seen: a sixteenth of the image or more.
    texture
        Its pattern; None for plain cloth, "any" for either.
    """
    color = any_color(rng)
    if texture == "any":
        texture = rng.pick((None, None, *FABRIC_PATTERNS))
    if texture is None:
        return Surface(color, "fabric", rough=0.12, grain=(size, size))
    second = any_color(rng) if rng.chance(0.5) else mix(color, rng.pick(((1, 1, 1), (0, 0, 0))), 0.55)
    if sum(abs(a - b) for a, b in zip(color, second, strict=True)) < 0.5:  # else the pattern is not seen
        second = mix(color, (1, 1, 1) if sum(color) < 1.5 else (0, 0, 0), 0.6)
    return Surface(color, "fabric", texture, second, (size, size))


def tiles(rng: Rng, size: float = 0.4) -> Surface:
    """Tiles of ceramic or stone, with joints or chequered."""
    color = quiet_color(rng)
    if rng.chance(0.5):
        return Surface(color, "ceramic", "grid", times(color, 0.6), (size, size), rough=0.04)
    second = mix(color, rng.pick(((0.1, 0.1, 0.12), (0.95, 0.95, 0.95), any_color(rng))), 0.7)
    return Surface(color, "ceramic", "chequered", second, (2 * size, 2 * size))


def roofing(rng: Rng, size: float = 0.5) -> Surface:
    """Roofs: tiles like scales, or sheets with grooves."""
    color = pick_color(
        rng, ((0.6, 0.28, 0.18), (0.35, 0.33, 0.34), (0.5, 0.4, 0.32), (0.28, 0.36, 0.4), (0.36, 0.2, 0.16))
    )
    if rng.chance(0.7):
        return Surface(color, "ceramic", "scaly", times(color, 0.55), (size, size), rough=0.1)
    return Surface(color, "metal", "grooved", times(color, 0.6), (size, size), rough=0.05)


def foliage(rng: Rng, color: Color, grain: float = 0.35) -> Surface:
    """Leaves, needles and grass of a color; `grain` is the size of a tuft in meters."""
    return Surface(vary(rng, color, 0.04), "foliage", rough=0.55, grain=(grain, grain))


def earth(rng: Rng, color: Color, grain: float = 0.4) -> Surface:
    """Soil, sand and gravel of a color."""
    return Surface(vary(rng, color, 0.03), "earth", rough=0.14, grain=(grain, grain))


def asphalt(rng: Rng) -> Surface:
    """Asphalt and concrete."""
    colors = ((0.36, 0.36, 0.38), (0.5, 0.49, 0.47), (0.62, 0.6, 0.56), (0.28, 0.28, 0.3))
    return Surface(pick_color(rng, colors), "asphalt", rough=0.12, grain=(0.6, 0.6))


def skin(rng: Rng) -> Surface:
    """Skin of people."""
    return Surface(pick_color(rng, SKINS), "skin")


def fur(rng: Rng) -> Surface:
    """Coats of animals, often flecked."""
    light, dark = (
        pick_color(rng, ((0.92, 0.9, 0.86), (0.7, 0.5, 0.34))),
        pick_color(rng, ((0.16, 0.13, 0.12), (0.4, 0.24, 0.14))),
    )
    if rng.chance(0.6):
        return Surface(light, "fur", "flecked", dark, (0.75, 0.75))
    return Surface(rng.pick((light, dark)), "fur", rough=0.15, grain=(0.2, 0.2))

"""Light: time of day, weather, season, and the photographer's settings, which tint the whole image."""

from __future__ import annotations

from typing import NamedTuple

from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.surfaces import AUTUMN, LEAVES, Color, mix, vary


class Light(NamedTuple):
    """The light of one image."""

    name: str
    """"day", "overcast", "golden", "dusk" or "indoors"."""
    tint: Color = (1.0, 1.0, 1.0)
    """Factor on all colors but those that glow."""
    side: float = 0.5
    """Where the light comes from, from -1 (left) to 1 (right)."""
    sky: tuple[Color, Color] = ((0.35, 0.55, 0.85), (0.75, 0.85, 0.95))
    """Color of the sky, above and at the horizon."""
    visibility: float = 400.0
    """Distance in meters at which half of a color is lost in haze."""
    season: str = "summer"
    """"spring", "summer", "autumn" or "winter"."""
    gain: Color = (1.0, 1.0, 1.0)
    """The photographer's factors on red, green and blue."""
    contrast: float = 1.0
    saturation: float = 1.0

    def leaves(self, rng: Rng) -> Color:
        """Color of leaves in the season."""
        if self.season == "autumn":
            return vary(rng, rng.pick((*AUTUMN, *AUTUMN, *LEAVES)))
        return vary(rng, rng.pick(LEAVES))

    def meadow(self, rng: Rng) -> Color:
        """Color of grass in the season."""
        fresh, dry, pale = (0.3, 0.47, 0.17), (0.6, 0.54, 0.3), (0.48, 0.46, 0.34)
        by_season = {"spring": (fresh, fresh), "summer": (fresh, dry), "autumn": (dry, fresh, pale)}
        return vary(rng, rng.pick(by_season.get(self.season, (pale, dry))))


_SKIES: dict[str, tuple[tuple[Color, Color], ...]] = {
    "day": (
        ((0.26, 0.48, 0.82), (0.72, 0.84, 0.94)),
        ((0.4, 0.62, 0.88), (0.86, 0.9, 0.92)),
        ((0.2, 0.38, 0.66), (0.6, 0.76, 0.88)),
    ),
    "overcast": (
        ((0.62, 0.65, 0.68), (0.82, 0.83, 0.84)),
        ((0.8, 0.8, 0.8), (0.9, 0.9, 0.88)),
        ((0.42, 0.46, 0.52), (0.68, 0.7, 0.72)),
    ),
    "golden": (
        ((0.45, 0.55, 0.72), (0.98, 0.78, 0.52)),
        ((0.72, 0.6, 0.56), (0.98, 0.7, 0.42)),
        ((0.62, 0.68, 0.72), (0.96, 0.88, 0.68)),
    ),
    "dusk": (
        ((0.16, 0.18, 0.36), (0.72, 0.46, 0.48)),
        ((0.24, 0.2, 0.36), (0.86, 0.52, 0.38)),
        ((0.12, 0.16, 0.28), (0.42, 0.46, 0.58)),
    ),
}
_TINTS: dict[str, Color] = {
    "day": (1.05, 1.03, 0.98),
    "overcast": (0.84, 0.86, 0.9),
    "golden": (1.1, 0.93, 0.74),
    "dusk": (0.62, 0.56, 0.66),
}


def outdoor_light(rng: Rng, *, season: str | None = None) -> Light:
    """Random daylight, in a random season or a given one."""
    name = rng.pick(("day", "day", "day", "overcast", "overcast", "golden", "golden", "dusk"))
    above, below = rng.pick(_SKIES[name])
    return _photographed(
        rng,
        Light(
            name,
            vary(rng, _TINTS[name], 0.05),
            rng.side() * rng.between(0.4, 1.0),
            (vary(rng, above, 0.04), vary(rng, below, 0.04)),
            visibility=rng.pick((150.0, 300.0, 600.0, 1200.0)),
            season=season or rng.pick(("spring", "summer", "summer", "autumn", "winter")),
        ),
    )


def indoor_light(rng: Rng) -> Light:
    """Random light of a room: daylight or lamps, warm or cold."""
    tint = rng.pick(((1.04, 1.02, 0.98), (1.08, 0.95, 0.78), (0.9, 0.95, 1.02), (0.82, 0.76, 0.7)))
    light = outdoor_light(rng)
    return light._replace(name="indoors", tint=vary(rng, tint, 0.06), visibility=1e6)


def _photographed(rng: Rng, light: Light) -> Light:
    """Add random white balance, exposure, contrast and saturation."""
    exposure, warm, green = rng.between(0.84, 1.14), rng.between(-0.09, 0.09), rng.between(-0.05, 0.05)
    return light._replace(
        gain=(exposure * (1 + warm), exposure * (1 + green), exposure * (1 - warm)),
        contrast=rng.between(0.8, 1.12),
        saturation=rng.pick((0.45, 0.7, 0.9, 1.0, 1.1)),
    )


def haze(light: Light) -> Color:
    """Color of the haze, into which distant things fade."""
    return mix(light.sky[1], light.sky[0], 0.25)

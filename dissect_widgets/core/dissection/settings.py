"""What a dissection can be told, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from dissect_widgets.core.network.grid import Rule
from dissect_widgets.core.network.layers import TokenGrid
from dissect_widgets.errors import SettingError, nearest

Population = Literal["upsampled", "raw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything besides the network and the images that changes the result.

    Raises
    ------
    SettingError
        If a value is outside of what is allowed.
    """

    levels: tuple[float, ...] = (0.01,)
    """Top fractions in (0, 1); the first is the one that results show unless asked."""
    population: Population = "upsampled"
    """Samples of a threshold: every position of the upsampled map (PNAS 2020), or of the map itself
    ("raw", TPAMI 2018, sec. 2.2)."""
    upsample: Rule = "receptive-field"
    """Where map positions lie in the picture; see `grid.Grid`."""
    exemplars: int = 8
    """Exemplars of each unit."""
    picture_side: int = 224
    """Pictures of exemplars are kept with no side longer than this, in pixels."""
    token_grids: Mapping[str, TokenGrid] = field(default_factory=dict)
    """Layer -> (rows, columns) of its tokens, where they are not a square."""

    def __post_init__(self) -> None:
        if not self.levels:
            raise SettingError("At least one level is needed, for example 0.01.")
        for level in self.levels:
            if not 0 < level < 1:
                raise SettingError(f"The level is {level!r}; it must lie between 0 and 1, as 0.01 does.")
        if len(set(self.levels)) != len(self.levels):
            raise SettingError(f"A level stands twice in {self.levels}.")
        for name, allowed in (("population", Population), ("upsample", Rule)):
            value = getattr(self, name)
            if value not in get_args(allowed):
                raise SettingError(f"{name} is {value!r}.{nearest(value, get_args(allowed))}")
        if self.exemplars < 0:
            raise SettingError(f"exemplars is {self.exemplars}; it must be 0 or more.")
        if self.picture_side < 1:
            raise SettingError(f"picture_side is {self.picture_side}; it must be 1 or more.")

    def plain(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return {
            "levels": list(self.levels),
            "population": self.population,
            "upsample": self.upsample,
            "exemplars": self.exemplars,
            "picture_side": self.picture_side,
            "token_grids": {name: list(grid) for name, grid in self.token_grids.items()},
        }

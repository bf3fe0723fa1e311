"""What a dissection computes, and what it may use to compute it; checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from dissect_widgets.core.network.grid import Rule
from dissect_widgets.core.network.layer_kinds import TokenGrid
from dissect_widgets.core.statistics.base import Population
from dissect_widgets.errors import SettingError, nearest, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a dissection computes, beyond the network, the images, their labels and the level.

    >>> dw.dissect(model, "layer4", data, settings=dw.Settings(population="raw", exemplars=16))

    Raises
    ------
    SettingError
        If a value is not allowed.
    """

    population: Population = "upsampled"
    """Samples that thresholds are taken of: every position of the map upsampled to the label grid (PNAS
    2020), or of the map itself ("raw", TPAMI 2018, sec. 2.2)."""
    upsample: Rule = "receptive-field"
    """Where map positions lie in the image: at the centers of their receptive fields, or evenly
    ("half-pixel"). The result says for each layer which one was used; see `Grid`."""
    exemplars: int = 8
    """Top images kept for each unit."""
    image_side: int = 224
    """Longest side, in pixels, at which images of exemplars are kept."""
    token_grids: Mapping[str, TokenGrid] = field(default_factory=dict)
    """Layer -> (rows, columns) of its tokens, where they do not form a square."""

    def __post_init__(self) -> None:
        for name, allowed in (("population", Population), ("upsample", Rule)):
            value = getattr(self, name)
            if value not in get_args(allowed):
                raise SettingError(f"{name} is {shown(value)}.{nearest(value, get_args(allowed))}")
        _check_at_least(self, exemplars=0, image_side=1)

    def plain(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them; the keys are those of saved dissections."""
        return {
            "population": self.population,
            "upsample": self.upsample,
            "exemplars": self.exemplars,
            "picture_side": self.image_side,
            "token_grids": {name: list(grid) for name, grid in self.token_grids.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a dissection may use. Of all this only `batch_size` can change a bit of the result.

    >>> dw.dissect(model, "layer4", data, resources=dw.Resources(batch_size=16, workers=4))

    Raises
    ------
    SettingError
        If a value is not allowed.
    """

    batch_size: int | None = None
    """Images that go through the network together; by default 4 on a CPU, 32 elsewhere. The network
    always gets full batches, so what it computes for an image does not depend on where a shard ends."""
    workers: int = 0
    """Processes that read images ahead; 0 reads them in this one."""
    memory: int = 2**30
    """Bytes that statistics may take in memory. What exceeds it goes to files, whose size is announced
    beforehand and which are removed at the end."""
    skip_errors: bool = False
    """Whether to skip images that cannot be used, and list them in the result, instead of stopping."""
    checkpoint_seconds: float = 30.0
    """Least time between two checkpoints of a run that saves its result."""

    def __post_init__(self) -> None:
        _check_at_least(self, workers=0, memory=0, checkpoint_seconds=0)
        if self.batch_size is not None:
            _check_at_least(self, batch_size=1)


def checked_levels(level: float | Sequence[float]) -> tuple[float, ...]:
    """Levels of a dissection as a tuple; they must be different fractions in (0, 1).

    Raises
    ------
    SettingError
        If there is none, one is outside of (0, 1), or one is duplicated.
    """
    levels = (level,) if isinstance(level, (int, float)) else tuple(level)
    if not levels:
        raise SettingError("At least one level is needed, for example 0.01.")
    for one in levels:
        if not 0 < one < 1:
            raise SettingError(f"The level is {shown(one)}; it must lie between 0 and 1, as 0.01 does.")
    if len(set(levels)) != len(levels):
        raise SettingError(f"A level is duplicated in {levels}.")
    return levels


def _check_at_least(settings: Settings | Resources, **least: float) -> None:
    for name, lowest in least.items():
        value = getattr(settings, name)
        if value < lowest:
            raise SettingError(f"{name} is {value}; it must be {lowest} or more.")

"""What surrounds villages, farms and harbours: what is far away, trees, houses behind, people about."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from dissect_widgets.scenery.buildings import house
from dissect_widgets.scenery.canvas import Canvas
from dissect_widgets.scenery.dice import Dice
from dissect_widgets.scenery.land import across, gravel, hills, in_depth, mountains, skyline_of_trees
from dissect_widgets.scenery.people import flying_birds
from dissect_widgets.scenery.surfaces import Surface, asphalt, stone
from dissect_widgets.scenery.trees import pine_tree, tree
from dissect_widgets.scenery.vehicles import flying_airplane


class Places:
    """Things to draw at places of the ground, and then all of them from far to near."""

    def __init__(self, canvas: Canvas, dice: Dice) -> None:
        self.canvas, self.dice = canvas, dice
        self._things: list[tuple[float, Callable[[], None]]] = []

    def put(self, thing: Callable[..., None], x: float, z: float, /, **options: Any) -> None:
        """Draw a thing at (x, z), when its turn comes."""
        self._things.append((z, partial(thing, self.canvas, self.dice, x, z, **options)))

    def put_seen(self, thing: Callable[..., None], share: float, z: float, /, **options: Any) -> None:
        """Draw a thing where one sees it at a share of the picture's width."""
        self.put(thing, across(self.canvas, share, z), z, **options)

    def later(self, z: float, draw: Callable[[], None]) -> None:
        """Draw anything in the order of its distance."""
        self._things.append((z, draw))

    def draw(self) -> None:
        """Draw all of them."""
        in_depth(self._things)


def on_floor(
    canvas: Canvas,
    dice: Dice,
    x: float,
    z: float,
    *,
    load: Callable[..., None],
    floor: tuple[Surface, str] | None,
    **options: Any,
) -> None:
    """Draw a thing whose shadow falls on another floor than the land around, a road for example."""
    before, canvas.floor = canvas.floor, floor
    load(canvas, dice, x, z, **options)
    canvas.floor = before


def horizon_view(canvas: Canvas, dice: Dice) -> None:
    """What lies behind a village: birds or an airplane in the sky, hills, mountains or nothing."""
    if dice.chance(0.12):
        flying_birds(canvas, dice)
    elif dice.chance(0.06):
        flying_airplane(canvas, dice)
    land = dice.pick((hills, hills, mountains, None))
    if land is not None:
        land(canvas, dice)


def any_tree(canvas: Canvas, dice: Dice, x: float, z: float, *, size: float = 1.0) -> None:
    """Draw a tree or, less often, a pine, of any height."""
    if dice.chance(0.75):
        tree(canvas, dice, x, z, height=size * dice.between(6, 11))
    else:
        pine_tree(canvas, dice, x, z, height=size * dice.between(7, 13))


def paving(dice: Dice) -> Surface:
    """What a path is made of: gravel, flags of stone or tarmac."""
    flags = stone(dice)
    flags = flags._replace(texture="grid", second=flags.times(0.65).color, period=(0.9, 0.9))
    return dice.pick((gravel(dice), gravel(dice), flags, asphalt(dice)))


def village_behind(canvas: Canvas, dice: Dice, z: float, *, houses: float = 0.35) -> None:
    """The edge of a forest, and trees and houses beyond a distance."""
    if dice.chance(0.45):
        skyline_of_trees(canvas, dice, z * dice.between(1.4, 2.5))
    places = Places(canvas, dice)
    for _ in range(dice.count(1, 4)):
        far, share = z + dice.between(0, 30), dice.between(-0.05, 1.05)
        if dice.chance(houses):
            places.put_seen(house, share, far, turn=dice.between(-60, 60))
        else:
            places.put_seen(any_tree, share, far)
    places.draw()

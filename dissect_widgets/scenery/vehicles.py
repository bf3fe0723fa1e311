"""All vehicles: cars, trucks, buses, tractors, bicycles, airplanes and boats.

They take `(canvas, dice, x, z)`, and a `turn`: 0 heads to the right, 90 away from the camera, 180 to the
left, -90 towards the camera; by default it is any.
"""

from __future__ import annotations

from dissect_widgets.scenery.boats import boat
from dissect_widgets.scenery.cars import car
from dissect_widgets.scenery.craft import airplane, flying_airplane
from dissect_widgets.scenery.lorries import bus, truck
from dissect_widgets.scenery.wheeled import bicycle, tractor

__all__ = ["airplane", "bicycle", "boat", "bus", "car", "flying_airplane", "tractor", "truck"]

"""All vehicles: cars, trucks, buses, tractors, bicycles, airplanes and boats.

They take `(canvas, rng, x, z)`, and a `turn`: 0 heads to the right, 90 away from the camera, 180 to the
left, -90 towards the camera; by default it is any.
"""

from __future__ import annotations

from dissect_widgets.world.scenery.vehicles.airplanes import airplane, flying_airplane
from dissect_widgets.world.scenery.vehicles.boats import boat
from dissect_widgets.world.scenery.vehicles.cars import car
from dissect_widgets.world.scenery.vehicles.tractor_and_bicycle import bicycle, tractor
from dissect_widgets.world.scenery.vehicles.trucks_and_buses import bus, truck

__all__ = ["airplane", "bicycle", "boat", "bus", "car", "flying_airplane", "tractor", "truck"]

"""All that the world can draw, by name: the one list of scenes, and the one of single objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dissect_widgets.world.scenery.buildings.churches import church
from dissect_widgets.world.scenery.buildings.houses import house
from dissect_widgets.world.scenery.buildings.street_furniture import (
    bench,
    street_lamp,
    traffic_light,
    umbrella,
)
from dissect_widgets.world.scenery.buildings.towers import lighthouse
from dissect_widgets.world.scenery.drawing.canvas import Canvas
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.furniture.appliances import refrigerator, stove
from dissect_widgets.world.scenery.furniture.bathroom_fixtures import bathtub, toilet
from dissect_widgets.world.scenery.furniture.beds import bed
from dissect_widgets.world.scenery.furniture.bookcases import bookcase
from dissect_widgets.world.scenery.furniture.chairs_and_tables import chair, table
from dissect_widgets.world.scenery.furniture.lamps import floor_lamp
from dissect_widgets.world.scenery.furniture.luggage_and_towels import suitcase
from dissect_widgets.world.scenery.furniture.plants_and_vases import plant
from dissect_widgets.world.scenery.furniture.screens_and_boards import television
from dissect_widgets.world.scenery.furniture.sofas_and_armchairs import armchair, sofa
from dissect_widgets.world.scenery.nature.animals import cow
from dissect_widgets.world.scenery.nature.plants import bush, cactus
from dissect_widgets.world.scenery.nature.trees import palm_tree, pine_tree, tree
from dissect_widgets.world.scenery.people.people import person
from dissect_widgets.world.scenery.scenes.airfield import airfield
from dissect_widgets.world.scenery.scenes.bathroom import bathroom
from dissect_widgets.world.scenery.scenes.beach import beach
from dissect_widgets.world.scenery.scenes.bedroom import bedroom
from dissect_widgets.world.scenery.scenes.church import church_green
from dissect_widgets.world.scenery.scenes.city_street import city_street
from dissect_widgets.world.scenery.scenes.classroom import classroom
from dissect_widgets.world.scenery.scenes.desert import desert
from dissect_widgets.world.scenery.scenes.dining_room import dining_room
from dissect_widgets.world.scenery.scenes.farmhouse import farmhouse
from dissect_widgets.world.scenery.scenes.forest_path import forest_path
from dissect_widgets.world.scenery.scenes.harbor import harbor
from dissect_widgets.world.scenery.scenes.highway import highway
from dissect_widgets.world.scenery.scenes.hotel_room import hotel_room
from dissect_widgets.world.scenery.scenes.kitchen import kitchen
from dissect_widgets.world.scenery.scenes.library import library
from dissect_widgets.world.scenery.scenes.living_room import living_room
from dissect_widgets.world.scenery.scenes.mountain_lake import mountain_lake
from dissect_widgets.world.scenery.scenes.office import office
from dissect_widgets.world.scenery.scenes.park import park
from dissect_widgets.world.scenery.scenes.river import river
from dissect_widgets.world.scenery.scenes.single_objects import SingleObject, turned
from dissect_widgets.world.scenery.scenes.ski_slope import ski_slope
from dissect_widgets.world.scenery.scenes.snowy_forest import snowy_forest
from dissect_widgets.world.scenery.scenes.village_street import village_street
from dissect_widgets.world.scenery.vehicles.airplanes import airplane
from dissect_widgets.world.scenery.vehicles.bicycles import bicycle
from dissect_widgets.world.scenery.vehicles.boats import boat
from dissect_widgets.world.scenery.vehicles.cars import car
from dissect_widgets.world.scenery.vehicles.tractors import tractor
from dissect_widgets.world.scenery.vehicles.trucks_and_buses import bus, truck

SCENE_FUNCTIONS: Final[dict[str, Callable[[Rng], Canvas]]] = {
    "ski slope": ski_slope,
    "snowy forest": snowy_forest,
    "mountain lake": mountain_lake,
    "airfield": airfield,
    "highway": highway,
    "harbor": harbor,
    "church": church_green,
    "village street": village_street,
    "farmhouse": farmhouse,
    "beach": beach,
    "desert": desert,
    "river": river,
    "forest path": forest_path,
    "park": park,
    "city street": city_street,
    "bedroom": bedroom,
    "hotel room": hotel_room,
    "living room": living_room,
    "kitchen": kitchen,
    "dining room": dining_room,
    "office": office,
    "bathroom": bathroom,
    "classroom": classroom,
    "library": library,
}
"""Scenes: name -> function that draws one. Add new ones at the end, so that the others keep their numbers."""

SINGLE_OBJECTS: Final = {
    "airplane": SingleObject(airplane, "land", 17, 6),
    "bicycle": SingleObject(bicycle, "land", 1.9, 1.2),
    "boat": SingleObject(boat, "water", 7, 7),
    "bus": SingleObject(bus, "land", 9, 3),
    "car": SingleObject(car, "land", 4.2, 1.6),
    "tractor": SingleObject(tractor, "land", 3.6, 2.7),
    "truck": SingleObject(truck, "land", 7, 3.2),
    "person": SingleObject(person, "land", 0.9, 1.8),
    "cow": SingleObject(cow, "land", 2.4, 1.6),
    "tree": SingleObject(tree, "land", 5, 7),
    "pine tree": SingleObject(pine_tree, "land", 4, 8),
    "palm tree": SingleObject(palm_tree, "land", 4, 6),
    "bush": SingleObject(bush, "land", 1.8, 1.3),
    "cactus": SingleObject(cactus, "land", 1.6, 2.6),
    "house": SingleObject(turned(house), "land", 9, 7),
    "church": SingleObject(turned(church), "land", 14, 18),
    "lighthouse": SingleObject(lighthouse, "land", 6, 16),
    "street lamp": SingleObject(street_lamp, "land", 1.4, 4.5),
    "traffic light": SingleObject(traffic_light, "land", 1.0, 3.4),
    "bench": SingleObject(bench, "land", 1.8, 1.0),
    "umbrella": SingleObject(umbrella, "land", 2.4, 2.3),
    "bed": SingleObject(turned(bed), "room", 2.2, 1.2),
    "sofa": SingleObject(turned(sofa), "room", 2.2, 1.0),
    "armchair": SingleObject(turned(armchair), "room", 1.1, 1.0),
    "chair": SingleObject(turned(chair, 180), "room", 0.7, 1.0),
    "table": SingleObject(table, "room", 1.7, 0.9),
    "bookcase": SingleObject(turned(bookcase), "room", 1.5, 1.9),
    "television": SingleObject(turned(television, 40), "room", 1.4, 1.3),
    "lamp": SingleObject(floor_lamp, "room", 0.7, 1.7),
    "plant": SingleObject(plant, "room", 0.9, 1.4),
    "suitcase": SingleObject(turned(suitcase), "room", 0.7, 0.9),
    "stove": SingleObject(turned(stove), "room", 0.8, 1.1),
    "refrigerator": SingleObject(turned(refrigerator), "room", 0.9, 1.9),
    "bathtub": SingleObject(turned(bathtub), "room", 1.7, 0.9),
    "toilet": SingleObject(turned(toilet, 60), "room", 0.6, 0.9),
}
"""Objects that are also drawn alone: how, where, and how large they are. Add new ones at the end."""

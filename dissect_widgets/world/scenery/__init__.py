"""How the world is drawn, from the ground up; each layer imports only those above it in this list.

names           names of objects, parts, materials and textures
drawing         the kit: camera, planes, shapes, surfaces, light, canvas, shading, random numbers
buildings, furniture, nature, people, vehicles      things, in meters
scenes          a module for each scene, and `single_objects`
registry        the list of all scenes and of all objects that are drawn alone
vocabulary      all concepts, those of scenes included
"""

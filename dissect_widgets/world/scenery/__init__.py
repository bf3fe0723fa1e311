"""How the world is drawn: a camera, planes, surfaces and light; things of all kinds; scenes made of them.

dice, planes, shapes, surfaces, light, patterns, canvas, solids, shading     the kit
land, sky, trees, buildings, vehicles, people, furniture ...                 things, in meters
wild, towns, traffic, homes, workrooms ...                                   scenes; `scenes` lists all
"""

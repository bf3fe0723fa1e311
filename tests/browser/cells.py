"""Cells that show each widget; the folder has the saved dissections `scenes` and `churches`."""

from __future__ import annotations

BROWSER = """
import dissect_widgets as dw
from dissect_widgets import world
dissection = dw.load("scenes")
browser = dw.UnitBrowser(dissection)
browser
"""
EXPLORER = """
classifier = dw.ClassifierData(world.load_classifier(), dw.InMemory(world.Scenes("val", 48)))
importance = dw.rank_units(classifier, "conv5_3", progress=False)
explorer = dw.AblationExplorer(classifier, importance, dissection=dissection, progress=False)
explorer
"""
ATTACK = """
method = dw.CarliniWagner(steps=30, searches=2, learning_rate=0.02, initial_constant=0.1, abort_early=False)
diff = dw.AttackDiff(classifier, importance=importance, dissection=dissection, method=method)
diff
"""
COMPARISON = "comparison = dw.LayerComparison(dissection)\ncomparison"
PAINTER = """
painter = dw.NeuronPainter(world.load_generator(), dw.load("churches"), layer="layer6", seed=4)
painter
"""

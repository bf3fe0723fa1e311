"""Networks that are trained on the world."""

from __future__ import annotations

from dissect_widgets.world.networks.scene_net import SceneNet, fold
from dissect_widgets.world.networks.segment_net import SegmentNet

__all__ = ["SceneNet", "SegmentNet", "fold"]

"""Concepts made from images."""

from .automatic import WithColors as WithColors
from .automatic import WithHalves as WithHalves
from .colors import COLOR_NAMES as COLOR_NAMES
from .colors import name_colors as name_colors
from .segmenters import PublicSegmenter as PublicSegmenter
from .segmenters import load_public_segmenter as load_public_segmenter

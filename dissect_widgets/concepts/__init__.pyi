"""Concepts made from images."""

from .colors import COLOR_NAMES as COLOR_NAMES
from .colors import WithColors as WithColors
from .colors import name_colors as name_colors
from .halves import WithHalves as WithHalves
from .segmenters import PublicSegmenter as PublicSegmenter
from .segmenters import load_public_segmenter as load_public_segmenter

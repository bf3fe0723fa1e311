"""Every figure, each with where it lives; this list is the only one."""

from .ablation import removal_curve as removal_curve
from .architectures import architecture as architecture
from .changed_maps import changed_images as changed_images
from .changed_units import change_bars as change_bars
from .concepts import concept_bars as concept_bars
from .contexts import context_bars as context_bars
from .contexts import place_map as place_map
from .images import image_rows as image_rows
from .importance import important_units as important_units
from .inversions import inversions as inversions
from .jitter_plot import jitter as jitter
from .layers import layer_bars as layer_bars
from .layers_and_concepts import overview as overview
from .roles import class_scatter as class_scatter
from .roles import correlation_bars as correlation_bars
from .roles import set_curves as set_curves
from .shared_units import combination_dots as combination_dots
from .shared_units import interpretability_bars as interpretability_bars
from .units import exemplar_strip as exemplar_strip
from .units import filter_view as filter_view
from .units import unit_rows as unit_rows

"""Public networks and their weights."""

from .places365 import load_places_vgg16 as load_places_vgg16
from .progressive_gan import ProgressiveGenerator as ProgressiveGenerator
from .progressive_gan import load_generator as load_generator
from .weights import load_weights as load_weights
from .weights import read_weights as read_weights
from .zoo import load_model as load_model
from .zoo import normalize as normalize

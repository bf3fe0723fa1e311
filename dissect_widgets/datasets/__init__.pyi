"""Readers of data sets."""

from .mask_folder import MaskFolder as MaskFolder
from .photo_folder import PhotoFolder as PhotoFolder
from .photos import load_photo as load_photo
from .sample import write_sample as write_sample
from .tables import read_classes as read_classes
from .tables import read_image_labels as read_image_labels

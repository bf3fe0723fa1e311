"""Whether the arrays of a dissection agree with one another and with what is said of them.

What is saved and what is loaded is checked alike, so that no plot, page or table comes upon it later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager

import numpy as np

from dissect_widgets.core.data.arrays import AnyArray, Float16s
from dissect_widgets.core.dissection.manifest import About, LayerEntry
from dissect_widgets.errors import SavedError, shown

Arrays = Mapping[str, AnyArray]

_LARGEST = float(np.finfo(np.float32).max)
_SMALLEST = float(np.finfo(np.float32).smallest_subnormal)
BINS = 128
"""Of `Histogram`, which needs torch."""
_HALF_EXPONENT = 0x7C00  # bits of a half-precision number that are all set in infinity and NaN


def check_about(about: About) -> None:
    """Raise a SavedError unless layers, levels, concepts and numbers of images agree."""
    names = [layer.name for layer in about.layers]
    if len(set(names)) != len(names):
        raise SavedError(f"a layer is duplicated in {shown(names)}")
    levels = about.layers[0].levels
    for layer in about.layers:
        if layer.levels != levels or len(set(levels)) != len(levels):
            raise SavedError(f"layer {shown(layer.name)} has the levels {shown(layer.levels)}")
    if len(set(about.concepts)) != len(about.concepts):
        raise SavedError("a concept is duplicated in a category")
    if about.images > len(about.names):
        raise SavedError(f"{about.images} images were dissected, but only {len(about.names)} have names")


def check_arrays(about: About, arrays: Mapping[str, Arrays], pictures: Set[int]) -> None:
    """Raise a SavedError unless all arrays have the shapes, types and bounds that results have.

    Parameters
    ----------
    about
        What is said of the dissection.
    arrays
        Those of "common", "layer-0" and so on, by name.
    pictures
        Numbers of the images of exemplars.
    """
    categories = list(dict.fromkeys(category for _, category in about.concepts))
    concepts, pixels = len(about.concepts) + 1, about.images * about.label_size[0] * about.label_size[1]
    with _named("common"):
        common = arrays["common"]
        _only(common, ("concept_area", "images_in_category"))
        _array(common, "concept_area", np.int64, (concepts,), 0, pixels)
        _array(common, "images_in_category", np.int64, (len(categories),), 0, about.images)
        _none_at_0(common["concept_area"], "concept_area")
    category_of = np.array([categories.index(category) for _, category in about.concepts], np.int64)
    for number, layer in enumerate(about.layers):
        with _named(f"layer-{number}"):
            layer_arrays, area = arrays[f"layer-{number}"], common["concept_area"]
            _check_counts(layer_arrays, len(layer.levels), area, category_of, pixels)
            _check_activations(layer_arrays, len(layer.levels))
            _check_exemplars(layer_arrays, layer, len(about.names), pictures)


def _check_counts(
    arrays: Arrays, levels: int, concept_area: AnyArray, category_of: AnyArray, pixels: int
) -> None:
    units, concepts = _units(arrays), len(concept_area)
    categories = int(category_of.max(initial=-1)) + 1
    _array(arrays, "area", np.int64, (levels, units), 0, pixels)
    _array(arrays, "area_in_category", np.int64, (levels, units, categories), 0, pixels)
    _array(arrays, "intersection", np.int64, (levels, units, concepts), 0, pixels)
    area, in_category, both = (arrays[name] for name in ("area", "area_in_category", "intersection"))
    _none_at_0(both, "intersection")
    if (in_category > area[..., None]).any():
        raise SavedError("area_in_category exceeds area")
    if (both.max((0, 1), initial=0) > concept_area).any():
        raise SavedError("intersection exceeds concept_area")
    for category in range(categories):
        most = both[..., 1:][..., category_of == category].max(2)
        if (most > in_category[..., category]).any():
            raise SavedError("intersection exceeds area_in_category")


def _check_activations(arrays: Arrays, levels: int) -> None:
    units = _units(arrays)
    _array(arrays, "threshold", np.float32, (levels, units), -_LARGEST, _LARGEST)
    for name in ("lowest", "highest"):
        _array(arrays, name, np.float32, (units,), -_LARGEST, _LARGEST)
    if (arrays["lowest"] > arrays["highest"]).any():
        raise SavedError("lowest exceeds highest")
    _array(arrays, "histogram", np.int64, (units, BINS), 0, 2**62)
    _array(arrays, "bin_width", np.float32, (units,), _SMALLEST, _LARGEST)


def _check_exemplars(arrays: Arrays, layer: LayerEntry, images: int, pictures: Set[int]) -> None:
    units, (height, width) = _units(arrays), layer.exemplar_grid[:2]
    _array(arrays, "exemplar_image", np.int64, (units, None), -1, images - 1)
    image = arrays["exemplar_image"]
    missing = set(np.unique(image).tolist()) - pictures - {-1}
    if missing:
        raise SavedError(f"the picture of image {min(missing)}, an exemplar, is missing")
    _array(arrays, "exemplar_peak", np.float32, image.shape, -np.inf, _LARGEST)
    if not np.array_equal(arrays["exemplar_peak"] == -np.inf, image == -1):
        raise SavedError("exemplar_peak is not -inf where exemplar_image is -1, and there alone")
    _array(arrays, "exemplar_map", np.float16, (*image.shape, height, width))
    if not _finite(arrays["exemplar_map"]):
        raise SavedError("exemplar_map has values that are not finite numbers")


def _array(
    arrays: Arrays,
    name: str,
    dtype: type[np.generic],
    shape: tuple[int | None, ...],
    least: float | None = None,
    most: float | None = None,
) -> None:
    """Raise a SavedError unless an array is there with this type, shape (None for any length) and bounds."""
    array = arrays.get(name)
    if array is None:
        raise SavedError(f"{name} is missing")
    fits = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if array.dtype != dtype or not fits:
        wanted = ", ".join("n" if n is None else str(n) for n in shape)
        raise SavedError(f"{name} is {array.dtype} {array.shape}, not {np.dtype(dtype)} ({wanted})")
    if least is None or not array.size:
        return
    low, high = array.min(), array.max()
    if not (least <= low and high <= most):  # so that NaN is refused
        raise SavedError(f"{name} goes from {low} to {high}; it must be from {least} to {most}")


def _units(arrays: Arrays) -> int:
    if "lowest" not in arrays:
        raise SavedError("lowest is missing")
    return arrays["lowest"].size


def _none_at_0(counts: AnyArray, name: str) -> None:
    if counts[..., 0].any():
        raise SavedError(f"{name} counts something for the reserved concept 0")


def _only(arrays: Arrays, names: tuple[str, ...]) -> None:
    if arrays.keys() != set(names):
        raise SavedError(f"it holds {shown(sorted(arrays))}, not {sorted(names)}")


def _finite(halves: Float16s) -> bool:
    """Whether all are finite; several times as fast as `np.isfinite`, which converts each."""
    bits = np.ascontiguousarray(halves).view(np.uint16)
    return not ((bits & _HALF_EXPONENT) == _HALF_EXPONENT).any()


@contextmanager
def _named(part: str) -> Iterator[None]:
    """Begin the messages of errors with the name of the part."""
    try:
        yield
    except SavedError as error:
        raise SavedError(f"{part}: {error}") from None

"""Receptive-field centers of any network, read off one forward pass.

Each tensor that the pass computes carries the field of its grid: the center of position 0, the step
from one position to the next and the size, in image pixels. Convolutions, poolings, paddings and
resizings change the field; element-wise operations and concatenations keep the largest of their
inputs' fields; anything else (attention, global pooling, reshaping of the plane) loses it.

The composition is that of TPAMI 2018 (centers of receptive fields, sec. 2.2); where paths of
different length join, the path with the largest field counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary


class Axis(NamedTuple):
    """Receptive fields along one axis: position i covers `size` pixels around `center + i * step`."""

    center: float = 0.0
    step: float = 1.0
    size: float = 1.0

    def window(self, kernel: int, stride: int, padding: int, dilation: int = 1) -> Axis:
        """Fields after a sliding window: a convolution or a pooling."""
        reach = dilation * (kernel - 1)
        return Axis(
            self.center + self.step * (reach / 2 - padding),
            self.step * stride,
            self.size + self.step * reach,
        )

    def transposed_window(self, kernel: int, stride: int, padding: int, dilation: int) -> Axis:
        """Fields after a transposed convolution."""
        reach = dilation * (kernel - 1)
        step = self.step / stride
        return Axis(self.center + step * (padding - reach / 2), step, self.size + step * reach)

    def resized(self, scale: float, shift: float) -> Axis:
        """Fields after resizing: positions are `scale` old ones apart, the first `shift` from the old."""
        return Axis(self.center + self.step * shift, self.step * scale, self.size)


class Field(NamedTuple):
    """Receptive fields of a plane of positions: the vertical and the horizontal axis."""

    y: Axis = Axis()
    x: Axis = Axis()
    dims: tuple[int, int] = (-2, -1)
    """Dimensions of the tensor in which the plane lies, counted from the end."""

    def fits(self, tensor: Tensor, other: Tensor) -> bool:
        """Whether the plane has the same size in both tensors."""
        return all(
            min(tensor.dim(), other.dim()) >= -d and tensor.shape[d] == other.shape[d] for d in self.dims
        )


class FieldMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While active, follows the receptive fields from the `images` through every operation.

    >>> with FieldMode(images) as fields:
    ...     output = layer(images)
    >>> fields.of(output)
    """

    def __init__(self, images: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._fields: Any = WeakTensorKeyDictionary()
        self._fields[images] = Field()

    def of(self, tensor: Tensor) -> Field | None:
        """Field of a tensor that was computed under this mode; None if it is lost."""
        field: Field | None = self._fields.get(tensor)
        return field

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation, and record the fields of its results."""
        out = func(*args, **(kwargs or {}))
        outputs = [o for o in (out if isinstance(out, (tuple, list)) else [out]) if isinstance(o, Tensor)]
        named = {a.name: v for a, v in zip(func._schema.arguments, args, strict=False)} | (kwargs or {})
        if outputs:
            for output in outputs:
                field = self._field_after(func, named, args, output)
                if field is not None:
                    self._fields[output] = field
                else:
                    self._fields.pop(output, None)
        return out

    def _field_after(
        self, func: Any, named: dict[str, Any], args: tuple[Any, ...], output: Tensor
    ) -> Field | None:
        name = func._schema.name.removeprefix("aten::")
        rule = _RULES.get(name)
        inputs = list(_tensors(args))
        if rule is not None:
            before = next((t for t in inputs if self.of(t) is not None), None)
            field = None if before is None else self.of(before)
            if field is None or (field.dims != (-2, -1) and rule not in (_permutation, _layer_norm)):
                return None
            return rule(field, named, before, output)
        if torch.Tag.pointwise in func.tags or name in _KEEP_FIELD:
            # only inputs on the same plane: a gate of a single position scales a map, and moves nothing
            fields = [field for t in inputs if (field := self.of(t)) and field.fits(t, output)]
            if len({field.dims for field in fields}) > 1:  # a map and its transpose
                return None
            return max(fields, key=lambda field: field.x.size, default=None)
        return None


def _tensors(values: Iterable[Any]) -> Iterable[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value)


def _pair(value: Sequence[int] | int | None, default: int) -> tuple[int, int]:
    if value is None or (isinstance(value, Sequence) and len(value) == 0):
        return default, default
    if isinstance(value, Sequence):
        return (value[0], value[0]) if len(value) == 1 else (value[0], value[1])
    return value, value


def _convolution(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field | None:
    kernel = named["weight"].shape[2:]
    if len(kernel) != 2:
        return None
    stride, padding = _pair(named["stride"], 1), _pair(named["padding"], 0)
    dilation = _pair(named["dilation"], 1)
    slide = Axis.transposed_window if named.get("transposed") else Axis.window
    return Field(
        slide(field.y, kernel[0], stride[0], padding[0], dilation[0]),
        slide(field.x, kernel[1], stride[1], padding[1], dilation[1]),
    )


def _pooling(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field:
    kernel = _pair(named["kernel_size"], 1)
    stride = _pair(named.get("stride"), 0)
    padding, dilation = _pair(named.get("padding"), 0), _pair(named.get("dilation"), 1)
    return Field(
        field.y.window(kernel[0], stride[0] or kernel[0], padding[0], dilation[0]),
        field.x.window(kernel[1], stride[1] or kernel[1], padding[1], dilation[1]),
    )


def _adaptive_pooling(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field | None:
    (high, wide), (rows, columns) = before.shape[-2:], output.shape[-2:]
    if high % rows or wide % columns:
        return None
    y, x = high // rows, wide // columns
    return Field(field.y.window(y, y, 0), field.x.window(x, x, 0))


def _padding(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field:
    amounts = named["pad"] if "pad" in named else named["padding"]
    left, _, top, _ = [*amounts, 0, 0][:4]
    return Field(field.y.window(1, 1, top), field.x.window(1, 1, left))


def _scales(named: dict[str, Any], before: Tensor, output: Tensor) -> tuple[float, float]:
    """Old positions between two new ones: by the factors that were asked for, else by the sizes."""
    factors = named.get("scales_h"), named.get("scales_w")
    sizes = zip(factors, before.shape[-2:], output.shape[-2:], strict=True)
    y, x = (1 / factor if factor else old / new for factor, old, new in sizes)
    return y, x


def _smooth_resizing(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field | None:
    if named.get("align_corners"):
        return None
    y, x = _scales(named, before, output)
    return Field(field.y.resized(y, (y - 1) / 2), field.x.resized(x, (x - 1) / 2))


def _nearest_resizing(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field:
    # position i reads floor(i * scale); on average over the fractions that occur, half of the rest below
    y, x = _scales(named, before, output)
    shifts = [
        (1 / (new // math.gcd(old, new)) - 1) / 2
        for old, new in zip(before.shape[-2:], output.shape[-2:], strict=True)
    ]
    return Field(field.y.resized(y, shifts[0]), field.x.resized(x, shifts[1]))


def _reshaping(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field | None:
    """Views and slices that leave the last two dimensions alone."""
    return field if output.dim() >= 3 and field.fits(before, output) else None


def _slicing(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field | None:
    """Some rows or columns; or a slice of other dimensions."""
    dim = (named.get("dim") or 0) % before.dim() - before.dim()
    if dim not in field.dims:
        return _reshaping(field, named, before, output)
    start, step, length = named.get("start") or 0, named.get("step") or 1, before.shape[dim]
    first = min(max(start + length if start < 0 else start, 0), length)
    y, x, dims = field
    if dim == dims[0]:
        return Field(y.resized(step, first), x, dims)
    return Field(y, x.resized(step, first), dims)


def _selecting(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field | None:
    dim = named["dim"] % before.dim() - before.dim()
    return None if dim in field.dims else _reshaping(field, named, before, output)


def _permutation(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field:
    count = before.dim()
    order = list(range(count))
    if "dims" in named:
        order = [d % count for d in named["dims"]]
    else:
        first, second = named["dim0"] % count, named["dim1"] % count
        order[first], order[second] = order[second], order[first]
    y, x = (order.index(d % count) - count for d in field.dims)
    return field._replace(dims=(y, x))


def _layer_norm(field: Field, named: dict[str, Any], before: Tensor, output: Tensor) -> Field | None:
    inside = len(named["normalized_shape"])
    return field if all(-d > inside for d in field.dims) and field.fits(before, output) else None


_Rule = Callable[[Field, dict[str, Any], Any, Tensor], Field | None]
_RULES: dict[str, _Rule] = {
    "convolution": _convolution,
    "max_pool2d_with_indices": _pooling,
    "max_pool2d": _pooling,
    "avg_pool2d": _pooling,
    "_adaptive_avg_pool2d": _adaptive_pooling,
    "adaptive_max_pool2d": _adaptive_pooling,
    "constant_pad_nd": _padding,
    "reflection_pad2d": _padding,
    "replication_pad2d": _padding,
    "upsample_nearest2d": _nearest_resizing,
    "_upsample_nearest_exact2d": _smooth_resizing,
    "upsample_bilinear2d": _smooth_resizing,
    "upsample_bicubic2d": _smooth_resizing,
    "view": _reshaping,
    "_unsafe_view": _reshaping,
    "permute": _permutation,
    "transpose": _permutation,
    "native_layer_norm": _layer_norm,
    "slice": _slicing,
    "select": _selecting,
    "split": _reshaping,
    "split_with_sizes": _reshaping,
    "unsqueeze": _reshaping,
    "expand": _reshaping,
}
_KEEP_FIELD = frozenset(
    [
        "cat",
        "native_batch_norm",
        "_native_batch_norm_legit_no_training",
        "cudnn_batch_norm",
        "_batch_norm_with_update",
        "native_group_norm",
        "native_dropout",
        "clone",
        "_to_copy",
        "alias",
        "detach",
        "contiguous",
        "hardswish",
        "hardswish_",
        "prelu",
        "_prelu_kernel",
    ]
)

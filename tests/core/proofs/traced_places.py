"""Where in the image every single number of a network comes from, followed through its operations.

While the mode is on, each tensor has beside it five tensors of its own shape, its `Places`: which image of
the batch a number belongs to, the row and the column of the image at which it lies, over how much of that it
is blurred, and which channel it is. An operation that moves numbers moves their places alike (views,
permutations, windows, rolls, indices); one that mixes them averages the places (convolutions, poolings) or
keeps those of the sharpest operand (residual sums, gates, attention, whose outputs lie where their queries
do); a linear map makes new channels.

Nothing is taken from shapes, and nothing from values, so this says independently of the product how an output
has to be read; random weights do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary


class Places(NamedTuple):
    """Of every number of a tensor; NaN where it has none (a class token, a parameter)."""

    image: Tensor
    y: Tensor
    x: Tensor
    blur: Tensor
    """Variance of the position in square pixels; 0 for a pixel."""
    channel: Tensor


class TracedPlaces(TorchDispatchMode):
    """While active, follows the places of `images` (B, C, H, W) through every operation."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.unknown: set[str] = set()
        """Operations that are not followed; what they output has no places."""
        self._places = WeakTensorKeyDictionary()
        self._images = images

    def __enter__(self) -> TracedPlaces:
        """Pixels lie where they are."""
        batch, channels, rows, columns = self._images.shape
        shape = self._images.shape

        def along(dimension: int, count: int) -> Tensor:
            view = [1] * 4
            view[dimension] = count
            return torch.arange(count, dtype=torch.float32).view(view).expand(shape).clone()

        self._places[self._images] = Places(
            along(0, batch), along(2, rows), along(3, columns), torch.zeros(shape), along(1, channels)
        )
        return super().__enter__()

    def of(self, tensor: Tensor) -> Places | None:
        return self._places.get(tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func._schema.name.removeprefix("aten::")
        if name not in _KNOWN:
            with self:
                out = func.decompose(*args, **kwargs)
            if out is not NotImplemented:
                return out
        out = func(*args, **kwargs)
        if not any(self.of(t) is not None for t in _tensors((args, kwargs))):
            if name in _FACTORIES and isinstance(out, Tensor) and out.is_floating_point():
                self._places[out] = _nowhere(out)
            return out
        call = _Call(self, func, name, args, kwargs, out)
        if name in _MOVES:
            _move(call)
        elif name in _RULES:
            _RULES[name](call)
        elif name in _KEPT:
            call.keep()
        elif torch.Tag.pointwise in func.tags:
            _pointwise(call)
        elif any(t.is_floating_point() for t in _tensors(out)):
            self.unknown.add(name)
        return out


class _Call(NamedTuple):
    mode: TracedPlaces
    func: Any
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Any

    def of(self, position: int) -> Places | None:
        return self.mode.of(self.args[position])

    def named(self, name: str, default: Any = None) -> Any:
        for position, argument in enumerate(self.func._schema.arguments):
            if argument.name == name:
                if position < len(self.args):
                    return self.args[position]
                return self.kwargs.get(
                    name, argument.default_value if argument.has_default_value() else default
                )
        return default

    def give(self, places: Places, out: Tensor | None = None) -> None:
        """Attach the places to the output; those of a tensor that was written into are written into."""
        out = self.out if out is None else out
        if isinstance(out, (tuple, list)):
            out = out[0]
        places = Places(*(p if p.shape == out.shape else p.expand(out.shape).clone() for p in places))
        before = self.mode.of(out)
        if before is not None and self.name.endswith("_"):
            for old, new in zip(before, places, strict=True):
                old.copy_(new)
        else:
            self.mode._places[out] = places

    def keep(self) -> None:
        places = self.of(0)
        if places is not None and not (self.name.endswith("_") and self.args[0] is self.out):
            self.give(Places(*(p.clone() for p in places)))


def _nowhere(tensor: Tensor) -> Places:
    return Places(*(torch.full(tensor.shape, math.nan) for _ in range(5)))


def _tensors(values: Any) -> list[Tensor]:
    if isinstance(values, Tensor):
        return [values]
    if isinstance(values, (tuple, list)):
        return [t for value in values for t in _tensors(value)]
    if isinstance(values, dict):
        return _tensors(list(values.values()))
    return []


# ---- numbers that are moved ----


def _move(call: _Call) -> None:
    """Do to the places what is done to the numbers."""
    outs = []
    for trace in range(5):

        def placed(value: Any, trace: int = trace) -> Any:
            if isinstance(value, Tensor) and value.is_floating_point():
                places = call.mode.of(value)
                return (_nowhere(value) if places is None else places)[trace]
            if isinstance(value, (tuple, list)):
                return type(value)(placed(v) for v in value)
            return value

        if call.name in ("view", "_unsafe_view", "_reshape_alias"):  # the places may lie otherwise in memory
            outs.append(placed(call.args[0]).reshape(call.args[1]))
        else:
            outs.append(call.func(*(placed(a) for a in call.args), **call.kwargs))
    if call.name.endswith("_"):
        if call.mode.of(call.args[0]) is None:
            call.mode._places[call.args[0]] = Places(*outs)
        return
    if isinstance(call.out, (tuple, list)):
        for number, out in enumerate(call.out):
            call.mode._places[out] = Places(*(trace[number] for trace in outs))
    else:
        call.mode._places[call.out] = Places(*outs)


_MOVES = {
    *(
        "view",
        "_unsafe_view",
        "_reshape_alias",
        "reshape",
        "permute",
        "transpose",
        "t",
        "expand",
        "unsqueeze",
    ),
    *("squeeze", "contiguous", "clone", "detach", "alias", "as_strided", "copy_"),
    *("slice", "select", "split", "split_with_sizes", "unbind", "chunk", "narrow", "unsafe_split"),
    *("unsafe_chunk", "cat", "stack", "repeat", "roll", "flip", "unfold"),
    *("index", "index_select", "gather", "index_put_", "index_put", "index_copy", "scatter", "scatter_"),
    *("slice_scatter", "select_scatter"),
    *("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle"),
    *("upsample_nearest2d", "_upsample_nearest_exact2d", "upsample_bilinear2d", "upsample_bicubic2d"),
    *("_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa"),
}
_FACTORIES = {
    *("zeros", "new_zeros", "zeros_like", "ones", "new_ones", "ones_like"),
    *("empty", "new_empty", "empty_like", "full", "new_full", "full_like"),
}


# ---- numbers that are combined where they are ----


def _sharpest(first: Places, second: Places) -> Places:
    """Of two numbers that are combined, the places of the one that is less blurred; of equals, the first."""
    blur = [torch.where(torch.isnan(p.y) | torch.isnan(p.blur), math.inf, p.blur) for p in (first, second)]
    take = blur[1] < blur[0] * (1 - 1e-4) - 1e-3
    chosen = [torch.where(take, b, a) for a, b in zip(first, second, strict=True)]
    for trace in (0, 4):  # what only one of them knows
        other = torch.where(take, first[trace], second[trace])
        chosen[trace] = torch.where(torch.isnan(chosen[trace]), other, chosen[trace])
    return Places(*chosen)


def _pointwise(call: _Call) -> None:
    known = [p for t in _tensors((call.args, call.kwargs)) if (p := call.mode.of(t)) is not None]
    known = [Places(*(t.expand(call.out.shape) for t in p)) for p in known]
    places = known[0]
    for other in known[1:]:
        places = _sharpest(places, other)
    call.give(Places(*(t.clone() for t in places)))


_KEPT = {
    *("native_batch_norm", "_native_batch_norm_legit_no_training", "_native_batch_norm_legit"),
    *("cudnn_batch_norm", "_batch_norm_with_update", "native_group_norm", "native_layer_norm"),
    *("_softmax", "_log_softmax", "_safe_softmax", "softmax", "_fused_rms_norm", "cumsum"),
    *(
        "native_dropout",
        "_to_copy",
        "_prelu_kernel",
        "hardswish",
        "hardswish_",
        "relu",
        "relu_",
        "lift_fresh",
    ),
}


# ---- numbers that are mixed ----


def _mean_over(places: Places, dims: Sequence[int], keep: bool) -> Places:
    """Places of a sum over dimensions."""

    def mean(value: Tensor) -> Tensor:
        return value.nanmean(tuple(dims), keepdim=keep)

    y, x = mean(places.y), mean(places.x)
    square = mean(places.blur + places.y**2 + places.x**2)
    same = places.channel.amax(tuple(dims), keepdim=keep) == places.channel.amin(tuple(dims), keepdim=keep)
    channel = torch.where(same, mean(places.channel), math.nan)
    return Places(mean(places.image), y, x, (square - y**2 - x**2).clamp(min=0), channel)


def _sharp(places: Places, dim: int) -> Places:
    """Without the places of channels that are more blurred than others, beside which they tell nothing."""
    blur = torch.where(torch.isnan(places.y) | torch.isnan(places.blur), math.inf, places.blur)
    sharp = blur <= blur.amin(dim, keepdim=True) * 1.01 + 1
    y, x, kept = (torch.where(sharp, t, math.nan) for t in (places.y, places.x, places.blur))
    return places._replace(y=y, x=x, blur=kept)


def _reduce(call: _Call) -> None:
    places = call.of(0)
    if places is None:
        return
    dims = call.named("dim")
    dims = range(call.args[0].dim()) if dims is None else [dims] if isinstance(dims, int) else dims
    dims = list(dims) or list(range(call.args[0].dim()))
    first = call.out[0] if isinstance(call.out, (tuple, list)) else call.out
    if not call.args[0].dim():
        return
    call.give(_mean_over(places, dims, first.dim() == call.args[0].dim()))


def _product(call: _Call, left: Tensor, right: Tensor) -> None:
    """Places of a product of matrices (..., n, k) and (..., k, m)."""
    before, after = call.mode.of(left), call.mode.of(right)
    if after is None and before is not None:
        before = _sharp(before, -1)
    rows, columns = left.shape[-2], right.shape[-1]
    shape = (*left.shape[:-1], columns)
    a = None if before is None else Places(*(t.expand(shape) for t in _mean_over(before, [-1], True)))
    b = None if after is None else Places(*(t.expand(shape) for t in _mean_over(after, [-2], True)))
    if b is None and a is not None:  # a linear map: each column of the matrix is a channel
        call.give(a._replace(channel=torch.arange(columns, dtype=torch.float32).expand(shape)))
    elif a is None and b is not None:
        call.give(b._replace(channel=torch.arange(rows, dtype=torch.float32)[:, None].expand(shape)))
    elif a is not None and b is not None:
        both = _sharpest(a, b)
        channel = torch.where(torch.isnan(a.channel), b.channel, a.channel)
        call.give(both._replace(channel=channel))


def _attention(call: _Call) -> None:
    """An output of attention lies where its query does; its channels are those of the values."""
    query, value = call.of(0), call.of(2)
    if query is None or value is None:
        return
    shape = call.out[0].shape if isinstance(call.out, tuple) else call.out.shape
    places = Places(*(t.expand(shape) for t in _mean_over(query, [-1], True)))
    values = _mean_over(value, [-2], True)
    image = torch.where(torch.isnan(places.image), values.image.expand(shape), places.image)
    call.give(places._replace(image=image, channel=values.channel.expand(shape)))


def _beyond(value: Tensor, before: int, after: int, dim: int) -> Tensor:
    """Continue a field of places straight on, over a border of padding."""
    count = value.shape[dim]
    if before < 0 or after < 0:
        value = value.narrow(dim, max(0, -before), count + min(0, before) + min(0, after))
        before, after, count = max(0, before), max(0, after), value.shape[dim]
    first, last = value.narrow(dim, 0, 1), value.narrow(dim, count - 1, 1)
    slope = value.narrow(dim, 1, 1) - first if count > 1 else torch.zeros_like(first)
    end = last - value.narrow(dim, count - 2, 1) if count > 1 else slope
    view = [1] * value.dim()
    view[dim] = -1
    low = first - slope * torch.arange(before, 0, -1, dtype=torch.float32).view(view)
    high = last + end * torch.arange(1, after + 1, dtype=torch.float32).view(view)
    return torch.cat([low, value, high], dim)


def _padded(places: Places, amounts: Sequence[int]) -> Places:
    traces = list(places)
    for trace, value in enumerate(traces):
        for number in range(len(amounts) // 2):
            dim = value.dim() - 1 - number
            before, after = amounts[2 * number], amounts[2 * number + 1]
            value = _beyond(value, before, after, dim)
        traces[trace] = value
    return Places(*traces)


def _pad(call: _Call) -> None:
    places = call.of(0)
    if places is not None:
        call.give(_padded(places, call.args[1]))


def _pair(value: Any, count: int) -> list[int]:
    value = [value] if isinstance(value, int) else list(value)
    return value * count if len(value) == 1 else value


def _slid(
    places: Places, kernel: Any, stride: Any, padding: Any, dilation: Any, size: Sequence[int]
) -> Places:
    """Places of windows that slide over the last one or two dimensions, (n, c, ...)."""
    count = len(size)
    kernel, stride, padding, dilation = (
        _pair(v, count) for v in (kernel, stride or kernel, padding, dilation)
    )
    amounts: list[int] = []
    for axis in reversed(range(count)):
        full = (size[axis] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1
        have = places.y.shape[2 + axis]
        amounts += [padding[axis], full - have - padding[axis]]
    places = _padded(places, amounts)
    convolve = F.conv2d if count == 2 else F.conv1d
    weight = torch.full((1, 1, *kernel), 1 / math.prod(kernel))

    def mean(value: Tensor) -> Tensor:
        flat = value.reshape(-1, 1, *value.shape[2:])
        return convolve(flat, weight, stride=stride, dilation=dilation).reshape(*value.shape[:2], *size)

    y, x = mean(places.y), mean(places.x)
    square = mean(places.blur + places.y**2 + places.x**2)
    return Places(mean(places.image), y, x, (square - y**2 - x**2).clamp(min=0), mean(places.channel))


def _interpolated(value: Tensor, position: Tensor, dim: int) -> Tensor:
    """Values at fractional positions of a dimension, continued straight on beyond its ends."""
    count = value.shape[dim]
    if count == 1:
        return value.expand(*value.shape[:dim], len(position), *value.shape[dim + 1 :])
    low = position.floor().clamp(0, count - 2).long()
    view = [1] * value.dim()
    view[dim] = -1
    part = (position - low).view(view)
    return value.index_select(dim, low) * (1 - part) + value.index_select(dim, low + 1) * part


def _convolution(call: _Call) -> None:
    places = call.of(0)
    if places is None:
        return
    weight, out = call.args[1], call.out
    count = out.dim() - 2
    if count not in (1, 2):
        call.mode.unknown.add(f"convolution of {count} dimensions")
        return
    one = _mean_over(_sharp(places, 1), [1], True)
    stride, padding, dilation = (_pair(call.named(n), count) for n in ("stride", "padding", "dilation"))
    kernel = list(weight.shape[2:])
    if call.named("transposed"):
        traces = list(one)
        for axis in range(count):
            reach = dilation[axis] * (kernel[axis] - 1) / 2
            position = (torch.arange(out.shape[2 + axis]) + padding[axis] - reach) / stride[axis]
            traces = [_interpolated(t, position, 2 + axis) for t in traces]
        one = Places(*traces)
    else:
        one = _slid(one, kernel, stride, padding, dilation, out.shape[2:])
    channels = torch.arange(out.shape[1], dtype=torch.float32).view(-1, *[1] * count)
    call.give(Places(*one[:4], channels))


def _pooling(call: _Call) -> None:
    places = call.of(0)
    out = call.out[0] if isinstance(call.out, tuple) else call.out
    if places is None:
        return
    lift = places.y.dim() == 3  # without a batch
    if lift:
        places = Places(*(t[None] for t in places))
    slid = _slid(
        places,
        call.named("kernel_size"),
        call.named("stride") or None,
        call.named("padding", 0),
        call.named("dilation", 1),
        out.shape[-2:],
    )
    call.give(Places(*(t[0] for t in slid)) if lift else slid)


def _adaptive_pooling(call: _Call) -> None:
    places = call.of(0)
    if places is None:
        return
    size = (call.out[0] if isinstance(call.out, tuple) else call.out).shape[-2:]

    def mean(value: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(value, size)

    y, x = mean(places.y), mean(places.x)
    square = mean(places.blur + places.y**2 + places.x**2)
    blur = (square - y**2 - x**2).clamp(min=0)
    call.give(Places(mean(places.image), y, x, blur, mean(places.channel)))


def _columns(call: _Call) -> None:
    """The windows of `unfold`, whose border is padding."""
    places = call.of(0)
    if places is None:
        return
    kernel, dilation, padding, stride = call.args[1:5]
    padded = _padded(places, [padding[1], padding[1], padding[0], padding[0]])
    call.give(Places(*(call.func(t, kernel, dilation, [0, 0], stride) for t in padded)))


def _from_columns(call: _Call) -> None:
    places = call.of(0)
    if places is None:
        return
    rest = call.args[1:]
    weight = call.func(torch.ones_like(places.y), *rest)
    traces = [call.func(torch.nan_to_num(t), *rest) / weight for t in places]
    square = call.func(places.blur + places.y**2 + places.x**2, *rest) / weight
    traces[3] = (square - traces[1] ** 2 - traces[2] ** 2).clamp(min=0)
    call.give(Places(*traces))


_Rule = Callable[[_Call], None]
_RULES: dict[str, _Rule] = {
    "mm": lambda call: _product(call, call.args[0], call.args[1]),
    "bmm": lambda call: _product(call, call.args[0], call.args[1]),
    "addmm": lambda call: _product(call, call.args[1], call.args[2]),
    "baddbmm": lambda call: _product(call, call.args[1], call.args[2]),
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "convolution": _convolution,
    "max_pool2d_with_indices": _pooling,
    "avg_pool2d": _pooling,
    "_adaptive_avg_pool2d": _adaptive_pooling,
    "adaptive_max_pool2d": _adaptive_pooling,
    "mean": _reduce,
    "sum": _reduce,
    "amax": _reduce,
    "max": _reduce,
    "linalg_vector_norm": _reduce,
    "var": _reduce,
    "std": _reduce,
    "constant_pad_nd": _pad,
    "reflection_pad2d": _pad,
    "replication_pad2d": _pad,
    "im2col": _columns,
    "col2im": _from_columns,
}
_KNOWN = _MOVES - {"reshape", "contiguous", "chunk", "narrow"} | _RULES.keys() | _KEPT

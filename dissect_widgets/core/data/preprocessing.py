"""A user's `preprocess`, in whatever form it takes images, as a function of batches.

>>> preprocessing = Preprocessing(weights.transforms(), device, dtype)
>>> preprocessing(images).shape          # of images (B, 3, H, W) in [0, 1]
torch.Size([8, 3, 224, 224])

Before its first use it is called on two images of noise, which shows what it takes (a batch, one image, a
Pillow image), and that the same images give the same input: twice, and alone as among others.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.data.preprocess_forms import (
    BATCH,
    FORMS,
    IMAGE,
    PILLOW,
    PROCESSOR,
    PreprocessError,
    UnusableError,
    what_to_do,
)
from dissect_widgets.core.network.lock import RANDOM_NUMBERS, exclusively

_LEAST_SPAN: Final = 0.02
"""Inputs whose values differ by less were divided by 255 twice: 2 / 255 in [-1, 1], 4.4 / 255 at most."""
_EVALUATION: Final = "Pass the preprocessing of evaluation, without random augmentation."


class Preprocessing:
    """Converts images to the input of a network.

    Parameters
    ----------
    function
        A function of images (B, 3, H, W) in [0, 1], of one image (3, H, W), or of one Pillow image; an image
        processor of Hugging Face; None changes nothing but the dtype. It returns floating point tensors or
        arrays, channels first. It never sees the caller's images, only a copy.
    device, dtype
        Of the network.
    """

    def __init__(self, function: Callable[..., Any] | None, device: torch.device, dtype: torch.dtype) -> None:
        self.function, self.device, self.dtype = function, device, dtype
        self.takes = "" if function is not None else "nothing"
        """What it takes, for people; empty before its first use."""

    def __call__(self, images: Tensor) -> Tensor:
        """Input (B, channels, h, w) of the network, from images (B, 3, H, W) in [0, 1].

        Raises
        ------
        PreprocessError
            If it cannot be used.
        """
        moved = images.to(self.device)
        if self.function is None:
            return moved.to(self.dtype)
        if not self.takes:
            self.takes = self._proved(moved)
        return self._run(self.takes, moved).to(self.device, self.dtype)

    @property
    def holds_8_bits(self) -> bool:
        """Whether it takes images whose values must be multiples of 1 / 255."""
        return self.takes in (PILLOW, PROCESSOR)

    def check_gradient(self, images: Tensor) -> None:
        """Raise PreprocessError unless a gradient passes through, of images (B, 3, H, W)."""
        if self.function is None:
            return
        self(images[:1])  # what it takes is proved without gradients
        claim = "it passes gradients, which an attack follows"
        advice = (
            "Write it with differentiable functions of tensors (torch, torchvision.transforms.Normalize)."
        )
        if self.holds_8_bits:
            raise PreprocessError(claim, f"they do not pass through {self.takes}, which it takes", advice)
        image = images[:1].detach().to(self.device).clone().requires_grad_()
        cut = "cuts them off (torch.no_grad, detach, rounding, or a round trip through numpy or Pillow)"
        try:
            with torch.enable_grad():
                given = self(image)
                weights = torch.linspace(-1, 1, given.numel(), device=given.device).view_as(given)
                loss = (given.float() * weights).sum()
            passed = torch.autograd.grad(loss, image, allow_unused=True)[0] if loss.requires_grad else None
        except PreprocessError:
            raise
        except Exception as error:  # whatever a user's function raises
            raise PreprocessError(claim, f"it {cut}: {error}", advice) from error
        if passed is None or not passed.any():
            raise PreprocessError(claim, f"it {cut}", advice)

    def _run(self, takes: str, images: Tensor) -> Tensor:
        return FORMS[takes](self.function, images.clone())  # it may work in place

    def _proved(self, like: Tensor) -> str:
        """What it takes, once noise of the size of images has shown that it is a function of each image."""
        generator = torch.Generator().manual_seed(0)
        noise = torch.randint(0, 256, (2, *like.shape[1:]), generator=generator)
        noise[1] //= 3  # another brightness, which a batch-wise normalization shows
        two = (noise.to(like.dtype) / 255).to(self.device)
        with (
            exclusively(RANDOM_NUMBERS),
            torch.no_grad(),
            warnings.catch_warnings(action="ignore"),
            _random_numbers() as are_drawn,
        ):
            takes, first = self._choose(two)
            again = self._run(takes, two)
            drawn = are_drawn()
            alone = torch.cat([self._run(takes, two[:1]), self._run(takes, two[1:])])
        span = _span(first)
        claim = "the same images give the same input every time"
        if again.shape != first.shape or not _close(again, first, 1e-6 * span):
            raise PreprocessError(claim, "two calls differ, as with random augmentation", _EVALUATION)
        if drawn:
            raise PreprocessError(claim, "it draws random numbers", _EVALUATION)
        if not _close(alone, first, 1e-4 * span):
            raise PreprocessError(
                "an image gives the same input alone as in a batch",
                "it differs, as if normalized over the batch",
                "Let it work on each image by itself, with means as in x.mean((1, 2, 3), keepdim=True).",
            )
        if _close(first[0], first[1], 1e-6 * span):
            raise PreprocessError("its result depends on the image", "two images give the same input", "")
        return takes

    def _choose(self, two: Tensor) -> tuple[str, Tensor]:
        """What it takes, and its result for two images."""
        raised: list[str] = []
        returned: list[str] = []
        processor = "pixel_values" in getattr(self.function, "model_input_names", ())
        for takes in [PROCESSOR] if processor else [BATCH, IMAGE, PILLOW]:
            try:
                result = self._run(takes, two)
                _check_values(result)
                return takes, result
            except UnusableError as error:
                returned.append(f"given {takes} it returns {error}")
                if error.decisive:
                    break
            except Exception as error:  # whatever a user's function raises
                reason = (str(error).strip().splitlines() or [""])[0][:160].rstrip(".")
                raised.append(f"given {takes} it raises {type(error).__name__}: {reason}")
        raise PreprocessError(
            "it returns floating point numbers (images, channels, rows, columns), an input for each image",
            "; ".join(returned or raised),
            what_to_do(returned),
        )


def _check_values(result: Tensor) -> None:
    """Raise UnusableError unless the values of an input for noise can be those of images."""
    span = _span(result)
    if not span:
        raise UnusableError("the same value everywhere")
    if span < _LEAST_SPAN:
        raise UnusableError(f"values that differ by {span:.2g} at most, as if divided by 255 twice")


def _span(result: Tensor) -> float:
    return float(_finite(result).max() - _finite(result).min())


def _close(one: Tensor, other: Tensor, tolerance: float) -> bool:
    return bool(((_finite(one) - _finite(other)).abs() <= tolerance).all())


def _finite(result: Tensor) -> Tensor:
    """Values with 0 for what is not finite, such as the logarithm of 0: a run names the image that has it."""
    return result.float().nan_to_num(0, 0, 0)


@contextmanager
def _random_numbers() -> Iterator[Callable[[], bool]]:
    """Tell whether global random numbers are drawn inside, and leave their generators as they were."""
    before = torch.get_rng_state(), random.getstate(), np.random.get_state(legacy=False), _cuda_state()

    def are_drawn() -> bool:
        mine, theirs = before[2]["state"], np.random.get_state(legacy=False)["state"]
        return (
            not torch.equal(torch.get_rng_state(), before[0])
            or random.getstate() != before[1]
            or mine["pos"] != theirs["pos"]
            or not np.array_equal(mine["key"], theirs["key"])
            or any(not torch.equal(*pair) for pair in zip(_cuda_state(), before[3], strict=False))
        )

    try:
        yield are_drawn
    finally:
        torch.set_rng_state(before[0])
        random.setstate(before[1])
        np.random.set_state(before[2])
        if before[3]:
            torch.cuda.set_rng_state_all(before[3])


def _cuda_state() -> list[Tensor]:
    return torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

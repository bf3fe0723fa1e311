"""99 % confidence intervals of means and ratios of means, as in the figures of PNAS 2020."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from dissect_widgets.core.data.arrays import AnyArray

Z99: Final = 2.5758293035489004
"""Half of a 99 % interval of a normal distribution, in standard deviations."""


def mean_interval(values: AnyArray) -> Any:
    """Half widths of the 99 % intervals of means over the last axis; NaN where there is one value."""
    n = values.shape[-1]
    if n < 2:
        return np.full(values.shape[:-1], np.nan)[()]
    return Z99 * values.std(-1, ddof=1) / np.sqrt(n)


def ratio_interval(values: AnyArray, denominators: AnyArray) -> Any:
    """Half widths of the 99 % intervals of ratios of means, of pairs along the last axis (delta method)."""
    ratio = values.mean(-1) / denominators.mean(-1)
    # residual of each pair, had all of them this ratio
    return mean_interval(values - ratio[..., None] * denominators) / denominators.mean(-1)

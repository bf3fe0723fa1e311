"""Names of the array types that are used everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
UInt8s = NDArray[np.uint8]
Int64s = NDArray[np.int64]
Float16s = NDArray[np.float16]
Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
AnyArray = NDArray[Any]
"""Of any type; label maps are integers of the smallest type that holds them."""

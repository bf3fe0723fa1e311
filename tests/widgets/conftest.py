"""A network whose predictions vary, and images of known classes, for the widgets that change its units."""

from __future__ import annotations

import pytest
from torch import nn

from tests.core.ablation.networks import Images, telling


@pytest.fixture(scope="module")
def net() -> nn.Module:
    return telling()


@pytest.fixture(scope="module")
def data() -> Images:
    return Images()

"""Figures of results: functions of a result that return a plotly figure, and change nothing else.

>>> from dissect_widgets import plots
>>> plots.layer_bars(dissection)

`__init__.pyi` lists them.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

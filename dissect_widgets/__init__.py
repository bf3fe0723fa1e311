"""Network Dissection in a notebook: what the single units of a deep network do.

>>> import dissect_widgets as dw
>>> data = dw.MaskFolder("images", "masks", "classes.csv")
>>> dissection = dw.dissect(model, ["layer3", "layer4"], data, preprocess=dw.normalize())
>>> dw.UnitBrowser(dissection)

`__init__.pyi` lists the public names. Each is imported when it is first used, so that nothing needs Jupyter,
or torch, before it must.
"""

from __future__ import annotations

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

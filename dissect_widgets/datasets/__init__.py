"""Labels and images read from disk, a file for each format; `__init__.pyi` lists the readers."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

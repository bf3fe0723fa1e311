"""The papers' figures and claims again: studies to make them of, claims with their criteria, and findings."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["studies"])

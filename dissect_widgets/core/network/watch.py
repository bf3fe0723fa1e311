"""Whether something else changes a network while a run uses it.

A run relies on what its first pass has used: evaluation mode, modules and weights. Other threads of this
package keep to that; a training loop in another thread, or a cell that loads weights meanwhile, does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from torch import nn

from dissect_widgets.core.network.original import is_script
from dissect_widgets.errors import ProofError

_MOST_OWN: Final = 0.5
"""Share of its weights that a network may change in its own passes."""


class Watch:
    """Modules, modes and weights of a network as they are now, and a look at what has become of them.

    Weights are compared by what costs nothing: which tensors they are, where these lie, and how often they
    were changed in place. Buffers are not compared, as networks change them in their passes.

    Parameters
    ----------
    model
        In evaluation mode.
    names
        Of its modules.

    Attributes
    ----------
    mode_was_changed
        Whether something else has put it into another mode.
    """

    def __init__(self, model: nn.Module, names: Mapping[nn.Module, str]) -> None:
        self.model = model
        self._names, self._modules = list(names.values()), list(names)
        plain = [(name, module) for module, name in names.items() if not is_script(module)]
        self._children = [(name, module._modules) for name, module in plain if module._modules]
        self._weights = [(name, module._parameters) for name, module in plain if module._parameters]
        self._modes = self._modes_now()
        self._tensors, self._tree = self._tensors_now(), self._tree_now()
        self._own_modes: set[int] = set()
        self._own_tensors: set[int] = set()
        self._is_first = True
        self.mode_was_changed = False

    def check_mode(self) -> None:
        """Look at the mode alone, before a pass, which would change a network that is being trained.

        Raises
        ------
        ProofError
            If it has changed.
        """
        modes = self._modes_now()
        if modes != self._modes:
            changed = _differences(self._modes, modes) - self._own_modes
            if changed:
                self._refuse_mode(changed)

    def check(self, *, after_pass: bool = True) -> None:
        """Look at everything, after each pass.

        What the first pass changes the network changes itself, and is not looked at any more, unless that is
        its mode as a whole or most of its weights.

        Raises
        ------
        ProofError
            If something has changed; it names the module or weight.
        """
        modes, tensors = self._modes_now(), self._tensors_now()
        first = after_pass and self._is_first
        self._is_first = self._is_first and not after_pass
        if modes == self._modes and tensors == self._tensors and self._tree_now() == self._tree:
            return
        changed = _differences(self._modes, modes) - self._own_modes
        if first and 0 not in changed:
            self._own_modes |= changed
        elif changed:
            self._refuse_mode(changed)
        if self._tree_now() != self._tree:
            self._refuse("one of its modules was replaced")
        changed = _differences(self._tensors, tensors) - self._own_tensors
        if first and len(changed) <= _MOST_OWN * len(tensors):
            self._own_tensors |= changed
        elif changed:
            self._refuse(f"its weights were changed ({self._weight_names()[min(changed)]!r} first)")

    def _refuse_mode(self, changed: set[int]) -> None:
        self.mode_was_changed = True
        name = self._names[min(changed)] or "itself"
        self._refuse(f"it was put into another mode (module {name!r})")

    def _refuse(self, what: str) -> None:
        raise ProofError(
            f"The network {type(self.model).__name__} was changed while it was in use: {what}, by another "
            "thread or cell. What it gave before and after does not fit together. Start again once nothing "
            "else changes it, or give each its own: copy.deepcopy(model)."
        )

    def _modes_now(self) -> list[Any]:
        return [getattr(module, "training", None) for module in self._modules]

    def _tree_now(self) -> list[int]:
        return [id(child) for _, children in self._children for child in tuple(children.values())]

    def _tensors_now(self) -> list[Any]:
        """What shows that a tensor is another, lies elsewhere, or was changed in place."""
        tensors = [tensor for _, table in self._weights for tensor in tuple(table.values())]
        try:
            return [t if t is None else (id(t), t._version, t.data_ptr()) for t in tensors]
        except (RuntimeError, NotImplementedError):  # of inference mode, or ones that have no place
            return [id(t) for t in tensors]

    def _weight_names(self) -> list[str]:
        return [f"{name}.{own}" if name else own for name, table in self._weights for own in table]


def _differences(before: list[Any], after: list[Any]) -> set[int]:
    if len(before) != len(after):
        return set(range(max(len(before), len(after))))
    return {place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]}

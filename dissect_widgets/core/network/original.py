"""The network that is really run: without the wrappers that compile it or spread it over devices.

>>> original(torch.compile(model)) is model
True

Compiled code runs no hooks, and copies on several devices run them on copies; the original does neither.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from dissect_widgets.core.network.outputs import SEPARATOR
from dissect_widgets.errors import LayerError, SettingError, nearest, shortened, shown

_INSIDE: Final = {
    "OptimizedModule": "_orig_mod",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "AveragedModel": "module",
    "DeepSpeedEngine": "module",
    "_FabricModule": "_original_module",
}
"""Classes of wrappers, by name, as their packages may be missing, and where each keeps the original."""
_PACKAGES: Final = ("torch", "apex", "deepspeed", "lightning", "lightning_fabric", "pytorch_lightning")
_WRAPPER_PARTS: Final = frozenset([*_INSIDE.values(), "_forward_module", "_fsdp_wrapped_module"])
"""Parts of dotted names that wrappers add."""


def original(model: Any) -> nn.Module:
    """Network within wrappers, however many: of `torch.compile`, DataParallel, DistributedDataParallel ...

    Raises
    ------
    SettingError
        If it is no `nn.Module`, or one whose layers cannot be watched: scripted, traced, frozen, or an
        exported program. The message says what to pass instead.
    """
    while (inside := _inside(model)) is not None:
        model = inside
    kind = type(model).__name__
    if isinstance(model, nn.Module) and is_script(model):
        raise SettingError(
            f"The network is a {kind}, scripted or traced: its layers cannot be watched while it runs. Pass "
            "the `nn.Module` that it was made of; load into it scripted.state_dict()."
        )
    if not isinstance(model, nn.Module):
        raise SettingError(
            f"The network is {_described(model)}; it must be a torch.nn.Module.{_advice(model)}"
        )
    empty = [name for name, tensor in model.named_parameters() if is_lazy(tensor)]
    if empty:
        raise SettingError(
            f"The network has no weights yet: {shown(empty[0])} gets its shape in the first pass. Run it "
            "once, and load its weights."
        )
    if isinstance(model, torch.fx.GraphModule) and not _runs_modules(model):
        raise SettingError(
            f"The network is a {kind} that runs none of its modules, as exported programs are: it has no "
            "layers to watch. Pass the `nn.Module` that was exported, or torch.export.unflatten(program)."
        )
    if not hasattr(torch.compiler, "set_stance"):  # torch before 2.6
        for name, module in model.named_modules():
            if _is_compiled(module):
                raise SettingError(
                    f"Module {shown(name or 'itself')} of the network is compiled, and torch "
                    f"{torch.__version__} "
                    "cannot run the original in its place. Pass the network as it was before torch.compile, "
                    "or update torch to 2.6 or later."
                )
    return model


def layer_name(model: nn.Module, name: str, modules: Mapping[str, nn.Module] | None = None) -> str:
    """Dotted name of a layer in a network, from that name or one with the prefixes of wrappers.

    >>> layer_name(original(compiled), "_orig_mod.layer4")
    'layer4'

    After a colon it may name a tensor of the layer's output, as in "encoder:2"; that stays as it is. To find
    many layers, give all `modules` by name.

    Raises
    ------
    LayerError
        If there is no such layer, with the nearest names; or it is scripted, so that it cannot be watched.
    """
    modules = dict(model.named_modules(remove_duplicate=False)) if modules is None else modules
    found = _same(name, modules)
    if found is None and SEPARATOR in name:
        module, part = name.split(SEPARATOR, 1)
        found = _same(module, modules)
        name = module if found is None else name
        whole = None if found is None else f"{found}{SEPARATOR}{part}"
    else:
        whole = found
    script = _script_at(_without_wrappers(name.split(SEPARATOR)[0]) if found is None else found, modules)
    if script is not None:
        raise LayerError(
            f"Layer {shown(name)} is in {shown(script)}, which is scripted or traced: its output cannot be "
            "watched. "
            "Put the `nn.Module` that it was made of in its place."
        )
    if whole is None:
        raise LayerError(f"The model has no layer {shown(name)}.{nearest(name, [n for n in modules if n])}")
    return whole


def split_name(model: nn.Module, layer: str) -> tuple[str, str]:
    """Name of the module of a layer, and of the tensor of its output that is meant; "" if it is not said."""
    if SEPARATOR not in layer or any(
        known == layer for known, _ in model.named_modules(remove_duplicate=False)
    ):
        return layer, ""  # the name of a module may have a colon
    module, _, part = layer.partition(SEPARATOR)
    return module, part


def is_script(module: nn.Module) -> bool:
    """Whether a module is scripted or traced, so that hooks do not run in it."""
    return isinstance(module, torch.jit.ScriptModule)


def _same(name: str, modules: Mapping[str, nn.Module]) -> str | None:
    """Name of a module, from that name or one with the prefixes of wrappers; None if there is none."""
    candidates, parts = [name], name.split(".")
    while parts[0] in _WRAPPER_PARTS:
        parts = parts[1:] or [""]
        candidates.append(".".join(parts))
    for candidate in candidates:
        if candidate and candidate in modules:
            return candidate
    plain = _without_wrappers(name)
    same = [known for known in modules if plain and _without_wrappers(known) == plain]
    if same and all(known.startswith(f"{same[0]}.") for known in same[1:]):  # wrappers of one module
        return same[0]
    return None


def _script_at(name: str, modules: Mapping[str, nn.Module]) -> str | None:
    """Name of the script that is at a name, or that it would be in."""
    parts = name.split(".")
    above = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((known for known in above if known in modules and is_script(modules[known])), None)


def _inside(model: Any) -> Any | None:
    """What a wrapper wraps; None if this is not one."""
    if isinstance(model, nn.Module):
        for kind in type(model).__mro__:
            if kind.__name__ in _INSIDE and kind.__module__.split(".")[0] in _PACKAGES:
                return getattr(model, _INSIDE[kind.__name__], None)
        children = list(model.named_children())
        only = children[0] if len(children) == 1 else None
        if only is not None and only[0] == "module" and type(model).forward is nn.Module.forward:
            return only[1]  # a holder of averaged weights, which cannot run
    return None


def _runs_modules(graph: torch.fx.GraphModule) -> bool:
    """Whether a graph calls modules; the only one that an exported program calls checks its inputs."""
    return any(node.op == "call_module" and node.target != "_guards_fn" for node in graph.graph.nodes)


def _is_compiled(module: nn.Module) -> bool:
    compiled_call = getattr(module, "_compiled_call_impl", None)
    return (
        type(module).__name__ == "OptimizedModule"
        or compiled_call is not None
        or hasattr(module.forward, "_torchdynamo_orig_callable")
    )


def _without_wrappers(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in _WRAPPER_PARTS)


def _described(model: Any) -> str:
    if isinstance(model, type):
        return f"the class {shortened(model.__name__)}"
    return shown(model) if isinstance(model, str) else f"a {shortened(type(model).__name__)}"


def _advice(model: Any) -> str:
    """What to pass in place of something that is no network."""
    export = sys.modules.get("torch.export")
    if export is not None and isinstance(model, export.ExportedProgram):
        return " Pass the module that was exported, or torch.export.unflatten(program)."
    if isinstance(model, type) and issubclass(model, nn.Module):
        return f" Make one: {model.__name__}(...)."
    if isinstance(model, dict):
        return " These may be its weights: make the network, and load them with model.load_state_dict."
    if isinstance(model, str):
        return " Load it with dw.load_model, or by the package that it comes from."
    if hasattr(model, "_torchdynamo_orig_callable"):
        return " Pass the module itself, not its compiled forward."
    for name in ("model", "module", "net", "network"):
        if isinstance(getattr(model, name, None), nn.Module):
            return f" It has one as its attribute {name!r}: pass that."
    return ""

"""Dissecting several networks over the same images, which are read or drawn once.

>>> probe = world.Scenes("probe", 480, size=96, label_size=48)
>>> dissections = dw.dissect_networks(world.zoo.last_layers(), probe)      # all of the zoo
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn
from tqdm.auto import tqdm

from dissect_widgets.api.resuming import Advance, Hold, resumable
from dissect_widgets.core.data.in_memory import InMemory
from dissect_widgets.core.data.interrupt import Interrupted, InterruptedRun
from dissect_widgets.core.data.provenance import data_digest, describe_callable, weights_digest
from dissect_widgets.core.data.types import LabeledImages
from dissect_widgets.core.dissection.generator_source import open_source
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.run import dissect as run
from dissect_widgets.core.dissection.settings import Resources, Settings, checked_levels
from dissect_widgets.core.network.hooks import find_layers
from dissect_widgets.core.network.original import original
from dissect_widgets.errors import LayerError, SettingError

Layers = str | Sequence[str]


def dissect_networks(
    networks: Mapping[str, tuple[nn.Module, Layers]],
    data: LabeledImages | Any,
    *,
    level: float | Sequence[float] = 0.01,
    preprocess: Callable[[Tensor], Tensor] | None = None,
    settings: Settings | None = None,
    resources: Resources | None = None,
    progress: bool = True,
) -> dict[str, Dissection]:
    """Dissect several networks over the same images, one after the other.

    Images and labels are read or drawn once and held in memory; each result is to the bit what `dissect` of
    that network gives.

    Parameters
    ----------
    networks
        Networks, each with the names of its layers, by names of yours.
    data
        Images with concept labels, as for `dissect`, which fit into memory.
    level, preprocess, settings, resources
        As for `dissect`, for all networks.
    progress
        Whether to show a bar.

    Returns
    -------
    dict
        A dissection for each network, by its name.

    Raises
    ------
    SettingError
        If there are no networks, or one comes without layers.
    LayerError, DataError, ActivationError, ProofError
        As for `dissect`; layers of all networks are looked for before anything runs.
    Interrupted
        On Ctrl-C or the interrupt button; networks that are finished are kept: call again to go on. They are
        `interrupt.run.state`.
    """
    chosen = _checked(networks)
    levels = checked_levels(level)
    held = data if isinstance(data, InMemory) else InMemory(data)
    key = partial(_key, chosen, held, levels, preprocess, settings)

    def work(begun: InterruptedRun | None, hold: Hold) -> dict[str, Dissection]:
        done: dict[str, Dissection] = (None if begun is None else begun.take(key())) or {}
        total = len(chosen) * len(held)
        with tqdm(total=total, unit="image", desc="dissect", disable=not progress) as bar:
            advance = Advance(bar)
            for name in list(chosen)[len(done) :]:
                model, layers = chosen[name]
                before = len(done) * len(held)
                advance(before, total)
                bar.set_postfix_str(name, refresh=False)
                source = open_source(
                    model, layers, held, levels=levels, settings=settings, preprocess=preprocess
                )
                try:
                    done[name] = run(
                        source,
                        resources,
                        progress=_shifted(advance, before, total),
                        notify=bar.write,
                    )
                except Interrupted as interrupt:
                    interrupt.run.drop()
                    raise Interrupted(_interrupted_run(chosen, done, key())) from None
            return done

    return resumable("dissect_networks", work)


def _shifted(advance: Advance, before: int, total: int) -> Callable[[int, int], None]:
    """Progress of a network as that of all."""
    return lambda images, _: advance(before + images, total)


def _checked(networks: Mapping[str, tuple[nn.Module, Layers]]) -> dict[str, tuple[nn.Module, Layers]]:
    """Networks, whose layers are all there."""
    if not isinstance(networks, Mapping) or not networks:
        raise SettingError("networks must be a mapping of one or more names to (network, layers).")
    for name, given in networks.items():
        if not isinstance(given, tuple) or len(given) != 2 or not isinstance(given[0], nn.Module):
            raise SettingError(
                f"networks[{name!r}] is a {type(given).__name__}; it must be (network, layers)."
            )
        layers = [given[1]] if isinstance(given[1], str) else list(given[1])
        if not layers:
            raise SettingError(f"networks[{name!r}] has no layers; give one or more.")
        try:
            find_layers(original(given[0]), layers)
        except LayerError as error:
            raise LayerError(f"networks[{name!r}]: {error}") from error
    return dict(networks)


def _interrupted_run(networks: Mapping[str, object], done: dict[str, Dissection], key: str) -> InterruptedRun:
    return InterruptedRun(
        of=f"{len(networks)} networks",
        done=len(done),
        total=len(networks),
        unit="networks",
        key=key,
        state=done,
    )


def _key(
    networks: Mapping[str, tuple[nn.Module, Layers]],
    data: InMemory,
    levels: object,
    preprocess: Callable[[Tensor], Tensor] | None,
    settings: Settings | None,
) -> str:
    """Digest of all that decides the results."""
    digest = hashlib.sha256(repr((levels, describe_callable(preprocess), settings)).encode())
    digest.update(data_digest(data).encode())
    for name, (model, layers) in networks.items():
        digest.update(repr((name, layers, weights_digest(model))).encode())
    return digest.hexdigest()

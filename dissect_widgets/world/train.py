"""Train the world's networks: `python -m dissect_widgets.world.train classifier --folder runs/classifier`.

Stop it when you like; the same command goes on where it was. At the end it prints the held-out figure
and writes the network's file, whole or not at all.
"""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

import torch
from safetensors.torch import load_file
from tqdm.auto import tqdm

from dissect_widgets.models.weights import load_weights
from dissect_widgets.world.nursery import Nursery
from dissect_widgets.world.recipes import RECIPES, Recipe
from dissect_widgets.world.shipped import ship, write_network
from dissect_widgets.world.training import Trainer


def train(
    recipe: Recipe,
    folder: Path,
    *,
    device: str = "cpu",
    workers: int = 2,
    seconds: float = math.inf,
    pictures: Path | None = None,
) -> dict[str, float] | None:
    """Follow a recipe, or go on with it; first the one that it begins with, in a folder of its own.

    Parameters
    ----------
    recipe
        What to do.
    folder
        For pictures and checkpoints, and in the end `network.safetensors`.
    device
        Where to train.
    workers
        Processes that draw pictures.
    seconds
        Time after which to stop before the end.
    pictures
        Folder of the pictures, if not the same.

    Returns
    -------
    dict or None
        Figures on held-out pictures; None if there are steps left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures, begin = pictures or folder, folder / recipe.begins / "network.safetensors"
    if recipe.begins and not begin.exists():
        first = RECIPES[recipe.begins]
        train(first, begin.parent, device=device, workers=workers, seconds=seconds, pictures=pictures)
        if not begin.exists():
            return None
    nursery = _drawn(Nursery(pictures / "train", recipe.data(), recipe.task.categories), workers)
    torch.manual_seed(recipe.budget.seed)
    net = recipe.network().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if recipe.begins:
        load_weights(net, load_file(begin), origin=begin)
    shapes = [(name, tuple(value.shape)) for name, value in net.state_dict().items()]
    key = repr((shapes, recipe.budget, nursery.data.digest()))
    trainer = Trainer(net, recipe.task.loss, nursery, recipe.budget, folder, key)
    with tqdm(total=recipe.budget.steps, initial=trainer.step, desc="train", unit="step") as bar:
        smooth = [0.0]

        def progress(step: int, loss: float) -> None:
            smooth[0] += (loss - smooth[0]) * max(0.02, 1 / (step + 1))
            bar.update()
            bar.set_postfix_str(f"loss {smooth[0]:.3f}", refresh=False)

        if not trainer.run(progress, seconds=seconds):
            return None
    finished = recipe.task.finish(trainer.averaged()).eval()
    held_out = _drawn(Nursery(pictures / "held-out", recipe.held_out(), recipe.task.categories), workers)
    rounded = finished.half().float()  # as it is shipped
    figures = recipe.task.figures(rounded, held_out)
    write_network(rounded, folder / "network.safetensors", figures)
    return figures


def _drawn(nursery: Nursery, workers: int) -> Nursery:
    with tqdm(total=len(nursery.data), initial=nursery.drawn, desc="draw", unit="picture") as bar:

        def progress(done: int, total: int) -> None:
            bar.update(done - bar.n)

        nursery.draw(workers, progress)
    return nursery


def main() -> None:
    """Train one of the recipes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", choices=sorted(RECIPES))
    parser.add_argument("--folder", type=Path, help="default: runs/RECIPE")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that draw")
    parser.add_argument(
        "--seconds", type=float, default=math.inf, help="stop after this time, to go on later"
    )
    parser.add_argument("--ship", action="store_true", help="put the network into the package")
    options = parser.parse_args()
    folder = options.folder or Path("runs") / options.recipe
    figures = train(
        RECIPES[options.recipe],
        folder,
        device=options.device,
        workers=options.workers,
        seconds=options.seconds,
    )
    if figures is None:
        print("There are steps left; the same command goes on.")
    else:
        print(", ".join(f"{name} {value:.4f}" for name, value in figures.items()), "on held-out pictures")
        network = folder / "network.safetensors"
        print(f"written to {ship(options.recipe, network) if options.ship else network}")


if __name__ == "__main__":
    main()

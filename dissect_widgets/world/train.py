"""Train the world's networks: `python -m dissect_widgets.world.train classifier --folder runs/classifier`.

Stop it when you like; the same command goes on where it was. At the end it prints the held-out figures
and writes the network's file, whole or not at all.
"""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

import torch
from tqdm.auto import tqdm

from dissect_widgets.world.pretrained import ship, write_network
from dissect_widgets.world.training.image_cache import grow
from dissect_widgets.world.training.recipes import RECIPES, GeneratorRecipe, Recipe


def train(
    recipe: Recipe | GeneratorRecipe,
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
    image_cache = grow(pictures / "train", recipe.data(), recipe.categories, workers=workers)
    run = recipe.start(image_cache, folder, device)
    with tqdm(total=run.steps, initial=run.step, desc="train", unit="step") as bar:
        smooth: dict[str, float] = {}

        def progress(step: int, losses: dict[str, float]) -> None:
            for name, loss in losses.items():
                smooth[name] = 0.98 * smooth.get(name, loss) + 0.02 * loss
            bar.update()
            bar.set_postfix_str(", ".join(f"{n} {loss:.3f}" for n, loss in smooth.items()), refresh=False)

        if not run.run(progress, seconds=seconds):
            return None
    rounded = recipe.finish(run.averaged()).eval().half().float()  # as it is shipped
    held_out = grow(pictures / "held-out", recipe.held_out(), recipe.categories, workers=workers)
    figures = recipe.figures(rounded, image_cache, held_out)
    write_network(rounded, folder / "network.safetensors", figures)
    return figures


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
        print("On held-out pictures:")
        for name, value in figures.items():
            print(f"  {name} {value:.4f}")
        network = folder / "network.safetensors"
        print(f"written to {ship(options.recipe, network) if options.ship else network}")


if __name__ == "__main__":
    main()

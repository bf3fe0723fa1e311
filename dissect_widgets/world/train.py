"""Train the world's networks: `python -m dissect_widgets.world.train classifier --folder runs/classifier`.

`python -m dissect_widgets.world.train zoo` trains the networks of the zoo; see `zoo.cli`.

It can be interrupted at any time; the same command resumes it. At the end it prints the figures on held-out
images, and writes the network with a note of its figures and names.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path

import torch
from tqdm.auto import tqdm

from dissect_widgets.core.files.target import output_folder
from dissect_widgets.world.pretrained import add_to_package, write_network
from dissect_widgets.world.training.image_cache import cached_images
from dissect_widgets.world.training.recipes import RECIPES, GeneratorRecipe, Recipe
from dissect_widgets.world.zoo.cli import main as train_zoo


def train(
    recipe: Recipe | GeneratorRecipe,
    folder: Path,
    *,
    device: str = "cpu",
    workers: int = 2,
    seconds: float = math.inf,
    images: Path | None = None,
) -> dict[str, float] | None:
    """Train by a recipe, or resume it; first by the recipe that it starts from, in a subfolder.

    Parameters
    ----------
    recipe
        What to train.
    folder
        Folder for images and checkpoints, and in the end `network.safetensors` and `network.json`.
    device
        Device to train on.
    workers
        Number of processes that draw images.
    seconds
        Time after which to stop even if steps remain.
    images
        Folder of the images, if not the same.

    Returns
    -------
    dict or None
        Figures on held-out images; None if steps remain.
    """
    folder = output_folder(folder, what="folder")
    images, first = images or folder, folder / recipe.starts_from / "network.safetensors"
    if recipe.starts_from and not first.exists():
        train(
            RECIPES[recipe.starts_from],
            first.parent,
            device=device,
            workers=workers,
            seconds=seconds,
            images=images,
        )
        if not first.exists():
            return None
    image_cache = cached_images(images / "train", recipe.data(), recipe.categories, workers=workers)
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
    rounded = recipe.finish(run.averaged()).eval().half().float()  # as it is stored
    held_out = cached_images(images / "held-out", recipe.held_out(), recipe.categories, workers=workers)
    figures = recipe.figures(rounded, image_cache, held_out)
    write_network(rounded, folder / "network.safetensors", figures, recipe.names(image_cache))
    return figures


def main() -> None:
    """Train one of the recipes, or the zoo."""
    if sys.argv[1:2] == ["zoo"]:
        sys.exit(train_zoo(sys.argv[2:]))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", choices=sorted(RECIPES))
    parser.add_argument("--folder", help="default: runs/RECIPE")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that draw images")
    parser.add_argument(
        "--seconds", type=float, default=math.inf, help="stop after this time, to resume later"
    )
    parser.add_argument(
        "--add-to-package", action="store_true", help="make it the network that comes with the package"
    )
    options = parser.parse_args()
    default = Path("runs") / options.recipe
    folder = output_folder(default if options.folder is None else options.folder, what="--folder")
    figures = train(
        RECIPES[options.recipe],
        folder,
        device=options.device,
        workers=options.workers,
        seconds=options.seconds,
    )
    if figures is None:
        print("Steps remain; run the same command to resume.")
    else:
        print("On held-out images:")
        for name, value in figures.items():
            print(f"  {name} {value:.4f}")
        network = folder / "network.safetensors"
        if options.add_to_package:
            network = add_to_package(options.recipe, network)
        print(f"written to {network}")


if __name__ == "__main__":
    main()

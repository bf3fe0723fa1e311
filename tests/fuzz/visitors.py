"""Two visitors of a Voila app who do things at random, at the same time: `python -m tests.fuzz.visitors`.

After every few actions each page must show what its own visitor has done, and nothing of the other one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random

import dissect_widgets as dw
from dissect_widgets import world
from tests.browser.lab import Server
from tests.browser.visitors import Visitor, write_app
from tests.fuzz.pages import browser


def act(visitor: Visitor, random: Random) -> str:
    """Do one thing."""
    what = random.choice(["paint", "paint", "paint", "next", "undo"])
    if what == "next":
        visitor.next()
    elif what == "undo" and visitor.strokes:
        visitor.wait()  # the button is dead until the stroke is there
        visitor.undo()
    else:
        visitor.paint(random.uniform(0.05, 0.95), random.uniform(0.05, 0.95))
    return what


def main() -> int:
    """Run; the exit status is 1 if visitors have mixed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60, help="actions")
    options = parser.parse_args()
    random = Random(options.seed)
    print(f"visitors: seed {options.seed}, {options.count} actions")
    generator = world.load_generator()
    bad = 0
    with tempfile.TemporaryDirectory() as name, browser() as chromium:
        folder = Path(name)
        samples = dw.latents(32, latent_dim=generator.latent_dim)
        segmenter = world.load_segmenter()
        out = folder / "churches"
        dw.dissect(generator, ["layer6"], samples, segmenter=segmenter, out=out, progress=False)
        app, server = write_app(folder), Server(folder, module="voila")
        try:
            visitors = [Visitor(chromium, server, app) for _ in range(2)]
            for visitor in visitors:
                visitor.painter.wait_for(timeout=180_000)
                visitor.check()
            for number in range(options.count):
                done = act(random.choice(visitors), random)
                if number % 5 < 4:
                    continue
                for place, visitor in enumerate(visitors):
                    try:
                        visitor.check()
                    except AssertionError as error:
                        bad += 1
                        print(f"after action {number} ({done}), visitor {place}: {str(error)[:300]}")
        finally:
            server.close()
    print(f"{options.count} actions of two visitors: {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

"""Whether an installed wheel works, away from the repository: `python smoke.py`.

It needs nothing but the wheel: public names, widgets with their pages, shipped networks, the command line.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path


def main() -> None:
    """Use a little of everything."""
    import dissect_widgets as dw
    from dissect_widgets import plots, world

    assert version("dissect-widgets") == dw.__version__
    for name in dw.__all__:
        getattr(dw, name)
    for name in plots.__all__:
        getattr(plots, name)
    net = world.load_classifier()
    scenes = world.Scenes("probe", 24, size=64, label_size=32)
    dissection = dw.dissect(net, ["conv4_3", "conv5_3"], world.Scenes("probe", 24), progress=False)
    with tempfile.TemporaryDirectory() as folder:
        saved = dissection.save(Path(folder) / "dissection")
        assert dw.load(saved).layer_names == dissection.layer_names
        dw.write_report(dissection, Path(folder) / "report.html")
    assert len(scenes) == 24
    classifier = dw.ClassifierData(net, world.Scenes("val", 24))
    importance = dw.rank_units(classifier, "conv5_3", progress=False)
    generator = world.load_generator()
    latents = dw.latents(4, latent_dim=generator.latent_dim)
    drawn = dw.dissect(generator, ["layer6"], latents, segmenter=world.load_segmenter(), progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", category=UserWarning)
        widgets = [
            dw.UnitBrowser(dissection),
            dw.LayerComparison(dissection),
            dw.AblationExplorer(classifier, importance, progress=False),
            dw.AttackDiff(classifier, importance=importance),
            dw.NeuronPainter(generator, drawn),
        ]
    for widget in widgets:
        assert len(getattr(widget, "_esm", "")) > 100 or hasattr(widget, "children"), widget
    subprocess.run(
        [Path(sys.executable).parent / "dissect-widgets", "--help"], check=True, capture_output=True
    )
    print("The wheel works.")


if __name__ == "__main__":
    main()

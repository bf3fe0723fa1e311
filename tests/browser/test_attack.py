"""The attack diff in a real JupyterLab: attack, stop, slide, open a unit, set from Python, reload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import Notebook, Server, pixels_of, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOW = """
import json
import dissect_widgets as dw
from dissect_widgets import world
net = world.load_classifier()
importance = dw.rank_units(dw.ClassifierData(net, world.Scenes("train", 96)), "conv5_3", progress=False)
classifier = dw.ClassifierData(net, world.Scenes("val", 24))
diff = dw.AttackDiff(classifier, importance=importance, dissection=dw.load("scenes"))
diff
"""


def python(notebook: Notebook, expression: str) -> Any:
    """Value of an expression in the kernel."""
    return json.loads(notebook.run_code(f"print(json.dumps({expression}))"))


def test_the_attack_diff(page: Page, server: Server, folder: Path, scenes: Path) -> None:
    write_notebook(folder / "attack.ipynb", [SHOW])
    notebook = Notebook(page, server, "attack.ipynb")
    notebook.run_all(timeout=200)
    assert notebook.errors() == []
    root = notebook.output(0).locator(".dw-attack-diff")
    frame = {
        name: root.locator(f".dw-frame-{name} canvas") for name in ("original", "attacked", "difference")
    }
    expect(frame["original"]).to_have_attribute("data-drawn", "yes", timeout=20_000)
    expect(frame["attacked"]).not_to_have_attribute("data-drawn", "yes")
    before = python(notebook, "diff._original['class']")
    assert root.locator(f".dw-target option[value='{before}']").is_disabled(), "no target that it is already"
    expect(root.locator(".dw-bars li").first).to_contain_text(before)

    # a class is chosen, and the attack run to its end
    root.locator(".dw-target").select_option("bedroom")
    root.locator(".dw-go").click()
    expect(root).to_have_attribute("data-shown", "0/bedroom", timeout=120_000)
    expect(root.locator(".dw-frame-attacked strong")).to_have_text("bedroom")
    expect(root.locator(".dw-go")).to_be_visible()
    result = python(notebook, "diff._result")
    assert [row.split("\n")[0] for row in root.locator(".dw-bars li").all_inner_texts()] == result["names"]
    perturbation = "diff.attacked.perturbation[0].permute(1, 2, 0).tolist()"
    added = np.array(python(notebook, perturbation)) * 255
    original, attacked = pixels_of(frame["original"]), pixels_of(frame["attacked"])
    assert np.abs(attacked - (original + added).clip(0, 255)).max() <= 1.01
    enlarged = (127.5 + 30 * added).clip(0, 255)
    assert np.abs(pixels_of(frame["difference"]) - enlarged).max() <= 1.5
    assert root.locator(".dw-unit").count() == 8
    deltas = [
        float(text.replace("−", "-").replace("±", "")) for text in root.locator(".dw-delta").all_inner_texts()
    ]
    units = [unit for group in result["groups"] for unit in group["units"]]
    change = python(
        notebook, f"dw.unit_changes(classifier, 'conv5_3', diff.attacked).change[0, {units}].tolist()"
    )
    assert deltas == pytest.approx(change, abs=6e-3)

    # the sliders move everything
    unit = root.locator(".dw-unit canvas").first
    full = pixels_of(unit)
    root.locator(".dw-position").fill("0.5")
    expect(root).to_have_attribute("data-position", "0.5")
    assert np.abs(pixels_of(frame["attacked"]) - (original + added / 2).clip(0, 255)).max() <= 1.01
    assert np.abs(pixels_of(unit) - full).mean() > 1
    assert python(notebook, "diff.position") == 0.5
    root.locator(".dw-position").fill("0")
    expect(root).to_have_attribute("data-position", "0")
    assert (pixels_of(frame["attacked"]) == original).all()
    assert {float(text[1:]) for text in root.locator(".dw-delta").all_inner_texts()} == {0.0}
    gray = pixels_of(unit)
    assert np.abs(gray - gray.mean(2, keepdims=True)).max() < 2, "without a change there is no color"
    root.locator(".dw-times").locator("input").fill("2")
    expect(root.locator(".dw-times output")).to_have_text("× 100")
    notebook.run_code("diff.position, diff.palette = 1, 'blue-orange'")
    expect(root).to_have_attribute("data-position", "1")
    blue = pixels_of(unit)
    assert np.abs(blue - full).mean() > 1, "other colors"
    assert np.abs(pixels_of(frame["difference"]) - (127.5 + 100 * added).clip(0, 255)).max() <= 4

    # a unit opens in the browser below; reloaded, all is as it was
    root.locator(".dw-unit").nth(5).click()
    shelf = root.locator(".dw-shelf .dw-detail").first
    expect(shelf.locator("h3")).to_have_text(f"unit {units[5]}")
    assert python(notebook, "diff.unit") == units[5]
    notebook.save()
    page.reload(wait_until="domcontentloaded")
    notebook.wait_until_ready()
    root = notebook.output(0).locator(".dw-attack-diff")
    expect(root).to_have_attribute("data-shown", "0/bedroom", timeout=30_000)
    expect(root.locator(".dw-shelf h3").first).to_have_text(f"unit {units[5]}")
    assert (pixels_of(root.locator(".dw-unit canvas").first) == blue).all()

    # another picture takes the attack away; one that takes long is stopped half-way
    notebook.run_code(
        "diff.method = dw.CarliniWagner(steps=5000, searches=9, learning_rate=0.01, abort_early=False)"
    )
    root.get_by_role("button", name="Next image").click()
    expect(root).to_have_attribute("data-shown", "")
    root.locator(".dw-target").select_option("")
    root.locator(".dw-go").click()
    expect(root.locator("progress")).to_be_visible()
    page.wait_for_function(
        "document.querySelector('.dw-attack-diff progress').value > 0.002", timeout=120_000
    )
    root.locator(".dw-stop").click()
    nearest = python(notebook, "diff._original['nearest']")
    expect(root).to_have_attribute("data-shown", f"1/{nearest}", timeout=20_000)
    expect(root.locator(".dw-verdict")).to_contain_text("stopped early")
    ended = "[diff.running, bool(diff.attacked.success[0]), bool(diff.attacked.finished[0])]"
    assert python(notebook, ended) == [False, True, False]

    # an attack that cannot do it says so, and shows no attacked picture
    notebook.run_code("diff.method = dw.ProjectedGradient(radius=1e-6, steps=2); diff.start()")
    expect(root.locator(".dw-verdict")).to_contain_text("The attack failed", timeout=20_000)
    expect(root).to_have_attribute("data-shown", "")
    notebook.run_code("diff.target = diff._original['class']; diff.start()")
    expect(root.locator(".dw-error").first).to_contain_text("already")

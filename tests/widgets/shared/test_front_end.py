"""The joiner: modules as functions in the right order, what it refuses, and the result run in Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dissect_widgets import reports, widgets
from dissect_widgets.widgets.shared.front_end import FrontEndError, join_modules, scoped_styles

NODE = shutil.which("node")
ENTRIES = sorted(
    path
    for package in (widgets, reports)
    for path in Path(package.__path__[0]).rglob("*.js")
    if path.with_suffix(".py").exists()
)
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files, and returns the path of the last."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.js"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return path

    return write


def run(text: str) -> object:
    """Default export of a module, as Node sees it."""
    assert NODE
    script = (
        "const url = 'data:text/javascript;base64,' + Buffer.from(process.argv[1]).toString('base64');"
        "console.log(JSON.stringify((await import(url)).default))"
    )
    call = [NODE, "--input-type=module", "-e", script, text]
    return json.loads(subprocess.run(call, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not NODE, reason="needs Node")
def test_the_joined_module_does_what_its_parts_do(write: Write) -> None:
    entry = write(
        inner__leaf=(
            "let count = 0;\nexport const next = () => ++count;\nconst name = 1;\nexport { name as one };\n"
        ),
        inner__left='import { next } from "./leaf.js";\nexport function left() {\n  return next();\n}\n',
        right=(
            'import {\n  next as step,\n  one,\n} from "./inner/leaf.js";\nconst name = "of its own";\n'
            "export class Right {\n  value = [step(), one, name];\n}\n"
        ),
        constants="export default { text: 'export const x = 1' };\n",
        entry=(
            'import constants from "./constants.js";\nimport * as right from "./right.js";\n'
            'import { left } from "./inner/left.js";\n'
            "export const other = 1;\n"
            "export default [left(), new right.Right().value, left(), constants.text];\n"
        ),
    )
    # the leaf is there once: all count with the same counter
    assert run(join_modules(entry)) == [1, [2, 1, "of its own"], 3, "export const x = 1"]


def test_each_module_is_there_once_and_after_what_it_imports(write: Write) -> None:
    entry = write(
        a="export const a = first;\n",
        b='import { a } from "./a.js";\nexport const b = a + second;\n',
        c='import { b } from "./b.js";\nimport { a } from "./a.js";\nexport default a + b + third;\n',
    )
    text = join_modules(entry)
    assert re.findall("first|second|third", text) == ["first", "second", "third"]
    assert text.endswith("export default module_2.default;\n")
    assert not re.search(r"^import", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('import { a } from "./missing.js";', r"missing\.js does not exist"),
        ('import { b } from "./a.js";', r"entry\.js imports 'b', which a\.js does not export"),
        ('import a from "./a.js";', "imports 'default'"),
        ('import { a } from "preact";', "'preact' is not a relative path"),
        ('export * from "./a.js";', r"entry\.js, line 1: cannot join 'export \* from"),
        ('export { a } from "./a.js";', "cannot join"),
        ("\n\nexport let x = 1;", r"line 3: cannot join 'export let x = 1;'"),
        ("export default function f() {}", "cannot join"),
        ("export const { x } = { x: 1 };", "cannot join"),
        ('import { a } from "./a.js"', "cannot join"),
    ],
)
def test_what_cannot_be_joined_is_refused(write: Write, text: str, message: str) -> None:
    entry = write(a="export const a = 1;\n", entry=text + "\n")
    with pytest.raises(FrontEndError, match=message):
        join_modules(entry)


def test_comments_are_left_out(write: Write) -> None:
    code = (
        "// of the file\n\n/**\n * Of a function.\n * @param {number} x\n */\nexport function f(x) {\n"
        '  // of a line\n  return /** @type {string} */ (`${x} // "of" ${x}`); // behind code\n}\n'
        "export default 1;\n"
    )
    text = join_modules(write(entry=code))
    assert "of a" not in text and "@" not in text and "*" not in text
    assert '  return (`${x} // "of" ${x}`); // behind code' in text


def test_circles_are_refused(write: Write) -> None:
    entry = write(
        a='import { c } from "./c.js";\nexport const a = c;\n',
        b='import { a } from "./a.js";\nexport const b = a;\n',
        c='import { b } from "./b.js";\nexport const c = b;\n',
    )
    with pytest.raises(FrontEndError, match=r"in a circle: c\.js > b\.js > a\.js > c\.js"):
        join_modules(entry)


def test_every_widget_has_an_entry() -> None:
    widgets_and_page = {
        "ablation_explorer",
        "attack_diff",
        "layer_comparison",
        "neuron_painter",
        "page",
        "unit_browser",
    }
    assert {path.stem for path in ENTRIES} >= widgets_and_page


@pytest.mark.skipif(not NODE, reason="needs Node")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: path.stem)
def test_the_scripts_of_all_pages_are_modules(entry: Path, tmp_path: Path) -> None:
    assert NODE
    joined = tmp_path / "joined.mjs"
    joined.write_text(join_modules(entry), "utf-8")
    subprocess.run([NODE, "--check", joined], check=True, capture_output=True)
    assert "innerHTML" not in joined.read_text("utf-8")


def test_styles_are_nested_into_their_root(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared.css", tmp_path / "own.css"
    shared.write_text("& {\n  color: red;\n}\n")
    own.write_text(".dw-x {\n  color: blue;\n}\n")
    assert scoped_styles({".a": [shared, own], ".b": [shared]}) == (
        ".a {\n& {\n  color: red;\n}\n.dw-x {\n  color: blue;\n}\n}\n.b {\n& {\n  color: red;\n}\n}"
    )

"""Scripts and styles of a page, joined from the files beside the widgets. No Node is needed for this.

>>> text = join_modules(Path("unit_browser.js"))   # one ES module, with all that it imports
>>> css = scoped_styles({".dw-unit-browser": [SHARED_STYLES, Path("unit_browser.css")]})

Modules import one another with relative paths, as any browser, Node, editor or type checker reads them.
anywidget wants one module without relative imports, so each file becomes a function with a scope of its own,
whose result is what the file exports:

    const module_0 = (() => { ...; return { percent }; })();
    const module_1 = (() => { const { percent } = module_0; ...; return { default: ... }; })();
    export default module_1.default;
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

SHARED_STYLES = Path(__file__).with_name("shared.css")

_NAMES = r"\{(?P<names>[^{}]*)\}"
_IMPORT = re.compile(
    rf'^import\s+(?:(?:{_NAMES}|\*\s+as\s+(?P<whole>\w+)|(?P<default>\w+))\s+from\s+)?"(?P<path>[^"]+)";$',
    re.MULTILINE,
)
_EXPORT_LIST = re.compile(rf"^export\s+{_NAMES};$", re.MULTILINE)
_EXPORT_DEFAULT = re.compile(r"^export\s+default\s+(?!(?:async\s+)?function\b|class\b)", re.MULTILINE)
_EXPORT = re.compile(
    r"^export\s+(?=(?:async\s+)?function\*?\s+(?P<function>\w+)|class\s+(?P<class>\w+)|const\s+(?P<const>\w+)\s*=)",
    re.MULTILINE,
)
_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n|(?:^[ \t]*)?/\*\*.*?\*/(?:[ \t]*\n| ?)", re.MULTILINE | re.DOTALL)
"""A comment that has a line of its own, or is one of JSDoc, wherever it is."""
_STATEMENT = re.compile(r"^(?:import|export)\b(?!\s*\().*", re.MULTILINE)


class FrontEndError(Exception):
    """A script of a page cannot be joined; a fault of this package, never of its user."""


def join_modules(entry: Path) -> str:
    """One ES module that does what `entry` does, with all modules that it imports, each of them once.

    Statements must stand at the start of a line and end in a semicolon, as prettier writes them. Exports are
    functions, classes, constants, lists of names, and a default expression; what is exported by the entry
    under other names than `default` is left out, and so are comments: every widget sends its script.

    Parameters
    ----------
    entry
        JavaScript file.

    Raises
    ------
    FrontEndError
        If a module imports itself by way of others, a file is missing, something is imported that its file
        does not export, or an import or export is of a form that cannot be joined.
    """
    order: dict[Path, _Module] = {}
    _visit(entry.resolve(), [], order)
    modules = list(order.values())
    numbers = {module.path: number for number, module in enumerate(modules)}
    parts = [
        f"const module_{number} = (() => {{\n{module.body(numbers)}\n"
        f"return {{ {', '.join(f'{name}: {local}' for name, local in module.exports.items())} }};\n}})();"
        for number, module in enumerate(modules)
    ]
    if "default" in modules[-1].exports:
        parts.append(f"export default module_{len(modules) - 1}.default;")
    return "\n".join(parts) + "\n"


def scoped_styles(sheets: Mapping[str, Sequence[Path]]) -> str:
    """One style sheet, in which each root class has its own copy of the sheets given for it.

    A sheet is written without the root: `.dw-card { ... }`, and `& { ... }` for the root itself. Nested into
    the rule of the root, it counts inside of this root alone, whatever other sheets are loaded before or
    after it.
    """
    return "\n".join(
        f"{root} {{\n{''.join(path.read_text('utf-8') for path in paths)}}}" for root, paths in sheets.items()
    )


class _Module:
    """A file: what it imports, what it exports, and its code without these statements."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.exports: dict[str, str] = {}
        self.imports: list[tuple[Path, dict[str, str], str]] = []
        """File, names as exported there to names here, and the name of the whole, or ""."""
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            raise FrontEndError(f"{path} does not exist.") from None
        text = _IMPORT.sub(self._take_import, text)
        text = _EXPORT_LIST.sub(self._take_list, text)
        text = _EXPORT_DEFAULT.sub(self._take_default, text)
        text = _EXPORT.sub(self._take_export, text)
        if rest := _STATEMENT.search(text):
            line = text[: rest.start()].count("\n") + 1
            raise FrontEndError(f"{path}, line {line}: cannot join {rest[0]!r}.")
        self._text = _COMMENT.sub("", text)

    def body(self, numbers: Mapping[Path, int]) -> str:
        """Code, with imports as constants taken from other modules."""
        taken = []
        for path, names, whole in self.imports:
            if whole:
                taken.append(f"const {whole} = module_{numbers[path]};")
            if names:
                pairs = ", ".join(f"{there}: {here}" for there, here in names.items())
                taken.append(f"const {{ {pairs} }} = module_{numbers[path]};")
        return "\n".join([*taken, self._text.strip("\n")])

    def _take_import(self, match: re.Match[str]) -> str:
        if not match["path"].startswith("."):
            raise FrontEndError(f"{self.path}: {match['path']!r} is not a relative path, as imports must be.")
        names = {"default": match["default"]} if match["default"] else _pairs(match["names"] or "")
        self.imports.append(((self.path.parent / match["path"]).resolve(), names, match["whole"] or ""))
        return "\n" * match[0].count("\n")

    def _take_list(self, match: re.Match[str]) -> str:
        self.exports |= {there: here for here, there in _pairs(match["names"]).items()}
        return "\n" * match[0].count("\n")

    def _take_default(self, match: re.Match[str]) -> str:
        self.exports["default"] = "exported_default"
        return "const exported_default = "

    def _take_export(self, match: re.Match[str]) -> str:
        name = match["function"] or match["class"] or match["const"]
        self.exports[name] = name
        return ""


def _pairs(names: str) -> dict[str, str]:
    """`a, b as c` as {"a": "a", "b": "c"}."""
    parts = [part.split() for part in names.split(",") if part.strip()]
    return {part[0]: part[-1] for part in parts}


def _visit(path: Path, trail: list[Path], order: dict[Path, _Module]) -> None:
    """Put a module and all that it imports into order, what is imported first."""
    if path in trail:
        circle = " > ".join(part.name for part in [*trail[trail.index(path) :], path])
        raise FrontEndError(f"Modules import one another in a circle: {circle}.")
    if path in order:
        return
    module = _parsed(path)
    for target, names, _ in module.imports:
        _visit(target, [*trail, path], order)
        if unknown := [name for name in names if name not in order[target].exports]:
            raise FrontEndError(f"{path} imports {unknown[0]!r}, which {target.name} does not export.")
    order[path] = module


@cache
def _parsed(path: Path) -> _Module:
    return _Module(path)

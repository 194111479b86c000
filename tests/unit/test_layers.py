"""Who may import whom, read from the source: an arrow that runs back up, or a package in the wrong room, fails here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import bridge

ROOT = Path(bridge.__file__).parent
#: What every room may use: the exception tree, the version, the tables that come with the package.
COMMON = frozenset({"errors", "data", ""})
#: Room to the rooms it may import. The modules beside the packages are rooms too; those not named here compose the
#: others (``app`` and what serves it) and may import all but ``cli``.
ROOMS = {
    "core": frozenset[str](),
    "errors": frozenset[str](),
    "data": frozenset[str](),
    "zotero": COMMON | {"core"},
    "templating": frozenset({"errors"}),
    "markup": frozenset({"core"}),
    "vault": COMMON | {"core", "markup", "templating"},
    "indexes": COMMON | {"core", "templating"},
    "sandbox": COMMON,
    "state": COMMON | {"core"},
    "citekeys": COMMON | {"core"},
    "sync": COMMON | {"citekeys", "core", "markup", "state"},
}
#: Package to the rooms that may import it, where not every room that composes may.
PACKAGES = {
    "anyascii": {"citekeys"},
    "pyzotero": {"zotero"},
    "httpx2": {"zotero"},
    "tenacity": {"zotero"},
    "websockets": {"zotero"},
    "yaml": {"vault"},
    "frontmatter": {"vault"},
    "jinja2": {"templating"},
    "bibtexparser": {"bibliography"},
    "markdown_it": {"markup"},
    "mdit_py_plugins": {"markup"},
    "watchdog": {"vault"},
    "starlette": {"sandbox"},
    "uvicorn": {"sandbox"},
    "click": {"cli"},
    "rich": {"cli", "progress"},
    "keyring": {"keys"},
    "filelock": {"lock"},
    "pydantic": {"config", "cli"},
    "pydantic_core": {"config"},
    "tomlkit": {"config"},
    "platformdirs": {"machine"},
}


class Import(NamedTuple):
    """One import: where it stands, and the dotted name it asks for."""

    room: str
    place: str
    name: str

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]

    @property
    def target(self) -> str:
        """The room asked for, of an import inside the package; ``""`` is the package itself."""
        return self.name.partition(".")[2].partition(".")[0]


def _room(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py").removeprefix("__init__").removeprefix("__main__")


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute here"
        module = node.module or ""
        # `from bridge import errors` asks for a room by name.
        yield from (f"bridge.{alias.name}" for alias in node.names) if module == "bridge" else (module,)


def _imports() -> list[Import]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.relative_to(ROOT.parent)}:{getattr(node, 'lineno', 0)}"
            found += [Import(_room(path), place, name) for name in _names(node)]
    return found


IMPORTS = _imports()
OWN = [
    one._replace(name="bridge") if one.name == "bridge.__version__" else one for one in IMPORTS if one.top == "bridge"
]
FOREIGN = [one for one in IMPORTS if one.top != "bridge" and one.top not in sys.stdlib_module_names]


def test_the_source_was_read() -> None:
    assert {one.room for one in IMPORTS} >= ROOMS.keys() - {"data", "errors", "indexes"}
    assert len(IMPORTS) > 300


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_no_arrow_runs_back_up(room: str) -> None:
    allowed = ROOMS[room] | {room}
    wrong = [one for one in OWN if one.room == room and one.target not in allowed]
    assert wrong == [], "\n".join(f"{one.place} imports {one.name}" for one in wrong)


def test_nothing_but_the_command_line_imports_the_command_line() -> None:
    inside = {"cli", ""}  # `python -m bridge` starts it
    assert [one for one in OWN if one.target == "cli" and one.room not in inside] == []


def test_core_and_indexes_and_state_need_nothing_but_python() -> None:
    assert [one for one in FOREIGN if one.room in {"core", "errors", "state", "sync", "indexes", "data"}] == []


def test_every_package_stays_in_its_rooms() -> None:
    wrong = [one for one in FOREIGN if one.room not in PACKAGES.get(one.top, set())]
    assert wrong == [], "\n".join(f"{one.place} imports {one.name}" for one in wrong)

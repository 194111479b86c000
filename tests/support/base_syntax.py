"""Whether a text is an Obsidian base, by the published syntax.

Sources: Obsidian Help, "Bases syntax", "Functions" and "Views" (as of August 2026). ``sort``, ``columnSize`` and the
like are not in the syntax page but are what Obsidian itself writes; views may hold keys of their own.

Expressions are not evaluated. They are taken apart far enough to find what a typing error breaks: brackets, single
``=``, names of functions, fields and formulas that do not exist, and properties that the vault has no type for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import yaml

_TOP = {"filters", "formulas", "properties", "summaries", "views"}
_VIEW = {"type", "name", "filters", "limit", "groupBy", "order", "sort", "summaries", "columnSize", "rowHeight",
         "image", "imageFit", "imageAspectRatio", "cardSize", "indentProperties", "markers", "separator"}  # fmt: skip
_TYPES = {"table", "cards", "list"}  # those built in since 1.10; map needs a plug-in, kanban 1.14

_FILE = {"backlinks", "basename", "ctime", "embeds", "ext", "file", "folder", "links", "mtime", "name", "path",
         "properties", "size", "tags"}  # fmt: skip
_GLOBAL = {"escapeHTML", "date", "duration", "file", "html", "if", "image", "icon", "link", "list", "max", "min", "now",
           "number", "today"}  # fmt: skip
_METHODS = {"isTruthy", "isType", "toString", "date", "format", "time", "relative", "isEmpty", "contains",
            "containsAll", "containsAny", "endsWith", "lower", "replace", "repeat", "reverse", "slice", "split",
            "startsWith", "title", "trim", "abs", "ceil", "floor", "round", "toFixed", "filter", "flat", "join", "map",
            "reduce", "sort", "unique", "asFile", "linksTo", "asLink", "hasLink", "hasProperty", "hasTag", "inFolder",
            "keys", "values", "matches"}  # fmt: skip
_FIELDS = {"length", "year", "month", "day", "hour", "minute", "second", "millisecond"} | _FILE
_WORDS = {"true", "false", "null", "this", "file", "note", "formula", "index", "value", "acc"}

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*') | (?P<number>\d+(?:\.\d+)?) | (?P<name>[^\W\d]\w*)
    | (?P<sign>==|!=|>=|<=|&&|\|\||[-+*/%<>!()\[\].,]))""",
    re.VERBOSE,
)
_PAIRS = {")": "(", "]": "["}


@dataclass(frozen=True)
class _Vault:
    properties: AbstractSet[str]
    formulas: AbstractSet[str]


def problems(text: str, properties: AbstractSet[str]) -> list[str]:
    """What is wrong with a base, in words; nothing for a good one. ``properties``: those in ``types.json``."""
    base = yaml.safe_load(text)
    vault = _Vault(properties, set(base.get("formulas", {})))
    found = [f"unknown key {key}" for key in base if key not in _TOP]
    found += _filters(base.get("filters"), vault)
    for name, formula in base.get("formulas", {}).items():
        found += [f"formula {name}: {problem}" for problem in _expression(formula, vault)]
    for name, settings in base.get("properties", {}).items():
        found += [*_property(name, vault), *(f"{name}: unknown {key}" for key in settings if key != "displayName")]
    names = [view.get("name") for view in base["views"]]
    found += [f"two views are called {name}" for name in set(names) if names.count(name) > 1]
    for view in base["views"]:
        found += [f"view {view.get('name')}: {problem}" for problem in _view(view, vault)]
    return found


def _view(view: dict[str, Any], vault: _Vault) -> Iterator[str]:
    yield from (f"unknown key {key}" for key in view if key not in _VIEW)
    if view.get("type") not in _TYPES:
        yield f"no view is of type {view.get('type')}"
    if not isinstance(view.get("name"), str):
        yield "it has no name"
    if not isinstance(view.get("limit", 1), int):
        yield "its limit is no number"
    yield from _filters(view.get("filters"), vault)
    sorts = [*view.get("sort", []), *([view["groupBy"]] if "groupBy" in view else [])]
    for sort in sorts:
        if set(sort) != {"property", "direction"} or sort["direction"] not in ("ASC", "DESC"):
            yield f"{sort} is no order"
    for name in (*view.get("order", []), *(sort["property"] for sort in sorts), *view.get("columnSize", {})):
        yield from _property(name, vault)


def _filters(filters: object, vault: _Vault) -> Iterator[str]:
    """One statement, or one of and, or, not with a list of filters."""
    if filters is None:
        return
    if isinstance(filters, str):
        yield from _expression(filters, vault)
    elif isinstance(filters, dict) and len(filters) == 1 and next(iter(filters)) in ("and", "or", "not"):
        members = next(iter(filters.values()))
        if not isinstance(members, list) or not members:
            yield f"{filters} needs a list"
            return
        for member in members:
            yield from _filters(member, vault)
    else:
        yield f"{filters} is no filter"


def _property(name: str, vault: _Vault) -> Iterator[str]:
    kind, dot, rest = name.partition(".")
    known = {"note": vault.properties, "file": _FILE, "formula": vault.formulas}
    if not dot and name in vault.properties:
        return
    if kind not in known or rest not in known[kind]:
        yield f"there is no property {name}"


def _expression(text: object, vault: _Vault) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"{text} is no expression"
        return
    tokens: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            yield f"{text}: {text[at:]} is not understood"
            return
        tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
        at = found.end()
    yield from (f"{text}: {problem}" for problem in _tokens(tokens, vault))


def _tokens(tokens: list[tuple[str, str]], vault: _Vault) -> Iterator[str]:
    edge = ("", "")
    padded = [edge, edge, edge, *tokens, edge, edge]
    open_ones: list[str] = []
    for at in range(3, len(padded) - 2):
        (kind, word), before, after = padded[at], padded[at - 1][1], padded[at + 1][1]
        if word in _PAIRS.values() and kind == "sign":
            open_ones.append(word)
        elif word in _PAIRS and (not open_ones or open_ones.pop() != _PAIRS[word]):
            yield f"{word} without {_PAIRS[word]}"
        elif kind == "name":
            root = padded[at - 2][1] if before == "." and padded[at - 3][1] != "." else ""
            yield from _name(word, before, after, root, vault)
        elif kind == "text" and (padded[at - 2][1], before) in (("hasProperty", "("), ("note", "[")):
            yield from () if word[1:-1] in vault.properties else (f"there is no property {word}",)
    yield from (f"{word} is never closed" for word in open_ones)


def _name(word: str, before: str, after: str, root: str, vault: _Vault) -> Iterator[str]:
    if before != ".":
        allowed: AbstractSet[str] = _GLOBAL if after == "(" else _WORDS | vault.properties
    elif after == "(":
        allowed = _METHODS
    else:
        allowed = {"note": vault.properties, "file": _FILE, "formula": vault.formulas}.get(root, _FIELDS)
    if word not in allowed:
        yield f"there is no {word}"

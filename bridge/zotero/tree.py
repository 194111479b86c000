"""Collections as paths (R20): ``NLP/Transformers``, made from the whole tree anew whenever any collection changes.

Three things keep a path honest. A ``/`` inside a collection's name is shown as ``∕`` (U+2215, a division
slash), so that every ``/`` of a path parts two collections, and a path can be a file name anywhere. Twins (two
collections of one name in one place) are told apart by `` (2)``, `` (3)``… in the order of their keys. And a
path is looked up in the table it came from, never taken apart again, so no two collections ever share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bridge.core.policy import normal_text
from bridge.zotero.richtext import one_line

SLASH = "∕"


class _Node(NamedTuple):
    name: str
    parent: str
    trashed: bool


@dataclass(frozen=True, slots=True)
class CollectionTree:
    """The paths of a library's collections; those in the trash, or under one that is, have none."""

    _paths: Mapping[str, str]
    _keys: Mapping[str, str]

    @classmethod
    def build(cls, collections: Iterable[Mapping[str, Any]]) -> CollectionTree:
        """Build from API objects (``key``, ``data.name``, ``data.parentCollection``: key or false, ``data.deleted``).

        A collection whose parent is not there stands at the top; of a circle of parents the one with the first
        key does.
        """
        nodes = {str(entry["key"]): _node(entry) for entry in collections}
        parents = _without_cycles(nodes)
        hidden = _hidden(nodes, parents)
        children: dict[str, list[str]] = {}
        for key in sorted(nodes.keys() - hidden):
            children.setdefault(parents[key], []).append(key)
        paths: dict[str, str] = {}
        todo = [("", "")]
        while todo:
            parent, prefix = todo.pop()
            for key, name in _apart(children.get(parent, ()), nodes).items():
                paths[key] = prefix + name
                todo.append((key, f"{paths[key]}/"))
        return cls(paths, {path: key for key, path in paths.items()})

    def path(self, key: str) -> str | None:
        """The path of a collection; None for one that is hidden or not there."""
        return self._paths.get(key)

    def paths(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The paths of several collections, sorted; hidden ones are left out."""
        return tuple(sorted({path for key in keys if (path := self._paths.get(key)) is not None}))

    def key_of(self, path: str) -> str | None:
        """The collection at a path as a person may have typed it, or None."""
        return self._keys.get(path) or self._keys.get(normal_text(path))

    def suggest(self, path: str) -> str | None:
        """The path that was most likely meant by one that is not there."""
        import difflib  # needed only where a person mistyped

        typed = normal_text(path).casefold()
        by_form: dict[str, str] = {}
        for known in sorted(self._keys, reverse=True):
            by_form[known.rpartition("/")[2].casefold()] = known
        for known in sorted(self._keys, reverse=True):
            by_form[known.casefold()] = known
        exact = by_form.get(typed) or by_form.get(typed.replace("/", SLASH))
        if exact is not None:
            return exact
        near = difflib.get_close_matches(typed, by_form, n=1)
        return by_form[near[0]] if near else None


def _node(entry: Mapping[str, Any]) -> _Node:
    data = entry["data"]
    name = one_line(str(data.get("name") or "")).replace("/", SLASH)
    return _Node(name or str(entry["key"]), str(data.get("parentCollection") or ""), bool(data.get("deleted")))


def _without_cycles(nodes: Mapping[str, _Node]) -> dict[str, str]:
    """Each collection's parent, ``""`` at the top; every circle is opened at its first key."""
    parents = {key: node.parent if node.parent in nodes else "" for key, node in nodes.items()}
    settled = {""}
    for start in sorted(nodes):
        trail: list[str] = []
        seen: set[str] = set()
        key = start
        while key not in settled and key not in seen:
            seen.add(key)
            trail.append(key)
            key = parents[key]
        if key in seen:
            parents[min(trail[trail.index(key) :])] = ""
        settled |= seen
    return parents


def _hidden(nodes: Mapping[str, _Node], parents: Mapping[str, str]) -> set[str]:
    """The collections that are in the trash or under one that is."""
    verdict: dict[str, bool] = {"": False}
    for start in nodes:
        trail: list[str] = []
        key = start
        while key not in verdict and not nodes[key].trashed:
            trail.append(key)
            key = parents[key]
        verdict.setdefault(key, True)
        verdict.update(dict.fromkeys(trail, verdict[key]))
    return {key for key, gone in verdict.items() if gone}


def _apart(keys: Iterable[str], nodes: Mapping[str, _Node]) -> dict[str, str]:
    """Names of siblings, given in key order, each once; a name nobody else has stays as it is."""
    named: dict[str, str] = {}
    twins: list[str] = []
    taken: set[str] = set()
    for key in keys:
        name = nodes[key].name
        if name in taken:
            twins.append(key)
        else:
            taken.add(name)
            named[key] = name
    for key in twins:
        number = 2
        while (name := f"{nodes[key].name} ({number})") in taken:
            number += 1
        taken.add(name)
        named[key] = name
    return named

"""Whether a text is a JSON Canvas, by the published specification: https://jsoncanvas.org/spec/1.0/."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

_COLOUR = re.compile(r"[1-6]|#[0-9A-Fa-f]{6}")
_NEEDS = {"text": "text", "file": "file", "link": "url", "group": None}
_SIDES = {"top", "right", "bottom", "left"}
_ENDS = {"none", "arrow"}
_STYLES = {"cover", "ratio", "repeat"}


def problems(text: str) -> list[str]:
    """What is wrong with a canvas, in words; nothing for a good one. Unknown keys are allowed."""
    canvas = json.loads(text)
    nodes, edges = canvas.get("nodes", []), canvas.get("edges", [])
    found = [f"node {at}: {problem}" for at, node in enumerate(nodes) for problem in _node(node)]
    ids = [node.get("id") for node in nodes]
    found += [f"edge {at}: {problem}" for at, edge in enumerate(edges) for problem in _edge(edge, set(ids))]
    twice = Counter([*ids, *(edge.get("id") for edge in edges)])
    return found + [f"{name} stands for {count} things" for name, count in twice.items() if count > 1]


def _node(node: dict[str, Any]) -> Iterator[str]:
    if not isinstance(node.get("id"), str):
        yield "no id"
    kind = node.get("type")
    if kind not in _NEEDS:
        yield f"no node is of type {kind}"
    elif (key := _NEEDS[kind]) and not isinstance(node.get(key), str):
        yield f"a {kind} needs {key}"
    for key in ("x", "y", "width", "height"):
        if type(node.get(key)) is not int:
            yield f"{key} is no integer"
    if not str(node.get("subpath", "#")).startswith("#"):
        yield "a subpath starts with #"
    if node.get("backgroundStyle", "cover") not in _STYLES:
        yield "no such background style"
    yield from _colour(node)


def _edge(edge: dict[str, Any], nodes: set[str]) -> Iterator[str]:
    if not isinstance(edge.get("id"), str):
        yield "no id"
    for key in ("fromNode", "toNode"):
        if edge.get(key) not in nodes:
            yield f"{key} leads nowhere"
    for key, allowed in (("fromSide", _SIDES), ("toSide", _SIDES), ("fromEnd", _ENDS), ("toEnd", _ENDS)):
        if key in edge and edge[key] not in allowed:
            yield f"{key} is {edge[key]}"
    yield from _colour(edge)


def _colour(thing: dict[str, Any]) -> Iterator[str]:
    if "color" in thing and not _COLOUR.fullmatch(str(thing["color"])):
        yield f"color is {thing['color']}"

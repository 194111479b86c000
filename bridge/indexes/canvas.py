"""The topics as a map, ``Index/Topics.canvas``: a JSON Canvas 1.0 that Bridge and people draw together.

One card for each topic's page, an arrowless line from each topic to those under it. Cards are file cards: they show the
page itself, so the canvas changes only when topics come and go, never with a count or a status (R35), and no text from
Zotero stands in it but as a path (law 13).

What people did to the canvas stays (law 3): cards and lines they added, keys nobody here knows, and for our own cards
the place, size and colour they have on it now. There is no state to tell a card that was moved from one that was not;
so every card stays where it is, and only new ones are laid out, beside the topic above them and where nothing lies
yet. Whoever wants a fresh layout deletes the file.

Our cards and lines are known by their ids, which are made from the topic's path. Obsidian's own ids are 16 hexadecimal
digits, so the two never meet. The format is https://jsoncanvas.org/spec/1.0/; the notation (tabs, one card a line, no
last line ending) is what Obsidian writes.

Pure: text in, text out, the same for the same topics in any order.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias

#: At most this many cards of ours; the topics with most papers are drawn.
LIMIT = 200

#: Pixels. Multiples of 20, which is the grid Obsidian snaps to.
WIDTH, HEIGHT = 320, 180
_ACROSS, _DOWN, _BETWEEN = 80, 20, 160
_ROW = HEIGHT + _DOWN
_SHAPE = 1.6  # width to height of the whole, as of most screens
_MOST_COLUMNS = 12
_COLOURS = 6  # JSON Canvas has six preset colours, "1" to "6"

_NODE, _EDGE = re.compile(r"topic[0-9a-f]{16}"), re.compile(r"under[0-9a-f]{16}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

Path: TypeAlias = tuple[str, ...]
_Object: TypeAlias = dict[str, Any]
_Point: TypeAlias = tuple[int, int]
_Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the map needs it.

    ``path``: the names from the outermost topic to this one; one topic a path. ``count``: its papers. ``file``: its
    page's path in the vault; a topic without a page (``""``) is not drawn, and those under it hang from the next above.
    """

    path: Path
    count: int
    file: str


def topics_canvas(topics: Iterable[Topic], previous: str | None = None) -> str:
    """The whole text of the canvas.

    :param previous: the canvas as it is, None where there is none. It comes back unchanged, byte for byte, where
        nothing has to change, and where it cannot be read as a canvas: then it is left to the person.
    """
    present = _read(previous)
    if present is None:
        return previous or ""
    drawn = _drawn(topics)
    parents = _parents(drawn)
    wanted = {node_id(topic.path): topic for topic in drawn}
    gone = {own for node in present["nodes"] if (own := _own(node, _NODE)) and own not in wanted}
    canvas = {
        **present,
        "nodes": _nodes(present["nodes"], wanted, _layout(drawn, parents), parents),
        "edges": _edges(present["edges"], parents, gone),
    }
    if previous is not None and canvas == present and previous.strip():
        return previous
    return _write(canvas)


def node_id(path: Path) -> str:
    """The id of a topic's card."""
    return "topic" + _digest(path)


def edge_id(upper: Path, lower: Path) -> str:
    """The id of the line between a topic and one under it."""
    return "under" + _digest((node_id(upper), node_id(lower)))


def _digest(parts: Iterable[str]) -> str:
    # Surrogates can stand in file names and JSON, not in UTF-8.
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


# --- which topics -----------------------------------------------------------------------------------------------------


def _order(path: Path) -> tuple[tuple[str, str], ...]:
    """Alphabetical, without regard to case; a topic before those under it, and these before the next topic."""
    return tuple((name.casefold(), name) for name in path)


def _above(path: Path) -> Iterable[Path]:
    """The paths a path lies under, the nearest first."""
    return (path[:length] for length in range(len(path) - 1, 0, -1))


def _drawn(topics: Iterable[Topic]) -> list[Topic]:
    """The topics to draw, in their order; a topic is never drawn without those above it that have a page."""
    paged = {topic.path: topic for topic in topics if topic.file}
    weight = {path: topic.count for path, topic in paged.items()}
    for path, topic in paged.items():
        for upper in _above(path):
            if upper in weight:
                weight[upper] = max(weight[upper], topic.count)
    ranked = sorted(paged, key=lambda path: (-weight[path], len(path), _order(path)))
    return [paged[path] for path in sorted(ranked[:LIMIT], key=_order)]


def _parents(drawn: Sequence[Topic]) -> dict[Path, Path | None]:
    """Every drawn topic to the nearest drawn one above it."""
    paths = {topic.path for topic in drawn}
    return {topic.path: next((upper for upper in _above(topic.path) if upper in paths), None) for topic in drawn}


# --- where they lie ---------------------------------------------------------------------------------------------------


def _layout(drawn: Sequence[Topic], parents: Mapping[Path, Path | None]) -> dict[Path, tuple[_Point, str]]:
    """Every topic's place, upper left corner, and colour (``""`` for none) on an empty canvas.

    Each outermost topic with all below it is a tree that grows to the right; trees stand one above the other in
    columns, as text does in a newspaper.
    """
    trees: list[list[Path]] = []
    for topic in drawn:  # those above come first, so each run from one outermost topic to the next is a tree
        if parents[topic.path] is None:
            trees.append([])
        trees[-1].append(topic.path)
    shapes = [_tree(tree, parents) for tree in trees]
    heights = [max(row for _, row in shape.values()) + 1 for shape in shapes]
    deepest = max((column for shape in shapes for column, _ in shape.values()), default=0) + 1
    wide = deepest * (WIDTH + _ACROSS) - _ACROSS + _BETWEEN
    places: dict[Path, tuple[_Point, str]] = {}
    for number, (shape, (column, start)) in enumerate(zip(shapes, _columns(heights, wide), strict=True)):
        for path, (depth, row) in shape.items():
            point = (column * wide + depth * (WIDTH + _ACROSS), round((start + row) * _ROW))
            places[path] = (point, "" if depth else str(number % _COLOURS + 1))
    return places


def _tree(tree: Sequence[Path], parents: Mapping[Path, Path | None]) -> dict[Path, tuple[int, float]]:
    """Depth and row of each topic of a tree: one row a leaf, what is above them in their middle."""
    depth: dict[Path, int] = {}
    below: dict[Path, list[Path]] = {path: [] for path in tree}
    for path in tree:
        upper = parents[path]
        depth[path] = 0 if upper is None else depth[upper] + 1
        if upper is not None:
            below[upper].append(path)
    rows: dict[Path, float] = {}
    for path in tree:
        if not below[path]:
            rows[path] = len(rows)
    for path in reversed(tree):
        if below[path]:
            rows[path] = (rows[below[path][0]] + rows[below[path][-1]]) / 2
    return {path: (depth[path], rows[path]) for path in tree}


def _columns(heights: Sequence[float], wide: int) -> list[tuple[int, float]]:
    """Column and first row of each tree, in the number of columns that comes nearest to the shape of a screen."""

    def away(filled: list[tuple[int, float]]) -> float:
        width = (filled[-1][0] + 1) * wide
        height = max(start + rows for (_, start), rows in zip(filled, heights, strict=True)) * _ROW
        return abs(math.log(width / height / _SHAPE))

    if not heights:
        return []
    return min((_filled(heights, number) for number in range(1, min(len(heights), _MOST_COLUMNS) + 1)), key=away)


def _filled(heights: Sequence[float], number: int) -> list[tuple[int, float]]:
    """The trees in order, so many columns filled to about the same height."""
    share = sum(heights) / number
    column, start, filled = 0, 0.0, []
    for rows in heights:
        if start and start + rows / 2 > share and column < number - 1:
            column, start = column + 1, 0.0
        filled.append((column, start))
        start += rows
    return filled


# --- what is there and what we add ------------------------------------------------------------------------------------


def _own(thing: object, pattern: re.Pattern[str]) -> str | None:
    """The id of a card or line if it is one of ours."""
    name = thing.get("id") if isinstance(thing, dict) else None
    return name if isinstance(name, str) and pattern.fullmatch(name) else None


def _nodes(
    present: Sequence[Any],
    wanted: Mapping[str, Topic],
    layout: Mapping[Path, tuple[_Point, str]],
    parents: Mapping[Path, Path | None],
) -> list[Any]:
    """All cards, in the order in which they lie on each other: what is there, without ours that go, then new ones."""
    nodes: list[Any] = []
    moved: dict[Path, _Point] = {}  # how far a topic's card is from where we would put it now
    for node in present:
        own = _own(node, _NODE)
        if own is None:
            nodes.append(node)
        elif topic := wanted.get(own):
            nodes.append(node | {"type": "file", "file": topic.file})
            if box := _box(node):
                (x, y), _ = layout[topic.path]
                moved[topic.path] = (math.ceil(box[0]) - x, math.ceil(box[1]) - y)
    there = {own for node in nodes if (own := _own(node, _NODE))}
    taken = [box for node in nodes if (box := _box(node))]
    for own, topic in wanted.items():
        upper = parents[topic.path]
        shift = moved.setdefault(topic.path, moved[upper] if upper is not None else (0, 0))
        if own in there:
            continue
        (x, y), colour = layout[topic.path]
        x, y = x + shift[0], _free(x + shift[0], y + shift[1], taken)
        taken.append((x, y, WIDTH, HEIGHT))
        node = {"id": own, "type": "file", "file": topic.file, "x": x, "y": y, "width": WIDTH, "height": HEIGHT}
        nodes.append(node | ({"color": colour} if colour else {}))
    return nodes


def _box(node: object) -> _Box | None:
    """Where a card lies: x, y, width, height. None for what takes no room: a group, or a card without numbers."""
    if not isinstance(node, dict) or node.get("type") == "group":
        return None
    box: list[Any] = [node.get(key) for key in ("x", "y", "width", "height")]
    x, y, width, height = box
    return (x, y, width, height) if all(isinstance(each, int | float) for each in box) else None


def _free(x: int, y: int, taken: Iterable[_Box]) -> int:
    """The first y from ``y`` downwards where a card at ``x`` lies on nothing."""
    # From the top down, one pass is enough: what was passed lies above for good.
    for left, top, width, height in sorted(taken, key=lambda box: box[1]):
        if left < x + WIDTH and x < left + width and top < y + HEIGHT and y < top + height:
            y = math.ceil(top + height) + _DOWN
    return y


def _edges(present: Sequence[Any], parents: Mapping[Path, Path | None], gone: set[str]) -> list[Any]:
    """All lines: what is there, without lines to cards that go and ours that are not wanted, then new ones."""
    wanted = {edge_id(upper, path): (upper, path) for path, upper in parents.items() if upper is not None}
    edges: list[Any] = []
    for edge in present:
        own = _own(edge, _EDGE)
        ends = {str(edge.get("fromNode")), str(edge.get("toNode"))} if isinstance(edge, dict) else set()
        if not ends & gone and (own is None or own in wanted):
            edges.append(edge)
    there = {own for edge in edges if (own := _own(edge, _EDGE))}
    for own, (upper, path) in wanted.items():
        if own not in there:
            ends_at = {"toNode": node_id(path), "toSide": "left", "toEnd": "none"}
            edges.append({"id": own, "fromNode": node_id(upper), "fromSide": "right"} | ends_at)
    return edges


# --- notation ---------------------------------------------------------------------------------------------------------


def _read(text: str | None) -> _Object | None:
    """A canvas, with both its lists; None where the text is none. Obsidian makes new canvases as empty files."""
    if text is None or not text.strip():
        return {"nodes": [], "edges": []}
    try:
        canvas = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    if not isinstance(canvas, dict):
        return None
    whole: _Object = {"nodes": [], "edges": []} | canvas
    return whole if isinstance(whole["nodes"], list) and isinstance(whole["edges"], list) else None


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)


def _write(canvas: _Object) -> str:
    """A canvas as Obsidian writes it."""
    members = []
    for key, value in canvas.items():
        if key in ("nodes", "edges"):
            lines = ",\n".join(f"\t\t{json.dumps(each, ensure_ascii=False, separators=(',', ':'))}" for each in value)
            text = f"[\n{lines}\n\t]" if value else "[]"
        else:
            text = json.dumps(value, ensure_ascii=False, indent="\t", separators=(",", ":")).replace("\n", "\n\t")
        members.append(f"\t{json.dumps(key, ensure_ascii=False)}:{text}")
    # Lone surrogates cannot be written as UTF-8; escaped, as JavaScript writes them, they can.
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", "{\n" + ",\n".join(members) + "\n}")

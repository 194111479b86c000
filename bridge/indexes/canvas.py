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
from collections.abc import Container, Iterable, Mapping, Sequence
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
_Size: TypeAlias = tuple[int, float]  # of a tree: cards across, rows down


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
        "nodes": _nodes(present["nodes"], wanted, parents),
        "edges": _edges(present["edges"], parents, gone),
    }
    if previous is not None and canvas == present and previous.strip():
        return previous
    return _write(canvas)


def without_topics(previous: str) -> str | None:
    """The canvas without our cards and lines; None where a person has put nothing on it."""
    left = topics_canvas((), previous)
    canvas = _read(left)
    return None if canvas is not None and not any(canvas.values()) else left


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


def _layout(drawn: Sequence[Topic], parents: Mapping[Path, Path | None]) -> dict[Path, _Point]:
    """Every topic's upper left corner on an empty canvas.

    Each outermost topic with all below it is a tree that grows to the right; trees stand one above the other in
    columns, as text does in a newspaper. Below each there is a row free, for topics to come.
    """
    trees: list[list[Path]] = []
    for topic in drawn:  # those above come first, so each run from one outermost topic to the next is a tree
        if parents[topic.path] is None:
            trees.append([])
        trees[-1].append(topic.path)
    shapes = [_tree(tree, parents) for tree in trees]
    sizes = [
        (max(depth for depth, _ in shape.values()) + 1, max(row for _, row in shape.values()) + 1 + (len(shape) > 1))
        for shape in shapes
    ]
    return {
        path: (left + depth * (WIDTH + _ACROSS), round((first + row) * _ROW))
        for shape, (left, first) in zip(shapes, _columns(sizes), strict=True)
        for path, (depth, row) in shape.items()
    }


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


def _columns(sizes: Sequence[_Size]) -> list[tuple[int, float]]:
    """Left edge and first row of each tree, in the number of columns that comes nearest to the shape of a screen."""
    if not sizes:
        return []
    tries = (_filled(sizes, number) for number in range(1, min(len(sizes), _MOST_COLUMNS) + 1))
    return min(tries, key=lambda filled: abs(math.log(_shape(filled, sizes) / _SHAPE)))


def _filled(sizes: Sequence[_Size], number: int) -> list[tuple[int, float]]:
    """The trees in order in so many columns, or fewer, filled to about the same height."""
    share = sum(rows for _, rows in sizes) / number
    left, widest, first = 0, 0, 0.0
    filled: list[tuple[int, float]] = []
    for depth, rows in sizes:
        if first and first + rows / 2 > share:
            left, widest, first = left + widest * (WIDTH + _ACROSS) + _BETWEEN, 0, 0.0
        filled.append((left, first))
        widest, first = max(widest, depth), first + rows
    return filled


def _shape(filled: Sequence[tuple[int, float]], sizes: Sequence[_Size]) -> float:
    """Width to height of the whole."""
    ends = [
        (left + depth * (WIDTH + _ACROSS), (first + rows) * _ROW)
        for (left, first), (depth, rows) in zip(filled, sizes, strict=True)
    ]
    return max(width for width, _ in ends) / max(height for _, height in ends)


# --- what is there and what we add ------------------------------------------------------------------------------------


def _own(thing: object, pattern: re.Pattern[str]) -> str | None:
    """The id of a card or line if it is one of ours."""
    name = thing.get("id") if isinstance(thing, dict) else None
    return name if isinstance(name, str) and pattern.fullmatch(name) else None


def _nodes(present: Sequence[Any], wanted: Mapping[str, Topic], parents: Mapping[Path, Path | None]) -> list[Any]:
    """All cards, in the order in which they lie on each other: what is there, without ours that go, then new ones."""
    layout = _layout(list(wanted.values()), parents)
    nodes: list[Any] = []
    there: dict[Path, _Box | None] = {}
    for node in present:
        own = _own(node, _NODE)
        if own is None:
            nodes.append(node)
        elif topic := wanted.get(own):
            nodes.append(node | {"type": "file", "file": topic.file})
            there[topic.path] = _box(node)
    taken = [box for node in nodes if (box := _box(node))]
    colours = {path: str(at % _COLOURS + 1) for at, path in enumerate(each for each in layout if not parents[each])}
    files = {topic.path: topic.file for topic in wanted.values()}
    for block in _blocks(layout, parents, there):
        for path, (x, y) in _placed(block, layout, parents, there, taken).items():
            taken.append((x, y, WIDTH, HEIGHT))
            card = {"id": node_id(path), "type": "file", "file": files[path], "x": x, "y": y}
            colour = {"color": colours[path]} if path in colours else {}
            nodes.append(card | {"width": WIDTH, "height": HEIGHT} | colour)
    return nodes


def _blocks(order: Iterable[Path], parents: Mapping[Path, Path | None], there: Container[Path]) -> list[list[Path]]:
    """The new topics, each with the new ones under it: what is put on the canvas as one."""
    blocks: dict[Path, list[Path]] = {}
    for path in order:
        upper = parents[path]
        if path not in there:
            blocks[path] = blocks[upper] if upper is not None and upper in blocks else []
            blocks[path].append(path)
    return [block for first, block in blocks.items() if block[0] == first]


def _placed(
    block: Sequence[Path],
    layout: Mapping[Path, _Point],
    parents: Mapping[Path, Path | None],
    there: Mapping[Path, _Box | None],
    taken: Sequence[_Box],
) -> dict[Path, _Point]:
    """Where a block goes: as in the layout, moved along with the topic above it, where nothing lies yet."""
    right = down = 0
    upper = parents[block[0]]
    if upper is not None and (box := there[upper]):
        right, down = math.ceil(box[0]) - layout[upper][0], math.ceil(box[1]) - layout[upper][1]
    points = [(layout[path][0] + right, layout[path][1] + down) for path in block]
    left, top = (min(column) for column in zip(*points, strict=True))
    width, height = (max(column) - low for column, low in zip(zip(*points, strict=True), (left, top), strict=True))
    shift = _free(left, top, width + WIDTH, height + HEIGHT, taken) - top
    return {path: (x, y + shift) for path, (x, y) in zip(block, points, strict=True)}


def _box(node: object) -> _Box | None:
    """Where a card lies: x, y, width, height. None for what takes no room: a group, or a card without numbers."""
    if not isinstance(node, dict) or node.get("type") == "group":
        return None
    box: list[Any] = [node.get(key) for key in ("x", "y", "width", "height")]
    x, y, width, height = box
    return (x, y, width, height) if all(isinstance(each, int | float) for each in box) else None


def _free(left: int, top: int, width: int, height: int, taken: Iterable[_Box]) -> int:
    """The y nearest to ``top`` where a box of that size lies on nothing."""
    beside = [(y, y + tall) for x, y, wide, tall in taken if x < left + width and left < x + wide]
    places = [top, *(math.ceil(end) + _DOWN for _, end in beside), *(math.floor(y) - _DOWN - height for y, _ in beside)]
    places.sort(key=lambda place: (abs(place - top), place))
    return next(at for at in places if all(at + height <= y or end <= at for y, end in beside))


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

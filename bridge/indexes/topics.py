"""Topics as a tree, made from nothing but how many papers each collection and tag has.

A topic is known by its folded path (:func:`~bridge.indexes.rules.topic_id`), so a collection and a tag of one name are
one topic; so are a tag and the only collection of that name, wherever it stands in the tree. A topic is shown as its
collection is spelled, else as most of its tags are. A tag makes a topic when enough papers share it; what lies between
a topic and the top is a topic too, papers or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bridge.indexes.rules import Source, TopicPath, TopicRules, fold, topic_id


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    ``members`` are the entries its papers have; ``count`` is how many papers these have together, where a paper that is
    in two of them counts twice, and ``tree`` the same with all topics below. ``below`` are ids, in their order.
    ``is_tag`` says that no collection makes this topic or one below it.
    """

    id: str
    path: TopicPath
    members: tuple[tuple[Source, str], ...] = ()
    count: int = 0
    tree: int = 0
    below: tuple[str, ...] = ()
    is_tag: bool = False

    @property
    def name(self) -> str:
        """The last name of its path."""
        return self.path[-1]

    @property
    def above(self) -> str:
        """The id of the topic above it, ``""`` for none."""
        return self.id.rpartition("/")[0]


@dataclass(slots=True)
class _Growing:
    spellings: list[tuple[bool, int, TopicPath]] = field(default_factory=list)
    members: list[tuple[Source, str]] = field(default_factory=list)
    count: int = 0
    below: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Tree:
    """All ``topics`` by id, alphabetical, each after those above it, and which tags have ``joined`` a collection."""

    topics: Mapping[str, Topic] = field(default_factory=dict)
    joined: Mapping[str, str] = field(default_factory=dict)

    def home(self, path: TopicPath) -> str:
        """The id of the topic that the papers of a collection or tag with this path are in; ``""`` for none."""
        own = topic_id(path)
        return self.joined.get(own, own)


def make_tree(counts: Mapping[Source, Mapping[str, int]], rules: TopicRules) -> Tree:
    """The topics of a library.

    :param counts: how many papers each collection and each tag has.
    """
    collections = _by_topic("collection", counts, rules)
    tags = {
        topic: members
        for topic, members in _by_topic("tag", counts, rules).items()
        if sum(count for _, count, _ in members) >= rules.min_papers
    }
    joined = _joined(tags, collections)
    growing: dict[str, _Growing] = {}
    for topic, members in collections.items():
        for name, count, path in members:
            _grow(growing, "collection", count, path, topic, name)
    for topic, members in tags.items():
        home = joined.get(topic)
        for name, count, path in members:
            _grow(growing, "tag", count, growing[home].spellings[0][2] if home else path, home or topic, name)
    return Tree(_grown(growing), joined)


def _by_topic(
    source: Source, counts: Mapping[Source, Mapping[str, int]], rules: TopicRules
) -> dict[str, list[tuple[str, int, TopicPath]]]:
    """The names that make each topic, each with how many papers it has and its path, in one order."""
    found: dict[str, list[tuple[str, int, TopicPath]]] = {}
    for name, count in sorted(counts.get(source, {}).items()):
        if path := rules.path(source, name):
            found.setdefault(topic_id(path), []).append((name, count, path))
    return found


def _joined(tags: Iterable[str], collections: Iterable[str]) -> dict[str, str]:
    """The tags that are called as one collection is, wherever that stands: they are that topic."""
    paths = {"/".join(path[:length]) for path in map(_split, collections) for length in range(1, len(path) + 1)}
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(_split(path)[-1], []).append(path)
    alone = {name: found[0] for name, found in by_name.items() if len(found) == 1}
    return {tag: alone[tag] for tag in tags if tag not in paths and tag in alone}


def _split(topic: str) -> list[str]:
    return topic.split("/")


def _grow(growing: dict[str, _Growing], source: Source, count: int, path: TopicPath, topic: str, name: str) -> None:
    """Put a collection or tag under its topic, make room for those above it, and note how they are spelled."""
    below = ""
    for length in range(len(path), 0, -1):
        own = topic_id(path[:length])
        grown = growing.setdefault(own, _Growing())
        # A collection's spelling before a tag's; one that stands for itself before one that is on the way to others.
        grown.spellings.append((source == "tag", -count if length == len(path) else 0, path[:length]))
        if below:
            grown.below.add(below)
        below = own
    growing[topic].members.append((source, name))
    growing[topic].count += count


def _grown(growing: Mapping[str, _Growing]) -> dict[str, Topic]:
    trees: dict[str, int] = {}
    names: dict[str, TopicPath] = {}
    for own in sorted(growing, key=lambda name: name.count("/"), reverse=True):
        topic = growing[own]
        trees[own] = topic.count + sum(trees[lower] for lower in topic.below)
    grown: dict[str, Topic] = {}
    for own in ordered(growing):
        topic = growing[own]
        upper = own.rpartition("/")[0]
        # The path of the one above comes as it is shown there, whatever it was on the way to this one.
        names[own] = (*names.get(upper, ()), min(topic.spellings)[2][-1])
        is_tag = all(tag for tag, *_ in topic.spellings)
        below = tuple(ordered(topic.below))
        grown[own] = Topic(own, names[own], tuple(topic.members), topic.count, trees[own], below, is_tag)
    return grown


def ordered(ids: Iterable[str]) -> list[str]:
    """Alphabetical, a topic before those below it and these before the next one."""
    return sorted(ids, key=lambda name: name.split("/"))


def find(known: Mapping[str, Topic], argument: str) -> str:
    """The id of the topic a person means by a path they typed in a block; ``""`` for none."""
    own = "/".join(fold(name.strip()) for name in argument.split("/"))
    return own if own in known else ""

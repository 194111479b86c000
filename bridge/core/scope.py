"""Which papers are to have a note, by what they are filed under. A changed scope deletes nothing (law 9).

Pure: how tags and collections compare is told by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bridge.core.policy import Text, normal_text


@dataclass(frozen=True, slots=True)
class Labels:
    """What a paper is filed under: paths of its collections, its tags (automatic ones too), its type in Zotero."""

    collections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    type: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Collections (each with all that is below it), tags and types; an empty one names nothing."""

    collections: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.collections or self.tags or self.types)


@dataclass(frozen=True, slots=True)
class Scope:
    """Papers that fit every kind of label that ``include`` names, and none that ``exclude`` names.

    ``tag_key`` is the identity of a tag, from any form of it.
    """

    include: Choice = field(default_factory=Choice)
    exclude: Choice = field(default_factory=Choice)
    tag_key: Text = normal_text

    def __bool__(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.include or self.exclude)

    def holds(self, labels: Labels) -> bool:
        """Whether a paper is in scope."""
        fits = self._fits(self.include, labels)
        return all(one for one in fits if one is not None) and not any(self._fits(self.exclude, labels))

    def _fits(self, choice: Choice, labels: Labels) -> tuple[bool | None, ...]:
        """For each kind whether the paper has a label of the choice; ``None`` where the choice names none."""
        return (
            any(_is_in(path, choice.collections) for path in labels.collections) if choice.collections else None,
            not _keys(labels.tags, self.tag_key).isdisjoint(_keys(choice.tags, self.tag_key)) if choice.tags else None,
            labels.type in choice.types if choice.types else None,
        )


def _is_in(path: str, above: frozenset[str]) -> bool:
    """Whether a collection is one of these or lies below one."""
    parts = path.split("/")
    return any("/".join(parts[:depth]) in above for depth in range(1, len(parts) + 1))


def _keys(tags: Iterable[str], key: Text) -> frozenset[str]:
    return frozenset(map(key, tags))

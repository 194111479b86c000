"""``[scope]``: which papers have notes."""

from __future__ import annotations

from pydantic import field_validator

from bridge.config.parts import Section, near
from bridge.core.policy import normal_text
from bridge.core.scope import Choice


class ChoiceConfig(Section):
    """Collections as paths (``NLP/Transformers``; what lies below them counts too), tags, and Zotero's item types."""

    collections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    @field_validator("collections", "tags", "types", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("collections", "tags")
    @classmethod
    def _are_named(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not all(normal_text(name).strip("/#") for name in names):
            raise ValueError("an empty name is none")
        return names

    @field_validator("types")
    @classmethod
    def _are_types(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        if types:
            from bridge.data import schema  # reads a file: only where types are named

            known = [name for name, each in schema().types.items() if each.regular]
            for name in types:
                if name not in known:
                    raise ValueError(f"Zotero has no item type of that name{near(name, known)}")
        return types

    def choice(self) -> Choice:
        """What is chosen, in the form in which it is compared."""
        return Choice(
            frozenset(normal_text(path).strip("/") for path in self.collections),
            frozenset(tag.removeprefix("#") for tag in self.tags),
            frozenset(self.types),
        )


class ScopeConfig(Section):
    """A paper has a note where it fits each kind that ``include`` names and nothing that ``exclude`` names."""

    include: ChoiceConfig = ChoiceConfig()
    exclude: ChoiceConfig = ChoiceConfig()

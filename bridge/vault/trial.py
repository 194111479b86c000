"""A person's own templates tried on a paper made up for it, so that a mistake shows before a sync meets it (R34)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bridge.core.children import ChildNote, Children, File, Highlight
from bridge.core.policy import ORDER
from bridge.core.record import ItemId, Record
from bridge.errors import ConfigError
from bridge.vault.shown import TEMPLATES, Shown, ShownRules
from bridge.vault.sources import Templates
from bridge.vault.template import TEMPLATE, context, render_body
from bridge.vault.values import LISTS

_LINK: Final = "zotero://select/library/items/ABCD2345"
_CHILDREN: Final = Children(
    highlights=(
        Highlight(
            "HHHH2222", "FFFF2222", "highlight", "text", "comment", "#ffd400", "1", _LINK, ("tag",), "2024-01-01"
        ),
        Highlight("HHHH3333", "FFFF2222", "image"),
    ),
    notes=(ChildNote("NNNN2222", "title", "<h1>title</h1><p>text</p>", _LINK, ("tag",)),),
    files=(File("FFFF2222", "title", "pdf", _LINK), File("FFFF3333", "title", "web", _LINK, "https://example.org/")),
)


def trial(root: Path, folder: str, custom: tuple[str, ...]) -> Iterator[tuple[str, ConfigError | None]]:
    """Each template that a person has put into the folder, with what is wrong with it.

    :param custom: names of the fields from ``[fields]``, which a template may use.
    """
    templates = Templates(root, folder)
    face = {name: ("member",) if name in LISTS else "value" for name in (*ORDER, *custom)}
    record = Record(ItemId("users/1", "ABCD2345"), face, "", blocks={"abstract": "text"}, children=_CHILDREN)
    shown = Shown(ShownRules(), templates)
    for block, name in {TEMPLATE: TEMPLATE, **TEMPLATES}.items():
        try:
            if not templates.is_own(name):
                continue
            if name == TEMPLATE:
                render_body(templates.source(name), context(record))
            else:
                shown.parts(block, record)
        except ConfigError as error:
            yield name, error
        else:
            yield name, None

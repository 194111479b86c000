"""An abstract that Zotero has only now finds its place in a note made without one (R29)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core import blocks
from bridge.core.record import ItemId, Record
from bridge.core.side import Edit
from bridge.vault.note import NoteRules, edit_note

ITEM = ItemId("users/1", "ABCD2345")
RULES = NoteRules(library="users/1")
RECORD = Record(ITEM, {"title": "A", "abstract": "d1"}, "7", blocks={"abstract": "What it says."})
HEAD = "---\ntitle: A\nzotero-key: ABCD2345\n---\n"


def note(body: str) -> bytes:
    return (HEAD + body).encode()


EDIT = Edit(ITEM, "x", {"abstract": "d1"}, record=RECORD, before={"title": "A", "abstract": ""})


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "body",
    ["\n# A\n\n## Notes\n\nmine\n", "\n# A\nmine, close by\n", "\n# A", "mine\n", "\n\n## Notes\n\nmine", "", "\n"],
)
def test_it_is_put_below_the_heading_or_on_top_and_all_else_stays(body: str, eol: str) -> None:
    before = note(body).replace(b"\n", eol.encode())
    after = edit_note(before, EDIT, RULES)
    (block,) = blocks.find(after.decode())
    assert not block.edited
    assert "What it says." in after.decode()
    kept = [line for line in after.splitlines() if line.strip() and line not in before.splitlines()]
    assert len(kept) == 4  # begin, the callout's two lines, end
    assert [line for line in before.splitlines() if line.strip()] == [
        line for line in after.splitlines() if line.strip() and line not in kept
    ]
    assert edit_note(after, EDIT, RULES) == after


def test_a_block_that_a_person_deleted_stays_deleted() -> None:
    deleted = replace(EDIT, before={"title": "A", "abstract": "d0"})
    assert edit_note(note("\n# A\n"), deleted, RULES) == note("\n# A\n")

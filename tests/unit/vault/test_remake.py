"""R34: a body is made anew where it is still as a template made it, and nowhere else (law 3)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from papers_below import CHILDREN, DUE, ITEM, PAPER
from vault_maker import VaultMaker

from bridge.core import blocks
from bridge.core.children import HIGHLIGHTS
from bridge.core.record import Record
from bridge.core.side import Edit, Outcome
from bridge.vault.shown import ShownRules
from bridge.vault.write import LEFT

NEW = (
    '{{ heading }}\n\n{{ block("highlights") }}\n\n## Ideas\n\n{{ authors | join(", ") }}\n\n{{ block("abstract") }}\n'
)
RECORD = replace(PAPER, face={**PAPER.face, "authors": ("Ann Lee",)})


class Desk:
    """One note, made and refreshed; what is remembered of it lives here."""

    def __init__(self, root: Path, template: str | None = None, record: Record = RECORD) -> None:
        self.root, self.record = root, record
        if template:
            self.own("paper.md.j2", template)
        self.vault = VaultMaker(root)
        (made,) = self.vault.make(record)
        self.written: dict[str, list[str]] = {}
        self.remember(made)
        self.path = root / "Papers/@vaswani2017attention.md"

    def own(self, name: str, source: str) -> None:
        folder = self.root / "Templates/Bridge"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source, encoding="utf-8")

    @property
    def body(self) -> str:
        return self.path.read_bytes().decode().split("---", 2)[2]

    def change(self, old: str, new: str) -> None:
        text = self.path.read_bytes().decode()
        assert old in text
        self.path.write_bytes(text.replace(old, new, 1).encode())

    def refresh(self, *, preview: bool = False, shown: ShownRules | None = None) -> Outcome:
        if shown is not None:
            self.vault.side = self.vault.again(shown)
        self.vault.scan()
        row = self.vault.index.rows_of([ITEM])[ITEM]
        due = {"abstract": "a1", **DUE}
        edit = Edit(ITEM, row.digest, due, self.record, before=due, written=self.written, remake=True)
        (outcome,) = self.vault.side.preview([edit]) if preview else self.vault.side.apply([edit])
        assert outcome.record is not None
        if not preview:
            self.remember(outcome)
        return outcome

    def remember(self, outcome: Outcome) -> None:
        """As the state does."""
        assert outcome.record is not None
        for name, text in outcome.record.blocks.items():
            self.written[name] = [text, *self.written.get(name, ())] if text else []


def test_a_body_nobody_touched_follows_the_template_and_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first = desk.body
    desk.own("paper.md.j2", NEW)
    assert desk.refresh().reason == ""
    assert "## Ideas\n\nAnn Lee\n\n%% bridge:begin abstract" in desk.body
    assert "## Notes" not in desk.body
    (tmp_path / "Templates/Bridge/paper.md.j2").unlink()
    desk.refresh()
    assert desk.body == first
    before = desk.path.stat()
    desk.refresh()
    assert desk.path.stat() == before


def test_law_12_a_preview_writes_nothing_and_says_the_same(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.own("paper.md.j2", NEW)
    before = desk.path.read_bytes()
    foretold = desk.refresh(preview=True)
    assert desk.path.read_bytes() == before
    done = desk.refresh()
    assert foretold.record is not None
    assert done.record is not None
    assert foretold.record.token == done.record.token


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n## Notes\n", "\n## Notes\n\nmine"),
        ("\n## Notes\n", "\n## My notes\n"),
        ("# Attention Is All You Need", "# Attention"),
        ("> The dominant models…", "> The dominant models…\n> mine"),
        ("^HHHH3333", "^HHHH3333\n\nmine"),
        ("^NNNN2222", ""),
    ],
)
def test_law_3_a_body_with_any_word_of_a_person_is_left(tmp_path: Path, old: str, new: str) -> None:
    desk = Desk(tmp_path)
    desk.change(old, new)
    mine = desk.body
    desk.own("paper.md.j2", NEW)
    assert desk.refresh().reason == LEFT
    assert desk.body == mine


@pytest.mark.parametrize("name", ["abstract", HIGHLIGHTS])
def test_a_deleted_block_is_a_persons_word(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path)
    block = next(one for one in blocks.find(desk.body) if one.name == name)
    desk.change(desk.body[block.start : block.end], "")
    mine = desk.body
    desk.own("paper.md.j2", NEW)
    assert desk.refresh().reason == LEFT
    assert desk.body == mine


def test_empty_lines_and_line_endings_are_no_words(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.change("\n## Notes\n", "\n\n\n## Notes  \n\n\n")
    desk.path.write_bytes(desk.path.read_bytes().replace(b"\n", b"\r\n"))
    desk.own("paper.md.j2", NEW)
    assert desk.refresh().reason == ""
    assert "## Ideas\r\n" in desk.body
    assert desk.body.count("\n") == desk.body.count("\r\n")


def test_a_body_whose_template_is_as_ever_is_not_said_to_be_left(tmp_path: Path) -> None:
    desk = Desk(tmp_path, NEW)
    desk.change("## Ideas", "## Ideas\n\nmine")
    assert desk.refresh().reason == ""
    desk.written.clear()  # another machine, a lost state: nobody knows how it was made
    assert desk.refresh().reason == LEFT


def test_with_the_state_lost_the_built_in_layout_is_known_by_itself(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.written.clear()
    desk.own("paper.md.j2", NEW)
    assert desk.refresh().reason == ""
    assert "## Ideas" in desk.body


def test_a_title_that_changed_since_is_no_word_of_a_persons(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.vault.scan()
    (done,) = desk.vault.side.apply([desk.vault.edit(RECORD, title="Attention")])
    assert done.result == "applied"
    assert "\n# Attention\n" in desk.body
    desk.record = replace(RECORD, face={**RECORD.face, "title": "Attention"})
    desk.own("paper.md.j2", NEW)
    assert desk.refresh().reason == ""
    assert "## Ideas" in desk.body


def test_an_undone_refresh_can_be_done_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first = desk.path.read_bytes()
    desk.own("paper.md.j2", NEW)
    desk.refresh()
    after = desk.path.read_bytes()
    desk.path.write_bytes(first)
    desk.refresh()
    assert desk.path.read_bytes() == after


def test_blocks_follow_templates_and_settings_with_a_persons_words_among_them(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.change("^HHHH3333", "^HHHH3333\n\nmine")
    desk.own("highlight.md.j2", "{{ text or comment | join(' ') or kind_name }}")
    desk.refresh(shown=ShownRules(headings={HIGHLIGHTS: "Marks"}))
    assert "## Marks\n\n### Vaswani et al. - 2017.pdf\n\nThe dominant" in desk.body
    assert "multi-head \\# attention ^HHHH3333\n\nmine\n\nAsk Ann about this.  \\- twice ^HHHH4444" in desk.body
    assert [block.name for block in blocks.find(desk.body)] == ["abstract", HIGHLIGHTS]
    desk.refresh(shown=ShownRules())
    assert [block.name for block in blocks.find(desk.body)] == ["abstract", "files", HIGHLIGHTS, "zotero-notes"]
    assert "^HHHH3333\n\nmine\n" in desk.body


def test_a_block_that_the_new_template_leaves_out_comes_back_with_a_template_that_has_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    first = desk.body
    desk.own("paper.md.j2", "{{ heading }}\n\nNothing.\n")
    desk.refresh()
    assert blocks.find(desk.body) == []
    desk.record = replace(RECORD, children=replace(CHILDREN, notes=()))
    desk.refresh()
    assert blocks.find(desk.body) == []
    desk.record = RECORD
    (tmp_path / "Templates/Bridge/paper.md.j2").unlink()
    desk.refresh()
    assert desk.body == first

"""R29 for index notes: only the managed block is written, in a note of ours or in one of a person's that hosts it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_library import papers, vault_of
from obsidian_model import get_model

from bridge.core import blocks
from bridge.core.place import Facts
from bridge.core.record import ItemId
from bridge.indexes.context import Context, Vault, make_context
from bridge.indexes.entries import Papers
from bridge.indexes.paper import Paper
from bridge.indexes.plan import emptied, new_file, renewed
from bridge.indexes.render import IndexText, render
from bridge.indexes.rules import IndexRules, Page, PageKind

TOPIC = Page(PageKind.TOPIC, "nlp")
WEEK = Page(PageKind.WEEK, "2025-W39")
LINES = st.text("ab #*-[]>|\t", min_size=1, max_size=12).filter(lambda line: line.strip())


def index(text: str, page: Page = TOPIC, argument: str = "NLP") -> IndexText:
    return IndexText(page, argument, "# NLP", text)


def test_a_new_file_has_an_empty_line_for_the_person_above_its_block() -> None:
    lines = new_file(index("- a")).split("\n")
    assert lines[:8] == ["---", "bridge: topic", "---", "", "# NLP", "", "", lines[7]]
    assert lines[7].startswith("%% bridge:begin topic NLP ")
    assert lines[8:] == ["", "- a", "", "%% bridge:end topic %%", ""]


@pytest.mark.node
@pytest.mark.parametrize("kind", list(PageKind))
def test_its_front_matter_is_a_fixed_point_of_obsidian_s_rewrite(kind: PageKind) -> None:
    head = new_file(index("", Page(kind))).split("---\n")[1]
    assert get_model().rewrite(head) == head


def test_law_2_the_same_text_changes_no_byte() -> None:
    text = new_file(index("- a"))
    assert renewed(text, index("- a")) == text
    assert renewed(text.replace("\n", "\r\n"), index("- a")) == text.replace("\n", "\r\n")


@given(LINES, LINES, st.sampled_from(["\n", "\r\n"]))
def test_law_3_what_a_person_wrote_around_the_block_stays(above: str, below: str, eol: str) -> None:
    text = (
        new_file(index("- a"))
        .replace("# NLP\n\n\n", f"# Mine\n{above}\n\n")
        .replace("bridge: topic", "bridge: topic\nmine: 1")
    )
    text = (text + f"\n{below}\n").replace("\n", eol)
    (before,) = blocks.find(text)
    after = renewed(text, index("- b"))
    (block,) = blocks.find(after)
    assert block.text == "- b"
    assert (after[: block.start], after[block.end :]) == (text[: before.start], text[before.end :])
    assert emptied(text, TOPIC) is not None


@given(LINES.map(lambda line: f"my {line.strip()}"), st.integers(0, 3), st.booleans())
def test_law_3_what_a_person_typed_into_the_block_survives_every_renewal(line: str, at: int, known: bool) -> None:
    old = "- one\n- two\n- three"
    lines = old.split("\n")
    lines.insert(at, line)
    text = new_file(index(old)).replace(old, "\n".join(lines))
    for number in range(3):
        text = renewed(text, index(f"- new {number}"), old_text=old if known else None)
    assert text.count(line.strip()) == 1
    assert text.count(blocks.KEPT) == 1
    assert f"> {line.strip()}" in text


def test_links_that_obsidian_wrote_anew_are_nobody_s_sentence() -> None:
    old, new = "- [[Papers/@a|A]]\n- [[Papers/@b|B]]", "- [[Old/@a|A]]\n- [[Papers/@b|B]]\n- [[Papers/@c|C]]"
    text = new_file(index(old)).replace("[[Papers/@a|", "[[@a|")
    for known in (old, None):
        assert renewed(text, index(new), old_text=known).count("[[") == 3
        assert blocks.KEPT not in renewed(text, index(new), old_text=known)


def test_a_block_a_person_deleted_stays_deleted() -> None:
    text = "---\nbridge: topic\n---\n\n# NLP\n\nmine\n"
    assert renewed(text, index("- a")) == text


def test_a_person_s_note_hosts_a_block_they_put_there() -> None:
    mine = "# Reading\n\nmine\n\n%% bridge:begin topic nlp %%\n%% bridge:end topic %%\n\nmore\n"
    text = renewed(mine, index("- a"))
    assert text.startswith("# Reading\n\nmine\n\n%% bridge:begin topic nlp ")
    assert text.endswith("\n\n- a\n\n%% bridge:end topic %%\n\nmore\n")
    assert renewed(text, index("- a")) == text
    assert emptied(text, TOPIC, hosted=True) == renewed(text, index(""))


def test_a_weekly_note_gets_its_block_at_the_end_once() -> None:
    week = index("- a", WEEK, "2025-W39")
    for mine in ("# My week\n\ntext\n", "# My week\n\ntext", "", "# My week\r\n"):
        text = renewed(mine, week, append=True)
        (block,) = blocks.find(text)
        assert (text.startswith(mine), block.text, block.argument, block.problem) == (True, "- a", "2025-W39", "")
        assert renewed(text, week, append=True) == text
        assert text.replace("\r\n", "").count("\n") == (0 if "\r" in mine else text.count("\n"))


def test_an_index_note_whose_topic_is_gone_keeps_a_person_s_text_or_goes_to_the_trash() -> None:
    text = new_file(index("- a"))
    assert emptied(text, TOPIC) is None
    typed = text.replace("- a", "- a\n- mine")
    kept = emptied(typed, TOPIC)
    assert kept is not None
    assert "> - mine" in kept
    assert "- a" not in kept
    assert emptied(text.replace("# NLP\n", "# NLP\n\nmine\n"), TOPIC) is not None
    assert emptied(text.replace("bridge: topic", "bridge: topic\nrating: 5"), TOPIC) is not None
    assert emptied(text.replace("# NLP", "# My NLP page"), TOPIC) is None  # a heading alone says nothing
    assert emptied(text.replace("\n", "\r\n"), TOPIC) is None


def test_two_blocks_of_one_name_are_left_alone() -> None:
    twice = "%% bridge:begin topic nlp %%\n%% bridge:end topic %%\n" * 2
    assert renewed(twice, index("- a", argument="nlp")) == twice


# --- hosting ----------------------------------------------------------------------------------------------------------


def context(rules: IndexRules, vault: Vault) -> Context:
    paper = Paper(ItemId("users/1", "A"), "T", topics=("NLP/50% off",), added="2025-09-25", finished="2025-10-02")
    return make_context(Papers([paper]), rules, vault)


def test_what_is_hosted_gets_no_file_of_ours_and_links_lead_to_the_host() -> None:
    notes = [
        ("Weekly/My week.md", Facts(hosts=("week 2025-W39", "reading-list"))),
        ("b.md", Facts(hosts=("topic NLP/50 off", "log 2025-09", "topic unknown", "nonsense x"))),
        ("a.md", Facts(hosts=("reading-list",))),
    ]
    made = context(IndexRules(), vault_of(notes, own=()))
    assert made.hosts == {
        WEEK: ("Weekly/My week.md",),
        Page(PageKind.READING): ("Weekly/My week.md", "a.md"),
        Page(PageKind.TOPIC, "nlp/50% off"): ("b.md",),
        Page(PageKind.LOG, "2025-09"): ("b.md",),
    }
    assert not made.own.keys() & made.hosts.keys()
    text = render(Page(PageKind.TOPICS), Papers(), made, IndexRules()).text
    assert "    - [[b|50% off]] (1)" in text


def test_weekly_notes_that_exist_are_filled_and_none_is_made() -> None:
    rules = IndexRules(week_host="Weekly/{week}.md")
    made = context(rules, vault_of([("Weekly/2025-W39.md", Facts())], own=()))
    assert {page: places for page, places in made.pages().items() if page.kind is PageKind.WEEK} == {
        WEEK: ("Weekly/2025-W39.md",)
    }
    assert made.beside(WEEK) == (None, None)


def test_a_note_of_ours_is_no_host_and_takes_no_name_from_itself() -> None:
    first = context(IndexRules(), Vault())
    notes = [(path, Facts(hosts=(f"{page.kind.value} {page.name}".strip(),))) for page, path in first.own.items()]
    again = context(IndexRules(), vault_of(notes, own=set(first.own.values())))
    assert again == first
    forgotten = context(IndexRules(), vault_of(notes, own=()))
    assert forgotten.pages() == first.pages()  # with the list lost, each goes on where it is


@given(st.lists(papers(), max_size=4, unique_by=lambda paper: paper.id), LINES)
def test_any_page_can_be_made_renewed_and_emptied(found: list[Paper], typed: str) -> None:
    catalogue = Papers(found)
    made = make_context(catalogue, IndexRules())
    for page in made.pages():
        whole = render(page, catalogue, made, IndexRules())
        text = new_file(whole)
        assert renewed(text, whole) == text
        assert emptied(text, page) is None
        assert typed in str(emptied(f"{text}\n{typed}\n", page))

"""Index notes on the disk: what is written, what stays, and what happens when something goes wrong in the middle."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from index_vault import Library, synthetic

from bridge.core.record import ItemId
from bridge.errors import NoteError
from bridge.indexes.paper import Paper
from bridge.indexes.rules import IndexRules, PageKind, TopicRules
from bridge.indexing import own_templates
from bridge.indexing.shelf import Shelf
from bridge.state.pages import Pages
from bridge.vault import page

PAPERS = 30
OUTLINE, READING = "Index/Topics.md", "Index/Reading List.md"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.made(tmp_path, [synthetic(n) for n in range(PAPERS)]) as found:
        yield found


@pytest.fixture
def kept(library: Library) -> Library:
    """Index notes in step."""
    assert library.renew().written
    return library


def paper(number: int, **fields: object) -> Paper:
    return replace(synthetic(number), **fields)  # type: ignore[arg-type]  # names and values fit


def write(library: Library, path: str, text: str) -> None:
    place = library.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode())
    library.scan()


def edit(library: Library, path: str, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, (library.root / path).read_text(), count=1, flags=re.MULTILINE)
    assert count == 1
    write(library, path, text)


def text(library: Library, path: str) -> str:
    return (library.root / path).read_bytes().decode()


# --- only what changed ------------------------------------------------------------------------------------------------


def test_law_2_nothing_due_is_nothing_done(kept: Library) -> None:
    before = {path: (kept.root / path).stat() for path in kept.texts()}
    assert kept.renew().written == []
    assert kept.renew(everything=True).written == []
    kept.scan()
    assert kept.state.pages.due() == []
    assert {path: (kept.root / path).stat() for path in before} == before


def test_law_2_nothing_is_opened_after_an_own_write(kept: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.change(paper(1, title="Another"))
    assert kept.renew().written
    monkeypatch.setattr(page, "read", lambda *_: pytest.fail("a file was opened"))
    kept.scan()
    assert kept.renew().written == []


def test_r35_a_status_among_three_thousand_touches_at_most_six_files_and_fifty_kilobytes(tmp_path: Path) -> None:
    with Library.made(tmp_path, [synthetic(n) for n in range(3000)]) as library:
        library.renew()
        for number, shelf in ((401, "read"), (1203, "reading"), (2000, "to-read"), (2999, "skipped")):
            day = "2025-06-20"
            before = library.papers[synthetic(number).id]
            # Both days are set once, when the status first becomes that.
            started = before.started or day * (shelf == "reading")
            finished = before.finished or day * (shelf == "read")
            library.change(replace(before, shelf=shelf, status_date=day, started=started, finished=finished))
            written = library.renew().written
            assert 0 < len(written) <= 6
            sizes = {path: (library.root / path).stat().st_size for path in written}
            assert sum(sizes.values()) <= 50_000, sizes


def test_r35_a_change_counts_no_entry_and_asks_for_taken_names_once(
    kept: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    taken = Pages.taken

    def counted(pages: Pages, names: Collection[str]) -> set[str]:
        asked.append(len(names))
        return taken(pages, names)

    monkeypatch.setattr(Pages, "counts", lambda _: pytest.fail("all entries were read"))
    monkeypatch.setattr(Pages, "taken", counted)
    kept.change(paper(1, title="Another"))
    assert kept.renew().written
    assert len(asked) == 1


def test_what_is_remembered_of_how_many_papers_a_name_has_is_what_counting_tells(kept: Library) -> None:
    kept.change(paper(1, topics=("New",), tags=()), paper(2, shelf="read", finished="2025-06-20"), paper(99))
    kept.remove(synthetic(7).id)
    kept.renew()
    kinds = kept.state.pages.counts()
    assert {kind: Shelf(kept.state).counts(kind) for kind in kinds} == kinds  # type: ignore[arg-type]  # any text
    assert json.loads(kept.state.get_meta("index-counts") or "") == kinds


def test_removing_and_adding_a_paper_gives_the_same_bytes(kept: Library) -> None:
    before = kept.texts()
    gone = kept.papers[synthetic(3).id]
    kept.remove(gone.id)
    assert kept.renew().written
    assert not any(gone.title in each for path, each in kept.texts().items() if not path.startswith(".trash/"))
    kept.change(gone)
    kept.renew()
    # The map keeps the order it has, as it keeps the places people move its cards to.
    left_out = (".trash/", "Index/Topics.canvas")
    after = {path: each for path, each in kept.texts().items() if not path.startswith(left_out)}
    assert after == {path: each for path, each in before.items() if not path.startswith(left_out)}


def test_the_order_papers_come_in_does_not_matter(kept: Library, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with Library.made(tmp_path / "other", [synthetic(n) for n in reversed(range(PAPERS))]) as other:
        other.renew()
        assert other.texts() == kept.texts()


def test_law_12_a_check_says_what_would_change_and_writes_nothing(kept: Library) -> None:
    kept.change(paper(1, title="Another"))
    before = kept.texts()
    would = kept.renew(write=False)
    assert would.written
    assert kept.texts() == before


def test_changed_rules_bring_everything_up_to_date(kept: Library) -> None:
    only = replace(kept.rules, pages=frozenset({PageKind.READING}))
    kept.rules = only
    kept.renew()
    assert [path for path in kept.texts() if path.startswith("Index/") and path.endswith(".md")] == [READING]
    kept.rules = IndexRules()
    kept.renew()
    assert OUTLINE in kept.texts()
    kept.rules = IndexRules(topics=TopicRules(sources=frozenset({"collection"})))
    kept.renew()
    assert not any("tag-" in path for path in kept.texts() if path.startswith("Index/"))


# --- what a person wrote ----------------------------------------------------------------------------------------------


def test_law_3_text_around_and_inside_a_block_stays(kept: Library) -> None:
    edit(kept, READING, "^# Reading List$", "# What I read\n\nAbove, of mine.")
    edit(kept, READING, "^bridge: reading-list$", "bridge: reading-list\nmine: 1")
    edit(kept, READING, "^## Next$", "Inside, of mine.\n\n## Next")
    write(kept, READING, text(kept, READING) + "\nBelow, of mine, no end")
    for turn in range(3):
        kept.change(paper(2, shelf="read", finished=f"2025-06-0{turn + 1}"))
        assert READING in kept.renew().written
    found = text(kept, READING)
    assert "# What I read\n\nAbove, of mine." in found
    assert "mine: 1\n" in found
    assert found.count("Inside, of mine.") == 1
    assert found.endswith("\nBelow, of mine, no end")
    assert "2025-06-03: " in found


def test_r29_a_deleted_block_stays_deleted_and_a_deleted_file_is_made_again(kept: Library) -> None:
    before = text(kept, OUTLINE)
    write(kept, READING, "Only mine now.\n")
    (kept.root / OUTLINE).unlink()
    kept.scan()
    kept.change(paper(2, shelf="read", finished="2025-06-20"))
    kept.renew()
    assert text(kept, READING) == "Only mine now.\n"
    assert text(kept, OUTLINE) == before


def test_a_page_whose_topic_is_gone_goes_to_the_trash_or_keeps_a_persons_text(kept: Library) -> None:
    kept.change(paper(1, topics=("Short Lived/Below", "Kept")))
    kept.renew()
    edit(kept, "Index/Topics/Kept.md", "^# Kept$", "# Kept\n\nMy own words.")
    kept.change(paper(1, topics=()))
    kept.renew()
    assert "Index/Topics/Short Lived/Below.md" not in kept.texts()
    assert not (kept.root / "Index/Topics/Short Lived").exists()
    assert ".trash/Below.md" in kept.texts()
    assert ".trash/Short Lived.md" in kept.texts()
    left = text(kept, "Index/Topics/Kept.md")
    assert "My own words." in left
    assert "[[" not in left


def test_a_page_that_moves_takes_a_persons_text_along(kept: Library) -> None:
    kept.change(paper(1, topics=("old name",)))
    kept.renew()
    edit(kept, "Index/Topics/old name.md", "^# old name$", "# old name\n\nMy own words.")
    kept.change(paper(1, topics=("Old Name",)))
    kept.renew()
    assert "Index/Topics/old name.md" not in kept.texts()
    assert "My own words." in text(kept, "Index/Topics/Old Name.md")
    kept.rules = replace(kept.rules, folder="Indices")
    kept.renew()
    assert "My own words." in text(kept, "Indices/Topics/Old Name.md")


# --- hosts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "made"),
    [
        ("week 2019-W02", "Index/Weeks/2019-W02.md"),
        ("topic Field 1/Subject 1", "Index/Topics/Field 1/Subject 1.md"),
        ("reading-list", READING),
        ("log 2019-01", "Index/Log/2019-01.md"),
        ("topics", OUTLINE),
        ("questions", "Index/Open Questions.md"),
    ],
)
def test_a_persons_note_hosts_a_block_and_no_file_is_made_for_it(library: Library, block: str, made: str) -> None:
    kind = block.partition(" ")[0]
    mine = f"Mine, above.\n\n%% bridge:begin {block} %%\n%% bridge:end {kind} %%\n\nMine, below."
    write(library, "Diary/Page.md", mine)
    library.renew()
    assert made not in library.texts()
    found = text(library, "Diary/Page.md")
    assert found.startswith("Mine, above.\n\n%% bridge:begin ")
    assert found.endswith("%%\n\nMine, below.")
    assert len(found) > len(mine) + 20
    # It hosts no more: a file of ours again, and the person's stays as it is.
    write(library, "Diary/Page.md", "Mine alone.")
    library.renew()
    assert made in library.texts()
    assert text(library, "Diary/Page.md") == "Mine alone."


def test_weekly_notes_are_filled_and_never_made(library: Library) -> None:
    library.rules = replace(library.rules, week_host="Weekly/{week}.md")
    write(library, "Weekly/2019-W02.md", "# My week\n\nPlans.")
    library.renew()
    found = text(library, "Weekly/2019-W02.md")
    assert found.startswith("# My week\n\nPlans.\n\n%% bridge:begin week 2019-W02 ")
    assert [path for path in library.texts() if "-W" in path] == ["Weekly/2019-W02.md"]
    write(library, "Weekly/2019-W02.md", "# My week\n\nNo list, please.")
    library.change(paper(1, title="Another"))
    library.renew()
    assert text(library, "Weekly/2019-W02.md") == "# My week\n\nNo list, please."
    write(library, "Weekly/2019-W03.md", "")
    library.renew()
    assert "bridge:begin week 2019-W03" in text(library, "Weekly/2019-W03.md")


# --- when something goes wrong ----------------------------------------------------------------------------------------


def test_law_5_cut_off_in_the_middle_the_next_renewal_completes(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, turns = page.write, iter(range(1000))

    def failing(*arguments: object) -> object:
        if next(turns) == 9:
            raise RuntimeError("the power went")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(page, "write", failing)
    with pytest.raises(RuntimeError):
        library.renew()
    library.scan()
    library.renew()
    (tmp_path / "other").mkdir()
    with Library.made(tmp_path / "other", list(library.papers.values())) as other:
        other.renew()
        assert library.texts() == other.texts()
        assert library.state.pages.written() == other.state.pages.written()
        # The files written before are known as ours again: they move with their topic.
        for each in (library, other):
            each.change(paper(1, topics=("FIELD 1/Subject 1",)), paper(21, topics=("FIELD 1/Subject 21",)))
            each.renew()
        assert library.texts() == other.texts()


def test_law_11_with_the_state_lost_our_files_are_ours_again_and_copies_are_let_be(
    kept: Library, tmp_path: Path
) -> None:
    write(kept, "Index/Reading List.conflict.md", text(kept, READING))
    edit(kept, READING, "^## Next$", "Inside, of mine.\n\n## Next")
    copied = text(kept, "Index/Reading List.conflict.md")
    (tmp_path / "again").mkdir()
    (kept.root).rename(tmp_path / "again" / "vault-before")
    with Library.made(tmp_path / "again", list(kept.papers.values())) as again:
        again.root = tmp_path / "again" / "vault-before"
        again.scan()
        assert again.renew().written == []
        rows = again.state.pages.written()
        assert all(row.own for row in rows)
        assert READING in {row.path for row in rows}
        again.change(paper(2, shelf="read", finished="2025-06-20"))
        again.renew()
        assert text(again, READING).count("Inside, of mine.") == 1
        assert text(again, "Index/Reading List.conflict.md") == copied


def test_r37_a_page_somebody_is_editing_waits_and_is_not_forgotten(kept: Library) -> None:
    kept.change(paper(2, shelf="read", finished="2025-06-20"))
    busy = replace(kept.indexer(), is_warm=lambda path: path == READING).renew()
    assert busy.waiting == [READING]
    assert "Index/Log/2025-06.md" in busy.written
    assert kept.renew().written == [READING]
    assert kept.renew().written == []


def test_law_6_a_file_saved_meanwhile_waits(kept: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    real = page.write

    def slow(root: Path, path: str, new: str, before: page.Page | None) -> object:
        if path == READING:
            (root / path).write_text("Saved meanwhile.\n\n" + before.text if before else "")
        return real(root, path, new, before)

    kept.change(paper(2, shelf="read", finished="2025-06-20"))
    with monkeypatch.context() as patch:
        patch.setattr(page, "write", slow)
        assert kept.renew().waiting == [READING]
    kept.scan()
    assert READING in kept.renew().written
    assert text(kept, READING).startswith("Saved meanwhile.\n\n---\n")
    assert "2025-06-20: " in text(kept, READING)


def test_one_file_that_cannot_be_read_never_stops_the_others(kept: Library) -> None:
    (kept.root / READING).write_bytes(b"\xff\xfe latin")
    kept.change(paper(2, shelf="read", finished="2025-06-20"))
    done = kept.renew()
    assert done.waiting == [READING]
    assert "Index/Log/2025-06.md" in done.written
    assert kept.renew().waiting == [READING]
    assert (kept.root / READING).read_bytes() == b"\xff\xfe latin"


def test_r34_a_broken_template_is_told_and_stops_no_other_page(kept: Library) -> None:
    before = text(kept, OUTLINE)
    kept.rules = replace(kept.rules, templates={"topics.md.j2": "{{ nothing.of.it }"})
    kept.change(paper(1, shelf="reading", started="2025-06-20"))
    done = kept.renew()
    assert text(kept, OUTLINE) == before
    assert READING in done.written
    [problem] = done.problems
    assert "topics.md.j2, line 1" in problem
    idle = kept.renew()
    assert (idle.written, idle.problems) == ([], [problem])  # said until it is mended
    kept.rules = replace(kept.rules, templates={"topics.md.j2": "{{ topics | length }} topics."})
    done = kept.renew()
    assert (OUTLINE in done.written, done.problems) == (True, [])
    assert re.search(r"^\d+ topics\.$", text(kept, OUTLINE), re.MULTILINE)
    assert kept.renew().problems == []


def test_r34_a_template_that_cannot_be_read_stops_no_other_page(kept: Library) -> None:
    folder = kept.root / "Templates"
    folder.mkdir()
    (folder / "topics.md.j2").write_bytes(b"\xff\xfe")
    (folder / "log.md.j2").write_text("mine")
    found = own_templates(kept.root, "Templates")
    assert (found.texts, list(found.faults)) == ({"log.md.j2": "mine"}, ["topics.md.j2"])
    before = text(kept, OUTLINE)
    kept.rules = replace(kept.rules, templates=found.texts, faults=found.faults)
    done = kept.renew()
    assert text(kept, OUTLINE) == before
    assert any(path.startswith("Index/Log/") for path in done.written)
    assert done.problems == ["the template topics.md.j2 is not UTF-8; the index notes made with it stay as they are"]


def test_a_page_that_cannot_be_written_is_told_and_one_being_edited_is_not(kept: Library) -> None:
    kept.change(paper(1, shelf="reading", started="2025-06-20"))
    assert replace(kept.indexer(), is_warm=lambda path: path == READING).renew().problems == []
    (kept.root / READING).write_bytes(b"\xff")
    assert kept.renew().problems == [f"index notes could not be written and wait: {READING}"]


def test_pictures_go_with_their_pages(kept: Library) -> None:
    map_, year = "Index/Topics.canvas", "Index/Reading List.svg"
    assert {map_, year} <= kept.texts().keys()
    all_kinds = kept.rules.pages
    kept.rules = replace(kept.rules, pages=all_kinds - {PageKind.TOPICS, PageKind.READING})
    kept.renew()
    assert not {map_, year} & kept.texts().keys()
    assert {".trash/Topics.canvas", ".trash/Reading List.svg"} <= kept.texts().keys()
    assert kept.renew().written == []
    kept.rules = replace(kept.rules, pages=all_kinds)
    assert {map_, year} <= set(kept.renew().written)


def test_law_3_what_a_person_put_on_the_map_stays_when_ours_goes(kept: Library) -> None:
    place = kept.root / "Index/Topics.canvas"
    canvas = json.loads(place.read_text())
    mine = {"id": "mine", "type": "text", "text": "?", "x": 1, "y": 2, "width": 3, "height": 4}
    canvas["nodes"].append(mine)
    place.write_text(json.dumps(canvas))
    all_kinds = kept.rules.pages
    kept.rules = replace(kept.rules, pages=all_kinds - {PageKind.TOPICS})
    kept.renew()
    assert json.loads(place.read_text()) == {"nodes": [mine], "edges": []}
    kept.rules = replace(kept.rules, pages=all_kinds)
    kept.renew()
    nodes = json.loads(place.read_text())["nodes"]
    assert mine in nodes
    assert len(nodes) == len(canvas["nodes"])


def test_law_3_the_map_moves_with_its_layout(kept: Library) -> None:
    place = kept.root / "Index/Topics.canvas"
    canvas = json.loads(place.read_text())
    canvas["nodes"][0]["x"] = 4242
    place.write_text(json.dumps(canvas))
    kept.rules = replace(kept.rules, folder="Pages")
    kept.renew()
    assert not {path for path in kept.texts() if path.startswith("Index/") and not path.endswith(".md")}
    moved = json.loads((kept.root / "Pages/Topics.canvas").read_text())["nodes"]
    assert next(node for node in moved if node["id"] == canvas["nodes"][0]["id"])["x"] == 4242
    assert (kept.root / "Pages/Reading List.svg").exists()


# --- names ------------------------------------------------------------------------------------------------------------

BAD = [
    "../x",
    "CON",
    "a//b",
    "/",
    "x" * 300,
    "🙂",
    "\u202eעברית",
    "nlp",
    "NLP ",
    "n_l_p",
    "50% off · now",
    "a:b",
    "a?b",
]


def test_law_13_no_topic_leads_out_of_its_folder_and_none_takes_anothers_file(kept: Library) -> None:
    kept.change(*(paper(100 + n, topics=(name,), tags=()) for n, name in enumerate(BAD)))
    kept.renew()
    paths = [path for path in kept.texts() if not path.startswith(".trash")]
    assert len({path.casefold() for path in paths}) == len(paths)
    assert all(path.startswith("Index/") for path in paths)
    assert not (kept.root.parent / "x.md").exists()
    assert max(len(part.encode()) for path in paths for part in path.split("/")) <= 255
    assert kept.renew(everything=True).written == []


def test_r27_no_index_note_takes_a_name_that_a_note_bears(library: Library) -> None:
    write(library, "Mine/reading list.md", "Mine.")
    library.change(paper(1), replace(paper(2), title="Topics"))  # an alias
    library.renew()
    assert "Index/Reading List (papers).md" in library.texts()
    assert "Index/Topics (papers).md" in library.texts()
    assert "%% bridge" not in text(library, "Mine/reading list.md")


def test_what_a_person_did_to_the_map_stays(kept: Library) -> None:
    place = kept.root / "Index/Topics.canvas"
    canvas = json.loads(place.read_text())
    canvas["nodes"].append({"id": "mine", "type": "text", "text": "?", "x": 1, "y": 2, "width": 3, "height": 4})
    moved = canvas["nodes"][0]["id"]
    canvas["nodes"][0]["x"] = 4242
    place.write_text(json.dumps(canvas))
    before = place.read_text()
    kept.change(paper(1, shelf="read", finished="2025-06-20"))
    kept.renew()
    assert place.read_text() == before
    kept.change(paper(1, topics=("Wholly New",)))
    kept.renew()
    nodes = {node["id"]: node for node in json.loads(place.read_text())["nodes"]}
    assert nodes["mine"]["text"] == "?"
    assert nodes[moved]["x"] == 4242
    assert any(node.get("file") == "Index/Topics/Wholly New.md" for node in nodes.values())


def test_a_page_that_cannot_be_taken_away_waits(kept: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.change(paper(1, topics=("Short Lived",)))
    kept.renew()
    kept.change(paper(1, topics=()))

    def refuse(*_: object) -> None:
        raise NoteError("no right")

    with monkeypatch.context() as patch:
        patch.setattr("bridge.vault.files.move", refuse)
        assert kept.renew().waiting == ["Index/Topics/Short Lived.md"]
    assert "Index/Topics/Short Lived.md" in kept.renew().written
    assert "Index/Topics/Short Lived.md" not in kept.texts()


def test_a_paper_is_remembered_by_its_id(kept: Library) -> None:
    found = kept.state.pages.paper(ItemId("users/1", f"{1:08}"))
    assert found is not None
    assert json.loads(found)["title"] == synthetic(1).title

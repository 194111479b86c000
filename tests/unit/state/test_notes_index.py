"""What the vault showed, as the note index keeps it (R8, R26, R27)."""

from __future__ import annotations

from dataclasses import replace

from bridge.core.place import Facts, FormerKey, NoteIndex, NoteRow, Stat
from bridge.core.plan import Held
from bridge.core.record import ItemId
from bridge.state import State
from bridge.vault.rename import RenameLog
from bridge.vault.scan import VaultIndex

A, B = ItemId("users/7", "AAAA2345"), ItemId("users/7", "BBBB2345")


def row(path: str, item: ItemId | None = None, **more: object) -> NoteRow:
    return replace(NoteRow(path, Stat(10, 20, 30), "digest", item), **more)  # type: ignore[arg-type]  # passed through


def copy_of(path: str, item: ItemId, code: str = "copied-note") -> NoteRow:
    return row(path, item, held=(Held(code, "why", path, id=item),))


def test_the_state_is_a_note_index(state: State) -> None:
    index: NoteIndex = state.notes
    assert index.stats() == {}


def test_rows_come_back_as_they_were(state: State) -> None:
    full = row(
        "Papers/@wei2025.md",
        A,
        stamp="s1",
        face={"title": "T", "tags": ("a", "b"), "aliases": ()},
        facts=Facts(("Other name",), "wei2025", "10.1/x", ("AAAA2345",), ("li2024",)),
        held=(Held("cleared-title", "words", "Papers/@wei2025.md", "title", A),),
        pending=True,
    )
    plain = row("Day.md")
    state.notes.put_rows([full, plain])
    assert state.notes.row(full.path) == full
    assert state.notes.row(plain.path) == plain
    assert state.notes.row("none.md") is None
    assert state.notes.stats() == {full.path: full.stat, plain.path: plain.stat}
    assert state.notes.bound() == {full.path: A}
    assert state.notes.noted("users/7", [A.key, "ZZZZ9999"]) == {A.key}
    assert state.notes.noted("groups/51", [A.key]) == set()


def test_rows_are_replaced_and_dropped_by_path(state: State) -> None:
    state.notes.put_rows([row("a.md", A), row("b.md", B)])
    state.notes.put_rows([row("a.md", A, digest="other")])
    state.notes.drop_rows(["b.md", "none.md"])
    assert [state.notes.row(path) for path in ("a.md", "b.md")] == [row("a.md", A, digest="other"), None]


def test_r8_copies_are_no_items_note(state: State) -> None:
    state.notes.put_rows([copy_of("a copy.md", A), row("z.md", A), copy_of("b.md", B, "conflict-copy")])
    assert {item: found.path for item, found in state.notes.rows_of([A, B]).items()} == {A: "z.md"}
    assert state.notes.noted("users/7", [A.key, B.key]) == {A.key}
    assert state.notes.bound() == {"a copy.md": A, "z.md": A, "b.md": B}
    assert state.notes.bound_items() == 2


def test_what_is_due(state: State) -> None:
    state.notes.put_rows([row("a.md", A, pending=True), row("b.md", B), replace(copy_of("c.md", B), pending=True)])
    assert state.notes.pending("users/7") == [A]
    assert state.notes.pending("groups/51") == []
    state.notes.set_pending([A], pending=False)
    state.notes.set_pending([B], pending=True)
    assert state.notes.pending("users/7") == [B]
    found = state.notes.row("b.md")
    assert found is not None
    assert found.pending
    state.notes.set_pending([B], pending=False)
    copy = state.notes.row("c.md")
    assert copy is not None
    assert copy.pending, "a copy is another note"


def test_forgotten_stats_fit_no_file(state: State) -> None:
    state.notes.put_rows([row("a.md", A)])
    state.notes.forget_stats()
    assert state.notes.stats()["a.md"] != Stat(10, 20, 30)


def test_held_parts_of_files_name_their_place(state: State) -> None:
    state.notes.put_rows([row("a.md", A, held=(Held("broken-yaml", "why"),)), row("b.md", B)])
    assert list(state.notes.held()) == [Held("broken-yaml", "why", "a.md", "", A)]


def test_r26_what_peoples_own_notes_tell(state: State) -> None:
    facts = Facts(citekey="wei2025", mentions=("li2024",))
    state.notes.put_rows(
        [row("own.md", facts=facts), row("plain.md"), row("bound.md", A, facts=Facts(mentions=("x",)))]
    )
    assert list(state.notes.facts()) == [("own.md", facts)]
    assert state.notes.mentions() == {"li2024", "x"}


def test_r27_taken_names_are_base_names_and_aliases_without_case(state: State) -> None:
    state.notes.put_rows([row("Papers/Straße.md", A, facts=Facts(aliases=("Wei et al. 2025",))), row("b/STRASSE.md")])
    assert state.notes.taken_names() == {
        "strasse": ["Papers/Straße.md", "b/STRASSE.md"],
        "wei et al. 2025": ["Papers/Straße.md"],
    }


def test_which_files_can_hold_a_link(state: State) -> None:
    state.notes.put_rows(
        [
            row("Papers/@a.md", A, face={"citekey": "a"}),
            row("Papers/@b.md", B, face={"citekey": ""}, facts=Facts(links=("@a", "@c"))),
            copy_of("copy.md", A),
            row("Day.md", facts=Facts(links=("@c",))),
            row("Plain.md"),
        ]
    )
    assert state.notes.linking({"@c"}) == {"Papers/@b.md", "Day.md"}
    assert state.notes.linking({"@a", "@z"}) == {"Papers/@b.md"}
    assert state.notes.linking(set()) == set()
    assert state.notes.citekeys() == {A: "a"}
    index: VaultIndex = state.notes
    assert index.row("Day.md") == row("Day.md", facts=Facts(links=("@c",)))


def test_law_5_what_renames_are_due_outlives_the_process(state: State) -> None:
    log: RenameLog = state.renames
    one, two = FormerKey(A, "a", "@a", "stamp"), FormerKey(B, "b", "@b", "stamp")
    log.add([one, two])
    log.add([one._replace(stem="other")])
    assert list(log.due()) == [one, two]
    log.settle([one], [two])
    assert (list(log.due()), log.journal()) == ([one._replace(stamp="")], "")
    log.keep("begun", log.due())
    assert (list(log.due()), log.journal()) == ([], "begun")
    log.keep("further")
    assert log.journal() == "further"
    log.keep("")
    assert log.journal() == ""

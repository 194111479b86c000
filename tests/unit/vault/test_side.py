"""The vault side: laws 2, 5, 6 and 13, new notes (R26, R27, R32, R34), and renames carried into links."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from vault_maker import VaultMaker, item, record

from bridge.core.record import Face
from bridge.core.side import Edit, Outcome
from bridge.errors import ConfigError, VaultError
from bridge.vault import files, side, write
from bridge.vault.scan import VaultScan
from bridge.vault.side import Layout


@pytest.fixture
def vault(tmp_path: Path) -> VaultMaker:
    return VaultMaker(tmp_path)


def only(outcomes: Iterator[Outcome] | list[Outcome]) -> Outcome:
    (outcome,) = outcomes
    return outcome


# --- edits ------------------------------------------------------------------------------------------------------


def test_an_edit_changes_the_note_and_shows_it(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    outcome = only(vault.side.apply([vault.edit(a, status="read")]))
    assert outcome.result == "applied"
    assert outcome.record is not None
    assert outcome.record.face["status"] == "read"
    assert outcome.record.token == files.digest((vault.root / "Papers/@a.md").read_bytes())
    assert vault.side.look([a.id]) == {a.id: outcome.record}
    assert (vault.side.stats.written, vault.scan()) == (1, VaultScan(bound_before=1, bound_now=1, files=1))


def test_law_2_an_edit_that_changes_nothing_writes_nothing(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    before = os.stat(vault.root / "Papers/@a.md")  # noqa: PTH116 (as a person's tool would)
    outcome = only(vault.side.apply([vault.edit(a, status="new")]))
    after = (vault.root / "Papers/@a.md").stat()
    assert outcome.result == "applied"
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert vault.side.stats.written == 0


def test_law_6_a_note_that_has_changed_is_left_alone_though_its_stat_is_the_same(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    edit = vault.edit(a, status="read")
    path = vault.root / "Papers/@a.md"
    stat = path.stat()
    changed = path.read_bytes().replace(b"title: Paper A", b"title: Paper X")
    path.write_bytes(changed)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert only(vault.side.apply([edit])).result == "stale"
    assert path.read_bytes() == changed


def test_law_6_a_note_that_is_not_there_any_more_is_not_made_again(vault: VaultMaker) -> None:
    a, b = record("A"), record("B")
    vault.make(a)
    edit = vault.edit(a, status="read")
    (vault.root / "Papers/@a.md").unlink()
    unknown = Edit(b.id, "digest", {"status": "read"})
    assert [outcome.result for outcome in vault.side.apply([edit, unknown])] == ["stale", "stale"]
    assert vault.files() == []


def test_a_note_that_cannot_be_edited_is_refused_and_stops_no_other(vault: VaultMaker) -> None:
    a, b = record("A"), record("B")
    vault.make(a, b)
    path = vault.write("Papers/@a.md", "---\nzotero-key: AAAAAAAA\ntitle: [\n---\n")
    vault.scan()
    outcomes = list(vault.side.apply([vault.edit(a, status="read"), vault.edit(b, status="read")]))
    assert [outcome.result for outcome in outcomes] == ["refused", "applied"]
    assert outcomes[0].reason.startswith("not-edited: ")
    assert path.read_bytes() == b"---\nzotero-key: AAAAAAAA\ntitle: [\n---\n"


def test_two_edits_of_one_note_at_once_are_one_too_many(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    edits = [vault.edit(a, status="read"), vault.edit(a, status="reading")]
    assert [outcome.result for outcome in vault.side.apply(edits)] == ["applied", "stale"]


def test_law_5_nothing_is_reported_before_it_is_on_the_disk(vault: VaultMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes come a chunk at a time, each after the chunk's files were flushed."""
    monkeypatch.setattr(side, "CHUNK", 2)
    vault.scan()
    flushed: list[int] = []
    real = os.fsync

    def counted(handle: int) -> None:
        flushed.append(handle)
        real(handle)

    monkeypatch.setattr(os, "fsync", counted)
    edits = [Edit(each.id, "", record=each) for each in (record("A"), record("B"), record("C"))]
    outcomes = vault.side.apply(edits)
    counts = [(next(outcomes).result, len(flushed), len(vault.files())) for _ in edits]
    made_folder = 1
    assert counts == [
        ("applied", made_folder + 3, 2),
        ("applied", made_folder + 3, 2),
        ("applied", made_folder + 5, 3),
    ]


@pytest.mark.parametrize("name", ["write", "fsync", "replace"])
def test_law_5_a_full_disk_stops_the_side_and_harms_nothing(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    a, b = record("A"), record("B")
    vault.make(a, b)
    before = [vault.read("Papers/@a.md"), vault.read("Papers/@b.md")]
    edits = [vault.edit(a, status="read"), vault.edit(b, status="read")]
    with monkeypatch.context() as patched:
        patched.setattr(os, name, _raising(errno.ENOSPC))
        with pytest.raises(VaultError):
            list(vault.side.apply(edits))
    assert [vault.read("Papers/@a.md"), vault.read("Papers/@b.md")] == before
    assert vault.files() == ["Papers/@a.md", "Papers/@b.md"]
    assert [outcome.result for outcome in vault.side.apply(edits)] == ["applied", "applied"]


def test_law_5_a_note_that_cannot_be_written_is_refused_and_whole(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = record("A")
    vault.make(a)
    before = vault.read("Papers/@a.md")
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", _raising(errno.EACCES))
        outcome = only(vault.side.apply([vault.edit(a, status="read")]))
    assert (outcome.result, outcome.reason.partition(":")[0]) == ("refused", "not-written")
    assert vault.read("Papers/@a.md") == before


def _raising(code: int) -> Callable[..., None]:
    def call(*args: object, **kwargs: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


def test_leftovers_of_a_killed_process_go_when_something_is_written_not_before(vault: VaultMaker) -> None:
    """Law 12: a scan, and so a dry run, removes nothing."""
    left = vault.write("Papers/.bridge-tmp-0123", "half")
    vault.scan()
    assert left.exists()
    list(vault.side.apply([]))
    assert not left.exists()


# --- new notes --------------------------------------------------------------------------------------------------


def test_a_new_note_is_made_in_its_librarys_folder(tmp_path: Path) -> None:
    vault = VaultMaker(tmp_path, Layout({"users/1": "Reading/Papers"}, "{title}.md"))
    outcome = only(vault.make(record("A")))
    assert outcome.result == "applied"
    assert vault.files() == ["Reading/Papers/Paper A.md"]
    text = vault.read("Reading/Papers/Paper A.md")
    assert text.startswith("---\ntitle: Paper A\n")
    assert "> About it." in text
    assert text.rstrip().endswith("## Notes")
    assert vault.scan() == VaultScan(bound_before=1, bound_now=1, files=1)  # law 8: own writes are no news
    assert vault.side.stats.created == 1


@pytest.mark.parametrize("folder", ["../outside", "/etc", ".obsidian", "a/../../b"])
def test_law_13_r32_a_folder_outside_the_vault_is_not_allowed(tmp_path: Path, folder: str) -> None:
    (tmp_path / "vault").mkdir()
    vault = VaultMaker(tmp_path / "vault", Layout({"users/1": folder}))
    with pytest.raises(ConfigError):
        vault.make(record("A"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vault"]


@pytest.mark.parametrize("folder", ["Papers", "Papers/deeper"])
def test_law_13_a_folder_that_is_a_link_out_of_the_vault_is_not_written_to(tmp_path: Path, folder: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "vault").mkdir()
    vault = VaultMaker(tmp_path / "vault", Layout({"users/1": folder}))
    (vault.root / "Papers").symlink_to(tmp_path / "outside")
    assert only(vault.make(record("A"))).result == "refused"
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("citekey", ["../../etc/passwd", "a/b", "CON", ".hidden", "x" * 400, "\u202e|[[", "é\n---\n"])
def test_law_13_whatever_the_citation_key_the_note_lands_in_its_folder(vault: VaultMaker, citekey: str) -> None:
    assert only(vault.make(record("A", citekey=citekey))).result == "applied"
    (path,) = vault.files()
    assert path.startswith("Papers/")
    assert path.count("/") == 1
    assert vault.scan().changed == ()


def test_names_are_unique_without_regard_to_case(vault: VaultMaker) -> None:
    assert {outcome.result for outcome in vault.make(record("A", citekey="smith"), record("B", citekey="Smith"))} == {
        "applied"
    }
    assert vault.files() == ["Papers/@Smith BBBBBBBB.md", "Papers/@smith.md"]


def test_r27_a_new_note_takes_no_name_and_no_alias_of_another(tmp_path: Path) -> None:
    vault = VaultMaker(tmp_path, Layout(file="{title}.md"))
    vault.write("Essays/Paper A.md", "mine")
    vault.write("People/Grace.md", "---\naliases: [paper b]\n---\n")
    vault.write("Wei et al. 2025.md", "mine too")
    a, b = record("A"), record("B", aliases=("Paper B", "Wei et al. 2025"))
    outcomes = vault.make(a, b)
    assert [outcome.result for outcome in outcomes] == ["applied", "applied"]
    assert (vault.path_of(a), vault.path_of(b)) == (
        "Papers/Paper A AAAAAAAA.md",
        "Papers/Paper B BBBBBBBB.md",
    )
    assert outcomes[1].record is not None
    assert outcomes[1].record.face["aliases"] == ("Paper B",)


def test_r27_an_alias_that_is_a_files_name_is_left_out(vault: VaultMaker) -> None:
    vault.write("Paper A.md", "mine")
    outcome = only(vault.make(record("A")))
    assert outcome.record is not None
    assert outcome.record.face.get("aliases", ()) == ()


@pytest.mark.parametrize("content", ["", "\n", "  \r\n"])
def test_r26_an_empty_note_made_by_a_clicked_link_is_filled(vault: VaultMaker, content: str) -> None:
    vault.write("Inbox/@a.md", content)
    a = record("A")
    assert vault.side.foreign(a) is None
    assert only(vault.make(a)).result == "applied"
    assert vault.files() == ["Inbox/@a.md"]
    assert "zotero-key: AAAAAAAA" in vault.read("Inbox/@a.md")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Notes/@a.md", "what I thought of it"),
        ("Notes/Some paper.md", "---\ncitekey: a\n---\n"),
        ("Notes/Some paper.md", "---\naliases: ['@a']\n---\n"),
        ("Notes/Some paper.md", "---\ndoi: https://doi.org/10.1/ABC\n---\n"),
        ("Papers/Some paper.md", "[Zotero](zotero://select/library/items/AAAAAAAA)\n"),
    ],
)
def test_r26_an_item_that_a_foreign_note_fits_is_left_to_be_adopted(vault: VaultMaker, path: str, text: str) -> None:
    a = record("A", doi="10.1/abc")
    vault.write(path, text)
    outcome = only(vault.make(a))
    assert (outcome.result, outcome.reason.partition(":")[0]) == ("refused", "foreign-note")
    assert vault.side.foreign(a) == path
    assert (vault.files(), vault.read(path)) == ([path], text)


def test_r28_a_note_that_only_links_to_a_paper_is_not_about_it(vault: VaultMaker) -> None:
    vault.write("Daily/Monday.md", "read [this](zotero://select/library/items/AAAAAAAA)\n")
    vault.write("Papers/Survey.md", "zotero://select/library/items/AAAAAAAA zotero://select/library/items/BBBBBBBB\n")
    vault.write("Own.md", "see [[@a]]\n")
    assert only(vault.make(record("A"))).result == "applied"


def test_r8_where_only_copies_are_left_no_further_note_is_made(vault: VaultMaker) -> None:
    for name in ("One.md", "Two.md"):
        vault.write(name, "---\nzotero-key: AAAAAAAA\n---\n")
    outcome = only(vault.make(record("A")))
    assert (outcome.result, outcome.reason.partition(":")[0]) == ("refused", "copied-note")


def test_an_item_that_has_a_note_gets_no_second_one(vault: VaultMaker) -> None:
    vault.make(record("A"))
    assert only(vault.make(record("A"))).result == "stale"


def test_law_6_a_file_made_meanwhile_is_not_overwritten(vault: VaultMaker) -> None:
    vault.scan()
    vault.write("Papers/@A.md", "a person was quicker")
    a = record("A")
    assert only(vault.side.apply([Edit(a.id, "", record=a)])).result == "stale"
    assert (vault.files(), vault.read("Papers/@A.md")) == (["Papers/@A.md"], "a person was quicker")


def test_r34_a_persons_template_makes_the_body(vault: VaultMaker) -> None:
    vault.write("Templates/Bridge/paper.md.j2", "{{ heading }}\n\n## My own sections\n")
    vault.make(record("A"))
    assert vault.read("Papers/@a.md").endswith("---\n\n# Paper A\n\n## My own sections\n")


@pytest.mark.parametrize("text", [b"{{ nothing }}", b"{% if", b"\xff"])
def test_r34_a_template_that_cannot_be_used_is_told(vault: VaultMaker, text: bytes) -> None:
    vault.write("Templates/Bridge/paper.md.j2", "").write_bytes(text)
    with pytest.raises(ConfigError):
        vault.make(record("A"))
    assert not (vault.root / "Papers/@a.md").exists()


# --- renames ----------------------------------------------------------------------------------------------------

LINKS = "See [[@a]], [[@a|her]], ![[Papers/@a#Notes]] and [@a, p. 3], not [[@ab]] or `[[@a]]`.\r\n"
CARRIED = "See [[@z]], [[@z|her]], ![[Papers/@z#Notes]] and [@z, p. 3], not [[@ab]] or `[[@a]]`.\r\n"


def rekeyed(vault: VaultMaker, letter: str, key: str, before: Face | None = None) -> Edit:
    old = record(letter)
    return vault.edit(old, before, citekey=key)


def test_a_changed_key_renames_the_file_and_the_whole_vault_follows(vault: VaultMaker) -> None:
    a, b = record("A"), record("B")
    vault.make(a, b)
    vault.write("Daily/Monday.md", LINKS)
    vault.write("Board.canvas", json.dumps({"nodes": [{"type": "file", "file": "Papers/@a.md"}]}))
    other = vault.write("Other.md", "nothing of it")
    note = vault.read("Papers/@b.md")
    vault.write("Papers/@b.md", note.replace("tags:", 'related: "[[@a]]"\ntags:', 1))
    vault.scan()
    before = other.stat()
    outcome = only(vault.side.apply([rekeyed(vault, "A", "z")]))
    assert outcome.result == "applied"
    assert vault.path_of(a) == "Papers/@z.md"
    assert not (vault.root / "Papers/@a.md").exists()
    assert vault.read("Daily/Monday.md") == CARRIED
    assert json.loads(vault.read("Board.canvas"))["nodes"][0]["file"] == "Papers/@z.md"
    assert 'related: "[[@z]]"' in vault.read("Papers/@b.md")
    assert other.stat() == before
    assert (vault.side.renamed, vault.side.stats.linked) == (1, 3)
    assert vault.scan() == VaultScan(bound_before=2, bound_now=2, files=4)  # law 8


def test_law_6_an_edit_planned_before_a_link_in_its_note_followed_still_holds(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = record("A"), record("B")
    vault.make(a, b)
    path = vault.root / "Papers/@b.md"
    path.write_bytes(path.read_bytes() + b"\n[[@a]]\n")
    vault.scan()
    edits = [rekeyed(vault, "A", "z"), vault.edit(b, status="read")]
    monkeypatch.setattr(side, "CHUNK", 1)
    assert [outcome.result for outcome in vault.side.apply(edits)] == ["applied", "applied"]
    assert "[[@z]]" in vault.read("Papers/@b.md")
    assert "status: read" in vault.read("Papers/@b.md")


def test_a_note_in_the_same_chunk_gets_its_edit_and_its_links(vault: VaultMaker) -> None:
    a, b = record("A"), record("B")
    vault.make(a, b)
    for name in "ab":
        path = vault.root / f"Papers/@{name}.md"
        path.write_bytes(path.read_bytes() + b"\n[[@a]] [@a]\n")
    vault.scan()
    edits = [vault.edit(b, status="read"), rekeyed(vault, "A", "z")]
    assert [outcome.result for outcome in vault.side.apply(edits)] == ["applied", "applied"]
    assert vault.read("Papers/@b.md").endswith("[[@z]] [@z]\n")
    assert vault.read("Papers/@z.md").endswith("[[@z]] [@z]\n")
    assert "status: read" in vault.read("Papers/@b.md")


def test_a_key_the_person_changed_in_the_note_renames_its_file_too(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    vault.write("Own.md", LINKS)
    vault.write("Papers/@a.md", vault.read("Papers/@a.md").replace("citekey: a", "citekey: z"))
    vault.scan()
    edit = vault.edit(a, a.face, aliases=("Paper A", "a"))
    assert only(vault.side.apply([edit])).result == "applied"
    assert (vault.path_of(a), vault.read("Own.md")) == ("Papers/@z.md", CARRIED)


def test_a_file_a_person_named_keeps_its_name_and_citations_follow(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    (vault.root / "Papers/@a.md").rename(vault.root / "Papers/My title.md")
    vault.write("Own.md", "[[My title]] [@a] [[@a]]")
    vault.scan()
    list(vault.side.apply([rekeyed(vault, "A", "z")]))
    assert vault.path_of(a) == "Papers/My title.md"
    assert vault.read("Own.md") == "[[My title]] [@z] [[@a]]"
    assert vault.side.renamed == 0


def test_a_name_taken_by_a_persons_file_leaves_the_old_one(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    vault.write("Elsewhere/@Z.md", "mine")
    vault.write("Own.md", LINKS)
    vault.scan()
    assert only(vault.side.apply([rekeyed(vault, "A", "z")])).result == "applied"
    assert vault.path_of(a) == "Papers/@a.md"
    assert "[[@a]], [[@a|her]]" in vault.read("Own.md")


def test_a_key_that_changes_case_alone_renames_the_file(vault: VaultMaker) -> None:
    a = record("A")
    vault.make(a)
    list(vault.side.apply([rekeyed(vault, "A", "A")]))
    assert vault.files() == ["Papers/@A.md"]


def test_keys_that_move_up_one_all_rename_their_files(vault: VaultMaker) -> None:
    vault.make(record("A"), record("B"), record("C"))
    vault.write("Own.md", "[[@a]] [[@b]] [[@c]] [@a] [@b] [@c]")
    vault.scan()
    edits = [rekeyed(vault, "A", "b"), rekeyed(vault, "B", "c"), rekeyed(vault, "C", "d")]
    assert {outcome.result for outcome in vault.side.apply(edits)} == {"applied"}
    assert [vault.path_of(record(letter)) for letter in "ABC"] == [
        "Papers/@b.md",
        "Papers/@c.md",
        "Papers/@d.md",
    ]
    assert vault.read("Own.md") == "[[@b]] [[@c]] [[@d]] [@b] [@c] [@d]"
    assert vault.scan().changed == ()


def test_two_keys_that_change_places_keep_every_link_at_its_note(vault: VaultMaker) -> None:
    vault.make(record("A"), record("B"))
    vault.write("Own.md", "[[@a]] [[@b]] [@a] [@b]")
    vault.scan()
    list(vault.side.apply([rekeyed(vault, "A", "b"), rekeyed(vault, "B", "a")]))
    assert (vault.path_of(record("A")), vault.path_of(record("B"))) == ("Papers/@a.md", "Papers/@b.md")
    assert vault.read("Own.md") == "[[@a]] [[@b]] [@b] [@a]"


def test_a_key_two_papers_share_is_followed_by_no_citation(vault: VaultMaker) -> None:
    vault.make(record("A", citekey="x"), record("B", citekey="x"))
    vault.write("Own.md", "[@x] and [[@x BBBBBBBB]]")
    vault.scan()
    shared = record("B", citekey="x")
    list(vault.side.apply([vault.edit(shared, citekey="y")]))
    assert (vault.path_of(shared), vault.read("Own.md")) == ("Papers/@y.md", "[@x] and [[@y]]")


@pytest.mark.parametrize("last", ["move", "carry", "commit"])
def test_law_5_a_rename_killed_anywhere_is_finished_by_the_next_cycle(
    vault: VaultMaker, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    a = record("A")
    vault.make(a)
    vault.write("Own.md", LINKS)
    vault.scan()

    def killed(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if last == "move":
            patched.setattr(files.os, "replace", killed)  # type: ignore[attr-defined]  # the module as imported there
        elif last == "carry":
            patched.setattr(write, "carry", killed)
        else:
            patched.setattr(write.Writer, "_commit", killed)
        with pytest.raises(KeyboardInterrupt):
            list(vault.side.apply([rekeyed(vault, "A", "z")]))
    again = VaultMaker(vault.root)
    again.index = vault.index
    again.side = side.VaultSide(vault.root, vault.index, vault.side._rules, Layout())
    assert again.scan().gone == ()
    assert only(again.side.apply([rekeyed(again, "A", "z")])).result == "applied"
    assert (again.path_of(a), again.read("Own.md")) == ("Papers/@z.md", CARRIED)
    assert again.files() == ["Own.md", "Papers/@z.md"]


def test_a_file_that_is_not_text_is_passed_over(vault: VaultMaker) -> None:
    vault.make(record("A"))
    odd = vault.write("Odd.md", "")
    odd.write_bytes(b"[[@a]] \xff")
    vault.scan()
    assert only(vault.side.apply([rekeyed(vault, "A", "z")])).result == "applied"
    assert odd.read_bytes() == b"[[@a]] \xff"


def test_each_file_is_read_once_however_many_keys_change(vault: VaultMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.make(record("A"), record("B"))
    for number in range(5):
        vault.write(f"{number}.md", "[[@a]] [[@b]]")
    vault.scan()
    opened: list[str] = []
    real = Path.read_bytes

    def counted(path: Path) -> bytes:
        opened.append(path.name)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    list(vault.side.apply([rekeyed(vault, "A", "y"), rekeyed(vault, "B", "z")]))
    assert sorted(opened) == [f"{number}.md" for number in range(5)]
    assert vault.read("3.md") == "[[@y]] [[@z]]"


def test_an_unknown_item_shows_nothing(vault: VaultMaker) -> None:
    vault.make(record("A"))
    (vault.root / "Papers/@a.md").unlink()
    assert vault.side.look([item("A"), item("B")]) == {}

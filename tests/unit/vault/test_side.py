"""The vault side: laws 2, 5, 6 and 13, and new notes (R26, R27, R32, R34)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from vault_maker import VaultMaker, item, record

from bridge.core.side import Edit, Outcome
from bridge.errors import ConfigError, VaultError
from bridge.vault import files, side
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


def test_an_unknown_item_shows_nothing(vault: VaultMaker) -> None:
    vault.make(record("A"))
    (vault.root / "Papers/@a.md").unlink()
    assert vault.side.look([item("A"), item("B")]) == {}

"""The bibliography beside the notes, through the real command and over HTTP."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import bibtexparser  # type: ignore[import-untyped]  # it comes without types
import pytest
from desk import Desk


@pytest.fixture
def writing(desk: Desk) -> Desk:
    """A desk with a bibliography."""
    configure(desk, "Writing/references.bib")
    return desk


def configure(desk: Desk, path: str) -> None:
    place = desk.vault / ".bridge" / "config.toml"
    text = place.read_text().partition("\n[bibliography]")[0]
    place.write_text(f'{text}\n[bibliography]\npath = "{path}"\n')


def entries(path: Path) -> dict[str, dict[str, str]]:
    read = bibtexparser.loads(path.read_text())
    return {found["ID"]: found for found in read.entries}


def sync(desk: Desk) -> dict[str, Any]:
    code, report = desk.sync()
    assert code == 0
    found: dict[str, Any] = report
    return found


def test_it_holds_every_paper_and_follows_them(writing: Desk) -> None:
    path = writing.vault / "Writing" / "references.bib"
    sync(writing)
    papers = writing.web.items()
    assert {found["title"].replace("{", "").replace("}", "") for found in entries(path).values()} == {
        data["title"] for data in papers.values()
    }
    (key, data), (other, gone), *_ = papers.items()
    writing.web.change(key, title="Another title")
    writing.web.trash(other)
    assert sync(writing)["indexes"]["written"] == 1
    found = entries(path)
    assert found[data["citationKey"]]["title"] == "Another title"
    assert gone["citationKey"] not in found
    assert len(found) == len(papers) - 1


def test_nothing_is_done_where_nothing_changed(writing: Desk) -> None:
    """Law 2: neither the file nor its date changes, and one request is all that is sent."""
    sync(writing)
    path = writing.vault / "Writing" / "references.bib"
    before = path.stat()
    assert sync(writing)["requests"] == 1
    after = path.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_somebody_elses_file_is_left_alone(writing: Desk) -> None:
    """Law 3: it is held, said once, and written as soon as the name is free."""
    path = writing.vault / "Writing" / "references.bib"
    path.parent.mkdir()
    path.write_text("@book{mine,\n  title = {Mine}\n}\n")
    told = writing.run("sync", "--once")
    assert (told.code, "not written by Bridge" in told.out) == (3, True)
    again = writing.run("sync", "--once")
    assert (again.code, "not written by Bridge" in again.out) == (3, False)
    assert path.read_text() == "@book{mine,\n  title = {Mine}\n}\n"
    path.rename(path.with_name("mine.bib"))
    sync(writing)
    assert len(entries(path)) == len(writing.web.items())


def test_what_was_written_into_ours_is_put_aside(writing: Desk) -> None:
    """Law 3: nobody's words are lost, and the file is true again."""
    sync(writing)
    path = writing.vault / "Writing" / "references.bib"
    ours = path.read_text()
    path.write_text(ours + "\n@book{mine,\n  title = {Mine}\n}\n")
    told = writing.run("sync", "--once")
    assert "references (edited).bib" in told.out
    assert path.read_text() == ours
    assert "mine" in entries(path.with_name("references (edited).bib"))


def test_a_deleted_file_comes_back_and_a_lost_state_knows_it(writing: Desk) -> None:
    """Law 11: with the state gone the file is known for ours by its first line."""
    sync(writing)
    path = writing.vault / "Writing" / "references.bib"
    ours = path.read_text()
    path.unlink()
    sync(writing)
    assert path.read_text() == ours
    shutil.rmtree(writing.state / "vaults")
    key, data = next(iter(writing.web.items().items()))
    writing.web.change(key, volume="77")
    sync(writing)
    assert entries(path)[data["citationKey"]]["volume"] == "77"
    assert not path.with_name("references (edited).bib").exists()


def test_csl_json_by_its_ending(writing: Desk) -> None:
    configure(writing, "references.json")
    sync(writing)
    found = json.loads((writing.vault / "references.json").read_text())
    assert [each["id"] for each in found] == sorted(data["citationKey"] for data in writing.web.items().values())


def test_a_dry_run_writes_none(writing: Desk) -> None:
    """Law 12."""
    writing.sync("--dry-run")
    assert not (writing.vault / "Writing").exists()


def test_two_papers_with_one_key_are_told_once(writing: Desk) -> None:
    (first, data), (second, _), *_ = writing.web.items().items()
    writing.web.change(second, citationKey=data["citationKey"])
    told = writing.run("sync", "--once")
    assert f"Citation keys {data['citationKey']} stand for several papers" in told.out
    assert f"Citation keys {data['citationKey']}" not in writing.run("sync", "--once").out
    assert first in writing.web.items()


def test_only_bib_and_json_are_known(writing: Desk) -> None:
    configure(writing, "references.docx")
    told = writing.run("sync", "--once")
    assert told.code == 1
    assert "references.bib" in told.err

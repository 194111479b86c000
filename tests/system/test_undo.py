"""A sync taken back: bytes and items as they were, edits since left alone and named, and nothing done again after."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from desk import Desk, quiet

from bridge.app import App, Order
from bridge.progress import for_stream


def items(desk: Desk) -> dict[str, dict[str, Any]]:
    """Every item as it is in Zotero, but for versions and dates."""
    return {
        key: {name: value for name, value in data.items() if name not in ("version", "dateModified")}
        for key, data in desk.web.items().items()
    }


def world(desk: Desk) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """All files of the vault and all items."""
    return {path: digest for path, digest in desk.bytes().items() if not path.startswith(".bridge/")}, items(desk)


def stands(desk: Desk, *, full: bool = False) -> None:
    """Nothing is done again, and nothing is undone, by the cycles that follow (law 2)."""
    before = world(desk), desk.stats()
    for _ in range(3):
        code, report = desk.sync()
        assert (code in (0, 3), quiet(report)) == (True, True), report
    if full:
        report = App.open(desk.vault).cycle(Order(full=True), for_stream(io.StringIO(), machine=True))
        assert not report.changed, report
    assert (world(desk), desk.stats()) == before


def undo(desk: Desk, *arguments: object) -> tuple[int, Any]:
    return desk.json("undo", *arguments, "--yes")


# --- every kind of change ---


def tags_in_the_note(desk: Desk) -> None:
    desk.edit("p1", "^  - own-1$", "  - own-1\n  - mine\n  - machine-made")


def a_tag_taken_out(desk: Desk) -> None:
    desk.edit("p1", "^  - Shared-Tag\n", "")


def a_status(desk: Desk) -> None:
    desk.edit("p1", "^status: .*$", "status: read")


def a_status_cleared(desk: Desk) -> None:
    desk.edit("p1", "^status: .*$", "status:")


def a_title(desk: Desk) -> None:
    desk.edit("p1", "^title: .*$", "title: Another Title")


def a_doi_cleared(desk: Desk) -> None:
    desk.edit("p1", "^doi: .*$", "doi:")


def collections(desk: Desk) -> None:
    desk.web.call("POST", "collections", [{"name": "Reading"}, {"name": "Later"}])
    desk.sync()
    desk.edit("p1", "^authors:$", "collections:\n  - Reading\n  - Later\nauthors:")


def own_fields(desk: Desk) -> None:
    config = desk.vault / ".bridge" / "config.toml"
    config.write_text(config.read_text() + '\n[fields]\nrating = "extra:Rating"\npages = "pages"\n')
    desk.sync()
    desk.edit("p1", "^title: ", "rating: 5\npages: 1-9\ntitle: ")


def links(desk: Desk) -> None:
    (desk.vault / "diary.md").write_bytes(b"See [[@p1]], [[@p1|it]] and [@p1; @p2].\r\n")
    (desk.vault / "board.canvas").write_text('{"nodes":[{"type":"file","file":"Papers/@p1.md"}],"edges":[]}')
    desk.edit("p2", "\\Z", "\nAs in [[@p1#Notes]].")
    desk.sync()


def a_citekey_in_zotero(desk: Desk) -> None:
    links(desk)
    desk.web.change(desk.keys["p1"], citationKey="renamed2024")


def a_citekey_in_the_note(desk: Desk) -> None:
    links(desk)
    desk.edit("p1", "^citekey: .*$", "citekey: renamed2024")


def a_citekey_in_extra(desk: Desk) -> None:
    links(desk)
    extra = desk.web.item(desk.keys["p1"])["extra"]
    desk.web.change(desk.keys["p1"], extra=f"Citation Key: p1\n{extra}")
    desk.sync()
    desk.edit("p1", "^citekey: .*$", "citekey: renamed2024")


def many_in_zotero(desk: Desk) -> None:
    key = desk.keys["p1"]
    desk.web.change(
        key,
        title="Theirs",
        date="1999",
        abstractNote="Another abstract.",
        DOI="",
        tags=[{"tag": "theirs"}, {"tag": "by machine", "type": 1}],
        creators=[{"creatorType": "author", "name": "Somebody Else"}],
        extra="Read_Status: Read\nRead_Status_Date: 2024-02-03T10:00:00Z",
    )


def trashed(desk: Desk) -> None:
    desk.web.trash(desk.keys["p1"])


def both_sides(desk: Desk) -> None:
    desk.web.change(desk.keys["p1"], url="https://theirs.example")
    desk.edit("p1", "^title: .*$", "title: Mine")


def a_put_back(desk: Desk) -> None:
    desk.edit("p1", "^year: .*$", "year: 1905")


KINDS = [
    tags_in_the_note,
    a_tag_taken_out,
    a_status,
    a_status_cleared,
    a_title,
    a_doi_cleared,
    collections,
    own_fields,
    a_citekey_in_zotero,
    a_citekey_in_the_note,
    a_citekey_in_extra,
    many_in_zotero,
    trashed,
    both_sides,
    a_put_back,
]


@pytest.mark.parametrize("change", KINDS)
def test_every_kind_of_change_is_taken_back_and_again(desk: Desk, change: Callable[[Desk], None]) -> None:
    change(desk)
    before = world(desk)
    code, report = desk.sync()
    assert code == 0
    assert not quiet(report)
    after = world(desk)
    code, report = undo(desk)
    assert (code, report["undo"]["left"]) == (0, []), report
    assert world(desk) == before
    stands(desk)
    number = report["undo"]["cycle"]
    code, report = undo(desk, number)
    assert (code, report["undo"]["left"]) == (0, []), report
    assert world(desk) == after
    stands(desk)
    assert undo(desk)[0] == 0  # the first is in force again, and so the last that can be undone
    assert world(desk) == before

"""What Bridge counts on in a server of the Zotero Web API, asked of the sandbox and of one by somebody else.

What only one of them does is not asked here but listed in ``test_server_differences.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

import pytest
from harnesses import ItemStore
from library_server import LIBRARY, LibraryServer

from bridge.core.record import ItemId, Value
from bridge.core.side import Edit
from bridge.core.status import StatusNames
from bridge.errors import ForbiddenError
from bridge.zotero.client import ZoteroClient
from bridge.zotero.mapping import Mapper, MappingRules
from bridge.zotero.pull import Pull
from bridge.zotero.side import ZoteroSide
from bridge.zotero.tree import CollectionTree
from bridge.zotero.writes import WriteResult

Differs = Callable[[str], None]


def received(pull: Pull) -> dict[str, dict[str, Any]]:
    return {one["key"]: one for page in pull.pages() for one in page}


def change(item: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"key": item["key"], "version": item["version"], **fields}


def written(client: ZoteroClient, *objects: dict[str, Any]) -> list[WriteResult]:
    return list(client.write_items(objects))


def statuses(results: Sequence[WriteResult]) -> list[str]:
    return [result.status for result in results]


# --- reading ------------------------------------------------------------------------------------------------------


def test_an_empty_library(client: ZoteroClient) -> None:
    pull = client.pull(0)
    assert received(pull) == {}
    assert pull.collections() == []
    assert pull.version == client.library_version()
    assert (client.versions(), client.top_level()) == ({}, 0)


def test_r16_the_whole_library_over_several_pages(server: LibraryServer, client: ZoteroClient) -> None:
    made = server.books(230)
    pull = client.pull(0)
    pages = list(pull.pages())
    assert [len(page) for page in pages] == [100, 100, 30]
    held = {one["key"]: one for page in pages for one in page}
    assert {key: one["version"] for key, one in held.items()} == client.versions()
    assert held.keys() == {one["key"] for one in made}
    assert pull.total == client.top_level() == 230
    assert pull.version == client.library_version()


def test_law_2_nothing_new_is_one_request(server: LibraryServer, client: ZoteroClient) -> None:
    server.books(3)
    pull = client.pull(0)
    received(pull)
    before = client.requests
    again = client.pull(pull.version)
    assert again.unchanged
    assert again.version == pull.version
    assert client.requests - before == 1


def test_since_shows_what_changed_and_no_more(server: LibraryServer, client: ZoteroClient) -> None:
    made = server.books(5)
    cursor = client.library_version()
    (result,) = written(client, change(made[2], title="Changed"))
    (new,) = server.books(1)
    pull = client.pull(cursor)
    held = received(pull)
    assert held.keys() == {made[2]["key"], new["key"]} == client.versions(cursor).keys()
    assert held[made[2]["key"]] == result.object
    assert pull.version == client.library_version() > cursor
    assert pull.collections() is None


def test_fetch_shows_the_named_and_leaves_out_the_gone(server: LibraryServer, client: ZoteroClient) -> None:
    made = server.books(60)
    server.erase(made[0]["key"])
    found = client.fetch([one["key"] for one in made])
    assert {one["key"] for one in found} == {one["key"] for one in made[1:]}


def test_law_9_the_trash_is_shown_and_is_no_deletion(server: LibraryServer, client: ZoteroClient) -> None:
    (book,) = server.books(1)
    cursor = client.library_version()
    (result,) = written(client, change(book, deleted=1))
    assert result.status == "applied"
    pull = client.pull(cursor)
    assert received(pull)[book["key"]]["data"]["deleted"] == 1
    assert pull.deleted_items == frozenset()
    assert client.top_level() == 0
    (trashed,) = client.fetch([book["key"]])
    (result,) = written(client, change(trashed, deleted=0))
    assert result.status == "applied"
    (back,) = client.fetch([book["key"]])
    assert not back["data"].get("deleted")


def test_the_erased_are_named_with_their_children(server: LibraryServer, client: ZoteroClient) -> None:
    book, other = server.books(2)
    (note,) = server.make({"itemType": "note", "note": "<p>x</p>", "parentItem": book["key"]})
    cursor = client.library_version()
    server.erase(book["key"])
    pull = client.pull(cursor)
    assert received(pull) == {}
    assert pull.deleted_items == {book["key"], note["key"]}
    assert client.versions().keys() == {other["key"]}


def test_r21_children_are_read_and_do_not_move_their_parent(server: LibraryServer, client: ZoteroClient) -> None:
    (book,) = server.books(1)
    cursor = client.library_version()
    attachment, note = server.make(
        {"itemType": "attachment", "linkMode": "linked_url", "url": "https://x.test/", "parentItem": book["key"]},
        {"itemType": "note", "note": "<p>x</p>", "parentItem": book["key"]},
    )
    held = received(client.pull(cursor))
    assert held.keys() == {attachment["key"], note["key"]}
    assert {one["data"]["parentItem"] for one in held.values()} == {book["key"]}


def test_r20_a_change_of_any_collection_shows_the_whole_tree(server: LibraryServer, client: ZoteroClient) -> None:
    (top,) = server.make({"name": "NLP"}, kind="collections")
    (sub,) = server.make({"name": "Transformers", "parentCollection": top["key"]}, kind="collections")
    (book,) = server.make({"itemType": "book", "title": "x", "collections": [sub["key"]]})
    pull = client.pull(0)
    assert received(pull)[book["key"]]["data"]["collections"] == [sub["key"]]
    tree = CollectionTree.build(pull.collections() or [])
    assert tree.path(sub["key"]) == "NLP/Transformers"
    # A renamed collection bumps itself alone.
    answer = server.send(
        "PATCH", f"collections/{top['key']}", {"name": "Text"}, If_Unmodified_Since_Version=top["version"]
    )
    assert answer.status_code == 204
    again = client.pull(pull.version)
    assert received(again) == {}
    assert CollectionTree.build(again.collections() or []).path(sub["key"]) == "Text/Transformers"


def test_an_erased_collection_is_named(server: LibraryServer, client: ZoteroClient) -> None:
    top, other = server.make({"name": "A"}, {"name": "B"}, kind="collections")
    cursor = client.library_version()
    server.erase(top["key"], kind="collections")
    pull = client.pull(cursor)
    assert received(pull) == {}
    assert pull.deleted_collections == {top["key"]}
    assert [one["key"] for one in pull.collections() or []] == [other["key"]]


def test_r20_members_leave_an_erased_collection(server: LibraryServer, client: ZoteroClient, differs: Differs) -> None:
    differs("members of an erased collection go on naming it")
    top, other = server.make({"name": "A"}, {"name": "B"}, kind="collections")
    (book,) = server.make({"itemType": "book", "title": "x", "collections": [top["key"], other["key"]]})
    server.erase(top["key"], kind="collections")
    (now,) = client.fetch([book["key"]])
    assert now["data"]["collections"] == [other["key"]]


def test_r17_a_cursor_from_the_future_is_a_library_gone_back(server: LibraryServer, client: ZoteroClient) -> None:
    server.books(1)
    assert client.pull(client.library_version() + 100).backwards


def test_r16_a_key_made_again_is_no_longer_erased(
    server: LibraryServer, client: ZoteroClient, differs: Differs
) -> None:
    differs("a key that is made again stays in the log of deletions")
    (book,) = server.books(1)
    cursor = client.library_version()
    server.erase(book["key"])
    server.make({"itemType": "book", "title": "Again", "key": book["key"], "version": 0})
    pull = client.pull(cursor)
    assert received(pull)[book["key"]]["data"]["title"] == "Again"
    assert pull.deleted_items == frozenset()


# --- writing ------------------------------------------------------------------------------------------------------


def test_law_7_every_object_of_a_batch_has_its_own_version(server: LibraryServer, client: ZoteroClient) -> None:
    made = server.books(5)
    cursor = client.library_version()
    results = written(client, *(change(one, title=f"New {one['key']}") for one in made))
    assert statuses(results) == ["applied"] * 5
    held = received(client.pull(cursor))
    assert held == {result.key: result.object for result in results}


def test_law_6_a_stale_write_changes_nothing_and_stops_nobody(server: LibraryServer, client: ZoteroClient) -> None:
    first, second = server.books(2)
    with server.client() as somebody:
        written(somebody, change(first, title="somebody else's"))
    results = written(client, change(first, title="mine"), change(second, title="mine"))
    assert statuses(results) == ["stale", "applied"]
    assert server.item(first["key"])["data"]["title"] == "somebody else's"
    assert server.item(second["key"])["data"]["title"] == "mine"


def test_a_half_successful_batch(server: LibraryServer, client: ZoteroClient) -> None:
    made = server.books(5)
    with server.client() as somebody:
        written(somebody, change(made[1], title="somebody else's"))
    results = written(
        client,
        change(made[0], title="half 0"),
        change(made[1], title="half 1"),
        change(made[2], tags=[{"tag": "x" * 300}]),
        {"key": "ZZZZ9999", "version": 3, "title": "gone"},
        change(made[3], title="half 4"),
    )
    assert statuses(results) == ["applied", "stale", "refused", "missing", "applied"]
    assert all(result.message for result in results[1:4])
    titles = [server.item(one["key"])["data"]["title"] for one in made]
    assert titles == ["half 0", "somebody else's", "Book 2", "half 4", "Book 4"]


@pytest.mark.parametrize("wrong", [{"collections": ["ZZZZ9999"]}, {"nonsense": "x"}])
def test_an_object_refused_for_what_it_holds_stops_nobody(
    server: LibraryServer, client: ZoteroClient, differs: Differs, wrong: dict[str, Any]
) -> None:
    if "nonsense" in wrong:
        differs("properties that no item has are stored")
    else:
        differs("one missing collection refuses the whole batch, and the report does not say for which object")
    first, second = server.books(2)
    results = written(client, change(first, **wrong), change(second, title="mine"))
    assert statuses(results) == ["refused", "applied"]
    assert results[0].message
    assert server.item(first["key"]) == first


def test_what_is_not_sent_stays_and_what_is_empty_goes(server: LibraryServer, client: ZoteroClient) -> None:
    (book,) = server.make(
        {
            "itemType": "book",
            "title": "A Book",
            "url": "https://x.test/",
            "language": "en",
            "extra": "kept",
            "tags": [{"tag": "one"}, {"tag": "two"}],
            "creators": [{"creatorType": "author", "firstName": "Ada", "lastName": "Lovelace"}],
        }
    )
    (result,) = written(client, change(book, url="", tags=[{"tag": "three"}]))
    assert result.object is not None
    data = result.object["data"]
    assert data["url"] == ""
    assert data["tags"] == [{"tag": "three"}]
    for name in ("title", "language", "extra", "creators", "dateAdded", "collections", "relations"):
        assert data.get(name) == book["data"].get(name)
    # Another server may answer a write without the whole `meta`; it is read again anyway.
    assert server.item(book["key"])["data"] == data


@pytest.mark.parametrize(
    "extra",
    [
        "Citation Key: lovelace1843\nRead_Status: In Progress\nRead_Status_Date: 2026-01-02T03:04:05Z",
        "tex.note: {\\em x} & <b>y</b> \"z\" 'w'",
        "two  spaces, a\ttab, trailing space \n\n\n  indented after blank lines\nend",
        "ünïcödé 漢字 😀 e\u0301 \u00a0no-break\u00a0space",
        "not: a: line\n:\n: x\n---\n%% bridge:begin %%\nend",
    ],
)
def test_r18_extra_stays_byte_for_byte(server: LibraryServer, client: ZoteroClient, extra: str) -> None:
    (book,) = server.books(1)
    (result,) = written(client, change(book, extra=extra))
    assert result.object is not None
    assert result.object["data"]["extra"] == extra
    assert server.item(book["key"])["data"]["extra"] == extra


def test_r9_tags_keep_their_type_and_their_text(server: LibraryServer, client: ZoteroClient) -> None:
    (book,) = server.books(1)
    tags = [{"tag": "Digital Twin"}, {"tag": "Digital twin"}, {"tag": "automatic", "type": 1}, {"tag": "a/b #c 漢"}]
    (result,) = written(client, change(book, tags=tags))
    assert result.object is not None
    by_text = {one["tag"]: one.get("type", 0) for one in result.object["data"]["tags"]}
    assert by_text == {"Digital Twin": 0, "Digital twin": 0, "automatic": 1, "a/b #c 漢": 0}
    (result,) = written(client, change(result.object, tags=[{"tag": "automatic"}]))
    assert result.object is not None
    assert result.object["data"]["tags"] == [{"tag": "automatic"}]


def test_law_2_what_changes_nothing_moves_no_item(server: LibraryServer, client: ZoteroClient) -> None:
    (book,) = server.books(1)
    results = written(client, change(book, title="Book 0"))
    assert statuses(results) == ["unchanged"]
    assert server.item(book["key"]) == book


def test_many_edits_go_in_full_batches(server: LibraryServer, client: ZoteroClient) -> None:
    made = server.books(120)
    before = client.requests
    results = written(client, *(change(one, title=f"New {one['key']}") for one in made))
    assert statuses(results) == ["applied"] * 120
    assert client.requests - before == 3
    assert {one["data"]["title"] for one in received(client.pull(0)).values()} == {f"New {one['key']}" for one in made}


def test_r19_a_date_modified_that_is_sent_is_kept(server: LibraryServer, client: ZoteroClient) -> None:
    (book,) = server.make(
        {"itemType": "book", "dateAdded": "2020-01-01T00:00:00Z", "dateModified": "2020-01-01T00:00:00Z"}
    )
    (result,) = written(client, change(book, title="x", dateModified="2020-01-01T00:00:01Z"))
    assert result.object is not None
    assert result.object["data"]["dateModified"] == "2020-01-01T00:00:01Z"
    (result,) = written(client, change(result.object, title="y"))
    assert result.object is not None
    assert result.object["data"]["dateModified"] > "2026"


@pytest.mark.parametrize("kind", ["book", "journalArticle", "preprint", "webpage", "statute", "podcast"])
def test_r11_every_type_takes_a_citation_key(server: LibraryServer, client: ZoteroClient, kind: str) -> None:
    (item,) = server.make({"itemType": kind})
    (result,) = written(client, change(item, citationKey="lovelace1843"))
    assert result.object is not None
    assert result.object["data"]["citationKey"] == "lovelace1843"


# --- rights -------------------------------------------------------------------------------------------------------


def test_r23_the_rights_of_keys(server: LibraryServer) -> None:
    with server.client() as client:
        assert client.key_info().user == 1
        rights = client.rights()
        assert (rights.read, rights.write, rights.notes) == (True, True, True)
    reader = server.make_key({"user": {"library": True, "notes": False, "write": False}})
    (book,) = server.books(1)
    with server.client(key=reader) as client:
        rights = client.rights()
        assert (rights.read, rights.write, rights.notes) == (True, False, False)
        assert received(client.pull(0)).keys() == {book["key"]}
        with pytest.raises(ForbiddenError):
            written(client, change(book, title="x"))
    assert server.item(book["key"]) == book


def test_r23_a_wrong_key_is_refused(server: LibraryServer) -> None:
    with server.client(key="x" * 24) as client:
        with pytest.raises(ForbiddenError):
            client.rights()
        with pytest.raises(ForbiddenError):
            client.pull(0)


@pytest.mark.parametrize(
    ("editing", "role", "write"),
    [("members", "member", True), ("admins", "member", False), ("admins", "admin", True)],
)
def test_r23_the_role_in_a_group(server: LibraryServer, differs: Differs, editing: str, role: str, write: bool) -> None:
    if write:
        differs("a group's metadata names neither its members nor its admins, so the library counts as read-only")
    library = server.make_group(editing=editing, role=role)
    with server.client(library) as client:
        rights = client.rights()
        assert (rights.read, rights.write) == (True, write)
        assert client.versions() == {}


# --- as a side of the sync ------------------------------------------------------------------------------------------


def test_an_edit_of_every_two_way_field_goes_out_and_shows_in_the_next_look(
    server: LibraryServer, client: ZoteroClient
) -> None:
    (place,) = server.make({"name": "NLP"}, kind="collections")
    (book,) = server.make({"itemType": "book", "title": "A Book", "extra": "first line\nlast line"})
    pull = client.pull(0)
    store = ItemStore()
    store.put_items(LIBRARY, list(received(pull).values()))
    rules = MappingRules(status=StatusNames(), zone=UTC, custom={"rating": "extra:Rating"})
    mapper = Mapper(LIBRARY, rules, CollectionTree.build(pull.collections() or []))
    side = ZoteroSide(client, mapper, store, client.rights())
    id_ = ItemId(LIBRARY, book["key"])
    wanted: dict[str, Value] = {
        "title": "Another Title",
        "citekey": "book2026",
        "status": "read",
        "status-date": "2026-02-03",
        "tags": ("one", "two words"),
        "doi": "10.1000/xyz",
        "url": "https://x.test/",
        "collections": ("NLP",),
        "rating": "5",
    }
    (outcome,) = side.apply([Edit(id_, str(book["version"]), wanted)])
    assert (outcome.result, outcome.reason) == ("applied", "")
    seen = side.look([id_])[id_]
    assert seen == outcome.record
    assert sorted(seen.face["tags"]) == ["one", "two words"]
    assert {name: seen.face[name] for name in wanted} == wanted | {"tags": seen.face["tags"]}
    data = server.item(book["key"])["data"]
    assert data["collections"] == [place["key"]]
    lines = data["extra"].splitlines()
    assert [lines[0], lines[1]] == ["first line", "last line"]
    # The version of before is spent; the present one is good for another edit.
    (stale,) = side.apply([Edit(id_, str(book["version"]), {"title": "Once More"})])
    (fresh,) = side.apply([Edit(id_, seen.token, {"title": "Once More"})])
    assert (stale.result, fresh.result) == ("stale", "applied")
    # Nothing to change: nothing is sent.
    before = client.requests
    assert fresh.record is not None
    (outcome,) = side.apply([Edit(id_, fresh.record.token, {"title": "Once More", "tags": ("two words", "one")})])
    assert outcome.result == "applied"
    assert client.requests == before

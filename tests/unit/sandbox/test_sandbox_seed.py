"""The demo library and the bulk one, and pyzotero as a client of both."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pyzotero import zotero

from bridge.data import schema
from bridge.sandbox.seed import seed_bulk
from bridge.sandbox.server import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("demo"), seed="demo") as server:
        yield server


@pytest.fixture(scope="module")
def items(demo: SandboxServer) -> list[dict[str, Any]]:
    rows = demo.store.db.execute("SELECT data FROM objects WHERE kind = 'item' ORDER BY version").fetchall()
    import json

    return [json.loads(row[0]) for row in rows]


def papers(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in items if schema().types[one["itemType"]].regular]


def test_the_demo_has_132_papers_with_every_trap(items: list[dict[str, Any]]) -> None:
    found = papers(items)
    assert len(found) == 132
    status = Counter(
        match[1] for one in found if (match := re.search(r"^Read_Status: (.+)$", one["extra"], re.MULTILINE))
    )
    assert set(status) == {"New", "To Read", "In Progress", "Read", "Not Reading"}
    assert sum(bool(one["citationKey"]) for one in found) == 120
    assert sum("Citation Key:" in one["extra"] for one in found) == 5
    assert sum("tex." in one["extra"] for one in found) > 5
    assert sum(bool(one["abstractNote"]) for one in found) == 32
    tags = Counter(tag["tag"] for one in found for tag in one["tags"])
    assert {"C++", "Naïve Bayes", "État de l'art", "Mechanistic Interpretability", "chain of thought"} <= set(tags)
    assert any({"Digital Twin", "Digital twin"} <= {t["tag"] for t in one["tags"]} for one in found)
    assert any(tag.get("type") == 1 for one in found for tag in one["tags"])
    assert len({one["dateAdded"][:10] for one in found}) > 60
    assert all(one["collections"] for one in found)
    kinds = Counter(one["itemType"] for one in items)
    assert min(kinds["note"], kinds["annotation"]) > 15
    marks = Counter(one["annotationType"] for one in items if one["itemType"] == "annotation")
    assert set(marks) == {"highlight", "underline", "note", "image", "ink"}
    assert {one["linkMode"] for one in items if one["itemType"] == "attachment"} == {"imported_url", "linked_url"}
    abstracts = "".join(one["abstractNote"] for one in found)
    assert all(trap in abstracts for trap in ("\n---\n", "%%", "[[", "`", "<i>", "<!--"))


def test_the_demo_is_the_same_every_time(tmp_path: Path, demo: SandboxServer) -> None:
    again = SandboxServer(tmp_path, seed="demo")
    read = "SELECT kind, key, version, data FROM objects ORDER BY id"
    assert again.store.db.execute(read).fetchall() == demo.store.db.execute(read).fetchall()
    again.stop()


def test_collections_of_the_demo_make_a_tree_with_slashes_in_names(demo: SandboxServer) -> None:
    headers = {"Zotero-API-Key": demo.key}
    found = httpx2.get(f"{demo.url}/users/1/collections?limit=100", headers=headers).json()
    names = {one["key"]: one["data"]["name"] for one in found}
    assert all(one["data"]["parentCollection"] in {False, *names} for one in found)
    assert any("/" in name for name in names.values()), "R20"
    assert any(one["data"]["parentCollection"] for one in found)


def test_bulk_items_are_varied_valid_and_the_same_every_time(tmp_path: Path) -> None:
    texts = []
    for run in ("one", "two"):
        server = SandboxServer(tmp_path / run)
        seed_bulk(server.store, 300)
        texts.append(server.store.db.execute("SELECT key, version, data FROM objects").fetchall())
        server.stop()
    assert texts[0] == texts[1]
    assert len({row[0] for row in texts[0]}) == 340
    with SandboxServer(tmp_path / "one") as server:
        headers = {"Zotero-API-Key": server.key}
        top = httpx2.get(f"{server.url}/users/1/items/top?limit=100", headers=headers)
        assert top.headers["Total-Results"] == "300"
        batch = top.json()[:50]
        report = httpx2.post(f"{server.url}/users/1/items", json=batch, headers=headers).json()
        assert len(report["unchanged"]) == 50, "they are as validation would leave them"


def test_pyzotero_reads_and_writes_it(demo: SandboxServer) -> None:
    client = zotero.Zotero("1", "user", demo.key)
    client.endpoint = demo.url
    assert len(client.everything(client.top(limit=100))) == 133
    assert len(client.item_versions()) == 322
    template = client.item_template("journalArticle")
    template["title"] = "From pyzotero"
    made = client.create_items([template])["successful"]["0"]
    made["data"]["title"] = "Changed"
    assert client.update_item(made["data"])
    seen = client.item(made["key"])
    assert (seen["data"]["title"], seen["version"] > made["version"]) == ("Changed", True)
    client.addto_collection(client.collections()[0]["key"], seen)
    assert client.delete_item(client.item(made["key"]))
    assert made["key"] in client.deleted(since=0)["items"]
    assert "C++" in client.everything(client.tags(limit=100))
    assert client.key_info()["userID"] == 1

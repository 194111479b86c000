"""Reading: what lists hold, how they are paged, and when nothing has changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox_api import Api


def keys(response: Any) -> list[str]:
    return [one["key"] for one in response.json()]


def many(api: Api, count: int) -> list[str]:
    made: list[str] = []
    for first in range(0, count, 50):
        titles = range(first, min(first + 50, count))
        report = api.post(*({"itemType": "book", "title": f"{n:03d}"} for n in titles))
        made += report["success"].values()
    return made


# --- paging -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "got"), [("", 25), ("10", 10), ("100", 100), ("1000", 100), ("0", 25), ("-1", 25), ("x", 25)]
)
def test_a_page_has_25_objects_by_default_and_100_at_most(api: Api, limit: str, got: int) -> None:
    many(api, 110)
    response = api.get(f"items?limit={limit}" if limit else "items")
    assert (len(response.json()), response.headers["Total-Results"]) == (got, "110")


def test_following_next_gives_every_object_once_and_keeps_the_parameters_but_no_key(api: Api) -> None:
    made = many(api, 110)
    seen: list[str] = []
    url = f"/{api.library}/items?limit=40&sort=title&key={api.server.key}&since=0"
    while url:
        response = api.client.get(url)
        seen += keys(response)
        url = response.links.get("next", {}).get("url", "")
        assert "key=" not in url
        assert not url or "since=0" in url
    assert seen == made
    assert api.server.requests.count("GET", "/items") == 3


def test_links_lead_first_prev_next_last(api: Api) -> None:
    many(api, 50)
    links = api.get("items?limit=20&start=20").links
    starts = {rel: links[rel]["url"].partition("start=")[2] for rel in ("first", "prev", "next", "last")}
    assert starts == {"first": "", "prev": "", "next": "40", "last": "40"}
    assert links["alternate"]["url"].startswith("https://www.zotero.org/")


def test_four_pages_at_a_time_give_every_object_once(api: Api) -> None:
    made = many(api, 120)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda start: keys(api.get(f"items?limit=10&start={start}")), range(0, 120, 10)))
    assert sorted(key for page in pages for key in page) == sorted(made)


def test_formats_keys_and_versions_have_no_limit(api: Api) -> None:
    made = many(api, 110)
    assert len(api.get("items?format=versions").json()) == 110
    lines = api.get("items?format=keys")
    assert sorted(lines.text.split()) == sorted(made)
    assert lines.headers["Content-Type"].startswith("text/plain")
    assert len(api.get("items?format=keys&limit=7").text.split()) == 7


@pytest.mark.parametrize("query", ["format=bibtex", "content=json", "format=atom", "sort=nonsense"])
def test_what_the_sandbox_does_not_serve_is_refused(api: Api, query: str) -> None:
    assert api("GET", f"items?{query}").status_code == 400


# --- versions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["items", "collections", "searches"])
def test_since_gives_what_is_newer(api: Api, kind: str) -> None:
    def make() -> dict[str, Any]:
        return api.collection("c") if kind == "collections" else api.search() if kind == "searches" else api.make()

    first, second, third = make(), make(), make()
    found = api.get(f"{kind}?since={first['version']}&format=versions").json()
    assert found == {second["key"]: second["version"], third["key"]: third["version"]}
    assert api("GET", f"{kind}?since=abc").status_code == 400


@pytest.mark.parametrize("kind", ["items", "items/top", "collections", "searches", "tags", "settings"])
def test_a_list_without_news_answers_304(api: Api, kind: str) -> None:
    api.make(tags=[{"tag": "t"}])
    now = api.version
    assert api("GET", kind, If_Modified_Since_Version=now).status_code == 304
    api.make()
    assert api("GET", kind, If_Modified_Since_Version=now).status_code == 200


def test_single_objects_and_the_delete_log_never_answer_304(api: Api) -> None:
    made = api.make()
    for path in (f"items/{made['key']}", "deleted?since=0"):
        assert api("GET", path, If_Modified_Since_Version=api.version).status_code == 200


def test_lists_bear_the_librarys_version_and_single_objects_their_own(api: Api) -> None:
    first, second = api.make(), api.make()
    assert api.get(f"items/{first['key']}").headers["Last-Modified-Version"] == str(first["version"])
    assert api.get("items").headers["Last-Modified-Version"] == str(second["version"])


# --- which items ------------------------------------------------------------------------------------------------


def test_the_trash_is_hidden_even_from_since_and_key_lists_unless_asked_for(api: Api) -> None:
    kept, gone = api.make(), api.make()
    child = api.make("note", note="n", parentItem=gone["key"])
    before = api.version
    api.post({"key": gone["key"], "version": gone["version"], "deleted": 1})
    both = f"{kept['key']},{gone['key']}"
    assert keys(api.get(f"items?itemKey={both}")) == [kept["key"]]
    assert api.get(f"items?since={before}&format=versions").json() == {}
    found = api.get(f"items?since={before}&includeTrashed=1").json()
    assert [(one["key"], one["data"]["deleted"]) for one in found] == [(gone["key"], 1)]
    assert keys(api.get("items/trash")) == [gone["key"]]
    assert child["key"] in keys(api.get("items")), "children of a trashed parent stay visible"
    assert api.get("deleted?since=0").json()["items"] == []


def test_key_lists_drop_malformed_keys_silently_and_can_keep_the_order_asked_for(api: Api) -> None:
    first, second = api.make(), api.make()
    asked = f"{second['key']},oops,{first['key']},"
    assert keys(api.get(f"items?itemKey={asked}&order=itemKeyList")) == [second["key"], first["key"]]
    assert api.get("items?itemKey=oops").json() == []


def test_places_of_the_tree(api: Api) -> None:
    upper = api.collection("Upper")
    lower = api.collection("Lower", upper["key"])
    paper = api.make(collections=[upper["key"]])
    note = api.make("note", note="n", parentItem=paper["key"])
    other = api.make(collections=[lower["key"]])
    assert set(keys(api.get("items/top"))) == {paper["key"], other["key"]}
    assert keys(api.get(f"items/{paper['key']}/children")) == [note["key"]]
    assert set(keys(api.get(f"collections/{upper['key']}/items"))) == {paper["key"], note["key"]}
    assert keys(api.get(f"collections/{upper['key']}/items/top")) == [paper["key"]]
    assert keys(api.get("collections/top")) == [upper["key"]]
    assert keys(api.get(f"collections/{upper['key']}/collections")) == [lower["key"]]
    assert api.get(f"collections/{upper['key']}").json()["meta"] == {"numCollections": 1, "numItems": 1}
    assert api("GET", "collections/AAAAAAAA/items").status_code == 404


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("tag=alpha", "ab"),
        ("tag=ALPHA", "ab"),
        ("tag=alpha&tag=beta gamma", "b"),
        ("tag=alpha || delta", "abc"),
        ("tag=-alpha", "c"),
        ("itemType=journalArticle", "b"),
        ("itemType=-book", "b"),
        ("itemType=book || journalArticle", "abc"),
        ("q=Zhang", "a"),
        ("q=a&qmode=titleCreatorYear", "a"),
        ("q=needle&qmode=everything", "c"),
        ("sort=title&direction=desc", "cba"),
    ],
)
def test_filters_and_orders(api: Api, query: str, titles: str) -> None:
    api.make(title="a", tags=[{"tag": "alpha"}], creators=[{"creatorType": "author", "name": "Zhang"}])
    api.make("journalArticle", title="b", tags=[{"tag": "alpha"}, {"tag": "beta gamma"}])
    api.make(title="c", tags=[{"tag": "delta"}], extra="a needle")
    found = [one["data"]["title"] for one in api.get(f"items?{query}").json()]
    assert (found if "sort" in query else sorted(found)) == list(titles)


# --- what an item shows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "parsed"),
    [
        ("Sept 18, 2012", "2012-09-18"),
        ("Sept 2012", "2012-09"),
        ("2012", "2012"),
        ("2017-06-12", "2017-06-12"),
        ("n.d.", None),
    ],
)
def test_meta_has_the_parsed_date(api: Api, date: str, parsed: str | None) -> None:
    shown = api.make(date=date)
    assert shown["data"]["date"] == date
    assert shown["meta"].get("parsedDate") == parsed


def test_meta_and_links_tell_of_authors_children_files_and_parents(api: Api) -> None:
    names = [{"creatorType": "author", "firstName": "A", "lastName": n} for n in ("Vaswani", "Shazeer", "Parmar")]
    paper = api.make(creators=names)
    assert paper["meta"] == {"creatorSummary": "Vaswani et al.", "numChildren": 0}
    file = api.make(
        "attachment", linkMode="imported_url", parentItem=paper["key"], contentType="application/pdf", filename="a.pdf"
    )
    seen = api.get(f"items/{paper['key']}").json()
    assert (seen["meta"]["numChildren"], seen["version"]) == (1, paper["version"]), "the parent is not bumped (R21)"
    assert seen["links"]["attachment"]["href"].endswith(file["key"])
    assert seen["links"]["attachment"]["attachmentType"] == "application/pdf"
    assert file["links"]["up"]["href"].endswith(paper["key"])
    assert paper["library"] == {
        "type": "user",
        "id": 1,
        "name": "Sandbox",
        "links": {"alternate": {"href": f"{api.server.url}/sandbox", "type": "text/html"}},
    }
    assert list(file["data"]).index("linkMode") < list(file["data"]).index("filename")


def test_a_title_in_a_field_of_its_own_sorts_and_counts_as_title(api: Api) -> None:
    """R14."""
    api.make("case", caseName="Beta v. Gamma", dateDecided="1999-05")
    api.make("statute", nameOfAct="Alpha Act")
    found = api.get("items?sort=title").json()
    assert [one["data"]["itemType"] for one in found] == ["statute", "case"]
    assert found[1]["meta"]["parsedDate"] == "1999-05"


# --- tags, log, types -------------------------------------------------------------------------------------------


def test_tags_are_listed_by_name_and_type_with_their_items(api: Api) -> None:
    first = api.make(tags=[{"tag": "b"}, {"tag": "Straße 1", "type": 1}])
    at = api.version
    api.make(tags=[{"tag": "b", "type": 1}, {"tag": "new"}])
    found = [(t["tag"], t["meta"]["type"], t["meta"]["numItems"]) for t in api.get("tags").json()]
    assert found == [("b", 0, 1), ("b", 1, 1), ("new", 0, 1), ("Straße 1", 1, 1)]
    assert [t["tag"] for t in api.get(f"items/{first['key']}/tags").json()] == ["b", "Straße 1"]
    assert [t["tag"] for t in api.get(f"tags?since={at}").json()] == ["b", "new"]
    assert len(api.get("tags/Straße 1").json()) == 1
    assert api("GET", "tags/none").status_code == 404


def test_tags_of_some_items(api: Api) -> None:
    shelf = api.collection("c")["key"]
    paper = api.make(title="Foo", collections=[shelf], tags=[{"tag": "a"}, {"tag": "ab"}])
    api.make("note", note="<p>Words</p>", parentItem=paper["key"], tags=[{"tag": "e"}])
    api.make(title="Bar", tags=[{"tag": "b"}])
    asked = {
        "items/tags": "a ab b e",
        "items/top/tags": "a ab b",
        "items/tags?itemQ=foo": "a ab",
        "items/tags?itemQ=words": "e",
        "items/tags?itemTag=a": "a ab",
        "items/tags?itemTag=a&itemTag=b": "",
        f"collections/{shelf}/items/tags": "a ab e",
        f"collections/{shelf}/items/top/tags": "a ab",
        "tags?tag=a || b": "a b",
        "tags?q=b": "ab b",
        "tags?q=a&qmode=startswith": "a ab",
    }
    found = {path: " ".join(t["tag"] for t in api.get(path).json()) for path in asked}
    assert found == asked


def test_the_delete_log_needs_since(api: Api) -> None:
    assert api("GET", "deleted").status_code == 400


def test_every_type_has_its_template_and_every_template_can_be_saved(api: Api) -> None:
    types = [one["itemType"] for one in api.client.get("/itemTypes").json()]
    templates = [api.client.get(f"/items/new?itemType={name}&linkMode=linked_url").json() for name in types]
    assert len(templates) == 39
    report = api.post(*templates)
    assert (len(report["success"]), report["failed"]) == (39, {})
    fields = api.client.get("/itemTypeFields?itemType=journalArticle").json()
    assert {"field": "citationKey", "localized": "Citation Key"} in fields
    roles = api.client.get("/itemTypeCreatorTypes?itemType=film").json()
    assert roles[0] == {"creatorType": "director", "localized": "Director", "primary": True}
    assert len(api.client.get("/creatorFields").json()) == 3
    assert {"field": "title", "localized": "Title"} in api.client.get("/itemFields").json()
    assert api.client.get("/schema").json()["version"] >= 34
    assert api.client.get("/items/new?itemType=nonsense").status_code == 400

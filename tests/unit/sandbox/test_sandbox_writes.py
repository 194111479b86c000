"""Writing: preconditions, versions, batches that half succeed, and what the server makes of what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox_api import Api

KINDS = ("items", "collections", "searches")


def body(kind: str, **more: Any) -> dict[str, Any]:
    condition = {"condition": "title", "operator": "contains", "value": "x"}
    plain: dict[str, dict[str, Any]] = {
        "items": {"itemType": "book", "tags": [], "collections": [], "relations": {}},
        "collections": {"name": "n"},
        "searches": {"name": "n", "conditions": [condition]},
    }
    return {**plain[kind], **more}


# --- versions ---------------------------------------------------------------------------------------------------


def test_a_new_library_starts_at_version_1(api: Api) -> None:
    address = api.server.add_group(901, "New", role="owner")
    response = api.client.get(f"/{address}/items")
    assert response.headers["Last-Modified-Version"] == "1"


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_of_a_batch_gets_its_own_version(api: Api, kind: str) -> None:
    before = api.version
    response = api("POST", kind, [body(kind)] * 3)
    report = response.json()
    assert [report["successful"][i]["version"] for i in "012"] == [before + 1, before + 2, before + 3]
    assert [report["successful"][i]["data"]["version"] for i in "012"] == [before + 1, before + 2, before + 3]
    assert response.headers["Last-Modified-Version"] == str(before + 3)


def test_another_writer_can_come_in_between_the_objects_of_a_batch(api: Api) -> None:
    """Only the first object is checked against the library, and the answer's version hides the other's edit (R16)."""
    theirs = api.make(title="old")
    before = api.version
    api.server.faults.add("interleave", key=theirs["key"], changes={"title": "theirs"}, method="POST")
    response = api("POST", "items", [body("items")] * 3, If_Unmodified_Since_Version=before)
    versions = [response.json()["successful"][i]["version"] for i in "012"]
    assert versions == [before + 1, before + 3, before + 4]
    assert response.headers["Last-Modified-Version"] == str(before + 4)
    assert response.json()["failed"] == {}
    changed = api.get(f"items?since={before}&format=versions").json()
    assert changed[theirs["key"]] == before + 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_that_changes_nothing_keeps_the_objects_version_and_bumps_the_library(api: Api, kind: str) -> None:
    made = api.post(body(kind), kind=kind)["successful"]["0"]
    report = api.post(made, kind=kind)
    assert (report["unchanged"], report["successful"], report["success"]) == ({"0": made["key"]}, {}, {})
    assert api.version == made["version"] + 1
    again = api("PATCH", f"{kind}/{made['key']}", {}, If_Unmodified_Since_Version=made["version"])
    assert (again.status_code, again.headers["Last-Modified-Version"]) == (204, str(made["version"]))
    assert api.version == made["version"] + 2


def test_a_failed_object_leaves_no_trace_in_the_version(api: Api) -> None:
    before = api.version
    report = api.post({"itemType": "nonsense"})
    assert (report["failed"]["0"]["code"], api.version) == (400, before)


# --- preconditions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_single_writes_and_their_versions(api: Api, kind: str, method: str) -> None:
    made = api.post(body(kind), kind=kind)["successful"]["0"]
    path, field = f"{kind}/{made['key']}", "title" if kind == "items" else "name"
    at = made["version"]

    def write(json_version: int | None, header: int | None, text: str) -> tuple[int, str | None]:
        given = body(kind, **{field: text}, **({} if json_version is None else {"version": json_version}))
        headers = {} if header is None else {"If_Unmodified_Since_Version": header}
        response = api(method, path, given, **headers)
        return response.status_code, response.headers.get("Last-Modified-Version")

    assert write(None, None, "a") == (428, None)
    assert write(at, at - 1, "a") == (400, None)
    assert write(None, at - 1, "a") == (412, str(at))
    assert write(0, None, "a") == (412, str(at))
    assert write(None, at, "a") == (204, str(at + 1))
    assert write(at + 1, None, "b") == (204, str(at + 2))
    assert write(at + 2, at + 2, "c") == (204, str(at + 3))
    assert write(None, at + 1000, "d") == (204, str(at + 4)), "a version still to come is accepted"


@pytest.mark.parametrize("kind", KINDS)
def test_single_writes_to_a_missing_object(api: Api, kind: str) -> None:
    def write(method: str, key: str, **headers: Any) -> int:
        return int(api(method, f"{kind}/{key}", body(kind), **headers).status_code)

    assert write("PATCH", "AAAAAAAA") == 404
    assert write("PATCH", "AAAAAAAA", If_Unmodified_Since_Version=123) == 404
    assert write("PUT", "AAAAAAAA", If_Unmodified_Since_Version=123) == 412
    assert write("PATCH", "AAAAAAAA", If_Unmodified_Since_Version=0) == 204
    assert write("PUT", "BBBBBBBB") == 204


def test_a_stale_library_refuses_the_whole_batch_without_a_version(api: Api) -> None:
    old = api.version
    api.make()
    response = api("POST", "items", [body("items")], If_Unmodified_Since_Version=old)
    assert (response.status_code, "Last-Modified-Version" in response.headers) == (412, False)
    assert response.headers["Content-Type"].startswith("text/html")
    assert len(api.get("items").json()) == 1


@pytest.mark.parametrize(
    ("exists", "version", "code"),
    [(True, None, 428), (True, 0, 412), (True, -1, 412), (False, None, 428), (False, 5, 404), (False, 0, None)],
)
def test_keyed_objects_of_a_batch_without_the_header(
    api: Api, exists: bool, version: int | None, code: int | None
) -> None:
    made = api.make()
    key = made["key"] if exists else "AAAAAAAA"
    named = {} if version is None else {"version": made["version"] - 1 if version == -1 else version}
    report = api.post({"key": key, "itemType": "book", "title": "x", **named})
    assert report["failed"].get("0", {}).get("code") == code
    assert "key" not in report["failed"].get("0", {}), "failures are known by their place alone"
    if code == 404:
        assert report["failed"]["0"]["message"] == "Item doesn't exist (expected version 5; use 0 instead)"


def test_creating_with_a_key_of_ones_own_and_version_0_is_safe_to_repeat(api: Api) -> None:
    given = {"key": "ABCD2345", "version": 0, "itemType": "book", "title": "once"}
    assert api.post(given)["success"] == {"0": "ABCD2345"}
    assert api.post(given)["failed"]["0"]["code"] == 412
    assert api.get("items").headers["Total-Results"] == "1"


def test_a_write_token_works_once_in_twelve_hours(api: Api) -> None:
    def send(token: str) -> int:
        return int(api("POST", "items", [body("items")], Zotero_Write_Token=token).status_code)

    assert [send("0123456789abcdef"), send("0123456789abcdef"), send("abc")] == [200, 412, 400]
    api.clock.tick(13 * 3600)
    assert send("0123456789abcdef") == 200
    assert api.get("items").headers["Total-Results"] == "2"


@pytest.mark.parametrize(
    ("given", "status"),
    [({"foo": "bar"}, 400), ("text", 400), ([{}] * 51, 413), ([], 200)],
)
def test_a_batch_is_an_array_of_at_most_50(api: Api, given: Any, status: int) -> None:
    assert api("POST", "items", given).status_code == status


def test_half_of_a_batch_can_fail(api: Api) -> None:
    report = api.post(
        {"itemType": "book", "title": "good"},
        {"itemType": "book", "title": "x" * 65_536},
        {"itemType": "note", "note": "n", "parentItem": "AAAAAAAA"},
        {"itemType": "book", "collections": ["AAAAAAAA"]},
        {"itemType": "book", "colour": "red"},
        {"itemType": "book", "publicationTitle": "wrong for books"},
        {"itemType": "book", "tags": [{"tag": "t" * 256}]},
        {"itemType": "book", "title": "<b> & good"},
        {"itemType": "<nonsense>"},
    )
    assert {i: f["code"] for i, f in report["failed"].items()} == {
        "1": 413, "2": 409, "3": 409, "4": 400, "5": 400, "6": 413, "8": 400,
    }  # fmt: skip
    assert report["failed"]["2"]["data"] == {"parentItem": "AAAAAAAA"}
    assert report["failed"]["3"]["data"] == {"collection": "AAAAAAAA"}
    assert report["failed"]["8"]["message"] == "'&lt;nonsense&gt;' is not a valid itemType"
    assert list(report["success"]) == ["0", "7"]


# --- PATCH, PUT, types ------------------------------------------------------------------------------------------


def test_a_patch_touches_what_it_names_and_replaces_lists_whole(api: Api) -> None:
    shelf = api.collection("c")["key"]
    made = api.make(title="t", date="2001", tags=[{"tag": "a"}, {"tag": "b"}], collections=[shelf])
    report = api.post({"key": made["key"], "version": made["version"], "tags": [{"tag": "c"}], "date": ""})
    data = report["successful"]["0"]["data"]
    assert (data["title"], data["date"], data["tags"], data["collections"]) == ("t", "", [{"tag": "c"}], [shelf])


@pytest.mark.parametrize("missing", ["tags", "relations", "collections"])
def test_put_must_name_its_lists_and_keeps_omitted_scalars(api: Api, missing: str) -> None:
    made = api.make(title="t", date="2001")
    whole = body("items", title="new")
    refused = {name: value for name, value in whole.items() if name != missing}
    path = f"items/{made['key']}"
    assert api("PUT", path, refused, If_Unmodified_Since_Version=made["version"]).status_code == 400
    assert api("PUT", path, whole, If_Unmodified_Since_Version=made["version"]).status_code == 204
    data = api.get(path).json()["data"]
    assert (data["title"], data["date"]) == ("new", "2001")


def test_a_new_item_type_keeps_shared_and_base_fields(api: Api) -> None:
    made = api.make("book", title="A v. B", numPages="100", date="1999", extra="e")
    report = api.post({"key": made["key"], "version": made["version"], "itemType": "case"})
    data = report["successful"]["0"]["data"]
    assert (data["caseName"], data["dateDecided"], data["extra"]) == ("A v. B", "1999", "e")
    assert not {"title", "numPages", "date"} & set(data)


def test_child_items_cannot_be_in_collections(api: Api) -> None:
    shelf, paper = api.collection("c")["key"], api.make()["key"]
    report = api.post({"itemType": "note", "note": "n", "parentItem": paper, "collections": [shelf]})
    assert report["failed"]["0"]["message"] == "Child items cannot be assigned to collections"


@pytest.mark.parametrize("kind", KINDS)
def test_deleted_takes_booleans_and_numbers_and_shows_1_for_items(api: Api, kind: str) -> None:
    made = api.post(body(kind), kind=kind)["successful"]["0"]
    for value, shown in ((True, True), (False, None), (1, True), (0, None)):
        report = api.post({"key": made["key"], "version": made["version"], "deleted": value}, kind=kind)
        made = report["successful"]["0"]
        assert made["data"].get("deleted") == shown
        assert kind != "items" or made["data"].get("deleted") in (1, None)
    assert len(api.get(kind).json()) == 1


def test_annotations_live_under_files_and_are_checked(api: Api) -> None:
    paper = api.make()["key"]
    file = api.make("attachment", linkMode="imported_url", parentItem=paper, contentType="application/pdf")["key"]
    good = {
        "itemType": "annotation",
        "parentItem": file,
        "annotationType": "highlight",
        "annotationText": "x" * 8000,
        "annotationSortIndex": "00015|002431|00000",
        "annotationPosition": '{"pageIndex":1}',
    }
    report = api.post(
        good,
        {**good, "parentItem": paper},
        {**good, "annotationColor": "red"},
        {**good, "annotationSortIndex": "1"},
        {**good, "annotationType": "note"},
        {**good, "annotationType": "stamp"},
    )
    data = report["successful"]["0"]["data"]
    assert (len(data["annotationText"]), data["annotationColor"]) == (7500, "#ffd400")
    link = api.make("attachment", linkMode="linked_url", parentItem=paper, url="https://example.org")["key"]
    refused = api.post({**good, "parentItem": link})["failed"]["0"]
    assert (refused["code"], refused["message"]) == (
        400,
        "Parent item of highlight annotation must be a PDF attachment",
    )
    assert {f["code"] for f in report["failed"].values()} == {400}
    assert len(report["failed"]) == 5


def test_a_ring_of_collections_is_broken(api: Api) -> None:
    """R20."""
    upper = api.collection("upper")
    lower = api.collection("lower", upper["key"])
    report = api.post(
        {"key": upper["key"], "version": upper["version"], "parentCollection": lower["key"]}, kind="collections"
    )
    assert not report["failed"]
    parents = {c["key"]: c["data"]["parentCollection"] for c in api.get("collections").json()}
    assert parents == {lower["key"]: False, upper["key"]: lower["key"]}


def test_a_child_that_is_put_into_a_collection_leaves_its_parent(api: Api) -> None:
    paper, shelf = api.make(), api.collection("c")["key"]
    note = api.make("note", note="n", parentItem=paper["key"])
    report = api.post({"key": note["key"], "version": note["version"], "collections": [shelf]})
    data = report["successful"]["0"]["data"]
    assert ("parentItem" in data, data["collections"]) == (False, [shelf])
    assert api.get(f"items/{paper['key']}").json()["meta"]["numChildren"] == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"contentType": "text/html"}, "'contentType' is valid only for attachment items"),
        ({"note": "n"}, "'note' property is valid only for note and attachment items"),
        ({"itemType": "attachment"}, "'linkMode' property not provided"),
        ({"itemType": "attachment", "linkMode": "nonsense"}, "'nonsense' is not a valid linkMode"),
        (
            {"itemType": "attachment", "linkMode": "linked_url", "md5": "x"},
            "'md5' is valid only for imported and embedded-image attachments",
        ),
        (
            {"itemType": "attachment", "linkMode": "imported_file", "filename": "D:/a.pdf"},
            "Stored-file filename 'D:/a.pdf' cannot contain a slash",
        ),
        ({"tags": [["x"]]}, "Tag must be an object"),
        ({"creators": [{"creatorType": "director", "name": "x"}]}, None),
        ({"creators": [{"creatorType": "author", "name": "x", "lastName": "y"}]}, None),
        ({"creators": [{"name": "x"}]}, None),
        ({"deleted": "yes"}, None),
        ({"key": "lower123", "version": 0}, None),
        ({"version": -1, "key": "ABCD2345"}, None),
        ({"collections": "ABCD2345"}, None),
        ({"relations": "x"}, None),
        ({"relations": {"dc:relation": "http://example.org"}}, None),
    ],
)
def test_what_is_refused_and_why(api: Api, given: dict[str, Any], message: str | None) -> None:
    failed = api.post({"itemType": "book", **given})["failed"]["0"]
    assert failed["code"] == 400
    assert message is None or failed["message"] == message


def test_put_without_a_parent_makes_a_child_stand_alone_and_annotations_cannot(api: Api) -> None:
    paper = api.make()
    file = api.make("attachment", linkMode="imported_file", parentItem=paper["key"])
    mark = api.make(
        "annotation", parentItem=file["key"], annotationType="ink", annotationSortIndex="00000|000000|00000"
    )
    given = {name: value for name, value in file["data"].items() if name != "parentItem"}
    assert api("PUT", f"items/{file['key']}", given).status_code == 204
    assert "parentItem" not in api.get(f"items/{file['key']}").json()["data"]
    refused = api("PATCH", f"items/{mark['key']}", {"parentItem": False, "version": mark["version"]})
    assert (refused.status_code, refused.text) == (400, "Annotation must have a parent item")
    own = {"key": "ABCD2345", "version": 0, "itemType": "note", "note": "", "parentItem": "ABCD2345"}
    assert api.post(own)["failed"]["0"]["code"] == 400


def test_author_becomes_the_types_own_first_role(api: Api) -> None:
    data = api.make("presentation", creators=[{"creatorType": "author", "name": "Foo"}])["data"]
    assert data["creators"] == [{"creatorType": "presenter", "name": "Foo"}]


def test_a_null_does_not_take_away_what_is_known_of_a_stored_file(api: Api) -> None:
    file = api.make("attachment", linkMode="imported_file", md5="390d914fdac33e307e5b0e1f3dba9da2", mtime=1)
    report = api.post({"key": file["key"], "version": file["version"], "md5": None, "mtime": None, "title": "t"})
    data = report["successful"]["0"]["data"]
    assert (data["md5"], data["mtime"]) == ("390d914fdac33e307e5b0e1f3dba9da2", 1)


# --- deletion ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_erasing_one_object_needs_its_version(api: Api, kind: str) -> None:
    made = api.post(body(kind), kind=kind)["successful"]["0"]
    path = f"{kind}/{made['key']}"
    assert api("DELETE", path).status_code == 428
    stale = api("DELETE", path, If_Unmodified_Since_Version=made["version"] - 1)
    assert (stale.status_code, stale.headers["Last-Modified-Version"]) == (412, str(made["version"]))
    gone = api("DELETE", path, If_Unmodified_Since_Version=made["version"])
    assert (gone.status_code, gone.headers["Last-Modified-Version"]) == (204, str(made["version"] + 1))
    again = api("DELETE", path, If_Unmodified_Since_Version=made["version"])
    assert (again.status_code, "Last-Modified-Version" in again.headers) == (412, False), "not 404"
    assert api.get(f"deleted?since={made['version']}").json()[kind] == [made["key"]]


def test_erasing_many_needs_no_version_but_keeps_one_that_is_given(api: Api) -> None:
    first, second = api.make(), api.make()
    both = f"items?itemKey={first['key']},{second['key']},AAAAAAAA"
    assert api("DELETE", both, If_Unmodified_Since_Version=first["version"]).status_code == 412
    before = api.version
    gone = api("DELETE", both)
    assert (gone.status_code, gone.headers["Last-Modified-Version"]) == (204, str(before + 1)), "one bump"
    assert len(api.get(f"deleted?since={before}").json()["items"]) == 2
    too_many = ",".join(f"{n:08d}".replace("0", "A").replace("1", "B") for n in range(51))
    assert api("DELETE", f"items?itemKey={too_many}").status_code == 413


def test_erasing_an_item_logs_its_children_and_making_a_key_again_takes_it_out_of_the_log(api: Api) -> None:
    paper = api.make()
    file = api.make("attachment", linkMode="imported_url", parentItem=paper["key"])
    mark = api.make(
        "annotation", parentItem=file["key"], annotationType="note", annotationSortIndex="00000|000000|00000"
    )
    api("DELETE", f"items/{paper['key']}", If_Unmodified_Since_Version=paper["version"])
    log = api.get("deleted?since=0").json()["items"]
    assert sorted(log) == sorted([paper["key"], file["key"], mark["key"]])
    api.post({"key": paper["key"], "version": 0, "itemType": "book"})
    assert paper["key"] not in api.get("deleted?since=0").json()["items"]


def test_erasing_a_collection_logs_it_alone_and_its_items_keep_their_version(api: Api) -> None:
    upper = api.collection("upper")
    lower = api.collection("lower", upper["key"])
    paper = api.make(collections=[upper["key"], lower["key"]])
    before = api.version
    api("DELETE", f"collections/{upper['key']}", If_Unmodified_Since_Version=upper["version"])
    log = api.get(f"deleted?since={before}").json()
    assert log["collections"] == [upper["key"]], "the one below is gone without a word (R20)"
    assert api.get("collections").json() == []
    seen = api.get(f"items/{paper['key']}").json()
    assert (seen["data"]["collections"], seen["version"]) == ([], paper["version"])
    assert api.get(f"items?since={before}&format=versions").json() == {}


def test_erasing_tags_bumps_the_items_that_had_them(api: Api) -> None:
    first = api.make(tags=[{"tag": "a"}, {"tag": "b b"}])
    second = api.make(tags=[{"tag": "c"}])
    before = api.version
    path = "tags?tag=a || b b"
    assert api("DELETE", path).status_code == 428
    assert api("DELETE", path, If_Unmodified_Since_Version=before - 1).status_code == 412
    assert api("DELETE", path, If_Unmodified_Since_Version=before).status_code == 204
    assert api.get(f"items?since={before}&format=versions").json() == {first["key"]: before + 1}
    assert api.get(f"items/{first['key']}").json()["data"]["tags"] == []
    assert sorted(api.get(f"deleted?since={before}").json()["tags"]) == ["a", "b b"]
    assert [t["tag"] for t in api.get("tags").json()] == [second["data"]["tags"][0]["tag"]]


# --- what the server makes of it --------------------------------------------------------------------------------


def test_text_is_trimmed_and_freed_of_control_characters(api: Api) -> None:
    """R2: none of this may be taken for somebody's edit."""
    data = api.make(
        title="  A\x00A ",
        creators=[{"creatorType": "author", "name": "B\x01B"}, {"creatorType": "author", "name": ""}],
        tags=[{"tag": "z"}, {"tag": " C\x02C "}, {"tag": ""}, {"tag": "z"}, {"tag": "auto", "type": 1}, "bare"],
        extra="one\ntwo\n",
        numPages=200,
        relations=[],
    )["data"]
    assert (data["title"], data["extra"], data["numPages"], data["relations"]) == ("AA", "one\ntwo", "200", {})
    assert [c["name"] for c in data["creators"]] == ["BB"]
    assert data["tags"] == [{"tag": "auto", "type": 1}, {"tag": "bare"}, {"tag": "CC"}, {"tag": "z"}]


def test_a_tag_sent_without_its_type_becomes_manual(api: Api) -> None:
    """R9."""
    made = api.make(tags=[{"tag": "a", "type": 1}])
    report = api.post({"key": made["key"], "version": made["version"], "tags": [{"tag": "a"}]})
    assert report["successful"]["0"]["data"]["tags"] == [{"tag": "a"}]


def test_notes_are_sanitised(api: Api) -> None:
    note = api.make("note", note='<p onclick="x()"><b>bold</b> <i>it</i></p><script>alert(1)</script> ')
    assert note["data"]["note"] == "<p><strong>bold</strong> <em>it</em></p>"
    report = api.post({"itemType": "note", "note": "x" * 250_001})
    assert report["failed"]["0"]["code"] == 413


def test_a_new_relation_shows_on_the_other_item_without_a_new_version(api: Api) -> None:
    first = api.make()
    uri = f"http://zotero.org/{api.library}/items/"
    second = api.make(relations={"dc:relation": uri + first["key"]})
    seen = api.get(f"items/{first['key']}").json()
    assert seen["data"]["relations"] == {"dc:relation": uri + second["key"]}
    assert seen["version"] == first["version"]
    bad = api.post({"itemType": "book", "relations": {"foaf:knows": "x"}})
    assert bad["failed"]["0"]["code"] == 400


@pytest.mark.parametrize(
    ("sent", "agent", "kept"),
    [
        (None, "bridge", "now"),
        ("same", "bridge", "now"),
        ("same", "Zotero/10.0", "same"),
        ("same", "pyzotero/1.16", "now"),
        ("2013-03-03T21:33:53Z", "bridge", "2013-03-03T21:33:53Z"),
    ],
)
def test_when_date_modified_is_taken_as_given(api: Api, sent: str | None, agent: str, kept: str) -> None:
    """R19 leans on this: a different date is kept, the same one becomes now, unless Zotero itself sends it."""
    made = api.make(title="old")
    was = made["data"]["dateModified"]
    api.clock.tick(60)
    given = {"key": made["key"], "version": made["version"], "title": "new"}
    if sent is not None:
        given["dateModified"] = was if sent == "same" else sent
    data = api.post(given, User_Agent=agent)["successful"]["0"]["data"]
    now = api.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert data["dateModified"] == {"now": now, "same": was}.get(kept, kept)
    assert data["dateAdded"] == made["data"]["dateAdded"]


def test_a_move_between_collections_leaves_date_modified_alone(api: Api) -> None:
    made, shelf = api.make(), api.collection("c")["key"]
    api.clock.tick(60)
    report = api.post({"key": made["key"], "version": made["version"], "collections": [shelf]})
    assert report["successful"]["0"]["data"]["dateModified"] == made["data"]["dateModified"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2014-02-01T01:23:45-0400", "2014-02-01T05:23:45Z"),
        ("2014-02-01 01:23:45", "2014-02-01T01:23:45Z"),
        ("2014-02-01", "2014-02-01"),
        ("February 1, 2014", None),
    ],
)
def test_access_dates_are_read_in_these_forms(api: Api, sent: str, kept: str | None) -> None:
    report = api.post({"itemType": "book", "accessDate": sent})
    if kept is None:
        assert report["failed"]["0"]["code"] == 400
    else:
        assert report["successful"]["0"]["data"]["accessDate"] == kept


# --- settings and full text -------------------------------------------------------------------------------------


def test_settings_have_versions_and_a_log(api: Api) -> None:
    colours = [{"name": "A", "color": "#990000"}]
    assert api("POST", "settings", {"tagColors": {"value": colours, "version": 0}}).status_code == 204
    at = api.version
    assert api.get("settings").json() == {"tagColors": {"value": colours, "version": at}}
    assert api("POST", "settings", {"tagColors": {"value": [], "version": 0}}).status_code == 412
    assert api("PUT", "settings/tagColors", {"value": []}, If_Unmodified_Since_Version=at).status_code == 204
    assert api.get("settings/tagColors").json()["value"] == []
    assert api("DELETE", "settings/tagColors").status_code == 428
    assert api("DELETE", "settings/tagColors", If_Unmodified_Since_Version=at + 1).status_code == 204
    assert api.get(f"deleted?since={at}").json()["settings"] == ["tagColors"]
    assert api("GET", "settings/tagColors").status_code == 404


def test_full_text_has_versions(api: Api) -> None:
    file = api.make("attachment", linkMode="imported_url")["key"]
    assert api("PUT", f"items/{file}/fulltext", {"content": "words"}).status_code == 204
    at = api.version
    assert api.get("fulltext?since=0").json() == {file: at}
    assert api.get(f"items/{file}/fulltext").json() == {"content": "words"}
    assert api("POST", "fulltext", [{"key": file, "content": "w"}]).status_code == 428
    report = api.post({"key": file, "content": "more"}, kind="fulltext", If_Unmodified_Since_Version=at)
    assert report["success"] == {"0": file}


def test_images_inside_notes_stay_where_they_are(api: Api) -> None:
    paper = api.make()["key"]
    note, other = (api.make("note", note=text, parentItem=paper)["key"] for text in ("one", "two"))
    image = {"itemType": "attachment", "linkMode": "embedded_image", "contentType": "image/png", "parentItem": note}
    report = api.post(
        image,
        {**image, "parentItem": False},
        {**image, "contentType": "text/html"},
        {**image, "note": "n"},
        {**image, "tags": [{"tag": "t"}]},
        {**image, "linkMode": "imported_file"},
    )
    made = report["successful"]["0"]
    assert {place: refused["code"] for place, refused in report["failed"].items()} == {
        **dict.fromkeys(("1", "2", "3", "4"), 400),
        "5": 409,
    }
    assert report["failed"]["1"]["message"] == "Embedded-image attachment must have a parent item"
    for parent in (other, False):
        refused = api("PATCH", f"items/{made['key']}", {"parentItem": parent, "version": made["version"]})
        assert (refused.status_code, refused.text) == (400, "Cannot change parent item of embedded-image attachment")
    assert api.post({"itemType": "note", "note": "x", "parentItem": note})["failed"]["0"]["code"] == 409


def test_erasing_a_paper_erases_and_logs_all_below_it(api: Api) -> None:
    """R21: the file, the mark in it, the note, and the image in the note."""
    paper = api.make()
    file = api.make("attachment", linkMode="imported_file", contentType="application/pdf", parentItem=paper["key"])
    mark = api.make(
        "annotation", parentItem=file["key"], annotationType="ink", annotationSortIndex="00000|000000|00000"
    )
    note = api.make("note", note="x", parentItem=paper["key"])
    image = api.make("attachment", linkMode="embedded_image", contentType="image/png", parentItem=note["key"])
    since = api.version
    erased = api("DELETE", f"items/{paper['key']}", If_Unmodified_Since_Version=paper["version"])
    assert erased.status_code == 204
    gone = api.get(f"deleted?since={since}").json()["items"]
    assert sorted(gone) == sorted(one["key"] for one in (paper, file, mark, note, image))

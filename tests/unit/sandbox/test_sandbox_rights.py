"""Who may do what, and the calls an outside test suite begins with."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from bridge.sandbox.accounts import find_key

if TYPE_CHECKING:
    from sandbox_api import Api

BOOK = {"itemType": "book"}


def status(api: Api, method: str, path: str, key: str | None, given: Any = None) -> int:
    headers = {"Zotero-API-Key": key if key is not None else ""}
    return int(api.client.request(method, path, json=given, headers=headers).status_code)


def test_a_key_may_come_in_three_ways(api: Api) -> None:
    path, key = f"/{api.library}/items", api.server.key
    for headers in ({"Zotero-API-Key": key}, {"Authorization": f"Bearer {key}", "Zotero-API-Key": ""}):
        assert api.client.get(path, headers=headers).status_code == 200
    assert api.client.get(f"{path}?key={key}", headers={"Zotero-API-Key": ""}).status_code == 200


def test_a_key_never_reaches_the_record_of_requests_or_a_repr(api: Api) -> None:
    """Law 14."""
    api.client.get(f"/{api.library}/items?key={api.server.key}&limit=1", headers={"Zotero-API-Key": ""})
    assert api.server.requests.all[-1].target == f"/{api.library}/items?limit=1"
    assert api.server.key not in repr(find_key(api.server.store, api.server.key))


def test_wrong_missing_and_revoked_keys_are_forbidden(api: Api) -> None:
    path = f"/{api.library}/items"
    assert status(api, "GET", path, "wrong") == 403
    assert status(api, "GET", path, None) == 403
    assert status(api, "POST", path, None, [BOOK]) == 403
    key = api.server.add_key()
    assert status(api, "GET", path, key) == 200
    api.server.revoke(key)
    assert status(api, "GET", path, key) == 403


def test_a_key_without_the_right_to_write_only_reads(api: Api) -> None:
    key = api.server.add_key(write=False)
    assert status(api, "GET", f"/{api.library}/items", key) == 200
    assert status(api, "POST", f"/{api.library}/items", key, [BOOK]) == 403
    assert status(api, "DELETE", f"/{api.library}/items?itemKey=AAAAAAAA", key) == 403


def test_without_notes_access_notes_are_not_there(api: Api) -> None:
    """R23."""
    paper = api.make()
    note = api.make("note", note="secret", parentItem=paper["key"])
    key = api.server.add_key(notes=False)
    headers = {"Zotero-API-Key": key}
    found = api.client.get(f"/{api.library}/items", headers=headers).json()
    assert [one["key"] for one in found] == [paper["key"]]
    assert api.client.get(f"/{api.library}/items/{note['key']}", headers=headers).status_code == 404
    report = api.client.post(f"/{api.library}/items", json=[{"itemType": "note", "note": "x"}], headers=headers).json()
    assert report["failed"]["0"]["code"] == 403


def test_a_library_that_is_not_there(api: Api) -> None:
    assert api.client.get("/users/foo/items").status_code == 400
    assert api.client.get("/users/77/items").status_code == 404
    assert api.client.get("/groups/77/items").status_code == 404


def test_current_key_says_what_it_claims(api: Api) -> None:
    key = api.server.add_key(write=False, groups={"51": {"library": True, "write": True}})
    seen = api.client.get("/keys/current", headers={"Zotero-API-Key": key}).json()
    assert (seen["userID"], seen["key"]) == (1, key)
    assert seen["access"]["user"] == {"library": True, "files": False, "notes": True, "write": False}
    assert seen["access"]["groups"] == {"51": {"library": True, "write": True}}
    assert status(api, "GET", "/keys/current", None) == 403


@pytest.mark.parametrize(
    ("role", "editing", "may"),
    [("owner", "admins", 200), ("admin", "admins", 200), ("member", "admins", 403), ("member", "members", 200)],
)
def test_a_groups_rules_decide_whatever_the_key_claims(api: Api, role: str, editing: str, may: int) -> None:
    """R23: the key claims to write in all groups in each of these cases."""
    number = 300 + hash((role, editing)) % 10_000
    path = "/" + api.server.add_group(number, "Lab", editing=editing, role=role)
    key = api.server.add_key()
    assert status(api, "GET", f"{path}/items", key) == 200
    assert status(api, "POST", f"{path}/items", key, [BOOK]) == may


def test_a_key_for_one_group_sees_that_group_alone(api: Api) -> None:
    for number in (201, 202):
        api.server.add_group(number, f"Group {number}")
    key = api.server.add_key(groups={"201": {"library": True, "write": False}})
    assert status(api, "GET", "/groups/201/items", key) == 200
    assert status(api, "POST", "/groups/201/items", key, [BOOK]) == 403
    assert status(api, "GET", "/groups/202/items", key) == 403
    headers = {"Zotero-API-Key": key}
    assert [g["id"] for g in api.client.get("/users/1/groups", headers=headers).json()] == [201]
    assert api.client.get("/users/1/groups?format=versions", headers=headers).json() == {"201": 1}
    assert api.client.get("/groups/201", headers=headers).json()["data"]["name"] == "Group 201"
    assert api.client.get("/groups/202", headers=headers).status_code == 403


def test_a_public_group_is_read_without_a_key(api: Api) -> None:
    path = "/" + api.server.add_group(203, "Open", kind="PublicOpen", reading="all")
    assert status(api, "GET", f"{path}/items", None) == 200
    assert status(api, "POST", f"{path}/items", None, [BOOK]) == 403


def test_libraries_do_not_touch_each_other(api: Api) -> None:
    path = "/" + api.server.add_group(204, "Mine", role="owner")
    before = api.version
    made = api.client.post(f"{path}/items", json=[{"key": "ABCD2345", "version": 0, **BOOK}])
    assert made.json()["successful"]["0"]["library"] == {
        "type": "group",
        "id": 204,
        "name": "Mine",
        "links": {"alternate": {"href": f"{api.server.url}/groups/204", "type": "text/html"}},
    }
    assert (api.version, api.get("items").json()) == (before, [])


# --- an outside suite -------------------------------------------------------------------------------------------


def root(api: Api, method: str, path: str, content: str = "", name: str = "root") -> Any:
    token = base64.b64encode(f"{name}:any".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Zotero-API-Key": ""}
    return api.client.request(method, path, content=content, headers=headers)


def test_an_outside_suite_finds_its_users_keys_and_four_groups(api: Api) -> None:
    setup = root(api, "POST", "/test/setup?u=71&u2=72", " ").json()
    key = setup["user1"]["apiKey"]
    assert setup["user1"]["userID"] == 71
    assert setup["user2"]["apiKey"] != key
    groups = root(api, "GET", "/users/71/groups").json()
    kinds = [(g["data"]["type"], g["data"]["owner"], g["data"]["libraryReading"]) for g in groups]
    assert kinds == [
        ("PublicOpen", 71, "all"),
        ("PublicClosed", 71, "members"),
        ("Private", 71, "members"),
        ("Private", 72, "members"),
    ]
    assert groups[2]["data"]["name"] == "Private Test Group"
    owned = api.client.get("/users/71/groups", headers={"Zotero-API-Key": key})
    assert owned.headers["Total-Results"] == "3"
    assert len(api.client.get("/users/71/groups", headers={"Zotero-API-Key": ""}).json()) == 2
    assert status(api, "POST", "/users/71/items", key, [BOOK]) == 200
    assert root(api, "POST", "/users/71/clear").status_code == 204
    assert root(api, "POST", f"/groups/{groups[0]['id']}/clear").status_code == 204
    assert api.client.get("/users/71/items", headers={"Zotero-API-Key": key}).json() == []
    assert status(api, "GET", f"/{api.library}/items", api.server.key) == 200, "the sandbox's own key stays"


def test_root_changes_what_a_key_may_do(api: Api) -> None:
    key = root(api, "POST", "/users/1/keys", json.dumps({"name": "k", "access": {"user": {"library": True}}})).json()
    assert status(api, "POST", f"/{api.library}/items", key["key"], [BOOK]) == 403
    key["access"] = {"user": {"library": True, "write": True}, "groups": {"0": {"write": True}}}
    changed = root(api, "PUT", f"/keys/{key['key']}", json.dumps(key)).json()
    assert changed["access"]["groups"] == {"all": {"write": True}}
    assert status(api, "POST", f"/{api.library}/items", key["key"], [BOOK]) == 200
    assert root(api, "DELETE", f"/keys/{key['key']}").status_code == 204
    assert status(api, "GET", f"/{api.library}/items", key["key"]) == 403


def test_root_makes_and_erases_groups(api: Api) -> None:
    made = root(api, "POST", "/groups", '<group owner="1" name="A &amp; B" type="Private" libraryEditing="admins"/>')
    number = made.headers["Location"].rpartition("/")[2]
    assert made.status_code == 201
    assert root(api, "POST", f"/groups/{number}/users", '<user id="5" role="member"/>').status_code == 200
    data = root(api, "GET", f"/groups/{number}").json()["data"]
    assert (data["name"], data["members"], data["libraryEditing"]) == ("A & B", [5], "admins")
    assert root(api, "DELETE", f"/groups/{number}").status_code == 204
    assert root(api, "GET", f"/groups/{number}").status_code == 404


def test_nobody_but_root_may_wipe(api: Api) -> None:
    made = api.make()
    assert api.client.post("/test/setup?u=1&u2=2").status_code == 401
    assert root(api, "POST", "/users/1/clear", name="eve").status_code == 401
    assert api.client.post("/users/1/clear").status_code == 401
    assert [one["key"] for one in api.get("items").json()] == [made["key"]]


def test_in_a_group_every_item_says_who_made_it(api: Api) -> None:
    path = "/" + api.server.add_group(205, "Ours", role="admin")
    (made,) = api.client.post(f"{path}/items", json=[BOOK]).json()["successful"].values()
    maker = made["meta"]["createdByUser"]
    assert (maker["id"], bool(maker["username"])) == (1, True)
    assert api.client.get(f"{path}/items/{made['key']}").json()["meta"]["createdByUser"] == maker
    assert "createdByUser" not in api.make()["meta"], "one's own library does not say"

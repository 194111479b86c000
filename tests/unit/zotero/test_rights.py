"""R23: the right that counts is the key's and the role's together."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from zotero_double import KEY, Double

from bridge.errors import ProtocolError
from bridge.zotero.client import ZoteroClient
from bridge.zotero.rights import Access, GroupInfo, KeyInfo, group_info, key_info, rights

FULL = Access(library=True, notes=True, write=True)


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (FULL, (True, True, True)),
        (Access(library=True, notes=True), (True, False, True)),
        (Access(library=True, write=True), (True, True, False)),
        (Access(write=True, notes=True), (False, False, False)),
        (Access(), (False, False, False)),
    ],
)
def test_r23_a_user_library_goes_by_the_key(own: Access, expected: tuple[bool, bool, bool]) -> None:
    found = rights(KeyInfo(7, own=own), "users/7")
    assert (found.read, found.write, found.notes) == expected
    assert bool(found.reason) == (not found.write)


def test_r23_a_key_of_somebody_else_has_no_right_however_much_it_was_given() -> None:
    found = rights(KeyInfo(8, own=FULL), "users/7")
    assert [found.read, found.write, found.notes] == [False] * 3
    assert "user 8" in found.reason


GROUP = GroupInfo(51, "Readers", owner=1, editing="members", admins=frozenset({2}), members=frozenset({3}))


@pytest.mark.parametrize("editing", ["members", "admins", "nobody-knows"])
@pytest.mark.parametrize("user", [1, 2, 3, 4])
def test_r23_in_a_group_the_role_decides_what_the_key_claims(user: int, editing: str) -> None:
    group = GroupInfo(51, "Readers", 1, editing, admins=frozenset({2}), members=frozenset({3}))
    found = rights(KeyInfo(user, groups={"51": FULL}), "groups/51", group)
    assert found.read
    assert found.write == (user in (1, 2) or (user == 3 and editing == "members"))
    assert bool(found.reason) == (not found.write)


@pytest.mark.parametrize(
    ("groups", "write", "read"),
    [
        ({"51": FULL}, True, True),
        ({"all": FULL}, True, True),
        ({"all": Access(library=True), "51": FULL}, True, True),
        ({"all": Access(library=True)}, False, True),
        ({"52": FULL}, False, False),
        ({}, False, False),
    ],
)
def test_r23_a_group_goes_by_what_the_key_has_for_it_or_for_all(
    groups: dict[str, Access], write: bool, read: bool
) -> None:
    found = rights(KeyInfo(3, own=FULL, groups=groups), "groups/51", GROUP)
    assert (found.read, found.write) == (read, write)


def test_r23_a_public_group_can_be_read_but_not_written() -> None:
    public = GroupInfo(51, "Readers", 1, "members", public=True, members=frozenset({3}))
    found = rights(KeyInfo(3), "groups/51", public)
    assert (found.read, found.write) == (True, False)


def test_r23_without_the_groups_rules_the_library_is_read_only() -> None:
    found = rights(KeyInfo(1, groups={"51": FULL}), "groups/51", None)
    assert (found.read, found.write) == (True, False)
    assert found.reason


def test_law_14_the_key_is_not_kept_in_what_is_known_of_it() -> None:
    info = key_info({"key": KEY, "userID": 7, "username": "ada", "access": {"user": {"library": True}}})
    assert KEY not in repr(info)
    assert info == KeyInfo(7, "ada", Access(library=True))


@pytest.mark.parametrize("data", [None, [], {}, {"userID": "7"}, {"access": {}}])
def test_an_answer_that_does_not_say_whose_key_it_is(data: object) -> None:
    with pytest.raises(ProtocolError):
        key_info(data)


@pytest.mark.parametrize("data", [None, [], {}, {"data": {}}, {"data": {"id": "51"}}])
def test_an_answer_that_describes_no_group(data: object) -> None:
    with pytest.raises(ProtocolError):
        group_info(data)


@pytest.mark.parametrize("code", [403, 404])
def test_r23_a_group_hidden_from_the_key_is_read_only(code: int) -> None:
    double = Double(access={"groups": {"all": {"library": True, "write": True}}})
    double.before = lambda request: httpx2.Response(code) if "groups" in request.url.path else None
    with ZoteroClient("http://zotero.test", "groups/51", KEY, transport=double.transport) as client:
        found = client.rights()
    assert (found.read, found.write) == (True, False)


@pytest.mark.parametrize(
    ("access", "write"),
    [({"user": None}, False), ({"groups": {"all": {"library": True, "write": True}}}, True)],
)
def test_the_client_asks_for_key_and_group(access: dict[str, Any], write: bool) -> None:
    double = Double(
        access=access,
        group={"id": 51, "name": "Readers", "owner": 7, "type": "Private", "libraryEditing": "admins"},
    )
    with ZoteroClient("http://zotero.test", "groups/51", KEY, transport=double.transport) as client:
        assert client.rights().write == write
        assert double.log == ["GET /keys/current", "GET /groups/51"]

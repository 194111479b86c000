"""Deeds taken back, as values: any order of files moved and rewritten, and of members that came and went (law 3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.deeds import FileDeed, ItemDeed
from bridge.core.record import ItemId
from bridge.core.undo import Group, give_back, groups, merged

A, B = ItemId("users/1", "AAAA2345"), ItemId("users/1", "BBBB2345")
PATHS = ("a.md", "b.md", "c.md", "d.md", "e.canvas")

#: What a cycle may do: the kind of deed, a path, another path.
some_acts = st.lists(
    st.tuples(st.sampled_from(("write", "move", "remove")), st.sampled_from(PATHS), st.sampled_from(PATHS)), max_size=12
)
a_vault = st.sets(st.sampled_from(PATHS)).map(lambda paths: {path: f"{path} at first" for path in paths})


def done(vault: dict[str, str], acts: list[tuple[str, str, str]]) -> list[FileDeed]:
    """Carry acts out in a vault of path to digest; the deeds that they are."""
    deeds = []
    for count, (kind, path, other) in enumerate(acts):
        before = vault.get(path, "")
        match kind:
            case "write":
                vault[path] = f"text {count}"
                deeds.append(FileDeed(path if before else "", path, before, vault[path]))
            case "move" if before and other not in vault:
                vault[other] = vault.pop(path)
                deeds.append(FileDeed(path, other, before, before))
            case "remove" if before:
                deeds.append(FileDeed(path, "", vault.pop(path), ""))
            case _:
                pass
    return deeds


def present(group: Group, vault: dict[str, str]) -> dict[str, str]:
    return {path: vault.get(path, "") for path in group.before}


@given(a_vault, some_acts)
def test_whatever_a_cycle_did_to_files_is_known_from_its_deeds(vault: dict[str, str], acts: Any) -> None:
    before = dict(vault)
    deeds = done(vault, acts)
    for group in groups(deeds):
        assert present(group, vault) == group.after
        assert present(group, before) == group.before
        assert group.changed(present(group, vault)) == []
        assert group.is_back(present(group, before))
        vault |= group.before
    assert {path: digest for path, digest in vault.items() if digest} == before


@given(a_vault, some_acts)
def test_the_reverse_of_the_reverse_is_the_deed(vault: dict[str, str], acts: Any) -> None:
    deeds = done(vault, acts)
    back = [deed for group in reversed(groups(deeds)) for deed in group.reverse()]
    forth = {tuple(sorted(group.before.items())): group.after for group in groups(back)}
    assert forth == {tuple(sorted(group.after.items())): group.before for group in groups(deeds)}


@given(a_vault, some_acts, st.sampled_from(PATHS))
def test_law_3_one_edit_since_holds_what_hangs_together_with_it_and_nothing_else(
    vault: dict[str, str], acts: Any, path: str
) -> None:
    deeds = done(vault, acts)
    vault[path] = "a person's"
    for group in groups(deeds):
        assert group.changed(present(group, vault)) == ([path] if path in group.before else [])


def test_files_that_change_places_hang_together() -> None:
    swap = [
        FileDeed("a.md", "tmp.md", "1", "1"),
        FileDeed("b.md", "a.md", "2", "2"),
        FileDeed("tmp.md", "b.md", "1", "1"),
        FileDeed("a.md", "a.md", "2", "3"),
    ]
    [group] = groups([*swap, FileDeed("a.md", "a.md", "3", "4")])
    assert group.before == {"a.md": "1", "b.md": "2", "tmp.md": ""}
    assert group.after == {"a.md": "4", "b.md": "1", "tmp.md": ""}
    # Whatever of it a crash left in place is the cycle's own.
    assert group.changed({"a.md": "", "b.md": "2", "tmp.md": "1"}) == []
    assert group.changed({"a.md": "5", "b.md": "2", "tmp.md": "1"}) == ["a.md"]


# --- objects ---

some_tags = st.lists(
    st.builds(lambda name, kind: {"tag": name, **kind}, st.sampled_from("abcd"), st.sampled_from(({}, {"type": 1}))),
    unique_by=lambda tag: (tag["tag"], tag.get("type", 0)),
    max_size=4,
)


def sent(before: dict[str, Any], after: dict[str, Any]) -> ItemDeed:
    return ItemDeed(A, before, after)


def keys(tags: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(tag["tag"], tag.get("type", 0)) for tag in tags}


@given(some_tags, some_tags)
def test_tags_that_nobody_touched_are_as_they_were_order_and_all(before: Any, after: Any) -> None:
    back = give_back(sent({"tags": before}, {"tags": after}), {"tags": after})
    assert back.left == ()
    assert back.send == ({} if keys(before) == keys(after) else {"tags": before})
    assert give_back(sent({"tags": before}, {"tags": after}), {"tags": before}).send == {}


@given(some_tags, some_tags, some_tags)
def test_law_3_tags_that_came_or_went_since_stay_so(before: Any, after: Any, now: Any) -> None:
    back = give_back(sent({"tags": before}, {"tags": after}), {"tags": now})
    found = keys(back.send.get("tags", now))
    was, had, present = keys(before), keys(after), keys(now)
    assert found == (present - (had - was)) | (was - had)
    assert back.left == ()


@pytest.mark.parametrize(
    ("before", "after", "now", "send", "left"),
    [
        ({"title": "Old"}, {"title": "New"}, {"title": "New"}, {"title": "Old"}, ()),
        ({"title": "Old"}, {"title": "New"}, {"title": "Old"}, {}, ()),
        ({"title": "Old"}, {"title": "New"}, {"title": "Theirs"}, {}, ("title",)),
        ({"DOI": None}, {"DOI": "10.1/x"}, {"DOI": "10.1/x"}, {"DOI": ""}, ()),
        ({"DOI": None}, {"DOI": "10.1/x"}, {}, {}, ()),
        ({"DOI": "10.1/x"}, {"DOI": ""}, {}, {"DOI": "10.1/x"}, ()),
        ({"deleted": None}, {"deleted": 1}, {"deleted": 1}, {"deleted": 0}, ()),
        ({"relations": {}}, {"relations": {"a": "b"}}, {"relations": {"a": "b"}}, {"relations": {}}, ()),
        ({"collections": ["A"]}, {"collections": []}, {"collections": ["C"]}, {"collections": ["C", "A"]}, ()),
    ],
)
def test_a_field_goes_back_where_it_shows_what_was_sent(
    before: Any, after: Any, now: Any, send: Any, left: tuple[str, ...]
) -> None:
    back = give_back(sent(before, after), now)
    assert (back.send, back.left) == (send, left)
    assert back.back == (frozenset() if left else frozenset(before))


def test_an_object_that_was_made_goes_into_the_trash_once_and_not_if_somebody_changed_it() -> None:
    made = ItemDeed(A, None, {"itemType": "note", "note": "<p>Mine</p>"})
    assert give_back(made, {"itemType": "note", "note": "<p>Mine</p>"}).send == {"deleted": 1}
    assert give_back(made, {"itemType": "note", "note": "<p>Mine</p>", "deleted": 1}).send == {}
    back = give_back(made, {"itemType": "note", "note": "<p>Theirs</p>"})
    assert (back.send, back.left) == ({}, ("note",))


def test_several_deeds_on_an_object_are_one() -> None:
    deeds = [
        sent({"title": "1"}, {"title": "2"}),
        ItemDeed(B, None, {"note": "x"}),
        sent({"title": "2", "url": ""}, {"title": "3", "url": "u"}),
        ItemDeed(B, {"note": "x"}, {"note": "y"}),
    ]
    assert merged(deeds) == [
        sent({"title": "1", "url": ""}, {"title": "3", "url": "u"}),
        ItemDeed(B, None, {"note": "y"}),
    ]

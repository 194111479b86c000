"""The base of an adopted note (R28): both sides as they are; nothing moves until someone edits."""

from __future__ import annotations

import pytest
from memory_side import STATUS

from bridge.core.adopted import NO_BLOCK, adopted, stamp_of, standing
from bridge.core.base import advance, stamp
from bridge.core.plan import ItemPlan
from bridge.core.policy import Kind, build_policy
from bridge.core.reconcile import Rules, reconcile
from bridge.core.record import Base, Face, ItemId, Value
from bridge.vault import tags

ITEM = ItemId("users/7", "AAAA2345")
POLICY = build_policy(
    tag_key=tags.key,
    tag_shown=tags.legal,
    tag_forms=tags.known_forms,
    status_normal=STATUS.normal,
    custom=("rating",),
)
RULES = Rules(today="2025-09-24", is_reading=STATUS.is_reading, is_read=STATUS.is_read)
ZOTERO: Face = {
    **{name: () if row.many or row.kind in (Kind.MEMBERS, Kind.LOCAL) else "" for name, row in POLICY.fields.items()},
    "title": "Attention",
    "status": "read",
    "status-date": "2024-03-28",
    "tags": ("Machine Learning", "nlp"),
    "collections": ("Reading",),
    "authors": ("Ada Author",),
    "year": "2017",
    "published": "2017-06",
    "type": "preprint",
    "doi": "10.1/X",
    "added": "2024-03-25",
    "aliases": ("Attention",),
    "citekey": "vaswani2017",
    "zotero-link": "zotero://select/library/items/AAAA2345",
    "abstract": "digest",
}
#: A note as another tool makes it: all of it differs.
NOTE: Face = {
    "title": "Attention is all you need",
    "status": "unread",
    "tags": ("machine_learning", "literature"),
    "authors": ("[[Ada Author]]",),
    "type": "literature",
    "doi": "https://doi.org/10.1/x",
    "url": "https://mine.example",
    "citekey": "@vaswani2017",
}


def plan(base: Base, zotero: Face = ZOTERO, note: Face = NOTE) -> ItemPlan:
    return reconcile(ITEM, base, zotero, note, POLICY, RULES)


def changed(face: Face, **fields: Value) -> dict[str, Value]:
    return {**face, **{name.replace("_", "-"): value for name, value in fields.items()}}


def settled(zotero: Face = ZOTERO, note: Face = NOTE) -> tuple[Base, dict[str, Value]]:
    """The base after adoption, and the note's face then."""
    base = adopted(zotero, note, POLICY)
    made = plan(base, zotero, note)
    shown = {**note, **made.vault}
    return advance(base, made, zotero, shown, POLICY), shown


def test_r28_what_differs_stays_and_what_is_missing_comes() -> None:
    made = plan(adopted(ZOTERO, NOTE, POLICY))
    assert made.zotero == {}
    assert (made.conflicts, made.held, made.put_back) == ((), (), ())
    assert made.vault == {
        "collections": ("Reading",),
        "year": "2017",
        "published": "2017-06",
        "added": "2024-03-25",
        "aliases": ("Attention",),
        "zotero-link": "zotero://select/library/items/AAAA2345",
    }


def test_r28_the_day_of_another_status_does_not_come() -> None:
    assert "status-date" not in plan(adopted(ZOTERO, NOTE, POLICY)).vault
    assert plan(adopted(ZOTERO, changed(NOTE, status="done"), POLICY), note=changed(NOTE, status="done")).vault[
        "status-date"
    ] == ("2024-03-28")


@pytest.mark.parametrize("name", ["status", "doi", "citekey", "type", "tags", "authors"])
def test_r7_a_property_without_a_value_is_filled(name: str) -> None:
    empty = changed(NOTE, **{name: () if isinstance(ZOTERO[name], tuple) else ""})
    made = plan(adopted(ZOTERO, empty, POLICY), note=empty)
    assert made.vault[name] == {"tags": ("Machine-Learning", "nlp")}.get(name, ZOTERO[name])
    assert (made.zotero, made.held, made.put_back) == ({}, (), ())


def test_law_2_then_it_rests() -> None:
    base, note = settled()
    after = plan(base, note=note)
    assert (after.idle, after.held, after.put_back) == (True, (), ())


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"title": "Mine"}, {"title": "Mine"}),
        ({"status": "reading"}, {"status": "reading", "status-date": "2025-09-24"}),
        ({"tags": ("machine_learning", "literature", "new")}, {"tags": ("Machine Learning", "nlp", "new")}),
        ({"tags": ("literature",)}, {"tags": ("nlp",)}),  # `machine_learning` was `Machine Learning`
        ({"tags": ("machine-learning", "literature")}, {}),  # and is, in Bridge's form
        ({"tags": ("machine_learning",)}, {}),  # Zotero never had `literature`
        ({"type": "paper"}, {}),
    ],
)
def test_later_edits_in_the_note_go_to_zotero(fields: dict[str, Value], sent: dict[str, Value]) -> None:
    base, note = settled()
    assert plan(base, note={**note, **fields}).zotero == sent


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"title": "Theirs"}, {"title": "Theirs"}),
        ({"status": "", "status_date": ""}, {"status": ""}),
        ({"tags": ("nlp",)}, {"tags": ("literature",)}),
        ({"tags": ("Machine Learning", "nlp", "AI")}, {"tags": ("machine_learning", "literature", "AI")}),
        ({"type": "book"}, {"type": "book"}),
        ({"authors": ("Bob Author",)}, {"authors": ("Bob Author",)}),
        ({"citekey": "v2017"}, {"citekey": "v2017", "aliases": ("Attention", "@vaswani2017")}),
    ],
)
def test_later_edits_in_zotero_come_into_the_note(fields: dict[str, Value], shown: dict[str, Value]) -> None:
    base, note = settled()
    made = plan(base, changed(ZOTERO, **fields), note)
    assert (made.zotero, {name: made.vault[name] for name in shown}) == ({}, shown)


def test_r15_a_persons_edit_of_what_stood_differently_is_put_back_once() -> None:
    base, note = settled()
    made = plan(base, note=changed(note, type="paper"))
    assert (made.vault, [put.value for put in made.put_back]) == ({"type": "preprint"}, ["paper"])


def test_a_tag_that_comes_in_another_tools_form_is_known_for_it() -> None:
    """`literature` stood in the note alone; Zotero gets a tag of that form later."""
    base, note = settled(note=changed(NOTE, tags=("deep_nets",)))
    assert "tags" not in plan(base, changed(ZOTERO, tags=(*ZOTERO["tags"], "Deep nets")), note).vault


def test_a_tag_typed_later_is_meant_as_it_is_typed() -> None:
    base, note = settled(note=changed(NOTE, tags=("Machine-Learning", "nlp")))
    made = plan(base, note=changed(note, tags=("Machine-Learning", "nlp", "machine_learning")))
    assert made.zotero == {"tags": ("Machine Learning", "nlp", "machine_learning")}


# --- push ---------------------------------------------------------------------------------------------------------


def test_push_sends_what_both_sides_may_change_and_takes_nothing_out() -> None:
    made = plan(adopted(ZOTERO, NOTE, POLICY, push=True))
    assert made.zotero == {
        "title": "Attention is all you need",
        "status": "to-read",
        "status-date": "2025-09-24",
        "tags": ("Machine Learning", "nlp", "literature"),
        "url": "https://mine.example",
        "citekey": "@vaswani2017",
    }
    assert made.vault["tags"] == ("machine_learning", "literature", "nlp")
    assert made.put_back == ()
    assert not made.vault.keys() & {"type", "authors"}


def test_push_clears_nothing() -> None:
    empty = {name: () if isinstance(value, tuple) else "" for name, value in NOTE.items()}
    assert plan(adopted(ZOTERO, empty, POLICY, push=True), note=empty).zotero == {}


# --- blocks -------------------------------------------------------------------------------------------------------


def test_no_block_is_due_and_none_will_be() -> None:
    base, note = settled()
    assert {name: base.vault[name] for name in ("abstract", "files")} == {"abstract": NO_BLOCK, "files": NO_BLOCK}
    made = plan(base, changed(ZOTERO, files="new"), note)
    assert advance(base, made, changed(ZOTERO, files="new"), note, POLICY).vault["files"] == NO_BLOCK


def test_blocks_are_due_where_they_were_asked_for() -> None:
    made = plan(adopted(ZOTERO, NOTE, POLICY, blocks=True))
    assert (made.vault["abstract"], "files" in made.vault) == ("digest", False)


# --- stamps -------------------------------------------------------------------------------------------------------


def test_only_what_differs_stands() -> None:
    assert standing(ZOTERO, NOTE, POLICY).keys() == {"title", "status", "tags", "authors", "type", "url", "citekey"}
    same: Face = {"title": " Attention ", "doi": "doi:10.1/x", "tags": ("NLP", "machine-learning"), "status": "Done"}
    assert standing(ZOTERO, same, POLICY) == {}


def test_r1_a_stamp_vouches_for_what_stands() -> None:
    base, note = settled()
    mark = stamp_of(ITEM, base, POLICY)
    assert mark == stamp_of(ITEM, Base(ZOTERO, note), POLICY)
    assert mark != stamp(ITEM, ZOTERO, POLICY)
    assert mark != stamp_of(ITEM, Base(ZOTERO, changed(note, title="Edited")), POLICY)
    assert mark != stamp_of(ITEM, Base(changed(ZOTERO, title="Edited"), note), POLICY)


def test_the_stamp_of_a_note_that_shows_what_zotero_shows_is_as_ever() -> None:
    agreed = Base(ZOTERO, {"title": "Attention", "tags": ("Machine-Learning", "nlp"), "type": "preprint"})
    assert stamp_of(ITEM, agreed, POLICY) == stamp(ITEM, ZOTERO, POLICY)

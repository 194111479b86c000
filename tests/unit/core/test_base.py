"""How the base moves (law 7, R2, R4, law 8), and the stamps that name agreements (R1)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from memory_side import POLICY

from bridge.core.base import advance, as_shown, confirm, sent, stamp
from bridge.core.plan import Conflict, ItemPlan, Unsent
from bridge.core.record import Base, Face, ItemId, Standing, Value

ITEM = ItemId("users/7", "AAAA2345")


def plan(**more: object) -> ItemPlan:
    return ItemPlan(ITEM, **more)  # type: ignore[arg-type]  # passed through


# --- advance ----------------------------------------------------------------------------------------------------


def test_r2_each_side_keeps_its_own_face() -> None:
    after = advance(None, plan(), {"doi": "10.1/X", "url": ""}, {"doi": "https://doi.org/10.1/X"}, POLICY)
    assert after == Base({"doi": "10.1/X", "url": ""}, {"doi": "https://doi.org/10.1/X"})


def test_law_7_an_open_field_keeps_its_old_base_and_the_rest_moves() -> None:
    old = Base({"url": "s", "title": "T"}, {"url": "s", "title": "T"})
    zotero, vault = {"url": "a", "title": "T2"}, {"url": "b", "title": "T2"}
    opened = plan(open=frozenset({"url"}), conflicts=(Conflict("url", "a", "b"),))
    after = advance(old, opened, zotero, vault, POLICY)
    assert after == Base({"url": "s", "title": "T2"}, {"url": "s", "title": "T2"}, {"url": Standing("a", "b")})


def test_law_11_an_open_field_without_a_base_stays_without_one() -> None:
    after = advance(None, plan(open=frozenset({"url"})), {"url": "a"}, {"url": "b"}, POLICY)
    assert "url" not in after.zotero
    assert "url" not in after.vault


def test_r6_conflicts_end_and_others_stay() -> None:
    stands = {"url": Standing("a", "b"), "doi": Standing("c", "d")}
    after = advance(Base({}, {}, stands), plan(ended=("url",)), {}, {}, POLICY)
    assert after.conflicts == {"doi": Standing("c", "d")}


def test_r9_members_that_were_not_sent_stay_out_of_the_base() -> None:
    old = Base({"tags": ("a", "b")}, {"tags": ("a", "b")})
    held = plan(unsent={"tags": Unsent(added=frozenset({"long"}), removed=frozenset({"b"}))})
    after = advance(old, held, {"tags": ("a", "b")}, {"tags": ("a", "long")}, POLICY)
    assert after.vault["tags"] == ("a", "b")


def test_once_fields_are_remembered_when_a_person_takes_them_out() -> None:
    old = Base({}, {"started": "2024-01-01"})
    assert advance(old, plan(), {}, {"title": "T"}, POLICY).vault["started"] == "2024-01-01"


# --- sent -------------------------------------------------------------------------------------------------------


def test_law_8_what_the_server_makes_of_a_value_is_agreed() -> None:
    old = Base({"url": "s", "doi": "d"}, {"url": "s", "doi": "d"}, {"url": Standing("x", "y")})
    after = sent(old, ["url"], {"url": "http://a", "doi": "e"}, {"url": "HTTP://a", "doi": "d"})
    assert after == Base({"url": "http://a", "doi": "d"}, {"url": "HTTP://a", "doi": "d"})


def test_sending_without_a_base_agrees_on_what_was_sent_alone() -> None:
    assert sent(None, ["url"], {"url": "a", "doi": "x"}, {"url": "a", "doi": "y"}) == Base({"url": "a"}, {"url": "a"})


# --- confirm (R4) -----------------------------------------------------------------------------------------------


def test_r4_what_zotero_shows_as_intended_is_agreed() -> None:
    base = Base({"url": "s"}, {"url": "s"})
    intended = Base({"url": "mine"}, {"url": "mine"})
    after = confirm(base, intended, {"url": "mine"}, {"url": "later"}, POLICY)
    assert after == Base({"url": "mine"}, {"url": "mine"})


def test_r4_what_never_arrived_is_not() -> None:
    base = Base({"url": "s"}, {"url": "s"})
    intended = Base({"url": "mine"}, {"url": "mine"})
    assert confirm(base, intended, {"url": "s"}, {"url": "later"}, POLICY) == base
    assert confirm(base, intended, {"url": "theirs"}, {"url": "later"}, POLICY) == base


def test_r4_without_a_base_there_is_nothing_to_confirm() -> None:
    assert confirm(None, Base({"url": "a"}, {"url": "a"}), {"url": "a"}, {"url": "b"}, POLICY) is None


def test_r4_r10_status_and_date_are_confirmed_together() -> None:
    def faces(status: str, day: str) -> dict[str, Value]:
        return {"status": status, "status-date": day}

    base = Base(faces("new", ""), faces("new", ""))
    intended = Base(faces("reading", "2024-01-01"), faces("reading", "2024-01-01"))
    later = faces("read", "2024-01-01")
    arrived = confirm(base, intended, faces("reading", "2024-01-01T08:00:00Z"), later, POLICY)
    assert arrived is not None
    assert arrived.zotero["status"] == "reading"
    assert confirm(base, intended, faces("reading", "2023-12-31"), later, POLICY) == base


def test_r4_members_are_confirmed_one_by_one() -> None:
    base = Base({"tags": ("a", "b")}, {"tags": ("a", "b")})
    intended = Base({"tags": ("a", "c", "d")}, {"tags": ("a", "c", "d")})
    after = confirm(base, intended, {"tags": ("a", "c")}, {"tags": ("a",)}, POLICY)
    assert after == Base({"tags": ("a", "c")}, {"tags": ("a", "c")}), "c arrived, b left, d did not come"


def test_r4_what_came_or_went_in_zotero_by_itself_is_not_agreed() -> None:
    """A tag a person added to the item, and one taken out of it, before the note's change was sent."""
    base = Base({"tags": ("a", "b")}, {"tags": ("a", "b")})
    intended = Base({"tags": ("a", "theirs", "mine")}, {"tags": ("a", "b", "mine")})
    after = confirm(base, intended, {"tags": ("a", "theirs", "mine")}, {"tags": ("a", "b", "later")}, POLICY)
    assert after == Base({"tags": ("a", "b", "mine")}, {"tags": ("a", "b", "mine")})


def test_r4_where_the_note_shows_what_was_sent_nothing_needs_confirming() -> None:
    base = Base({"url": "s"}, {"url": "s"})
    intended = Base({"url": "mine"}, {"url": "mine"})
    assert confirm(base, intended, {"url": "mine"}, {"url": "mine"}, POLICY) == base


# --- stamps (R1) ------------------------------------------------------------------------------------------------

FACE: Face = {
    "title": "T",
    "tags": ("b", "a"),
    "url": "",
    "status": "read",
    "status-date": "2024-01-01",
    "doi": "10.1/x",
}


def test_r1_a_stamp_is_short_and_stable() -> None:
    """The very stamp that notes out there bear; a new one would cost every note its base."""
    assert stamp(ITEM, FACE, POLICY) == "qupgcma4"


def test_r1_what_reads_the_same_has_the_same_stamp() -> None:
    same: Face = {
        "doi": "https://doi.org/10.1/X",
        "status-date": "2024-01-01T10:00:00Z",
        "status": "Read",
        "tags": ("a", "b"),
        "title": " T ",
        "rating": "",
        "year": "1999",
        "abstract": "not vouched for",
    }
    assert stamp(ITEM, same, POLICY) == stamp(ITEM, FACE, POLICY)


def test_r1_other_values_other_items_and_open_conflicts_have_other_stamps() -> None:
    others = {
        stamp(ITEM, FACE, POLICY),
        stamp(ITEM, {**FACE, "title": "U"}, POLICY),
        stamp(ITEM, {**FACE, "tags": ("a",)}, POLICY),
        stamp(ITEM, {**FACE, "tags": ("A", "b")}, POLICY),  # raw tags differ by case
        stamp(ITEM, {**FACE, "status-date": "2024-01-02"}, POLICY),
        stamp(ItemId("users/8", ITEM.key), FACE, POLICY),
        stamp(ITEM, FACE, POLICY, {"url": Standing("a", "b")}),
        stamp(ITEM, FACE, POLICY, {"url": Standing("a", "c")}),
    }
    assert len(others) == 8
    assert stamp(ITEM, FACE, POLICY, {"url": Standing("a", "b", "zotero")}) in others  # an answer is no new agreement


faces = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text(max_size=8),
        "url": st.text(max_size=8),
        "tags": st.lists(st.text(min_size=1, max_size=5), max_size=4).map(tuple),
    },
)


@given(faces, st.randoms(use_true_random=False))
def test_r1_the_order_of_fields_and_tags_is_irrelevant(face: dict[str, Value], random: object) -> None:
    names = list(face)
    random.shuffle(names)  # type: ignore[attr-defined]  # a random.Random
    shuffled = {name: face[name] for name in names}
    if isinstance(tags := shuffled.get("tags"), tuple):
        shuffled["tags"] = tuple(reversed(tags))
    assert stamp(ITEM, shuffled, POLICY) == stamp(ITEM, {**face, "rating": "", "collections": ()}, POLICY)
    assert len(stamp(ITEM, face, POLICY)) == 8


# --- as shown ---------------------------------------------------------------------------------------------------


def test_r1_a_vouched_base_shows_what_a_note_would() -> None:
    face: Face = {
        "title": "T", "url": "", "status": "", "tags": ("Digital Twin", "digital twin", "2024"),
        "authors": ("A", "A"), "abstract": "text", "collections": (),
    }  # fmt: skip
    assert as_shown(face, POLICY) == {
        "title": "T",
        "status": "",
        "tags": ("Digital-Twin", "2024_"),
        "collections": (),
        "authors": ("A",),
    }

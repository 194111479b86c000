"""The merge against a second merge written from the design alone, and its rules one by one."""

from __future__ import annotations

from itertools import chain, combinations, product

import naive_merge
import pytest
from memory_side import POLICY, STATUS
from naive_merge import Ends

from bridge.core.base import advance
from bridge.core.plan import Conflict, ItemPlan, Unsent
from bridge.core.policy import Kind
from bridge.core.reconcile import ConflictPolicy, Rules, Verdict, reconcile, three_way
from bridge.core.record import Base, Face, ItemId, Standing, Value
from bridge.vault import tags

ITEM = ItemId("users/7", "AAAA2345")
TODAY = "2025-09-24"
RULES = Rules(today=TODAY, is_reading=STATUS.is_reading, is_read=STATUS.is_read)
#: What Zotero shows of an item about which nothing is known: every field, empty.
BLANK: dict[str, Value] = {
    name: () if row.kind in (Kind.MEMBERS, Kind.LOCAL) or row.many else ""
    for row in POLICY.fields.values()
    for name in (row.name, *(["status-date"] if row.kind is Kind.STATUS else []))
    if row.kind is not Kind.ONCE
}


def item(**fields: Value) -> Face:
    """Zotero's face with some fields."""
    return {**BLANK, **{name.replace("_", "-"): value for name, value in fields.items()}}


def note(**fields: Value) -> Face:
    """A note's face with some fields; `status` and `tags` are always there."""
    return {"status": "", "tags": (), **{name.replace("_", "-"): value for name, value in fields.items()}}


def merge(base: Base | None, zotero: Face, vault: Face, rules: Rules = RULES) -> ItemPlan:
    return reconcile(ITEM, base, zotero, vault, POLICY, rules)


def agreed(conflicts: dict[str, Standing] | None = None, **fields: Value) -> Base:
    """A base in which both sides show the same."""
    face = item(**fields)
    return Base(face, {name: value for name, value in face.items() if value}, conflicts or {})


def powerset(values: tuple[str, ...]) -> list[frozenset[str]]:
    return [frozenset(some) for some in chain.from_iterable(combinations(values, n) for n in range(len(values) + 1))]


# --- scalars: absent, same, A, B, exhaustively ------------------------------------------------------------------

VALUES = ("", "s", "a", "b")


def ends(plan: ItemPlan, field: str, zotero: str, vault: str | None) -> Ends:
    """What both sides show once a plan is carried out."""
    return Ends(
        str(plan.zotero.get(field, zotero)),
        str(plan.vault[field]) or None if field in plan.vault else vault,
        conflict=field in plan.open,
        over=field in plan.ended,
    )


def same_ends(first: Ends, second: Ends) -> bool:
    return first._replace(vault=first.vault or None) == second._replace(vault=second.vault or None)


@pytest.mark.parametrize("policy", ["ask", "zotero", "vault"])
def test_scalars_agree_with_the_naive_merge_in_every_case(policy: ConflictPolicy) -> None:
    """Laws 1, 3, 11; R2, R6, R7: bases x Zotero x note, with every conflict and answer that may be open."""
    bases = [None, *product(VALUES, VALUES)]
    standings = [None, *product("ab", "bs", ("", "zotero", "vault"))]
    cases = 0
    rules = Rules(TODAY, conflicts=policy)
    for old, z, v, stand in product(bases, VALUES, (None, *VALUES), standings):
        expected = naive_merge.scalar(old, z, v, standing=stand, policy=policy)
        base = None
        if old is not None or stand is not None:
            faces: tuple[Face, Face] = ({"url": old[0]}, {"url": old[1]}) if old is not None else ({}, {})
            stands = {"url": Standing(stand[0], stand[1], stand[2])} if stand is not None else {}  # type: ignore[arg-type]  # of three words
            base = Base(*faces, stands)
        face = note() if v is None else note(url=v)
        plan = merge(base, item(url=z), face, rules)
        assert same_ends(ends(plan, "url", z, v), expected), (old, z, v, stand, plan)
        cases += 1
    assert cases == 17 * 4 * 5 * 13


@pytest.mark.parametrize(
    ("old", "z", "v", "verdict"),
    [
        pytest.param(("s", "s"), "s", "s", Verdict.AGREE, id="law 2: nothing moved"),
        pytest.param(("s", "s"), "a", "s", Verdict.TO_VAULT, id="Zotero moved"),
        pytest.param(("s", "s"), "s", "a", Verdict.TO_ZOTERO, id="the note moved"),
        pytest.param(("s", "s"), "a", "a", Verdict.AGREE, id="both moved to one value"),
        pytest.param(("s", "s"), "a", "b", Verdict.CONFLICT, id="R6: both moved apart"),
        pytest.param(("s", "s"), "", "b", Verdict.CONFLICT, id="R5: cleared here, edited there"),
        pytest.param(("s", "t"), "s", "t", Verdict.AGREE, id="R11, R28: a standing disagreement is no change"),
        pytest.param(("s", "t"), "a", "t", Verdict.TO_VAULT, id="R2: each side against its own face"),
        pytest.param(("s", "s"), " s ", "s", Verdict.AGREE, id="R2: white space is no change"),
        pytest.param(("é", "é"), "e\u0301", "é", Verdict.AGREE, id="R2: composition is no change"),
        pytest.param(None, "a", "", Verdict.TO_VAULT, id="law 11: union, from Zotero"),
        pytest.param(None, "", "b", Verdict.TO_ZOTERO, id="law 11: union, from the note"),
        pytest.param(None, "a", "b", Verdict.CONFLICT, id="law 11: different scalars"),
    ],
)
def test_truth_table(old: tuple[str, str] | None, z: str, v: str, verdict: Verdict) -> None:
    assert three_way(z, v, old, None, POLICY.fields["url"].normal) is verdict


@pytest.mark.parametrize(
    ("shown", "typed"),
    [("10.1/AB", "https://doi.org/10.1/ab"), ("10.1/ab", "doi: 10.1/AB"), ("10.1/ab", "http://dx.doi.org/10.1/ab ")],
)
def test_r2_a_doi_is_the_same_with_its_url(shown: str, typed: str) -> None:
    assert merge(agreed(doi=shown), item(doi=shown), note(doi=typed)).idle


def test_r6_a_later_edit_wins_and_both_edited_opens_it_anew() -> None:
    base = agreed({"url": Standing("a", "b")}, url="s")
    wins = merge(base, item(url="a"), note(url="c"))
    assert (wins.zotero, wins.ended) == ({"url": "c"}, ("url",))
    anew = merge(base, item(url="c"), note(url="d"))
    assert anew.conflicts == (Conflict("url", "c", "d"),)
    assert anew.idle
    stands = merge(base, item(url="a"), note(url="b"))
    assert stands.idle
    assert stands.conflicts == ()
    assert "url" in stands.open


def test_r17_a_void_conflict_is_no_base_but_stands_while_nothing_moves() -> None:
    base = Base({}, {}, {"url": Standing("a", "b", void=True)})
    assert merge(base, item(url="a"), note(url="old")).conflicts == (Conflict("url", "a", "old"),)
    assert merge(base, item(url="old"), note(url="b")).conflicts == (Conflict("url", "old", "b"),)
    stands = merge(base, item(url="a"), note(url="b"))
    assert (stands.conflicts, "url" in stands.open) == ((), True)
    equal = merge(base, item(url="c"), note(url="c"))
    assert (equal.ended, equal.idle) == (("url",), True)
    answered = Base({}, {}, {"url": Standing("a", "b", "vault", void=True)})
    assert merge(answered, item(url="a"), note(url="b")).zotero == {"url": "b"}


def test_r6_the_rest_syncs_on() -> None:
    base = agreed({"url": Standing("a", "b")}, url="s", doi="10.1/x", title="T")
    plan = merge(base, item(url="a", doi="10.1/y", title="T"), note(url="b", doi="10.1/x", title="T2"))
    assert plan.zotero == {"title": "T2"}
    assert plan.vault == {"doi": "10.1/y"}


@pytest.mark.parametrize("policy", ["zotero", "vault"])
def test_r6_policies_never_decide_without_a_base(policy: ConflictPolicy) -> None:
    rules = Rules(TODAY, conflicts=policy)
    assert merge(None, item(url="a"), note(url="b"), rules).conflicts == (Conflict("url", "a", "b"),)
    decided = merge(agreed(url="s"), item(url="a"), note(url="b"), rules)
    assert (decided.zotero or decided.vault) == {"url": "a" if policy == "zotero" else "b"}
    assert decided.conflicts == ()


def test_r6_a_key_taken_out_during_a_conflict_keeps_the_notes_value() -> None:
    base = agreed({"url": Standing("a", "b")}, url="s")
    plan = merge(base, item(url="a"), note())
    assert plan.vault == {"url": "b"}
    answered = agreed({"url": Standing("a", "b", "vault")}, url="s")
    assert merge(answered, item(url="a"), note()).zotero == {"url": "b"}


@pytest.mark.parametrize("field", ["title", "citekey"])
def test_r7_a_cleared_title_or_citekey_is_held(field: str) -> None:
    shown: Face = item(**{field: "x"})
    plan = merge(Base(shown, {field: "x"}), shown, note(**{field: " "}))
    assert [held.code for held in plan.held] == [f"cleared-{field}"]
    assert plan.idle
    assert field in plan.open


def test_r7_absent_is_put_back_and_empty_clears() -> None:
    base = agreed(url="u", tags=("t",), title="T")
    assert merge(base, item(url="u", tags=("t",), title="T"), {}).vault["url"] == "u"
    cleared = merge(base, item(url="u", tags=("t",), title="T"), note(url="", title="T"))
    assert cleared.zotero == {"url": "", "tags": ()}


def test_a_refused_scalar_is_held_and_the_rest_goes_on() -> None:
    rules = Rules(TODAY, refusal=lambda _field, text: "too long" if text == "long" else None)
    base = agreed(url="u", doi="10.1/a")
    plan = merge(base, item(url="u", doi="10.1/a"), note(url="long", doi="10.1/b"), rules)
    assert plan.zotero == {"doi": "10.1/b"}
    assert [(held.code, held.reason) for held in plan.held] == [("refused-url", "too long")]
    assert plan.open == {"url"}


def test_fields_to_skip_are_left_alone_on_both_sides() -> None:
    base = agreed(url="u", tags=("a",))
    plan = reconcile(ITEM, base, item(url="x", tags=("a",)), note(tags=("a",)), POLICY, RULES, skip=frozenset({"url"}))
    assert plan.idle
    assert plan.open == {"url"}


# --- read-only libraries (R23) ----------------------------------------------------------------------------------


def test_r23_edits_stay_pending_and_news_flow_in() -> None:
    rules = Rules(TODAY, writable=False)
    base = agreed(url="u", doi="10.1/a", tags=("a", "b"), status="new", title="T")
    plan = merge(
        base,
        item(url="u", doi="10.1/b", tags=("a", "b", "z"), status="new", title="T"),
        note(url="mine", doi="10.1/a", tags=("a", "v"), status="read", title="T"),
        rules,
    )
    assert plan.zotero == {}
    assert plan.vault == {"doi": "10.1/b", "tags": ("a", "v", "z")}
    assert {"url", "status", "status-date"} <= plan.open
    assert plan.unsent["tags"] == Unsent(frozenset({"v"}), frozenset({"b"}))


def test_r23_what_was_pending_goes_out_once_writing_is_allowed() -> None:
    base = agreed(url="u", tags=("a", "b"), title="T")
    zotero, vault = item(url="u", tags=("a", "b"), title="T"), note(url="mine", tags=("a", "v"), title="T")
    plan = merge(base, zotero, vault, Rules(TODAY, writable=False))
    after = advance(base, plan, zotero, {**vault, **plan.vault}, POLICY)
    assert merge(after, zotero, vault).zotero == {"url": "mine", "tags": ("a", "v")}


# --- status (R10) -----------------------------------------------------------------------------------------------

STATUSES = ("", "reading", "read")
DAYS = ("", "2024-01-01", "2024-02-02")


def test_r10_status_and_date_agree_with_the_naive_merge_in_every_case() -> None:
    pairs = list(product(STATUSES, DAYS))
    notes: list[tuple[str | None, str | None]] = [*product((None, *STATUSES), (None, *DAYS))]
    cases = 0
    for old, z, v in product([None, *pairs], pairs, notes):
        expected = naive_merge.status(old, z, v, TODAY)
        base = agreed(status=old[0], status_date=old[1]) if old else None
        face = {name: value for name, value in zip(("status", "status-date"), v, strict=True) if value is not None}
        plan = merge(base, item(status=z[0], status_date=z[1]), {"title": "", **face})
        after_z = (plan.zotero.get("status", z[0]), plan.zotero.get("status-date", z[1]))
        after_v = (plan.vault.get("status", v[0]) or None, plan.vault.get("status-date", v[1]) or None)
        wanted = (expected.vault[0] or None, expected.vault[1] or None)
        found = (after_z, after_v, "status" in plan.open)
        assert found == (expected.zotero, wanted, expected.conflict), (old, z, v, plan)
        cases += 1
    assert cases == 10 * 9 * 16


@pytest.mark.parametrize(
    ("typed", "sent"), [("Done", "read"), ("in progress", "reading"), ("For my thesis", "For my thesis")]
)
def test_r10_synonyms_are_understood_and_unknown_names_kept_verbatim(typed: str, sent: str) -> None:
    plan = merge(agreed(status="new"), item(status="new"), note(status=typed))
    assert plan.zotero == {"status": sent, "status-date": TODAY}


def test_r10_a_date_of_the_same_day_keeps_zoteros_time() -> None:
    stamp = "2024-03-28T10:00:00Z"
    base = agreed(status="read", status_date=stamp)
    zotero = item(status="read", status_date=stamp)
    assert merge(base, zotero, note(status="read", status_date="2024-03-28", finished="2024-03-28")).idle


def test_r10_a_date_that_is_none_is_held() -> None:
    base = agreed(status="read", status_date="2024-01-01")
    zotero = item(status="read", status_date="2024-01-01")
    plan = merge(base, zotero, note(status="read", status_date="yesterday", finished="x"))
    assert [held.code for held in plan.held] == ["not-a-date"]
    assert plan.idle


# --- by member (R9, R30) ----------------------------------------------------------------------------------------

RAW = ("Digital Twin", "digital twin", "nlp")
FORMS = ("digital-twin", "nlp")


def test_r9_tags_agree_with_the_naive_merge_in_every_case() -> None:
    """Twin raw tags of one form, every base (standing disagreements too), every two states since."""
    bases = [None, *product(powerset(RAW), powerset(FORMS))]
    cases = 0
    for old, z, v in product(bases, powerset(RAW), [None, *powerset(FORMS)]):
        expected = naive_merge.members(old, z, v, tags.key)
        base = Base({"tags": tuple(sorted(old[0]))}, {"tags": tuple(sorted(old[1]))}) if old else None
        face: Face = {"title": ""} if v is None else {"title": "", "tags": tuple(sorted(v))}
        plan = merge(base, item(tags=tuple(sorted(z))), face)
        after_z = frozenset(plan.zotero.get("tags", z))
        after_v = frozenset(map(tags.key, plan.vault.get("tags", v or ())))
        assert (after_z, after_v) == expected, (old, z, v, plan)
        cases += 1
    assert cases == 33 * 8 * 5


def tagged(base: tuple[str, ...] | None, z: tuple[str, ...], v: tuple[str, ...], rules: Rules = RULES) -> ItemPlan:
    """A merge of tags alone; the base's note shows every raw tag's form."""
    old = None
    if base is not None:
        old = Base({"tags": base}, {"tags": tuple(dict.fromkeys(map(tags.legal, base)))})
    return merge(old, item(tags=z), {"title": "", "tags": v}, rules)


def test_r9_both_twins_go_with_the_one_form_and_both_survive_beside_it() -> None:
    twins = ("Digital Twin", "digital twin")
    assert tagged(twins, twins, ()).zotero == {"tags": ()}
    assert tagged(twins, twins, ("Digital-Twin", "new")).zotero == {"tags": (*twins, "new")}


def test_r9_one_that_zotero_added_since_restores_the_form() -> None:
    plan = tagged(("Digital Twin",), ("Digital Twin", "digital twin"), ())
    assert plan.zotero == {"tags": ("digital twin",)}
    assert plan.vault == {"tags": ("digital-twin",)}


def test_r9_the_raw_form_is_never_written_from_the_legal_one() -> None:
    assert tagged(("Digital Twin",), ("Digital Twin",), ("Digital-Twin",)).idle
    assert tagged(None, ("Digital Twin",), ("digital-twin",)).idle


def test_r9_a_typed_tag_takes_the_librarys_spelling() -> None:
    rules = Rules(TODAY, spell=lambda field, typed, _face: "Machine Learning" if field == "tags" else typed)
    assert tagged((), (), ("machine-learning",), rules).zotero == {"tags": ("Machine Learning",)}


def test_r9_a_leading_hash_is_ignored_and_says_nothing_new() -> None:
    assert tagged(("nlp",), ("nlp",), ("#nlp",)).idle


def test_r9_a_refused_tag_is_held_while_the_others_sync() -> None:
    rules = Rules(TODAY, refusal=lambda field, text: tags.usable(text) if field == "tags" else None)
    plan = tagged(("a", "b"), ("a", "b"), ("a", "x" * 256, "c"), rules)
    assert plan.zotero == {"tags": ("a", "c")}
    assert plan.vault == {}
    assert [held.code for held in plan.held] == ["refused-tags"]
    assert plan.unsent["tags"].added == {"x" * 256}
    assert "tags" not in plan.open


def test_law_11_tags_unite() -> None:
    plan = tagged(None, ("a", "b"), ("b", "c"))
    assert (plan.zotero, plan.vault) == ({"tags": ("a", "b", "c")}, {"tags": ("b", "c", "a")})


def test_r28_any_known_form_of_a_tag_is_that_tag() -> None:
    """A note adopted with another tool's slug in the base: neither an edit of the person nor one to show anew."""
    base = Base({"tags": ("Digital Twin",)}, {"tags": ("digital_twin",)})
    assert merge(base, item(tags=("Digital Twin",)), {"title": "", "tags": ("digital_twin",)}).idle


def aliased(base: Base | None, z: tuple[str, ...], v: tuple[str, ...] | None, **more: Value) -> ItemPlan:
    face: dict[str, Value] = {"title": "", "tags": (), **more}
    if v is not None:
        face["aliases"] = v
    return merge(base, item(aliases=z, **more), face)


def test_r30_aliases_are_by_member() -> None:
    base = agreed(aliases=("Old", "Wei et al. 2025"))
    plan = aliased(base, ("New", "Wei et al. 2025"), ("Old", "mine"))
    assert plan.vault["aliases"] == ("mine", "New")  # the one a person removed stays removed
    assert plan.zotero == {}


def test_r30_a_former_citekey_joins_the_aliases() -> None:
    base = agreed(citekey="wei2024", aliases=("T",))
    plan = merge(base, item(citekey="wei2025", aliases=("T",)), note(citekey="wei2024", aliases=("T",)))
    assert plan.vault == {"citekey": "wei2025", "aliases": ("T", "wei2024")}
    typed = merge(base, item(citekey="wei2024", aliases=("T",)), note(citekey="wei2025", aliases=("T",)))
    assert (typed.zotero, typed.vault) == ({"citekey": "wei2025"}, {"aliases": ("T", "wei2024")})


# --- Zotero's own (R15, R29) ------------------------------------------------------------------------------------


def test_r15_a_persons_value_is_kept_in_the_history_and_put_back() -> None:
    base = agreed(year="2024", authors=("A", "B"))
    plan = merge(base, item(year="2024", authors=("A", "B")), note(year="1999", authors=("B", "A")))
    assert plan.vault == {"year": "2024", "authors": ("A", "B")}
    assert {(put.field, put.value) for put in plan.put_back} == {("year", "1999"), ("authors", "B, A")}
    assert plan.zotero == {}


def test_r15_a_change_of_zoteros_own_is_no_put_back() -> None:
    plan = merge(agreed(year="2024"), item(year="2025"), note(year="2024"))
    assert plan.vault == {"year": "2025"}
    assert plan.put_back == ()


def test_keywords_have_no_order_and_authors_have() -> None:
    base = agreed(keywords=("a", "b"))
    assert merge(base, item(keywords=("a", "b")), note(keywords=("b", "a"))).idle


def test_r29_a_block_is_due_when_its_source_changed() -> None:
    base = Base({"abstract": "old"}, {})
    assert merge(base, item(abstract="new"), note()).vault == {"abstract": "new"}
    assert merge(base, item(abstract="old"), note()).idle


@pytest.mark.parametrize(("field", "status"), [("started", "reading"), ("finished", "read")])
def test_once_fields_are_set_once_and_then_the_persons(field: str, status: str) -> None:
    base = agreed(status="new")
    zotero = item(status=status, status_date="2024-05-05")
    first = merge(base, zotero, note(status="new"))
    assert first.vault == {"status": status, "status-date": "2024-05-05", field: "2024-05-05"}
    after = advance(base, first, zotero, note(**first.vault), POLICY)
    theirs = note(status=status, status_date="2024-05-05")
    assert merge(after, zotero, theirs).idle, "taken out by a person, it stays out"
    again = advance(after, merge(after, zotero, theirs), zotero, theirs, POLICY)
    assert merge(again, zotero, theirs).idle
    assert merge(after, zotero, {**theirs, field: "2020-01-01"}).idle, "the person's own date stays"

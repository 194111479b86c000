"""Collections as paths (R20)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.zotero.tree import CollectionTree


def collection(key: str, name: str, parent: str | bool = False, *, deleted: bool = False) -> dict[str, Any]:
    data: dict[str, Any] = {"key": key, "name": name, "parentCollection": parent}
    if deleted:
        data["deleted"] = True
    return {"key": key, "version": 1, "data": data}


def test_a_path_names_all_ancestors_and_finds_its_way_back() -> None:
    tree = CollectionTree.build(
        [collection("B", "Transformers", "A"), collection("A", "NLP"), collection("C", "Ω", "B")]
    )
    assert tree.path("C") == "NLP/Transformers/Ω"
    assert tree.key_of("NLP/Transformers") == "B"
    assert tree.paths(["C", "A", "C", "GONE"]) == ("NLP", "NLP/Transformers/Ω")


def test_r20_a_trashed_collection_or_ancestor_hides_the_path() -> None:
    tree = CollectionTree.build(
        [
            collection("A", "NLP", deleted=True),
            collection("B", "x", "A"),
            collection("C", "y", "B"),
            collection("D", "z"),
        ]
    )
    assert [tree.path(key) for key in "ABCD"] == [None, None, None, "z"]
    assert tree.key_of("NLP") is None


def test_r20_a_cycle_is_broken_at_its_first_key() -> None:
    tree = CollectionTree.build(
        [
            collection("A", "a", "C"),
            collection("B", "b", "A"),
            collection("C", "c", "B"),
            collection("D", "d", "B"),
        ]
    )
    assert [tree.path(key) for key in "ABCD"] == ["a", "a/b", "a/b/c", "a/b/d"]
    assert CollectionTree.build([collection("A", "a", "A")]).path("A") == "a"


def test_r20_a_slash_in_a_name_parts_no_path() -> None:
    tree = CollectionTree.build([collection("A", "AC/DC"), collection("B", "live", "A")])
    assert tree.path("B") == "AC∕DC/live"
    assert tree.key_of("AC∕DC/live") == "B"
    assert tree.key_of("AC/DC/live") is None
    assert tree.suggest("AC/DC") == "AC∕DC"


def test_r20_twins_are_kept_apart_by_key_order_and_take_nobody_elses_name() -> None:
    entries = [
        collection("C", "x"),
        collection("A", "x"),
        collection("B", "x (2)"),
        collection("D", "y", "C"),
    ]
    tree = CollectionTree.build(entries)
    assert [tree.path(key) for key in "ABCD"] == ["x", "x (2)", "x (3)", "x (3)/y"]
    assert CollectionTree.build(entries[::-1]) == tree


def test_a_trashed_twin_does_not_change_the_name_of_the_other() -> None:
    assert CollectionTree.build([collection("A", "x", deleted=True), collection("B", "x")]).path("B") == "x"


def test_a_parent_that_is_not_there_stands_for_the_top() -> None:
    assert CollectionTree.build([collection("A", "a", "GONE")]).path("A") == "a"


def test_law_13_a_name_is_one_line() -> None:
    tree = CollectionTree.build(
        [collection("A", " a\n- b\x00\u2028c "), collection("B", "\n"), collection("C", "e\u0301")]
    )
    assert [tree.path(key) for key in "ABC"] == ["a - b c", "B", "é"]


def test_what_was_meant_is_suggested() -> None:
    tree = CollectionTree.build(
        [collection("A", "NLP"), collection("B", "Transformers", "A"), collection("C", "Vision")]
    )
    assert tree.suggest("nlp/transformers") == "NLP/Transformers"
    assert tree.suggest("transformers") == "NLP/Transformers"
    assert tree.suggest("Visoin") == "Vision"
    assert tree.suggest("quite another thing") is None


def test_a_deep_tree_needs_no_deep_stack() -> None:
    entries = [collection(f"{n:04}", "c", f"{n - 1:04}" if n else False) for n in range(3000)]
    path = CollectionTree.build(entries).path("2999")
    assert path is not None
    assert path.count("/") == 2999


KEYS = st.sampled_from("ABCDEF")


@given(
    st.lists(
        st.tuples(
            KEYS,
            st.sampled_from(["x", "y", "x/y", "x (2)", "", "∕"]),
            st.one_of(st.just(False), KEYS),
            st.booleans(),
        ),
        unique_by=lambda entry: entry[0],
    )
)
def test_r20_any_forest_gives_each_visible_collection_one_path_of_its_own(
    entries: list[tuple[str, str, str | bool, bool]],
) -> None:
    tree = CollectionTree.build([collection(k, n, p, deleted=d) for k, n, p, d in entries])
    shown = {key: path for key, *_ in entries if (path := tree.path(key)) is not None}
    assert len(set(shown.values())) == len(shown)
    assert all(tree.key_of(path) == key for key, path in shown.items())
    assert all(not gone or key not in shown for key, _, _, gone in entries)
